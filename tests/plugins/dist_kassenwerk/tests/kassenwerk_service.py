"""A stand-in for Kassenwerk that keeps state: its API, the hands of customers and banks, and its messages."""

from __future__ import annotations

import hmac
import json
import time
from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import httpx

KEY, SECRET = "kw_test_nordstern", "whsec_bm9yZHN0ZXJuLXNpZ25z"
OTHER_SECRET = "whsec_ZmFsa2Utc2lnbnM="


class ApiError(Exception):
    """An error of the API."""

    def __init__(self, status: int, code: str) -> None:
        self.status, self.code = status, code


@dataclass
class Kassenwerk:
    """One account, in test mode, however many resellers use its key."""

    keys: set[str] = field(default_factory=lambda: {KEY})
    payments: dict[str, dict[str, Any]] = field(default_factory=dict)
    refunds: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    """(method, path) of every request that arrived."""
    told: list[tuple[dict[str, Any], datetime]] = field(default_factory=list)
    """What became of payments, and when, oldest first."""
    _remembered: dict[str, tuple[bytes, dict[str, Any]]] = field(default_factory=dict)
    _later: dict[str, str] = field(default_factory=dict)
    _silent: set[str] = field(default_factory=set)
    _troubles: list[str] = field(default_factory=list)

    # hands

    def trouble(self, kind: str) -> None:
        """What becomes of the next POST: ``lost`` (done, but the answer is lost), ``dropped``, ``busy``."""
        self._troubles.append(kind)

    def pay(self, ref: str) -> None:
        self.payments[ref] |= {"status": "paid", "fee": {"value": "0.35", "currency": self._currency(ref)},
                               "method": {"kind": "card", "label": "Visa •••• 4242"}}  # fmt: skip
        self._tell(ref)

    def decline(self, ref: str) -> None:
        self.payments[ref] |= {"status": "failed", "failure": "card_declined"}
        self._tell(ref)

    def delay(self, ref: str) -> None:
        self.payments[ref]["status"] = "processing"
        self._later[ref] = "paid"
        self._tell(ref)

    def hush(self, ref: str) -> None:
        """Paid, but nobody can ask about it until ``wait``."""
        self.pay(ref)
        self._silent.add(ref)

    def wait(self) -> None:
        self._silent.clear()
        for ref in self._later:
            self.pay(ref)
        self._later.clear()
        for refund in self.refunds.values():
            refund["status"] = "done"

    def by_reference(self, reference: str) -> dict[str, Any]:
        (found,) = [one for one in self.payments.values() if one["reference"] == reference]
        return found

    def _tell(self, ref: str) -> None:
        self.told.append((dict(self.payments[ref]), datetime.now(UTC)))

    def message(
        self, thing: dict[str, Any], type_: str, secret: str, at: datetime | None = None
    ) -> tuple[dict[str, str], bytes]:
        """A delivery about a payment or a refund, signed by its own lights. ``at``: when it happened, if not now."""
        named = {name: thing.get(name, "") for name in ("id", "reference", "payment")}
        when = (at or datetime.now(UTC)).isoformat()
        body = json.dumps({"type": type_, "timestamp": when, "data": {**named, "livemode": False}}).encode()
        identifier, stamp = f"msg_{thing['id']}_{thing['status']}", int(time.time())
        signed = hmac.digest(
            b64decode(secret.removeprefix("whsec_")), f"{identifier}.{stamp}.".encode() + body, "sha256"
        )
        signature = f"v1,bm90aGluZw== v1,{b64encode(signed).decode()}"  # an older secret's comes first
        return {
            "webhook-id": identifier, "webhook-timestamp": str(stamp), "webhook-signature": signature,
            "content-type": "application/json",
        }, body  # fmt: skip

    # the API

    def answer(self, request: httpx.Request) -> httpx.Response:
        """For ``httpx.MockTransport``."""
        path = request.url.path.removeprefix("/v1/")
        self.asked.append((request.method, path))
        trouble = self._troubles.pop(0) if self._troubles and request.method == "POST" else ""
        try:
            if request.headers.get("authorization", "").removeprefix("Bearer ") not in self.keys:
                raise ApiError(401, "key_unknown")
            if trouble == "busy":
                raise ApiError(429, "too_many_requests")
            if trouble == "dropped":
                raise ApiError(503, "")
            said = self._do(request, path)
        except ApiError as error:
            return httpx.Response(error.status, json={"code": error.code, "message": error.code.replace("_", " ")})
        return httpx.Response(502) if trouble == "lost" else httpx.Response(200, json=said)

    def _do(self, request: httpx.Request, path: str) -> dict[str, Any]:
        match request.method, path.split("/"):
            case "GET", ["account"]:
                return {"id": "acc_1", "name": "Nordstern", "livemode": False}
            case "GET", ["payments" | "refunds" as family]:
                wanted = request.url.params["reference"]
                return {"data": [one for one in getattr(self, family).values() if one["reference"] == wanted]}
            case "GET", ["payments" | "refunds" as family, ref]:
                return self._one(getattr(self, family), ref)
            case "POST", ["payments"]:
                return self._once(request, self._payment)
            case "POST", ["payments", ref, "refunds"]:
                payment = self._one(self.payments, ref)
                return self._once(request, lambda said: self._refund(payment, said))
        raise ApiError(404, "no_such_thing")

    def _one(self, things: dict[str, dict[str, Any]], ref: str) -> dict[str, Any]:
        if ref in self._silent:
            raise ApiError(503, "")
        if ref not in things:
            raise ApiError(404, "no_such_thing")
        return things[ref]

    def _once(self, request: httpx.Request, do: Any) -> dict[str, Any]:
        """By the idempotency key: the same body is answered as before, another one is refused."""
        key, body = request.headers["idempotency-key"], request.content
        if key not in self._remembered:
            self._remembered[key] = body, do(json.loads(body))
        before, made = self._remembered[key]
        if before != body:
            raise ApiError(409, "idempotency_key_reused")
        return made

    def _payment(self, said: dict[str, Any]) -> dict[str, Any]:
        ref = f"pay_{len(self.payments) + 1:06}"
        self.payments[ref] = {
            "id": ref, "reference": said["reference"], "status": "open", "amount": said["amount"], "account": "acc_1",
            "checkout_url": f"https://pay.kassenwerk.example/{ref}", "expires_at": said["expires_at"],
        }  # fmt: skip
        return self.payments[ref]

    def _refund(self, payment: dict[str, Any], said: dict[str, Any]) -> dict[str, Any]:
        if payment["status"] != "paid":
            raise ApiError(422, "payment_not_paid")
        if said["amount"]["currency"] != payment["amount"]["currency"]:
            raise ApiError(422, "currency_differs")
        back = [Decimal(one["amount"]["value"]) for one in self.refunds.values() if one["payment"] == payment["id"]]
        if sum(back, Decimal(said["amount"]["value"])) > Decimal(payment["amount"]["value"]):
            raise ApiError(422, "amount_too_high")
        ref = f"ref_{len(self.refunds) + 1:06}"
        self.refunds[ref] = {
            "id": ref, "reference": said["reference"], "payment": payment["id"], "status": "pending",
            "amount": said["amount"],
        }  # fmt: skip
        return self.refunds[ref]

    def _currency(self, ref: str) -> str:
        currency: str = self.payments[ref]["amount"]["currency"]
        return currency

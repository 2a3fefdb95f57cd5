"""Every route of the application as requests: the walk is made from the route table, so a new route is in it by itself.

What a route needs and cannot be guessed stands in the tables below; a route whose needs are not there fails the walk.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, get_args
from urllib.parse import quote
from uuid import UUID

import msgspec
from litestar import Litestar

from web_site import event

__all__ = ("Ask", "Step", "normal", "steps")

WORDS: Mapping[str, str | Mapping[str, str]] = {
    "/static/{name:path}": "base.css",
    "/theme/{name:str}": "x.css",
    "/api/v2/problems/{code:str}": "conflict",
    "/api/v2/numbers/{number:str}/limits": "+4930222",
    "/language/{code:str}": "de",
    "/staff/providers/{plugin:str}": "sandbox",
    "/staff/providers/{plugin:str}/events": "sandbox",
    "/staff/providers/{plugin:str}/switch": "sandbox",
    "/staff/providers/{plugin:str}/settings": "sandbox",
    "/staff/providers/{plugin:str}/endpoint": "sandbox",
    "/staff/providers/{plugin:str}/onboarding": "sandbox",
    "/webhooks/{provider:str}/{token:str}": {"provider": "sandbox", "token": "no-address-of-anybody"},
}
"""Parameters that are no ids; by their names where there are several."""

BODIES: Mapping[str, Any] = {
    "AutoTopupPut": {
        "threshold": {"amount": "10", "currency": "EUR"},
        "mode": "fixed",
        "amount": {"amount": "25", "currency": "EUR"},
        "monthly_cap": {"amount": "100", "currency": "EUR"},
        "provider": "sandbox",
        "method": "none",
        "consent": {"text": "Charge me.", "version": "1", "locale": "en"},
    },
    "AdjustmentNew": {
        "customer_id": "00000000-0000-7000-8000-000000000001",
        "amount": {"amount": "1.00", "currency": "EUR"},
        "reason": "the walk",
    },
    "AdjustmentRejection": {"reason": "the walk"},
    "BalanceNoticesPut": {"thresholds": [{"amount": "5", "currency": "EUR"}]},
    "Beat": {"seq": 1},
    "CallEnd": {"ended_at": event("walk")["ended_at"]},
    "CallStart": {
        "id": "walk",
        "customer": "C-1",
        "direction": "inbound",
        "to_number": "+4930222",
        "started_at": event("walk")["started_at"],
    },
    "CreditNew": {"amount": {"amount": "1.00", "currency": "EUR"}, "reason": "the walk", "expires_on": None},
    "CustomerNew": {"number": "W-1", "name": "Walker"},
    "CustomerPatch": {"name": "Walker"},
    "LimitsPut": {"concurrent_calls": 5, "spending": {"day": {"soft": {"amount": "10", "currency": "EUR"}}}},
    "NumberLimitsPut": {"concurrent_calls": 5},
    "RefundNew": {"net": {"amount": "1.000000", "currency": "EUR"}, "reason": "walk"},
    "UsageBatch": {"events": [event("walk")]},
}
"""What an API's endpoint is sent, by the type of its body."""

FORMS: Mapping[str, Mapping[str, str]] = {
    "/sign-in": {"email": "anna@example.org", "password": "not the one"},
    "/topup/review": {"amount": "50.00", "method": "sandbox"},
    "/topup/pay": {"amount": "50.00", "method": "sandbox", "gross": "1", "idempotency_key": "walk"},
    "/payment-methods/add": {"provider": "sandbox", "consent": "1"},
    "/payment-methods/default": {"provider": "sandbox", "ref": "none"},
    "/payment-methods/remove": {"provider": "sandbox", "ref": "none"},
    "/payment-methods/portal": {"provider": "sandbox"},
    "/auto-topup": {"threshold": "10.00", "mode": "fixed", "amount": "25.00", "cap": "100.00", "method": "sandbox/x"},
    "/auto-topup/save": {
        "threshold": "10.00",
        "mode": "fixed",
        "amount": "25.00",
        "cap": "100.00",
        "method": "sandbox/x",
        "consent": "1",
    },
    "/auto-topup/off": {},
    "/settings/language": {"language": "de"},
    "/settings/appearance": {"scheme": "dark"},
    "/notifications": {"low_balance": "5"},
    "/settings/password": {"current": "not the one", "new": "", "repeat": ""},
    "/sign-out": {},
    "/webhooks/{provider:str}/{token:str}": {},
    "/staff/payments/{order:uuid}/ask": {},
    "/staff/payments/{order:uuid}/refund/check": {"part": "whole", "reason": "walk"},
    "/staff/payments/{order:uuid}/refund/pay": {"net": "1", "reason": "walk", "idempotency_key": "walk-walk-walk-walk"},
    "/staff/disputes/{dispute:uuid}/release": {"reason": "walk"},
    "/staff/customers/{customer:uuid}/adjust/check": {"direction": "credit", "amount": "1", "reason": "walk"},
    "/staff/customers/{customer:uuid}/adjust/book": {
        "direction": "credit",
        "amount": "1",
        "reason": "walk",
        "idempotency_key": "walk-walk-walk-walk",
    },
    "/staff/customers/{customer:uuid}/promo/check": {"amount": "1", "reason": "walk"},
    "/staff/customers/{customer:uuid}/promo/grant": {
        "amount": "1",
        "reason": "walk",
        "idempotency_key": "walk-walk-walk-walk",
    },
    "/staff/customers/{customer:uuid}/resume": {},
    "/staff/customers/{customer:uuid}/limits": {"concurrent": "5"},
    "/staff/limits": {"concurrent": "5"},
    "/staff/adjustments/{adjustment:uuid}/approve": {},
    "/staff/adjustments/{adjustment:uuid}/reject": {"reason": "walk"},
    "/staff/providers/{plugin:str}/switch": {"on": "1"},
    "/staff/providers/{plugin:str}/settings": {"delay_seconds": "30"},
    "/staff/providers/{plugin:str}/endpoint": {"key": "sandbox"},
    "/staff/providers/{plugin:str}/onboarding": {"key": "sandbox"},
    "/staff/events/{event:uuid}/replay": {},
    "/x/sandbox/checkout/{id:uuid}": {"choice": "succeed"},
}
"""The fields of a portal's or plugin's form."""

LAST = ("/sign-out",)
"""What ends the walker's own session."""

_PARAMETER = re.compile(r"\{(\w+):(\w+)\}")
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_VOLATILE = (
    re.compile(r'name="_csrf" value="[^"]*"'),
    re.compile(r"nonce[-=][^\s;'\"]+"),
    re.compile(r"/language/[^\"]*"),  # leads back to the address asked for
    re.compile(r"next=[^\"&]*"),
)
_HEADERS = ("date", "x-request-id", "ratelimit", "x-ratelimit", "set-cookie", "content-length", "retry-after")


@dataclass(frozen=True)
class Ask:
    """One request."""

    method: str
    url: str
    json: Any = None
    form: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Step:
    """A method of a route; ``queries`` are the parameters that take an id or a cursor."""

    method: str
    path: str
    permission: str
    body: str
    body_ids: tuple[str, ...]
    queries: tuple[str, ...]

    @property
    def ids(self) -> int:
        return sum(kind == "uuid" for _, kind in _PARAMETER.findall(self.path))

    @property
    def safe(self) -> bool:
        return self.method in ("GET", "HEAD")

    def ask(self, identifier: UUID | None = None, **extra: Any) -> Ask:
        """The request with that id wherever an id is asked for, ``extra`` in body or query."""

        def filled(found: re.Match[str]) -> str:
            if found[2] == "uuid":
                return str(identifier)
            word = WORDS[self.path]
            return word if isinstance(word, str) else word[found[1]]

        url = _PARAMETER.sub(filled, self.path)
        if self.safe:
            return Ask(
                self.method, url + ("?" + "&".join(f"{k}={quote(str(v))}" for k, v in extra.items()) if extra else "")
            )
        if self.body:
            return Ask(self.method, url, json=BODIES[self.body] | {name: str(value) for name, value in extra.items()})
        return Ask(
            self.method, url, form={**FORMS.get(self.path, {})} | {name: str(value) for name, value in extra.items()}
        )


def steps(app: Litestar) -> Iterator[Step]:
    """Every route and method. Raises AssertionError for one that the walk cannot fill."""
    found = []
    for route in app.routes:
        for handler in route.route_handlers:  # type: ignore[attr-defined]
            for method in sorted(handler.http_methods - {"OPTIONS"}):
                operation = handler.opt.get("operation")
                body = operation.body.__name__ if operation is not None and operation.body.__struct_fields__ else ""
                step = Step(
                    method, route.path, handler.opt.get("permission") or f"plugin {handler.opt.get('plugin')}", body,
                    _taking_ids(operation.body) if operation is not None else (),
                    (*_taking_ids(operation.query), *(n for n in operation.query.__struct_fields__ if n == "cursor"))
                    if operation is not None else (),
                )  # fmt: skip
                _require_known(step)
                found.append(step)
    yield from sorted(found, key=lambda step: (step.path in LAST, step.path, step.method))


def _require_known(step: Step) -> None:
    strange = [kind for _, kind in _PARAMETER.findall(step.path) if kind != "uuid" and step.path not in WORDS]
    assert not strange, f"the walk cannot fill {step.path}: teach support.walk.WORDS"
    if step.method in ("POST", "PUT", "PATCH", "DELETE"):
        if step.body:
            assert step.body in BODIES, f"the walk has no body for {step.method} {step.path}: teach support.walk.BODIES"
        elif step.path.startswith("/api/"):
            pass
        else:
            assert step.path in FORMS, f"the walk has no form for {step.method} {step.path}: teach support.walk.FORMS"


def _taking_ids(kind: Any) -> tuple[str, ...]:
    return tuple(
        field.encode_name for field in msgspec.structs.fields(kind) if UUID in (field.type, *get_args(field.type))
    )


def normal(answer: Any, identifier: UUID | None) -> tuple[Any, ...]:
    """An answer without what may differ between two of a kind: the id asked for, tokens, the request's number."""

    def cleaned(text: str) -> str:
        for pattern in _VOLATILE:
            text = pattern.sub("…", text)
        return text.replace(str(identifier), "ID")

    headers = {name: cleaned(value) for name, value in answer.headers.items() if not name.lower().startswith(_HEADERS)}
    body = cleaned(answer.text)
    if "json" in answer.headers.get("content-type", ""):
        told = json.loads(body)
        if isinstance(told, dict):
            told.pop("request_id", None)
            told.pop("instance", None)
        body = json.dumps(told, sort_keys=True)
    return answer.status_code, tuple(sorted(headers.items())), _UUID.sub("UUID", body)

"""Customers, banks and the clock of the honest provider: hands that reach into its books."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import httpx
import msgspec
from dummy_house import FALKE, NORTH
from reference_provider import HEADER, Payment, Reference, ReferenceSettings, account_of, sign

from askpro.sdk import (
    ChargeResult,
    CheckoutSession,
    Context,
    CustomerRef,
    Dispute,
    DisputeState,
    Mandate,
    SavedMethod,
    Secret,
)
from askpro.testing import make_context
from askpro.testing.providers import Bench, Delivery

__all__ = ("ReferenceBench",)


class ReferenceBench(Bench):
    """Its hands reach into the books."""

    schema = ReferenceSettings
    settings: Mapping[str, Any] = {"signing_secret": "whsec_old", "days": 3}
    provider: Reference

    def __init__(self, provider: Reference) -> None:
        self.provider = provider
        self._told: list[tuple[str, dict[str, str]]] = []
        transport = httpx.MockTransport(lambda _: httpx.Response(200))  # it could lose answers
        self.ctx, self.other = (
            make_context("reference", tenant=tenant, settings=ReferenceSettings(), transport=transport)
            for tenant in (NORTH, FALKE)
        )

    def _move(self, payment: Payment, state: str) -> None:
        payment.state = state
        event = {"id": f"e_{payment.ref}_{state}", "key": payment.key, "at": self.ctx.now().isoformat()}
        self._told.append((payment.key, event))

    def _mine(self, session: CheckoutSession) -> Payment:
        return self.provider.of(self.ctx).payments[session.key]

    async def pay(self, session: CheckoutSession) -> None:
        self._move(self._mine(session), "settled")

    async def decline(self, session: CheckoutSession) -> None:
        self._move(self._mine(session), "declined")

    async def delay(self, session: CheckoutSession) -> None:
        self._move(self._mine(session), "pending")

    async def lose(self, session: CheckoutSession) -> None:
        self._mine(session).state = "silent"

    async def wait(self) -> None:
        for payment in self.provider.of(self.ctx).payments.values():
            if payment.state in ("pending", "silent"):
                self._move(payment, "settled")

    async def signed_event(self, ctx: Context, key: str) -> Delivery:
        return self._signed(ctx, next(event for name, event in self._told if name == key))

    async def deliveries(self, key: str) -> list[Delivery]:
        return [self._signed(self.ctx, event) for name, event in self._told if name == key]

    def _signed(self, ctx: Context, event: Mapping[str, str]) -> Delivery:
        body = json.dumps(event).encode()
        return {HEADER: sign(ctx, body)}, body

    async def lose_answer(self, key: str) -> None:
        self.provider.lost = key

    async def saved_method(self, customer: CustomerRef, behaviour: str) -> str:
        return self._save(customer, behaviour, "")

    def _save(self, customer: CustomerRef, behaviour: str, mandate: str) -> str:
        books, ref = self.provider.of(self.ctx), self.provider.number("m")
        books.methods[ref] = customer.id, SavedMethod(ref=ref, kind="card", label="Visa •••• 1", mandate=mandate)
        books.behaviours[ref] = behaviour
        return ref

    async def confirm_setup(self, session: CheckoutSession, customer: CustomerRef) -> None:
        self._save(customer, "succeed", "")

    async def give_mandate(self, customer: CustomerRef, consent: str) -> str:
        ref, text = self.provider.number("n"), f"I allow you to collect. {consent}"
        mandate = Mandate(ref=ref, scheme="CORE", signed_at=self.ctx.now(), text=text)
        self.provider.of(self.ctx).mandates[ref] = mandate
        self._save(customer, "succeed", ref)
        return ref

    async def revoke_mandate(self, ref: str) -> None:
        books = self.provider.of(self.ctx)
        books.mandates[ref] = replace(books.mandates[ref], active=False)
        books.methods = {name: one for name, one in books.methods.items() if one[1].mandate != ref}

    async def dispute(self, payment: ChargeResult) -> str:
        ref = self.provider.number("d")
        assert payment.amount is not None
        self.provider.of(self.ctx).disputes[ref] = Dispute(
            ref=ref, payment_ref=payment.provider_ref, amount=payment.amount, state=DisputeState.WITHDRAWN
        )
        return ref

    async def close_dispute(self, ref: str, end: DisputeState) -> None:
        disputes = self.provider.of(self.ctx).disputes
        disputes[ref] = replace(disputes[ref], state=end)

    async def destination(self, ctx: Context) -> str:
        return account_of(ctx)

    async def onboard(self) -> None:
        self.provider.of(self.ctx).open = True

    async def keep_settings(self, values: Mapping[str, str]) -> None:
        wrapped = {name: Secret(value) if name == "signing_secret" else value for name, value in values.items()}
        self.ctx = replace(self.ctx, settings=msgspec.structs.replace(self.ctx.settings, **wrapped))

"""The provider on the test bench, and what the tests build from it."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, ClassVar, TypeVar

import msgspec
import pytest

from askpro.errors import Conflict, InvalidInput, Unavailable
from askpro.i18n import cldr_digits
from askpro.ids import new_id
from askpro.money import UNITS, Money
from askpro.sdk.context import Context
from askpro.sdk.payments import (
    ChargeRequest,
    ChargeResult,
    CheckoutRequest,
    CheckoutSession,
    CustomerRef,
    DisputeState,
    Feature,
    Outcome,
    PayoutRequest,
    PayoutResult,
    RefundRequest,
    RefundResult,
    SetupRequest,
)
from askpro.sdk.providers import NotSent
from askpro.sdk.settings import NoSettings
from askpro.testing.providers.hands import Hands

__all__ = ("Bench", "coin", "is_page", "sound")

R = TypeVar("R", ChargeResult, RefundResult, PayoutResult)


class Bench(Hands):
    """``provider`` may lie: nothing here trusts it."""

    provider: Any
    ctx: Context
    """A tenant …"""
    other: Context
    """… and another one, with the same provider enabled."""
    amounts: ClassVar[tuple[Money, ...]] = (Money.of(50, "EUR"), Money.of(1250, "JPY"), Money.of("7.235", "KWD"))
    """Two, none and three decimals. Take away what the provider's currencies exclude."""
    schema: type[msgspec.Struct] = NoSettings
    settings: Mapping[str, Any] = {}
    """Valid values of the schema, secrets as plain text."""
    hears: ClassVar[bool] = True
    """False: there is nobody to send it webhooks, so it refuses every delivery; what happens it finds out by itself."""
    knows: ClassVar[bool] = False
    """True: it keeps the only books there are about its payments, so no answer about one can be lost on the way."""
    charges_at_once: ClassVar[bool] = True
    """False: a charge is PENDING at first, and ``wait`` settles it."""
    dispute_ends: ClassVar[tuple[DisputeState, ...]] = (DisputeState.WON, DisputeState.LOST)
    """How a dispute can end."""

    # requests, each with a key of its own

    def checkout(self, amount: Money | None = None, **changes: Any) -> CheckoutRequest:
        """Of ``customer-1``."""
        request = CheckoutRequest(
            key=str(new_id()),
            amount=self.amounts[0] if amount is None else amount,
            description="Top-up",
            customer=CustomerRef(id="customer-1"),
            return_url="https://tenant.example/return",
            cancel_url="https://tenant.example/cancel",
            expires_at=self.ctx.now() + timedelta(hours=1),
        )
        return replace(request, **changes)

    def setup(self, customer: CustomerRef) -> SetupRequest:
        """To save a method for later."""
        return SetupRequest(
            key=str(new_id()),
            customer=customer,
            return_url="https://tenant.example/return",
            cancel_url="https://tenant.example/cancel",
            consent="You may collect what I owe.",
            currency=self.amounts[0].currency,
        )

    def charging(self, customer: CustomerRef, method: str, amount: Money | None = None) -> ChargeRequest:
        """By a saved method."""
        return ChargeRequest(
            key=str(new_id()),
            amount=self.amounts[0] if amount is None else amount,
            description="Auto top-up",
            customer=customer,
            method=method,
        )

    async def charge_request(self, behaviour: str) -> ChargeRequest:
        """By a new method of ``customer-1`` that will behave so."""
        customer = CustomerRef(id="customer-1")
        return self.charging(customer, await self.saved_method(customer, behaviour))

    def refunding(self, payment: ChargeResult, amount: Money | None = None) -> RefundRequest:
        """Of the whole payment, or less."""
        whole = payment.amount
        assert whole is not None
        return RefundRequest(
            key=str(new_id()),
            payment_key=payment.key,
            payment_ref=payment.provider_ref,
            amount=whole if amount is None else amount,
        )

    def sending(self, destination: str, amount: Money | None = None) -> PayoutRequest:
        """A reseller's share."""
        return PayoutRequest(
            key=str(new_id()),
            amount=self.amounts[0] if amount is None else amount,
            destination=destination,
            reference="2026-11",
        )

    # what was found

    async def asked(self, key: str, provider_ref: str = "") -> ChargeResult:
        """How a payment stands, by an answer that does not contradict itself."""
        result: ChargeResult = await self.provider.look_up(self.ctx, key, provider_ref)
        return sound(result)

    async def asked_refund(self, key: str) -> RefundResult:
        """How a refund stands."""
        result: RefundResult = await self.provider.look_up_refund(self.ctx, key)
        return sound(result)

    async def asked_payout(self, key: str) -> PayoutResult:
        """How a payout stands."""
        result: PayoutResult = await self.provider.look_up_payout(self.ctx, key)
        return sound(result)

    async def opened(self, amount: Money | None = None) -> tuple[CheckoutRequest, CheckoutSession]:
        """A page on which nobody has paid yet."""
        request = self.checkout(amount)
        return request, await self.provider.create_checkout(self.ctx, request)

    async def paid(self, amount: Money | None = None) -> ChargeResult:
        """A payment that has settled."""
        request, session = await self.opened(amount)
        await self.pay(session)
        result = await self.asked(request.key)
        assert result.outcome is Outcome.SETTLED
        return result

    async def unanswered(self, call: Awaitable[Any]) -> None:
        """The call must not claim to know: UNKNOWN, or an error that says no more than that."""
        try:
            result = await call
        except (Conflict, InvalidInput, NotSent) as error:
            pytest.fail(f"it claims that nothing was done ({type(error).__name__}), but the answer was lost")
        except (Unavailable, TimeoutError):
            return
        assert getattr(result, "outcome", None) is Outcome.UNKNOWN
        sound(result)

    # what is left out

    def needs(self, *features: Feature) -> None:
        """Skip the test unless the provider claims these."""
        missing = set(features) - self.provider.capabilities(self.ctx).features
        if missing:
            pytest.skip(f"the provider does not claim {', '.join(sorted(missing))}")

    def must_hear(self) -> None:
        """Skip the test unless somebody sends events."""
        if not self.hears:
            claimed = self.provider.capabilities(self.ctx).features
            assert Feature.ENDPOINT not in claimed, "who enters an address for events hears of them"
            pytest.skip("nobody sends this provider events")

    def must_ask(self) -> None:
        """Skip the test unless answers about payments come from somewhere else, and can be lost."""
        if self.knows:
            assert "net" not in self.ctx.means, "who asks somebody else can lose the answer"
            pytest.skip("the provider keeps the books itself: no answer about a payment can be lost")

    def must_send(self) -> None:
        """Skip the test unless requests leave the house, so that their answers can be lost."""
        if "net" not in self.ctx.means:
            pytest.skip("the provider sends nothing: no answer to a request can be lost")


def sound(result: R) -> R:
    """An answer that does not contradict itself: an amount and a number with what settled, none with what did not."""
    said = f"{type(result).__name__} {result.outcome}"
    if result.outcome is Outcome.SETTLED:
        assert result.amount is not None, f"{said} without an amount"
        assert result.provider_ref, f"{said} without a number"
    elif isinstance(result, ChargeResult) or result.outcome is not Outcome.PENDING:
        assert result.amount is None, f"{said} with an amount"
    if result.outcome is Outcome.DECLINED:
        assert result.code, f"{said} without a reason"
    if isinstance(result, ChargeResult):
        assert (result.waiting is not None) is (result.outcome is Outcome.PENDING), f"{said}: waiting for whom?"
    return result


def coin(currency: str) -> Money:
    """The smallest amount of a currency: 0.01 EUR, 1 JPY, 0.001 KWD."""
    return Money(UNITS // 10 ** cldr_digits(currency), currency)


def is_page(url: str) -> bool:
    """Whether a customer may be sent there: the provider's page, or one of the plugin's own in the house."""
    return url.startswith(("https://", "/x/"))

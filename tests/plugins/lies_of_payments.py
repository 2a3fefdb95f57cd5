"""Lies about payments, amounts and events."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from lie import Lie
from reference_provider import Payment

from askpro.errors import Conflict, InvalidInput
from askpro.ids import new_id
from askpro.money import Money
from askpro.sdk import (
    ChargeRequest,
    ChargeResult,
    CheckoutRequest,
    CheckoutSession,
    Context,
    EventKind,
    Feature,
    NotSent,
    Outcome,
    PayoutRequest,
    PayoutResult,
    ProviderEvent,
    RefundRequest,
    RefundResult,
    SetupRequest,
)

__all__ = (
    "AnotherNumberEachTime",
    "BelievesEverybody",
    "CountsEvents",
    "DeclinedForNoReason",
    "DelayedIsPaid",
    "EveryEventIsNew",
    "EveryEventIsNow",
    "ForgetsDuplicates",
    "ForgetsWhatIsLost",
    "HeardOfEverything",
    "HonoursOldEvents",
    "KeysMeanNothing",
    "LeadsAstray",
    "LostHasAnAmount",
    "LostIsDeclined",
    "LostIsNotSent",
    "NeverDeclined",
    "NoCheckout",
    "OneNumberForAll",
    "PaidBeforeAnybodyPaid",
    "SettledWithoutAmount",
    "SettledWithoutNumber",
    "TakesEverything",
    "TakesLessThanItSays",
    "WaitsForNobody",
    "YenInCents",
)


class NoCheckout(Lie):
    """Leaves out what everybody must have."""

    features = frozenset(Feature) - {Feature.CHECKOUT}
    caught = ("test_features_are_real",)


class HeardOfEverything(Lie):
    """Says of keys it never saw that it does not know."""

    caught = ("test_unheard_key_is_not_sent", "test_amounts_outside_its_limits_are_refused")

    async def look_up(self, ctx: Context, key: str, provider_ref: str = "") -> ChargeResult:
        found = await super().look_up(ctx, key)
        return replace(found, outcome=Outcome.UNKNOWN) if found.outcome is Outcome.NOT_SENT else found


class ForgetsDuplicates(Lie):
    """Makes another payment each time."""

    caught = ("test_checkout_twice_is_one", "test_lost_page", "test_charge_twice_is_one")

    def _payment(self, ctx: Context, request: CheckoutRequest | ChargeRequest, kind: str) -> Payment:
        self.of(ctx).payments.pop(request.key, None)
        return super()._payment(ctx, request, kind)


class LeadsAstray(Lie):
    """A script is no page."""

    caught = ("test_checkout_twice_is_one", "test_setup_twice_is_one")

    def _page(self, key: str, ref: str, until: datetime) -> CheckoutSession:
        return CheckoutSession(key=key, provider_ref=ref, url="javascript:pay()", expires_at=until)


class KeysMeanNothing(Lie):
    """A key that stands for another amount, or another customer, is taken for the same."""

    caught = (
        "test_key_with_another_amount_is_a_conflict", "test_charge_twice_is_one", "test_setup_twice_is_one",
        "test_refund_key_with_another_amount_is_a_conflict", "test_payout_twice_is_one",
    )  # fmt: skip

    def _payment(self, ctx: Context, request: CheckoutRequest | ChargeRequest, kind: str) -> Payment:
        return self.of(ctx).payments.get(request.key) or super()._payment(ctx, request, kind)

    async def create_setup(self, ctx: Context, request: SetupRequest) -> CheckoutSession:
        return self._page(request.key, f"s_{request.key}", ctx.now())

    async def refund(self, ctx: Context, request: RefundRequest) -> RefundResult:
        try:
            return await super().refund(ctx, request)
        except Conflict:
            return await self.look_up_refund(ctx, request.key)

    async def payout(self, ctx: Context, request: PayoutRequest) -> PayoutResult:
        try:
            return await super().payout(ctx, request)
        except Conflict:
            return await self.look_up_payout(ctx, request.key)


class PaidBeforeAnybodyPaid(Lie):
    """An open page is a payment."""

    caught = ("test_open_checkout_waits_for_the_customer", "test_amounts_at_its_limits_are_taken", "test_lost_page")

    def result(self, payment: Payment) -> ChargeResult:
        return super().result(replace(payment, state="settled") if payment.state == "open" else payment)


class WaitsForNobody(Lie):
    """Pending, with the amount as if it were there."""

    caught = ("test_open_checkout_waits_for_the_customer", "test_delayed_method")

    def result(self, payment: Payment) -> ChargeResult:
        said = super().result(payment)
        return replace(said, amount=payment.amount) if said.outcome is Outcome.PENDING else said


class AnotherNumberEachTime(Lie):
    """One payment, credited as often as it is asked about."""

    caught = ("test_settled_is_final", "test_charge_twice_is_one", "test_lost_answer")

    def result(self, payment: Payment) -> ChargeResult:
        said = super().result(payment)
        return replace(said, provider_ref=self.number("p")) if said.provider_ref else said


class OneNumberForAll(Lie):
    """Two payments, two payouts, one number."""

    caught = ("test_payments_have_numbers_of_their_own", "test_payouts_have_numbers_of_their_own")

    def number(self, kind: str) -> str:
        return f"{kind}_1" if kind in ("p", "t") else super().number(kind)


class SettledWithoutAmount(Lie):
    """Paid, but how much?"""

    caught = ("test_settled_is_final", "test_delayed_method", "test_charge_twice_is_one")

    def result(self, payment: Payment) -> ChargeResult:
        return replace(super().result(payment), amount=None)


class SettledWithoutNumber(Lie):
    """Paid, but which one?"""

    caught = ("test_payments_have_numbers_of_their_own", "test_lost_answer")

    def result(self, payment: Payment) -> ChargeResult:
        return replace(super().result(payment), provider_ref="")


class DeclinedForNoReason(Lie):
    """No code."""

    caught = ("test_decline", "test_charge_declined")

    def result(self, payment: Payment) -> ChargeResult:
        return replace(super().result(payment), code="")


class NeverDeclined(Lie):
    """Under way for ever."""

    caught = ("test_decline", "test_charge_declined")

    def result(self, payment: Payment) -> ChargeResult:
        return super().result(replace(payment, state="pending") if payment.state == "declined" else payment)


class DelayedIsPaid(Lie):
    """What takes days is there at once."""

    caught = ("test_delayed_method",)

    def result(self, payment: Payment) -> ChargeResult:
        return super().result(replace(payment, state="settled") if payment.state == "pending" else payment)


class LostIsDeclined(Lie):
    """Who does not know says no."""

    caught = ("test_lost_answer", "test_charge_without_an_answer")

    def result(self, payment: Payment) -> ChargeResult:
        return super().result(replace(payment, state="declined") if payment.state == "silent" else payment)


class LostHasAnAmount(Lie):
    """Who does not know names a sum."""

    caught = ("test_lost_answer", "test_charge_without_an_answer")

    def result(self, payment: Payment) -> ChargeResult:
        said = super().result(payment)
        return replace(said, amount=payment.amount) if said.outcome is Outcome.UNKNOWN else said


class LostIsNotSent(Lie):
    """Done, and the answer lost: it swears that nothing was done."""

    caught = ("test_lost_page", "test_refund_whose_answer_is_lost", "test_payout_whose_answer_is_lost")

    def _answer(self, key: str) -> None:
        if key == self.lost:
            raise NotSent("nothing was done")


class ForgetsWhatIsLost(Lie):
    """Whose answer is lost is done again."""

    caught = ("test_lost_page", "test_refund_whose_answer_is_lost", "test_payout_whose_answer_is_lost")

    def _answer(self, key: str) -> None:
        if key == self.lost:
            for books in self.books.values():
                books.payments.pop(key, None)
                books.payouts.pop(key, None)
                if key in books.refunds:
                    books.refunds[f"{key}-again"] = books.refunds.pop(key)
        super()._answer(key)


class YenInCents(Lie):
    """Every currency has two decimals."""

    caught = ("test_amounts_are_exact", "test_refunds_are_exact")

    def result(self, payment: Payment) -> ChargeResult:
        said = super().result(payment)
        return replace(said, amount=_cents(said.amount)) if said.amount else said

    async def look_up_refund(self, ctx: Context, key: str, provider_ref: str = "") -> RefundResult:
        said = await super().look_up_refund(ctx, key)
        return replace(said, amount=_cents(said.amount)) if said.amount else said


def _cents(amount: Money) -> Money:
    if amount.currency == "JPY":
        return Money(amount.units // 100, "JPY")
    return Money(amount.units // 10_000 * 10_000, amount.currency)


class TakesEverything(Lie):
    """Its limits are for others."""

    caught = ("test_amounts_outside_its_limits_are_refused", "test_charges_outside_its_limits_are_refused")

    def possible(self, ctx: Context, amount: Money) -> None:
        del ctx, amount


class TakesLessThanItSays(Lie):
    """The least is too little, the most too much."""

    caught = ("test_amounts_at_its_limits_are_taken",)

    def possible(self, ctx: Context, amount: Money) -> None:
        super().possible(ctx, amount)
        if amount in (Money.of(1, "EUR"), Money.of(5000, "EUR")):
            raise InvalidInput("not that one")


class BelievesEverybody(Lie):
    """No signature is looked at."""

    caught = ("test_forged_events_are_refused",)

    async def verify_event(self, ctx: Context, headers: Mapping[str, str], body: bytes) -> ProviderEvent:
        at = ctx.now()
        try:
            said = json.loads(body)
        except ValueError:
            said = {"id": "e", "key": ""}
        return ProviderEvent(id=said["id"], kind=EventKind.PAYMENT, occurred_at=at, key=said["key"])


class EveryEventIsNew(Lie):
    """The inbox cannot tell what it has."""

    caught = ("test_event_is_read", "test_order_and_number_of_events_say_nothing")

    async def verify_event(self, ctx: Context, headers: Mapping[str, str], body: bytes) -> ProviderEvent:
        return replace(await super().verify_event(ctx, headers, body), id=str(new_id()))


class EveryEventIsNow(Lie):
    """It happened when it was read."""

    caught = ("test_order_and_number_of_events_say_nothing",)

    async def verify_event(self, ctx: Context, headers: Mapping[str, str], body: bytes) -> ProviderEvent:
        return replace(await super().verify_event(ctx, headers, body), occurred_at=ctx.now())


class HonoursOldEvents(Lie):
    """Whatever an event says holds, though it is from yesterday."""

    caught = ("test_order_and_number_of_events_say_nothing",)

    async def verify_event(self, ctx: Context, headers: Mapping[str, str], body: bytes) -> ProviderEvent:
        event = await super().verify_event(ctx, headers, body)
        self.of(ctx).payments[event.key].state = event.id.rpartition("_")[2]
        return event


class CountsEvents(Lie):
    """Twice told is twice paid."""

    caught = ("test_order_and_number_of_events_say_nothing",)

    async def verify_event(self, ctx: Context, headers: Mapping[str, str], body: bytes) -> ProviderEvent:
        event = await super().verify_event(ctx, headers, body)
        payment = self.of(ctx).payments[event.key]
        payment.amount = payment.amount + payment.amount
        return event

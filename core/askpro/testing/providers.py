"""What every payment provider must keep, as tests.

An author subclasses ``PaymentProviderContract`` and gives a fixture ``bench``: the provider, two tenants, and
hands that play the customer, the bank and the clock. A test whose feature the provider does not claim is skipped.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, ClassVar

import msgspec
import pytest

from askpro.errors import Conflict, InvalidInput
from askpro.ids import new_id
from askpro.money import Money
from askpro.sdk.context import Context
from askpro.sdk.payments import (
    ChargeRequest,
    ChargeResult,
    CheckoutRequest,
    CheckoutSession,
    CustomerRef,
    Feature,
    Outcome,
    RefundRequest,
    Waiting,
)
from askpro.sdk.providers import FEATURE_PROTOCOLS, EventRefused
from askpro.sdk.settings import NoSettings, Secret, setting_fields, stored, validate

__all__ = ("Bench", "PaymentProviderContract")


class Bench(ABC):
    """The provider on the test bench. ``provider`` may lie: nothing here trusts it."""

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

    @abstractmethod
    async def pay(self, session: CheckoutSession) -> None:
        """The customer pays, and it works."""

    @abstractmethod
    async def decline(self, session: CheckoutSession) -> None:
        """The customer tries to pay, and is declined for good."""

    @abstractmethod
    async def delay(self, session: CheckoutSession) -> None:
        """The customer pays by something that takes days; ``wait`` will settle it."""

    @abstractmethod
    async def lose(self, session: CheckoutSession) -> None:
        """The customer pays, but nobody can say so until ``wait``."""

    @abstractmethod
    async def wait(self) -> None:
        """Enough time passes for everything to be decided."""

    @abstractmethod
    async def signed_event(self, ctx: Context, key: str) -> tuple[Mapping[str, str], bytes]:
        """Headers (lower case) and raw body of a genuine event about that key, signed for that tenant."""

    async def saved_method(self, customer: CustomerRef, behaviour: str) -> str:
        """The ref of a method that will ``succeed``, ``decline`` or ``lose``. Needed for OFF_SESSION."""
        raise NotImplementedError

    # made here

    def checkout(self, amount: Money | None = None, **changes: Any) -> CheckoutRequest:
        """A new request with a key of its own."""
        request = CheckoutRequest(
            key=str(new_id()),
            amount=amount or self.amounts[0],
            description="Top-up",
            customer=CustomerRef(id="customer-1"),
            return_url="https://tenant.example/return",
            cancel_url="https://tenant.example/cancel",
            expires_at=self.ctx.now() + timedelta(hours=1),
        )
        return replace(request, **changes)

    async def paid(self, amount: Money | None = None) -> ChargeResult:
        """A payment that has settled."""
        request = self.checkout(amount)
        await self.pay(await self.provider.create_checkout(self.ctx, request))
        result: ChargeResult = await self.provider.look_up(self.ctx, request.key)
        assert result.outcome is Outcome.SETTLED
        return result

    def needs(self, *features: Feature) -> None:
        """Skip the test unless the provider claims these."""
        missing = set(features) - self.provider.capabilities(self.ctx).features
        if missing:
            pytest.skip(f"the provider does not claim {', '.join(sorted(missing))}")

    def must_ask(self) -> None:
        """Skip the test unless answers about payments come from somewhere else, and can be lost."""
        if self.knows:
            assert "net" not in self.ctx.means, "who asks somebody else can lose the answer"
            pytest.skip("the provider keeps the books itself: no answer about a payment can be lost")


@pytest.mark.anyio
class PaymentProviderContract:
    """Inherit from it. Each docstring is a promise."""

    async def test_features_are_real(self, bench: Bench) -> None:
        """A provider claims only what it can do, and always a checkout."""
        claimed = bench.provider.capabilities(bench.ctx).features
        assert Feature.CHECKOUT in claimed
        assert [one for one in claimed if not isinstance(bench.provider, FEATURE_PROTOCOLS[one])] == []

    async def test_unheard_key_is_not_sent(self, bench: Bench) -> None:
        """A key the provider never saw is NOT_SENT: proof that it may be sent."""
        result = await bench.provider.look_up(bench.ctx, str(new_id()))
        assert result.outcome is Outcome.NOT_SENT

    async def test_checkout_twice_is_one(self, bench: Bench) -> None:
        """The same key again finds the same checkout."""
        request = bench.checkout()
        first = await bench.provider.create_checkout(bench.ctx, request)
        second = await bench.provider.create_checkout(bench.ctx, request)
        assert (first.key, first.provider_ref) == (second.key, second.provider_ref) == (request.key, first.provider_ref)

    async def test_key_with_another_amount_is_a_conflict(self, bench: Bench) -> None:
        """A key stands for one amount for ever."""
        request = bench.checkout()
        await bench.provider.create_checkout(bench.ctx, request)
        dearer = replace(request, amount=request.amount + request.amount)
        with pytest.raises(Conflict):
            await bench.provider.create_checkout(bench.ctx, dearer)

    async def test_open_checkout_waits_for_the_customer(self, bench: Bench) -> None:
        """Nothing is paid before somebody pays."""
        request = bench.checkout()
        await bench.provider.create_checkout(bench.ctx, request)
        result = await bench.provider.look_up(bench.ctx, request.key)
        assert (result.outcome, result.waiting) == (Outcome.PENDING, Waiting.CUSTOMER)

    async def test_amounts_are_exact(self, bench: Bench) -> None:
        """What settles is what was asked for, whatever the currency's exponent."""
        for amount in bench.amounts:
            result = await bench.paid(amount)
            assert result.amount == amount
            assert result.provider_ref

    async def test_settled_is_final(self, bench: Bench) -> None:
        """Asking again, asking for the page again, and time change nothing about a settled payment."""
        request = bench.checkout()
        await bench.pay(await bench.provider.create_checkout(bench.ctx, request))
        first = await bench.provider.look_up(bench.ctx, request.key)
        await bench.provider.create_checkout(bench.ctx, request)
        await bench.wait()
        again = await bench.provider.look_up(bench.ctx, request.key)
        assert first.outcome is Outcome.SETTLED
        assert (again.outcome, again.amount, again.provider_ref) == (first.outcome, first.amount, first.provider_ref)

    async def test_payments_have_numbers_of_their_own(self, bench: Bench) -> None:
        """Two payments never share a provider number: credits are unique by it."""
        first, second = await bench.paid(), await bench.paid()
        assert first.provider_ref != second.provider_ref

    async def test_decline(self, bench: Bench) -> None:
        """A decline is final, has a reason, and no amount."""
        request = bench.checkout()
        await bench.decline(await bench.provider.create_checkout(bench.ctx, request))
        await bench.wait()
        result = await bench.provider.look_up(bench.ctx, request.key)
        assert (result.outcome, result.amount) == (Outcome.DECLINED, None)
        assert result.code

    async def test_delayed_method(self, bench: Bench) -> None:
        """Money that takes days is PENDING on the provider's side, then SETTLED."""
        request = bench.checkout()
        await bench.delay(await bench.provider.create_checkout(bench.ctx, request))
        before = await bench.provider.look_up(bench.ctx, request.key)
        await bench.wait()
        after = await bench.provider.look_up(bench.ctx, request.key)
        assert (before.outcome, before.waiting, before.amount) == (Outcome.PENDING, Waiting.PROVIDER, None)
        assert (after.outcome, after.amount) == (Outcome.SETTLED, request.amount)

    async def test_lost_answer(self, bench: Bench) -> None:
        """Who does not know says UNKNOWN, not DECLINED and not NOT_SENT; later the truth comes out, once."""
        bench.must_ask()
        request = bench.checkout()
        await bench.lose(await bench.provider.create_checkout(bench.ctx, request))
        before = await bench.provider.look_up(bench.ctx, request.key)
        await bench.wait()
        after = await bench.provider.look_up(bench.ctx, request.key)
        assert before.outcome is Outcome.UNKNOWN
        assert (after.outcome, after.amount) == (Outcome.SETTLED, request.amount)

    async def test_other_tenant_sees_nothing(self, bench: Bench) -> None:
        """A key belongs to its tenant: the other one never heard of it, and may use it for itself."""
        request = bench.checkout()
        await bench.pay(await bench.provider.create_checkout(bench.ctx, request))
        assert (await bench.provider.look_up(bench.other, request.key)).outcome is Outcome.NOT_SENT
        await bench.provider.create_checkout(bench.other, request)
        assert (await bench.provider.look_up(bench.other, request.key)).outcome is Outcome.PENDING
        assert (await bench.provider.look_up(bench.ctx, request.key)).outcome is Outcome.SETTLED

    async def test_event_is_read(self, bench: Bench) -> None:
        """A genuine event names our key, and is the same event when it comes twice."""
        if not bench.hears:
            pytest.skip("nobody sends this provider events")
        request = bench.checkout()
        await bench.pay(await bench.provider.create_checkout(bench.ctx, request))
        headers, body = await bench.signed_event(bench.ctx, request.key)
        first = await bench.provider.verify_event(bench.ctx, headers, body)
        second = await bench.provider.verify_event(bench.ctx, headers, body)
        assert first.key == request.key or first.provider_ref
        assert first.id
        assert first.id == second.id

    async def test_forged_events_are_refused(self, bench: Bench) -> None:
        """No signature, another body, another tenant's signature: nothing is believed."""
        request = bench.checkout()
        await bench.pay(await bench.provider.create_checkout(bench.ctx, request))
        headers: Mapping[str, str] = {"authorization": "Bearer 1", "x-signature": "1", "webhook-signature": "v1,MQ=="}
        foreign, body, foreign_body = headers, b"{}", request.key.encode()
        if bench.hears:
            headers, body = await bench.signed_event(bench.ctx, request.key)
            foreign, foreign_body = await bench.signed_event(bench.other, request.key)
        for forged in (({}, body), (headers, body + b" "), (foreign, foreign_body), (headers, b"")):
            with pytest.raises(EventRefused):
                await bench.provider.verify_event(bench.ctx, *forged)

    async def test_refund_in_parts(self, bench: Bench) -> None:
        """Parts add up to the payment and not to a unit more; a repeated part is paid back once."""
        bench.needs(Feature.REFUND, Feature.PARTIAL_REFUND)
        payment = await bench.paid()
        assert payment.amount is not None
        half = Money(payment.amount.units // 2, payment.amount.currency)
        first = RefundRequest(key=str(new_id()), payment_key=payment.key, payment_ref=payment.provider_ref, amount=half)
        once = await bench.provider.refund(bench.ctx, first)
        twice = await bench.provider.refund(bench.ctx, first)
        assert once.provider_ref == twice.provider_ref
        too_much = replace(first, key=str(new_id()), amount=payment.amount)
        with pytest.raises(InvalidInput):
            await bench.provider.refund(bench.ctx, too_much)
        rest = replace(first, key=str(new_id()), amount=payment.amount - half)
        await bench.provider.refund(bench.ctx, rest)
        await bench.wait()
        seen = [await bench.provider.look_up_refund(bench.ctx, one.key) for one in (first, rest, too_much)]
        assert [one.outcome for one in seen] == [Outcome.SETTLED, Outcome.SETTLED, Outcome.NOT_SENT]
        assert [one.amount for one in seen[:2]] == [first.amount, rest.amount]

    async def test_refund_key_with_another_amount_is_a_conflict(self, bench: Bench) -> None:
        """A refund's key stands for one amount."""
        bench.needs(Feature.REFUND, Feature.PARTIAL_REFUND)
        payment = await bench.paid()
        assert payment.amount is not None
        third = Money.of(1, payment.amount.currency)
        request = RefundRequest(
            key=str(new_id()), payment_key=payment.key, payment_ref=payment.provider_ref, amount=third
        )
        await bench.provider.refund(bench.ctx, request)
        with pytest.raises(Conflict):
            await bench.provider.refund(bench.ctx, replace(request, amount=third + third))

    async def test_unpaid_is_not_refunded(self, bench: Bench) -> None:
        """Nothing comes back that never came in."""
        bench.needs(Feature.REFUND)
        request = bench.checkout()
        session = await bench.provider.create_checkout(bench.ctx, request)
        refund = RefundRequest(
            key=str(new_id()), payment_key=request.key, payment_ref=session.provider_ref, amount=request.amount
        )
        with pytest.raises(InvalidInput):
            await bench.provider.refund(bench.ctx, refund)

    async def test_charge_twice_is_one(self, bench: Bench) -> None:
        """The same key charges once; another amount under it is a conflict."""
        bench.needs(Feature.OFF_SESSION)
        request = await _charge(bench, "succeed")
        first = await bench.provider.charge(bench.ctx, request)
        second = await bench.provider.charge(bench.ctx, request)
        at_once = Outcome.SETTLED if bench.charges_at_once else Outcome.PENDING
        assert first.outcome is second.outcome is at_once
        if not bench.charges_at_once:
            assert first.waiting is Waiting.PROVIDER
            await bench.wait()
        found = await bench.provider.look_up(bench.ctx, request.key)
        assert found.outcome is Outcome.SETTLED
        assert first.provider_ref == second.provider_ref == found.provider_ref
        assert found.amount == request.amount
        with pytest.raises(Conflict):
            await bench.provider.charge(bench.ctx, replace(request, amount=request.amount + request.amount))

    async def test_charge_declined(self, bench: Bench) -> None:
        """A declined charge says why and stays declined."""
        bench.needs(Feature.OFF_SESSION)
        request = await _charge(bench, "decline")
        first = await bench.provider.charge(bench.ctx, request)
        await bench.wait()
        found = await bench.provider.look_up(bench.ctx, request.key)
        assert first.outcome is found.outcome is Outcome.DECLINED
        assert first.code

    async def test_charge_without_an_answer(self, bench: Bench) -> None:
        """A charge whose answer is lost is UNKNOWN, also when it is asked for again, and settles once."""
        bench.needs(Feature.OFF_SESSION)
        bench.must_ask()
        request = await _charge(bench, "lose")
        first = await bench.provider.charge(bench.ctx, request)
        again = await bench.provider.charge(bench.ctx, request)
        await bench.wait()
        found = await bench.provider.look_up(bench.ctx, request.key)
        assert first.outcome is again.outcome is Outcome.UNKNOWN
        assert (found.outcome, found.amount) == (Outcome.SETTLED, request.amount)

    async def test_method_belongs_to_its_customer(self, bench: Bench) -> None:
        """Nobody is charged by somebody else's method."""
        bench.needs(Feature.OFF_SESSION)
        request = await _charge(bench, "succeed")
        with pytest.raises(InvalidInput):
            await bench.provider.charge(bench.ctx, replace(request, customer=CustomerRef(id="customer-2")))

    async def test_methods_are_listed_and_forgotten(self, bench: Bench) -> None:
        """A saved method is listed, can be the default, and is gone after removal, however often it is removed."""
        bench.needs(Feature.SAVED_METHODS)
        customer = CustomerRef(id="customer-3")
        first = await bench.saved_method(customer, "succeed")
        second = await bench.saved_method(customer, "decline")
        await bench.provider.set_default_method(bench.ctx, customer, second)
        listed = await bench.provider.list_methods(bench.ctx, customer)
        assert {one.ref: one.default for one in listed} == {first: False, second: True}
        for _ in range(2):
            await bench.provider.remove_method(bench.ctx, customer, first)
        assert [one.ref for one in await bench.provider.list_methods(bench.ctx, customer)] == [second]
        assert list(await bench.provider.list_methods(bench.ctx, CustomerRef(id="customer-4"))) == []

    async def test_settings_survive_a_round_trip(self, bench: Bench) -> None:
        """Settings can be stored and read again; secrets go apart and are never printed."""
        fields = setting_fields(bench.schema)
        settings = validate(bench.schema, bench.settings)
        plain, sealed = stored(bench.schema, bench.settings)
        assert validate(bench.schema, {**plain, **sealed}) == settings
        assert set(sealed) <= {one.name for one in fields if one.kind == "secret"}
        for value in msgspec.structs.asdict(settings).values():
            if isinstance(value, Secret):
                assert str(value.reveal()) not in repr(settings)


async def _charge(bench: Bench, behaviour: str) -> ChargeRequest:
    customer = CustomerRef(id="customer-1")
    method = await bench.saved_method(customer, behaviour)
    return ChargeRequest(
        key=str(new_id()), amount=bench.amounts[0], description="Auto top-up", customer=customer, method=method
    )

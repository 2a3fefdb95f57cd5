"""Promises about tenants: the other one neither sees nor moves anything, whatever he knows."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

import pytest

from askpro.errors import InvalidInput, NotFound
from askpro.ids import new_id
from askpro.sdk.payments import CustomerRef, DisputeState, Feature, Outcome
from askpro.testing.providers.bench import Bench, sound

__all__ = ("TenantPromises",)


class TenantPromises:
    """Of every provider, for all that it can do. The other tenant knows every key and every number."""

    async def test_other_tenant_sees_nothing(self, bench: Bench) -> None:
        """A key belongs to its tenant: the other one never heard of it, and may use it for itself."""
        request, session = await bench.opened()
        await bench.pay(session)
        paid = await bench.asked(request.key)
        for key in (request.key, str(new_id())):
            found = sound(await bench.provider.look_up(bench.other, key, paid.provider_ref))
            assert found.outcome is Outcome.NOT_SENT
        await bench.provider.create_checkout(bench.other, request)
        assert (await bench.provider.look_up(bench.other, request.key)).outcome is Outcome.PENDING
        assert (await bench.asked(request.key)).outcome is Outcome.SETTLED

    async def test_other_tenant_refunds_nothing(self, bench: Bench) -> None:
        """Another tenant's payment is not paid back, and what is paid back nobody else sees."""
        bench.needs(Feature.REFUND)
        payment = await bench.paid()
        request = bench.refunding(payment)
        with pytest.raises(InvalidInput):
            await bench.provider.refund(bench.other, request)
        assert (await bench.asked_refund(request.key)).outcome is Outcome.NOT_SENT
        made = await bench.provider.refund(bench.ctx, request)
        assert made.outcome in (Outcome.SETTLED, Outcome.PENDING)
        for key in (request.key, str(new_id())):
            seen = await bench.provider.look_up_refund(bench.other, key, made.provider_ref)
            assert sound(seen).outcome is Outcome.NOT_SENT

    async def test_other_tenant_charges_nobody(self, bench: Bench) -> None:
        """A method is worth nothing to another tenant, though his customer may have the same name."""
        bench.needs(Feature.OFF_SESSION)
        request = await bench.charge_request("succeed")
        with pytest.raises(InvalidInput):
            await bench.provider.charge(bench.other, request)
        for ctx in (bench.ctx, bench.other):
            assert sound(await bench.provider.look_up(ctx, request.key)).outcome is Outcome.NOT_SENT

    async def test_other_tenant_touches_no_method(self, bench: Bench) -> None:
        """Not listed, not made the default, not removed."""
        bench.needs(Feature.SAVED_METHODS)
        customer = CustomerRef(id="customer-5")
        first = await bench.saved_method(customer, "succeed")
        second = await bench.saved_method(customer, "succeed")
        await bench.provider.set_default_method(bench.ctx, customer, second)
        assert list(await bench.provider.list_methods(bench.other, customer)) == []
        with pytest.raises(InvalidInput):
            await bench.provider.set_default_method(bench.other, customer, first)
        await bench.provider.remove_method(bench.other, customer, first)
        listed = await bench.provider.list_methods(bench.ctx, customer)
        assert {one.ref: one.default for one in listed} == {first: False, second: True}

    async def test_other_tenant_sees_no_dispute(self, bench: Bench) -> None:
        """NotFound, before it is decided and after."""
        bench.needs(Feature.DISPUTES)
        ref = await bench.dispute(await bench.paid())
        await _hidden(bench.provider.look_up_dispute(bench.other, ref))
        await bench.close_dispute(ref, DisputeState.LOST)
        await _hidden(bench.provider.look_up_dispute(bench.other, ref))
        assert (await bench.provider.look_up_dispute(bench.ctx, ref)).state is DisputeState.LOST

    async def test_other_tenant_sees_no_mandate(self, bench: Bench) -> None:
        """NotFound: a mandate has a name and an account in it."""
        bench.needs(Feature.MANDATES)
        ref = await bench.give_mandate(CustomerRef(id="customer-1"), "You may collect what I owe.")
        await _hidden(bench.provider.look_up_mandate(bench.other, ref))
        assert (await bench.provider.look_up_mandate(bench.ctx, ref)).active

    async def test_other_tenant_sends_nothing(self, bench: Bench) -> None:
        """A payout belongs to its tenant, and goes to his own account only."""
        bench.needs(Feature.PAYOUT)
        request = bench.sending(await bench.destination(bench.ctx))
        with pytest.raises(InvalidInput):
            await bench.provider.payout(bench.other, request)
        made = await bench.provider.payout(bench.ctx, request)
        for key in (request.key, str(new_id())):
            seen = await bench.provider.look_up_payout(bench.other, key, made.provider_ref)
            assert sound(seen).outcome is Outcome.NOT_SENT

    async def test_other_tenant_has_an_account_of_his_own(self, bench: Bench) -> None:
        """Who has registered did so for himself."""
        bench.needs(Feature.ONBOARDING)
        link = await bench.provider.start_onboarding(bench.ctx, "https://a.example/back", "https://a.example/again")
        await bench.keep_settings(link.settings)
        own = await bench.provider.look_up_account(bench.ctx)
        try:
            theirs = await bench.provider.look_up_account(bench.other)
        except NotFound:
            return
        assert theirs.ref != own.ref


async def _hidden(call: Awaitable[Any]) -> None:
    with pytest.raises(NotFound):
        await call

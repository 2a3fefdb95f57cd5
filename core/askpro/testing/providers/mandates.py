"""Promises about mandates: what was agreed to is kept, and nothing is collected without one."""

from __future__ import annotations

from datetime import timedelta

import pytest

from askpro.errors import InvalidInput, NotFound
from askpro.sdk.payments import CustomerRef, Feature, Outcome
from askpro.testing.providers.bench import Bench
from askpro.testing.providers.charges import refused

__all__ = ("MandatePromises",)

_ANNA, _BERT = CustomerRef(id="customer-9"), CustomerRef(id="customer-10")
_CONSENT = "You may collect what my calls cost, whenever less than 5 euros are left."


class MandatePromises:
    """With MANDATES."""

    async def test_mandate_is_kept(self, bench: Bench) -> None:
        """It holds from the moment it was given, and has the customer's consent in it, word for word."""
        bench.needs(Feature.MANDATES)
        ref = await bench.give_mandate(_ANNA, _CONSENT)
        mandate = await bench.provider.look_up_mandate(bench.ctx, ref)
        assert (mandate.ref, mandate.active) == (ref, True)
        assert _CONSENT in mandate.text
        assert mandate.scheme
        now = bench.ctx.now()
        assert now - timedelta(minutes=10) < mandate.signed_at <= now

    async def test_unknown_mandate(self, bench: Bench) -> None:
        """A number that nobody has is NotFound, not an inactive mandate."""
        bench.needs(Feature.MANDATES)
        with pytest.raises(NotFound):
            await bench.provider.look_up_mandate(bench.ctx, "NO-SUCH-MANDATE")

    async def test_mandate_belongs_to_its_customer(self, bench: Bench) -> None:
        """It stands beside his method and nobody else's, and charges nobody else."""
        bench.needs(Feature.MANDATES, Feature.SAVED_METHODS, Feature.OFF_SESSION)
        ref, other = await bench.give_mandate(_ANNA, _CONSENT), await bench.give_mandate(_BERT, _CONSENT)
        assert ref != other
        found = {
            who.id: {one.mandate: one.ref for one in await bench.provider.list_methods(bench.ctx, who)}
            for who in (_ANNA, _BERT)
        }
        assert [list(one) for one in found.values()] == [[ref], [other]]
        request = bench.charging(_BERT, found[_ANNA.id][ref])
        with pytest.raises(InvalidInput):
            await bench.provider.charge(bench.ctx, request)
        assert (await bench.asked(request.key)).outcome is Outcome.NOT_SENT

    async def test_revoked_mandate(self, bench: Bench) -> None:
        """It is still there to be shown, with its text, but does not hold, and nothing is collected by it."""
        bench.needs(Feature.MANDATES, Feature.SAVED_METHODS, Feature.OFF_SESSION)
        ref = await bench.give_mandate(_ANNA, _CONSENT)
        before = await bench.provider.look_up_mandate(bench.ctx, ref)
        listed = list(await bench.provider.list_methods(bench.ctx, _ANNA))
        assert [one.mandate for one in listed] == [ref]
        await bench.revoke_mandate(ref)
        after = await bench.provider.look_up_mandate(bench.ctx, ref)
        assert (after.active, after.text, after.signed_at) == (False, before.text, before.signed_at)
        assert list(await bench.provider.list_methods(bench.ctx, _ANNA)) == []
        await refused(bench, bench.charging(_ANNA, listed[0].ref))

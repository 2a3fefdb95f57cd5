"""Promises about saved methods: how they are given, shown and taken away."""

from __future__ import annotations

from dataclasses import replace

import pytest

from askpro.errors import Conflict, InvalidInput
from askpro.sdk.payments import CustomerRef, Feature, Outcome
from askpro.testing.providers.bench import Bench, is_page, sound
from askpro.testing.providers.charges import refused

__all__ = ("MethodPromises",)


class MethodPromises:
    """With SAVED_METHODS, SETUP and PORTAL."""

    async def test_methods_are_listed_and_forgotten(self, bench: Bench) -> None:
        """A saved method is listed, can be the default, and is gone after removal, however often it is removed."""
        bench.needs(Feature.SAVED_METHODS)
        customer, stranger = CustomerRef(id="customer-3"), CustomerRef(id="customer-4")
        first = await bench.saved_method(customer, "succeed")
        second = await bench.saved_method(customer, "decline")
        await bench.provider.set_default_method(bench.ctx, customer, second)
        listed = await bench.provider.list_methods(bench.ctx, customer)
        assert {one.ref: one.default for one in listed} == {first: False, second: True}
        await bench.provider.remove_method(bench.ctx, stranger, first)
        with pytest.raises(InvalidInput):
            await bench.provider.set_default_method(bench.ctx, stranger, first)
        assert len(await bench.provider.list_methods(bench.ctx, customer)) == 2
        for _ in range(2):
            await bench.provider.remove_method(bench.ctx, customer, first)
        assert [one.ref for one in await bench.provider.list_methods(bench.ctx, customer)] == [second]
        assert list(await bench.provider.list_methods(bench.ctx, stranger)) == []

    async def test_forgotten_methods_are_not_charged(self, bench: Bench) -> None:
        """Removed is removed: refused, or declined for good, and no money moves."""
        bench.needs(Feature.SAVED_METHODS, Feature.OFF_SESSION)
        request = await bench.charge_request("succeed")
        await bench.provider.remove_method(bench.ctx, request.customer, request.method)
        await refused(bench, request)

    async def test_setup_twice_is_one(self, bench: Bench) -> None:
        """The same key finds the same page; it stands for one customer."""
        bench.needs(Feature.SETUP)
        request = bench.setup(CustomerRef(id="customer-6"))
        first = await bench.provider.create_setup(bench.ctx, request)
        second = await bench.provider.create_setup(bench.ctx, request)
        assert (first.key, first.provider_ref, first.url) == (request.key, second.provider_ref, second.url)
        assert is_page(first.url)
        with pytest.raises(Conflict):
            await bench.provider.create_setup(bench.ctx, replace(request, customer=CustomerRef(id="customer-7")))

    async def test_setup_saves_a_method(self, bench: Bench) -> None:
        """Nothing is saved before the customer agrees, one method after; it can be charged, and no money has moved."""
        bench.needs(Feature.SETUP, Feature.SAVED_METHODS)
        customer = CustomerRef(id="customer-8")
        request = bench.setup(customer)
        page = await bench.provider.create_setup(bench.ctx, request)
        assert list(await bench.provider.list_methods(bench.ctx, customer)) == []
        await bench.confirm_setup(page, customer)
        listed = list(await bench.provider.list_methods(bench.ctx, customer))
        assert len(listed) == 1
        method = listed[0]
        assert method.ref
        assert method.kind
        assert method.label
        assert (await bench.asked(request.key)).outcome is Outcome.NOT_SENT
        await bench.provider.create_setup(bench.ctx, request)
        assert len(await bench.provider.list_methods(bench.ctx, customer)) == 1
        if Feature.OFF_SESSION in bench.provider.capabilities(bench.ctx).features:
            charged = sound(await bench.provider.charge(bench.ctx, bench.charging(customer, method.ref)))
            assert charged.outcome in (Outcome.SETTLED, Outcome.PENDING)

    async def test_portal_is_a_page(self, bench: Bench) -> None:
        """Who has a method is led to a page on which he sees it."""
        bench.needs(Feature.PORTAL)
        customer = CustomerRef(id="customer-1")
        await bench.saved_method(customer, "succeed")
        assert is_page(await bench.provider.open_portal(bench.ctx, customer, "https://tenant.example/return"))

"""Promises about the tenant's side: settings, the address for events, registration with the provider."""

from __future__ import annotations

import msgspec

from askpro.sdk.payments import Feature
from askpro.sdk.providers import EndpointList
from askpro.sdk.settings import Secret, setting_fields, stored, validate
from askpro.testing.providers.bench import Bench, is_page

__all__ = ("AccountPromises",)

_BACK, _AGAIN = "https://tenant.example/back", "https://tenant.example/again"


class AccountPromises:
    """Settings of every provider; the rest with ENDPOINT and ONBOARDING."""

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

    async def test_endpoint_twice_is_one(self, bench: Bench) -> None:
        """The address is entered once, however often that is asked for; what comes back are settings, and among them
        the secret that signs, sealed like any other."""
        bench.needs(Feature.ENDPOINT)
        kinds = {one.name: one.kind for one in setting_fields(bench.schema)}
        url = "https://tenant.example/webhooks/kit"
        given = dict(await bench.provider.create_endpoint(bench.ctx, url))
        assert set(given) <= set(kinds)
        assert [name for name, value in given.items() if kinds[name] == "secret" and value], "no secret came with it"
        await bench.keep_settings(given)
        again = dict(await bench.provider.create_endpoint(bench.ctx, url))
        assert set(again) <= set(kinds)
        shared = bench.provider.capabilities(bench.other).shared_endpoint
        if isinstance(bench.provider, EndpointList):
            assert list(await bench.provider.list_endpoints(bench.ctx)).count(url) == 1
            if not shared:
                assert url not in await bench.provider.list_endpoints(bench.other)

    async def test_onboarding_opens_one_account(self, bench: Bench) -> None:
        """The page is the provider's, what comes back are settings, and going on with it opens no second account."""
        bench.needs(Feature.ONBOARDING)
        first = await bench.provider.start_onboarding(bench.ctx, _BACK, _AGAIN)
        assert is_page(first.url)
        assert set(first.settings) <= {one.name for one in setting_fields(bench.schema)}
        await bench.keep_settings(first.settings)
        account = await bench.provider.look_up_account(bench.ctx)
        again = await bench.provider.start_onboarding(bench.ctx, _BACK, _AGAIN)
        assert dict(again.settings) == dict(first.settings)
        assert account.ref
        assert (await bench.provider.look_up_account(bench.ctx)).ref == account.ref

    async def test_account_opens_when_nothing_is_missing(self, bench: Bench) -> None:
        """As long as it cannot charge it says what is wanted, or why; then it can, and nothing is wanted any more."""
        bench.needs(Feature.ONBOARDING)
        link = await bench.provider.start_onboarding(bench.ctx, _BACK, _AGAIN)
        await bench.keep_settings(link.settings)
        before = await bench.provider.look_up_account(bench.ctx)
        assert before.can_charge or before.missing or before.reason
        await bench.onboard()
        after = await bench.provider.look_up_account(bench.ctx)
        assert (after.ref, after.can_charge, after.can_pay_out) == (before.ref, True, True)
        assert after.missing == ()

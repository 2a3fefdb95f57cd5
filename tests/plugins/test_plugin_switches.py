"""Three switches and settings, on PostgreSQL."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable
from typing import Any

import pytest
from dummy_house import FALKE, NORTH

from askpro import db
from askpro.errors import InvalidInput, Misconfigured, NotFound
from askpro.pluginhost import service
from askpro.pluginhost.switches import PgSwitchBoard

pytestmark = pytest.mark.anyio

House = Callable[..., Any]
BOARD = PgSwitchBoard()


async def enabled(tenant: Any) -> set[str]:
    return set((await BOARD.switches(tenant.id)).enabled)


async def test_offered_default_hidden(house: House) -> None:
    """Offered is off until enabled, default is on until disabled, hidden is off whatever the tenant wants."""
    host = await house("moody")
    assert await enabled(NORTH) == set()
    await service.enable(host, NORTH, "moody", by="t")
    assert (await enabled(NORTH), await enabled(FALKE)) == ({"moody"}, set())
    await service.offer(host, "moody", by="t", state="default")
    assert await enabled(FALKE) == {"moody"}
    await service.disable(host, FALKE, "moody", by="t")
    assert await enabled(FALKE) == set()
    await service.hide(host, "moody", by="t")
    assert await enabled(NORTH) == set()
    with pytest.raises(NotFound):
        await service.enable(host, NORTH, "moody", by="t")
    with pytest.raises(NotFound):
        await service.offer(host, "ghost", by="t")


async def test_what_a_tenant_sees(house: House) -> None:
    """Only what is offered, with its state."""
    host = await house("moody", "good", enabled=(NORTH,))
    await service.hide(host, "good", by="t")
    seen = await service.tenant_plugins(host, NORTH)
    assert [(one.id, one.enabled, one.ready) for one in seen] == [("moody", True, True)]


async def test_enabling_needs_settings_and_tells_the_plugin(house: House) -> None:
    """Without its required settings a plugin is not enabled; with them it is told, in the tenant's unit."""
    host = await house("good")
    with pytest.raises(InvalidInput, match="api_key is missing"):
        await service.enable(host, NORTH, "good", by="t")
    await service.save_settings(host, NORTH, "good", {"api_key": "k-1"}, by="t")
    await service.enable(host, NORTH, "good", by="t")
    assert host.records["good"].plugin.told[-1] == ("enable", NORTH)
    assert await enabled(NORTH) == {"good"}


async def test_a_plugin_may_object_to_being_enabled_not_to_being_disabled(house: House) -> None:
    """on_enable that raises leaves the switch off; on_disable that raises does not keep it on."""
    host = await house("good")
    await service.save_settings(host, NORTH, "good", {"api_key": "k", "greeting": "refuse"}, by="t")
    with pytest.raises(ValueError, match="not like this"):
        await service.enable(host, NORTH, "good", by="t")
    assert await enabled(NORTH) == set()
    await service.save_settings(host, NORTH, "good", {"api_key": "k", "greeting": "stay"}, by="t")
    await service.enable(host, NORTH, "good", by="t")
    await service.disable(host, NORTH, "good", by="t")
    assert await enabled(NORTH) == set()


async def test_secrets_are_write_only_and_kept_when_left_blank(house: House) -> None:
    """A secret is never in the form nor in the clear in the table; a blank field keeps it, a new one replaces it."""
    host = await house("good")
    await service.save_settings(host, NORTH, "good", {"api_key": "s3cr3t-value", "mode": "live"}, by="t")
    form = {view.field.name: view for view in await service.settings_form(host, NORTH, "good")}
    assert (form["api_key"].value, form["api_key"].given) == (None, True)
    assert form["mode"].value == "live"
    assert "base_url" not in form
    async with db.unit(NORTH.id):
        row = await db.fetchrow("select settings, secrets from plugins.tenant_plugin")
    assert row["settings"] == {"mode": "live", "loud": False}
    assert b"s3cr3t" not in row["secrets"]
    await service.save_settings(host, NORTH, "good", {"api_key": "", "mode": "test", "loud": "on"}, by="t")
    assert await BOARD.settings(NORTH.id, "good") == {"api_key": "s3cr3t-value", "mode": "test", "loud": True}
    await service.save_settings(host, NORTH, "good", {"api_key": "other"}, by="t")
    assert (await BOARD.settings(NORTH.id, "good"))["api_key"] == "other"


@pytest.mark.parametrize("first", ["form", "provider"])
@pytest.mark.parametrize("known", [False, True])
async def test_what_is_saved_at_once_is_not_lost(house: House, first: str, known: bool) -> None:
    """A form and what a provider says, on two connections at once: secret and fields of both are there afterwards.

    Whichever is first, and whether or not there is a row already that could be locked.
    """
    host = await house("good")
    if known:
        await service.save_settings(host, NORTH, "good", {"api_key": "old"}, by="t")

    async def form() -> None:
        typed = {"api_key": "" if known or first == "provider" else "typed", "mode": "live"}
        await service.save_settings(host, NORTH, "good", typed, by="t")

    async def provider() -> None:
        said = {"greeting": "hello"} if first == "form" else {"api_key": "new"}
        await service.merge_settings(host, NORTH, "good", said, by="t")

    one, other = (form, provider) if first == "form" else (provider, form)
    async with db.unit(NORTH.id):
        await one()
        waiting = asyncio.create_task(other(), context=contextvars.Context())
        await asyncio.sleep(0.2)
        assert not waiting.done()
    await waiting
    found = await BOARD.settings(NORTH.id, "good")
    assert found["mode"] == "live"
    assert found["api_key"] == ("new" if first == "provider" else "old" if known else "typed")
    assert found.get("greeting") == ("hello" if first == "form" else None)


async def test_a_sealed_secret_does_not_open_for_another_tenant(house: House) -> None:
    """The ciphertext is bound to tenant and plugin: copied elsewhere it is useless."""
    host = await house("good")
    for tenant in (NORTH, FALKE):
        await service.save_settings(host, tenant, "good", {"api_key": f"key of {tenant.slug}"}, by="t")
    async with db.platform_unit("test"):
        await db.execute(
            "update plugins.tenant_plugin set secrets ="
            " (select secrets from plugins.tenant_plugin where tenant_id = $1) where tenant_id = $2",
            NORTH.id, FALKE.id,
        )  # fmt: skip
    with pytest.raises(Misconfigured):
        await BOARD.settings(FALKE.id, "good")


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"mode": "fast"}, "mode"),
        ({"retries": "many"}, "retries"),
        ({"retries": 12}, "retries"),
        ({"greeting": "x" * 30}, "greeting"),
        ({"colour": "red"}, ""),
    ],
)
async def test_wrong_settings_are_refused_by_field(house: House, values: dict[str, Any], field: str) -> None:
    """The field is named and nothing is stored; what the schema does not know is not stored either."""
    host = await house("good")
    if field:
        with pytest.raises(InvalidInput) as refused:
            await service.save_settings(host, NORTH, "good", {"api_key": "k", **values}, by="t")
        assert refused.value.field == field
    else:
        await service.save_settings(host, NORTH, "good", {"api_key": "k", "base_url": "http://evil", **values}, by="t")
    assert set(await BOARD.settings(NORTH.id, "good")) == (set() if field else {"api_key", "loud"})


async def test_a_refused_secret_is_not_in_the_message(house: House) -> None:
    """An error about a secret never repeats it."""
    host = await house("good")
    with pytest.raises(InvalidInput) as refused:
        await service.save_settings(host, NORTH, "good", {"api_key": ["s3cr3t"]}, by="t")
    assert "s3cr3t" not in str(refused.value)


async def test_saving_is_seen_at_once_on_every_node(house: House) -> None:
    """A second host with settings in memory uses the new ones on its very next call."""
    one = await house("good")
    two = await house("good")
    await service.save_settings(one, NORTH, "good", {"api_key": "k", "greeting": "hi"}, by="t")
    await service.enable(one, NORTH, "good", by="t")
    assert await two.run.collect("top_of_page", tenant=NORTH, page="x") == [("good", "hi from nordstern on x")]
    await service.save_settings(one, NORTH, "good", {"api_key": "k", "greeting": "moin"}, by="t")
    assert await two.run.collect("top_of_page", tenant=NORTH, page="x") == [("good", "moin from nordstern on x")]


async def test_settings_of_a_rolled_back_unit_are_not_remembered(house: House) -> None:
    """A version that was rolled back comes again with other values: those count."""
    host = await house("good")
    await service.save_settings(host, NORTH, "good", {"api_key": "k", "greeting": "one"}, by="t")

    async def fail() -> None:
        async with db.unit(NORTH.id):
            await service.enable(host, NORTH, "good", by="t")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    await service.save_settings(host, NORTH, "good", {"api_key": "k", "greeting": "two"}, by="t")
    await service.enable(host, NORTH, "good", by="t")
    assert await host.run.collect("top_of_page", tenant=NORTH, page="x") == [("good", "two from nordstern on x")]


async def test_the_platform_sets_what_tenants_cannot(house: House) -> None:
    """An operator's value is in every tenant's context; a tenant's attempt at it is ignored."""
    host = await house("good", settings={"good": {"base_url": "https://own.example"}})
    await service.save_settings(host, NORTH, "good", {"api_key": "k", "base_url": "https://evil.example"}, by="t")
    ctx = await host.contexts.for_tenant(host.records["good"], NORTH, 1)
    assert ctx.settings.base_url == "https://own.example"


async def test_settings_can_be_tried_out(house: House) -> None:
    """check_settings speaks with the saved settings; missing ones are a finding, not an error page."""
    host = await house("good")
    assert (await service.check_settings(host, NORTH, "good"))[0].level == "error"
    await service.save_settings(host, NORTH, "good", {"api_key": "four"}, by="t")
    assert [one.text for one in await service.check_settings(host, NORTH, "good")] == ["key of 4 letters in mode test"]

"""Every hook: documented with its arguments, tested, and used by a plugin that ships."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any

import pytest
from dummy_house import FALKE, NORTH, make_host, on

from askpro import clock
from askpro.ids import new_id
from askpro.money import Money
from askpro.pluginhost import Host
from askpro.pluginhost.registering import HOOKS
from askpro.sdk import ChargeQuestion, HookSpecs, Notice

pytestmark = pytest.mark.anyio

DOCS = Path(__file__).parents[2] / "docs" / "plugins"
NO_REAL_USE = {"top_of_page"}
"""Hooks that no plugin of ours uses; each needs a reason. What plugins said there (test money) the house now says
itself; others' plugins may still want to say that a service is down."""


async def good() -> Host:
    host = make_host("good", board=on("good", good={"api_key": "k-12"}))
    host.records["good"].plugin.told.clear()
    await host.start()
    return host


@pytest.mark.parametrize("hook", HOOKS)
def test_hooks_are_documented(hook: str) -> None:
    """docs/plugins/<hook>.md begins with the hook's very signature and says what for, when and what on failure."""
    arguments = [name for name in inspect.signature(getattr(HookSpecs, hook)).parameters if name != "self"]
    text = (DOCS / f"{hook}.md").read_text("utf-8")
    assert text.splitlines()[0] == f"# {hook}({', '.join(arguments)})"
    for name in arguments:
        assert f"`{name}`" in text, f"{hook}.md does not explain {name}"
    for heading in ("## When", "## Returns", "## When it fails", "## Example"):
        assert heading in text, f"{hook}.md has no part {heading!r}"
    assert f"def {hook}(" in text


def test_no_page_without_a_hook() -> None:
    """A page of a hook that is gone would mislead; the others are for authors, or of the plugins in this repository."""
    ours = {folder.name.removeprefix("askpro_") for folder in (DOCS.parents[1] / "plugins").glob("askpro_*")}
    pages = {page.stem for page in DOCS.glob("*.md")} - {"index", "testing"}
    assert pages - ours == set(HOOKS)


@pytest.mark.parametrize("hook", HOOKS)
def test_hooks_have_a_test(hook: str) -> None:
    """There is a test_hook_<name> for each."""
    assert f"test_hook_{hook}" in globals()


def test_hooks_have_one_docstring_line_and_the_context_first() -> None:
    """One line each; `ctx` comes first."""
    for hook in HOOKS:
        spec = getattr(HookSpecs, hook)
        assert spec.__doc__.strip().count("\n") == 0, hook
        assert list(inspect.signature(spec).parameters)[1] == "ctx", hook
        assert re.match(r"(register|on|may|check|top)_", hook), hook


def test_every_hook_is_used_by_a_plugin_that_ships() -> None:
    """A hook without a real plugin is a guess."""
    host = make_host("sandbox", "ecb")
    used = {hook for record in host.records.values() for hook in record.functions}
    assert set(HOOKS) - used == NO_REAL_USE


async def test_hook_register_settings() -> None:
    """The schema becomes the context's settings, defaults filled in."""
    host = await good()
    ctx = await host.contexts.for_tenant(host.records["good"], NORTH, 1)
    assert (ctx.settings.api_key.reveal(), ctx.settings.mode, ctx.settings.retries) == ("k-12", "test", 3)
    assert "k-12" not in repr(ctx.settings)


async def test_hook_register_payment_providers() -> None:
    """A provider is found by its key, for tenants that enabled its plugin."""
    host = make_host("liar", board=on("liar"))
    await host.start()
    assert (await host.provider(NORTH, "liar")).key == "liar"


async def test_hook_register_rate_sources() -> None:
    """A source is found by its key."""
    assert (await good()).rates("good").source.key == "good"


async def test_hook_register_currencies() -> None:
    """Currencies are there with their digits, before the start already."""
    assert make_host("good").currencies()["QQG"].minor_digits == 3


async def test_hook_register_routes() -> None:
    """Routes are taken as they were given; test_plugin_pages calls them."""
    assert [spec.path for spec in (await good()).records["good"].given.routes][:2] == ["/page/{name:str}", "/go"]


async def test_hook_register_jobs() -> None:
    """Jobs are listed with their plugin."""
    assert [(plugin, job.name) for plugin, job in (await good()).jobs()] == [("good", "daily"), ("good", "once")]


async def test_hook_on_ready() -> None:
    """Told once, without a tenant, when everything else is in order."""
    assert (await good()).records["good"].plugin.told == [("ready", None)]


async def test_hook_on_enable() -> None:
    """Told for the tenant; what it raises reaches the caller."""
    host = await good()
    await host.run.in_unit("on_enable", "good", NORTH, "staff:1")
    assert host.records["good"].plugin.told[-1] == ("enable", NORTH)
    refusing = make_host("good", board=on("good", good={"api_key": "k", "greeting": "refuse"}))
    await refusing.start()
    with pytest.raises(ValueError, match="not like this"):
        await refusing.run.in_unit("on_enable", "good", NORTH, "staff:1")


async def test_hook_on_disable() -> None:
    """Told for the tenant."""
    host = await good()
    await host.run.in_unit("on_disable", "good", NORTH, "staff:1")
    assert host.records["good"].plugin.told[-1] == ("disable", NORTH)


async def test_hook_on_event() -> None:
    """A notice reaches the tenant's plugins, and nobody else's."""
    host = await good()
    notice = Notice(id=new_id(), kind="topup.settled", occurred_at=clock.now(), data={})
    assert await host.run.notify("on_event", tenant=NORTH, event=notice) == []
    assert await host.run.notify("on_event", tenant=FALKE, event=notice) == []
    assert host.records["good"].plugin.told[1:] == [("topup.settled", NORTH)]


async def test_hook_check_settings() -> None:
    """The plugin speaks about the settings it is given."""
    host = await good()
    ctx = await host.contexts.for_tenant(host.records["good"], NORTH, 1)
    found = await host.run.ask_one("check_settings", "good", ctx)
    assert [one.text for one in found] == ["key of 4 letters in mode test"]


async def test_hook_may_charge() -> None:
    """A refusal comes back with its code; None lets the payment pass."""
    host = await good()

    async def refusals(euros: int) -> list[Any]:
        asked = ChargeQuestion(provider="x", amount=Money.of(euros, "EUR"), customer="c", off_session=True)
        return [refusal.code for _, refusal in await host.run.decide("may_charge", tenant=NORTH, question=asked)]

    assert await refusals(100) == []
    assert await refusals(101) == ["too_much"]


async def test_hook_top_of_page() -> None:
    """A line of text with the page and tenant it is for."""
    found = await (await good()).run.collect("top_of_page", tenant=NORTH, page="topup")
    assert found == [("good", "hello from nordstern on topup")]

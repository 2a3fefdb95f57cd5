"""A plugin that breaks on its way in is quarantined with a reason; the host and the others go on."""

from __future__ import annotations

import sys
from importlib.metadata import EntryPoint

import pytest
from dummy_house import NORTH, make_host, on, point, reasons

from askpro.errors import Misconfigured, NotFound
from askpro.pluginhost import Stage, doctor
from askpro.pluginhost.discovery import discover, package_folder

pytestmark = pytest.mark.anyio

BROKEN = {
    "missing": "No module named 'a_library_that_is_not_there'",
    "exits": "SystemExit: goodbye",
    "sleeps": "TimeoutError",
    "future": "it needs SDK >=2.0,<3, this is 1.1",
    "nomanifest": "its package has no askpro-plugin.toml",
    "badmanifest": "Expected `str`, got `int`",
    "greedy": "unknown capability 'ledger.write'",
    "othername": "its manifest says 'somebody', its entry point 'othername'",
    "typo": "there is no hook top_of_pgae",
    "unmarked": "top_of_page is not marked with @hookimpl",
    "argument": "colour",
    "wrapper": "top_of_page is a wrapper",
    "raises": "register_jobs: RuntimeError: no jobs today",
    "slowstart": "register_jobs did not come back within",
    "coroutine": "register_jobs must be a plain function",
    "nonsense": "gave a str that is no Currency",
    "uncapable": "lacks the capability pages",
    "commits": "ends the transaction",
}


async def test_broken_plugins_are_quarantined_and_the_good_one_is_ready() -> None:
    """Every kind of broken plugin is named with its reason, and none of them touches the good one."""
    host = make_host("good", *BROKEN, start_deadline=0.5)
    await host.start()
    found = reasons(host)
    assert sorted(found) == sorted(BROKEN)
    for plugin, said in BROKEN.items():
        assert said in found[plugin], plugin
    assert host.records["good"].ready


async def test_a_plugin_for_another_sdk_is_never_imported() -> None:
    """The version is checked before the import: no line of the plugin runs."""
    make_host("future", "badmanifest")
    assert "dummy_future" not in sys.modules
    assert "dummy_badmanifest" not in sys.modules


async def test_half_registered_plugins_leave_nothing() -> None:
    """A plugin that fails in its second hook has given nothing by its first one either."""
    host = make_host("good", "raises", "twin")
    assert sorted(host.currencies()) == ["QQG"]
    assert host.currencies()["QQG"].minor_digits == 3
    assert "already given by good" in reasons(host)["twin"]
    assert host._manager.get_plugin("raises") is None


async def test_the_later_of_two_with_one_name_is_quarantined() -> None:
    """Two installations of one name: the first works, the second is shown."""
    twice = [point("good"), EntryPoint("good", "dummy_twin:plugin", "askpro.plugins")]
    records = discover(twice, None)
    assert [one.id for one in records] == ["good", "good"]
    assert [bool(one.reason) for one in records] == [False, True]


async def test_the_same_installation_found_twice_is_one() -> None:
    """A path that is listed twice does not make a plugin its own rival."""
    assert len(discover([point("good"), point("good")], None)) == 1


async def test_only_a_list_is_loaded() -> None:
    """ASKPRO_PLUGINS: none, some, and one that is not there."""
    assert make_host("good", "typo", only=()).report() == []
    host = make_host("good", "typo", only=("good", "ghost"))
    assert {one.id: one.reason for one in host.report()} == {
        "good": "",
        "ghost": "it is asked for, but not installed",
    }


async def test_strict_mode_is_fatal() -> None:
    """ASKPRO_PLUGINS_STRICT=1 stops the start, at import as well as at on_ready."""
    with pytest.raises(Misconfigured, match="typo: there is no hook"):
        make_host("good", "typo", strict=True)
    host = make_host("refuses", strict=True)
    with pytest.raises(Misconfigured, match="the licence has run out"):
        await host.start()


async def test_required_plugins_keep_readiness_red() -> None:
    """A required plugin that is missing or broken is named; once it is up, nothing is missing."""
    host = make_host("good", "typo", required=("good", "typo", "ghost"))
    assert host.missing() == ["good", "typo", "ghost"]
    await host.start()
    assert host.missing() == ["typo", "ghost"]
    assert doctor.health(host.report(), host.missing())["ready"] is False
    green = make_host("good", required=("good",))
    await green.start()
    assert doctor.health(green.report(), green.missing())["ready"] is True


async def test_a_plugin_may_refuse_to_start() -> None:
    """An exception in on_ready quarantines the plugin, after everything else was in order."""
    host = make_host("refuses", "good")
    await host.start()
    assert reasons(host) == {"refuses": "RuntimeError: the licence has run out"}
    assert host.records["refuses"].stage is Stage.CONFIGURED


async def test_not_for_production() -> None:
    """The sandbox is refused where real money is, before it is imported as a plugin."""
    host = make_host("sandbox", "good", production=True)
    assert reasons(host) == {"sandbox": "not for production"}
    with pytest.raises(NotFound):
        await host.provider(NORTH, "sandbox")


async def test_a_plugin_with_tables_needs_a_database() -> None:
    """Without a database such a plugin is quarantined, not half working."""
    host = make_host("tables")
    await host.start()
    assert "no database" in reasons(host)["tables"]


async def test_operator_settings_are_checked() -> None:
    """A setting that the operator cannot set, or a wrong value, is named."""
    host = make_host("good", settings={"good": {"mode": "live"}})
    await host.start()
    assert "the operator cannot set 'mode'" in reasons(host)["good"]


async def test_folders_are_found_without_importing() -> None:
    """The folder of a dotted package is found though nothing of it was imported."""
    assert package_folder("dummy_missing").name == "dummy_missing"
    assert "dummy_missing" not in sys.modules


async def test_doctor_tells_everything() -> None:
    """The doctor shows state, reason, hooks, capabilities and the last failures."""
    host = make_host("moody", "typo", board=on("moody"))
    await host.start()
    await host.run.collect("top_of_page", tenant=NORTH, page="crash")
    said = doctor.text(host.report())
    assert "typo 0.1  quarantined after “imported”" in said
    assert "there is no hook top_of_pgae" in said
    assert "moody 0.1  ready" in said
    assert "top_of_page: ZeroDivisionError: one divided by nothing" in said
    assert doctor.text([]) == "No plugin is installed."


async def test_the_installed_plugins_are_found() -> None:
    """Sandbox and ECB come through the same door as strangers."""
    from askpro.pluginhost.discovery import installed

    names = {one.name for one in installed()}
    assert {"sandbox", "ecb"} <= names

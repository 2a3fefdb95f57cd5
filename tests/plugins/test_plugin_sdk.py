"""The contracts themselves: versions, manifests, settings schemas, contexts."""

from __future__ import annotations

import re
from decimal import Decimal
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Annotated, Any, Literal

import httpx
import msgspec
import pytest
from dummy_house import FALKE, NORTH, make_host, on

import askpro_sandbox
from askpro.errors import InvalidInput, NotAllowed
from askpro.i18n import translator
from askpro.money import Money
from askpro.pluginhost import platform_settings
from askpro.sdk import Limits, ProviderCapabilities, Secret, Setting, parse_manifest
from askpro.sdk.settings import from_form, setting_fields, stored, validate
from askpro.sdk.version import accepts, parse_version
from askpro.testing import make_context

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("wanted", "version", "fits"),
    [
        (">=1.0,<2", "1.0", True),
        (">=1.0,<2", "1.10", True),
        (">=1.2,<2", "1.10", True),
        (">=1.0,<2", "2.0", False),
        (">=2", "1.9.9", False),
        ("==1", "1.0", True),
        ("!=1.1", "1.1", False),
        (">1", "1.0.0", False),
        ("<=1.1", "1.1", True),
    ],
)
def test_version_ranges(wanted: str, version: str, fits: bool) -> None:
    """Versions compare by number, not by letter, and 1 is 1.0."""
    assert accepts(wanted, version) is fits


@pytest.mark.parametrize("text", ["", "1", "~=1.0", ">=1.x", ">= 1, latest", ">=1,,<2"])
def test_unreadable_ranges(text: str) -> None:
    """A range that cannot be read is refused, not ignored."""
    with pytest.raises(InvalidInput):
        accepts(text)
    with pytest.raises(InvalidInput):
        parse_version("1.0b")


@pytest.mark.parametrize(
    "line",
    [
        'id = "Bad"',
        'id = "a-b"',
        "unknown = 1",
        'capabilities = ["net:*"]',
        'migrations = "../x"',
        'migrations = "m"',
        "id =",
    ],
)
def test_manifests_are_checked(line: str) -> None:
    """Ids are names, unknown keys are errors, folders stay inside, migrations need the store."""
    good = 'id = "fine"\ntitle = "F"\nversion = "1.0"\nsdk = ">=1"\n'
    assert parse_manifest(good).schema == "plug_fine"
    text = good.replace('id = "fine"', line) if line.startswith("id") else good + line
    with pytest.raises(InvalidInput):
        parse_manifest(text)


class Schema(msgspec.Struct, frozen=True, kw_only=True):
    name: Annotated[str, Setting("Name")]
    share: Annotated[Decimal | None, Setting("Share")] = None
    token: Annotated[Secret[str] | None, Setting("Token")] = None
    mode: Annotated[Literal["a", "b"], Setting("Mode", choices={"a": "A", "b": "B"})] = "a"
    own: Annotated[bool, Setting("Own", level="platform")] = True


def test_schema_to_fields() -> None:
    """Kinds, order, choices and levels follow from the types."""
    fields = setting_fields(Schema)
    assert [(one.name, one.kind, one.required, one.level) for one in fields] == [
        ("name", "text", True, "tenant"),
        ("share", "decimal", False, "tenant"),
        ("token", "secret", False, "tenant"),
        ("mode", "choice", False, "tenant"),
        ("own", "boolean", False, "platform"),
    ]


def test_form_to_settings() -> None:
    """Text from a form becomes values; what belongs to the platform is ignored; blanks are defaults."""
    values = from_form(Schema, {"name": "N", "share": "0.10", "token": "", "own": "on", "mode": "b"}, {"token": "old"})
    settings: Any = validate(Schema, values)
    assert (settings.name, settings.share, settings.mode, settings.own) == ("N", Decimal("0.10"), "b", True)
    assert settings.token == Secret("old")
    assert stored(Schema, values) == ({"name": "N", "share": "0.10", "mode": "b"}, {"token": "old"})


@pytest.mark.parametrize("kind", [list[str], dict, float, int | str])
def test_types_that_no_form_can_show(kind: Any) -> None:
    """Such a schema is refused when it is registered; a float above all."""
    bad = msgspec.defstruct("Bad", [("x", Annotated[kind, Setting("X")])])
    with pytest.raises(TypeError):
        setting_fields(bad)
    with pytest.raises(TypeError):
        setting_fields(msgspec.defstruct("Untitled", [("x", str)]))


def test_secrets_are_not_printed() -> None:
    """Neither alone nor inside their struct; equality still works."""
    assert "xyz" not in f"{Secret('xyz')} {Secret('xyz')!r} {Schema(name='n', token=Secret('xyz'))!r}"
    assert Secret("a") == Secret("a") != Secret("b")


def test_platform_settings_from_the_environment() -> None:
    """ASKPRO_PLUGIN_<ID>__<FIELD>; other variables are nobody's settings."""
    environ = {"ASKPRO_PLUGIN_ECB__DAILY_URL": "u", "ASKPRO_PLUGINS": "a", "ASKPRO_PLUGIN_X": "y", "HOME": "/"}
    assert platform_settings(environ) == {"ecb": {"daily_url": "u"}}


async def test_means_that_were_not_asked_for_are_not_there() -> None:
    """The good dummy asked for pages only: no network, no tables, no events."""
    host = make_host("good", board=on("good", good={"api_key": "k"}))
    ctx = await host.contexts.for_tenant(host.records["good"], NORTH, 1)
    for reach in (lambda: ctx.http, lambda: ctx.store):
        with pytest.raises(NotAllowed):
            reach()


async def test_contexts_for_tests() -> None:
    """The kit makes contexts without a host; HTTP ends at the test's own transport."""
    ctx = make_context("x", tenant=FALKE, transport=httpx.MockTransport(lambda request: httpx.Response(204)))
    assert (await ctx.http.request("GET", "https://any.example/")).status_code == 204
    with pytest.raises(NotAllowed):
        _ = ctx.store


def test_limits() -> None:
    """Currency, smallest and largest amount; nothing is never enough."""
    low, high = Money.of(5, "EUR"), Money.of(100, "EUR")
    able = ProviderCapabilities(
        features=frozenset(), currencies=frozenset({"EUR"}), limits={"EUR": Limits(minimum=low, maximum=high)}
    )
    assert [able.takes(Money.of(n, "EUR")) for n in (0, 4, 5, 100, 101)] == [False, False, True, True, False]
    assert able.takes(Money.of(50, "GBP")) is False


def test_the_sandbox_speaks_german() -> None:
    """Every text of the sandbox's page, settings and findings is in the German catalogue."""
    folder = Path(askpro_sandbox.__file__).parent
    german = translator("de", folder / "locales", "sandbox")
    found: set[str] = set()
    for file in [*folder.rglob("*.py"), *folder.rglob("*.html")]:
        text = file.read_text("utf-8")
        found |= set(re.findall(r"\b(?:t|gettext|Setting)\(\s*\"([^\"]+)\"", text))
        found |= set(re.findall(r"\b(?:help|title)\s*=\s*\"([^\"]+)\"", text))
        found |= set(re.findall(r"Refusal\(\"\w+\", \"([^\"]+)\"", text))
    assert len(found) > 25
    assert {text for text in found if german.gettext(text) == text} == set()


async def test_metadata_that_cannot_be_read_is_no_reason_to_stop() -> None:
    """An entry point without sense is quarantined like everything else."""
    from askpro.pluginhost import Host, HostConfig

    host = Host(
        HostConfig(), entry_points=[EntryPoint("odd", "!!", "askpro.plugins"), EntryPoint("file", "ast:x", "g")]
    )
    host.load()
    assert [bool(one.reason) for one in host.report()] == [True, True]

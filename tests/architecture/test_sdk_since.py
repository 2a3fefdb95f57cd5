"""A plugin demands the contracts that it uses: what came with SDK 1.1 is not there in 1.0."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from askpro import sdk
from askpro.sdk import parse_manifest
from askpro.sdk.version import accepts

REPOSITORY = Path(__file__).parents[2]
MANIFESTS = sorted([
    *(REPOSITORY / "plugins").glob("*/askpro-plugin.toml"),
    *(REPOSITORY / "tests" / "plugins").glob("dist_*/*/askpro-plugin.toml"),
])  # fmt: skip

_FIRST = (
    "AccountState CAPABILITIES ChargeQuestion ChargeRequest ChargeResult CheckoutRequest CheckoutSession Context"
    " Currency CustomerRef Dispute DisputeState Disputes Endpoints EventKind EventRefused Feature Finding Guard"
    " HookSpecs HttpClient HttpReply JobSpec Limits Mandate Mandates Manifest NoSettings NotSent Notice OffSession"
    " Onboarding OnboardingLink Outcome PageContext PageRequest PaymentProvider PayoutRequest PayoutResult Payouts"
    " Portal ProviderCapabilities ProviderEvent Rate RateMissing RateSource RefundRequest RefundResult Refunds Refusal"
    " Reply RouteSpec SDK_VERSION SavedMethod SavedMethods Secret Setting SettingField Setup SetupRequest Store"
    " StoreUnit TenantRef Waiting hookimpl parse_manifest"
)
FIRST = frozenset(_FIRST.split())
"""The names of SDK 1.0."""
SINCE: dict[str, frozenset[str]] = {
    "1.1": frozenset((
        "EndpointCheck", "EndpointList", "Entry", "LARGEST_BODY", "LONGEST_WAIT", "Statement", "StatusLine",
        "UploadedFile", "read_camt053", "read_pain002", "sheet_cell",
    )),
}  # fmt: skip
"""Version → the names that came with it."""
MEMBERS_SINCE: dict[str, frozenset[str]] = {
    "1.1": frozenset((
        "mail_customer", "list_endpoints", "check_endpoint", "shared_endpoint", "RouteSpec.menu", "RouteSpec.largest",
        "RouteSpec.deadline", "mail.send",
    )),
}  # fmt: skip
"""Version → methods, fields (``Class.field`` where the word alone is too common) and capabilities that came with it."""


def _used(source: str) -> set[str]:
    """Names imported from the SDK, and what is called, read, defined or given by keyword."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module == "askpro.sdk":
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.Attribute):
            found.add(node.attr)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            found.add(node.name)
        elif isinstance(node, ast.Call):
            owner = node.func.id if isinstance(node.func, ast.Name) else ""
            found |= {name for one in node.keywords if one.arg for name in (one.arg, f"{owner}.{one.arg}")}
    return found


def _needed(used: set[str]) -> str:
    """The lowest version that has all of it."""
    of = [version for table in (SINCE, MEMBERS_SINCE) for version, names in table.items() if names & used]
    return max(of, key=lambda version: [int(part) for part in version.split(".")], default="1.0")


def test_every_name_of_the_sdk_says_since_when() -> None:
    """A name that the SDK shows is one of the first version's, or stands here under the version that brought it."""
    later = [name for names in SINCE.values() for name in names]
    assert sorted([*FIRST, *later]) == sorted(sdk.__all__)


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: path.parent.name)
def test_a_plugin_demands_what_it_uses(path: Path) -> None:
    """No host loads it that lacks what it uses: the range in the manifest begins where all of that is there."""
    manifest = parse_manifest(path.read_text("utf-8"))
    used = set(manifest.capabilities).union(*(_used(file.read_text("utf-8")) for file in path.parent.rglob("*.py")))
    needed = _needed(used)
    assert accepts(manifest.sdk, needed)
    assert accepts(manifest.sdk)
    older = [one for one in ("1.0", *SINCE) if [*map(int, one.split("."))] < [*map(int, needed.split("."))]]
    assert [one for one in older if accepts(manifest.sdk, one)] == []


@pytest.mark.parametrize(
    ("source", "needed"),
    [
        ("from askpro.sdk import Context", "1.0"),
        ("from askpro.sdk import Entry", "1.1"),
        ("RouteSpec('/x', page, menu='X')", "1.1"),
        ("build(menu='X')", "1.0"),
        ("async def list_endpoints(self, ctx): ...", "1.1"),
        ("await ctx.mail_customer('c', 's', [], key='k')", "1.1"),
        ("ProviderCapabilities(shared_endpoint=True)", "1.1"),
    ],
)
def test_what_came_later_is_found(source: str, needed: str) -> None:
    """An import, a method that is called or defined, a field that is given: each is noticed."""
    assert _needed(_used(source)) == needed

"""The conformance kit itself: an honest provider passes all of it, one with a single lie fails just there."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import lies_of_accounts
import lies_of_payments
import lies_of_people
import pytest
from kit_verdicts import promises, verdicts
from lie import Lie, bench_of
from reference_bench import ReferenceBench
from reference_provider import Reference

from askpro.testing.providers import Bench, Hands, PaymentProviderContract

pytestmark = pytest.mark.anyio

LIES: list[type[Lie]] = [
    one
    for module in (lies_of_payments, lies_of_people, lies_of_accounts)
    for one in vars(module).values()
    if isinstance(one, type) and issubclass(one, Lie) and one is not Lie
]


@pytest.fixture
def bench() -> ReferenceBench:
    return ReferenceBench(Reference())


class TestReference(PaymentProviderContract):
    """Every promise of the kit, with nothing left out."""


async def test_no_promise_is_skipped() -> None:
    """The honest provider claims everything: what it keeps is the whole kit."""
    kept = await verdicts(lambda: ReferenceBench(Reference()))
    assert set(kept.values()) == {"kept"}


@pytest.mark.parametrize("lie", LIES, ids=lambda lie: lie.__name__)
async def test_a_lie_is_found_out(lie: type[Lie]) -> None:
    """By the promises that it breaks, in their own words: no test of the kit merely crashes on it."""
    found = await verdicts(lambda: bench_of(lie))
    assert {name for name in lie.caught if found[name] != "broken"} == set()
    assert {name: said for name, said in found.items() if said not in ("kept", "broken")} == {}


def test_every_promise_can_be_broken() -> None:
    """There is a lie for each test of the kit."""
    assert set(promises()) == {name for lie in LIES for name in lie.caught}


class Handless(ReferenceBench):
    """Forgot to lend its hands for what the provider claims."""

    dispute = Bench.dispute
    destination = Bench.destination
    deliveries = Bench.deliveries
    lose_answer = Bench.lose_answer
    confirm_setup = Bench.confirm_setup
    give_mandate = Bench.give_mandate
    saved_method = Bench.saved_method
    keep_settings = Bench.keep_settings


async def test_a_missing_hand_fails() -> None:
    """What is claimed is proved: without the hand for it the test fails and says so, it is not left out."""
    found = await verdicts(lambda: Handless(Reference()))
    lacking = {name for name, said in found.items() if said.startswith("NotImplementedError: Handless has no ")}
    assert lacking >= {
        "test_dispute_ends", "test_payout_twice_is_one", "test_order_and_number_of_events_say_nothing",
        "test_lost_page", "test_setup_saves_a_method", "test_mandate_is_kept", "test_portal_is_a_page",
        "test_endpoint_twice_is_one",
    }  # fmt: skip
    assert set(found.values()) - {"kept"} == {found[name] for name in lacking}


class Evasive(ReferenceBench):
    """Says of itself what would leave out the proof."""

    hears = False
    dispute_ends = ()


async def test_what_is_claimed_is_not_left_out() -> None:
    """Who enters an address for events cannot say that nobody sends any, and disputes without an end prove nothing."""
    found = await verdicts(lambda: Evasive(Reference()))
    assert {name for name, said in found.items() if said != "kept"} == {
        "test_event_is_read", "test_order_and_number_of_events_say_nothing", "test_dispute_ends",
    }  # fmt: skip
    assert "skipped" not in found.values()


def test_every_hand_is_documented() -> None:
    """The page for authors has a row for each hand, and for no other."""
    page = (Path(__file__).parents[2] / "docs" / "plugins" / "testing.md").read_text("utf-8").partition("## Hands")[2]
    hands = {name for name, _ in inspect.getmembers(Hands, inspect.isfunction) if name[0] != "_"}
    assert set(re.findall(r"^\| `(\w+)` \|", page, re.M)) == hands

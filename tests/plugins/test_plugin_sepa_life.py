"""The life of a collection under everything that can happen to it, in any order and each thing twice."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from dummy_house import NORTH
from hypothesis import given, settings
from hypothesis import strategies as st
from sepa_bench import SepaBench, camt, entry, pain002, sepa, sepa_host, settings_with
from sepa_hands import ANNA, charge, words

from askpro.errors import Conflict
from askpro.ids import new_id
from askpro.money import Money
from askpro.sdk import EventKind, Outcome
from askpro_sepa import announcing, bank, exporting, files, machine, telling
from askpro_sepa.agreeing import cancel
from askpro_sepa.findings import Report
from askpro_sepa.model import Debit, Mandate, State
from askpro_sepa.store import open_book

__all__ = ("sepa", "sepa_host")

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
OVER = frozenset({"settled", "returned", "rejected", "cancelled", "expired"})
STEPS = ("queue", "export", "export at once", "take back", "in", "out", "refuse", "by hand", "cancel", "expire")


@dataclass
class Life:
    """A collection, and what the account and the core were told of it."""

    debit: Debit
    mandate: Mandate
    ins: int = 0
    outs: int = 0
    odd: str = ""

    def step(self, step: str) -> None:
        """Let it happen; what cannot be is refused and changes nothing."""
        before, debit, day = self.debit, self.debit, date(2026, 12, 7)
        try:
            if step == "queue":
                debit = machine.queued(debit, self.mandate, "RCUR", day, NOW)
            elif step.startswith("export"):
                debit = replace(machine.exported(debit, NOW, credit=step != "export"), file_id=new_id())
            elif step == "take back":
                debit = machine.undone(debit)
            elif step == "in":
                self.ins += 1
            elif step == "out":
                self.outs += 1
            elif step == "refuse":
                debit = machine.given_back(debit, "AM04", NOW) if debit.state != "queued" else debit
            elif step == "by hand":
                debit = machine.settled(debit, day, NOW) if debit.state == "exported" else debit
            elif step == "cancel":
                debit = machine.cancelled(debit, "cancelled", NOW)
            else:
                debit = machine.due(debit, NOW + timedelta(days=1))
        except Conflict:
            debit = before
        if step in ("in", "out"):
            debit = machine.booked(debit, self.ins, self.outs, day, "AM04", NOW)
            self.odd = machine.odd(debit, self.ins, self.outs)
        self.debit = debit


def a_life() -> Life:
    mandate = Mandate(
        id=new_id(), ref="M-1", customer="c", name="Anna", iban="DE89370400440532013000", bic="", scheme="CORE",
        single=False, text="", text_version="", locale="de", address="", signed_at=NOW, signed_on=NOW.date(),
        state="active",
    )  # fmt: skip
    debit = Debit(
        id=new_id(), key="k", kind="checkout", amount=Money.of(50, "EUR"), description="", reference="T", customer="c",
        locale="de", state="open", created_at=NOW, expires_at=NOW + timedelta(hours=1),
    )  # fmt: skip
    return Life(debit, mandate)


@given(st.lists(st.sampled_from(STEPS), max_size=14))
@settings(max_examples=1000, deadline=None)
def test_whatever_happens(steps: list[str]) -> None:
    """Credited at most once and never uncredited, returned at most once and only after a credit, never both paid and
    rejected; what is over stays over but for money that goes back; where account and credit differ, that is said."""
    life = a_life()
    for step in steps:
        before = life.debit
        life.step(step)
        after = life.debit
        assert before.state not in OVER or after == before or (before.state, after.state) == ("settled", "returned")
        assert before.credited_at is None or after.credited_at == before.credited_at
        assert (after.state == "returned") <= (after.credited_at is not None)
        assert (after.state in ("rejected", "cancelled", "expired")) <= (after.credited_at is None)
        said = machine.result(after, life.mandate)
        assert (said.outcome is Outcome.SETTLED) == (after.credited_at is not None)
        if step in ("in", "out") and life.ins > life.outs and not life.odd:
            assert (after.state, life.ins - life.outs) == ("settled", 1)


@given(st.lists(st.sampled_from(STEPS), max_size=14))
@settings(max_examples=500, deadline=None)
def test_an_end_is_always_near(steps: list[str]) -> None:
    """From wherever it is, one thing that staff or the bank can do ends it; nothing waits for ever."""
    life = a_life()
    for step in steps:
        life.step(step)
    if life.debit.state in ("open", "queued"):
        assert machine.cancelled(life.debit, "withdrawn_by_staff", NOW).state in OVER
    if life.debit.state == "exported":
        assert machine.settled(life.debit, date(2026, 12, 7), NOW).state == "settled"
        assert machine.given_back(life.debit, "MS03", NOW).state in ("returned", "rejected")
    assert life.debit.state in (*OVER, "open", "queued", "exported")


@given(st.lists(st.sampled_from(("in", "out")), max_size=6), st.randoms(use_true_random=False))
@settings(max_examples=300, deadline=None)
def test_the_order_of_single_statements_changes_no_credit(told: list[str], dice: random.Random) -> None:
    """Money came as often as it went, whichever was told first: no credit is left. It came once more: it is there, or
    somebody is told."""
    for order in (told, dice.sample(told, len(told))):
        life = a_life()
        for step in ("queue", "export", *order):
            life.step(step)
        net = life.ins - life.outs
        if order and net <= 0:
            assert life.debit.state in ("returned", "rejected")
        if net > 0:
            assert (life.debit.state == "settled" and net == 1) or life.odd


EVENTS = ("charge", "announce", "export", "take back", "statement", "return", "other amount", "refuse", "sum",
          "collected", "withdraw", "revoke", "a week")  # fmt: skip


@pytest.mark.anyio
@pytest.mark.slow
@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("credit_when", ["settled", "exported"])
async def test_a_random_life_in_the_house(sepa: SepaBench, inbox: Any, seed: int, credit_when: str) -> None:
    """Forty random events on a handful of collections, each message of the bank read twice: nobody is credited or
    taken from twice, no event is told twice, reading twice changes nothing and says nothing twice, and afterwards
    every collection can be brought to an end."""
    sepa.ctx = await settings_with(sepa.host, NORTH, credit_when=credit_when, notice_days=1, lead_days=1)
    dice = random.Random(seed)
    keys: list[str] = []
    given = await sepa.mandate(ANNA)
    for _ in range(40):
        event = dice.choice(EVENTS)
        made = [await sepa.debit(key) for key in keys]
        sent = [one for one in made if one.block]
        if event == "charge" or not made:
            if not (await sepa.provider.list_methods(sepa.ctx, ANNA)):
                given = await sepa.mandate(ANNA)
            request = charge(given, dice.choice(("50", "20", "7.50")))
            await sepa.provider.charge(sepa.ctx, request)
            keys.append(request.key)
        elif event == "announce":
            await announcing.announce(sepa.ctx)
        elif event == "export":
            await exporting.export(sepa.ctx)
        elif event == "a week":
            sepa.move(timedelta(days=7))
        elif event in ("take back", "collected"):
            await _with_file(sepa, dice, event)
        elif event == "withdraw":
            async with open_book(sepa.ctx) as book:
                await cancel(book, dice.choice(made).id, "withdrawn_by_staff")
        elif event == "revoke":
            await sepa.provider.remove_method(sepa.ctx, ANNA, given.ref)
        elif sent:
            await _told(sepa, event, dice.choice(sent), made, dice)
    for debit in [await sepa.debit(key) for key in keys]:
        await _ended(sepa, debit)
    await _checked(sepa, inbox, keys)


async def _with_file(sepa: SepaBench, dice: random.Random, event: str) -> None:
    async with open_book(sepa.ctx) as book:
        known = await files.latest(book)
    if known:
        try:
            await (exporting.undo if event == "take back" else bank.settle_file)(sepa.ctx, dice.choice(known).id)
        except Conflict:
            return


async def _told(sepa: SepaBench, event: str, debit: Debit, made: list[Debit], dice: random.Random) -> None:
    """A message of the bank, handed in twice."""
    number, amount, name = debit.end_to_end, debit.amount, f"B-{new_id().hex}"
    if event == "statement":
        data = camt([entry(amount, number, bank_ref=name)])
    elif event == "return":
        data = camt([entry(amount, number, credit=False, reason="AM04", bank_ref=name)])
    elif event == "other amount":
        wrong = Money(amount.units + 10_000, "EUR")
        data = camt([entry(wrong, number, credit=dice.random() < 0.5, reason="AM04", bank_ref=name)])
    elif event == "refuse":
        data = pain002([(number, "RJCT", "AM04")], batch=dice.choice((debit.block, "NORD-OLD-1")))
    else:
        inside = [one for one in made if one.block == debit.block]
        total = Money(sum(one.amount.units for one in inside), "EUR")
        data = camt([entry(total, batch=debit.block, count=len(inside), bank_ref=name)])
    keys = [one.key for one in made]
    first = await _report(sepa, data)
    before = [await sepa.debit(key) for key in keys]
    again = await _report(sepa, data)
    assert [await sepa.debit(key) for key in keys] == before
    assert (again.settled, again.returned, again.rejected) == (0, 0, 0)
    lasting = {"amount_differs", "return_differs", "other_file", "batch_differs", "batch_unknown"}
    assert set(words(again)) <= set(words(first)) & lasting


async def _report(sepa: SepaBench, data: bytes) -> Report:
    identifier = await bank.read_file(sepa.ctx, "bank.xml", data)
    async with open_book(sepa.ctx) as book:
        return Report.read((await files.upload(book, identifier))[2])


async def _ended(sepa: SepaBench, debit: Debit) -> None:
    """What staff and bank can do brings it to an end."""
    if debit.state == "queued":
        async with open_book(sepa.ctx) as book:
            await cancel(book, debit.id, "withdrawn_by_staff")
    elif debit.state == "exported":
        await bank.enter_return(sepa.ctx, debit.id)
    state: State = (await sepa.debit(debit.key)).state
    assert state in OVER


async def _checked(sepa: SepaBench, inbox: Any, keys: list[str]) -> None:
    await telling.tell(sepa.ctx)
    told = [(event.type, event.payment_ref) for _, _, event in inbox.events if event.kind is not EventKind.METHOD]
    assert len(told) == len(set(told))
    for debit in [await sepa.debit(key) for key in keys]:
        heard = {kind.removeprefix("collection.") for kind, number in told if number == debit.end_to_end}
        assert ("credited" in heard) == (debit.credited_at is not None)
        assert ("returned" in heard) == (debit.state == "returned")
        assert not {"credited", "rejected"} <= heard
        assert not {"credited", "cancelled"} <= heard

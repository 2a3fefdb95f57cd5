"""What has to be so before a collection stands in a file: the customer was told in time, and the mandate is alive."""

from __future__ import annotations

import asyncio
from contextvars import copy_context
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from dummy_house import NORTH
from sepa_bench import SepaBench, sepa, sepa_host, settings_with
from sepa_hands import ANNA, charge, charged, exported

from askpro.sdk import Context, Outcome
from askpro_sepa import announcing, debits, exporting
from askpro_sepa.model import Debit, Mandate
from askpro_sepa.store import Book, open_book
from askpro_sepa.target import first_day

__all__ = ("sepa", "sepa_host")
pytestmark = pytest.mark.anyio


def without_mail(sepa: SepaBench) -> Context:
    """No mail leaves the house."""
    means = {name: one for name, one in sepa.ctx.means.items() if name != "mail.send"}
    return Context(plugin="sepa", tenant=NORTH, settings=sepa.ctx.settings, means=means)


async def aged(sepa: SepaBench, mandate: Mandate, signed_on: date) -> None:
    """As if it had been given on that day."""
    async with open_book(sepa.ctx) as book:
        await book.unit.execute(
            "update plug_sepa.mandate set signed_on = $3 where tenant_id = $1 and id = $2",
            book.tenant, mandate.id, signed_on,
        )  # fmt: skip


async def today(sepa: SepaBench) -> date:
    async with open_book(sepa.ctx) as book:
        return book.today


async def test_who_was_not_told_is_not_collected(sepa: SepaBench) -> None:
    """While no mail leaves the collection says why it waits and stops nobody else; told, it goes into the next file,
    on the day of which he was told."""
    able, mandate = sepa.ctx, await sepa.mandate(ANNA)
    sepa.ctx = without_mail(sepa)
    silent = await charged(sepa, mandate)
    sepa.ctx = able
    told = await charged(sepa, mandate, "20")
    done = await exporting.export(sepa.ctx)
    assert done.file is not None
    assert ([one.id for one in await sepa.inside(done.file.id)], done.set_aside) == ([told.id], 1)
    waiting = await sepa.debit(silent.key)
    assert (waiting.state, waiting.fault, waiting.file_id) == ("queued", "notice", None)
    await announcing.announce(sepa.ctx)
    file = await exported(sepa)
    (inside,) = await sepa.inside(file.id)
    assert (inside.id, inside.fault, inside.announced_on) == (silent.id, "", inside.collect_on)


async def test_a_late_mail_moves_the_day(sepa: SepaBench) -> None:
    """When the announcement can be sent only days later, it names a day that keeps the notice, and only that day is
    collected."""
    able, mandate = sepa.ctx, await sepa.mandate(ANNA)
    sepa.ctx = without_mail(sepa)
    debit = await charged(sepa, mandate)
    sepa.ctx = able
    sepa.move(timedelta(days=10))
    await announcing.announce(sepa.ctx)
    moved = await sepa.debit(debit.key)
    assert moved.day >= await today(sepa) + timedelta(days=14)
    assert moved.announced_on == moved.day
    assert (await exported(sepa)).first_on == moved.day


async def test_a_mail_that_came_too_late_is_no_announcement(sepa: SepaBench) -> None:
    """A day that was announced with fewer days than agreed is not written: it moves and is announced anew."""
    debit = await charged(sepa, await sepa.mandate(ANNA))
    async with open_book(sepa.ctx) as book:
        await book.unit.execute(
            "update plug_sepa.debit set announced_at = announced_at + interval '5 days'"
            " where tenant_id = $1 and id = $2",
            book.tenant, debit.id,
        )  # fmt: skip
    sepa.move(timedelta(days=5))
    assert (await exporting.export(sepa.ctx)).file is None
    moved = await sepa.debit(debit.key)
    assert (moved.fault, moved.day > debit.day, moved.announced_on) == ("notice", True, debit.day)
    await announcing.announce(sepa.ctx)
    assert (await exported(sepa)).first_on == moved.day


async def test_the_notice_is_the_one_that_the_mandate_promises(sepa: SepaBench) -> None:
    """Fewer days in the settings shorten nothing for mandates that promise more; more days count for new collections
    and leave alone what was announced as promised."""
    mandate = await sepa.mandate(ANNA)
    assert mandate.notice_days == 14
    sepa.ctx = await settings_with(sepa.host, NORTH, notice_days=3)
    debit = await charged(sepa, mandate)
    assert debit.day >= await today(sepa) + timedelta(days=14)
    sepa.ctx = await settings_with(sepa.host, NORTH, notice_days=30)
    later = await charged(sepa, mandate, "20")
    assert later.day >= await today(sepa) + timedelta(days=30)
    assert (await exported(sepa)).transactions == 2


async def test_agreed_on_the_page_is_announced(sepa: SepaBench) -> None:
    """Who has agreed to amount and day on the page needs no mail, unless the day moves."""
    sepa.ctx = await settings_with(sepa.host, NORTH, notice_days=1)
    able, sepa.ctx = sepa.ctx, without_mail(sepa)
    one, other = [await sepa.agreed(await sepa.provider.create_checkout(sepa.ctx, sepa.checkout())) for _ in range(2)]
    assert (await exporting.export(sepa.ctx, one.day)).set_aside == 0
    await exporting.undo(sepa.ctx, await _file(sepa, one))
    sepa.move(timedelta(days=9))
    assert (await exporting.export(sepa.ctx)).set_aside == 2
    sepa.ctx = able
    await announcing.announce(sepa.ctx)
    assert (await exported(sepa)).transactions == 2
    assert (await sepa.debit(other.key)).announced_how == "mail"


@pytest.mark.parametrize(("notice", "lead"), [(1, 1), (1, 2), (2, 2), (5, 5), (1, 10)])
async def test_what_is_put_off_is_written_on_the_next_bank_day(sepa: SepaBench, notice: int, lead: int) -> None:
    """Who writes one file a bank day, in the morning, gets every collection away, however few days of notice there are:
    what came too late for one file is announced for a day that the next one meets."""
    sepa.ctx = await settings_with(sepa.host, NORTH, notice_days=notice, lead_days=lead)
    debit = await charged(sepa, await sepa.mandate(ANNA))
    written = []
    for _ in range(2):
        sepa.move(first_day(await today(sepa) + timedelta(days=1)) - await today(sepa))
        written.append((await exporting.export(sepa.ctx)).file)
        await announcing.announce(sepa.ctx)
    found = await sepa.debit(debit.key)
    assert (found.state, found.fault, found.announced_on) == ("exported", "", found.collect_on)
    assert any(written)


async def test_a_file_and_the_announcements_do_not_lock_each_other_out(sepa: SepaBench) -> None:
    """Both take the collections in the same order: begun at the same moment they wait for each other, and both end."""
    mandate = await sepa.mandate(ANNA)
    first, second = await charged(sepa, mandate), await charged(sepa, mandate, "20")
    assert first.id < second.id
    async with open_book(sepa.ctx) as book:  # the later one is due earlier; neither was announced for its day
        for one, days in ((first, 9), (second, 2)):
            await book.unit.execute(
                "update plug_sepa.debit set collect_on = collect_on + $3::int where tenant_id = $1 and id = $2",
                book.tenant, one.id, days,
            )  # fmt: skip
    outside = [copy_context(), copy_context()]  # of the transaction that makes both wait
    async with open_book(sepa.ctx) as book:
        await debits.by_id(book, second.id)
        tasks = [asyncio.create_task(exporting.export(sepa.ctx), context=outside[0])]
        await _waiting(book, 1)
        tasks.append(asyncio.create_task(announcing.announce(sepa.ctx), context=outside[1]))
        await _waiting(book, 2)
    await asyncio.gather(*tasks)
    assert (await exporting.export(sepa.ctx)).set_aside == 0


async def _waiting(book: Book, count: int) -> None:
    """Until so many wait for a lock."""
    while await book.unit.fetchval("select count(distinct pid) from pg_locks where not granted") < count:
        await asyncio.sleep(0.02)


async def _file(sepa: SepaBench, debit: Debit) -> Any:
    return (await sepa.debit(debit.key)).file_id


@pytest.mark.parametrize(("changes", "code"), [
    ({"state": "revoked"}, "mandate_revoked"), ({"signed_on": date(2020, 1, 1)}, "mandate_expired"),
])  # fmt: skip
async def test_a_mandate_that_ended_meanwhile_is_not_written(
    sepa: SepaBench, changes: dict[str, Any], code: str
) -> None:
    """Revoked or expired after the charge, however that came about: the collection is over and says why, and the core
    hears of a decline; another one beside it is written."""
    dead, alive = await sepa.mandate(ANNA), await sepa.mandate(ANNA, iban="AT611904300234573201")
    lost, kept = await charged(sepa, dead), await charged(sepa, alive)
    async with open_book(sepa.ctx) as book:
        ((name, value),) = changes.items()
        await book.unit.execute(
            f"update plug_sepa.mandate set {name} = $3 where tenant_id = $1 and id = $2",
            book.tenant, dead.id, value,
        )  # fmt: skip
    done = await exporting.export(sepa.ctx)
    assert done.file is not None
    assert [one.id for one in await sepa.inside(done.file.id)] == [kept.id]
    assert (done.stopped, done.set_aside) == (1, 0)
    result = await sepa.provider.look_up(sepa.ctx, lost.key)
    assert (result.outcome, result.code, result.terminal) == (Outcome.DECLINED, code, True)


async def test_the_last_day_of_a_mandate(sepa: SepaBench) -> None:
    """It counts on the day of the collection: one that dies the day before it is not charged, one that dies on the day
    is charged and written."""
    mandate = await sepa.mandate(ANNA)
    day = (await charged(sepa, mandate)).day
    shift = (mandate.ends_on - mandate.signed_on).days
    for ends, outcome in ((day - timedelta(days=1), Outcome.DECLINED), (day, Outcome.PENDING)):
        signed = ends - timedelta(days=shift + 5)
        while replace(mandate, signed_on=signed).ends_on < ends:
            signed += timedelta(days=1)
        given = await sepa.mandate(ANNA)
        await aged(sepa, given, signed)
        result = await sepa.provider.charge(sepa.ctx, charge(given))
        reached = replace(mandate, signed_on=signed).ends_on == ends
        assert result.outcome is outcome or not reached
    done = await exporting.export(sepa.ctx)
    assert done.file is not None
    assert done.stopped == 0


async def test_a_mandate_for_one_payment_serves_again_after_the_file_was_taken_back(sepa: SepaBench) -> None:
    """Used up by the first file, and by no other payment: its own is written once more."""
    debit = await sepa.agreed(await sepa.provider.create_checkout(sepa.ctx, sepa.checkout()))
    await exporting.undo(sepa.ctx, (await exported(sepa)).id)
    assert (await sepa.by_ref(debit.mandate_ref)).state == "used"
    assert (await exported(sepa)).transactions == 1
    async with open_book(sepa.ctx) as book:
        assert await debits.queue(book, date.max, 10) == []

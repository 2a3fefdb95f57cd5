"""The bank's word is taken for what it says: about which file, which amount, how often, and of which account."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import date, timedelta
from typing import Any

import asyncpg
import pytest
from dummy_house import FALKE, NORTH, Inbox, make_host
from sepa_bench import CREDITOR, IBAN, SepaBench, camt, entry, pain002, sepa, sepa_host, settings_with
from sepa_hands import ANNA, charged, exported, read, words

from askpro.errors import Conflict, InvalidInput, NotFound
from askpro.ids import new_id
from askpro.money import Money
from askpro.pluginhost import migrate_plugins
from askpro.sdk import EventKind, Outcome
from askpro.sdk.statements import LARGEST_FILE
from askpro_sepa import bank, debits, exporting
from askpro_sepa.agreeing import cancel, revoke
from askpro_sepa.model import Debit
from askpro_sepa.store import open_book
from support.camt import joined
from support.turns import beside

__all__ = ("sepa", "sepa_host")
pytestmark = pytest.mark.anyio

EURO = Money.of(1, "EUR")


async def of(sepa: SepaBench, debit: Debit) -> Debit:
    """As it stands now."""
    return await sepa.debit(debit.key)


@pytest.mark.parametrize("named", ["batch", "message", "both"])
async def test_a_refusal_is_about_its_file_only(sepa: SepaBench, named: str) -> None:
    """A report on a file that was taken back rejects nothing, neither while the collection waits nor when it lies in
    the next file; a report on that one does. Also where the bank names the file alone."""
    debit = await charged(sepa, await sepa.mandate(ANNA))
    first = await exported(sepa)
    early = (await of(sepa, debit)).block

    def report(message: str, block: str) -> bytes:
        names = {"message": message} if named == "message" else {"message": "M", "batch": block}
        names |= {"message": message} if named == "both" else {}
        return pain002([(debit.end_to_end, "RJCT", "AC04")], **names)

    old = report(first.message_id, early)
    await exporting.undo(sepa.ctx, first.id)
    waiting = await read(sepa, old)
    second = await exported(sepa)
    later = await read(sepa, old)
    assert [words(waiting), words(later)] == [["other_file"], ["other_file"]]
    assert ((await of(sepa, debit)).state, waiting.rejected, later.rejected) == ("exported", 0, 0)
    assert (await sepa.by_ref((await sepa.provider.list_methods(sepa.ctx, ANNA))[0].ref)).state == "active"

    now = await read(sepa, report(second.message_id, (await of(sepa, debit)).block))
    assert (words(now), now.rejected, (await of(sepa, debit)).state) == ([], 1, "rejected")


async def test_a_refusal_that_names_no_file_is_left_to_a_person(sepa: SepaBench) -> None:
    """Nothing can be compared, so nothing is booked."""
    debit = await charged(sepa, await sepa.mandate(ANNA))
    await exported(sepa)
    report = await read(sepa, pain002([(debit.end_to_end, "RJCT", "AC04")], message="NOTPROVIDED"))
    assert (words(report), (await of(sepa, debit)).state) == (["other_file"], "exported")


async def test_a_refusal_of_another_amount_is_left_to_a_person(sepa: SepaBench) -> None:
    """The amount in the report is compared where there is one."""
    debit = await charged(sepa, await sepa.mandate(ANNA))
    await exported(sepa)
    line, block = [(debit.end_to_end, "RJCT", "AM04")], (await of(sepa, debit)).block
    wrong = await read(sepa, pain002(line, batch=block, amount="49.00"))
    assert (words(wrong), (await of(sepa, debit)).state) == (["return_differs"], "exported")
    right = await read(sepa, pain002(line, batch=block, amount="50.00"))
    assert (words(right), (await of(sepa, debit)).state) == ([], "rejected")


@pytest.mark.parametrize("changes", [
    {"amount": 49}, {"amount": 51}, {"amount": 53, "instructed": 49}, {"amount": 53, "charges": 2},
    {"amount": 49, "instructed": 50},
])  # fmt: skip
async def test_a_return_of_another_amount_takes_nothing_back(sepa: SepaBench, changes: dict[str, int]) -> None:
    """Less, more without a word why, or charges that do not explain it: the credit stays until a person decides."""
    debit = await charged(sepa, await sepa.mandate(ANNA))
    await exported(sepa)
    await read(sepa, camt([entry(debit.amount, debit.end_to_end)]))
    more: dict[str, Any] = {name: Money.of(value, "EUR") for name, value in changes.items()}
    back = camt([entry(more.pop("amount"), debit.end_to_end, credit=False, reason="MD01", **more)])
    report = await read(sepa, back)
    assert (words(report), report.returned, (await of(sepa, debit)).state) == (["return_differs"], 0, "settled")
    with pytest.raises(NotFound):
        await sepa.provider.look_up_dispute(sepa.ctx, f"R{debit.end_to_end}")


async def test_a_return_by_hand(sepa: SepaBench, inbox: Inbox) -> None:
    """What staff have looked at they enter: before the credit it declines, after it it is a lost dispute; once."""
    mandate = await sepa.mandate(ANNA)
    paid, unpaid = await charged(sepa, mandate), await charged(sepa, mandate, "20")
    with pytest.raises(Conflict):
        await bank.enter_return(sepa.ctx, paid.id)
    await exported(sepa)
    await read(sepa, camt([entry(paid.amount, paid.end_to_end)]))
    for debit in (paid, unpaid):
        await bank.enter_return(sepa.ctx, debit.id)
        with pytest.raises(Conflict):
            await bank.enter_return(sepa.ctx, debit.id)
        with pytest.raises(NotFound):
            await bank.enter_return(sepa.other, debit.id)
    assert [(await of(sepa, one)).state for one in (paid, unpaid)] == ["returned", "rejected"]
    assert [one.payment_ref for _, _, one in inbox.events if one.kind is EventKind.DISPUTE] == [paid.end_to_end]
    assert (await sepa.provider.look_up(sepa.ctx, unpaid.key)).code == "returned_by_staff"


async def test_statements_of_the_account_before(sepa: SepaBench) -> None:
    """After the creditor's IBAN was changed, what was sent before still settles on the old account; an account for
    which no file ever collected is refused, as is the old one in another house."""
    debit = await charged(sepa, await sepa.mandate(ANNA))
    await exported(sepa)
    sepa.ctx = await settings_with(sepa.host, NORTH, creditor_iban="AT611904300234573201")
    sepa.other = await settings_with(sepa.host, FALKE, creditor_iban="AT611904300234573201")
    statement = camt([entry(debit.amount, debit.end_to_end)])
    with pytest.raises(InvalidInput) as refused:
        await bank.read_file(sepa.ctx, "x.xml", camt([entry(debit.amount, debit.end_to_end)], iban=IBAN))
    assert refused.value.code == "sepa_other_account"
    with pytest.raises(InvalidInput):
        await bank.read_file(sepa.other, "x.xml", statement)
    assert (await read(sepa, statement)).settled == 1
    assert (await read(sepa, camt([], iban="AT611904300234573201"))).findings == []


async def test_booked_twice_is_never_silent(sepa: SepaBench) -> None:
    """A file that was taken back had been sent, and the next one was sent too: the second booking is said, also when it
    is of the same day. The credit is given once; one return takes none of it, two take it once."""
    debit = await charged(sepa, await sepa.mandate(ANNA))
    await exporting.undo(sepa.ctx, (await exported(sepa)).id)
    await exported(sepa)
    first, second = (entry(debit.amount, debit.end_to_end, bank_ref=name) for name in ("B-1", "B-2"))
    assert words(await read(sepa, camt([first]))) == []
    again = await read(sepa, camt([first, second]))
    assert (words(again), again.known, again.settled) == (["settled_again"], 1, 0)
    assert words(await read(sepa, camt([first, second]))) == []

    one, other = (entry(debit.amount, debit.end_to_end, credit=False, reason="AM04", bank_ref=name)
                  for name in ("B-3", "B-4"))  # fmt: skip
    kept = await read(sepa, camt([one]))
    assert (kept.returned, (await of(sepa, debit)).state) == (0, "settled")
    gone = await read(sepa, camt([one, other]))
    assert (gone.returned, (await of(sepa, debit)).state) == (1, "returned")
    third = await read(sepa, camt([entry(debit.amount, debit.end_to_end, credit=False, reason="AM04", bank_ref="B-5")]))
    assert (words(third), third.returned) == (["returned_again"], 0)


async def test_a_sum_booked_twice_is_said(sepa: SepaBench) -> None:
    """The same sum under another number is another booking; the same one again, with part of it returned meanwhile,
    is not."""
    mandate = await sepa.mandate(ANNA)
    made = [await charged(sepa, mandate, amount) for amount in ("50", "20")]
    file = await exported(sepa)
    total, name = Money.of(70, "EUR"), f"{file.message_id}-1"
    booked, again = (entry(total, batch=name, count=2, bank_ref=number) for number in ("B-1", "B-2"))
    assert (await read(sepa, camt([booked]))).settled == 2
    back = entry(made[0].amount, made[0].end_to_end, credit=False, reason="AM04")
    assert (await read(sepa, camt([back]))).returned == 1
    known = await read(sepa, camt([booked]))
    assert (words(known), known.known, known.settled) == ([], 2, 0)
    twice = await read(sepa, camt([again]))
    assert sorted(words(twice)) == ["booked_after_return", "settled_again"]


async def test_marked_by_hand_and_then_booked_is_once(sepa: SepaBench) -> None:
    """The statement that comes after the staff's own word confirms it; another day is no second booking."""
    debit = await charged(sepa, await sepa.mandate(ANNA))
    file = await exported(sepa)
    sepa.move(timedelta(days=30))
    assert await bank.settle_file(sepa.ctx, file.id) == 1
    report = await read(sepa, camt([entry(debit.amount, debit.end_to_end, on=date(2026, 12, 7))]))
    assert (words(report), report.settled) == ([], 0)


async def test_booked_and_returned_in_statements_of_one_file(sepa: SepaBench) -> None:
    """Also when the return stands in the statement of the day after: never credited, so no dispute."""
    debit = await charged(sepa, await sepa.mandate(ANNA))
    await exported(sepa)
    back = entry(debit.amount, debit.end_to_end, credit=False, reason="AM04")
    report = await read(sepa, joined(camt([entry(debit.amount, debit.end_to_end)]), camt([back])))
    assert (report.settled, report.rejected, report.returned, words(report)) == (0, 1, 0, [])


async def test_credit_of_a_file_taken_back_finds_an_end(sepa: SepaBench) -> None:
    """Credited with the file, taken back, and then withdrawn or revoked: the credit goes back, nothing waits for
    ever; where the file had been sent after all, the booking is said."""
    sepa.ctx = await settings_with(sepa.host, NORTH, credit_when="exported")
    mandate = await sepa.mandate(ANNA)
    made = [await charged(sepa, mandate, amount) for amount in ("50", "20")]
    await exporting.undo(sepa.ctx, (await exported(sepa)).id)
    async with open_book(sepa.ctx) as book:
        await cancel(book, made[0].id, "withdrawn_by_staff")
        assert await revoke(book, mandate, "asked for", "staff:1") == 1
    for debit, code in zip(made, ("withdrawn_by_staff", "mandate_revoked"), strict=True):
        assert (await of(sepa, debit)).state == "returned"
        dispute = await sepa.provider.look_up_dispute(sepa.ctx, f"R{debit.end_to_end}")
        assert (dispute.amount, dispute.reason) == (debit.amount, code)
        assert (await sepa.provider.look_up(sepa.ctx, debit.key)).outcome is Outcome.SETTLED
    assert (await exporting.export(sepa.ctx)).file is None
    report = await read(sepa, camt([entry(made[0].amount, made[0].end_to_end)]))
    assert words(report) == ["booked_after_return"]


def _large(size: int, end: str) -> bytes:
    """A statement of almost that many bytes, none of it ours."""
    one = entry(EURO, f"OTHER-{new_id().hex}")
    head, _, tail = camt([one]).decode().partition(one)
    return (head + one * ((size - 2000) // len(one)) + (end or tail)).encode()


@pytest.mark.slow
@pytest.mark.parametrize(("size", "end"), [(LARGEST_FILE // 4, ""), (LARGEST_FILE, "</Broken>")])
async def test_a_large_statement_blocks_nobody(sepa: SepaBench, size: int, end: str) -> None:
    """While megabytes are read, others have their turn: many times, and a question that is asked after the statement
    was handed in is answered before it."""

    async def statement(data: bytes) -> None:
        with pytest.raises(InvalidInput, match="no XML") if end else nullcontext():
            await bank.read_file(sepa.ctx, "large.xml", data)

    async def question() -> None:
        async with open_book(sepa.ctx) as book:
            await debits.queue_days(book)

    data = _large(size, end)
    assert size - 4000 < len(data) <= size
    done, turns = await beside(statement(data), question())
    assert done == ["question", "work"]
    assert turns > 100


async def test_old_files_learn_their_account(empty_database: Any) -> None:
    """The migration finds the collecting account in the bytes of files that were written before it was kept, in every
    house, and leaves the table as guarded as it was."""
    (migrations,) = make_host("sepa").migrations()
    said = await migrate_plugins(empty_database.admin_dsn, [migrations[:1]])
    assert "failed" not in said["sepa"]
    body = b"<CdtrAcct><Id><IBAN>DE02120300000000202051</IBAN></Id></CdtrAcct>"
    connection = await asyncpg.connect(empty_database.admin_dsn)
    try:
        for number, tenant in enumerate((NORTH, FALKE)):
            await connection.execute(
                "insert into plug_sepa.file (tenant_id, id, message_id, scheme, state, transactions, units, sha256,"
                " body, first_on, last_on, created_at, created_by) values ($1, $2, $3, 'CORE', 'exported', 1, 10000,"
                " '', $4, now(), now(), now(), '')",
                tenant.id, new_id(), f"M-{number}", body if tenant is NORTH else b"no file of ours",
            )  # fmt: skip
        assert (await migrate_plugins(empty_database.admin_dsn, [migrations]))["sepa"] == "ran 002"
        rows = await connection.fetch("select iban from plug_sepa.file order by message_id")
        assert [row["iban"] for row in rows] == [CREDITOR, ""]
        guarded = "select relforcerowsecurity from pg_class where oid = 'plug_sepa.file'::regclass"
        assert await connection.fetchval(guarded)
    finally:
        await connection.close()

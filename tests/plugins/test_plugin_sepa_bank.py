"""From the queue to the bank and back: written once, settled once, returned once; and what a mandate goes through."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date, timedelta
from hashlib import sha256
from typing import Any

import pytest
from dummy_house import FALKE, NORTH, Inbox
from sepa_bench import CREDITOR, SepaBench, camt, entry, pain002, sepa, sepa_host, settings_with
from sepa_hands import ANNA, charge, charged, exported, read

from askpro.errors import Conflict, InvalidInput, NotFound
from askpro.money import Money
from askpro.pluginhost import service
from askpro.sdk import Context, CustomerRef, DisputeState, EventKind, Outcome
from askpro_sepa import announcing, bank, debits, exporting, files, mandates, telling
from askpro_sepa.agreeing import revoke
from askpro_sepa.inspecting import inspect
from askpro_sepa.store import open_book
from askpro_sepa.target import is_open

__all__ = ("sepa", "sepa_host")
pytestmark = pytest.mark.anyio


def told(inbox: Inbox) -> list[tuple[str, str]]:
    return [(event.kind.value, event.type) for _, _, event in inbox.events]


async def test_a_mandate_and_then_a_charge(sepa: SepaBench) -> None:
    """Queued for a TARGET day two weeks off, sequence RCUR also the first time, under a number of its own."""
    mandate = await sepa.mandate(ANNA)
    debit = await charged(sepa, mandate)
    async with open_book(sepa.ctx) as book:
        today = book.today
    assert (debit.state, debit.sequence, debit.cents) == ("queued", "RCUR", 5000)
    assert debit.day >= today + timedelta(days=14)
    assert is_open(debit.day)
    assert "You may collect what I owe." in mandate.text
    assert (mandate.address, mandate.text_version) == ("203.0.113.9", "2026-1/CORE/RCUR")
    assert (await sepa.provider.look_up_mandate(sepa.ctx, mandate.ref)).text == mandate.text


async def test_one_payment_is_oof_and_no_method(sepa: SepaBench) -> None:
    """A checkout without saving: OOFF, not listed, and used up by the file."""
    request = sepa.checkout()
    debit = await sepa.agreed(await sepa.provider.create_checkout(sepa.ctx, request))
    assert debit.sequence == "OOFF"
    assert await sepa.provider.list_methods(sepa.ctx, request.customer) == []
    await exported(sepa)
    mandate = await sepa.by_ref(debit.mandate_ref)
    assert (mandate.state, mandate.last_used_on) == ("used", debit.collect_on)
    with pytest.raises(InvalidInput):
        await sepa.provider.charge(sepa.ctx, charge(mandate))


async def test_a_saving_checkout_gives_a_method(sepa: SepaBench) -> None:
    """RCUR, listed with four digits of the account, the first one as default, gone when removed."""
    request = sepa.checkout(save_method=True, consent="As agreed.")
    debit = await sepa.agreed(await sepa.provider.create_checkout(sepa.ctx, request))
    (method,) = await sepa.provider.list_methods(sepa.ctx, request.customer)
    assert (debit.sequence, method.label, method.default, method.mandate) == (
        "RCUR", "DE•• •••• 3000", True, debit.mandate_ref,
    )  # fmt: skip
    assert "3704" not in repr(method)
    other = await sepa.mandate(request.customer, iban="AT611904300234573201")
    assert method.fingerprint != other.fingerprint
    await sepa.provider.remove_method(sepa.ctx, request.customer, method.ref)
    (rest,) = await sepa.provider.list_methods(sepa.ctx, request.customer)
    assert (rest.ref, rest.default) == (other.ref, True)


async def test_the_file_is_the_same_bytes_every_time(sepa: SepaBench) -> None:
    """Kept with its hash and its counted sums; a download changes nothing but the counter."""
    mandate = await sepa.mandate(ANNA, name="Jörg Groß & Söhne")
    made = [await charged(sepa, mandate, amount) for amount in ("50", "0.01", "119.99")]
    file = await exported(sepa)
    async with open_book(sepa.ctx) as book:
        first, second = await files.body(book, file.id), await files.body(book, file.id)
        assert (await files.get(book, file.id)).downloads == 2
    assert first == second
    assert sha256(first).hexdigest() == file.sha256
    seen = inspect(first)
    assert (seen.faults, seen.count, seen.cents) == ((), 3, 17000)
    assert (file.transactions, file.amount) == (3, Money.of(170, "EUR"))
    assert {number for batch in seen.batches for number in batch.end_to_end} == {one.end_to_end for one in made}
    assert b"<Nm>Joerg Gross + Soehne</Nm>" in first
    assert file.message_id.startswith("NORD-")


async def test_a_storm_of_exports_writes_each_collection_once(sepa: SepaBench) -> None:
    """Ten staff at once, thirty collections: every one stands in exactly one file."""
    mandate = await sepa.mandate(ANNA)
    made = [await charged(sepa, mandate) for _ in range(30)]
    done = await asyncio.gather(*(exporting.export(sepa.ctx) for _ in range(10)))
    written = [one.file for one in done if one.file is not None]
    numbers: list[str] = []
    async with open_book(sepa.ctx) as book:
        for file in written:
            batches = inspect(await files.body(book, file.id)).batches
            numbers += [number for batch in batches for number in batch.end_to_end]
    assert sorted(numbers) == sorted(one.end_to_end for one in made)
    assert len(written) == 1


async def test_days_stand_in_batches_and_can_be_written_apart(sepa: SepaBench) -> None:
    """A file up to a day leaves the later ones."""
    mandate = await sepa.mandate(ANNA)
    first = await charged(sepa, mandate)
    sepa.move(timedelta(days=7))
    second = await charged(sepa, mandate)
    assert second.day > first.day
    early = (await exporting.export(sepa.ctx, first.day)).file
    assert early is not None
    assert [one.id for one in await sepa.inside(early.id)] == [first.id]
    assert (await exported(sepa)).transactions == 1
    assert (await exporting.export(sepa.ctx)).file is None


async def test_a_day_that_is_too_near_moves_and_is_told_anew(sepa: SepaBench) -> None:
    """The bank gets its lead and the customer the notice; the mail for the new day is another mail."""
    debit = await charged(sepa, await sepa.mandate(ANNA))
    sepa.move(timedelta(days=20))
    assert (await exporting.export(sepa.ctx)).file is None
    moved = await sepa.debit(debit.key)
    assert moved.day >= debit.day + timedelta(days=14)
    assert is_open(moved.day)
    assert (moved.fault, moved.announced_on) == ("notice", debit.day)
    async with open_book(sepa.ctx) as book:
        assert [one.id for one in await debits.unannounced(book)] == [debit.id]
    await announcing.announce(sepa.ctx)
    told_anew = await sepa.debit(debit.key)
    assert (told_anew.announced_on, told_anew.fault) == (moved.day, "")
    assert (await exported(sepa)).first_on == moved.day


async def test_a_collection_no_file_can_hold_is_set_aside(sepa: SepaBench) -> None:
    """It says why and keeps nobody else from being written; mended, it goes into the next file."""
    good = await sepa.mandate(ANNA)
    bad = await sepa.mandate(CustomerRef(id="customer-2"), iban="AT611904300234573201")
    made = [
        await charged(sepa, good),
        await sepa.debit((await sepa.provider.charge(
            sepa.ctx, charge(bad, customer=CustomerRef(id="customer-2")))).key),
    ]  # fmt: skip
    async with open_book(sepa.ctx) as book:
        await book.unit.execute(
            "update plug_sepa.mandate set iban = 'AT611904300234573202' where tenant_id = $1 and id = $2",
            book.tenant, bad.id,
        )  # fmt: skip
    done = await exporting.export(sepa.ctx)
    assert done.file is not None
    assert (done.file.transactions, done.set_aside) == (1, 1)
    aside = await sepa.debit(made[1].key)
    assert (aside.state, aside.fault) == ("queued", "iban")
    async with open_book(sepa.ctx) as book:
        await book.unit.execute(
            "update plug_sepa.mandate set iban = 'AT611904300234573201' where tenant_id = $1 and id = $2",
            book.tenant, bad.id,
        )  # fmt: skip
    assert (await exported(sepa)).transactions == 1


async def test_a_file_that_was_not_sent_is_taken_back(sepa: SepaBench) -> None:
    """Its collections wait again, under their own numbers; once the bank has acted there is no way back."""
    debit = await charged(sepa, await sepa.mandate(ANNA))
    file = await exported(sepa)
    assert await exporting.undo(sepa.ctx, file.id) == 1
    with pytest.raises(Conflict):
        await exporting.undo(sepa.ctx, file.id)
    with pytest.raises(Conflict):
        await bank.settle_file(sepa.ctx, file.id)
    again = await exported(sepa)
    assert again.message_id != file.message_id
    (inside,) = await sepa.inside(again.id)
    assert inside.end_to_end == debit.end_to_end
    await read(sepa, camt([entry(debit.amount, debit.end_to_end)]))
    with pytest.raises(Conflict):
        await exporting.undo(sepa.ctx, again.id)


async def test_the_bank_knows_better_than_staff(sepa: SepaBench) -> None:
    """A file was taken back but had been sent: what the bank books settles, and is not collected again."""
    debit = await charged(sepa, await sepa.mandate(ANNA))
    await exporting.undo(sepa.ctx, (await exported(sepa)).id)
    await read(sepa, camt([entry(debit.amount, debit.end_to_end)]))
    assert (await sepa.debit(debit.key)).state == "settled"
    assert (await exporting.export(sepa.ctx)).file is None


async def test_the_bank_knows_better_than_staff_by_its_sum(sepa: SepaBench) -> None:
    """The same where the bank books one sum for the batch: nobody is debited twice."""
    debit = await charged(sepa, await sepa.mandate(ANNA))
    file = await exported(sepa)
    await exporting.undo(sepa.ctx, file.id)
    report = await read(sepa, camt([entry(debit.amount, count=1, batch=f"{file.message_id}-1")]))
    assert (report.findings, report.settled) == ([], 1)
    assert (await exporting.export(sepa.ctx)).file is None


async def test_booked_one_by_one(sepa: SepaBench, inbox: Inbox) -> None:
    """An entry for each; the same statement again, or the same entries in another one, change nothing."""
    mandate = await sepa.mandate(ANNA)
    made = [await charged(sepa, mandate, amount) for amount in ("50", "20")]
    await exported(sepa)
    statement = camt([entry(one.amount, one.end_to_end) for one in made] + [entry(Money.of(9, "EUR"), "OTHER")])
    first, second = await read(sepa, statement), await read(sepa, statement)
    assert (first.settled, first.others, first.findings) == (2, 1, [])
    assert (second.settled, second.known, second.findings) == (0, 2, [])
    result = await sepa.provider.look_up(sepa.ctx, made[0].key)
    assert (result.outcome, result.amount, result.provider_ref) == (
        Outcome.SETTLED, Money.of(50, "EUR"), made[0].end_to_end,
    )  # fmt: skip
    assert told(inbox).count(("payment", "collection.credited")) == 2


@pytest.mark.parametrize("named", ["batch", "message"])
async def test_booked_as_one_sum(sepa: SepaBench, named: str) -> None:
    """The sum of a batch or file settles all of it, but for what was refused before; another sum settles none."""
    mandate = await sepa.mandate(ANNA)
    made = [await charged(sepa, mandate, amount) for amount in ("50", "20", "5")]
    file = await exported(sepa)
    await read(sepa, pain002([(made[1].end_to_end, "RJCT", "AM04")], message=file.message_id))
    ids = {"batch": f"{file.message_id}-1"} if named == "batch" else {"message": file.message_id}
    wrong = await read(sepa, camt([entry(Money.of(54, "EUR"), count=3, **ids)]))
    assert ([one.what for one in wrong.findings], wrong.settled) == (["batch_differs"], 0)
    right = await read(sepa, camt([entry(Money.of(55, "EUR"), count=2, **ids)]))
    assert (right.findings, right.settled) == ([], 2)
    assert [(await sepa.debit(one.key)).state for one in made] == ["settled", "rejected", "settled"]


async def test_a_sum_that_names_nothing_is_left_to_a_person(sepa: SepaBench) -> None:
    """Credit is not given on a guess; staff mark the file as collected, once it is due."""
    debit = await charged(sepa, await sepa.mandate(ANNA))
    file = await exported(sepa)
    report = await read(sepa, camt([entry(debit.amount, count=1)]))
    assert ([one.what for one in report.findings], report.settled) == (["batch_unknown"], 0)
    with pytest.raises(Conflict):
        await bank.settle_file(sepa.ctx, file.id)
    sepa.move(timedelta(days=30))
    assert await bank.settle_file(sepa.ctx, file.id) == 1
    assert await bank.settle_file(sepa.ctx, file.id) == 0
    assert (await sepa.provider.look_up(sepa.ctx, debit.key)).outcome is Outcome.SETTLED


async def test_refused_before_the_credit(sepa: SepaBench, inbox: Inbox) -> None:
    """A pain.002 line declines with the bank's reason; a later booking of the same number is said, not credited."""
    debit = await charged(sepa, await sepa.mandate(ANNA))
    await exported(sepa)
    file = await sepa.debit(debit.key)
    report = await read(sepa, pain002([(debit.end_to_end, "RJCT", "AM04")], batch=file.block))
    assert (report.rejected, report.returned) == (1, 0)
    result = await sepa.provider.look_up(sepa.ctx, debit.key)
    assert (result.outcome, result.code, result.terminal) == (Outcome.DECLINED, "AM04", False)
    later = await read(sepa, camt([entry(debit.amount, debit.end_to_end)]))
    assert [one.what for one in later.findings] == ["booked_after_return"]
    assert (await sepa.provider.look_up(sepa.ctx, debit.key)).outcome is Outcome.DECLINED
    assert told(inbox)[-1] == ("payment", "collection.rejected")
    with pytest.raises(NotFound):
        await sepa.provider.look_up_dispute(sepa.ctx, f"R{debit.end_to_end}")


async def test_booked_and_returned_in_one_statement_is_never_credited(sepa: SepaBench, inbox: Inbox) -> None:
    """Both entries in one file: a decline, no dispute."""
    debit = await charged(sepa, await sepa.mandate(ANNA))
    await exported(sepa)
    back = entry(Money.of("53", "EUR"), debit.end_to_end, credit=False, reason="AM04", instructed=debit.amount)
    report = await read(sepa, camt([entry(debit.amount, debit.end_to_end), back]))
    assert (report.settled, report.rejected, report.returned) == (0, 1, 0)
    assert {kind for kind, _ in told(inbox)} == {"payment", "method"}


@pytest.mark.parametrize(("reason", "closed"), [("MD06", False), ("AM04", False), ("MD01", True), ("AC04", True)])
async def test_returned_after_the_credit(sepa: SepaBench, inbox: Inbox, reason: str, closed: bool) -> None:
    """A lost dispute about the whole payment, told once; some reasons end the mandate and what waits for it."""
    mandate = await sepa.mandate(ANNA)
    debit = await charged(sepa, mandate)
    await exported(sepa)
    await read(sepa, camt([entry(debit.amount, debit.end_to_end)]))
    waiting = await charged(sepa, mandate, "20")
    fee = Money.of("3.50", "EUR")
    back = camt([entry(debit.amount + fee, debit.end_to_end, credit=False, reason=reason, charges=fee)])
    report = await read(sepa, back)
    assert (report.returned, report.rejected) == (1, 0)
    assert (await read(sepa, back)).returned == 0
    dispute = await sepa.provider.look_up_dispute(sepa.ctx, f"R{debit.end_to_end}")
    assert (dispute.state, dispute.amount, dispute.payment_ref, dispute.reason) == (
        DisputeState.LOST, debit.amount, debit.end_to_end, reason,
    )  # fmt: skip
    assert (await sepa.provider.look_up(sepa.ctx, debit.key)).outcome is Outcome.SETTLED
    event = [event for _, _, event in inbox.events if event.kind is EventKind.DISPUTE]
    assert [(one.provider_ref, one.payment_ref) for one in event] == [(dispute.ref, debit.end_to_end)]
    assert ((await sepa.by_ref(mandate.ref)).state == "revoked") is closed
    stopped = await sepa.provider.look_up(sepa.ctx, waiting.key)
    assert (stopped.outcome is Outcome.DECLINED) is closed
    after = await sepa.provider.charge(sepa.ctx, charge(mandate))
    assert (after.outcome is Outcome.DECLINED, after.terminal) == (closed, closed)


async def test_a_whole_file_that_is_refused_waits_for_a_person(sepa: SepaBench) -> None:
    """Nobody was debited, so nobody's payment is declined: staff take the file back and write it anew."""
    debit = await charged(sepa, await sepa.mandate(ANNA))
    file = await exported(sepa)
    whole = await read(sepa, pain002([], message=file.message_id, group="RJCT"))
    part = await read(sepa, pain002([], message=file.message_id, batch=f"{file.message_id}-1", group="RJCT"))
    assert [one.what for one in (*whole.findings, *part.findings)] == ["file_rejected", "batch_rejected"]
    assert (await sepa.debit(debit.key)).state == "exported"
    assert await exporting.undo(sepa.ctx, file.id) == 1
    assert (await exported(sepa)).transactions == 1


async def test_what_does_not_fit_is_said_and_not_booked(sepa: SepaBench) -> None:
    """Another amount, an unknown return, a debit of ours booked twice, a statement of another account, no statement."""
    debit = await charged(sepa, await sepa.mandate(ANNA))
    await exported(sepa)
    report = await read(sepa, camt([
        entry(Money.of(49, "EUR"), debit.end_to_end),
        entry(Money.of(7, "EUR"), "APFFFF", credit=False, reason="AC04"),
    ]))  # fmt: skip
    assert [one.what for one in report.findings] == ["amount_differs", "return_unknown"]
    assert (await sepa.debit(debit.key)).state == "exported"
    await read(sepa, camt([entry(debit.amount, debit.end_to_end, on=date(2026, 12, 7))]))
    again = await read(sepa, camt([entry(debit.amount, debit.end_to_end, on=date(2026, 12, 9))]))
    assert [one.what for one in again.findings] == ["settled_again"]
    for data in (camt([], iban="DE89370400440532013000"), b"hello", b"<!DOCTYPE a [<!ENTITY b 'c'>]><a/>"):
        with pytest.raises(InvalidInput):
            await bank.read_file(sepa.ctx, "x.xml", data)


async def test_credit_with_the_file_at_the_resellers_risk(sepa: SepaBench, inbox: Inbox) -> None:
    """Settled for the core as soon as the file is written; a refusal is then a dispute."""
    sepa.ctx = await settings_with(sepa.host, NORTH, credit_when="exported")
    debit = await charged(sepa, await sepa.mandate(ANNA))
    file = await exported(sepa)
    assert (await sepa.provider.look_up(sepa.ctx, debit.key)).outcome is Outcome.SETTLED
    assert ("payment", "collection.credited") in told(inbox)
    await read(sepa, pain002([(debit.end_to_end, "RJCT", "AM04")], message=file.message_id))
    assert (await sepa.provider.look_up_dispute(sepa.ctx, f"R{debit.end_to_end}")).reason == "AM04"
    assert told(inbox)[-1] == ("dispute", "collection.returned")


async def test_a_revoked_mandate_collects_nothing(sepa: SepaBench) -> None:
    """What waits is declined, what the bank has goes on; charges are declined for good, looked up or not."""
    mandate = await sepa.mandate(ANNA)
    sent = await charged(sepa, mandate)
    await exported(sepa)
    waiting = await charged(sepa, mandate)
    async with open_book(sepa.ctx) as book:
        assert await revoke(book, mandate, "asked for on the phone", "staff:1") == 1
        assert await revoke(book, mandate, "again", "staff:1") == 0
    result = await sepa.provider.look_up(sepa.ctx, waiting.key)
    assert (result.outcome, result.code, result.terminal) == (Outcome.DECLINED, "mandate_revoked", True)
    assert (await sepa.provider.look_up(sepa.ctx, sent.key)).outcome is Outcome.PENDING
    request = charge(mandate)
    for found in (await sepa.provider.charge(sepa.ctx, request), await sepa.provider.look_up(sepa.ctx, request.key)):
        assert (found.outcome, found.code, found.terminal) == (Outcome.DECLINED, "mandate_revoked", True)
    assert not (await sepa.provider.look_up_mandate(sepa.ctx, mandate.ref)).active


async def test_only_cents_of_euro(sepa: SepaBench) -> None:
    """Anything else is refused before a row is written."""
    mandate = await sepa.mandate(ANNA)
    for amount in (Money.of(5, "USD"), Money.of("0.001", "EUR"), Money.of(1_000_000_000, "EUR")):
        request = replace(charge(mandate), amount=amount)
        with pytest.raises(InvalidInput):
            await sepa.provider.charge(sepa.ctx, request)
        assert (await sepa.provider.look_up(sepa.ctx, request.key)).outcome is Outcome.NOT_SENT


async def test_the_other_tenant_has_nothing_of_it(sepa: SepaBench) -> None:
    """No mandate, no charge by it, no file, no settlement: each tenant's register is its own."""
    mandate = await sepa.mandate(ANNA)
    debit = await charged(sepa, mandate)
    file = await exported(sepa)
    other = sepa.other
    with pytest.raises(InvalidInput):
        await sepa.provider.charge(other, charge(mandate))
    assert await sepa.provider.list_methods(other, ANNA) == []
    for call in (
        sepa.provider.look_up_mandate(other, mandate.ref),
        sepa.provider.look_up_dispute(other, f"R{debit.end_to_end}"),
        exporting.undo(other, file.id),
        bank.settle_file(other, file.id),
    ):
        with pytest.raises(NotFound):
            await call
    assert (await exporting.export(other)).file is None
    await bank.read_file(other, "x.xml", camt([entry(debit.amount, debit.end_to_end)], iban=CREDITOR))
    assert (await sepa.debit(debit.key)).state == "exported"


async def test_announcements_are_one_mail_a_day_and_amount(sepa: SepaBench) -> None:
    """In the customer's language, with everything that belongs there; without the means the job tries again."""
    sent: list[tuple[str, str, list[str], str]] = []

    async def mail(customer: str, subject: str, paragraphs: list[str], *, key: str) -> None:
        sent.append((customer, subject, paragraphs, key))

    mandate = await sepa.mandate(ANNA)
    whole = sepa.ctx
    mute = {name: means for name, means in whole.means.items() if name != "mail.send"}
    sepa.ctx = Context(plugin="sepa", tenant=NORTH, settings=whole.settings, means=mute)
    debit = await charged(sepa, mandate)
    await announcing.announce(sepa.ctx)
    assert (await sepa.debit(debit.key)).announced_on is None
    assert (await exporting.export(sepa.ctx)).file is None
    able = Context(plugin="sepa", tenant=NORTH, settings=sepa.ctx.settings, means={**sepa.ctx.means, "mail.send": mail})
    await announcing.announce(able)
    await announcing.announce(able)
    ((customer, subject, paragraphs, key),) = sent
    text = "\n".join(paragraphs)
    assert (customer, key) == ("customer-1", f"sepa-notice:{debit.end_to_end}:{debit.day}")
    assert subject.startswith("Lastschrift über 50,00\N{NO-BREAK SPACE}€ am ")
    for part in ("Nordstern Telefonie GmbH", "DE98ZZZ09999999999", mandate.ref, "DE•• •••• 3000", "50,00"):
        assert part in text
    assert "37040044" not in text
    assert (await sepa.debit(debit.key)).announced_how == "mail"


async def test_events_not_taken_are_told_again(sepa: SepaBench, inbox: Inbox) -> None:
    """While the inbox refuses nothing is forgotten; afterwards each fact is told once."""
    debit = await charged(sepa, await sepa.mandate(ANNA))

    async def refuse(*_: Any) -> None:
        raise ConnectionError

    deaf = Context(
        plugin="sepa", tenant=NORTH, settings=sepa.ctx.settings, means={**sepa.ctx.means, "events.emit": refuse}
    )
    await telling.tell_quietly(deaf)
    with pytest.raises(ConnectionError):
        await telling.tell(deaf)
    await telling.tell(sepa.ctx)
    await telling.tell(sepa.ctx)
    assert told(inbox) == [("method", "mandate.active"), ("payment", "collection.queued")]
    assert inbox.events[-1][2].key == debit.key


async def test_the_settings_check_reminds(sepa: SepaBench) -> None:
    """Nothing to complain of at first; then what is due for a file, not announced, or not decided."""
    assert [one.level for one in await service.check_settings(sepa.host, NORTH, "sepa")] == ["ok"]
    await charged(sepa, await sepa.mandate(ANNA))
    sepa.move(timedelta(days=13))
    assert [one.level for one in await service.check_settings(sepa.host, NORTH, "sepa")] == ["ok", "warning"]
    await exporting.export(sepa.ctx)
    assert [one.level for one in await service.check_settings(sepa.host, NORTH, "sepa")] == ["ok", "warning"]
    await announcing.announce(sepa.ctx)
    await exported(sepa)
    sepa.move(timedelta(days=40))
    found = await service.check_settings(sepa.host, NORTH, "sepa")
    assert [one.level for one in found] == ["ok", "warning"]
    assert [one.level for one in await service.check_settings(sepa.host, FALKE, "sepa")] == ["ok"]


async def test_disabling_closes_open_pages(sepa: SepaBench) -> None:
    """Nobody agrees any more; what was agreed to before goes its way."""
    request, agreed = sepa.checkout(), sepa.checkout()
    await sepa.provider.create_checkout(sepa.ctx, request)
    await sepa.agreed(await sepa.provider.create_checkout(sepa.ctx, agreed))
    await service.disable(sepa.host, NORTH, "sepa", by="t")
    result = await sepa.provider.look_up(sepa.ctx, request.key)
    assert (result.outcome, result.code) == (Outcome.DECLINED, "provider_disabled")
    assert (await sepa.provider.look_up(sepa.ctx, agreed.key)).outcome is Outcome.PENDING


async def test_the_staffs_lists(sepa: SepaBench) -> None:
    """Search by name, reference or the last digits; of a collection by its number."""
    mandate = await sepa.mandate(ANNA, name="Zoë Müller")
    debit = await charged(sepa, mandate)
    async with open_book(sepa.ctx) as book:
        for text in ("müller", mandate.ref[-6:].lower(), "3000", "DE89 3704 0044 0532 0130 00", "customer-1"):
            assert [one.id for one in await mandates.search(book, text)] == [mandate.id], text
        assert await mandates.search(book, "4711") == []
        assert [one.id for one in await debits.search(book, "queued", debit.end_to_end[:12])] == [debit.id]
        assert await debits.search(book, "settled") == []

"""The bank transfer passes the conformance kit, and decides about statements as it should."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po
from banktransfer_house import SETTINGS, BankTransferBench, line_for, transfer_of, upload
from dummy_house import FALKE, NORTH, Inbox

import askpro_banktransfer
from askpro import clock
from askpro.errors import Conflict, InvalidInput, NotFound
from askpro.money import Money
from askpro.pluginhost import Host, service
from askpro.sdk import EventRefused, Outcome, Waiting, parse_manifest
from askpro.sdk.settings import setting_fields
from askpro.testing.providers import PaymentProviderContract
from askpro_banktransfer import desk
from askpro_banktransfer.intake import take_in
from askpro_banktransfer.model import Movement, Transfer
from askpro_banktransfer.movements import open_books
from askpro_banktransfer.settings import BankTransferSettings
from askpro_banktransfer.telling import tell
from support.camt import Line, camt053, joined
from support.turns import beside

pytestmark = pytest.mark.anyio


@pytest.fixture
async def host(house: Any) -> Host:
    host: Host = await house("banktransfer")
    for tenant in (NORTH, FALKE):
        await service.save_settings(host, tenant, "banktransfer", SETTINGS, by="t")
        await service.enable(host, tenant, "banktransfer", by="t")
    return host


@pytest.fixture
async def bench(host: Host) -> BankTransferBench:
    record = host.records["banktransfer"]
    ctx, other = [await host.contexts.for_tenant(record, tenant, 1) for tenant in (NORTH, FALKE)]
    return BankTransferBench(ctx, other)


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], None]:
    moved = [timedelta()]
    real = clock.now
    monkeypatch.setattr(clock, "now", lambda: real() + moved[0])

    def move(by: timedelta) -> None:
        moved[0] += by

    return move


class TestBankTransfer(PaymentProviderContract):
    """Every promise of the kit."""


async def _begun(bench: BankTransferBench, amount: str = "50", reference: str = "", name: str = "") -> Transfer:
    request = bench.checkout(Money.of(amount, "EUR"))
    customer = replace(request.customer, name=name)
    request = replace(request, customer=customer, metadata={"reference": reference} if reference else {})
    return await transfer_of(bench.ctx, await bench.provider.create_checkout(bench.ctx, request))


async def _queue(bench: BankTransferBench) -> list[Movement]:
    async with open_books(bench.ctx) as (_, movements):
        return await movements.queue()


async def _outcome(bench: BankTransferBench, transfer: Transfer) -> Outcome:
    outcome: Outcome = (await bench.provider.look_up(bench.ctx, transfer.key)).outcome
    return outcome


async def test_no_event_is_believed(bench: BankTransferBench) -> None:
    """A bank sends no events, so none is genuine."""
    for headers, body in (({}, b""), ({"x-signature": "v1"}, b"{}")):
        with pytest.raises(EventRefused):
            await bench.provider.verify_event(bench.ctx, headers, body)


async def test_the_same_file_and_the_same_entry_count_once(bench: BankTransferBench, inbox: Inbox) -> None:
    """A file twice changes nothing; an entry that a second statement repeats is known and changes nothing."""
    paid, wrong = await _begun(bench), await _begun(bench, "20")
    lines = [line_for(paid), line_for(wrong, Money.of(19, "EUR"))]
    data = camt053(lines)
    first, new = await take_in(bench.ctx, "a.xml", data)
    again, old = await take_in(bench.ctx, "b.xml", data)
    repeated = await upload(bench.ctx, *lines, Line("1.00", text="other"))
    assert (new, old) == (True, False)
    assert (first.matched, first.queued, first.known) == (1, 1, 0)
    assert again == first
    assert (repeated.matched, repeated.queued, repeated.known) == (0, 1, 2)
    await tell(bench.ctx)
    await tell(bench.ctx)
    assert [event.key for _, _, event in inbox.events] == [paid.key]
    assert len(await _queue(bench)) == 2


async def test_another_amount_waits_for_a_person(bench: BankTransferBench) -> None:
    """Too little or too much is credited to nobody; meanwhile the payment is neither declined nor asked for again."""
    short, over = await _begun(bench), await _begun(bench)
    told = await upload(bench.ctx, line_for(short, Money.of("49.99", "EUR")), line_for(over, Money.of(51, "EUR")))
    assert (told.matched, told.queued) == (0, 2)
    assert {(one.reason, one.named) for one in await _queue(bench)} == {
        ("wrong_amount", short.id), ("wrong_amount", over.id)
    }  # fmt: skip
    assert [await _outcome(bench, one) for one in (short, over)] == [Outcome.UNKNOWN] * 2
    excess = next(one for one in await _queue(bench) if one.named == over.id)
    with pytest.raises(Conflict) as refused:
        await desk.assign(bench.ctx, excess.id, over.reference)
    assert refused.value.code == "amount_too_large"


async def test_two_payments_fill_one_order(bench: BankTransferBench) -> None:
    """Parts are assigned one by one; the order is paid when they add up to it exactly, and only then."""
    transfer = await _begun(bench, "59.50", "T-261122-K7QM4")
    await upload(bench.ctx, line_for(transfer, Money.of(50, "EUR")), Line("9.50", text="rest, sorry"))
    first, second = sorted(await _queue(bench), key=lambda one: -one.amount.units)
    after = await desk.assign(bench.ctx, first.id, "t-261122 k7qm4")
    assert (after.state, after.missing) == ("open", Money.of("9.50", "EUR"))
    assert await _outcome(bench, transfer) is Outcome.UNKNOWN
    await desk.undo(bench.ctx, first.id)
    await desk.assign(bench.ctx, first.id, str(transfer.id))
    case = await desk.open_case(bench.ctx, second.id)
    assert [one.id for one in case.candidates] == [transfer.id]
    after = await desk.assign(bench.ctx, second.id, transfer.reference.lower())
    assert after.state == "settled"
    result = await bench.provider.look_up(bench.ctx, transfer.key)
    assert (result.outcome, result.amount) == (Outcome.SETTLED, Money.of("59.50", "EUR"))
    for movement in (first, second):
        with pytest.raises(Conflict) as refused:
            await desk.undo(bench.ctx, movement.id)
        assert refused.value.code == "already_settled"
    with pytest.raises(Conflict):
        await desk.assign(bench.ctx, second.id, transfer.reference)


async def test_the_rest_of_a_part_settles_by_itself(bench: BankTransferBench) -> None:
    """Once a person has assigned a part, a payment of just the rest with the reference needs nobody."""
    transfer = await _begun(bench)
    await upload(bench.ctx, line_for(transfer, Money.of(20, "EUR")))
    await desk.assign(bench.ctx, (await _queue(bench))[0].id, str(transfer.id))
    told = await upload(bench.ctx, line_for(transfer, Money.of(30, "EUR")))
    assert (told.matched, told.queued) == (1, 0)
    assert await _outcome(bench, transfer) is Outcome.SETTLED


async def test_reasons(bench: BankTransferBench) -> None:
    """Each way in which a payment can be unclear is named, and none is credited."""
    first, second = await _begun(bench, "10", name="Anna Wagner-Rösch"), await _begun(bench, "11")
    third, paid = await _begun(bench, "11"), await _begun(bench, "12")
    await _begun(bench, "13", name="Ben Roth")
    await upload(bench.ctx, line_for(paid))
    broken = first.reference[:-2] + first.reference[-1] + first.reference[-2]
    foreign = "RF18539007547034"
    await upload(
        bench.ctx,
        Line("10.00", text="Aufladung", name="WAGNER-ROESCH ANNA"),
        Line("11.00", text="Aufladung"),
        Line("13.00", text="Aufladung", name="Somebody"),
        Line("10.00", text=f"{second.reference} {third.reference}"),
        Line("10.00", text=broken if broken != first.reference else "RF00AAAAAAAA"),
        line_for(paid, bank_ref="again"),
        Line("99.00", text="Miete"),
        line_for(first, credit=False),
        line_for(first, reversal=True),
        Line("5.00", credit=False, text="Kontogebühr"),
        line_for(first, status="PDNG"),
        Line("7.00", creditor_reference=foreign, text=""),
    )
    reasons = sorted(one.reason for one in await _queue(bench))
    assert reasons == sorted(["fits_name", "fits_several", "fits_amount", "several_references", "damaged_reference",
                              "paid_again", "unknown", "went_back", "went_back", "unknown"])  # fmt: skip
    assert [await _outcome(bench, one) for one in (second, third)] == [Outcome.PENDING] * 2


async def test_an_unknown_reference_is_named(bench: BankTransferBench) -> None:
    """A reference of ours that no order has, as of another reseller, is credited to nobody."""
    ours = await _begun(bench)
    mine = await bench.provider.create_checkout(bench.other, bench.checkout(Money.of(50, "EUR")))
    theirs = await transfer_of(bench.other, mine)
    told = await upload(bench.ctx, line_for(theirs))
    assert (told.matched, told.queued) == (0, 1)
    assert (await _queue(bench))[0].reason == "unknown_reference"
    with pytest.raises(NotFound):
        await desk.assign(bench.ctx, (await _queue(bench))[0].id, str(theirs.id))
    assert await _outcome(bench, ours) is Outcome.PENDING
    assert (await bench.provider.look_up(bench.other, theirs.key)).outcome is Outcome.PENDING


async def test_the_order_number_does_as_well(bench: BankTransferBench) -> None:
    """Customers who type the number of their order instead are found too, however they write it."""
    transfer = await _begun(bench, reference="T-261122-K7QM4")
    told = await upload(bench.ctx, Line("50.00", text="Guthaben t 261122/k7qm4 danke"))
    assert told.matched == 1
    assert await _outcome(bench, transfer) is Outcome.SETTLED


async def test_late_money_is_credited(bench: BankTransferBench, later: Callable[[timedelta], None]) -> None:
    """After the days are over the transfer counts as not made; when the money comes all the same it settles."""
    late, cancelled, stuck = await _begun(bench), await _begun(bench), await _begun(bench)
    await bench.decline(await bench.provider.create_checkout(bench.ctx, bench.checkout(key=cancelled.key)))
    await upload(bench.ctx, line_for(stuck, Money.of(1, "EUR")))
    later(timedelta(days=14, minutes=1))
    result = await bench.provider.look_up(bench.ctx, late.key)
    assert (result.outcome, result.code) == (Outcome.DECLINED, "expired")
    assert await _outcome(bench, stuck) is Outcome.UNKNOWN  # money is there: nobody may call that declined
    told = await upload(bench.ctx, line_for(late), line_for(cancelled))
    assert told.matched == 2
    assert [await _outcome(bench, one) for one in (late, cancelled)] == [Outcome.SETTLED] * 2


async def test_aside_and_back(bench: BankTransferBench) -> None:
    """What is not ours leaves the queue with a note, can be taken back, and is decided once."""
    await upload(bench.ctx, Line("99.00", text="Miete"), Line("98.00", text="Miete"), Line("97.00", text="Miete"))
    first, *_ = await _queue(bench)
    with pytest.raises(InvalidInput):
        await desk.put_aside(bench.ctx, first.id, "foreign", "  ")
    await desk.put_aside(bench.ctx, first.id, "foreign", "rent of the flat")
    with pytest.raises(Conflict):
        await desk.put_aside(bench.ctx, first.id, "returned", "again")
    assert len(await _queue(bench)) == 2
    assert await desk.set_aside_unknown(bench.ctx, "rents") == 2
    assert await _queue(bench) == []
    await desk.undo(bench.ctx, first.id)
    assert [one.id for one in await _queue(bench)] == [first.id]


async def test_only_statements_of_the_own_account(bench: BankTransferBench) -> None:
    """A statement of another account, or in another currency, is refused as a whole."""
    with pytest.raises(InvalidInput) as refused:
        await upload(bench.ctx, Line("1.00"), account="DE02120300000000202051")
    assert refused.value.code == "statement_other_account"
    with pytest.raises(InvalidInput) as refused:
        await upload(bench.ctx, Line("1.00", currency="CHF"), currency="CHF")
    assert refused.value.code == "statement_other_currency"


async def test_a_batch_pays_several_orders(bench: BankTransferBench) -> None:
    """An entry that stands for several transactions is taken apart, each payment with a number of its own."""
    first, second = await _begun(bench), await _begun(bench, "20")
    parts = tuple(line_for(one, bank_ref="") for one in (first, second))
    told = await upload(bench.ctx, Line("70.00", parts=parts, bank_ref="B-7"))
    assert told.matched == 2
    numbers = {(await bench.provider.look_up(bench.ctx, one.key)).provider_ref for one in (first, second)}
    assert len(numbers) == 2


@pytest.mark.parametrize("apart", [False, True])
async def test_equal_payments_on_two_pages_are_two(bench: BankTransferBench, apart: bool) -> None:
    """A bank that numbers nothing: one payment on each page, alike in everything, in one file or in a file for each;
    both wait for a person, and the same pages once more bring nothing new."""
    pages = [camt053([Line("99.00", text="Miete")], page=number) for number in (1, 2)]
    for data in pages if apart else [joined(*pages)]:
        await take_in(bench.ctx, "a.xml", data)
    assert len(await _queue(bench)) == 2
    for data in (*pages, joined(*pages)):
        await take_in(bench.ctx, "b.xml", data)
    assert len(await _queue(bench)) == 2


@pytest.mark.slow
async def test_a_large_statement_blocks_nobody(bench: BankTransferBench) -> None:
    """While thousands of lines are read and searched, others have their turn, in every stage; a question asked after
    the statement was handed in is answered before it."""
    transfer = await _begun(bench, reference="T-261122-K7QM4")
    lines = [replace(line_for(transfer, Money.of(1, "EUR")), text=f"Rechnung {number}") for number in range(4_000)]
    data = camt053([*lines, line_for(transfer)])

    async def question() -> None:
        await _outcome(bench, transfer)

    async def statement() -> None:
        await take_in(bench.ctx, "large.xml", data)

    done, turns = await beside(statement(), question())
    assert done == ["question", "work"]
    assert turns > 100
    assert await _outcome(bench, transfer) is Outcome.SETTLED


async def test_announced_is_told(bench: BankTransferBench, inbox: Inbox) -> None:
    """When the customer has ordered the transfer, the core hears of it and shows a pending line."""
    transfer = await _begun(bench)
    await bench.delay(await bench.provider.create_checkout(bench.ctx, bench.checkout(key=transfer.key)))
    await tell(bench.ctx)
    assert [event.type for _, _, event in inbox.events] == ["transfer.announced"]
    result = await bench.provider.look_up(bench.ctx, transfer.key)
    assert (result.outcome, result.waiting) == (Outcome.PENDING, Waiting.PROVIDER)


async def test_settings_are_checked(host: Host) -> None:
    """An IBAN with a slip of the pen, an unknown BIC or no name never become settings."""
    for wrong in ({"iban": "DE88370400440532013000"}, {"bic": "NOBANK"}, {"holder": ""}, {"days": 0},
                  {"iban": "GB29NWBK60161331926819"}):  # fmt: skip
        with pytest.raises(InvalidInput):
            await service.save_settings(host, NORTH, "banktransfer", {**SETTINGS, **wrong}, by="t")
    spaced = {**SETTINGS, "iban": " de89 3704 0044 0532 0130 00 "}
    version = await service.save_settings(host, NORTH, "banktransfer", spaced, by="t")
    ctx = await host.contexts.for_tenant(host.records["banktransfer"], NORTH, version)
    assert (ctx.settings.iban, ctx.settings.bank_name) == ("DE89370400440532013000", "Commerzbank")


@pytest.mark.parametrize("language", ["de", "en", "es", "fr"])
def test_every_text_is_translated(language: str) -> None:
    """Pages, reasons, refusals and settings have a text in each language of the house."""
    folder = Path(askpro_banktransfer.__file__).parent
    options = {"**.html": {"trimmed": "true", "silent": "false"}}
    methods = [("**.py", "python"), ("**.html", "jinja2.ext.babel_extract")]
    found = extract_from_dir(folder, methods, options, keywords={"gettext": None, "N_": None, "t": None})
    wanted = {message for _, _, message, _, _ in found if isinstance(message, str)}
    for item in setting_fields(BankTransferSettings):
        wanted |= {text for text in (item.title, item.help) if text}
    with (folder / "locales" / language / "LC_MESSAGES" / "banktransfer.po").open("rb") as source:
        catalogue = read_po(source, locale=language)
    assert len(wanted) > 100
    assert {text for text in wanted if not (entry := catalogue.get(text)) or not entry.string} == set()
    manifest = parse_manifest((folder / "askpro-plugin.toml").read_text())
    assert {str(entry.id) for entry in catalogue if entry.id} - wanted - {manifest.title, manifest.summary} == set()

"""Account statements and status reports: read exactly, refused by name, and never believed more than they say."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import xmlschema
from hypothesis import given, settings
from hypothesis import strategies as st

from askpro.errors import InvalidInput
from askpro.money import Money
from askpro.sdk import read_camt053, read_pain002
from askpro.sdk.statements import LARGEST_FILE
from support.camt import ACCOUNT, Line, camt053, joined

_AMOUNTS = st.decimals(min_value=Decimal("0.01"), max_value=Decimal("99999999.99"), places=2).map(str)
_WORDS = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "Zs")), max_size=60).map(
    lambda text: " ".join(text.split())
)
_PLAIN = st.builds(
    Line,
    amount=_AMOUNTS,
    credit=st.booleans(),
    text=_WORDS,
    name=_WORDS.filter(bool),
    status=st.sampled_from(["BOOK", "PDNG"]),
    day=st.dates(date(2000, 1, 1), date(2099, 12, 31)),
    bank_ref=st.sampled_from(["", "B-1", "B-2"]),
)
_BATCH = st.lists(_PLAIN, min_size=2, max_size=4).map(
    lambda parts: Line(
        amount=str(abs(sum((one.signed for one in parts), Decimal(0)))),
        credit=sum((one.signed for one in parts), Decimal(0)) >= 0,
        parts=tuple(parts),
    )
)


def _refusal(data: bytes) -> str:
    with pytest.raises(InvalidInput) as refused:
        read_camt053(data)
    return refused.value.code


@given(st.lists(st.one_of(_PLAIN, _BATCH), max_size=5), st.sampled_from([2, 8]))
@settings(max_examples=60)
def test_what_is_written_is_read(lines: list[Line], version: int) -> None:
    """Amount to the unit, direction, status, day, words and parties survive, in the old shape and in the new one."""
    (statement,) = read_camt053(camt053(lines, version=version))
    wanted = []
    for line in lines:  # the parts of a batch have its direction only where the version gives them none of their own
        parts = line.parts if line.parts and (version == 8 or all(one.credit for one in line.parts)) else ()
        if version == 2 and line.parts and all(one.credit == line.credit for one in line.parts):
            parts = line.parts
        wanted += [
            (Money.of(one.amount, "EUR"), one.credit, line.status == "BOOK", line.day)
            + ((one.text, one.name) if not line.parts or parts else ("", ""))
            for one in (parts or (line,))
        ]
    read = [(one.amount, one.credit, one.booked, one.booked_on, one.remittance, one.counterparty_name)
            for one in statement.entries]  # fmt: skip
    assert read == wanted
    keys = [one.key for one in statement.entries]
    assert len(set(keys)) == len(keys)
    assert [one.key for one in read_camt053(camt053(lines, version=version, number="S-2"))[0].entries] == keys
    assert statement.closing is not None
    assert not [one for one in statement.problems if "balance" in one]


@pytest.mark.parametrize("lines", [
    [Line("12.50", text="RF18 5390 0754 7034", bank_ref="B-1")],
    [Line("53.00", credit=False, return_reason="AC04", instructed="50.00", charges="3.00", mandate_id="M-1")],
    [Line("30.00", parts=(Line("10.00", text="one"), Line("20.00", creditor_reference="RF18539007547034")))],
])  # fmt: skip
def test_what_the_tests_write_is_a_statement(reference: Path, lines: list[Line]) -> None:
    """The files of these tests are valid camt.053.001.08 by ISO's own schema."""
    schema: Any = xmlschema.XMLSchema(reference / "iso20022" / "xsd" / "camt.053.001.08.xsd")
    schema.validate(joined(camt053(lines, page=1), camt053(lines, page=2)).decode())


def test_a_return_tells_why_and_what_it_cost() -> None:
    """A direct debit that came back: reason, mandate, what was ordered first and the bank's charge."""
    for version in (2, 8):
        line = Line("53.00", credit=False, return_reason="AC04", instructed="50.00", charges="3.00",
                    mandate_id="M-1", end_to_end_id="E-1")  # fmt: skip
        (entry,) = read_camt053(camt053([line], version=version))[0].entries
        assert (entry.return_reason, entry.mandate_id, entry.end_to_end_id) == ("AC04", "M-1", "E-1")
        assert (entry.amount, entry.instructed, entry.charges) == (
            Money.of(53, "EUR"), Money.of(50, "EUR"), Money.of(3, "EUR")
        )  # fmt: skip


def test_the_counterparty_is_never_ourselves() -> None:
    """In a return the parties keep their first roles: the side with our own IBAN is left out."""
    line = Line("50.00", credit=False, name="Ourselves", iban=ACCOUNT)
    other = "<Dbtr><Pty><Nm>Ben Roth</Nm></Pty></Dbtr><DbtrAcct><Id><IBAN>DE02120300000000202051</IBAN></Id></DbtrAcct>"
    data = camt053([line]).replace(b"<RltdPties>", b"<RltdPties>" + other.encode())
    (entry,) = read_camt053(data)[0].entries
    assert (entry.counterparty_name, entry.counterparty_iban) == ("Ben Roth", "DE02120300000000202051")


def test_only_what_is_booked_counts() -> None:
    """Pending and future entries are told apart; a reversal is marked."""
    lines = [Line("1.00"), Line("2.00", status="PDNG"), Line("4.00", status="FUTR"), Line("8.00", reversal=True)]
    (statement,) = read_camt053(camt053(lines))
    assert [one.amount.decimal for one in statement.booked] == [1, 8]
    assert [one.reversal for one in statement.entries] == [False, False, False, True]


def test_equal_entries_are_two() -> None:
    """Two payments alike in everything, in one statement, are two; in another copy they are the same two."""
    for reference in ("", "B-1"):
        line = Line("50.00", text="top-up", bank_ref=reference)
        first, again = (read_camt053(camt053([line, line], number=name))[0] for name in ("S-1", "S-2"))
        keys = [one.key for one in first.entries]
        assert len(set(keys)) == 2
        assert keys == [one.key for one in again.entries]


@pytest.mark.parametrize("version", [2, 8])
@pytest.mark.parametrize("reference", ["", "B-1"])
def test_equal_entries_on_two_pages_are_two(version: int, reference: str) -> None:
    """One booking on each page of a statement, alike in everything: two keys, the same ones when the file comes again
    and, where the bank numbers nothing, also when each page comes as a file of its own."""
    line = Line("50.00", text="top-up", bank_ref=reference)
    pages = [camt053([line], version=version, page=number) for number in (1, 2)]
    assert [read_camt053(page)[0].page for page in pages] == [1, 2]
    if version == 8:  # a message has one page number in the old version
        whole = [one.key for statement in read_camt053(joined(*pages)) for one in statement.entries]
        assert len(set(whole)) == 2
        assert [one.key for statement in read_camt053(joined(*pages)) for one in statement.entries] == whole
        assert read_camt053(pages[0])[0].entries[0].key == whole[0]
    if not reference:
        apart = [read_camt053(page)[0].entries[0].key for page in pages]
        assert len(set(apart)) == 2
        assert version == 2 or apart == whole


def test_a_statement_twice_in_a_file_tells_of_nothing_new() -> None:
    """Two statements of a file that are alike word for word are one; bookings alike in two others are two."""
    lines = [Line("50.00", text="top-up"), Line("50.00", text="top-up"), Line("7.00")]
    copies = read_camt053(joined(camt053(lines), camt053(lines)))
    assert [one.key for one in copies[0].entries] == [one.key for one in copies[1].entries]
    morning, evening = camt053([lines[0]], number="S-1"), camt053([lines[0]], number="S-2")
    keys = [one.key for statement in read_camt053(joined(morning, evening)) for one in statement.entries]
    assert len(set(keys)) == 2
    assert keys == [one.key for one in read_camt053(camt053(lines))[0].entries[:2]]


def test_a_bank_that_gives_no_number_gets_a_stable_one() -> None:
    """Without the bank's reference a digest stands in, the same however the bank breaks the lines."""
    broken, whole = (Line("50.00", text=text) for text in ("RF18 5390\n0754 7034", "RF18 5390 0754 7034"))
    keys = {read_camt053(camt053([one]))[0].entries[0].bank_ref for one in (broken, whole)}
    assert len(keys) == 1
    assert keys.pop().startswith("digest-")


def test_balances_that_do_not_add_up_are_reported() -> None:
    """A gap between opening, entries and closing is said, not refused: the entries are still true."""
    (statement,) = read_camt053(camt053([Line("50.00")], closing="1049.99"))
    assert [one for one in statement.problems if "1050" in one and "1049.99" in one]
    assert len(statement.entries) == 1
    assert read_camt053(camt053([Line("1050.00", credit=False)]))[0].closing == Money.of(-50, "EUR")


def test_a_batch_that_does_not_add_up_stays_in_one_piece() -> None:
    """Nobody is credited from parts that are not the whole."""
    (statement,) = read_camt053(camt053([Line("31.00", parts=(Line("10.00"), Line("20.00")))]))
    assert [(one.amount.decimal, one.batch, one.remittance) for one in statement.entries] == [(Decimal(31), True, "")]
    assert "do not add up" in statement.problems[0]


@pytest.mark.parametrize(("data", "code"), [
    (b"", "statement_not_xml"),
    (b"date;amount\n", "statement_not_xml"),
    (b"PK\x03\x04rest", "statement_not_xml"),
    (b"<html/>", "statement_other_message"),
    (camt053([Line("1.00")]).replace(b"camt.053.001", b"camt.054.001"), "statement_other_message"),
    (camt053([Line("1.00")])[:-30], "statement_not_xml"),
    (camt053([Line("1.00")]).replace(b'encoding="UTF-8"', b'encoding="X-42"'), "statement_not_xml"),
    (camt053([Line("1.00")]).replace(b">1.00<", b">NaN<"), "statement_amount"),
    (camt053([Line("1.00")]).replace(b">1.00<", b">-1.00<"), "statement_amount"),
    (camt053([Line("9" * 18)]), "statement_amount"),
    (camt053([Line("1.00")]).replace(b"<BookgDt><Dt>2026-03-02", b"<BookgDt><Dt>02.03.2026"), "statement_date"),
    (camt053([Line("1.00", currency="CHF")]), "statement_currency"),
    (camt053([Line("1.00")]).replace(b'Ccy="EUR">1.00', b'Ccy="eur">1.00'), "statement_currency"),
    (camt053([Line("1.00")], account=""), "statement_account"),
    (b" " * (LARGEST_FILE + 1), "statement_too_large"),
])  # fmt: skip
def test_what_is_wrong_is_named(data: bytes, code: str) -> None:
    """Every file that cannot be read is refused with a code that says why."""
    assert _refusal(data) == code


def test_entities_are_not_expanded() -> None:
    """An entity bomb and a file that wants to read /etc/passwd are refused before anything is expanded."""
    body = camt053([Line("1.00")]).partition(b"\n")[2]
    bomb = b'<!DOCTYPE Document [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
    thief = b'<!DOCTYPE Document [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
    for head in (bomb, thief, b"<!DOCTYPE Document>"):
        assert _refusal(head + body.replace(b"S-1", b"&a;")) == "statement_unsafe"


def test_other_encodings() -> None:
    """Banks also write Latin-1; names come out right."""
    (statement,) = read_camt053(camt053([Line("1.00", name="Jörg Müßig")], encoding="ISO-8859-1"))
    assert statement.entries[0].counterparty_name == "Jörg Müßig"


_REPORT = """<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.{version}"><CstmrPmtStsRpt>
<GrpHdr><MsgId>R-1</MsgId><CreDtTm>2026-03-02T20:00:00</CreDtTm></GrpHdr>
<OrgnlGrpInfAndSts><OrgnlMsgId>M-1</OrgnlMsgId><OrgnlMsgNmId>pain.008.001.08</OrgnlMsgNmId>{group}</OrgnlGrpInfAndSts>
<OrgnlPmtInfAndSts><OrgnlPmtInfId>P-1</OrgnlPmtInfId>{batch}
<TxInfAndSts><OrgnlInstrId>I-1</OrgnlInstrId><OrgnlEndToEndId>E-1</OrgnlEndToEndId><TxSts>RJCT</TxSts>
<StsRsnInf><Rsn><Cd>AC01</Cd></Rsn><AddtlInf>IBAN  incorrect</AddtlInf></StsRsnInf>
<OrgnlTxRef><Amt><InstdAmt Ccy="EUR">59.5</InstdAmt></Amt>
<MndtRltdInf>{mandate}</MndtRltdInf></OrgnlTxRef></TxInfAndSts>
<TxInfAndSts><OrgnlEndToEndId>E-2</OrgnlEndToEndId><TxSts>ACSC</TxSts></TxInfAndSts>
</OrgnlPmtInfAndSts></CstmrPmtStsRpt></Document>"""


def _report(version: str, group: str = "", batch: str = "") -> bytes:
    mandate = "<MndtId>MND-7</MndtId>"
    if int(version) >= 12:
        mandate = f"<DrctDbtMndt>{mandate}</DrctDbtMndt>"
    return _REPORT.format(version=version, group=group, batch=batch, mandate=mandate).encode()


@pytest.mark.parametrize("version", ["03", "10", "12", "14"])
def test_status_report(version: str) -> None:
    """Each transaction by our own number, with status, reason, amount and mandate; mute levels are left out."""
    refused, settled = read_pain002(_report(version))
    assert (refused.end_to_end_id, refused.status, refused.reason) == ("E-1", "RJCT", "AC01")
    assert (refused.amount, refused.mandate_id, refused.said) == (Money.of("59.5", "EUR"), "MND-7", "IBAN incorrect")
    assert (refused.rejected, settled.rejected) == (True, False)
    assert (refused.message_id, refused.payment_id) == ("M-1", "P-1")


def test_status_report_of_a_whole_file() -> None:
    """A file that was refused as a whole says so above its transactions."""
    reason = "<StsRsnInf><Rsn><Cd>FF01</Cd></Rsn></StsRsnInf>"
    lines = read_pain002(_report("12", f"<GrpSts>RJCT</GrpSts>{reason}", f"<PmtInfSts>RJCT</PmtInfSts>{reason}"))
    assert [(one.level, one.status, one.reason) for one in lines[:2]] == [
        ("file", "RJCT", "FF01"),
        ("batch", "RJCT", "FF01"),
    ]
    with pytest.raises(InvalidInput) as refused:
        read_pain002(camt053([Line("1.00")]))
    assert refused.value.code == "statement_other_message"


@pytest.mark.parametrize("version", ["12", "14"])
def test_the_reports_of_these_tests_are_reports(reference: Path, version: str) -> None:
    """Valid by ISO's own schemas."""
    schema: Any = xmlschema.XMLSchema(reference / "iso20022" / "xsd" / f"pain.002.001.{version}.xsd")
    schema.validate(_report(version, "<GrpSts>PART</GrpSts>").decode())

"""pain.008 as it is written: against the official schema, an independent checker, and our own reading of it."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import xmlschema
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schwifty import IBAN

from askpro.errors import InvalidInput
from askpro_sepa.inspecting import inspect
from askpro_sepa.pain008 import SCHEMA, Creditor, Line, faults_of_line, write
from askpro_sepa.target import first_day
from askpro_sepa.words import NAME, TEXT, plain

AT = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
NORTH = Creditor("Nordstern Telefonie", "DE98ZZZ09999999999", "DE02120300000000202051", "", "CORE")
ACCOUNTS = [
    "DE89370400440532013000", "AT611904300234573201", "BE71096123456769", "ES9121000418450200051332",
    "FR1420041010050500013M02606", "NL91ABNA0417164300", "IT60X0542811101000000123456", "PT50000201231234567890154",
]  # fmt: skip

Check = Callable[[bytes], list[str]]
MANY = settings(
    max_examples=60, deadline=None, suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # making a failing file smaller takes minutes
)  # fmt: skip


@pytest.fixture(scope="session")
def official(reference: Path) -> Check:
    """The schema beside the reference data."""
    schema = xmlschema.XMLSchema(str(reference / "iso20022" / "xsd" / f"{SCHEMA}.xsd"))
    return lambda data: [str(one.reason) for one in schema.iter_errors(data.decode())]


@pytest.fixture(scope="session")
def judge(reference: Path) -> Check:
    """Somebody else's checker of the same rules; it needs libraries that we do not."""
    for needed in ("lxml", "stdnum"):
        pytest.importorskip(needed, reason=f"the reference checker needs {needed}")
    spec = importlib.util.spec_from_file_location("reference_iso20022", reference / "iso20022" / "check.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    check: Check = module.check
    return check


@pytest.fixture(scope="session", params=["official", "judge"])
def referee(request: pytest.FixtureRequest) -> Check:
    """Each that can be asked here; one that cannot is a skip with its reason, never silence."""
    check: Check = request.getfixturevalue(request.param)
    return check


def line(number: int = 1, **changes: Any) -> Line:
    """A collection that is well."""
    values = {
        "end_to_end": f"AP{number:032X}", "cents": 5000, "mandate": f"M261122-{number:08}",
        "signed_on": date(2026, 11, 22), "name": "Anna Mueller", "iban": ACCOUNTS[0], "bic": "",
        "text": "Credit at Nordstern, reference T-261122-K7QM4", "collect_on": date(2026, 12, 7), "sequence": "RCUR",
    }  # fmt: skip
    return Line(**{**values, **changes})


_NAMES = st.text(min_size=1, max_size=60).map(plain).filter(lambda text: 0 < len(text) <= NAME and text.strip() == text)
_TEXTS = st.text(min_size=1, max_size=120).map(plain).filter(lambda text: 0 < len(text) <= TEXT)


@st.composite
def batches(draw: Any) -> list[Line]:
    """A queue as the register can hold one."""
    lines = []
    for number in range(1, draw(st.integers(1, 8)) + 1):
        day = first_day(date(2026, 11, 23) + timedelta(days=draw(st.integers(0, 400))))
        lines.append(
            line(
                number, cents=draw(st.integers(1, 99_999_999_999)), name=draw(_NAMES), text=draw(_TEXTS),
                iban=draw(st.sampled_from(ACCOUNTS)), bic=draw(st.sampled_from(["", "COBADEFFXXX", "BYLADEM1001"])),
                collect_on=day, signed_on=day - timedelta(days=draw(st.integers(0, 900))),
                mandate=draw(st.from_regex(r"[A-Z0-9-]{1,35}", fullmatch=True)),
                sequence=draw(st.sampled_from(["RCUR", "OOFF"])),
            )
        )  # fmt: skip
    return lines


@pytest.mark.slow
@given(lines=batches(), scheme=st.sampled_from(["CORE", "B2B"]))
@MANY
def test_random_collections_pass_the_referee(referee: Check, lines: list[Line], scheme: str) -> None:
    """60 queues: somebody else's check finds nothing to say of the file."""
    creditor = Creditor(NORTH.name, NORTH.identifier, NORTH.iban, "", scheme)
    assert referee(write(creditor, lines, "NORD-261122-0A1B2C3D4E", AT)) == []


@pytest.mark.slow
@given(lines=batches(), scheme=st.sampled_from(["CORE", "B2B"]))
@MANY
def test_random_collections_make_valid_files(lines: list[Line], scheme: str) -> None:
    """60 queues, with or without a referee: our reading finds no fault, and what it reads is what was meant."""
    creditor = Creditor(NORTH.name, NORTH.identifier, NORTH.iban, "", scheme)
    data = write(creditor, lines, "NORD-261122-0A1B2C3D4E", AT)
    seen = inspect(data)
    assert seen.faults == ()
    assert (seen.message_id, seen.count) == ("NORD-261122-0A1B2C3D4E", len(lines))
    assert seen.cents == sum(one.cents for one in lines)
    found = {number: batch for batch in seen.batches for number in batch.end_to_end}
    assert {one.end_to_end: one.collect_on for one in lines} == {key: one.collect_on for key, one in found.items()}
    assert len(seen.batches) == len({(one.collect_on, one.sequence) for one in lines})


def test_a_file_passes_the_official_schema(official: Check) -> None:
    """The XSD of the reference data; it stands in its own test so that its absence is seen."""
    assert official(write(NORTH, [line(1), line(2, bic="COBADEFFXXX")], "NORD-1", AT)) == []
    assert official(_broken("sequence")) != []


def test_a_file_passes_the_reference_checker(judge: Check) -> None:
    """Schema and scheme rules by another hand, without so much as a warning."""
    assert judge(write(NORTH, [line(1), line(2, bic="COBADEFFXXX")], "NORD-1", AT)) == []


def test_accounts_of_every_country_of_ours() -> None:
    """An IBAN of each member state that schwifty can make passes, also by the country's own check digits."""
    for country in ("AT", "BE", "DE", "ES", "FI", "FR", "IE", "IT", "LU", "NL", "PL", "PT", "SI"):
        for _ in range(5):
            made = IBAN.random(country_code=country).compact
            assert "iban" not in faults_of_line(line(iban=str(made)))


BREAKS: dict[str, tuple[str, str]] = {
    "number of transactions": ("<NbOfTxs>2</NbOfTxs><CtrlSum>", "<NbOfTxs>3</NbOfTxs><CtrlSum>"),
    "control sum": ("<CtrlSum>100.00</CtrlSum>", "<CtrlSum>100.01</CtrlSum>"),
    "amount": ('<InstdAmt Ccy="EUR">50.00</InstdAmt>', '<InstdAmt Ccy="EUR">51.00</InstdAmt>'),
    "nothing to pay": ('<InstdAmt Ccy="EUR">50.00</InstdAmt>', '<InstdAmt Ccy="EUR">0.00</InstdAmt>'),
    "fractions of a cent": ('<InstdAmt Ccy="EUR">50.00</InstdAmt>', '<InstdAmt Ccy="EUR">50.001</InstdAmt>'),
    "too much": ('<InstdAmt Ccy="EUR">50.00</InstdAmt>', '<InstdAmt Ccy="EUR">1000000000.00</InstdAmt>'),
    "other money": ('Ccy="EUR"', 'Ccy="USD"'),
    "IBAN check digits": ("<IBAN>DE89370400440532013000</IBAN>", "<IBAN>DE88370400440532013000</IBAN>"),
    "IBAN of the creditor": ("<IBAN>DE02120300000000202051</IBAN>", "<IBAN>DE03120300000000202051</IBAN>"),
    "creditor identifier": ("<PrvtId><Othr><Id>DE98", "<PrvtId><Othr><Id>DE99"),
    "space in a mandate": ("<MndtId>M261122-", "<MndtId>M261122 "),
    "mandate too long": ("<MndtId>M261122-", f"<MndtId>{'M' * 40}"),
    "umlaut in a mandate": ("<MndtId>M", "<MndtId>Ü"),
    "mandate after the collection": ("<DtOfSgntr>2026-11-22<", "<DtOfSgntr>2026-12-08<"),
    "no day of signature": ("<DtOfSgntr>2026-11-22</DtOfSgntr>", ""),
    "emoji in a name": ("<Nm>Anna Mueller</Nm>", "<Nm>Anna 🚀</Nm>"),
    "ampersand in a name": ("<Nm>Anna Mueller</Nm>", "<Nm>Anna &amp; Ben</Nm>"),
    "quote in a name": ("<Nm>Anna Mueller</Nm>", '<Nm>"Anna"</Nm>'),
    "name too long": ("<Nm>Anna Mueller</Nm>", f"<Nm>{'A' * 71}</Nm>"),
    "emoji in the purpose": ("<Ustrd>Credit", "<Ustrd>🚀"),
    "purpose too long": ("<Ustrd>Credit", f"<Ustrd>{'A' * 141}"),
    "two purposes": ("<RmtInf><Ustrd>", "<RmtInf><Ustrd>A</Ustrd><Ustrd>"),
    "end-to-end id with a slash": ("<EndToEndId>AP", "<EndToEndId>/P"),
    "end-to-end id too long": ("<EndToEndId>AP", "<EndToEndId>APXX"),
    "double slash in the message id": ("<MsgId>NORD-1", "<MsgId>NORD//1"),
    "batch id": ("<PmtInfId>NORD-1-1", "<PmtInfId>/NORD-1-1"),
    "sequence": ("<SeqTp>RCUR", "<SeqTp>RCCR"),
    "scheme": ("<Cd>CORE</Cd>", "<Cd>COR1</Cd>"),
    "service level": ("<SvcLvl><Cd>SEPA", "<SvcLvl><Cd>URGP"),
    "charges": ("<ChrgBr>SLEV", "<ChrgBr>SHAR"),
    "another message": (f"xsd:{SCHEMA}", "xsd:pain.008.001.02"),
}
"""What is broken → (what stands in a good file, what stands there instead)."""


def _broken(what: str) -> bytes:
    good = write(NORTH, [line(1), line(2)], "NORD-1", AT).decode()
    old, new = BREAKS[what]
    assert old in good, what
    return good.replace(old, new).encode()


@pytest.mark.parametrize("what", BREAKS)
def test_our_reading_refuses_what_is_broken(what: str) -> None:
    """Each rule is looked at in the written file."""
    assert inspect(_broken(what)).faults != ()


@pytest.mark.parametrize("what", BREAKS)
def test_the_reference_checker_refuses_the_same(judge: Check, what: str) -> None:
    """So the list above holds what it refuses or warns of, and nothing that is fine."""
    assert judge(_broken(what)) != []


def test_what_only_we_refuse() -> None:
    """A day on which no money moves, an id twice, FRST, and bytes that are no file."""
    data = write(NORTH, [line(1), line(2)], "NORD-1", AT).decode()
    for old, new in (
        ("<ReqdColltnDt>2026-12-07", "<ReqdColltnDt>2026-12-25"),
        (f"{2:032X}", f"{1:032X}"),
        ("<SeqTp>RCUR", "<SeqTp>FRST"),
    ):
        assert old in data
        assert inspect(data.replace(old, new).encode()).faults != ()
    assert inspect(b"hello").faults == ("not XML: ParseError",)
    assert inspect(b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>").faults == ("not XML: DTDForbidden",)


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"iban": "DE88370400440532013000"}, "iban"),
        ({"iban": "DE89 3704 0044 0532 0130 00"}, "iban"),
        ({"iban": "GB29NWBK60161331926819"}, "iban"),
        ({"bic": "COBA"}, "bic"),
        ({"mandate": "M 1"}, "mandate_id"),
        ({"mandate": "M" * 36}, "mandate_id"),
        ({"signed_on": date(2026, 12, 8)}, "mandate_date"),
        ({"name": "Anna & Ben"}, "name"),
        ({"name": 'Anna "B"'}, "name"),
        ({"name": "Anna 🚀"}, "name"),
        ({"name": "ä"}, "name"),
        ({"name": " "}, "name"),
        ({"name": "A" * 71}, "name"),
        ({"text": "A" * 141}, "text"),
        ({"text": ""}, "text"),
        ({"cents": 0}, "amount"),
        ({"cents": 100_000_000_000}, "amount"),
        ({"sequence": "FRST"}, "sequence"),
        ({"sequence": "FNAL"}, "sequence"),
        ({"end_to_end": "/1"}, "end_to_end"),
    ],
)
def test_a_faulty_collection_is_never_written(changes: dict[str, Any], fault: str) -> None:
    """Refused by name before sepaxml sees it; nothing is cut."""
    assert faults_of_line(line(**changes)) == [fault]
    with pytest.raises(InvalidInput, match=fault):
        write(NORTH, [line(1), line(2, **changes)], "NORD-1", AT)


def test_a_collection_twice_and_bad_numbers_are_refused() -> None:
    """The same end-to-end id, an empty file, a message id that banks cut."""
    for lines, number in (([line(1), line(1)], "N-1"), ([], "N-1"), ([line()], "N" * 31), ([line()], "/N")):
        with pytest.raises(InvalidInput):
            write(NORTH, lines, number, AT)


def test_our_numbers_and_clock_are_in_the_file() -> None:
    """sepaxml draws its own otherwise; the same input makes the same bytes."""
    first = write(NORTH, [line(1), line(2, collect_on=date(2026, 12, 8)), line(3, sequence="OOFF")], "NORD-1", AT)
    assert first == write(
        NORTH, [line(3, sequence="OOFF"), line(2, collect_on=date(2026, 12, 8)), line(1)], "NORD-1", AT
    )
    assert [batch.id for batch in inspect(first).batches] == ["NORD-1-1", "NORD-1-2", "NORD-1-3"]
    assert b"<CreDtTm>2026-11-22T09:30:00Z</CreDtTm>" in first

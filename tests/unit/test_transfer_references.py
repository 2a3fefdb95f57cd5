"""References of bank transfers survive what people and banks do to them; the QR code says what the rules allow."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st

from askpro.money import Money
from askpro_banktransfer import epc
from askpro_banktransfer.matching import names_fit
from askpro_banktransfer.references import (
    FIRST,
    LENGTH,
    LETTERS,
    canonical,
    grouped,
    looks_damaged,
    mentioned,
    new_reference,
    valid,
    with_digits,
)

_BETWEEN = st.text(" \n\t-/.+?:", max_size=2)
_AROUND = st.text(st.characters(codec="utf-8", exclude_characters="RFrf"), max_size=30)
_SWAPS = {"0": "O", "1": "Il", "5": "S", "8": "B", "2": "Z"}
_REFERENCES = st.builds(
    lambda first, rest: with_digits(first + rest),
    st.sampled_from(FIRST),
    st.text(LETTERS, min_size=LENGTH - 1, max_size=LENGTH - 1),
)
HOLDER = "Nordstern Telefonie GmbH"
IBAN = "DE89370400440532013000"


@given(_REFERENCES, st.data())
def test_a_mangled_reference_is_found(reference: str, data: st.DataObject) -> None:
    """Spaces and lines anywhere, small letters, look-alikes, words around it: always this one, never another."""
    mangled = ""
    for letter in reference:
        other = data.draw(st.sampled_from([letter, letter.lower(), *_SWAPS.get(letter, "")]))
        mangled += other + data.draw(_BETWEEN)
    text = data.draw(_AROUND) + mangled + data.draw(_AROUND)
    assert mentioned("Aufladung", text) == {reference}
    assert not looks_damaged(text)


@given(_REFERENCES)
def test_a_reference_is_one(reference: str) -> None:
    """New references are creditor references, twelve letters, stable under ``canonical``."""
    assert valid(reference)
    assert valid(new_reference())
    assert len(reference) == len(new_reference()) == 12
    assert canonical(grouped(reference).lower()) == reference


@given(_REFERENCES, st.integers(2, 11), st.sampled_from("ACDEFGHJKMNPQRTVWXY346789"))
def test_a_slip_of_the_pen_is_noticed(reference: str, place: int, letter: str) -> None:
    """A letter taken for another, or a digit for another, never makes another valid reference.

    A digit for a letter may, once in a hundred: ISO 11649 counts a letter as two digits.
    """
    wrong = reference[:place] + letter + reference[place + 1 :]
    if wrong != reference and reference[place].isdigit() == letter.isdigit():
        assert mentioned(wrong) == frozenset()


def test_published_references() -> None:
    """Known examples of ISO 11649 pass, and fail with one digit changed."""
    for known in ("RF18539007547034", "RF45G72UUR"):
        assert valid(known)
        assert not valid(known[:-1] + ("1" if known[-1] != "1" else "2"))


@given(st.text(max_size=200))
def test_any_text_can_be_searched(text: str) -> None:
    """Whatever stands in a statement, nothing breaks, and what is found is valid."""
    assert all(valid(one) for one in mentioned(text))


def test_foreign_references_are_not_damaged_ones() -> None:
    """A creditor reference of somebody else's kind is no slip of the pen."""
    assert not looks_damaged("RF18 5390 0754 7034")
    assert looks_damaged("RF00 AAAA AAAA")


def test_names() -> None:
    """The same people, written as banks write them; not others."""
    assert names_fit("WAGNER-ROESCH, ANNA", "Anna Wagner-Rösch")
    assert names_fit("Praxis Dr. Roth", "Praxis Roth")
    assert names_fit("Roth", "ROTH")
    assert not names_fit("Ben Roth", "Anna Roth")
    assert not names_fit("Praxis C-1", "Praxis C-2")
    assert not names_fit("Roth", "Anna Roth")
    assert not names_fit("", "Anna Roth")


def _read(text: str) -> tuple[str, str]:
    """What a camera reads from the drawn code, and its level of error correction."""
    path = re.search(r'<path class="qrline" stroke="#000" d="([^"]+)"', epc.drawn(text))
    size = re.search(r'<svg width="(\d+)"', epc.drawn(text))
    assert path
    assert size
    side = int(size[1]) // 4
    rows = [bytearray(b"\xff" * side) for _ in range(side)]
    x, y = 0, Decimal(0)
    for move, numbers in re.findall(r"([Mmh])([-\d. ]+)", path[1]):
        values = [Decimal(one) for one in re.findall(r"-?\d*\.?\d+", numbers)]
        if move == "h":
            for step in range(int(values[0])):
                rows[int(y)][x + step] = 0
            x += int(values[0])
        else:
            x, y = (int(values[0]), values[1]) if move == "M" else (x + int(values[0]), y + values[1])
    large = b"".join(bytes(pixel for pixel in row for _ in range(4)) * 4 for row in rows)
    (found,) = zxingcpp.read_barcodes(memoryview(large).cast("B", shape=[side * 4, side * 4]))
    return found.text, found.ec_level


def _parsed(text: str) -> dict[str, str]:
    """By the rules of EPC069-12, version 002."""
    assert len(text.encode()) <= 331
    lines = text.split("\n")
    assert lines[:4] == ["BCD", "002", "1", "SCT"]
    assert len(lines) <= 12
    lines += [""] * (12 - len(lines))
    names = ("bic", "name", "iban", "amount", "purpose", "reference", "text", "note")
    found = dict(zip(names, lines[4:], strict=True))
    assert re.fullmatch(r"([A-Z]{6}[A-Z0-9]{2}([A-Z0-9]{3})?)?", found["bic"])
    assert 1 <= len(found["name"]) <= 70
    assert re.fullmatch(r"[A-Z]{2}\d\d[A-Z0-9]{11,30}", found["iban"])
    assert re.fullmatch(r"EUR(0|[1-9]\d{0,8})\.\d\d", found["amount"])
    assert len(found["purpose"]) <= 4
    assert not (found["reference"] and found["text"])
    return found


@given(
    st.decimals(Decimal("0.01"), Decimal("999999999.99"), places=2),
    st.text(st.characters(codec="utf-8", categories=("L", "N", "P")), min_size=1, max_size=90),
    _REFERENCES,
)
def test_what_the_code_says_keeps_the_rules(amount: Decimal, holder: str, reference: str) -> None:
    """Any amount and any name, however long its letters are, make a content that the rules allow."""
    text = epc.content(holder=holder, iban=IBAN, bic=None, amount=Money.of(amount, "EUR"), reference=reference)
    found = _parsed(text)
    assert (Decimal(found["amount"][3:]), found["iban"], found["reference"]) == (amount, IBAN, reference)
    assert valid(found["reference"])


@pytest.mark.parametrize(("holder", "bic", "amount"), [
    ("A", None, "0.01"),
    (HOLDER, "COBADEFFXXX", "59.50"),
    ("Müller & Söhne – Fernsprechgesellschaft " * 2, "COBADEFFXXX", "999999999.99"),
])  # fmt: skip
def test_the_drawn_code_is_read(holder: str, bic: str | None, amount: str) -> None:
    """Another's decoder reads from the drawing just what was meant, at error correction M."""
    text = epc.content(holder=holder, iban=IBAN, bic=bic, amount=Money.of(amount, "EUR"), reference="RF18539007547034")
    assert _read(text) == (text, "M")
    assert _parsed(text)["amount"] == f"EUR{amount}"


def test_what_no_code_can_say() -> None:
    """Other currencies, nothing, parts of a cent, and accounts that need a BIC."""
    for money, iban in ((Money.of(50, "CHF"), IBAN), (Money.of(0, "EUR"), IBAN), (Money.of("0.015", "EUR"), IBAN),
                        (Money.of(50, "EUR"), "CH9300762011623852957")):  # fmt: skip
        with pytest.raises(ValueError):  # noqa: PT011
            epc.content(holder=HOLDER, iban=iban, bic=None, amount=money, reference="RF18539007547034")


def test_the_drawing_needs_no_style() -> None:
    """Nothing in it that our content security policy forbids."""
    drawing = epc.drawn("BCD")
    assert drawing.startswith("<svg ")
    assert "style" not in drawing
    assert "script" not in drawing
    assert "xmlns:" not in drawing

"""Reading what the ECB publishes: the daily and historical XML, and the historical CSV in its zip.

Nothing is believed that does not look exactly as it should: no document type (and so no entity of any kind), the
right root and namespaces, ISO dates, three-letter codes, plain decimals with a point. One wrong cell refuses the
whole file, because half a day of rates is worse than yesterday's.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from xml.parsers import expat

from askpro.errors import InvalidInput

__all__ = ("DayRates", "read_feed")

DayRates = dict[date, dict[str, Decimal]]
"""Day → currency → how many units one euro is worth."""

_LARGEST = 64 * 1024 * 1024
_ROOT = "http://www.gesmes.org/xml/2002-08-01 Envelope"
_CUBE = "http://www.ecb.int/vocabulary/2002-08-01/eurofxref Cube"
_RATE = re.compile(r"[0-9]{1,12}(\.[0-9]{1,10})?")
_FIRST = date(1999, 1, 4)


def read_feed(content: bytes, *, today: date) -> DayRates:
    """Rates from XML, CSV or a zip with one CSV. Raises InvalidInput, saying what is wrong."""
    if content[:4] == b"PK\x03\x04":
        content = _unzipped(content)
    if len(content) > _LARGEST:
        raise _refused("it is too large")
    head = content.lstrip(b"\xef\xbb\xbf \t\r\n")[:64]
    found: DayRates = {}
    for day, currency, rate in _xml(content) if head.startswith(b"<") else _csv(content):
        if not _FIRST <= day <= today:
            raise _refused(f"a rate of {day}")
        rates = found.setdefault(day, {})
        if currency in rates:
            raise _refused(f"{currency} twice on {day}")
        rates[currency] = rate
    if not found:
        raise _refused("no rates in it")
    return found


def _refused(why: str) -> InvalidInput:
    return InvalidInput(f"this is not a file of ECB reference rates: {why}", code="feed_refused")


def _unzipped(content: bytes) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            if len(entries) != 1 or entries[0].file_size > _LARGEST:
                raise _refused("the zip holds something else")
            with archive.open(entries[0]) as source:
                return source.read(_LARGEST + 1)  # the size in the directory may lie
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, RuntimeError) as error:
        raise _refused("the zip is damaged") from error


def _xml(content: bytes) -> list[tuple[date, str, Decimal]]:
    found: list[tuple[date, str, Decimal]] = []
    depth, day = 0, None

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth, day
        depth += 1
        if depth == 1 and name != _ROOT:
            raise _refused("another root element")
        if name != _CUBE:
            return
        if "time" in attributes:
            day = _day(attributes["time"])
        if "currency" in attributes:
            if day is None:
                raise _refused("a rate without a day")
            found.append((day, _code(attributes["currency"]), _rate(attributes.get("rate", ""))))

    def end(name: str) -> None:
        nonlocal depth
        del name
        depth -= 1

    def no_doctype(*_: object) -> None:
        raise _refused("a document type")

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.StartDoctypeDeclHandler = no_doctype
    try:
        parser.Parse(content, True)
    except expat.ExpatError as error:
        raise _refused(str(error)) from error
    return found


def _csv(content: bytes) -> Iterator[tuple[date, str, Decimal]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _refused("no text") from error
    try:
        rows = csv.reader(io.StringIO(text, newline=""), strict=True)
        header = [cell.strip() for cell in next(rows, [])]
        if not header or header[0] != "Date":
            raise _refused("no header")
        codes = [_code(cell) for cell in header[1:] if cell]
        for row in rows:
            cells = [cell.strip() for cell in row]
            if len(cells) != len(header):
                raise _refused(f"a row of {len(cells)} cells")
            day = _day(cells[0])
            for code, cell in zip(codes, cells[1:], strict=False):  # every line ends with a comma
                if cell not in ("N/A", ""):
                    yield day, code, _rate(cell)
    except csv.Error as error:
        raise _refused(str(error)) from error


def _day(text: str) -> date:
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        raise _refused(f"the day {text[:20]!r}")
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise _refused(f"the day {text!r}") from error


def _code(text: str) -> str:
    if not re.fullmatch(r"[A-Z]{3}", text) or text == "EUR":
        raise _refused(f"the currency {text[:20]!r}")
    return text


def _rate(text: str) -> Decimal:
    if not _RATE.fullmatch(text) or not (rate := Decimal(text)):
        raise _refused(f"the rate {text[:20]!r}")
    return rate

"""Reading ISO 20022 XML without believing it: no DTD, no entities, a limit on the size, namespaces of any version."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime
from xml.etree.ElementTree import Element, ParseError  # the parser itself is defusedxml's

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from askpro.errors import InvalidInput
from askpro.money import Money

__all__ = ("LARGEST_FILE", "document", "every", "first", "money", "the_date", "the_time", "words")

LARGEST_FILE = 20 * 1024 * 1024
"""Bytes; a statement of 20,000 entries has about 15 MB."""

_SPACE = "urn:iso:std:iso:20022:tech:xsd:"
_AMOUNT = re.compile(r"\+?(\d{1,18}(\.\d{0,5})?|\.\d{1,5})")
_NOTHING = frozenset({"NOTPROVIDED", "NOT PROVIDED", "NONREF"})


def document(data: bytes, message: str) -> tuple[Element, str]:
    """The message inside ``Document`` and its name (``camt.053.001.08``); any version of ``message`` will do.

    Raises InvalidInput: ``statement_too_large``, ``statement_not_xml``, ``statement_unsafe``,
    ``statement_other_message``.
    """
    if len(data) > LARGEST_FILE:
        raise InvalidInput(f"the file has more than {LARGEST_FILE} bytes", code="statement_too_large")
    if data[:4] == b"PK\x03\x04":
        raise InvalidInput("this is a ZIP archive: unpack it first", code="statement_not_xml")
    try:
        root = fromstring(data, forbid_dtd=True)
    except DefusedXmlException as error:
        raise InvalidInput("the file has a DTD or entities, which no bank sends", code="statement_unsafe") from error
    except (ParseError, ValueError, LookupError) as error:  # the latter two: its encoding
        raise InvalidInput(f"the file is no XML: {error}", code="statement_not_xml") from error
    space, name = _named(root)
    if name != "Document" or not space.startswith(_SPACE):
        raise InvalidInput(f"the file is no ISO 20022 message, but {name}", code="statement_other_message")
    found = space.removeprefix(_SPACE)
    if not re.fullmatch(rf"{re.escape(message)}\.\d{{3}}\.\d{{2}}", found) or not len(root):
        raise InvalidInput(f"{message} is wanted, this is {found}", code="statement_other_message")
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]  # from here on names are the same in every version
    return root[0], found


def _named(element: Element) -> tuple[str, str]:
    space, _, name = element.tag.rpartition("}")
    return space.removeprefix("{"), name


def every(element: Element | None, path: str) -> Iterator[Element]:
    """The descendants along a path of names, ``"NtryDtls/TxDtls"``."""
    return iter(()) if element is None else element.iterfind(path)


def first(element: Element | None, *paths: str) -> Element | None:
    """The first descendant along the first path that leads anywhere."""
    if element is None:
        return None
    return next((found for path in paths if (found := element.find(path)) is not None), None)


def words(element: Element | None, *paths: str) -> str:
    """The text there, white space collapsed; empty where there is none, or one that says there is none."""
    for path in paths:
        for found in every(element, path):
            text = " ".join((found.text or "").split())
            if text and text.upper() not in _NOTHING:
                return text
    return ""


def money(element: Element | None) -> Money | None:
    """The amount of an element such as ``<Amt Ccy="EUR">12.50</Amt>``; None without one.

    Raises InvalidInput: ``statement_amount``, ``statement_currency``.
    """
    if element is None:
        return None
    text, currency = (element.text or "").strip(), element.get("Ccy", "")
    if not _AMOUNT.fullmatch(text):
        raise InvalidInput(f"{text[:40]!r} is no amount", code="statement_amount")
    if not re.fullmatch(r"[A-Z]{3}", currency):
        raise InvalidInput(f"{currency[:10]!r} is no currency", code="statement_currency")
    try:
        return Money.of(text, currency)
    except OverflowError as error:
        raise InvalidInput(f"{text} is more than the books hold", code="statement_amount") from error


def the_date(element: Element | None, *paths: str) -> date | None:
    """The civil day there, of a ``Dt`` or a ``DtTm``. Raises InvalidInput ``statement_date``."""
    for path in paths:
        if text := words(element, path):
            try:
                return date.fromisoformat(text[:10])
            except ValueError as error:
                raise InvalidInput(f"{text[:40]!r} is no date", code="statement_date") from error
    return None


def the_time(element: Element | None, path: str) -> datetime | None:
    """The instant there as the bank wrote it; None where it cannot be read: nothing depends on it."""
    try:
        return datetime.fromisoformat(words(element, path))
    except ValueError:
        return None

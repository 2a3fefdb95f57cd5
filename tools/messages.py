#!/usr/bin/env python3
"""The texts of the core and its themes, and whether every language has them.

``update`` adds texts that are new to each ``locales/<language>/LC_MESSAGES/askpro.po`` (English is the source and
translates itself); ``check`` lists what is missing, empty or has other placeholders. Texts are found where they
stand: ``_()``, ``ngettext()``, ``N_()``, ``gettext()`` in Python and in templates.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.catalog import Message as Entry
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po, write_po

__all__ = ("REPOSITORY", "check", "texts", "update")

REPOSITORY = Path(__file__).resolve().parent.parent
_SOURCES = (
    ("core/askpro", [("**.py", "python")]),
    ("themes", [("**.html", "jinja2.ext.babel_extract"), ("**.txt", "jinja2.ext.babel_extract")]),
)
_JINJA = {"trimmed": "true", "silent": "false"}
_OPTIONS = {"**.html": _JINJA, "**.txt": _JINJA}
_PLACEHOLDER = re.compile(r"%\((\w+)\)s|\{(\w*)\}")
_NOBODY = re.compile(r"EMAIL@ADDRESS|LL@li\.org|^\"Generated-By: ")  # header lines that say nothing

Message = str | tuple[str, ...]


def texts(repository: Path = REPOSITORY) -> dict[Message, list[tuple[str, int]]]:
    """Message id (or ids, for plurals) → the places it is used in."""
    found: dict[Message, list[tuple[str, int]]] = {}
    keywords = {**DEFAULT_KEYWORDS, "N_": None}
    for folder, methods in _SOURCES:
        for file, line, message, _comments, _context in extract_from_dir(
            repository / folder, method_map=methods, options_map=_OPTIONS, keywords=keywords
        ):
            if message:
                found.setdefault(message, []).append((f"{folder}/{file}", line))
    return found


def _catalogues(repository: Path) -> Iterator[tuple[Path, Catalog]]:
    for path in sorted((repository / "locales").glob("*/LC_MESSAGES/askpro.po")):
        with path.open("rb") as source:
            yield path, read_po(source, locale=path.parent.parent.name, domain="askpro")


def update(repository: Path = REPOSITORY) -> None:
    """Add what is new. Nothing is taken away: a text may belong to a page that is still being written."""
    found = texts(repository)
    for path, catalogue in _catalogues(repository):
        for message in found:
            if catalogue.get(message if isinstance(message, str) else message[0]) is None:
                own = message if path.parent.parent.name == "en" else "" if isinstance(message, str) else ("", "")
                catalogue.add(message, own)
        written = BytesIO()
        write_po(written, catalogue, width=120, sort_output=True, no_location=True)
        lines = written.getvalue().decode().splitlines(keepends=True)
        path.write_text("".join(line for line in lines if not _NOBODY.search(line)), encoding="utf-8")


def check(repository: Path = REPOSITORY) -> list[str]:
    """What a reader of some language would see untranslated or wrongly filled in; empty when all is well."""
    faults = []
    for path, catalogue in _catalogues(repository):
        language = path.parent.parent.name
        for message in texts(repository):
            entry = catalogue.get(message if isinstance(message, str) else message[0])
            if entry is None:
                faults.append(f"{language}: {message!r} is missing")
        faults += [f"{language}: {entry.id!r}: {fault}" for entry in catalogue for fault in _faults_of(entry)]
    return faults


def _faults_of(entry: Entry) -> Iterator[str]:
    if not entry.id:
        return
    if entry.fuzzy:
        yield "is marked fuzzy"
    ids, strings = _forms(entry.id), _forms(entry.string)
    if not strings or not all(strings):
        yield "is not translated"
        return
    allowed = {name for text in ids for name in _PLACEHOLDER.findall(text)}
    used = {name for text in strings for name in _PLACEHOLDER.findall(text)}
    needed = set(_PLACEHOLDER.findall(ids[-1]))
    if used - allowed or needed - set(_PLACEHOLDER.findall(strings[-1])):
        yield "has other placeholders"


def _forms(text: str | Iterable[str | None] | None) -> list[str]:
    """The singular, or the singular and the plurals."""
    return [text] if isinstance(text, str) else [form or "" for form in text or ()]


def main(arguments: list[str]) -> int:
    if arguments == ["update"]:
        update()
    elif arguments != ["check"]:
        sys.stderr.write("usage: messages.py update|check\n")
        return 2
    faults = check()
    sys.stdout.write(("\n".join(faults) or "every text is there in every language") + "\n")
    return 1 if faults else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

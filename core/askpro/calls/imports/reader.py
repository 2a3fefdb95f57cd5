"""Rows of a CSV file, plain or gzipped, with the line each one began on."""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

from askpro.errors import InvalidInput

__all__ = ("Row", "SourceFile", "digest", "rows")


@dataclass(frozen=True, slots=True)
class Row:
    """A record and the number of its last physical line (a quoted field may span several), from 1."""

    line: int
    fields: list[str]
    since: int
    """Its first line."""


class SourceFile:
    """A file that is being read; ``consumed`` counts bytes as they lie on disk, for progress."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size = path.stat().st_size
        self._raw: BinaryIO = path.open("rb")
        self._text: io.TextIOWrapper | None = None

    @property
    def consumed(self) -> int:
        return self._raw.tell()

    def text(self) -> io.TextIOWrapper:
        """The content as text: gunzipped where its first bytes say so, UTF-8 with or without a mark."""
        gzipped = self._raw.read(2) == b"\x1f\x8b"
        self._raw.seek(0)
        binary = gzip.GzipFile(fileobj=self._raw) if gzipped else self._raw
        self._text = io.TextIOWrapper(binary, encoding="utf-8-sig", errors="replace", newline="")
        return self._text  # kept, because it takes the file with it when it goes

    def close(self) -> None:
        if self._text is not None:
            self._text.close()
        self._raw.close()


def digest(path: Path) -> bytes:
    """SHA-256 of the file as it lies there."""
    found = sha256()
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            found.update(chunk)
    return found.digest()


def rows(source: SourceFile) -> Iterator[Row]:
    """Every record that is not empty.

    Raises InvalidInput when the file is no CSV, breaks off or is damaged (gzip), or ends within quotes: what they
    have swallowed may be calls.
    """
    record: list[str] = []
    reader = csv.reader(_kept(source.text(), record), strict=False)
    try:
        for fields in reader:
            since = reader.line_num - len(record) + 1
            if len(record) > 1 and _unclosed(record):
                raise InvalidInput(f"{source.path.name}, line {since}: a quote is never closed", code="unreadable_file")
            record.clear()
            if fields:
                yield Row(reader.line_num, fields, since)
    except (csv.Error, EOFError, zlib.error, OSError) as error:
        raise InvalidInput(
            f"{source.path.name}, line {reader.line_num + 1}: {error}", code="unreadable_file"
        ) from error


def _kept(lines: Iterable[str], record: list[str]) -> Iterator[str]:
    for line in lines:
        record.append(line)
        yield line


def _unclosed(record: list[str]) -> bool:
    """Whether the lines of a record end within quotes."""
    try:
        list(csv.reader(record, strict=True))
    except csv.Error as error:
        return "end of data" in str(error)
    return False

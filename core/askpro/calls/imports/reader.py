"""Rows of a CSV file, plain or gzipped, with the line each one began on."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterator
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


class SourceFile:
    """A file that is being read; ``consumed`` counts bytes as they lie on disk, for progress."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size = path.stat().st_size
        self._raw: BinaryIO = path.open("rb")

    @property
    def consumed(self) -> int:
        return self._raw.tell()

    def text(self) -> io.TextIOWrapper:
        """The content as text: gunzipped where its first bytes say so, UTF-8 with or without a mark."""
        gzipped = self._raw.read(2) == b"\x1f\x8b"
        self._raw.seek(0)
        binary = gzip.GzipFile(fileobj=self._raw) if gzipped else self._raw
        return io.TextIOWrapper(binary, encoding="utf-8-sig", errors="replace", newline="")

    def close(self) -> None:
        self._raw.close()


def digest(path: Path) -> bytes:
    """SHA-256 of the file as it lies there."""
    found = sha256()
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            found.update(chunk)
    return found.digest()


def rows(source: SourceFile) -> Iterator[Row]:
    """Every record that is not empty. Raises InvalidInput when the file is no CSV or breaks off (gzip)."""
    reader = csv.reader(source.text(), strict=False)
    try:
        for fields in reader:
            if fields:
                yield Row(reader.line_num, fields)
    except (csv.Error, EOFError, gzip.BadGzipFile, OSError) as error:
        raise InvalidInput(
            f"{source.path.name}, line {reader.line_num + 1}: {error}", code="unreadable_file"
        ) from error

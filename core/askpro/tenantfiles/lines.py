"""On which line of a TOML file a key stands, so that a mistake can be pointed at.

``tomllib`` reads the values but forgets where they were. This walks over a text that tomllib has accepted already,
so it need not be strict: it only skips values and notes where keys begin.
"""

from __future__ import annotations

import re
import tomllib
from typing import TypeAlias

__all__ = ("Path", "line_of", "lines")

Path: TypeAlias = tuple[str | int, ...]

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_SCALAR = re.compile(r"[^,\]}\n#]*")
_STRING = re.compile(r"\"\"\"(?:\\.|[^\\])*?\"\"\"+|'''.*?'''+|\"(?:\\.|[^\"\\\n])*\"|'[^'\n]*'", re.DOTALL)


def lines(text: str) -> dict[Path, int]:
    """Every key, table and element of an array → its line, counted from 1."""
    walk = _Walk(text)
    walk.document()
    return walk.found


def line_of(index: dict[Path, int], path: Path) -> int:
    """The line of a key, or of the nearest table around it that stands in the file; 1 for nothing."""
    while path and path not in index:
        path = path[:-1]
    return index.get(path, 1)


class _Walk:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.found: dict[Path, int] = {}
        self._counted: dict[Path, int] = {}

    def document(self) -> None:
        table: Path = ()
        while self._skip() < len(self.text):
            if self.text.startswith("[[", self.at):
                table = self._header(2)
            elif self.text[self.at] == "[":
                table = self._header(1)
            else:
                self._pair(table)

    def _header(self, brackets: int) -> Path:
        begin = self.at
        self.at += brackets
        path = self._resolved(self._key())
        self._skip()
        self.at += brackets
        if brackets == 2:
            self._counted[path] = self._counted.get(path, -1) + 1
            self._note(path, begin)
            path = (*path, self._counted[path])
        self._note(path, begin)
        return path

    def _resolved(self, keys: list[str]) -> Path:
        """A name below an array of tables means its last element."""
        path: Path = ()
        for position, key in enumerate(keys):
            path = (*path, key)
            if position < len(keys) - 1 and path in self._counted:
                path = (*path, self._counted[path])
        return path

    def _pair(self, table: Path) -> None:
        begin = self.at
        path = (*table, *self._key())
        self._note(path, begin)
        self._skip()
        self.at += 1  # the equals sign
        self._value(path)

    def _key(self) -> list[str]:
        parts: list[str] = []
        while True:
            self._skip()
            if match := _STRING.match(self.text, self.at):
                parts.append(tomllib.loads(f"key = {match[0]}")["key"])
            else:
                match = _BARE.match(self.text, self.at)
                if match is None:
                    raise ValueError(f"no key at {self.at}: the text was not read by tomllib first")
                parts.append(match[0])
            self.at = match.end()
            self._skip()
            if not self.text.startswith(".", self.at):
                return parts
            self.at += 1

    def _value(self, path: Path) -> None:
        self._skip()
        if self.text[self.at] == "[":
            self._elements(path, "]")
        elif self.text[self.at] == "{":
            self._elements(path, "}")
        else:
            match = _STRING.match(self.text, self.at) or _SCALAR.match(self.text, self.at)
            self.at = match.end() if match else self.at + 1

    def _elements(self, path: Path, closing: str) -> None:
        self.at += 1
        position = 0
        while self.text[self._skip()] != closing:
            if self.text[self.at] == ",":
                self.at += 1
            elif closing == "}":
                self._pair(path)
            else:
                self._note((*path, position), self.at)
                self._value((*path, position))
                position += 1
        self.at += 1

    def _skip(self) -> int:
        """Past white space and comments; returns where."""
        while self.at < len(self.text):
            if self.text[self.at] == "#":
                end = self.text.find("\n", self.at)
                self.at = len(self.text) if end < 0 else end
            elif self.text[self.at].isspace():
                self.at += 1
            else:
                break
        return self.at

    def _note(self, path: Path, offset: int) -> None:
        """Also for the tables a dotted name implies: ``[wholesale.EUR]`` is where ``wholesale`` begins."""
        line = self.text.count("\n", 0, offset) + 1
        while path and path not in self.found:
            self.found[path] = line
            path = path[:-1]

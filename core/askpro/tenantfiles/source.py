"""A TOML file that can say where each of its keys stands."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from askpro.clock import day_bounds, zone
from askpro.errors import InvalidInput
from askpro.tenantfiles import lines
from askpro.tenantfiles.definition import Origin

__all__ = ("FileOrigin", "Source", "open_source", "refuse")


@dataclass(slots=True)
class Source:
    """A file's data and its problems so far. A missing file is an empty one."""

    name: str
    data: dict[str, Any]
    index: dict[lines.Path, int]
    problems: list[str] = field(default_factory=list)

    def point(self, path: lines.Path) -> str:
        """``nordstern/prices.toml:12: retail.inbound``"""
        keys = "".join(f"[{key}]" if isinstance(key, int) else f".{_shown(key)}" for key in path).removeprefix(".")
        return f"{self.name}:{lines.line_of(self.index, path)}: {keys}"

    def wrong(self, path: lines.Path, message: str) -> None:
        """Note a problem; reading goes on, so that all of them are told at once."""
        self.problems.append(f"{self.point(path)}: {message}")

    def known(self, table: dict[str, Any], path: lines.Path, *keys: str) -> None:
        """Note every key that is not among these: a misspelt key must not be silently without effect."""
        for key in table:
            if key not in keys:
                self.wrong((*path, key), f"unknown key; known are {', '.join(keys)}")

    def text(self, table: dict[str, Any], path: lines.Path, key: str, default: str | None = None) -> str:
        """A string; without a default the key is required."""
        value = table.get(key, default)
        if isinstance(value, str):
            return value
        self.wrong((*path, key), "is required" if value is None else f"is a text in quotes, not {value!r}")
        return ""

    def table(self, table: dict[str, Any], path: lines.Path, key: str) -> dict[str, Any]:
        """A table; empty when it is not there."""
        value = table.get(key, {})
        if isinstance(value, dict):
            return value
        self.wrong((*path, key), "is a table")
        return {}

    def instant(self, value: Any, path: lines.Path, timezone: str) -> datetime | None:
        """A civil day or time in the tenant's zone, or a time with an offset."""
        if isinstance(value, datetime):
            return value if value.tzinfo else value.replace(tzinfo=zone(timezone))
        if isinstance(value, date):
            return day_bounds(value, timezone)[0]
        self.wrong(
            path, "is required" if value is None else f"is a date without quotes, like 2026-01-01, not {value!r}"
        )
        return None


def open_source(folder: Path, file: str) -> Source:
    """Read ``folder/file``. Raises InvalidInput (``file_wrong``) on what is no TOML."""
    name = f"{folder.name}/{file}"
    try:
        text = (folder / file).read_text(encoding="utf-8")
        data = tomllib.loads(text)
    except FileNotFoundError:
        return Source(name, {}, {})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{name}: {error}", code="file_wrong") from error
    return Source(name, data, lines.lines(text))


def refuse(*sources: Source) -> None:
    """Raises InvalidInput (``file_wrong``) with every problem of the files, a line each."""
    if problems := [problem for source in sources for problem in source.problems]:
        raise InvalidInput("\n".join(problems), code="file_wrong")


class FileOrigin(Origin):
    """A definition that was read from files."""

    def __init__(self, tenant: Source | None, prices: Source) -> None:
        self._tenant = tenant
        self._prices = prices

    def point(self, path: lines.Path, *, prices: bool = True) -> str:
        """File, line and key."""
        return (self._prices if prices or self._tenant is None else self._tenant).point(path)


def _shown(key: str) -> str:
    return key if key.replace("-", "").replace("_", "").isalnum() else f'"{key}"'

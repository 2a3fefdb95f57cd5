"""The content of a version as it is stored, reviewed and exported: JSON without a single float.

Keys (all optional; what is left out is asked of the next level): ``increments`` [first, next], ``free_seconds``,
``connect_fee``, ``per_call_fee``, ``inbound``, ``outbound`` {prefix: rate per minute}, ``items`` [[name, price], …] in
the order in which they are added up, ``included_seconds``, ``month_scope`` {inbound, outbound, prefixes}, ``tiers``
[{from_seconds, discount_percent}, …], ``min_charge``, ``max_charge``, ``blocked`` [prefix, …].

``read`` takes what a person wrote and says everything that is wrong with it; ``version`` builds the card.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from hashlib import sha256
from itertools import pairwise
from typing import Any, TypeAlias
from uuid import UUID

from askpro.errors import InvalidInput
from askpro.tariffs.card import Level, MonthScope, TariffVersion, Tier
from askpro.tariffs.increments import Increments

__all__ = ("Content", "Problem", "accepted", "digest", "read", "version")

Content: TypeAlias = dict[str, Any]
"""Canonical: amounts as texts without superfluous zeros, no key that says nothing."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one value; ``path`` are the keys that lead to it."""

    path: tuple[str | int, ...]
    message: str


_Note = Callable[[tuple[str | int, ...], str], None]


def read(raw: Mapping[str, Any], level: Level) -> tuple[Content, list[Problem]]:
    """Canonical content, and every problem. The content is only good when there are none."""
    problems: list[Problem] = []
    content: Content = {}

    def note(path: tuple[str | int, ...], message: str) -> None:
        problems.append(Problem(path, message))

    for key, value in raw.items():
        reader = _READERS.get(key)
        if reader is None:
            note((key,), f"unknown key; known are {', '.join(_READERS)}")
            continue
        found = reader(value, (key,), note)
        if found is not None and found != {}:
            content[key] = found
    if not problems:
        _together(content, level, note)
    if not problems:
        try:  # the card checks what only the card knows: how many decimals, which sizes
            version(UUID(int=0), level, "XXX", datetime.fromisoformat("2000-01-01T00:00:00Z"), content)
        except InvalidInput as error:
            first, _, rest = (error.field or "").partition(".")
            note((first, rest) if rest else (first,), str(error))
    return {key: content[key] for key in _READERS if key in content}, problems


def accepted(raw: Mapping[str, Any], level: Level) -> Content:
    """Canonical content. Raises InvalidInput (``prices_wrong``) naming every problem."""
    content, problems = read(raw, level)
    if problems:
        texts = [f"{'.'.join(map(str, problem.path))}: {problem.message}" for problem in problems]
        field = ".".join(map(str, problems[0].path))
        raise InvalidInput("\n".join(texts), code="prices_wrong", field=field)
    return content


def digest(content: Content) -> bytes:
    """SHA-256 over the canonical content: equal prices have equal digests."""
    return sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).digest()


def version(identifier: UUID, level: Level, currency: str, effective_from: datetime, content: Content) -> TariffVersion:
    """The card of stored content. Raises InvalidInput when it breaks a rule of the card."""
    scope, tiers = content.get("month_scope"), content.get("tiers")
    given: dict[str, Any] = {key: Decimal(content[key]) for key in _AMOUNTS if key in content}
    given |= {key: content[key] for key in ("free_seconds", "included_seconds") if key in content}
    return TariffVersion(
        id=identifier,
        level=level,
        currency=currency,
        effective_from=effective_from,
        increments=Increments(*content["increments"]) if "increments" in content else None,
        outbound={prefix: Decimal(rate) for prefix, rate in content.get("outbound", {}).items()},
        items={name: Decimal(price) for name, price in content.get("items", ())},
        month_scope=None
        if scope is None
        else MonthScope(
            scope.get("inbound", True),
            scope.get("outbound", True),
            frozenset(scope["prefixes"]) if "prefixes" in scope else None,
        ),
        tiers=None
        if tiers is None
        else tuple(Tier(tier["from_seconds"], Decimal(tier["discount_percent"])) for tier in tiers),
        blocked=frozenset(content.get("blocked", ())),
        **given,
    )


def _amount(value: Any, path: tuple[str | int, ...], note: _Note) -> str | None:
    """A price as text. Floats are refused: 0.1 is not 0.1 in binary."""
    if not isinstance(value, str) or not re.fullmatch(r"\d{1,10}(?:\.\d{1,12})?", value, re.ASCII):
        note(path, f'a price is written in quotes, like "0.15", not {value!r}')
        return None
    text = f"{Decimal(value).normalize():f}"
    return "0" if Decimal(text) == 0 else text


def _seconds(value: Any, path: tuple[str | int, ...], note: _Note) -> int | None:
    if type(value) is not int or not 0 <= value <= 10**9:
        note(path, f"whole seconds, zero or more, not {value!r}")
        return None
    return value


def _increments(value: Any, path: tuple[str | int, ...], note: _Note) -> list[int] | None:
    try:
        parsed = Increments.parse(value if isinstance(value, str) else "/".join(map(str, value)))
    except (InvalidInput, TypeError):
        note(path, f'written first/next in whole seconds, like "30/6", not {value!r}')
        return None
    return list(parsed)


def _prefix(value: Any, path: tuple[str | int, ...], note: _Note, least: int = 0) -> str | None:
    if not isinstance(value, str) or not re.fullmatch(rf"\+\d{{{least},15}}", value, re.ASCII):
        note(path, f"a prefix is + and the digits of the international number, not {value!r}")
        return None
    return value


def _outbound(value: Any, path: tuple[str | int, ...], note: _Note) -> dict[str, str] | None:
    if not isinstance(value, Mapping):
        note(path, "a table of prefix and rate per minute")
        return None
    rates = {}
    for prefix, rate in value.items():
        price = _amount(rate, (*path, prefix), note)
        if _prefix(prefix, (*path, prefix), note) is not None and price is not None:
            rates[prefix] = price
    return dict(sorted(rates.items()))


def _items(value: Any, path: tuple[str | int, ...], note: _Note) -> list[list[str]] | None:
    pairs = list(value.items()) if isinstance(value, Mapping) else value
    if not isinstance(pairs, list | tuple) or any(len(pair) != 2 for pair in pairs):
        note(path, "a table of item and price")
        return None
    found: list[list[str]] = []
    for name, price in pairs:
        if not isinstance(name, str) or not re.fullmatch(r"[a-z][a-z0-9_]{0,39}", name, re.ASCII):
            note((*path, str(name)), "an item's name has a-z, 0-9 and _")
        elif (amount := _amount(price, (*path, name), note)) is not None:
            found.append([name, amount])
    if len({name for name, _ in found}) < len(found):
        note(path, "an item is named twice")
    return found or None


def _scope(value: Any, path: tuple[str | int, ...], note: _Note) -> dict[str, Any] | None:
    if not isinstance(value, Mapping):
        note(path, "a table with inbound, outbound and prefixes")
        return None
    scope: dict[str, Any] = {}
    for key, part in value.items():
        if key in ("inbound", "outbound") and isinstance(part, bool):
            scope[key] = part
        elif key == "prefixes" and (prefixes := _prefixes(part, (*path, key), note)) is not None:
            scope[key] = prefixes
        elif key != "prefixes":
            note((*path, key), "true or false" if key in ("inbound", "outbound") else "unknown key")
    return {"inbound": True, "outbound": True} | scope


def _tiers(value: Any, path: tuple[str | int, ...], note: _Note) -> list[dict[str, Any]] | None:
    if not isinstance(value, list | tuple):
        note(path, "a list of tiers")
        return None
    tiers: list[dict[str, Any]] = []
    for position, tier in enumerate(value):
        if not isinstance(tier, Mapping) or tier.keys() != {"from_seconds", "discount_percent"}:
            note((*path, position), "a tier has from_seconds and discount_percent")
            continue
        start = _seconds(tier["from_seconds"], (*path, position, "from_seconds"), note)
        discount = _amount(tier["discount_percent"], (*path, position, "discount_percent"), note)
        if start is not None and tiers and start <= tiers[-1]["from_seconds"]:
            note((*path, position, "from_seconds"), "tiers start one after the other and do not overlap")
        if start is not None and discount is not None:
            tiers.append({"from_seconds": start, "discount_percent": discount})
    return tiers


def _prefixes(value: Any, path: tuple[str | int, ...], note: _Note) -> list[str] | None:
    if not isinstance(value, list | tuple):
        note(path, "a list of prefixes")
        return None
    found = sorted(p for p in (_prefix(part, (*path, n), note, 1) for n, part in enumerate(value)) if p is not None)
    for shorter, longer in pairwise(found):  # sorted: what a prefix covers follows it
        if longer.startswith(shorter):
            note(path, f"{longer} is part of {shorter} already")
    return found


def _blocked(value: Any, path: tuple[str | int, ...], note: _Note) -> list[str] | None:
    return _prefixes(value, path, note) or None


def _together(content: Content, level: Level, note: _Note) -> None:
    """Rules that concern more than one key."""
    for prefix in content.get("outbound", {}):
        if covering := next((b for b in content.get("blocked", ()) if prefix.startswith(b)), None):
            note(("outbound", prefix), f"{covering} is blocked, so this rate overlaps with it and never applies")
    low, high = content.get("min_charge"), content.get("max_charge")
    if low is not None and high is not None and Decimal(low) > Decimal(high):
        note(("max_charge",), "the maximum charge lies below the minimum")
    if level is Level.PLATFORM:
        for key in ("included_seconds", "tiers", "month_scope"):
            if key in content:
                note((key,), "wholesale prices have no monthly terms: nobody counts a reseller's month")


_AMOUNTS = ("connect_fee", "per_call_fee", "inbound", "min_charge", "max_charge")
_READERS: Mapping[str, Callable[[Any, tuple[str | int, ...], _Note], Any]] = {
    "increments": _increments,
    "free_seconds": _seconds,
    "connect_fee": _amount,
    "per_call_fee": _amount,
    "inbound": _amount,
    "outbound": _outbound,
    "items": _items,
    "included_seconds": _seconds,
    "month_scope": _scope,
    "tiers": _tiers,
    "min_charge": _amount,
    "max_charge": _amount,
    "blocked": _blocked,
}

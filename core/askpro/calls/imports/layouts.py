"""How records of call data look, and what each column means."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Protocol
from zoneinfo import ZoneInfo

from askpro.calls.events import Reason, UsageEvent

__all__ = ("Asterisk", "Garbled", "Layout", "Native", "Parsed", "detect")


@dataclass(frozen=True, slots=True)
class Parsed:
    """A record that says whose call it is and what happened."""

    tenant: str
    event: UsageEvent


@dataclass(frozen=True, slots=True)
class Garbled:
    """A record that says too little to be anybody's call, and why."""

    tenant: str
    external_id: str
    reason: Reason
    detail: str


class Layout(Protocol):
    """Turns the fields of a record into a report."""

    name: str
    has_header: bool

    def parse(self, fields: Sequence[str]) -> Parsed | Garbled: ...


_COLUMNS = (
    "call_id", "reseller", "customer", "direction", "from_number", "to_number", "started_at", "answered_at", "ended_at",
    "disposition", "llm_tokens", "bookings",
)  # fmt: skip


@dataclass(slots=True)
class Native:
    """Our own columns, in any order, named in the first line. Instants are ISO 8601 with an offset."""

    header: Sequence[str]
    source: str = "cdr"
    tenant: str = ""
    """Whose calls they are when the file has no ``reseller`` column."""
    name: str = "native"
    has_header: bool = True
    _order: tuple[int, ...] = field(init=False)

    def __post_init__(self) -> None:
        index = {column.strip().lower(): i for i, column in enumerate(self.header)}
        self._order = tuple(index.get(column, -1) for column in _COLUMNS)

    @property
    def missing(self) -> list[str]:
        """Columns without which no call can be understood."""
        optional = {"from_number", "disposition", "llm_tokens", "bookings", "answered_at"}
        optional |= {"reseller"} if self.tenant else set()
        return [c for c, i in zip(_COLUMNS, self._order, strict=True) if i < 0 and c not in optional]

    def parse(self, fields: Sequence[str]) -> Parsed | Garbled:
        width = len(fields)
        got = [fields[i] if 0 <= i < width else "" for i in self._order]
        call, reseller, customer, direction, caller, callee, started, answered, ended = got[:9]
        disposition, tokens, bookings = got[9:]
        tenant = reseller or self.tenant
        if width > len(self.header) or any(i >= width for i in self._order):
            return Garbled(tenant, call, Reason.MALFORMED, f"{width} fields instead of {len(self.header)}")
        try:
            event = UsageEvent(
                id=call,
                customer=customer,
                direction=direction,
                from_number=caller,
                to_number=callee,
                started_at=datetime.fromisoformat(started) if started else None,
                answered_at=datetime.fromisoformat(answered) if answered else None,
                ended_at=datetime.fromisoformat(ended) if ended else None,
                disposition=disposition.upper() or "ANSWERED",
                tokens=_count(tokens),
                bookings=_count(bookings),
                source=self.source,
            )
        except ValueError as error:
            return Garbled(tenant, call, Reason.MALFORMED, str(error)[:200])
        return Parsed(tenant, event)


_WHOLE = re.compile(r"-?\d{1,18}", re.ASCII).fullmatch


def _count(text: str) -> int:
    """Digits and nothing else: ``int()`` takes 1_000 and other people's numerals, too. Raises ValueError."""
    if not text:
        return 0
    if not _WHOLE(text):
        raise ValueError(f"no whole number: {text[:40]!r}")
    return int(text)


_INBOUND_CONTEXT = re.compile(r"from-(pstn|trunk|did|external)|inbound|incoming", re.IGNORECASE)


@dataclass(slots=True)
class Asterisk:
    """Asterisk's ``Master.csv``: 16 columns, with ``uniqueid`` and ``userfield`` 18. No header, local time.

    ``billsec`` is what the switch measured and outranks end minus answer, which are whole seconds.
    """

    tenant: str
    zone: ZoneInfo
    customer: str = ""
    """Customer number for all lines; empty: the account code is the customer number."""
    country: str = ""
    """Country code (``49``) for numbers dialled nationally; empty: such numbers are refused."""
    source: str = "asterisk"
    name: str = "asterisk"
    has_header: bool = False

    def parse(self, fields: Sequence[str]) -> Parsed | Garbled:
        if not 16 <= len(fields) <= 18:
            return Garbled(self.tenant, "", Reason.MALFORMED, f"{len(fields)} fields instead of 16 to 18")
        account, caller, callee, context = fields[0], fields[1], fields[2], fields[3]
        unique = fields[16] if len(fields) > 16 else ""
        call = unique or "row-" + sha256("\x1f".join(fields).encode()).hexdigest()[:32]
        try:
            started = self._instant(fields[9])
            answered = self._instant(fields[10], started)
            ended = self._instant(fields[11], answered or started)
            billsec = int(fields[13] or 0)
        except ValueError as error:
            return Garbled(self.tenant, call, Reason.MALFORMED, str(error)[:200])
        disposition = (
            "ANSWERED" if fields[14].strip().upper() == "ANSWERED" else fields[14].strip().upper() or "UNKNOWN"
        )
        if disposition == "ANSWERED" and ended is not None:
            talk = timedelta(seconds=billsec)
            answered = answered or ended - talk
            ended = answered + talk
        direction = "inbound" if _INBOUND_CONTEXT.search(context) else "outbound"
        return Parsed(
            self.tenant,
            UsageEvent(
                id=call,
                customer=self.customer or account,
                direction=direction,
                from_number=caller,
                to_number=self._number(callee),
                started_at=started,
                answered_at=answered,
                ended_at=ended,
                disposition=disposition,
                source=self.source,
            ),
        )

    def _instant(self, text: str, since: datetime | None = None) -> datetime | None:
        """An instant of local time; in the hour that comes twice, the one that is not before ``since``."""
        if not text:
            return None
        local = datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=self.zone)
        found = local.astimezone(UTC)
        return local.replace(fold=1).astimezone(UTC) if since is not None and found < since else found

    def _number(self, dialled: str) -> str:
        digits = dialled.strip()
        if digits.startswith("00"):
            return "+" + digits[2:]
        if self.country and digits.startswith("0"):
            return f"+{self.country}{digits[1:]}"
        return digits


def detect(first: Sequence[str]) -> str:
    """``native`` when the first record names our columns, else ``asterisk``."""
    names = {column.strip().lower() for column in first}
    return "native" if {"call_id", "customer", "started_at"} <= names else "asterisk"

"""Made-up weeks: seeded, with everything real feeds do wrong, and prices of the neutral table's shape."""

from __future__ import annotations

import csv
import io
import random
from datetime import UTC, datetime, timedelta
from typing import Any

__all__ = ("CUSTOMERS", "FAULTS", "HEADER", "TARIFFS", "as_csv", "as_toml", "week")

HEADER = [
    "call_id", "reseller", "customer", "direction", "from_number", "to_number", "started_at", "answered_at", "ended_at",
    "disposition", "llm_tokens", "bookings",
]  # fmt: skip
CUSTOMERS = {"nordstern": 7, "falke": 5, "rosenheim": 3}
MONDAY = datetime(2026, 3, 23, tzinfo=UTC)

TARIFFS: dict[str, Any] = {
    "blocked": {"prefixes": ["+49137", "+882"]},
    "platform": {
        "EUR": {
            "increments": "1/1", "inbound": "0.0437", "token": "0.00000371", "booking": "0.137",
            "outbound": {"+49": "0.0613", "+4915": "0.1079", "+43": "0.0791", "+1": "0.0333", "+358": "0.07",
                         "+7": "0.9"},
        },
        "GBP": {
            "increments": "60/1", "inbound": "0.0411", "token": "0.0000029", "booking": "0.119",
            "outbound": {"+49": "0.0517", "+44": "0.0413", "+447": "0.1333", "+358": "0.05"},
        },
    },
    "resellers": {
        "nordstern": {
            "currency": "EUR", "increments": "20/6", "free_seconds": 3, "connect_fee": "0.0175", "inbound": "0.1317",
            "token": "0.00000999", "booking": "0.4499", "commission": {"scheme": "margin", "value": "37.5"},
            "outbound": {"+49": "0.1499", "+4915": "0.2401", "+43": "0.03", "+1": "0.1111", "+358": "0.2"},
        },
        "falke": {
            "currency": "GBP", "increments": "60/7", "free_seconds": 0, "connect_fee": "0", "inbound": "0.0993",
            "token": "0.0000087", "booking": "0.3999", "commission": {"scheme": "per_minute", "value": "0.01234567"},
            "outbound": {"+49": "0.1234567", "+44": "0.1099", "+447": "0.2599"},
        },
        "rosenheim": {
            "currency": "EUR", "increments": "1/1", "free_seconds": 0, "connect_fee": "0.05", "inbound": "0.0901",
            "token": "0", "booking": "0.99", "commission": {"scheme": "percent", "value": "12.34567891"},
            "outbound": {"+49": "0.01", "+4915": "0.5"},
        },
    },
}  # fmt: skip

FAULTS: dict[str, dict[str, str]] = {
    "no-id": {"call_id": ""},
    "nul-id": {"call_id": "bad\x00id"},
    "id-in-greek": {"call_id": "κλήση"},
    "no-start": {"started_at": ""},
    "no-end": {"ended_at": ""},
    "naive": {"started_at": "2026-03-24T10:00:00", "answered_at": "", "ended_at": "2026-03-24T10:01:00"},
    "garbled-time": {"ended_at": "tomorrow"},
    "backwards": {"ended_at": "2026-03-01T00:00:00Z"},
    "endless": {"ended_at": "2026-04-15T00:00:00Z"},
    "ancient": {"started_at": "1951-01-01T00:00:00Z", "answered_at": "", "ended_at": "1951-01-01T00:01:00Z"},
    "future": {"started_at": "2031-01-01T00:00:00Z", "answered_at": "", "ended_at": "2031-01-01T00:01:00Z"},
    "first-year": {
        "started_at": "0001-01-01T00:00:00+14:00",
        "answered_at": "",
        "ended_at": "0001-01-01T00:01:00+14:00",
    },
    "last-year": {
        "started_at": "9999-12-31T23:00:00-14:00",
        "answered_at": "",
        "ended_at": "9999-12-31T23:01:00-14:00",
    },
    "offset": {"ended_at": "2026-03-01T00:00:00+23:59:59"},
    "minus-tokens": {"llm_tokens": "-1"},
    "minus-bookings": {"bookings": "-1"},
    "most-bookings": {"bookings": "3000000000"},
    "most-tokens": {"llm_tokens": "999999999999999999"},
    "endless-tokens": {"llm_tokens": "9" * 40},
    "tokens-in-words": {"llm_tokens": "many"},
    "tokens-of-python": {"llm_tokens": "1_000"},
    "sideways": {"direction": "sideways"},
    "nowhere": {"to_number": "0301234567"},
    "to-nul": {"to_number": "+4930\x00"},
    "from-space": {"from_number": "+49 30 1"},
    "stranger": {"customer": "NO-99999"},
    "odd-customer": {"customer": "'; drop table"},
    "whose": {"reseller": "nobody"},
    "no-reseller": {"reseller": ""},
    "unsold": {"direction": "outbound", "to_number": "+81312345678"},
    "unbought": {"direction": "outbound", "to_number": "+499001234567"},
    "blocked": {"direction": "outbound", "to_number": "+4913712345"},
}


def week(seed: int, calls: int) -> list[list[str]]:
    """Rows in the order in which they arrive."""
    drawn = random.Random(seed)
    good = [_row(drawn, n, calls) for n in range(calls)]
    rows = [(drawn.gauss(n, 40), row) for n, row in enumerate(good)]  # out of order, some very late
    for name, changes in FAULTS.items():
        for n in range(3):
            row = _row(drawn, 10**6 + n, 10**6) | {"call_id": f"bad-{name}-{n}", "disposition": "ANSWERED"} | changes
            _answered(row, changes)
            rows += [(at, row) for at in drawn.sample(range(calls), 1 + n)]  # once, twice, three times
    for row in drawn.sample(good, calls // 25):
        rows += [(drawn.randrange(calls * 2), row)] * drawn.randint(1, 2)
    for row in drawn.sample(good, calls // 50):
        name, value = drawn.choice(
            [("llm_tokens", "77"), ("to_number", "+4930999"), ("ended_at", "2026-03-31T01:00:00Z"),
             ("disposition", "LOST"), ("customer", "XX-1"), ("llm_tokens", "-5"), ("direction", "up")]
        )  # fmt: skip
        rows.append((drawn.randrange(calls * 2), row | {name: value}))
    for n in range(10):  # refused first, then put right; and the other way
        row = _row(drawn, 2 * 10**6 + n, 10**6) | {"to_number": "+4930123456"}
        rows += [(n * calls / 11, row | {"to_number": "oops"}), (n * calls / 11 + drawn.choice([1, 900]), row)]
        rows += [(n * calls / 11 + 2_000, row | {"to_number": "oops"})]
    drawn.shuffle(rows)
    rows.sort(key=lambda entry: entry[0])
    listed = [[row[name] for name in HEADER] for _, row in rows]
    for n in range(4):
        listed.insert(drawn.randrange(len(listed)), ["short", "nordstern", "NO-00001"][: n + 1])
        listed.insert(drawn.randrange(len(listed)), [*listed[drawn.randrange(100)], "one", "more"])
    return listed


def _row(drawn: random.Random, n: int, of: int) -> dict[str, str]:
    slug = drawn.choice(list(CUSTOMERS))
    began = MONDAY + timedelta(milliseconds=round(n / of * 7 * 86_400_000) + drawn.randrange(1000))
    ring = drawn.randrange(100, 30_000)
    talk = drawn.choice([drawn.randrange(0, 9_000), drawn.randrange(300_000), drawn.randrange(60) * 1_000, 60_000])
    lost = drawn.random() < 0.08
    ours = "+4989" + str(drawn.randrange(10**6))
    theirs = drawn.choice(["+4930", "+4915", "+4916", "+431", "+1212", "+44207", "+447", "+3584", "+7495"])
    theirs += str(drawn.randrange(10**5, 10**7))
    outbound = drawn.random() < 0.5
    return {
        "call_id": f"w-{n:07d}",
        "reseller": slug,
        "customer": f"{slug[:2].upper()}-{drawn.randint(1, CUSTOMERS[slug]):05d}",
        "direction": "outbound" if outbound else "inbound",
        "from_number": ours if outbound else theirs,
        "to_number": theirs if outbound else ours,
        "started_at": _text(began),
        "answered_at": "" if lost else _text(began + timedelta(milliseconds=ring)),
        "ended_at": _text(began + timedelta(milliseconds=ring + (0 if lost else talk))),
        "disposition": drawn.choice(["NO_ANSWER", "BUSY", "FAILED"])
        if lost
        else drawn.choice(["ANSWERED"] * 9 + ["answered"]),
        "llm_tokens": "" if lost else str(drawn.randrange(5_000)),
        "bookings": "0" if lost else str(int(drawn.random() < 0.2)),
    }


def _answered(row: dict[str, str], changes: dict[str, str]) -> None:
    """A bad row is bad in one way only: it was answered when it began, unless that is the fault."""
    if "answered_at" not in changes:
        row["answered_at"] = row["started_at"]


def _text(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def as_csv(rows: list[list[str]], *, header: bool = True, end: str = "\n", quote: int = csv.QUOTE_MINIMAL) -> str:
    """The file; every row is one line."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator=end, quoting=quote)  # type: ignore[arg-type]
    writer.writerows([HEADER, *rows] if header else rows)
    return text.getvalue()


def as_toml(tariffs: dict[str, Any]) -> str:
    """The neutral table as a file."""
    lines: list[str] = []

    def table(name: str, values: dict[str, Any]) -> None:
        lines.append(f"[{name}]")
        nested = []
        for key, value in values.items():
            if isinstance(value, dict):
                nested.append((key, value))
            elif isinstance(value, list):
                lines.append(f"{_quoted(key)} = [{', '.join(map(_quoted, value))}]")
            else:
                lines.append(f"{_quoted(key)} = {value if isinstance(value, int) else _quoted(value)}")
        for key, value in nested:
            if key == "commission":
                pairs = ", ".join(f"{k} = {_quoted(v)}" for k, v in value.items())
                lines.append(f"{key} = {{ {pairs} }}")
        for key, value in nested:
            if key != "commission":
                table(f"{name}.{key}", value)

    table("blocked", tariffs["blocked"])
    for kind in ("platform", "resellers"):
        for name, values in tariffs[kind].items():
            table(f"{kind}.{name}", values)
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    return f'"{text}"'

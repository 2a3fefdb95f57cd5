"""The forms of API v2: money, pointers, cursors, the document, and the usage route's two ways to write a result."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from askpro import secrets
from askpro.calls.events import UsageResult
from askpro.errors import InvalidInput
from askpro.money import Money
from askpro.web.api import HANDLERS, schemas, usage
from askpro.web.openapi import document
from askpro.web.pagination import decode_cursor, encode_cursor, scope_of
from askpro.web.problems import invalid, pointer

LARGEST = 9_000_000_000_000_000_000


@given(st.integers(-LARGEST, LARGEST))
def test_money_is_exact_both_ways(units: int) -> None:
    """Text to units and back, six decimals always; bytes and struct say the same."""
    shown = schemas.money(units, "EUR")
    assert Money.of(Decimal(shown.amount), "EUR").units == units
    assert len(shown.amount.partition(".")[2]) == 6
    assert msgspec.json.decode(usage._money(units, b"EUR")) == {"amount": shown.amount, "currency": "EUR"}


def test_a_written_result_is_what_the_document_says() -> None:
    """The fast way out produces what ``UsageOutcome`` describes, field for field."""
    assert usage._Written.__struct_fields__ == schemas.UsageOutcome.__struct_fields__
    result = UsageResult(
        id="a", status="booked", currency="EUR", price=1, balance=-2_500_000, overrun=3, billed_seconds=4
    )
    written = msgspec.json.decode(msgspec.json.encode(usage._written(result)), type=schemas.UsageOutcome)
    assert written == schemas.UsageOutcome(
        "a", "booked", price=schemas.money(1, "EUR"), balance_after=schemas.money(-2_500_000, "EUR"),
        overrun=schemas.money(3, "EUR"), billed_seconds=4,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("path", "shown"),
    [("", "#"), (".name", "#/name"), (".events[3].to_number", "#/events/3/to_number"), ("a/b~c", "#/a~1b~0c")],
)
def test_pointers_follow_rfc_6901(path: str, shown: str) -> None:
    """Dots and brackets become slashes; slash and tilde are escaped."""
    assert pointer(path) == shown


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (b'{"number":"a","name":1}', "#/name"),
        (b'{"number":"a","name":"x","x":1}', "#/x"),
        (b'{"number":"a"}', "#/name"),
    ],
)
def test_a_decoders_complaint_points_to_the_member(body: bytes, shown: str) -> None:
    """Wrong, unknown and missing members are all named."""
    with pytest.raises(msgspec.ValidationError) as found:
        msgspec.json.decode(body, type=schemas.CustomerNew)
    [problem] = invalid(found.value).extra["errors"]
    assert problem.pointer == shown


@given(st.datetimes(timezones=st.just(UTC)), st.uuids(), st.text(max_size=20), st.data())
def test_a_cursor_survives_unchanged_and_nothing_else_does(
    at: datetime, identifier: UUID, place: str, data: st.DataObject
) -> None:
    """Round trip in its own scope; any changed character and any other scope are refused."""
    secrets.configure(("test-key-test-key-test-key-test-key",))
    scope = scope_of("tenant", place)
    text = encode_cursor((at, identifier), scope)
    assert decode_cursor(text, tuple[datetime, UUID], scope) == (at, identifier)
    position = data.draw(st.integers(0, len(text) - 2))
    changed = text[:position] + ("A" if text[position] != "A" else "B") + text[position + 1 :]
    for wrong, where in ((changed, scope), (text, scope_of("other", place)), (text[:-4], scope)):
        with pytest.raises(InvalidInput):
            decode_cursor(wrong, tuple[datetime, UUID], where)


def test_the_document_describes_every_endpoint_and_names_no_other_host() -> None:
    """One operation a handler, unique ids, unknown members forbidden, nothing fetched from elsewhere."""
    said = json.loads(document())
    operations = [one for methods in said["paths"].values() for one in methods.values()]
    assert len(operations) == len(HANDLERS) == len({one["operationId"] for one in operations})
    assert said["openapi"].startswith("3.1")
    for name in ("CustomerNew", "CustomerPatch", "UsageBatch", "UsageEvent", "CallQuery"):
        assert said["components"]["schemas"][name]["additionalProperties"] is False, name
    assert "http://" not in document().decode()
    addresses = {part.split('"')[0] for part in document().decode().split("https://")[1:]}
    assert addresses == {"json-schema.org/draft/2020-12/schema"}
    for one in operations:
        assert {"401", "403", "429"} <= one["responses"].keys()
        assert one["summary"]
        assert "Scope: `" in one["description"]

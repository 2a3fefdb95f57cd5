"""Call control as a switch sees it: over HTTP, with a key that may do nothing else."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from askpro import clock
from web_site import Site

pytestmark = pytest.mark.anyio


def _start(name: str, **more: Any) -> dict[str, Any]:
    return {
        "id": name, "customer": "C-1", "direction": "inbound", "from_number": "+4915100001", "to_number": "+4930222",
        "started_at": clock.now().isoformat(), "source": "pbx", **more,
    }  # fmt: skip


async def test_a_call_over_http(site: Site) -> None:
    """Authorized, extended, finished, seen in the list of calls; each step sent twice."""
    api = await site.client("nord", await site.key("nord", ["calls:control", "calls:read"]))
    await site.top_up("nord/C-1", "10")
    start = _start("live-1")

    begun = (await api.post("/api/v2/calls/authorize", json=start)).json()

    assert begun == {
        "call_id": begun["call_id"], "allowed": True, "seconds_left": 10_000, "covered_seconds": 60, "next_in": 50,
        "wrap_up": False, "seq": 0, "held": {"amount": "0.060000", "currency": "EUR"},
    }  # fmt: skip
    assert (await api.post("/api/v2/calls/authorize", json=start)).json() == begun
    path = f"/api/v2/calls/{begun['call_id']}"
    for _ in range(2):
        beat = (await api.post(f"{path}/extend", json={"seq": 1, "answered_at": start["started_at"]})).json()
        assert (beat["allowed"], beat["seq"], beat["held"]["amount"]) == (True, 1, "0.060000")
    end = {"answered_at": start["started_at"], "ended_at": (clock.now() + timedelta(seconds=30)).isoformat()}
    with clock.frozen(clock.now() + timedelta(seconds=30)):
        first = (await api.post(f"{path}/finish", json=end)).json()
        again = (await api.post(f"{path}/finish", json=end)).json()
    assert (first["status"], again["status"]) == ("booked", "duplicate")
    assert first["price"] == again["price"]
    assert first["balance_after"] == again["balance_after"]
    seen = (await api.get(path)).json()
    assert (seen["external_id"], seen["price"], seen["recomputed"]) == ("live-1", first["price"], first["price"])
    assert (await api.post(f"{path}/cancel")).json()["code"] == "call_over"


async def test_refusals_over_http(site: Site) -> None:
    """A denial is an answer; what is no call, not there, or another tenant's is a problem."""
    api = await site.client("nord")
    denied = await api.post("/api/v2/calls/authorize", json=_start("a"))
    assert (denied.status_code, denied.json()["allowed"], denied.json()["reason"]) == (200, False, "insufficient_funds")
    for body, code in (
        (_start("a", to_number="x"), "bad_number"),
        (_start("a", started_at="2020-01-01T00:00:00Z"), "too_old"),
        (_start("a", started_at="2020-01-01T00:00:00"), "malformed"),
        (_start("a", colour="red"), "invalid_input"),
    ):
        answer = await api.post("/api/v2/calls/authorize", json=body)
        assert (answer.status_code, answer.json()["code"]) == (422, code)
    await site.top_up("nord/C-1", "1")
    call = (await api.post("/api/v2/calls/authorize", json=_start("b"))).json()["call_id"]
    other = await site.client("falke")
    for step, body in (("extend", {"seq": 1}), ("finish", {"ended_at": clock.now().isoformat()}), ("cancel", None)):
        answer = await other.post(f"/api/v2/calls/{call}/{step}", json=body)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    for body in ({"seq": 0}, {"seq": 1, "tokens": -1}, {"seq": 1, "answered_at": "2026-01-01T00:00:00"}):
        assert (await api.post(f"/api/v2/calls/{call}/extend", json=body)).status_code == 422
    assert (await api.post(f"/api/v2/calls/{call}/cancel")).json() == {"call_id": call, "status": "cancelled"}


async def test_the_scope_is_its_own(site: Site) -> None:
    """A key that may report usage may not begin calls."""
    api = await site.client("nord", await site.key("nord", ["usage:write", "calls:read"]))
    answer = await api.post("/api/v2/calls/authorize", json=_start("a"))
    assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")

"""API v2: customers, balance, transactions, usage and calls, as a machine sees them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import httpx
import pytest

from askpro.ids import new_id
from web_site import Site, event

pytestmark = pytest.mark.anyio


async def _report(client: httpx.AsyncClient, *events: dict[str, Any]) -> list[dict[str, Any]]:
    answer = await client.post("/api/v2/usage", json={"events": list(events)})
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["results"]
    return found


def _key() -> dict[str, str]:
    return {"Idempotency-Key": f'"{new_id()}"'}


async def test_a_call_is_reported_booked_listed_and_explained(site: Site) -> None:
    """From the report to the statement: price, balance, transaction, call and its steps agree to 10⁻⁶."""
    api = await site.client("nord")
    await site.top_up("nord/C-1", "10")

    [result] = await _report(api, event("a", tokens=1000, bookings=1))

    assert result == {
        "id": "a",
        "status": "booked",
        "price": {"amount": "0.621000", "currency": "EUR"},
        "balance_after": {"amount": "9.379000", "currency": "EUR"},
        "billed_seconds": 60,
    }
    customer = site.customers["nord/C-1"].id
    balance = (await api.get(f"/api/v2/customers/{customer}/balance")).json()
    assert balance["balance"] == balance["available"] == {"amount": "9.379000", "currency": "EUR"}
    assert balance["overrun"]["amount"] == balance["held"]["amount"] == "0.000000"
    lines = (await api.get(f"/api/v2/customers/{customer}/transactions")).json()["items"]
    assert [(one["kind"], one["amount"]["amount"], one["balance"]["amount"], one["calls"]) for one in lines] == [
        ("usage", "-0.621000", "9.379000", 1),
        ("topup", "10.000000", "10.000000", 0),
    ]
    [call] = (await api.get("/api/v2/calls", params={"customer": str(customer)})).json()["items"]
    assert (call["external_id"], call["talk_ms"], call["price"]["amount"]) == ("a", 60_000, "0.621000")
    detail = (await api.get(f"/api/v2/calls/{call['id']}", headers={"Accept-Language": "en"})).json()
    assert detail["recomputed"] == detail["price"]
    assert detail["steps"][-1]["kind"] == "price"
    assert detail["steps"][-1]["values"] == {"amount": "0.621", "currency": "EUR"}
    assert all(step["text"] for step in detail["steps"])


async def test_each_event_has_its_own_result(site: Site) -> None:
    """One batch with good, repeated, changed, unpriceable, foreign and garbled events: each is told its own."""
    api = await site.client("nord")
    [known] = await _report(api, event("known"))

    results = await _report(
        api,
        event("new"),
        event("known"),
        event("known", tokens=7),
        event("nowhere", to_number="+3511234567"),
        event("stranger", customer="C-9"),
        {**event("odd"), "colour": "red"},
        {"id": "half"},
        event("early", started_at=None),
        event("lucky", tokens="many"),
        event("last"),
    )

    assert [(one["id"], one["status"], one.get("reason", "")) for one in results] == [
        ("new", "booked", ""),
        ("known", "duplicate", ""),
        ("known", "conflict", "conflict"),
        ("nowhere", "refused", "rate_missing"),
        ("stranger", "refused", "unknown_customer"),
        ("odd", "refused", "malformed"),
        ("half", "refused", "malformed"),
        ("early", "refused", "missing_start"),
        ("lucky", "refused", "malformed"),
        ("last", "booked", ""),
    ]
    assert results[1] == {**known, "status": "duplicate"}
    assert (known["price"]["amount"], known["billed_seconds"], known["balance_after"]["amount"]) == (
        "0.120000", 60, "0.000000",
    )  # fmt: skip


async def test_an_overrun_is_booked_and_said(site: Site) -> None:
    """A finished call is booked although the wallet is empty; the answer names what was not covered (D6)."""
    api = await site.client("nord")
    [result] = await _report(api, event("a"))
    assert (result["status"], result["overrun"]["amount"], result["balance_after"]["amount"]) == (
        "booked", "0.120000", "0.000000",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, "json_unreadable"),
        (b"\xff\xfe", 400, "json_unreadable"),
        (b"[]", 422, "invalid_input"),
        (b'{"events": []}', 422, "batch_size"),
        (b'{"events": [' + b",".join([b"{}"] * 1001) + b"]}", 422, "batch_size"),
        (b'{"events": [{}], "more": 1}', 422, "invalid_input"),
        (b'{"events": ["' + b"x" * 2_200_000 + b'"]}', 413, "too_large"),
    ],
)
async def test_what_is_no_batch_is_refused_whole(site: Site, body: bytes, status: int, code: str) -> None:
    """Bodies that hold no list of 1 to 1,000 events are one problem, and nothing of them is booked."""
    api = await site.client("nord")
    answer = await api.post("/api/v2/usage", content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_a_body_that_is_not_json_is_415(site: Site) -> None:
    """Forms and plain text are not guessed at."""
    api = await site.client("nord")
    for path in ("/api/v2/usage", "/api/v2/customers"):
        answer = await api.post(path, content=b"{}", headers={"Content-Type": "text/plain", **_key()})
        assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")


async def test_a_customer_is_taken_on_changed_and_found(site: Site) -> None:
    """Create with Location and wallet, read, change, search; a number is given once."""
    api = await site.client("nord")
    body = {"number": "N-77", "name": "Ümläut GmbH", "email": "Post@Example.COM", "locale": "en"}

    made = await api.post("/api/v2/customers", json=body, headers=_key())

    assert made.status_code == 201
    customer = made.json()
    assert made.headers["location"] == f"/api/v2/customers/{customer['id']}"
    assert (customer["email"], customer["currency"], customer["status"]) == ("post@example.com", "EUR", "active")
    assert (await api.get(made.headers["location"])).json() == customer
    balance = (await api.get(made.headers["location"] + "/balance")).json()
    assert balance["balance"] == {"amount": "0.000000", "currency": "EUR"}
    again = await api.post("/api/v2/customers", json=body, headers=_key())
    assert (again.status_code, again.json()["code"]) == (409, "number_taken")
    changed = await api.patch(made.headers["location"], json={"status": "suspended", "name": "Umlaut GmbH"})
    assert (changed.json()["status"], changed.json()["name"]) == ("suspended", "Umlaut GmbH")
    found = (await api.get("/api/v2/customers", params={"search": "umlaut", "status": "suspended"})).json()
    assert [one["number"] for one in found["items"]] == ["N-77"]


async def test_a_patch_is_all_or_nothing(site: Site) -> None:
    """A status that is not possible takes the new name with it."""
    api = await site.client("nord")
    path = f"/api/v2/customers/{site.customers['nord/C-1'].id}"
    assert (await api.patch(path, json={"status": "closed"})).status_code == 200
    refused = await api.patch(path, json={"name": "Other", "status": "active"})
    assert (refused.status_code, refused.json()["code"]) == (409, "closed")
    assert (await api.get(path)).json()["name"] == "Customer C-1"


@pytest.mark.parametrize(
    "member", ["tenant_id", "id", "balance", "credit_line", "credit_limit", "price", "role", "created_at"]
)
async def test_members_that_are_not_for_clients_are_refused(site: Site, member: str) -> None:
    """Mass assignment (V8.2.3): unknown and read-only members are 422 with a pointer, and change nothing."""
    api = await site.client("nord")
    body = {"number": "N-1", "name": "x", member: "1"}
    answer = await api.post("/api/v2/customers", json=body, headers=_key())
    assert answer.status_code == 422
    assert member in answer.json()["errors"][0]["detail"]
    path = f"/api/v2/customers/{site.customers['nord/C-1'].id}"
    assert (await api.patch(path, json={member: "1"})).status_code == 422


async def test_lists_are_paged_to_the_end_without_gap_or_double(site: Site) -> None:
    """Customers, calls and transactions: following `next`, and following Link, visits everything once."""
    api = await site.client("nord")
    customer = site.customers["nord/C-1"].id
    for day in range(1, 8):
        stamps = {
            name: f"2026-03-0{day}T10:0{n}:00Z" for n, name in enumerate(("started_at", "answered_at", "ended_at"))
        }
        await _report(api, event(f"a{day}", **stamps), event(f"b{day}", **stamps))
    await site.top_up("nord/C-1", "1")
    for number in range(10, 17):
        body = {"number": f"N-{number}", "name": "x"}
        assert (await api.post("/api/v2/customers", json=body, headers=_key())).status_code == 201
    for path, params, total in (
        ("/api/v2/customers", {}, 9),
        ("/api/v2/calls", {"customer": str(customer)}, 14),
        (f"/api/v2/customers/{customer}/transactions", {}, 1),
    ):
        by_cursor = await _walk(api, path, params)
        by_link = await _follow(api, path, params)
        assert len(by_cursor) == len(set(by_cursor)) == total
        assert by_link == by_cursor


async def _walk(api: httpx.AsyncClient, path: str, params: dict[str, str]) -> list[str]:
    found, cursor = [], ""
    while True:
        page = (await api.get(path, params={**params, "limit": "3", **({"cursor": cursor} if cursor else {})})).json()
        found += [one["id"] for one in page["items"]]
        if page["next"] is None:
            return found
        cursor = page["next"]


async def _follow(api: httpx.AsyncClient, path: str, params: dict[str, str]) -> list[str]:
    answer = await api.get(path, params={**params, "limit": "3"})
    found = [one["id"] for one in answer.json()["items"]]
    while following := answer.links.get("next"):
        answer = await api.get(following["url"])
        found += [one["id"] for one in answer.json()["items"]]
    return found


async def test_a_cursor_opens_its_own_list_only(site: Site) -> None:
    """Another filter, route or tenant, or one changed character, is told that the cursor does not belong here."""
    api, other = await site.client("nord"), await site.client("falke")
    cursor = (await api.get("/api/v2/customers", params={"limit": "1"})).json()["next"]
    assert (await api.get("/api/v2/customers", params={"limit": "2", "cursor": cursor})).status_code == 200
    tampered = cursor[:-1] + ("A" if cursor[-1] != "A" else "B")
    for client, path, params in (
        (api, "/api/v2/customers", {"cursor": cursor, "search": "x"}),
        (api, "/api/v2/calls", {"cursor": cursor}),
        (other, "/api/v2/customers", {"cursor": cursor}),
        (api, "/api/v2/customers", {"cursor": tampered}),
        (api, "/api/v2/customers", {"cursor": "nonsense"}),
        (api, "/api/v2/customers", {"cursor": "ä"}),
    ):
        answer = await client.get(path, params=params)
        assert (answer.status_code, answer.json()["code"]) == (422, "cursor_invalid")


@pytest.mark.parametrize(
    "params",
    [
        {"limit": "0"},
        {"limit": "101"},
        {"limit": "x"},
        {"colour": "red"},
        {"status": "gone"},
        [("limit", "1"), ("limit", "2")],
    ],
)
async def test_query_parameters_are_checked(site: Site, params: Any) -> None:
    """Limits outside 1 to 100, unknown, doubled and wrong parameters are 422 with a pointer."""
    api = await site.client("nord")
    answer = await api.get("/api/v2/customers", params=params)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"].startswith("#/")


async def test_calls_are_filtered(site: Site) -> None:
    """Direction, answered, period and customer; without a customer the window is bounded."""
    api = await site.client("nord")
    await _report(
        api,
        event("out"),
        event("in", direction="inbound"),
        event("rang", answered_at=None, disposition="NO ANSWER"),
        event("other", customer="C-2"),
        event(
            "april",
            started_at="2026-04-01T00:00:00Z",
            answered_at="2026-04-01T00:00:00Z",
            ended_at="2026-04-01T00:01:00Z",
        ),
    )

    async def ids(**params: str) -> list[str]:
        answer = await api.get("/api/v2/calls", params=params)
        assert answer.status_code == 200, answer.text
        return sorted(one["external_id"] for one in answer.json()["items"])

    march = {"since": "2026-03-01T00:00:00Z", "until": "2026-04-01T00:00:00Z"}
    mine = {"customer": str(site.customers["nord/C-1"].id)}
    assert await ids(**march) == ["in", "other", "out", "rang"]
    assert await ids(**march, direction="inbound") == ["in"]
    assert await ids(**march, answered="false") == ["rang"]
    assert await ids(**mine) == ["april", "in", "out", "rang"]
    assert await ids(**mine, since="2026-04-01T00:00:00Z") == ["april"]
    assert await ids(**mine, until="2026-03-03T10:00:00Z") == []
    assert await ids(customer=str(site.customers["falke/C-1"].id)) == []
    wide = await api.get("/api/v2/calls", params={"since": "2026-01-01T00:00:00Z", "until": "2026-04-01T00:00:00Z"})
    assert (wide.status_code, wide.json()["code"]) == (422, "window_too_wide")
    naive = await api.get("/api/v2/calls", params={"since": "2026-03-01T00:00:00"})
    assert naive.status_code == 422


async def test_a_foreign_id_is_told_what_a_wrong_one_is(site: Site) -> None:
    """Another tenant's customer and call: 404, word for word the answer to an id that never was (V8.4.1)."""
    api, other = await site.client("nord"), await site.client("falke")
    await _report(other, event("theirs", to_number="+4420123456"))
    theirs = site.customers["falke/C-1"].id
    [call] = (await other.get("/api/v2/calls", params={"customer": str(theirs)})).json()["items"]
    nobody = UUID(int=new_id().int)
    for foreign, template in (
        (theirs, "/api/v2/customers/{}"),
        (theirs, "/api/v2/customers/{}/balance"),
        (theirs, "/api/v2/customers/{}/transactions"),
        (call["id"], "/api/v2/calls/{}"),
    ):
        assert (await other.get(template.format(foreign))).status_code == 200
        told, wrong = await api.get(template.format(foreign)), await api.get(template.format(nobody))
        assert told.status_code == wrong.status_code == 404
        assert _plain(told) == _plain(wrong)
    refused = await api.patch(f"/api/v2/customers/{theirs}", json={"name": "mine now"})
    assert refused.status_code == 404
    assert (await other.get(f"/api/v2/customers/{theirs}")).json()["name"] == "Customer C-1"


def _plain(answer: httpx.Response) -> dict[str, Any]:
    return {name: value for name, value in answer.json().items() if name != "request_id"}

"""Idempotent commands (D12): the cases of the header's draft, and what the money needs beyond them."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest

from askpro import clock, db
from askpro.errors import Conflict, DuplicateKey, InvalidInput, Unavailable
from askpro.ids import new_id
from askpro.web import idempotency
from askpro.web.idempotency import KEPT, Answer, once
from web_site import Site

pytestmark = pytest.mark.anyio


async def _create(client: httpx.AsyncClient, key: str | None, number: str = "N-1", **more: Any) -> httpx.Response:
    headers = {} if key is None else {"Idempotency-Key": key}
    return await client.post("/api/v2/customers", json={"number": number, "name": "x", **more}, headers=headers)


async def _count(client: httpx.AsyncClient) -> int:
    return len((await client.get("/api/v2/customers")).json()["items"])


async def test_the_same_key_does_it_once_and_answers_the_same(site: Site) -> None:
    """A repeat gets status, body and Location of the first, marked as replayed; quoted and bare are the same key."""
    api = await site.client("nord")
    first, again, bare = [await _create(api, key) for key in ('"k-1"', '"k-1"', "k-1")]
    assert first.status_code == 201
    assert "idempotent-replayed" not in first.headers
    for repeat in (again, bare):
        assert (repeat.status_code, repeat.content, repeat.headers["location"]) == (
            201,
            first.content,
            first.headers["location"],
        )
        assert repeat.headers["idempotent-replayed"] == "true"
    assert await _count(api) == 3


async def test_a_refusal_is_an_answer_too(site: Site) -> None:
    """A business refusal is repeated as it was, even when it would succeed by now, and wrote nothing."""
    api = await site.client("nord")
    first = await _create(api, "k", "C-1")
    assert (first.status_code, first.json()["code"]) == (409, "number_taken")
    repeat = await _create(api, "k", "C-1")
    assert (repeat.status_code, repeat.content) == (409, first.content)
    assert repeat.headers["content-type"] == "application/problem+json"
    assert repeat.headers["idempotent-replayed"] == "true"


async def test_another_payload_under_the_key_is_422(site: Site) -> None:
    """The key stands for one request."""
    api = await site.client("nord")
    assert (await _create(api, "k")).status_code == 201
    other = await _create(api, "k", "N-2")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_reused")
    assert await _count(api) == 3


@pytest.mark.parametrize(
    "key", [None, "", '""', '"open', "two words", '"a", "b"', "x" * 256, '"' + "x" * 256 + '"', '"tab\t"']
)
async def test_a_missing_or_unreadable_key_is_400(site: Site, key: str | None) -> None:
    """Without a usable key nothing is done."""
    api = await site.client("nord")
    answer = await _create(api, key)
    assert answer.status_code == 400
    assert answer.json()["code"] in ("idempotency_key_missing", "idempotency_key_invalid")
    assert await _count(api) == 2


async def test_two_header_lines_are_400(site: Site) -> None:
    """Which of them would count?"""
    api = await site.client("nord")
    headers = [("Idempotency-Key", '"a"'), ("Idempotency-Key", '"a"'), ("Content-Type", "application/json")]
    answer = await api.post("/api/v2/customers", content=b'{"number":"N-1","name":"x"}', headers=headers)
    assert answer.status_code == 400


async def test_keys_of_others_are_other_keys(site: Site) -> None:
    """Another tenant, and another API key of the same tenant: a first request each, no leak."""
    one, other = await site.client("nord"), await site.client("falke")
    second = await site.client("nord", await site.key("nord", ["customers:write"]))
    answers = [await _create(one, "k", "N-1"), await _create(other, "k", "N-1"), await _create(second, "k", "N-2")]
    assert [answer.status_code for answer in answers] == [201, 201, 201]
    assert not [answer for answer in answers if "idempotent-replayed" in answer.headers]


async def test_a_key_is_forgotten_after_its_time(site: Site) -> None:
    """After 24 hours the same key is a first request."""
    api = await site.client("nord")
    assert (await _create(api, "k", "N-1")).status_code == 201
    with clock.frozen(clock.now() + KEPT + timedelta(seconds=1)):
        assert (await _create(api, "k", "N-2")).status_code == 201


async def test_of_many_at_once_one_does_it(site: Site) -> None:
    """Twenty at the same moment: one customer; the others are told 409 or given the first one's answer."""
    api = await site.client("nord")
    answers = await asyncio.gather(*(_create(api, "k") for _ in range(20)))
    codes = sorted({(one.status_code, one.headers.get("idempotent-replayed", "")) for one in answers})
    assert len([one for one in answers if one.status_code == 201 and "idempotent-replayed" not in one.headers]) == 1
    assert set(codes) <= {(201, ""), (201, "true"), (409, "")}
    assert await _count(api) == 3


def _refused(error: Exception) -> Answer:
    return Answer(getattr(error, "status", 500), b"{}")


async def test_while_the_first_is_running_others_are_told_so(site: Site) -> None:
    """409 at once, without waiting for the first; afterwards the stored answer."""
    tenant, started, go = site.tenants["nord"].id, asyncio.Event(), asyncio.Event()

    async def slow() -> Answer:
        started.set()
        await go.wait()
        return Answer(200, b"done")

    async def never() -> Answer:
        raise AssertionError("done twice")

    first = asyncio.create_task(once(tenant, "key:1", "POST /x", "k", b"", slow, _refused))
    await started.wait()
    with pytest.raises(Conflict) as told:
        await once(tenant, "key:1", "POST /x", "k", b"", never, _refused)
    assert told.value.code == "idempotency_running"
    go.set()
    assert (await first).body == b"done"
    repeat = await once(tenant, "key:1", "POST /x", "k", b"", never, _refused)
    assert (repeat.body, repeat.replayed) == (b"done", True)


async def test_effect_and_answer_are_one(site: Site) -> None:
    """What fails by chance leaves neither effect nor stored answer, so the same key may try again."""
    tenant = site.tenants["nord"].id
    ids = [new_id(), new_id()]

    async def write(identifier: Any, failure: Exception | None) -> Answer:
        await db.execute(
            "insert into tariffs.plan (tenant_id, id, code, name) values ($1, $2, $3, 'x')",
            tenant,
            identifier,
            f"p{identifier.int % 999}",
        )
        if failure:
            raise failure
        return Answer(201, b"made")

    for failure in (ZeroDivisionError(), Unavailable()):
        with pytest.raises(type(failure)):
            await once(tenant, "p", "r", "k", b"", lambda f=failure: write(ids[0], f), _refused)  # type: ignore[misc]
    refused = await once(tenant, "p", "r", "other", b"", lambda: write(ids[0], DuplicateKey()), _refused)
    assert refused.status == 409
    made = await once(tenant, "p", "r", "k", b"", lambda: write(ids[1], None), _refused)
    assert (made.status, made.replayed) == (201, False)
    async with db.unit(tenant):
        rows = await db.fetch("select id from tariffs.plan")
    assert [row["id"] for row in rows] == [ids[1]]


async def test_inside_an_open_unit_it_joins(site: Site) -> None:
    """A caller's unit that is rolled back takes the effect and the key with it."""
    tenant = site.tenants["nord"].id

    async def work() -> Answer:
        return Answer(200, b"")

    with pytest.raises(ZeroDivisionError):
        async with db.unit(tenant):
            await once(tenant, "p", "r", "k", b"one", work, _refused)
            raise ZeroDivisionError
    assert not (await once(tenant, "p", "r", "k", b"two", work, _refused)).replayed
    with pytest.raises(InvalidInput):
        await once(tenant, "p", "r", "k", b"three", work, _refused)


def test_published_time_is_what_is_kept() -> None:
    """The document names the hours that the code keeps."""
    from askpro.web.openapi import document

    hours = int(idempotency.KEPT.total_seconds() // 3600)
    assert f"kept for {hours} hours" in document().decode()

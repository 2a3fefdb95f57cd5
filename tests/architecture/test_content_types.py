"""Every answer says once what it is: pages, lists, downloads and refusals, of the portal, the public and of plugins."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any
from uuid import UUID

import httpx
import pytest

from askpro.web.answers import HTML
from portal_house import PASSWORD
from support.furnished import MINE, Furnished, furnished
from support.walk import Step, steps

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

_PARAMETER = re.compile(r"; *([a-z]+)=")


def fault(answer: httpx.Response) -> str:
    """What is wrong with what the answer says it is."""
    said = answer.headers.get("content-type", "")
    if answer.headers.get_list("content-type") != ([said] if said else []):
        return f"said twice: {answer.headers.get_list('content-type')}"
    if said.startswith("text/html") and said != HTML:
        return said
    if said.startswith("text/") and not said.endswith("; charset=utf-8"):
        return said
    names = _PARAMETER.findall(said)
    return said if len(names) != len(set(names)) else ""


async def test_every_page_says_once_that_it_is_html(empty_database: Any) -> None:
    """Each GET as nobody, customer and staff, with ids that are ours and one that is nobody's; and at no house."""
    async with furnished(empty_database) as made:
        ids = await _ours(made)
        faults: dict[str, str] = {}
        pages: set[str] = set()
        open_to_all = await made.client(MINE)
        for caller in (
            open_to_all,
            await _signed_in(made, "anna@example.org"),
            await _signed_in(made, "staff@example.org"),
        ):
            for step in steps(made.portal.app.litestar):
                if step.method != "GET" or (step.ids and step.path.startswith("/api/")):
                    continue
                await made.admin.execute("truncate web.rate")
                for answer in [await _asked(caller, step, one) for one in _tried(step, ids, caller is open_to_all)]:
                    if found := fault(answer):
                        faults[f"{answer.status_code} {step.path}"] = found
                    if answer.status_code == 200 and answer.headers["content-type"].startswith("text/html"):
                        pages.add(step.path)
        nowhere = await open_to_all.get("http://nobody.askpro.localhost:8000/", headers={"Accept": "text/html"})
        assert (nowhere.status_code, fault(nowhere), nowhere.headers["content-type"]) == (421, "", HTML)
        assert faults == {}
        assert {"/sign-in", "/", "/calls", "/calls/{call:uuid}", "/staff", "/x/sandbox/checkout/{id:uuid}"} <= pages
        assert len(pages) > 25


async def _asked(caller: httpx.AsyncClient, step: Step, identifier: UUID | None) -> httpx.Response:
    return await caller.get(step.ask(identifier).url, headers={"Accept": "text/html"})


def _tried(step: Step, ids: list[UUID], stranger: bool) -> Iterable[UUID | None]:
    if not step.ids:
        return [None]
    return ids[:1] if stranger else ids


async def _signed_in(made: Furnished, email: str) -> httpx.AsyncClient:
    browser = await made.portal.browser(MINE)
    assert (await browser.sign_in(email, PASSWORD)).status_code == 303
    return browser.client


async def _ours(made: Furnished) -> list[UUID]:
    """One id of every kind that a page can be asked for; nobody's first."""
    tenant, anna = made.house(MINE).tenant.id, made.house(MINE).customers["C-1"]
    found = [UUID(int=1), anna.id]
    for table in ("payments.orders", "payments.dispute", "wallets.adjustment", "payments.inbox"):
        found += [row[0] for row in await made.admin.fetch(f"select id from {table} where tenant_id = $1", tenant)]
    found += [
        row[0]
        for row in await made.admin.fetch("select id from ledger.usage where wallet_id = $1 limit 1", anna.wallet_id)
    ]
    return found + [
        row[0]
        for row in await made.admin.fetch("select id from plug_sandbox.payment where customer = $1", str(anna.id))
    ]

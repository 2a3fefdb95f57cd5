"""API v2: refunds. No plugin is asked inside a unit, a command is done once, and no text breaks the database."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import httpx
import pytest

from askpro import db
from askpro.errors import PluginUnavailable
from askpro.ids import new_id
from askpro.money import Money
from askpro.payments import providers, queries, refunds, settle
from askpro.payments.model import Order
from askpro.payments.topup import begin_checkout, create_order
from askpro.people import keys
from askpro.sdk.payments import ChargeResult, Outcome
from askpro_sandbox.provider import SandboxProvider
from portal_house import Portal, credit, portal
from web_site import OPERATOR

pytestmark = pytest.mark.anyio
__all__ = ("portal",)

SCOPES = ["balance:read", "payments:read", "payments:refund", "customers:read", "customers:write", "usage:write"]


@pytest.fixture
async def api(portal: Portal) -> httpx.AsyncClient:
    secret, _ = await keys.create(portal.houses["nordstern"].tenant.id, "t", SCOPES, by=OPERATOR)
    browser = await portal.browser()
    browser.client.headers["Authorization"] = f"Bearer {secret}"
    return browser.client


async def paid(portal: Portal) -> Order:
    """A top-up of 50.00 that is paid."""
    house = portal.houses["nordstern"]
    await credit(house, "50")
    return (await queries.orders(house.tenant.id, limit=1))[0]


def once(key: str = "") -> dict[str, str]:
    return {"Idempotency-Key": key or str(new_id())}


def wanted(amount: str = "20", **more: Any) -> dict[str, Any]:
    return {"net": {"amount": amount, "currency": "EUR"}, **more}


async def test_the_provider_is_asked_outside_of_any_unit(
    portal: Portal, api: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a plugin can do is learnt before the command's transaction begins."""
    order, inside, plain = await paid(portal), [], SandboxProvider.capabilities

    def capabilities(self: Any, ctx: Any) -> Any:
        inside.append(db.current())
        return plain(self, ctx)

    monkeypatch.setattr(SandboxProvider, "capabilities", capabilities)
    answer = await api.post(f"/api/v2/payments/{order.id}/refunds", json=wanted(), headers=once())

    assert answer.status_code == 202, answer.text
    assert inside
    assert not any(inside)


async def test_a_command_that_was_done_is_answered_without_the_provider(
    portal: Portal, api: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Same key, same body: the stored answer, though the provider is gone by now. Another one is told so, unstored."""
    order = await paid(portal)
    place = f"/api/v2/payments/{order.id}/refunds"
    first = await api.post(place, json=wanted(), headers=once("k-1"))

    async def away(*_: object, **__: object) -> None:
        raise PluginUnavailable

    with monkeypatch.context() as patch:
        patch.setattr(providers, "provider", away)
        again = await api.post(place, json=wanted(), headers=once("k-1"))
        other = await api.post(place, json=wanted(), headers=once("k-2"))
    later = await api.post(place, json=wanted("5"), headers=once("k-2"))

    assert (again.status_code, again.json()) == (202, first.json())
    assert again.headers["Idempotent-Replayed"] == "true"
    assert (other.status_code, other.json()["code"]) == (503, "plugin_unavailable")
    assert later.status_code == 202
    tenant = portal.houses["nordstern"].tenant.id
    assert [one.net.decimal for one in await refunds.of_order(tenant, order.id)] == [5, 20]
    assert (await api.post(f"/api/v2/payments/{new_id()}/refunds", json=wanted(), headers=once())).status_code == 404


async def test_what_the_provider_keeps_is_shown(portal: Portal, api: httpx.AsyncClient) -> None:
    """Its fee stands beside the payment, in the API and for staff; what says nothing of a fee changes nothing."""
    house = portal.houses["nordstern"]
    one = house.customers["C-1"]
    order = await create_order(
        house.tenant, one, Money.of("50", "EUR"), "sandbox", idempotency="fee", by=OPERATOR
    )  # fmt: skip
    await begin_checkout(
        house.tenant, one, order.id, by=OPERATOR, description="", return_url="https://x.example/",
        cancel_url="https://x.example/", locale="en",
    )  # fmt: skip
    attempt = await queries.attempt_of_order(house.tenant.id, order.id)
    assert attempt is not None
    paid = ChargeResult(
        key=str(attempt.id), outcome=Outcome.SETTLED, amount=order.gross, provider_ref="p-1",
        fee=Money.of("1.08", "EUR"),
    )  # fmt: skip
    assert (await api.get(f"/api/v2/payments/{order.id}")).json()["fee"] is None
    for result in (paid, replace(paid, fee=None)):
        await settle.apply(house.tenant.id, attempt.id, result, by=OPERATOR)

    found = (await api.get(f"/api/v2/payments/{order.id}")).json()
    assert found["fee"] == {"amount": "1.080000", "currency": "EUR"}
    browser = await portal.browser()
    await browser.sign_in("staff@example.org")
    page = (await browser.get(f"/staff/payments/{order.id}")).text
    assert "Gebühr des Anbieters" in page
    assert "1,08\N{NO-BREAK SPACE}€" in page


async def test_a_zero_character_is_refused_where_it_stands(portal: Portal, api: httpx.AsyncClient) -> None:
    """PostgreSQL keeps every character but U+0000: a problem that names the place, in bodies and in addresses."""
    order = await paid(portal)
    place = f"/api/v2/payments/{order.id}/refunds"
    refused = await api.post(place, json=wanted(reason="a\0b"), headers=once())
    assert (refused.status_code, refused.headers["content-type"]) == (422, "application/problem+json")
    assert [one["pointer"] for one in refused.json()["errors"]] == ["#/reason"]
    taken = await api.post(place, json=wanted(reason="six letters: \\u0000"), headers=once())
    assert (taken.status_code, taken.json()["reason"]) == (202, "six letters: \\u0000")

    new = {"number": "C-9", "name": "a\0", "email": "x@example.org"}
    assert (await api.post("/api/v2/customers", json=new, headers=once())).status_code == 422
    for path in ("/api/v2/payments?search=%00", "/api/v2/customers?search=a%00b"):
        assert (await api.get(path)).status_code == 422

"""API v2: saved payment methods and auto-top-up, as a machine sees them."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from askpro.payments import autotopup, consent, providers
from askpro.people import keys
from askpro_sandbox.provider import open_book
from portal_house import Portal, credit, portal
from web_site import OPERATOR

pytestmark = pytest.mark.anyio
__all__ = ("portal",)

EUR = {"currency": "EUR"}


@pytest.fixture
async def api(portal: Portal) -> httpx.AsyncClient:
    secret, _ = await keys.create(
        portal.houses["nordstern"].tenant.id, "t", ["balance:read", "topups:write", "payments:read"], by=OPERATOR
    )
    browser = await portal.browser()
    browser.client.headers["Authorization"] = f"Bearer {secret}"
    return browser.client


def place(portal: Portal, what: str = "auto-topup") -> str:
    return f"/api/v2/customers/{portal.houses['nordstern'].customers['C-1'].id}/{what}"


async def card(portal: Portal) -> str:
    house = portal.houses["nordstern"]
    provider = await providers.provider(house.tenant.id, "sandbox")
    async with open_book(provider.ctx) as book:
        return (await book.add_method(str(house.customers["C-1"].id), "succeed")).public.ref


def wanted(card: str, /, **changes: Any) -> dict[str, Any]:
    return {
        "threshold": {"amount": "10", **EUR}, "mode": "fixed", "amount": {"amount": "25", **EUR},
        "monthly_cap": {"amount": "100", **EUR}, "provider": "sandbox", "method": card,
        "consent": {"text": "Charge me.", "version": "shop-3", "locale": "de"}, **changes,
    }  # fmt: skip


async def test_a_rule_is_saved_read_and_switched_off(portal: Portal, api: httpx.AsyncClient) -> None:
    """From the list of methods to the charge: what was put is what is shown, and the consent is kept."""
    assert (await api.get(place(portal))).status_code == 404
    ref = await card(portal)
    [method] = (await api.get(place(portal, "payment-methods"))).json()["items"]
    assert (method["method"], method["default"], method["chargeable"]) == (ref, True, True)

    put = await api.put(place(portal), json=wanted(ref))
    assert put.status_code == 200, put.text
    house = portal.houses["nordstern"]
    wallet = house.customers["C-1"].wallet_id
    assert (await autotopup.fire(house.tenant.id, wallet)).outcome == "charged"
    told = (await api.get(place(portal))).json()
    assert (told["state"], told["charged_this_month"], told["monthly_cap"]["amount"]) == (
        "active", {"amount": "25.000000", **EUR}, "100.000000",
    )  # fmt: skip
    await credit(house, "10")
    paid = (await api.get("/api/v2/payments")).json()["items"]
    assert [(one["net"]["amount"], one["origin"]) for one in paid] == [
        ("10.000000", "checkout"), ("25.000000", "auto"),
    ]  # fmt: skip
    one = (await api.get(f"/api/v2/payments/{paid[1]['id']}")).json()["payment"]
    assert one == paid[1]
    kept = await consent.of_wallet(house.tenant.id, wallet)
    assert (kept[0]["text"], kept[0]["version"], kept[0]["actor"][:4]) == ("Charge me.", "shop-3", "key:")

    for _ in range(2):
        assert (await api.delete(place(portal))).json()["state"] == "off"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"amount": {"amount": "4", **EUR}}, "step_out_of_bounds"),
        ({"monthly_cap": {"amount": "24", **EUR}}, "cap_below_amount"),
        ({"amount": {"amount": "25", "currency": "GBP"}}, "currency_mismatch"),
        ({"method": "none"}, "method_unknown"),
        ({"provider": "stripe"}, "method_unknown"),
    ],
)
async def test_what_cannot_work_is_refused(
    portal: Portal, api: httpx.AsyncClient, changes: dict[str, Any], code: str
) -> None:
    """422 with a code of its own, and nothing is saved."""
    answer = await api.put(place(portal), json=wanted(await card(portal), **changes))

    assert answer.status_code == 422
    assert answer.json()["code"] == code
    assert (await api.get(place(portal))).status_code == 404

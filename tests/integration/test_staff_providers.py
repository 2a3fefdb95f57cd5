"""A provider with secrets in the staff's room: keys go in and never come out, and events are told where to go."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from askpro import db
from askpro.pluginhost.switches import read_values
from portal_house import Portal
from staff_house import send, staff, with_stripe, words

pytestmark = pytest.mark.anyio

HERE = "/staff/providers/stripe"
KEY = "sk_test_51NeverToBeShownAnywhere"


@pytest.fixture
async def portal(empty_database: Any) -> AsyncIterator[Portal]:
    """Both brands, with Stripe on offer and not set up."""
    async with with_stripe(empty_database) as made:
        yield made


async def test_a_secret_is_written_and_never_read(portal: Portal) -> None:
    """It is in no page, not even in the one that refuses another field; left blank it stays."""
    browser = await staff(portal, "falke")
    assert "Stripe" in words((await browser.get("/staff/providers")).text)
    saved = await send(browser, f"{HERE}/settings", {"collecting": "own", "secret_key": KEY})
    assert saved.headers["location"] == f"{HERE}?done=saved"
    page = (await browser.get(HERE)).text
    assert KEY not in page
    assert "One is saved. Leave this blank to keep it." in words(page)

    refused = await send(browser, f"{HERE}/settings", {"collecting": "own", "secret_key": KEY, "connect_account": "x"})
    assert refused.status_code == 422
    assert KEY not in refused.text
    assert 'value="x"' in refused.text
    assert "The settings do not fit together" in words(refused.text)

    await send(browser, f"{HERE}/settings", {"collecting": "own", "publishable_key": "pk_test_1"})
    tenant = portal.houses["falke"].tenant.id
    async with db.unit(tenant):
        kept = await read_values(tenant, "stripe")
        assert (kept["secret_key"], kept["publishable_key"]) == (KEY, "pk_test_1")
        stored = await db.fetchval(
            "select settings::text || encode(secrets, 'escape') from plugins.tenant_plugin"
            " where tenant_id = $1 and plugin_id = 'stripe'", tenant,
        )  # fmt: skip
    assert KEY not in stored
    other = await staff(portal)
    assert "One is saved" not in words((await other.get(HERE)).text)


async def test_what_it_can_do_is_said(portal: Portal) -> None:
    """Off at first, in test mode once it has a test key; its buttons are those of what it can do."""
    browser = await staff(portal, "falke")
    said = words((await browser.get(HERE)).text)
    assert "Switched off" in said
    await send(browser, f"{HERE}/settings", {"collecting": "own", "secret_key": KEY})
    await send(browser, f"{HERE}/switch", {"on": "1"})
    page = (await browser.get(HERE)).text
    for text in ("Test mode", "Switched on", "Pays back parts of a payment", "Reports disputed payments"):
        assert text in words(page)
    assert f'action="{HERE}/endpoint"' in page

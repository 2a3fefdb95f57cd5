"""Payouts to the bank on a provider's page: amounts and days as the reader writes them, and why one did not arrive."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from askpro import clock
from askpro.money import Money
from askpro.payments import bank_payouts
from askpro.sdk.payments import Outcome, PayoutResult
from portal_house import Portal
from staff_house import staff, with_stripe, words

pytestmark = pytest.mark.anyio

HERE = "/staff/providers/stripe"
EMPTY = "No payouts yet."


@pytest.fixture
async def portal(empty_database: Any) -> AsyncIterator[Portal]:
    """Both brands, with Stripe on offer."""
    async with with_stripe(empty_database) as made:
        yield made


async def paid_out(
    portal: Portal, ref: str, outcome: Outcome, code: str = "", amount: str = "1234.5", live: bool = True
) -> None:
    said = PayoutResult(
        key="", outcome=outcome, provider_ref=ref, code=code, amount=Money.of(amount, "EUR") if amount else None
    )
    at = datetime(2025, 3, 7, 12, tzinfo=UTC)
    with clock.frozen(at):
        await bank_payouts.apply(portal.houses["falke"].tenant.id, "stripe", ref, said, live=live)


async def test_payouts_of_a_provider(portal: Portal) -> None:
    """Nothing yet; then each with its state, amounts and days as the reader writes them; another reseller sees none of
    them, and a provider that pays nothing out has no such section.
    """
    browser = await staff(portal, "falke")
    assert EMPTY in words((await browser.get(HERE)).text)
    await paid_out(portal, "po_gone", Outcome.DECLINED, "account_closed", live=False)
    await paid_out(portal, "po_odd", Outcome.DECLINED, "no_such_planet", amount="")
    await paid_out(portal, "po_back", Outcome.DECLINED, bank_payouts.CANCELLED)
    await paid_out(portal, "po_paid", Outcome.SETTLED)
    await paid_out(portal, "po_way", Outcome.PENDING, amount="0.05")
    english = words((await browser.get(HERE)).text)
    assert EMPTY not in english
    for text in (
        "Payouts to the bank", "po_gone", "The bank account is closed or locked.", "Test mode", "Failed", "7 Mar 2025",
        "€1,234.50", "€0.05",
        "On its way", "Paid out", "Called back", "The provider says: no such planet.",
    ):  # fmt: skip
        assert text in english, text
    assert english.index("po_way") < english.index("po_gone")
    await browser.get("/language/de?next=/staff")
    german = words((await browser.get(HERE)).text)
    for text in ("7. März 2025", "1.234,50 €"):
        assert text in german, text
    await browser.get("/language/en?next=/staff")
    assert "Payouts to the bank" not in words((await browser.get("/staff/providers/sandbox")).text)
    other = await staff(portal)
    assert "po_gone" not in (await other.get(HERE)).text

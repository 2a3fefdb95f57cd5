"""Stripe's own payouts to banks: whose they are, and when it may be said that there is none."""

from __future__ import annotations

from typing import Any

import pytest
from stripe_bench import FALKE, NORTH, StripeBench, line, move, own, stripe, tables

from askpro.errors import Unavailable
from askpro.sdk import EventKind, Outcome, ProviderEvent, TenantRef

__all__ = ("line", "move", "stripe", "tables")

pytestmark = pytest.mark.anyio

BACK = ("https://t.example/back", "https://t.example/again")
SECRET = "whsec_connected"


def connect(tenant: TenantRef) -> dict[str, str]:
    return {"collecting": "connect"}


async def both_connected(tables: Any, charges: str = "direct") -> StripeBench:
    """Both tenants have a connected account, and the platform hears what happens there."""
    bench: StripeBench = await tables(connect, connect_charges=charges, platform_connect_secret=SECRET)
    for tenant, ctx in ((NORTH, bench.ctx), (FALKE, bench.other)):
        link = await bench.provider.start_onboarding(ctx, *BACK)
        await bench.set(tenant, **connect(tenant), **link.settings)
        bench.stripe.onboard(link.settings["connect_account"])
    return bench


async def paid_out(bench: StripeBench, key: str, account: str = "", **more: Any) -> str:
    """A payout from an account, which has money; its number."""
    desk = bench.stripe.client(key, stripe_account=account or None).v1
    await desk.payment_intents.create_async(
        {"amount": 1000, "currency": "eur", "payment_method": "pm_card_bypassPending", "confirm": True,
         "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"}}
    )  # fmt: skip
    made = await desk.payouts.create_async({"amount": 500, "currency": "eur", **more})
    return str(made.id)


async def heard(bench: StripeBench, ctx: Any, payout: str, secret: str = SECRET) -> ProviderEvent:
    """The latest event about a payout, as it is read for one tenant."""
    event = [one for one in bench.stripe.events() if one["data"]["object"]["id"] == payout][-1]
    return await bench.provider.verify_event(ctx, *bench.delivery(event, secret))


async def test_a_payout_is_whose_account_it_left(tables: Any) -> None:
    """The account says whose it is; a name that its holder wrote into the payout does not."""
    bench = await both_connected(tables)
    account = bench.other.settings.connect_account
    lying = {"askpro_tenant": str(NORTH.id)}
    payout = await paid_out(bench, "sk_test_platform", account, metadata=lying)
    bench.stripe.settle_payout(payout)
    shared = await heard(bench, bench.ctx, payout)
    assert (shared.kind, shared.provider_ref, shared.tenant) == (EventKind.IGNORED, "", str(FALKE.id))
    theirs = await heard(bench, bench.other, payout)
    assert (theirs.kind, theirs.provider_ref, theirs.tenant) == (EventKind.PAYOUT, payout, "")
    known = len(bench.line.sent)
    await heard(bench, bench.other, payout)
    assert len(bench.line.sent) == known  # what is proved is not asked again


async def test_nobody_speaks_of_anothers_payments(tables: Any) -> None:
    """Who holds a connected account can write another tenant's name into what he makes there: that tenant hears
    nothing of it. Of what happens on his own account he does.
    """
    bench = await both_connected(tables)
    for ctx, kind in ((bench.ctx, EventKind.PAYMENT), (bench.other, EventKind.IGNORED)):
        desk = bench.stripe.client("sk_test_platform", stripe_account=ctx.settings.connect_account).v1
        made = await desk.payment_intents.create_async(
            {"amount": 1000, "currency": "eur", "payment_method": "pm_card_visa", "confirm": True,
             "metadata": {"askpro_tenant": str(NORTH.id), "askpro_key": "key-1"},
             "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"}}
        )  # fmt: skip
        event = await heard(bench, bench.ctx, str(made.id))
        assert (event.kind, event.tenant) == (kind, "")
        mine = bench.ctx.settings.connect_account
        if ctx is bench.ctx:  # also when the account has become another tenant's: the payment has not
            await bench.stripe.client("sk_test_platform").v1.accounts.update_async(
                mine, {"metadata": {"askpro_tenant": str(FALKE.id)}}
            )
            bench.later(days=2)
            assert (await heard(bench, bench.ctx, str(made.id))).kind is EventKind.PAYMENT


async def test_an_account_that_cannot_be_asked(tables: Any) -> None:
    """Without an answer the delivery fails, so that Stripe repeats it; an account that is gone is nobody's."""
    bench = await both_connected(tables)
    account = bench.other.settings.connect_account
    payout = await paid_out(bench, "sk_test_platform", account)
    bench.stripe.settle_payout(payout)
    bench.line.dark = True
    with pytest.raises(Unavailable):
        await heard(bench, bench.ctx, payout)
    bench.line.dark = False
    await bench.stripe.client("sk_test_platform").v1.accounts.delete_async(account)
    gone = await heard(bench, bench.ctx, payout)
    assert (gone.kind, gone.tenant) == (EventKind.IGNORED, "")


async def test_another_tenants_payout_is_not_told(tables: Any) -> None:
    """Neither by its number nor by an account number that was typed into the settings."""
    bench = await both_connected(tables)
    account = bench.other.settings.connect_account
    payout = await paid_out(bench, "sk_test_platform", account)
    mine = await bench.provider.look_up_payout(bench.ctx, "", payout)
    assert (mine.outcome, mine.amount) == (Outcome.NOT_SENT, None)
    for collecting in ("connect", "own"):
        await bench.set(
            NORTH, collecting=collecting, connect_account=account,
            **({"secret_key": "sk_test_north"} if collecting == "own" else {}),
        )  # fmt: skip
        before = len(bench.line.sent)
        mine = await bench.provider.look_up_payout(bench.ctx, "", payout)
        assert mine.amount is None
        assert mine.outcome is (Outcome.NOT_SENT if collecting == "own" else Outcome.UNKNOWN)
        asked = [one for one in bench.line.sent[before:] if one.url.path == f"/v1/payouts/{payout}"]
        assert account not in [one.headers.get("stripe-account") for one in asked]


async def test_every_account_is_asked(tables: Any) -> None:
    """The tenant has moved from its connected account to one of its own: payouts of both are found; that one is
    missing is said only when both have been asked.
    """
    bench = await both_connected(tables)
    account = bench.ctx.settings.connect_account
    old = await paid_out(bench, "sk_test_platform", account)
    await bench.set(NORTH, **own(NORTH), connect_account=account)
    new = await paid_out(bench, "sk_test_north")
    for payout in (old, new):
        found = await bench.provider.look_up_payout(bench.ctx, "", payout)
        assert (found.outcome, found.provider_ref) == (Outcome.PENDING, payout)
    assert (await bench.provider.look_up_payout(bench.ctx, "", "po_nowhere")).outcome is Outcome.NOT_SENT
    bench.line.dark = True
    assert (await bench.provider.look_up_payout(bench.ctx, "", old)).outcome is Outcome.UNKNOWN


async def test_no_account_no_proof(tables: Any) -> None:
    """Who collects by the platform has no account that could be asked: that proves nothing."""
    bench: StripeBench = await tables(lambda tenant: {"collecting": "platform"})
    payout = await paid_out(bench, "sk_test_platform")
    found = await bench.provider.look_up_payout(bench.ctx, "", payout)
    assert (found.outcome, found.code) == (Outcome.UNKNOWN, "no_account")


async def test_paid_and_then_come_back(tables: Any) -> None:
    """The bank returns what was paid days ago: that is how it stands from then on, with what is missing there."""
    bench: StripeBench = await tables(own)
    payout = await paid_out(bench, "sk_test_north")
    bench.stripe.settle_payout(payout)
    assert (await bench.provider.look_up_payout(bench.ctx, "", payout)).outcome is Outcome.SETTLED
    bench.stripe.settle_payout(payout, "account_closed")
    found = await bench.provider.look_up_payout(bench.ctx, "", payout)
    assert (found.outcome, found.code) == (Outcome.DECLINED, "account_closed")
    assert found.amount is not None
    assert [one["type"] for one in bench.stripe.events() if one["type"].startswith("payout.")] == [
        "payout.created", "payout.paid", "payout.failed",
    ]  # fmt: skip

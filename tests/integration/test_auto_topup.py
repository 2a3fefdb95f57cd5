"""Auto-top-up (D7): one charge at a time, rests after failures, a pause that lasts, and money that comes in once."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from askpro import clock, db
from askpro.actor import Actor
from askpro.errors import Conflict, InvalidInput, NotAllowed, NotFound
from askpro.events import Event, emit
from askpro.ledger.proof import prove
from askpro.payments import autotopup, autotopup_jobs, consent, disputes, methods, queries, rule, settle
from askpro.payments.charges import Source
from askpro.payments.model import attempt_of
from askpro.payments.topup import begin_checkout, create_order
from askpro.people.customers import set_customer_status
from askpro.pluginhost.service import disable
from askpro.sdk.context import TenantRef
from askpro.sdk.payments import ChargeResult, Dispute, DisputeState, Outcome
from askpro.tenancy.model import TenantSettings
from askpro.tenancy.service import update_tenant
from auto_topping import CONSENT, Filler, StripeFiller, filler, move, stripe_filler
from house import BY, customer, reseller
from paying import debited

pytestmark = pytest.mark.anyio
__all__ = ("filler", "move", "stripe_filler")

STAFF = Actor("person", "staff")


async def test_a_wallet_that_runs_low_is_topped_up_once(filler: Filler) -> None:
    """Threshold 10, step 25, empty wallet: 25.00 of credit for 29.75; then nothing is due, and the books agree."""
    await filler.rule()
    fired = await filler.tick()

    assert fired is not None
    assert fired.outcome == "charged"
    assert fired.order is not None
    assert (fired.order.net, fired.order.gross) == (filler.money("25"), filler.money("29.75"))
    assert fired.order.origin == "auto"
    assert await filler.balance() == filler.money("25")
    assert not await filler.due()
    assert (await filler.fire()).outcome == "idle"
    assert len(await filler.events("autotopup.charged")) == 1
    assert await prove(filler.tenant.id) == []


async def test_usage_goes_on_and_so_does_the_rule(filler: Filler) -> None:
    """After a charge that was paid there is no rest: a busy line is topped up again at once."""
    await filler.rule(mode="target", amount="40")
    await filler.tick()
    await filler.spend("30")  # exactly at the threshold
    await filler.tick()

    assert [order.net for order in await filler.orders()] == [filler.money("40"), filler.money("30")]


async def test_fifty_at_once_are_one_charge(filler: Filler) -> None:
    """A storm of workers on one wallet makes one order and one payment at the provider (failure 6)."""
    await filler.rule()
    found = await asyncio.gather(*(filler.fire() for _ in range(50)))

    assert [one.outcome for one in found].count("charged") == 1
    assert {one.outcome for one in found} <= {"charged", "busy", "idle"}
    assert len(await filler.orders()) == 1
    assert await filler.balance() == filler.money("25")
    async with db.unit(filler.tenant.id):
        assert await db.fetchval("select count(*) from plug_sandbox.payment") == 1


@pytest.mark.parametrize("state", ["new", "unknown", "pending"])
async def test_the_database_itself_allows_one_in_flight(filler: Filler, state: str) -> None:
    """Even past the rule's lock a second automatic order cannot be written while one has no end."""
    await filler.rule(await filler.method("pending"))
    fired = await filler.fire()
    assert fired.outcome == "pending"
    async with db.unit(filler.tenant.id):
        await db.execute("update payments.orders set state = $2 where tenant_id = $1", filler.tenant.id, state)

    with pytest.raises(asyncpg.UniqueViolationError, match="orders_one_auto"):
        async with db.unit(filler.tenant.id):
            await db.execute(
                "insert into payments.orders select (jsonb_populate_record(null::payments.orders, to_jsonb(o)"
                " || jsonb_build_object('id', $2::uuid, 'idempotency', 'x', 'reference', 'x'))).*"
                " from payments.orders o where o.tenant_id = $1",
                filler.tenant.id,
                uuid4(),
            )


async def test_a_card_that_always_declines_is_charged_three_times(filler: Filler) -> None:
    """Three charges in days of minutes, with a growing rest between them, then a pause that is told once."""
    await filler.rule(await filler.method("decline"))
    charged_at = []
    for minute in range(60 * 26):
        if minute % 10 == 0:
            fired = await filler.tick()
            if fired is not None:
                charged_at.append(minute)
        filler.later(minutes=1)

    assert charged_at == [0, 60, 180]
    assert len(await filler.orders()) == 3
    assert [one["declines"] for one in await filler.events("autotopup.declined")] == [1, 2, 3]
    paused = await filler.events("autotopup.paused")
    assert [(one["reason"], one["declines"]) for one in paused] == [("declined", 3)]
    rule = await filler.now()
    assert (rule.state, rule.reason, rule.declines) == ("paused", "declined", 3)
    assert await filler.balance() == filler.money("0")


async def test_a_listener_that_is_behind_lets_nothing_slip(filler: Filler) -> None:
    """A decline that came later is counted before the next charge is decided, with or without the outbox."""
    await filler.rule(await filler.method("pending"))
    assert (await filler.fire()).outcome == "pending"
    order = (await filler.orders())[0]
    filler.later(days=2)
    attempt = await queries.attempt_of_order(filler.tenant.id, order.id)
    assert attempt is not None
    returned = ChargeResult(key=str(attempt.id), outcome=Outcome.DECLINED, code="insufficient_funds")
    assert (await settle.apply(filler.tenant.id, attempt.id, returned, by=BY)).state == "declined"

    assert await filler.due()  # the sweep only sees that no order is open
    assert (await filler.fire()).outcome == "resting"
    assert (await filler.now()).declines == 1
    await filler.tick()
    assert (await filler.now()).declines == 1
    assert len(await filler.orders()) == 1


@pytest.mark.parametrize("amount", ["60", "200"])
async def test_what_is_pending_counts_as_there(filler: Filler, amount: str) -> None:
    """A debit on its way keeps the rule quiet until it is clear how it ends."""
    await filler.rule(await filler.method("pending"), amount=amount)
    await filler.tick()
    for _ in range(3):
        filler.later(minutes=1)
        assert await filler.tick() is None
    filler.later(days=2)
    attempt = await queries.attempt_of_order(filler.tenant.id, (await filler.orders())[0].id)
    assert attempt is not None
    await settle.refresh(filler.tenant.id, attempt.id, by=BY)

    assert await filler.tick() is None
    assert await filler.balance() == filler.money(amount)


async def test_a_debit_by_hand_that_is_pending_counts_as_there(filler: Filler) -> None:
    """Nobody is charged on top of what he has ordered himself; what the sweep passes over, ``fire`` passes over too."""
    source = Source("sandbox", await filler.method("pending"), "Debit", "")
    order = await debited(filler.tenant, filler.customer, filler.money("50"), source)
    assert order.state == "pending"
    await filler.rule()
    assert not await filler.due()
    assert (await filler.fire()).outcome == "idle"
    assert await filler.orders() == []


async def test_what_is_paid_by_hand_does_not_make_a_cap_news(filler: Filler) -> None:
    """The month's limit stays reached whoever pays meanwhile: it is told once, and nothing is tried before its end."""
    await filler.rule(amount="30", cap="30")
    await filler.tick()
    await filler.spend("30")
    await filler.tick()
    told = await filler.now()
    assert told.last_refusal == "monthly_cap"
    for _ in range(2):
        await filler.pay_by_hand("20")
        await filler.spend("20")
        assert await filler.tick() is None

    after = await filler.now()
    assert (after.last_refusal, after.cooldown_until) == ("monthly_cap", told.cooldown_until)
    assert [one["reason"] for one in await filler.events("autotopup.refused")] == ["monthly_cap"]


async def test_a_pause_that_ends_does_not_make_a_cap_news(filler: Filler) -> None:
    """Nor does a dispute that is won: the rule goes on, and rests to the end of the month."""
    await filler.rule(amount="30", cap="30")
    await filler.tick()
    await filler.spend("30")
    await filler.tick()
    for state in (DisputeState.WITHDRAWN, DisputeState.WON):
        await claim(filler, "d-1", state)
        assert await filler.tick() is None

    assert ((await filler.now()).state, (await filler.now()).last_refusal) == ("active", "monthly_cap")
    assert len(await filler.events("autotopup.refused")) == 1


async def test_the_cap_of_the_civil_month(filler: Filler, monkeypatch: pytest.MonkeyPatch) -> None:
    """The month is Berlin's, through the night in which its clocks go back: 65 of credit in October, one refusal, and
    on it goes at midnight there (23:00 UTC)."""
    at = [datetime(2026, 10, 24, 23, 30, tzinfo=UTC)]
    monkeypatch.setattr(clock, "now", lambda: at[0])
    await filler.rule(amount="30", cap="65")
    for _ in range(2):
        await filler.tick()
        await filler.spend("30")
    await filler.tick()  # what the cap leaves is just enough for a charge of its own
    at[0] += timedelta(minutes=1)
    refused = await filler.tick()

    assert [order.net for order in await filler.orders()] == [filler.money(text) for text in ("30", "30", "5")]
    assert refused is not None
    assert (refused.outcome, refused.reason) == ("refused", "monthly_cap")
    for at[0] in (datetime(2026, 10, 25, 1, 30, tzinfo=UTC), datetime(2026, 10, 31, 22, 59, tzinfo=UTC)):
        assert await filler.tick() is None
    assert [one["reason"] for one in await filler.events("autotopup.refused")] == ["monthly_cap"]

    at[0] = datetime(2026, 10, 31, 23, 0, tzinfo=UTC)
    again = await filler.tick()
    assert again is not None
    assert (again.outcome, again.order and again.order.net) == ("charged", filler.money("30"))


async def test_a_higher_cap_holds_at_once(filler: Filler) -> None:
    """Who raises the cap does not wait for the next month."""
    method = await filler.method()
    await filler.rule(method, amount="30", cap="30")
    await filler.tick()
    await filler.spend("30")
    assert (await filler.fire()).reason == "monthly_cap"

    await filler.rule(method, amount="30", cap="90")
    assert (await filler.fire()).outcome == "charged"


async def test_a_higher_cap_holds_at_once_after_a_failure_too(filler: Filler, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rest after an earlier failure was over when the cap was reached: a higher cap is not kept waiting by it."""
    at = [datetime(2026, 10, 10, 12, 0, tzinfo=UTC)]
    monkeypatch.setattr(clock, "now", lambda: at[0])
    method = await filler.method()
    await filler.rule(method, amount="30", cap="30")
    await filler.tick()
    await filler.spend("30")
    async with db.unit(filler.tenant.id):
        await rule.postpone(filler.tenant.id, await filler.now(), "plugin_unavailable")
    assert (await filler.fire()).outcome == "resting"
    at[0] += timedelta(hours=2)
    assert (await filler.fire()).reason == "monthly_cap"

    await filler.rule(method, amount="30", cap="90")
    assert (await filler.fire()).outcome == "charged"


@pytest.mark.parametrize("change", ["2026-03-29T00:30", "2026-10-25T00:30"])
async def test_the_rest_is_an_hour_of_time_not_of_the_clock(
    filler: Filler, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    """Sixty minutes are sixty minutes when the clocks are put forward or back meanwhile."""
    begin = datetime.fromisoformat(change).replace(tzinfo=UTC)
    at = [begin]
    monkeypatch.setattr(clock, "now", lambda: at[0])
    await filler.rule(await filler.method("decline"))
    await filler.tick()

    at[0] = begin + timedelta(minutes=59, seconds=59)
    assert not await filler.due()
    at[0] = begin + timedelta(minutes=60)
    assert await filler.due()


async def test_a_provider_out_of_reach_is_no_decline(filler: Filler) -> None:
    """Nothing was refused by a bank: it rests longer each time, says so, and never gives up."""
    await filler.rule()
    await disable(filler.host, TenantRef(filler.tenant.id), "sandbox", by="tests")
    for hours in (1, 2, 4, 8, 16, 24, 24):
        fired = await filler.tick()
        assert fired is not None
        assert fired.outcome == "refused"
        filler.later(hours=hours, seconds=-1)
        assert await filler.tick() is None
        filler.later(seconds=2)

    rule = await filler.now()
    assert (rule.state, rule.declines) == ("active", 0)
    assert await filler.orders() == []
    assert len(await filler.events("autotopup.refused")) == 7


async def test_a_minimum_that_was_raised_refuses(filler: Filler) -> None:
    """Steps that stay below what the tenant takes by now are refused and told; nothing else is charged instead."""
    await filler.rule(amount="5")
    offer = filler.tenant.settings.topup
    assert offer is not None
    raised = TenantSettings(topup=type(offer)(("25", "50"), "20", offer.maximum))
    await update_tenant(filler.tenant.id, by=BY, settings=raised)

    fired = await filler.fire()
    assert (fired.outcome, fired.reason) == ("refused", "below_minimum")
    assert await filler.orders() == []


# pauses


async def paused(filler: Filler, behaviour: str = "decline") -> str:
    """Pause by three refusals; the number of the card."""
    method = await filler.method(behaviour)
    await filler.rule(method)
    for _ in range(3):
        await filler.tick()
        filler.later(hours=25)
    assert (await filler.now()).state == "paused"
    return method


async def test_any_paid_topup_lifts_a_pause(filler: Filler) -> None:
    """Who has paid by himself has money again; the count begins anew."""
    await paused(filler)
    await filler.pay_by_hand("5")
    await filler.tick()

    rule = await filler.now()
    assert rule.state == "active"
    assert len(await filler.events("autotopup.resumed")) == 1
    assert [one["declines"] for one in await filler.events("autotopup.declined")] == [1, 2, 3, 1]


async def test_a_topup_that_was_paid_before_the_pause_lifts_nothing(filler: Filler) -> None:
    """The outbox may tell of it late."""
    earlier = await filler.pay_by_hand("5")
    await paused(filler)
    async with db.unit(filler.tenant.id):
        await emit(
            "topup.settled", {"order": str(earlier.id), "wallet": str(earlier.wallet_id)}, tenant=filler.tenant.id
        )
    await filler.tick()

    assert (await filler.now()).state == "paused"


async def test_another_card_lifts_a_pause_and_the_same_does_not(filler: Filler) -> None:
    """Saving the rule again, or switching it off and on, changes nothing with the card that was refused."""
    method = await paused(filler)

    assert (await filler.rule(method)).state == "paused"
    await autotopup.switch_off(filler.tenant.id, filler.customer.wallet_id, by=BY)
    assert (await filler.rule(method)).state == "paused"
    assert not await filler.due()
    lifted = await filler.rule(await filler.method())
    assert (lifted.state, lifted.reason, lifted.declines, lifted.cooldown_until) == ("active", "", 0, None)
    assert (await filler.fire()).outcome == "charged"


async def test_staff_may_lift_a_pause(filler: Filler) -> None:
    """By hand, once."""
    await paused(filler)

    assert (await autotopup.resume(filler.tenant.id, filler.customer.wallet_id, by=STAFF)).state == "active"
    with pytest.raises(Conflict):
        await autotopup.resume(filler.tenant.id, filler.customer.wallet_id, by=STAFF)


async def test_a_bank_that_wants_the_customer_pauses_at_once(filler: Filler) -> None:
    """``authentication_required`` is terminal: one charge, one pause (failure 8)."""
    await filler.rule(await filler.method("confirm"))
    await filler.tick()
    filler.later(days=3)
    await filler.tick()

    assert len(await filler.orders()) == 1
    assert [one["reason"] for one in await filler.events("autotopup.paused")] == ["authentication_required"]


async def test_a_removed_method_pauses_its_rule(filler: Filler) -> None:
    """Removed by the customer; a payment by hand does not bring it back, another method does."""
    method = await filler.method()
    await filler.rule(method)
    await methods.remove(filler.tenant, filler.customer, "sandbox", method, by=BY)

    assert (await filler.now()).reason == "method_removed"
    assert len(await filler.events("autotopup.paused")) == 1
    await filler.pay_by_hand("5")
    await filler.tick()
    assert (await filler.now()).state == "paused"
    with pytest.raises(InvalidInput) as refused:
        await filler.rule(method)
    assert refused.value.code == "method_unknown"
    assert (await filler.rule()).state == "active"


async def test_a_method_that_is_gone_at_the_provider_pauses_its_rule(filler: Filler) -> None:
    """Nobody told us: the charge itself finds out, or the provider's event does."""
    method = await filler.method()
    await filler.rule(method)
    other = await filler.method()
    assert await methods.heard(filler.tenant.id, "sandbox", method) == ""
    keeper = await methods._keeper(filler.tenant.id, "sandbox", "en")
    await keeper.remove_method(methods._who(keeper, filler.tenant, filler.customer), method)

    await filler.tick()
    assert (await filler.now()).reason == "method_removed"
    assert len(await filler.events("autotopup.paused")) == 1

    await filler.rule(other)
    await keeper.remove_method(methods._who(keeper, filler.tenant, filler.customer), other)
    for _ in range(2):
        await methods.heard(filler.tenant.id, "sandbox", other)
    assert (await filler.now()).state == "paused"
    assert len(await filler.events("autotopup.paused")) == 2


async def claim(filler: Filler, ref: str, state: DisputeState) -> None:
    """A bank's claim to a payment of its own number moves on: the fact waits in the outbox."""
    async with db.unit(filler.tenant.id):
        known = await db.fetchval("select attempt_id from payments.dispute where tenant_id = $1 and ref = $2",
                                  filler.tenant.id, ref)  # fmt: skip
    if known is None:
        known = (await queries.attempt_of_order(filler.tenant.id, (await filler.pay_by_hand("5")).id)).id  # type: ignore[union-attr]
    async with db.unit(filler.tenant.id):
        row = await db.fetchrow("select * from payments.attempt where tenant_id = $1 and id = $2",
                                filler.tenant.id, known)  # fmt: skip
    attempt = attempt_of(row)
    said = Dispute(ref=ref, payment_ref=attempt.provider_ref, amount=filler.money("5.95"), state=state)
    await disputes.apply(filler.tenant.id, attempt, said, by=BY)


async def tell(filler: Filler, *kinds: str) -> tuple[str, str]:
    """The outbox delivers the facts of disputes by kind, in this order; how the rule stands then."""
    async with db.unit(filler.tenant.id):
        rows = await db.fetch("select * from events.outbox where tenant_id = $1 and kind like 'dispute.%' order by id",
                              filler.tenant.id)  # fmt: skip
    for kind in kinds:
        for row in rows:
            if row["kind"] == f"dispute.{kind}":
                async with db.unit(filler.tenant.id):
                    await autotopup_jobs.hear(
                        Event(filler.tenant.id, row["id"], row["kind"], row["payload"], row["created_at"])
                    )
    rule = await filler.now()
    return rule.state, rule.reason


WITHDRAWN, LOST, WON = DisputeState.WITHDRAWN, DisputeState.LOST, DisputeState.WON


async def test_a_dispute_pauses_until_it_is_won(filler: Filler) -> None:
    """Whoever has money called back is not charged again by a machine, whatever he pays meanwhile."""
    await filler.rule(threshold="0")
    await claim(filler, "d-1", WITHDRAWN)
    await filler.tick()
    assert (await filler.now()).reason == "dispute"
    await filler.pay_by_hand("5")
    await filler.tick()
    assert (await filler.rule(await filler.method(), threshold="0")).state == "paused"
    await claim(filler, "d-1", WON)
    await filler.tick()
    assert (await filler.now()).state == "active"
    assert len(await filler.events("autotopup.paused")) == 1


@pytest.mark.parametrize("other", [WITHDRAWN, LOST])
async def test_one_dispute_won_lifts_no_pause_that_another_keeps(filler: Filler, other: DisputeState) -> None:
    """Two claims, one is won: the rule goes on only when the last is, and after a lost one only by staff."""
    await filler.rule(threshold="0")
    await claim(filler, "d-1", WITHDRAWN)
    await claim(filler, "d-2", other)
    await filler.tick()
    await claim(filler, "d-1", WON)
    await filler.tick()
    assert (await filler.now()).state == "paused"

    if other is LOST:
        await autotopup.resume(filler.tenant.id, filler.customer.wallet_id, by=STAFF)
    else:
        await claim(filler, "d-2", WON)
        await filler.tick()
    assert (await filler.now()).state == "active"


@pytest.mark.parametrize("order", list(permutations(["withdrawn", "lost", "won"])))
async def test_facts_about_disputes_in_any_order_end_alike(filler: Filler, order: tuple[str, ...]) -> None:
    """A late fact says that something happened, not how it is: the dispute is won, so nothing stays paused."""
    await filler.rule(threshold="0")
    for state in (WITHDRAWN, LOST, WON):
        await claim(filler, "d-1", state)
    assert await tell(filler, *order) == ("active", "")
    assert await tell(filler, *order) == ("active", "")

    await claim(filler, "d-2", WITHDRAWN)
    await claim(filler, "d-2", LOST)
    assert await tell(filler, *order) == ("paused", "dispute")


async def test_nothing_is_charged_for_whom_it_may_not(filler: Filler) -> None:
    """A rule that is off, a customer that is suspended, a tenant that is, or a wallet that is locked."""
    await filler.rule()
    await autotopup.switch_off(filler.tenant.id, filler.customer.wallet_id, by=BY)
    assert not await filler.due()
    assert (await filler.fire()).outcome == "idle"

    await filler.rule(await filler.method())
    await set_customer_status(filler.tenant.id, filler.customer.id, "suspended", by=BY)
    assert not await filler.due()
    assert (await filler.fire()).outcome == "idle"
    assert await filler.orders() == []
    with pytest.raises(NotFound):
        await autotopup.switch_off(filler.tenant.id, uuid4(), by=BY)


# saving


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"amount": "4"}, "amount", "step_out_of_bounds"),
        ({"amount": "1001"}, "amount", "step_out_of_bounds"),
        ({"cap": "24"}, "monthly_cap", "cap_below_amount"),
        ({"mode": "target", "amount": "10"}, "amount", "target_below_threshold"),
        ({"mode": "target", "amount": "12"}, "amount", "target_too_close"),
        ({"threshold": "0.001"}, "threshold", "amount_too_fine"),
        ({"method": "nobody's"}, "method", "method_unknown"),
    ],
)
async def test_conflicts_are_refused_when_the_rule_is_saved(
    filler: Filler, changes: dict[str, Any], field: str, code: str
) -> None:
    """With the field and the reason, and nothing is stored (failure 7)."""
    with pytest.raises(InvalidInput) as refused:
        await filler.rule(**changes)

    assert (refused.value.field, refused.value.code) == (field, code)
    assert await autotopup.rule(filler.tenant.id, filler.customer.wallet_id) is None
    assert await consent.of_wallet(filler.tenant.id, filler.customer.wallet_id) == []


async def test_the_method_of_somebody_else_cannot_be_charged(filler: Filler) -> None:
    """Neither by the rule nor by hand, not even another customer of the same reseller."""
    theirs = await filler.method()
    other = await customer(filler.tenant.id, "NO-2")
    draft = autotopup.Draft(
        filler.money("10"), "fixed", filler.money("25"), filler.money("500"), "sandbox", theirs
    )  # fmt: skip
    with pytest.raises(InvalidInput):
        await autotopup.save(filler.tenant, other, draft, consent=CONSENT, by=BY)
    await methods.remove(filler.tenant, other, "sandbox", theirs, by=BY)
    order = await debited(filler.tenant, other, filler.money("25"), Source("sandbox", theirs, "?"))

    assert (order.state, order.reason) == ("declined", "method_unknown")
    assert [one.method.ref for one in await methods.of_customer(filler.tenant, filler.customer, locale="en")] == [
        theirs
    ]


async def test_what_was_agreed_to_is_kept_word_by_word(filler: Filler) -> None:
    """Each saving is a row of its own with text, version, who, when and the terms; none is edited or deleted."""
    by = Actor("person", "p-1", "203.0.113.7")
    first = await filler.rule()
    draft = autotopup.Draft(
        filler.money("5"), "fixed", filler.money("50"), filler.money("500"), "sandbox", first.method_ref
    )  # fmt: skip
    await autotopup.save(filler.tenant, filler.customer, draft, consent=CONSENT, by=by)

    rows = await consent.of_wallet(filler.tenant.id, filler.customer.wallet_id)
    assert [(row["text"], row["version"], row["terms"]["amount"]) for row in rows] == [
        (CONSENT.text, "tests-1", 50_000_000), (CONSENT.text, "tests-1", 25_000_000),
    ]  # fmt: skip
    assert (rows[0]["actor"], rows[0]["address"]) == ("person:p-1", "203.0.113.7")
    assert (await filler.now()).consent_id == rows[0]["id"]
    for sql in ("update payments.consent set text = 'x'", "delete from payments.consent"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with db.unit(filler.tenant.id):
                await db.execute(f"{sql} where tenant_id = $1", filler.tenant.id)
    with pytest.raises(InvalidInput) as refused:
        await autotopup.save(filler.tenant, filler.customer, draft, consent=consent.Consent(" ", "1", "en"), by=by)
    assert refused.value.code == "consent_missing"


async def test_a_house_without_topups_has_no_rules(filler: Filler) -> None:
    """Where customers cannot top up by themselves no machine does."""
    other = await reseller("two")
    theirs = await customer(other.id)
    draft = autotopup.Draft(filler.money("5"), "fixed", filler.money("50"), filler.money("500"), "sandbox", "x")
    with pytest.raises(NotAllowed):
        await autotopup.save(other, theirs, draft, consent=CONSENT, by=BY)


async def test_a_key_stands_for_one_kind_of_order(filler: Filler) -> None:
    """What a rule has ordered is not found by a customer's key, and has no page that somebody pays on."""
    await filler.rule(await filler.method("pending"))
    fired = await filler.fire()
    assert fired.order is not None
    async with db.unit(filler.tenant.id):
        key = await db.fetchval("select idempotency from payments.orders where tenant_id = $1 and id = $2",
                                filler.tenant.id, fired.order.id)  # fmt: skip
    with pytest.raises(InvalidInput) as reused:
        await create_order(
            filler.tenant, filler.customer, fired.order.net, "sandbox", idempotency=key, by=BY
        )  # fmt: skip
    assert reused.value.code == "idempotency_key_reused"
    with pytest.raises(Conflict) as refused:
        await begin_checkout(
            filler.tenant, filler.customer, fired.order.id, by=BY, description="", return_url="https://x.example/",
            cancel_url="https://x.example/", locale="en",
        )  # fmt: skip
    assert refused.value.code == "not_a_checkout"


async def test_the_sweep_queues_each_wallet_once(filler: Filler) -> None:
    """However often it runs before the worker gets to it."""
    await filler.rule()
    for _ in range(3):
        await autotopup_jobs.sweep()

    async with db.shared_unit():
        jobs = await db.fetch("select args from jobs.procrastinate_jobs where task_name = $1", autotopup_jobs.FIRE)
    assert len(jobs) == 1
    await autotopup_jobs.fire_job(str(filler.tenant.id), str(filler.customer.wallet_id))
    assert len(await filler.orders()) == 1
    await autotopup_jobs.fire_job(str(filler.tenant.id), str(uuid4()))
    await autotopup_jobs.fire_job(str(UUID(int=7)), str(uuid4()))


# with Stripe


async def test_stripe_charges_a_saved_card(stripe_filler: StripeFiller) -> None:
    """Saved on Stripe's page, listed with brand and digits, charged while nobody is there."""
    await stripe_filler.rule(await stripe_filler.method())
    fired = await stripe_filler.tick()

    assert fired is not None
    assert fired.outcome == "charged"
    assert (await stripe_filler.now()).method_label == "Visa •••• 4242"
    assert [one["amount"] for one in stripe_filler.intents()] == [2975]
    kinds = [one["kind"] for one in await consent.of_wallet(
        stripe_filler.tenant.id, stripe_filler.customer.wallet_id
    )]  # fmt: skip
    assert kinds == ["auto_topup", "save_method"]


@pytest.mark.parametrize("mishap", ["unanswered", "crashed"])
async def test_a_lost_answer_is_one_charge(stripe_filler: StripeFiller, mishap: Any) -> None:
    """Stripe took the money and nobody heard: nothing is charged again, and the janitor finds and books it."""
    await stripe_filler.rule(await stripe_filler.method())
    stripe_filler.stripe.next_call(mishap, "/v1/payment_intents", times=5)
    fired = await stripe_filler.tick()
    assert fired is not None
    assert fired.outcome == "unknown"
    stripe_filler.stripe.chaos.plans.clear()
    for _ in range(4):
        stripe_filler.later(minutes=1)
        assert await stripe_filler.tick() is None
    stripe_filler.later(minutes=5)
    attempt = await queries.attempt_of_order(stripe_filler.tenant.id, (await stripe_filler.orders())[0].id)
    assert attempt is not None
    assert (await settle.refresh(stripe_filler.tenant.id, attempt.id, by=BY)).state == "settled"
    await stripe_filler.tick()

    assert len(stripe_filler.intents()) == 1
    assert len(await stripe_filler.orders()) == 1
    assert await stripe_filler.balance() == stripe_filler.money("25")
    assert (await stripe_filler.now()).open_order is None


async def test_a_request_that_never_arrived_is_no_decline(stripe_filler: StripeFiller) -> None:
    """Proof that Stripe never saw it: a rest, then the next charge is another one."""
    await stripe_filler.rule(await stripe_filler.method())
    stripe_filler.stripe.next_call("unsent", "/v1/payment_intents", times=9)
    await stripe_filler.tick()
    stripe_filler.stripe.chaos.plans.clear()
    stripe_filler.later(minutes=6)
    order = (await stripe_filler.orders())[0]
    attempt = await queries.attempt_of_order(stripe_filler.tenant.id, order.id)
    assert attempt is not None
    await settle.refresh(stripe_filler.tenant.id, attempt.id, by=BY)
    await stripe_filler.tick()
    assert (await stripe_filler.now()).declines == 0
    stripe_filler.later(minutes=61)
    await stripe_filler.tick()

    assert [one["status"] for one in stripe_filler.intents()] == ["succeeded"]
    assert [order.state for order in await stripe_filler.orders()] == ["declined", "settled"]


async def test_a_bank_that_wants_the_customer_sends_him_a_link(stripe_filler: StripeFiller) -> None:
    """3-D Secure: one charge, a pause, one link; paid there, the credit is booked and the rule goes on."""
    await stripe_filler.rule(await stripe_filler.method("pm_card_authenticationRequired"))
    fired = await stripe_filler.tick()
    assert fired is not None
    assert (fired.outcome, fired.reason) == ("declined", "authentication_required")
    assert (await stripe_filler.now()).reason == "authentication_required"
    told = await stripe_filler.events("autotopup.confirm")
    assert len(told) == 1
    assert fired.order is not None
    attempt = await queries.attempt_of_order(stripe_filler.tenant.id, fired.order.id)
    assert attempt is not None
    assert told[0]["url"] == attempt.checkout_url
    stripe_filler.later(days=1)
    assert await stripe_filler.tick() is None


async def test_the_link_pays(stripe_filler: StripeFiller) -> None:
    """What is paid on the page of the link is the same top-up, once, and ends the pause."""
    await stripe_filler.rule(await stripe_filler.method("pm_card_authenticationRequired"))
    fired = await stripe_filler.tick()
    assert fired is not None
    assert fired.order is not None
    attempt = await queries.attempt_of_order(stripe_filler.tenant.id, fired.order.id)
    assert attempt is not None
    page = next(
        one["id"] for book in stripe_filler.stripe.world.books.values() for one in book.every("checkout.session")
        if one["url"] == attempt.checkout_url
    )  # fmt: skip
    stripe_filler.stripe.pay(page, "pm_card_visa")
    assert (await settle.refresh(stripe_filler.tenant.id, attempt.id, by=BY)).state == "settled"
    await stripe_filler.tick()

    assert await stripe_filler.balance() == stripe_filler.money("25")
    assert (await stripe_filler.now()).state == "active"


async def test_the_same_card_saved_anew_is_the_same_card(stripe_filler: StripeFiller) -> None:
    """D7 goes by the fingerprint: another number at the provider does not make it another card."""
    await stripe_filler.rule(await stripe_filler.method("pm_card_chargeCustomerFail"))
    for _ in range(3):
        await stripe_filler.tick()
        stripe_filler.later(hours=25)
    assert (await stripe_filler.now()).state == "paused"

    again = await stripe_filler.method("pm_card_chargeCustomerFail")
    assert again != (await stripe_filler.now()).method_ref
    assert (await stripe_filler.rule(again)).state == "paused"
    assert (await stripe_filler.rule(await stripe_filler.method("pm_card_visa"))).state == "active"
    assert len(await stripe_filler.events("autotopup.paused")) == 1


async def test_a_card_that_was_detached_at_stripe_pauses_its_rule(stripe_filler: StripeFiller) -> None:
    """The customer removed it on Stripe's own page; the charge is refused and none is tried again."""
    card = await stripe_filler.method()
    await stripe_filler.rule(card)
    await methods.remove(stripe_filler.tenant, stripe_filler.customer, "stripe", card, by=BY)

    assert (await stripe_filler.now()).reason == "method_removed"
    assert await methods.of_customer(stripe_filler.tenant, stripe_filler.customer, locale="de") == []

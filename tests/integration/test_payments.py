"""Money comes in once: orders, attempts, events, credit. With the real plugin host and the sandbox provider."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from askpro import clock, db
from askpro.errors import InvalidInput, NotAllowed, NotFound
from askpro.ids import new_id
from askpro.ledger.accounts import AccountKind, account_id
from askpro.ledger.proof import prove
from askpro.payments import inbox, jobs, providers, queries, settle, topup
from askpro.payments.model import Attempt, Order
from askpro.people.customers import set_customer_status
from askpro.pluginhost.service import disable
from askpro.sdk.context import TenantRef
from askpro.sdk.payments import ChargeResult, EventKind, Outcome, ProviderEvent, Waiting
from askpro_sandbox.provider import decide, open_book
from house import BY, customer, reseller
from paying import SETTINGS, Payer, payer, prepared

pytestmark = pytest.mark.anyio
__all__ = ("payer",)


async def attempt(payer: Payer, order: Order) -> Attempt:
    found = await queries.attempt_of_order(payer.tenant.id, order.id)
    assert found is not None
    return found


async def choose(payer: Payer, url: str, choice: str) -> None:
    """What the customer presses on the sandbox's page; nobody tells the core of it."""
    provider = await providers.provider(payer.tenant.id, "sandbox")
    await decide(provider.ctx, UUID(url.rpartition("/")[2]), choice)


async def read(payer: Payer, order: Order) -> Order:
    return await queries.order(payer.tenant.id, order.id)


async def balance(payer: Payer) -> int:
    async with db.unit(payer.tenant.id):
        units: int = await db.fetchval(
            "select posted from ledger.wallet where tenant_id = $1 and id = $2",
            payer.tenant.id,
            payer.customer.wallet_id,
        )
    return units


async def emitted(payer: Payer, kind: str) -> list[dict[str, Any]]:
    async with db.unit(payer.tenant.id):
        rows = await db.fetch(
            "select payload from events.outbox where tenant_id = $1 and kind = $2 order by id", payer.tenant.id, kind
        )
    return [row["payload"] for row in rows]


def paid(order: Order, key: UUID, ref: str = "pay-1", **changes: Any) -> ChargeResult:
    return replace(
        ChargeResult(key=str(key), outcome=Outcome.SETTLED, amount=order.gross, provider_ref=ref, account="acct"),
        **changes,
    )


async def sent(payer: Payer, amount: str = "50", key: str = "k-1") -> tuple[Order, Attempt]:
    """An order with its attempt."""
    order = await payer.order(amount, key)
    await payer.checkout(order)
    return order, await attempt(payer, order)


# orders


async def test_an_order_fixes_net_tax_and_gross(payer: Payer) -> None:
    """D10: 50.00 of credit cost 59.50 at 19 per cent; the rate is kept with the order."""
    order = await payer.order("50")

    assert (payer.money("50"), payer.money("9.50"), payer.money("59.50")) == (order.net, order.tax, order.gross)
    assert order.state == "new"
    assert str(order.tax_rate) == "0.1900"


async def test_one_key_makes_one_order(payer: Payer) -> None:
    """Ten presses at once are one order; the same key for something else is refused (failure 5, D12)."""
    found = await asyncio.gather(*(payer.order("50", "same") for _ in range(10)))

    assert len({order.id for order in found}) == 1
    with pytest.raises(InvalidInput) as refused:
        await payer.order("51", "same")
    assert refused.value.code == "idempotency_key_reused"


@pytest.mark.parametrize(
    ("amount", "code"),
    [("4.99", "amount_below_minimum"), ("1000.01", "amount_above_maximum"), ("5.001", "amount_too_fine")],
)
async def test_amounts_outside_the_offer_are_refused(payer: Payer, amount: str, code: str) -> None:
    """The tenant's least and largest amount hold, and coins are not split."""
    with pytest.raises(InvalidInput) as refused:
        await payer.order(amount)

    assert refused.value.code == code


async def test_a_provider_that_is_not_enabled_is_refused(payer: Payer) -> None:
    """Neither an unknown one nor one that the tenant has switched off, and nothing is written down."""
    await disable(payer.host, TenantRef(payer.tenant.id), "sandbox", by="tests")

    for provider in ("sandbox", "stripe"):
        with pytest.raises(InvalidInput) as refused:
            await payer.order(provider=provider)
        assert refused.value.code == "provider_unknown"


async def test_nothing_is_sold_without_a_tax_rate_or_an_offer(payer: Payer) -> None:
    """A tenant without a VAT rate, and one that offers no top-ups, take no orders."""
    bare = await reseller("bare", settings=SETTINGS)
    closed = await reseller("closed")

    with pytest.raises(NotFound) as missing:
        await Payer(payer.host, bare, await customer(bare.id)).order()
    assert missing.value.code == "tax_rate_missing"
    with pytest.raises(NotAllowed):
        await Payer(payer.host, closed, await customer(closed.id)).order()


async def test_an_order_is_its_own_customers(payer: Payer) -> None:
    """Neither another customer nor another tenant can read it or pay it."""
    order = await payer.order()
    other = await customer(payer.tenant.id, "NO-2")
    far = await reseller("far", settings=SETTINGS)

    with pytest.raises(NotFound):
        await queries.order(payer.tenant.id, order.id, customer=other.id)
    with pytest.raises(NotFound):
        await queries.order(far.id, order.id)
    with pytest.raises(NotFound):
        await Payer(payer.host, payer.tenant, other).checkout(order)


# the way to the provider


async def test_the_attempt_is_there_before_the_provider_is_called(payer: Payer, monkeypatch: Any) -> None:
    """When the provider is asked, another connection already sees the attempt, and no unit is open."""
    order, seen = await payer.order(), []
    whole = topup._open_page

    async def watched(*args: Any) -> Any:
        seen.append((await attempt(payer, order)).state)
        seen.append(db.current())
        return await whole(*args)

    monkeypatch.setattr(topup, "_open_page", watched)
    await payer.checkout(order)

    assert seen == ["new", None]


async def test_two_requests_get_one_checkout(payer: Payer) -> None:
    """Pressing twice leads to the same page: one attempt, one key, one payment at the provider."""
    order = await payer.order()
    urls = {url for _, url in await asyncio.gather(*(payer.checkout(order) for _ in range(6)))}

    assert len(urls) == 1
    async with db.unit(payer.tenant.id):
        assert await db.fetchval("select count(*) from payments.attempt") == 1
        assert await db.fetchval("select count(*) from plug_sandbox.payment") == 1


class Silent:
    """A provider that never answers, or says something else."""

    key, title = "sandbox", "Silent"

    def __init__(self, inner: Any, error: BaseException) -> None:
        self._inner, self._error = inner, error

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    async def create_checkout(self, ctx: Any, request: Any) -> Any:
        await self._inner.create_checkout(ctx, request)
        raise self._error


async def test_a_lost_answer_is_unknown_and_never_a_second_payment(payer: Payer) -> None:
    """The provider acted but its answer was lost: unknown. Asking again uses the same key and finds the page."""
    plugin, real = payer.host._providers.find("sandbox")
    payer.host._providers._held["sandbox"] = (plugin, Silent(real, TimeoutError()))
    order = await payer.order()
    lost, nowhere = await payer.checkout(order)
    payer.host._providers._held["sandbox"] = (plugin, real)
    again, url = await payer.checkout(order)

    assert (lost.state, nowhere) == ("unknown", "")
    assert (again.state, url[:20]) == ("unknown", "/x/sandbox/checkout/")
    async with db.unit(payer.tenant.id):
        assert await db.fetchval("select count(*) from plug_sandbox.payment") == 1


async def test_what_was_never_sent_is_declined(payer: Payer) -> None:
    """A provider that is gone before it was asked, and a plugin that objects, end the order: nothing was charged."""
    order = await payer.order()
    await disable(payer.host, TenantRef(payer.tenant.id), "sandbox", by="tests")

    after, url = await payer.checkout(order)

    assert (after.state, after.reason, url) == ("declined", "provider_unknown", "")
    assert (await attempt(payer, order)).state == "not_sent"


async def test_no_provider_is_called_inside_a_unit(payer: Payer) -> None:
    """Money moves outside of transactions only."""
    order = await payer.order()

    async with db.unit(payer.tenant.id):
        with pytest.raises(RuntimeError, match="inside a unit"):
            await payer.checkout(order)
        with pytest.raises(RuntimeError, match="inside a unit"):
            await settle.refresh(payer.tenant.id, new_id(), by=BY)


# credit


async def test_a_paid_order_is_credited_net_and_taxed(payer: Payer) -> None:
    """Wallet + 50.00, VAT + 9.50, clearing − 59.50, in one group; the fact is told once; the books are right."""
    order, one = await sent(payer)
    await choose(payer, one.checkout_url, "succeed")
    after = await settle.refresh(payer.tenant.id, one.id, by=BY)

    assert (after.state, await balance(payer)) == ("settled", 50_000_000)
    clearing = account_id(payer.tenant.id, AccountKind.CLEARING, "EUR", "sandbox")
    vat = account_id(payer.tenant.id, AccountKind.VAT, "EUR", "1900")
    async with db.unit(payer.tenant.id):
        rows = await db.fetch("select kind, debit_account, credit_account, amount, group_id, key from ledger.transfer")
    assert {(row["kind"], row["debit_account"], row["credit_account"], row["amount"]) for row in rows} == {
        ("topup", clearing, payer.customer.wallet_id, 50_000_000),
        ("topup_tax", clearing, vat, 9_500_000),
    }
    assert {(row["group_id"], row["key"]) for row in rows} == {(order.id, f"sandbox:sandbox:{one.provider_ref}")}
    told = await emitted(payer, "topup.settled")
    assert [(fact["key"], fact["provider"], fact["net"]) for fact in told] == [(str(one.id), "sandbox", 50_000_000)]
    assert await prove(payer.tenant.id) == []


async def test_credit_is_posted_once_however_often_it_is_reported(payer: Payer) -> None:
    """Twenty reports at once, and a late decline: one credit, still settled (failures 1, 2)."""
    order, one = await sent(payer)
    result = paid(order, one.id)
    await asyncio.gather(*(settle.apply(payer.tenant.id, one.id, result, by=BY) for _ in range(20)))
    await settle.apply(
        payer.tenant.id, one.id, ChargeResult(key=str(one.id), outcome=Outcome.DECLINED, code="late"), by=BY
    )

    assert await balance(payer) == 50_000_000
    assert (await read(payer, order)).state == "settled"
    assert len(await emitted(payer, "topup.settled")) == 1


@pytest.mark.parametrize(
    ("amount", "currency", "flag"),
    [("59.49", "EUR", "amount_mismatch"), ("595", "EUR", "amount_mismatch"), ("59.50", "USD", "currency_mismatch")],
)
async def test_money_that_does_not_fit_is_flagged_and_not_credited(
    payer: Payer, amount: str, currency: str, flag: str
) -> None:
    """The amount comes from our order; another one reaches no wallet but a person."""
    order, one = await sent(payer)
    odd = paid(order, one.id, amount=replace(payer.money(amount), currency=currency))
    for _ in range(3):
        await settle.apply(payer.tenant.id, one.id, odd, by=BY)
    after = await read(payer, order)

    assert (after.state, after.flag, await balance(payer)) == ("unknown", flag, 0)
    assert [fact["flag"] for fact in await emitted(payer, "topup.flagged")] == [flag]


async def test_one_payment_pays_one_order(payer: Payer) -> None:
    """The provider's payment number settles a single order; a second order with it is flagged."""
    first, one = await sent(payer, key="a")
    second, two = await sent(payer, key="b")
    await settle.apply(payer.tenant.id, one.id, paid(first, one.id), by=BY)
    await settle.apply(payer.tenant.id, two.id, paid(second, two.id), by=BY)

    assert (await read(payer, second)).flag == "payment_reused"
    assert await balance(payer) == 50_000_000


async def test_an_order_that_is_paid_twice_is_flagged(payer: Payer) -> None:
    """A second payment number for a settled order is not credited again but shown."""
    order, one = await sent(payer)
    await settle.apply(payer.tenant.id, one.id, paid(order, one.id), by=BY)
    await settle.apply(payer.tenant.id, one.id, paid(order, one.id, "pay-2"), by=BY)
    after = await read(payer, order)

    assert (after.state, after.flag, await balance(payer)) == ("settled", "paid_twice", 50_000_000)


async def test_a_refusal_is_followed_by_late_money(payer: Payer) -> None:
    """Declined, then truly paid: no money is lost."""
    order, one = await sent(payer)
    await settle.apply(payer.tenant.id, one.id, ChargeResult(key="", outcome=Outcome.DECLINED, code="x"), by=BY)
    await settle.apply(payer.tenant.id, one.id, paid(order, one.id), by=BY)

    assert ((await read(payer, order)).state, await balance(payer)) == ("settled", 50_000_000)


async def test_a_delayed_payment_is_pending_until_it_is_paid(payer: Payer) -> None:
    """A debit under way gives no credit and is shown; then it is paid (failure 4)."""
    order, one = await sent(payer)
    waiting = ChargeResult(key="", outcome=Outcome.PENDING, waiting=Waiting.PROVIDER)
    await settle.apply(payer.tenant.id, one.id, waiting, by=BY)
    shown = await queries.unbooked(payer.tenant.id, payer.customer.wallet_id)

    assert ([o.state for o in shown], await balance(payer)) == (["pending"], 0)
    await settle.apply(payer.tenant.id, one.id, paid(order, one.id), by=BY)
    assert await queries.unbooked(payer.tenant.id, payer.customer.wallet_id) == []
    assert await balance(payer) == 50_000_000


async def test_a_failing_booking_leaves_the_order_as_it_was(payer: Payer, monkeypatch: Any) -> None:
    """State and credit are one unit: when the last step fails neither is there, and the next try does both."""
    order, one = await sent(payer)

    async def broken(*_: Any, **__: Any) -> None:
        raise asyncpg.InterfaceError("gone")

    with monkeypatch.context() as patched:
        patched.setattr(settle, "emit", broken)
        with pytest.raises(asyncpg.InterfaceError):
            await settle.apply(payer.tenant.id, one.id, paid(order, one.id), by=BY)
    assert ((await read(payer, order)).state, await balance(payer)) == ("new", 0)

    await settle.apply(payer.tenant.id, one.id, paid(order, one.id), by=BY)
    assert await balance(payer) == 50_000_000


async def test_a_closed_customer_still_gets_what_was_paid(payer: Payer) -> None:
    """No new order, but money that arrives is credited."""
    order, one = await sent(payer)
    await set_customer_status(payer.tenant.id, payer.customer.id, "closed", by=BY)
    await settle.apply(payer.tenant.id, one.id, paid(order, one.id), by=BY)

    assert await balance(payer) == 50_000_000


# events and the janitor


def event(one: Attempt, identifier: str = "evt-1", **changes: Any) -> ProviderEvent:
    known = ProviderEvent(id=identifier, kind=EventKind.PAYMENT, occurred_at=clock.now(), key=str(one.id), live=False)
    return replace(known, **changes)


async def test_an_event_is_stored_once_and_only_a_hint(payer: Payer) -> None:
    """Doubles share an id; an event that claims success about an unpaid payment credits nothing."""
    order, one = await sent(payer)
    ids = {await inbox.accept(payer.tenant.id, "sandbox", event(one, type="payment.settled")) for _ in range(3)}
    for identifier in ids:
        await inbox.process(payer.tenant.id, identifier)

    assert len(ids) == 1
    assert ((await read(payer, order)).state, await balance(payer)) == ("new", 0)


async def test_an_event_brings_the_credit(payer: Payer) -> None:
    """After the customer has paid, the hint makes us look, by our key or by the provider's number."""
    order, one = await sent(payer)
    await choose(payer, one.checkout_url, "succeed")
    hint = event(one, key="", provider_ref=one.provider_ref)
    await inbox.process(payer.tenant.id, await inbox.accept(payer.tenant.id, "sandbox", hint))

    assert (await read(payer, order)).state == "settled"


async def test_an_event_that_cannot_be_processed_becomes_a_dead_letter(payer: Payer, monkeypatch: Any) -> None:
    """Ten failures with growing pauses; then it rests until somebody replays it, and works."""
    order, one = await sent(payer)
    await choose(payer, one.checkout_url, "succeed")
    identifier = await inbox.accept(payer.tenant.id, "sandbox", event(one))

    async def broken(*_: Any, **__: Any) -> None:
        raise ValueError("no")

    with monkeypatch.context() as patched:
        patched.setattr(settle, "refresh", broken)
        for _ in range(12):
            try:
                await inbox.process(payer.tenant.id, identifier)
            except ValueError:
                continue
    async with db.unit(payer.tenant.id):
        row = await db.fetchrow("select attempts, dead_at, last_error from payments.inbox where id = $1", identifier)
    assert (row["attempts"], row["dead_at"] is not None, row["last_error"]) == (10, True, "ValueError: no")

    await inbox.replay(payer.tenant.id, identifier)
    await inbox.process(payer.tenant.id, identifier)
    assert (await read(payer, order)).state == "settled"


async def test_a_plugin_speaks_for_its_own_payments_only(payer: Payer) -> None:
    """An event of another plugin about our payment is refused."""
    _, one = await sent(payer)

    with pytest.raises(NotAllowed):
        await inbox.emit_from_plugin("other", TenantRef(payer.tenant.id), event(one))


async def test_an_event_of_another_tenant_finds_nothing(payer: Payer) -> None:
    """The key of a payment is worth nothing in another house."""
    order, one = await sent(payer)
    await choose(payer, one.checkout_url, "succeed")
    far = await reseller("far", settings=SETTINGS)
    await prepared(payer.host, far)
    await inbox.process(far.id, await inbox.accept(far.id, "sandbox", event(one)))

    assert (await read(payer, order)).state == "new"


async def test_the_janitor_settles_what_nobody_told(payer: Payer) -> None:
    """No event, no visit: the sweep queues a look-up when it is due, and the look-up brings the credit."""
    order, one = await sent(payer)
    await choose(payer, one.checkout_url, "succeed")
    await jobs.sweep()
    waiting = "select args from jobs.procrastinate_jobs where task_name = 'payments.look_up'"
    async with db.shared_unit():
        assert await db.fetch(waiting) == []

    with clock.frozen(clock.now() + timedelta(minutes=6)):
        await jobs.sweep()
        await jobs.sweep()
        async with db.shared_unit():
            found = await db.fetch(waiting)
        assert [row["args"] for row in found] == [{"tenant": str(payer.tenant.id), "attempt": str(one.id)}]
        await jobs.look_up_job(**found[0]["args"])

    assert (await read(payer, order)).state == "settled"
    assert (await attempt(payer, order)).look_up_at is None


async def test_a_page_nobody_pays_on_expires(payer: Payer) -> None:
    """After its time the provider says so; the customer sees no line for it."""
    order, one = await sent(payer)
    with clock.frozen(clock.now() + timedelta(hours=2)):
        await settle.refresh(payer.tenant.id, one.id, by=BY)

    assert (await read(payer, order)).state == "expired"
    assert await queries.unbooked(payer.tenant.id, payer.customer.wallet_id) == []


async def test_a_silent_provider_is_asked_until_it_speaks(payer: Payer) -> None:
    """Timeout at the provider: unknown, looked up on the clock, settled in the end; never charged again."""
    order, one = await sent(payer)
    await choose(payer, one.checkout_url, "timeout")
    await settle.refresh(payer.tenant.id, one.id, by=BY)
    assert (await read(payer, order)).state == "unknown"

    with clock.frozen(clock.now() + timedelta(minutes=10)):
        await settle.refresh(payer.tenant.id, one.id, by=BY)
    assert ((await read(payer, order)).state, await balance(payer)) == ("settled", 50_000_000)


async def test_an_attempt_that_never_left_is_cleared(payer: Payer, monkeypatch: Any) -> None:
    """The process died between commit and call: the look-up proves that nothing was sent."""
    order = await payer.order()

    async def killed(*_: Any) -> Any:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(topup, "_open_page", killed)
        with pytest.raises(KeyboardInterrupt):
            await payer.checkout(order)
    one = await attempt(payer, order)
    assert (await settle.refresh(payer.tenant.id, one.id, by=BY)).state == "new"  # it might just be on its way

    with clock.frozen(clock.now() + timedelta(minutes=5)):
        assert (await settle.refresh(payer.tenant.id, one.id, by=BY)).reason == "not_sent"


async def test_the_provider_hears_that_its_payment_was_booked(payer: Payer) -> None:
    """What the sandbox's own books call unbooked becomes booked by the fact we tell."""
    order, one = await sent(payer)
    await choose(payer, one.checkout_url, "succeed")
    await settle.refresh(payer.tenant.id, one.id, by=BY)
    provider = await providers.provider(payer.tenant.id, "sandbox")
    async with open_book(provider.ctx) as book:
        assert await book.unbooked() == 1
        await book.booked((await emitted(payer, "topup.settled"))[0]["key"])
        assert await book.unbooked() == 0
    del order

"""A month of business with Stripe: a story that is told twice, once smoothly and once with everything going wrong.

The story is a plan of days, made from a seed before anything happens. Whoever lives through it does what people do:
comes back when a page does not open, orders anew when a payment never left the house, asks again for a refund.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any, Literal
from uuid import UUID

import httpx

from askpro import clock, db, secrets
from askpro.app import create_app
from askpro.calls.train import book_reports
from askpro.commissions.service import publish_scheme
from askpro.errors import AskProError
from askpro.events.delivery import deliver
from askpro.ledger.proof import prove
from askpro.money import Money
from askpro.payments import autotopup, disputes, endpoints, inbox, methods, queries, refunds, settle
from askpro.payments.consent import Consent
from askpro.payments.model import Order
from askpro.payments.topup import begin_checkout, create_order
from askpro.people.model import Customer
from askpro.pluginhost import Host, HostConfig, PgSwitchBoard, Services, open_store, read_applied
from askpro.pluginhost.service import enable, offer, save_settings
from askpro.sdk.context import TenantRef
from askpro.tenancy import tax
from askpro.tenancy.model import Tenant
from askpro.testing.stripe import Chaos, Fault, StripeStandIn
from house import BY, COST, EARLY, customer, prices, reseller, wholesale
from paying import SETTINGS
from support.calling import FLAT
from support.reports import call
from web_site import running, settings_for

__all__ = ("FIRST", "TROUBLE", "Deed", "Life", "life", "story")

FIRST = datetime(2026, 3, 2, 6, tzinfo=UTC)
"""The month has a change to summer time in it."""
DAYS = 28
_HOURS = (0.2, 2, 8, 12)  # between two looks at what is due: a day, if nothing is left open

_DUE = """
select 'event', id from payments.due_events($1) union all select 'attempt', id from payments.due_attempts($1) union all
select 'refund', id from payments.due_refunds($1) union all
select 'dispute', id from payments.due_disputes($1) union all
select 'wallet', wallet_id from payments.due_auto_topups($1) union all select 'outbox', null from events.due_tenants()
"""

Kind = Literal[
    "card", "three_d_secure", "declined_then_card", "debit", "debit_returned", "calls", "refund", "refund_all",
    "desk_refund", "dispute_won", "dispute_lost", "inquiry", "card_breaks",
]  # fmt: skip


def TROUBLE(seed: int) -> Chaos:
    """Every event twice, in any order, most of them late; a tenth of our requests without an answer."""
    return Chaos(
        seed=seed, duplicate=1, shuffle=True, delay=0.6, longest=7200, lose=0.1, forget=0.1,
        unsent=0.04, unanswered=0.04, broken=0.01, crashed=0.01, limited=0.01,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that happens on a day. ``who``: 0 pays by hand, 1 by debit, 2 by auto-top-up."""

    kind: Kind
    who: int
    amount: int = 0
    """Whole euro of credit; seconds of a call."""


def story(seed: int) -> list[list[Deed]]:
    """The deeds of each day."""
    dice = Random(seed)
    days: list[list[Deed]] = [[] for _ in range(DAYS)]
    for day in range(0, 24, 4):  # four days between two credits of a wallet: their buckets are used in the same order
        days[day].append(Deed(dice.choice(("card", "three_d_secure", "declined_then_card")), 0, dice.choice((25, 50))))
        days[day].append(Deed(dice.choice(("debit", "debit", "debit_returned")), 1, dice.choice((25, 50, 100))))
        for later, who in ((day + 2, 0), (day + 3, 1)):
            if dice.random() < 0.5:
                kind = dice.choice(
                    ("refund", "refund", "refund_all", "desk_refund", "dispute_won", "dispute_lost", "inquiry")
                )
                days[later].append(Deed(kind, who, dice.randint(1, 9)))
    for day in range(DAYS):
        if dice.random() < 0.6:
            days[day].append(Deed("calls", dice.randint(0, 1), dice.randint(30, 900)))
        days[day].append(Deed("calls", 2, dice.randint(1200, 2400)))
    if dice.random() < 0.5:
        days[18].append(Deed("card_breaks", 2))
    return days


@dataclass
class Life:
    """One telling of the story."""

    tenant: Tenant
    customers: list[Customer]
    stripe: StripeStandIn
    move: Callable[[timedelta], None]
    trouble: Chaos
    paid: dict[int, list[UUID]] = field(default_factory=lambda: {0: [], 1: []})
    disputes: list[tuple[str, str]] = field(default_factory=list)
    day: int = 0
    number: int = 0

    async def live(self, days: list[list[Deed]]) -> None:
        """From the first day until nothing is left open."""
        await self._save_card("pm_card_visa")
        for self.day, deeds in enumerate(days):
            for deed in sorted(deeds, key=lambda one: one.kind != "calls"):
                await getattr(self, f"_{deed.kind}")(deed)
            await self._rest_of_the_day()
            await self._verdicts()
        self.stripe.chaos = Chaos()
        for _ in range(6):
            await self._rest_of_the_day()

    # what happens by itself

    async def _rest_of_the_day(self) -> None:
        """Events arrive, jobs run: at least a day's worth, and until nobody waits for an answer."""
        for hours in _HOURS:
            await self.pass_by(timedelta(hours=hours))
        for _ in range(60):
            if not await self._unanswered():
                return
            await self.pass_by(timedelta(hours=1))
        raise AssertionError(f"day {self.day}: not at rest")

    async def pass_by(self, time: timedelta) -> None:
        """Time passes; what is due then is done."""
        self.move(time)
        self.stripe.advance(0)
        await self.stripe.deliver_due()
        for _ in range(3):
            if not await self._jobs():
                return

    async def _jobs(self) -> bool:
        """What the worker does in a minute, with the functions it calls; whether there was anything to do."""
        own = self.tenant.id
        async with db.shared_unit():
            due = await db.fetch(_DUE, clock.now())
        for what, thing in due:
            match what:
                case "event":
                    with suppress(Exception):  # counted in its row, and due again
                        await inbox.process(own, thing)
                case "attempt":
                    await settle.refresh(own, thing, by=BY)
                case "refund":
                    await refunds.refresh(own, thing, by=BY)
                case "dispute":
                    with suppress(AskProError):  # asked again later
                        await disputes.refresh(own, thing, by=BY)
                case "wallet":
                    await autotopup.fire(own, thing)
                case "outbox":
                    await deliver(own)
        return bool(due)

    async def _unanswered(self) -> bool:
        if self.stripe.world.queue:
            return True
        async with db.unit(self.tenant.id):
            return bool(await db.fetchval(
                "select exists (select from payments.inbox where tenant_id = $1 and processed_at is null)"
                " or exists (select from payments.attempt where tenant_id = $1 and state = 'unknown')"
                " or exists (select from payments.refund where tenant_id = $1 and state in ('new', 'unknown'))",
                self.tenant.id,
            ))  # fmt: skip

    # what people do

    async def _order(self, deed: Deed) -> tuple[Order, str]:
        """An order with the provider's page open: (order, number of the page)."""
        who = self.customers[deed.who]
        for attempt in range(30):
            order = await create_order(
                self.tenant, who, Money.of(deed.amount, "EUR"), "stripe", idempotency=f"{self.day}-{attempt}", by=BY
            )
            for _ in range(8):
                order, url = await begin_checkout(
                    self.tenant, who, order.id, by=BY, description="Credit", return_url="https://x.example/",
                    cancel_url="https://x.example/", locale="de",
                )  # fmt: skip
                if url:
                    made = await queries.attempt_of_order(self.tenant.id, order.id)
                    assert made is not None
                    return order, made.provider_ref
                if order.final:
                    break
                await self.pass_by(timedelta(minutes=7))
        raise AssertionError(f"no page opens: {order}")

    async def _pay(self, deed: Deed, *tokens: str) -> Order:
        order, page = await self._order(deed)
        for token in tokens:
            with suppress(Fault):  # the page says that the card was declined
                self.stripe.pay(page, token)
        return order

    async def _card(self, deed: Deed) -> None:
        self.paid[deed.who].append((await self._pay(deed, "pm_card_visa")).id)

    async def _declined_then_card(self, deed: Deed) -> None:
        self.paid[deed.who].append((await self._pay(deed, "pm_card_chargeDeclined", "pm_card_visa")).id)

    async def _three_d_secure(self, deed: Deed) -> None:
        order, page = await self._order(deed)
        intent = self.stripe.pay(page, "pm_card_threeDSecure2Required")["payment_intent"]
        self.stripe.authenticate(intent)
        self.paid[deed.who].append(order.id)

    async def _debit(self, deed: Deed) -> None:
        self.paid[deed.who].append((await self._pay(deed, "pm_successDelayed_de")).id)

    async def _debit_returned(self, deed: Deed) -> None:
        await self._pay(deed, "pm_failedDelayed_de")

    async def _calls(self, deed: Deed) -> None:
        self.number += 1
        who = self.customers[deed.who]
        name = f"{self.day}-{deed.who}-{self.number}"
        await book_reports(
            self.tenant.id, self.tenant.timezone,
            [call(name, who.number, at=clock.now() - timedelta(hours=1), seconds=deed.amount)], by=BY,
        )  # fmt: skip

    async def _last_paid(self, deed: Deed) -> Order | None:
        """The payment of two days ago, if it was one and went through."""
        if not self.paid[deed.who]:
            return None
        order = await queries.order(self.tenant.id, self.paid[deed.who].pop())
        return order if order.state == "settled" else None

    async def _refund(self, deed: Deed, *, whole: bool = False) -> None:
        if (order := await self._last_paid(deed)) is None:
            return
        for attempt in range(30):
            rest = await refunds.refundable(self.tenant.id, order.id)
            net = rest.net if whole else min(Money.of(deed.amount, "EUR"), rest.net, key=lambda one: one.units)
            cents = Money(net.units // 10_000 * 10_000, net.currency)
            if not cents.units or await self._frozen(order):
                return
            made = await refunds.begin(
                self.tenant, order.id, cents, idempotency=f"r-{attempt}", reason="not needed", by=BY
            )
            for _ in range(80):
                if made.state in ("settled", "pending", "declined"):
                    break
                await self.pass_by(timedelta(minutes=7))
                made = await refunds.refresh(self.tenant.id, made.id, by=BY)
            if made.state in ("settled", "pending"):
                return
            assert made.state == "declined", made
        raise AssertionError("no refund goes through")

    async def _refund_all(self, deed: Deed) -> None:
        await self._refund(deed, whole=True)

    async def _desk_refund(self, deed: Deed) -> None:
        """At Stripe's own desk, without asking us."""
        if (order := await self._last_paid(deed)) is None:
            return
        with self._calm():
            await self.stripe.client("sk_test_nord").v1.refunds.create_async(
                {"payment_intent": await self._intent(order), "amount": deed.amount * 100}
            )

    async def _dispute(self, deed: Deed, verdict: str) -> None:
        if (order := await self._last_paid(deed)) is None or deed.who == 1:
            return
        opened = self.stripe.dispute(await self._intent(order))
        self.disputes.append((opened["id"], verdict))

    async def _dispute_won(self, deed: Deed) -> None:
        await self._dispute(deed, "won")

    async def _dispute_lost(self, deed: Deed) -> None:
        await self._dispute(deed, "lost")

    async def _inquiry(self, deed: Deed) -> None:
        await self._dispute(deed, "won")

    async def _verdicts(self) -> None:
        """The bank decides on every other day; a wallet that stays frozen is released by staff."""
        if self.day % 2:
            while self.disputes:
                identifier, verdict = self.disputes.pop()
                self.stripe.close_dispute(identifier, verdict)
            await self._rest_of_the_day()
            for one in await disputes.of_tenant(self.tenant.id):
                if one.state == "lost" and one.froze:
                    await disputes.release(self.tenant.id, one.wallet_id, reason="talked to", by=BY)

    async def _card_breaks(self, _: Deed) -> None:
        await self._save_card("pm_card_chargeCustomerFail")

    async def _save_card(self, token: str) -> None:
        """The third customer saves a card and lets it be charged: below 10, by steps of 25."""
        who, words = self.customers[2], Consent("You may charge this card.", "1", "en")
        with self._calm():
            book = self.stripe.world.home
            url = await methods.begin_setup(
                self.tenant, who, "stripe", consent=words, by=BY, return_url="https://x.example/",
                cancel_url="https://x.example/", locale="de",
            )  # fmt: skip
            page = url.rpartition("/")[2].partition("#")[0]
            assert book(page) is not None, url
            self.stripe.pay(page, token)
            saved = await methods.of_customer(self.tenant, who, locale="de")
            euro = lambda amount: Money.of(amount, "EUR")  # noqa: E731
            draft = autotopup.Draft(euro(10), "fixed", euro(25), euro(2000), "stripe", saved[-1].method.ref)
            await autotopup.save(self.tenant, who, draft, consent=words, by=BY)

    # looking

    def _calm(self) -> Any:
        """Not our house's requests, or not what the story is about: nothing goes wrong with these."""

        class Calm:
            def __enter__(_) -> None:  # noqa: N805
                self.stripe.chaos = Chaos()

            def __exit__(_, *__: object) -> None:  # noqa: N805
                self.stripe.chaos = self.trouble

        return Calm()

    async def _intent(self, order: Order) -> str:
        made = await queries.attempt_of_order(self.tenant.id, order.id)
        assert made is not None
        return made.provider_ref

    async def _frozen(self, order: Order) -> bool:
        async with db.unit(self.tenant.id):
            return bool(await db.fetchval(
                "select frozen from ledger.wallet where tenant_id = $1 and id = $2", self.tenant.id, order.wallet_id
            ))  # fmt: skip

    async def end_state(self) -> dict[str, Any]:
        """Everything that two tellings must agree in, to the unit: accounts, buckets, payments, rules."""
        own = self.tenant.id
        numbers = {one.wallet_id: one.number for one in self.customers}
        async with db.unit(own):
            accounts = await db.fetch(
                "select a.id, a.kind, a.code, coalesce((select sum(amount) from ledger.transfer t"
                " where t.tenant_id = $1 and t.credit_account = a.id), 0) -"
                " coalesce((select sum(amount) from ledger.transfer t"
                " where t.tenant_id = $1 and t.debit_account = a.id), 0) as balance from ledger.account a"
                " where a.tenant_id = $1",
                own,
            )
            wallets = await db.fetch(
                "select id, posted, held, frozen, overrun from ledger.wallet where tenant_id = $1", own
            )
            buckets = await db.fetch(
                "select wallet_id, kind, granted, rest from ledger.bucket where tenant_id = $1 order by 1, 3, 4", own
            )
            orders = await db.fetch(
                "select wallet_id, origin, state, flag, net, tax, gross from payments.orders"
                " where tenant_id = $1 and (state = 'settled' or flag <> '') order by 1, 2, 5",
                own,
            )
            back = await db.fetch(
                "select o.wallet_id, r.origin, r.state, r.net, r.tax, r.gross from payments.refund r"
                " join payments.orders o on o.tenant_id = r.tenant_id and o.id = r.order_id"
                " where r.tenant_id = $1 and r.state <> 'declined' order by 1, 2, 6",
                own,
            )
            argued = await db.fetch(
                "select wallet_id, state, amount, net, tax, gross, clawed, reinstated, froze from payments.dispute"
                " where tenant_id = $1 order by 1, 3, 2",
                own,
            )
            rules = await db.fetch("select wallet_id, state, reason from payments.rule where tenant_id = $1", own)
        named = lambda rows: [(numbers[row[0]], *row[1:]) for row in map(tuple, rows)]  # noqa: E731
        return {
            "accounts": sorted(
                (row["kind"], numbers.get(row["id"], row["code"]), int(row["balance"])) for row in accounts
            ),
            "wallets": sorted(named(wallets)), "buckets": sorted(named(buckets)), "orders": sorted(named(orders)),
            "refunds": sorted(named(back)), "disputes": sorted(named(argued)), "rules": sorted(named(rules)),
            "stripe": self.at_stripe(),
        }  # fmt: skip

    def at_stripe(self) -> dict[str, Any]:
        """What Stripe has: charges that went through and what came back of them; the sum is its debt to us."""
        charges = [
            one for book in self.stripe.world.books.values() for one in book.every("charge")
            if one["paid"] and one["status"] == "succeeded"
        ]  # fmt: skip
        lost = [
            one["amount"] for book in self.stripe.world.books.values() for one in book.every("dispute")
            if one["status"] == "lost"
        ]  # fmt: skip
        return {
            "charges": sorted((one["amount"], one["amount_refunded"], one["disputed"]) for one in charges),
            "owed": sum(one["amount"] - one["amount_refunded"] for one in charges) - sum(lost),
        }

    async def sound(self) -> list[Any]:
        """What the nightly proof finds; nothing, if all is well."""
        return list(await prove(self.tenant.id))


@asynccontextmanager
async def life(
    database: Any, slug: str, trouble: Chaos, move: Callable[[timedelta], None], seed: int
) -> AsyncIterator[Life]:
    """A reseller with three customers, an account at a Stripe of its own, and the application in between."""
    secrets.configure(("test-key-test-key-test-key-test-key",))
    stripe = StripeStandIn(seed=seed, clock=lambda: clock.now())
    stripe.open_account("nord")
    services = Services(
        store=open_store, applied=read_applied, emit_event=inbox.emit_from_plugin, transport=stripe.transport()
    )
    # the fuse counts seconds of the wall, and here a month has only a few of them
    host = Host(HostConfig(only=("stripe",), breaker_failures=100_000), services, PgSwitchBoard())
    app = create_app(settings_for(database, plugins=("stripe",)), host=host)
    async with running(app):
        stripe.outbound = httpx.ASGITransport(app=app, client=("198.51.100.4", 4711))
        async with db.platform_unit("tests"):
            first = not await db.fetchval("select exists (select from tariffs.version)")
        if first:  # in this database
            await wholesale(content={**COST, "outbound": {"+": "0.06"}})
        tenant = await reseller(slug, settings=SETTINGS)
        await tax.set_rate(tenant.id, date(2021, 1, 1), Decimal("0.19"), by=BY)
        await prices(tenant.id, FLAT)
        await publish_scheme(tenant.id, "percent", Decimal(15), EARLY, by=BY)
        await offer(host, "stripe", by="tests")
        at = TenantRef(tenant.id, slug)
        await save_settings(host, at, "stripe", {"secret_key": "sk_test_nord"}, by="tests")
        await enable(host, at, "stripe", by="tests")
        await endpoints.connect_endpoint(tenant, "stripe", base_url=f"http://{slug}.askpro.localhost", by=BY)
        people = [await customer(tenant.id, f"NO-{n}", email=f"c{n}@example.org") for n in range(3)]
        stripe.chaos = trouble
        yield Life(tenant, people, stripe, move, trouble)

"""A customer with auto-top-up, for tests: with the sandbox, and with Stripe's stand-in behind the real plugin."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest

from askpro import clock, db
from askpro.events.delivery import deliver
from askpro.ids import new_id
from askpro.money import Money
from askpro.payments import autotopup, inbox, methods, providers, queries, settle
from askpro.payments import autotopup_jobs as autotopup_jobs  # the outbox knows its listener from here on
from askpro.payments.autotopup import Draft, Fired
from askpro.payments.consent import Consent
from askpro.payments.model import Order
from askpro.payments.rule import Rule
from askpro.payments.topup import create_order
from askpro.people.model import Customer
from askpro.pluginhost import Host, HostConfig, PgSwitchBoard, Services, migrate_plugins, open_store, read_applied
from askpro.pluginhost.service import enable, offer, save_settings
from askpro.sdk.context import TenantRef
from askpro.sdk.payments import ChargeResult, Outcome
from askpro.tenancy import tax
from askpro.tenancy.model import Tenant
from askpro.testing.stripe import StripeStandIn
from askpro_sandbox.provider import open_book
from house import BY, customer, reseller
from paying import SETTINGS, paying_host, prepared

__all__ = ("CONSENT", "Filler", "StripeFiller", "filler", "move", "stripe_filler")

CONSENT = Consent("You may charge this card when my credit runs low.", "tests-1", "en")


class Filler:
    """A customer, and short words for what happens to the rule of his wallet."""

    provider = "sandbox"

    def __init__(self, host: Host, tenant: Tenant, customer: Customer, move: Callable[[timedelta], None]) -> None:
        self.host, self.tenant, self.customer, self._move = host, tenant, customer, move

    def later(self, **by: float) -> None:
        self._move(timedelta(**by))

    def money(self, amount: str) -> Money:
        return Money.of(amount, self.customer.currency)

    async def method(self, behaviour: str = "succeed") -> str:
        """The number of a method that was saved earlier and behaves like that."""
        provider = await providers.provider(self.tenant.id, "sandbox")
        async with open_book(provider.ctx) as book:
            return (await book.add_method(str(self.customer.id), behaviour)).public.ref

    async def rule(
        self, method: str | None = None, *, threshold: str = "10", mode: Any = "fixed", amount: str = "25",
        cap: str = "500",
    ) -> Rule:  # fmt: skip
        """Save the rule, by default with a new method that works."""
        draft = Draft(
            self.money(threshold), mode, self.money(amount), self.money(cap), self.provider,
            method or await self.method(),
        )  # fmt: skip
        return await autotopup.save(self.tenant, self.customer, draft, consent=CONSENT, by=BY)

    async def now(self) -> Rule:
        found = await autotopup.rule(self.tenant.id, self.customer.wallet_id)
        assert found is not None
        return found

    async def fire(self) -> Fired:
        return await autotopup.fire(self.tenant.id, self.customer.wallet_id)

    async def due(self) -> bool:
        """Whether the sweep would queue this wallet."""
        async with db.shared_unit():
            rows = await db.fetch("select * from payments.due_auto_topups($1)", clock.now())
        return self.customer.wallet_id in {row["wallet_id"] for row in rows}

    async def tick(self) -> Fired | None:
        """What one minute's sweep and the outbox do, without the queue in between."""
        await deliver(self.tenant.id)
        fired = await self.fire() if await self.due() else None
        await deliver(self.tenant.id)
        return fired

    async def orders(self) -> list[Order]:
        async with db.unit(self.tenant.id):
            rows = await db.fetch(
                "select id from payments.orders where tenant_id = $1 and origin = 'auto' order by created_at, id",
                self.tenant.id,
            )
        return [await queries.order(self.tenant.id, row["id"]) for row in rows]

    async def events(self, kind: str) -> list[dict[str, Any]]:
        async with db.unit(self.tenant.id):
            rows = await db.fetch(
                "select payload from events.outbox where tenant_id = $1 and kind = $2 order by id", self.tenant.id, kind
            )
        return [row["payload"] for row in rows]

    async def balance(self) -> Money:
        async with db.unit(self.tenant.id):
            units: int = await db.fetchval(
                "select posted from ledger.wallet where tenant_id = $1 and id = $2", self.tenant.id,
                self.customer.wallet_id,
            )  # fmt: skip
        return Money(units, self.customer.currency)

    async def pay_by_hand(self, amount: str = "5") -> Order:
        """A top-up on the provider's page that is paid."""
        order = await create_order(
            self.tenant, self.customer, self.money(amount), self.provider, idempotency=str(new_id()), by=BY
        )
        async with db.unit(self.tenant.id):
            attempt = new_id()
            await db.execute(
                "insert into payments.attempt (tenant_id, id, order_id, provider) values ($1, $2, $3, $4)",
                self.tenant.id, attempt, order.id, self.provider,
            )  # fmt: skip
        paid = ChargeResult(key=str(attempt), outcome=Outcome.SETTLED, amount=order.gross, provider_ref=str(attempt))
        return await settle.apply(self.tenant.id, attempt, paid, by=BY)

    async def spend(self, amount: str) -> None:
        """Take credit away, as usage would."""
        from askpro.ledger.accounts import AccountKind
        from askpro.ledger.service import ensure_account, post_many
        from askpro.ledger.transfer import Transfer

        tenant, units = self.tenant.id, self.money(amount).units
        async with db.unit(tenant):
            revenue = await ensure_account(tenant, AccountKind.REVENUE, self.customer.currency, "tests")
            day = clock.civil_day(clock.now(), self.tenant.timezone)
            taken = Transfer(
                tenant=tenant, debit=self.customer.wallet_id, credit=revenue, amount=units, kind="fee",
                key=str(new_id()), day=day, occurred_at=clock.now(), actor=str(BY), reason="",
            )  # fmt: skip
            (await post_many([taken]))[0].or_raise()


class StripeFiller(Filler):
    """The same with Stripe."""

    provider = "stripe"
    stripe: StripeStandIn

    async def method(self, behaviour: str = "pm_card_visa") -> str:
        page = await methods.begin_setup(
            self.tenant, self.customer, "stripe", consent=CONSENT, by=BY, return_url="https://x.example/back",
            cancel_url="https://x.example/back", locale="de",
        )  # fmt: skip
        session = next(
            one["id"] for book in self.stripe.world.books.values() for one in book.every("checkout.session")
            if one["url"] == page
        )  # fmt: skip
        intent = self.stripe.pay(session, behaviour)["setup_intent"]
        if self.stripe.get(intent)["status"] == "requires_action":
            self.stripe.authenticate(intent)
        return str(self.stripe.get(intent)["payment_method"])

    def intents(self) -> list[dict[str, Any]]:
        """Every payment the provider has."""
        return [dict(one) for book in self.stripe.world.books.values() for one in book.every("payment_intent")]


@pytest.fixture
def move(monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], None]:
    """Moves the clock of everybody."""
    moved, real = [timedelta()], clock.now
    monkeypatch.setattr(clock, "now", lambda: real() + moved[0])

    def by(time: timedelta) -> None:
        moved[0] += time

    return by


@pytest.fixture
async def filler(database: Any, move: Callable[[timedelta], None]) -> AsyncIterator[Filler]:
    """With the sandbox."""
    async with paying_host(database.admin_dsn) as host:
        tenant = await reseller("nord", settings=SETTINGS)
        await prepared(host, tenant)
        yield Filler(host, tenant, await customer(tenant.id), move)


@pytest.fixture
async def stripe_filler(database: Any, move: Callable[[timedelta], None]) -> AsyncIterator[StripeFiller]:
    """With Stripe's stand-in, reached by HTTP as the real one is."""
    stripe = StripeStandIn(clock=lambda: clock.now())
    stripe.open_account("nord")
    wire: httpx.AsyncBaseTransport = stripe.transport()
    services = Services(store=open_store, applied=read_applied, emit_event=inbox.emit_from_plugin, transport=wire)
    host = Host(HostConfig(only=("stripe",)), services, PgSwitchBoard())
    host.load()
    said = await migrate_plugins(database.admin_dsn, host.migrations())
    assert [text for text in said.values() if text.startswith("failed")] == []
    await host.start()
    await offer(host, "stripe", by="tests")
    providers.connect(host)
    try:
        tenant = await reseller("nord", settings=SETTINGS)
        await tax.set_rate(tenant.id, date(2021, 1, 1), Decimal("0.19"), by=BY)
        await enable(host, TenantRef(tenant.id), "stripe", by="tests")
        values = {"secret_key": "sk_test_nord", "webhook_secret": "whsec_nord"}
        await save_settings(host, TenantRef(tenant.id), "stripe", values, by="tests")
        made = StripeFiller(host, tenant, await customer(tenant.id), move)
        made.stripe = stripe
        yield made
    finally:
        providers.disconnect()

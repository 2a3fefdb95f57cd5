"""Resellers and customers of a neutral tariffs table, an import of a file, and what is in the books afterwards.

Run as a program it imports: ``python importing.py DSN FILE BATCH`` (to be killed at any moment).
"""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from askpro import db, secrets
from askpro.actor import Actor
from askpro.calls.imports.runner import Summary, run_import
from askpro.cli.calls import choose_layout
from askpro.commissions.service import publish_scheme
from askpro.people.customers import create_customer
from askpro.tariffs.card import Level
from askpro.tariffs.service import publish_version, set_blocked
from askpro.tenancy.model import PLATFORM
from askpro.tenancy.service import create_tenant
from house import BY, EARLY

__all__ = ("booked", "bring", "names", "set_up")

ZONES = {"EUR": "Europe/Berlin", "GBP": "Europe/London"}


async def set_up(tariffs: Mapping[str, Any], customers: Mapping[str, int]) -> None:
    """Prices, resellers and their customers, through the services."""
    await set_blocked(dict.fromkeys(tariffs["blocked"]["prefixes"], "week"), by=BY)
    for currency, card in tariffs["platform"].items():
        await publish_version(PLATFORM, Level.PLATFORM, None, currency, EARLY, _content(card), by=BY)
    for slug, card in tariffs["resellers"].items():
        currency, scheme = card["currency"], card["commission"]
        made = await create_tenant(slug, slug, currency=currency, locale="en", timezone=ZONES[currency], by=BY)
        await publish_version(made.id, Level.RESELLER, None, currency, EARLY, _content(card), by=BY)
        await publish_scheme(made.id, scheme["scheme"], Decimal(scheme["value"]), EARLY, by=BY)
        for number in sorted(names(customers)[slug]):
            await create_customer(made.id, number, number, by=BY)


def names(customers: Mapping[str, int]) -> dict[str, set[str]]:
    """Customer numbers by reseller."""
    return {slug: {f"{slug[:2].upper()}-{n:05d}" for n in range(1, count + 1)} for slug, count in customers.items()}


def _content(card: Mapping[str, Any]) -> dict[str, Any]:
    keys = ("increments", "free_seconds", "connect_fee", "inbound", "outbound")
    return {key: card[key] for key in keys if key in card} | {
        "items": [["token", card["token"]], ["booking", card["booking"]]]
    }


async def bring(path: Path, **more: Any) -> Summary:
    """Import a file as ``askpro calls import`` does."""
    layout = choose_layout(
        path, more.pop("kind", "auto"), tenant=more.pop("tenant", ""), source="cdr", **more.pop("asterisk", {})
    )
    return await run_import(path, layout, source="cdr", by=Actor("operator", "import"), **more)


async def booked() -> tuple[dict[str, Counter[str]], Counter[str]]:
    """Sums by reseller and retail by customer, as ``straight.Books`` has them; from the calls themselves."""
    async with db.platform_unit("what an import has booked"):
        sums = await db.fetch("""
            select t.slug, sum(u.price)::bigint as price, sum(u.billed)::bigint as billed,
                   sum(u.wholesale)::bigint as wholesale, sum(u.commission)::bigint as commission,
                   count(u.talk_ms) as answered, count(*) - count(u.talk_ms) as unanswered,
                   count(*) filter (where u.price < u.wholesale) as below
              from ledger.usage u join tenancy.tenant t on t.id = u.tenant_id group by t.slug""")
        retail = await db.fetch("""
            select t.slug || '/' || c.number as customer, sum(u.price)::bigint as price
              from ledger.usage u join tenancy.tenant t on t.id = u.tenant_id
              join ledger.wallet w on w.tenant_id = u.tenant_id and w.id = u.wallet_id
              join people.customer c on c.tenant_id = w.tenant_id and c.id = w.customer_id group by 1""")
    totals = {}
    for row in sums:
        slug, *values = row.values()
        totals[slug] = Counter(dict(zip([*row.keys()][1:], values, strict=True)))
    return totals, Counter({row["customer"]: row["price"] for row in retail})


async def _main(dsn: str, file: str, batch: str) -> None:
    secrets.configure(("test-key-test-key-test-key-test-key",))
    await db.start(dsn, max_size=2)
    print("started", flush=True)
    await bring(Path(file), batch=int(batch))
    await db.stop()


if __name__ == "__main__":
    asyncio.run(_main(*sys.argv[1:]))

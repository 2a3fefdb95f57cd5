"""Tenants, their hosts, their audit log and their VAT rates."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import asyncpg
import pytest

from askpro import db
from askpro.errors import Conflict, DuplicateKey, InvalidInput, NotFound, UnknownHost
from askpro.ids import new_id
from askpro.tenancy import audit, tax
from askpro.tenancy.hosts import Hosts, normalised
from askpro.tenancy.model import PLATFORM, Brand, Contact, TenantSettings, Topup
from askpro.tenancy.queries import all_tenants, domains, tenant_by_id, tenant_by_slug
from askpro.tenancy.service import set_domains, set_status, update_tenant
from house import BY, reseller

pytestmark = pytest.mark.anyio
BASE = "askpro.test"


class _Ticks:
    """A clock for the cache's patience."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


async def test_a_tenant_is_read_as_it_was_made(database: object) -> None:
    """Brand and settings come back as typed values; defaults are filled in."""
    settings = TenantSettings(Topup(("10", "25"), "5", "100"), Contact("help@one.example"))
    made = await reseller(brand=Brand(colour="#123a7a", radius=4), settings=settings)

    assert await tenant_by_id(made.id) == made == await tenant_by_slug("one")
    assert (made.brand.colour, made.brand.theme, made.settings) == ("#123a7a", "default", settings)
    assert made.host(BASE) == "one.askpro.test"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"slug": "One"}, "slug"),
        ({"slug": "www"}, "slug"),
        ({"currency": "euro"}, "currency"),
        ({"locale": "xx_YY"}, "locale"),
        ({"timezone": "Europe/Rosenheim"}, "timezone"),
        ({"country": "de"}, "country"),
        ({"seller": "nobody"}, "seller"),
        ({"brand": Brand(logo="<svg onload='x()'/>")}, "brand.logo"),
        ({"brand": Brand(logo="<svg><script/></svg>")}, "brand.logo"),
        ({"brand": Brand(logo="<svg><a href='https://x'/></svg>")}, "brand.logo"),
        ({"settings": TenantSettings(Topup(("25", "10"), "5", "100"))}, "settings.topup.amounts"),
        ({"settings": TenantSettings(Topup(("10",), "0", "100"))}, "settings.topup.minimum"),
    ],
)
async def test_nonsense_is_refused(database: object, changes: dict[str, Any], field: str) -> None:
    """Nothing is stored that a page, a style sheet or an invoice could not be made with."""
    with pytest.raises(InvalidInput) as caught:
        await reseller(**({"slug": "one"} | changes))

    assert caught.value.field == field
    assert await all_tenants("a test counts") == []


async def test_a_slug_is_taken_once(database: object) -> None:
    """The second is told so, and leaves nothing behind."""
    await reseller("one")
    with pytest.raises(DuplicateKey):
        await reseller("one")

    assert len(await all_tenants("a test counts")) == 1


async def test_a_change_is_written_raises_the_version_and_is_audited(database: object) -> None:
    """An update without a difference does nothing at all."""
    made = await reseller()
    same = await update_tenant(made.id, by=BY, name="One")
    changed = await update_tenant(made.id, by=BY, name="Another", timezone="Europe/Vienna")

    assert same == made
    assert (changed.name, changed.timezone, changed.version) == ("Another", "Europe/Vienna", made.version + 1)
    log = await audit.entries(made.id, action="tenant.changed")
    assert [(entry.actor, entry.detail) for entry in log] == [("system:tests", {"fields": ["name", "timezone"]})]
    with pytest.raises(InvalidInput):
        await update_tenant(made.id, by=BY, currency="GBP")


async def test_the_audit_log_cannot_be_changed_and_shows_nobody_elses_entries(database: object) -> None:
    """Append-only for the application too, and bound to the tenant."""
    one, two = await reseller("one"), await reseller("two")
    await audit.record(one.id, BY, "test.happened", "x", amount="1")

    assert [entry.action for entry in await audit.entries(one.id)] == ["test.happened", "tenant.created"]
    assert [entry.action for entry in await audit.entries(two.id)] == ["tenant.created"]
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with db.unit(one.id):
            await db.execute("delete from audit.entry")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with db.unit(one.id):
            await db.execute(
                "insert into audit.entry (tenant_id, id, actor, action) values ($1, $2, 'x', 'y')", two.id, new_id()
            )


async def test_a_host_finds_its_tenant(database: object) -> None:
    """By slug below the base domain and by a domain of its own, whatever case, port or closing dot."""
    one, two = await reseller("one"), await reseller("two")
    await set_domains(one.id, ["portal.one.example", "alt.one.example"], by=BY, base_domain=BASE)
    hosts = Hosts(BASE)

    assert (await hosts.find("one.askpro.test")).id == one.id
    assert (await hosts.find("TWO.AskPro.Test:8000")).id == two.id
    assert (await hosts.find("portal.one.example.")).id == one.id
    assert (await hosts.find("alt.one.example")).host(BASE) == "portal.one.example"
    assert await domains(one.id) == ("portal.one.example", "alt.one.example")


@pytest.mark.parametrize(
    "host", ["", "three.askpro.test", "askpro.test", "platform.askpro.test", "x.one.askpro.test", "one.askpro.test/x",
             "[::1]", "127.0.0.1:80", "one.askpro.test:80:90", "öne.askpro.test", "one.askpro.test.evil.example"]
)  # fmt: skip
async def test_an_unknown_host_is_nobody(database: object, host: str) -> None:
    """421, asked once or twice; the platform itself has no portal."""
    await reseller("one")
    hosts = Hosts(BASE)
    for _ in range(2):
        with pytest.raises(UnknownHost):
            await hosts.find(host)


async def test_a_domain_cannot_stand_in_for_a_neighbour(database: object) -> None:
    """A host below the base domain is refused as a domain, and has no effect even if it is stored."""
    one, two = await reseller("one"), await reseller("two")
    with pytest.raises(InvalidInput):
        await set_domains(one.id, ["two.askpro.test"], by=BY, base_domain=BASE)
    async with db.unit(one.id):
        for host in ("two.askpro.test", "free.askpro.test"):
            await db.execute("insert into tenancy.domain (tenant_id, host) values ($1, $2)", one.id, host)
    hosts = Hosts(BASE)

    assert (await hosts.find("two.askpro.test")).id == two.id
    with pytest.raises(UnknownHost):
        await hosts.find("free.askpro.test")


async def test_a_domain_belongs_to_one_tenant(database: object) -> None:
    """Taking another's domain fails and changes nothing."""
    one, two = await reseller("one"), await reseller("two")
    await set_domains(one.id, ["portal.example"], by=BY)
    with pytest.raises(DuplicateKey):
        await set_domains(two.id, ["own.example", "portal.example"], by=BY)

    assert (await domains(one.id), await domains(two.id)) == (("portal.example",), ())


async def test_the_cache_is_asked_and_not_the_database(database: object) -> None:
    """Known and unknown hosts are answered from memory until somebody changed a tenant."""
    await reseller("one")
    ticks = _Ticks()
    hosts = Hosts(BASE, monotonic=ticks)
    before = await hosts.find("one.askpro.test")
    with pytest.raises(UnknownHost):
        await hosts.find("two.askpro.test")
    admin = await asyncpg.connect(database.admin_dsn)  # type: ignore[attr-defined]
    await admin.execute("update tenancy.tenant set name = 'Changed', version = version + 1 where slug = 'one'")
    await admin.execute(
        "insert into tenancy.tenant (id, slug, name, currency, locale, timezone)"
        " values ($1, 'two', 'T', 'EUR', 'de', 'UTC')",
        new_id(),
    )
    await admin.close()

    assert await hosts.find("one.askpro.test") is before
    with pytest.raises(UnknownHost):
        await hosts.find("two.askpro.test")
    ticks.now = 1.0
    assert (await hosts.find("one.askpro.test")).name == "Changed"
    assert (await hosts.find("two.askpro.test")).slug == "two"


async def test_a_change_in_this_process_is_seen_at_once_after_its_commit(database: object) -> None:
    """No waiting for the poll, and no effect of what is rolled back."""
    made = await reseller("one")
    hosts = Hosts(BASE, monotonic=_Ticks())
    before = await hosts.find("one.askpro.test")
    with pytest.raises(ZeroDivisionError):
        async with db.unit(made.id):
            await update_tenant(made.id, by=BY, name="Undone")
            raise ZeroDivisionError
    assert await hosts.find("one.askpro.test") is before

    await update_tenant(made.id, by=BY, name="Done")
    assert (await hosts.find("one.askpro.test")).name == "Done"
    await set_status(made.id, "closed", by=BY)
    with pytest.raises(UnknownHost):
        await hosts.find("one.askpro.test")
    with pytest.raises(Conflict):
        await set_status(made.id, "active", by=BY)


async def test_strangers_cannot_fill_the_memory(database: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is remembered of unknown hosts is bounded."""
    monkeypatch.setattr("askpro.tenancy.hosts._LIMIT", 5)
    hosts = Hosts(BASE)
    for number in range(20):
        with pytest.raises(UnknownHost):
            await hosts.find(f"h{number}.askpro.test")

    assert len(hosts._known) == 5


def test_hosts_are_compared_in_one_form() -> None:
    """Case, port and closing dot play no part; what is no host name is nothing."""
    assert normalised("A.Example:8000") == normalised("a.example.") == "a.example"
    assert normalised("a b") == normalised("[::1]:80") == normalised("a.example\n") == ""


async def test_the_tax_rate_of_a_day(database: object) -> None:
    """The last rate that began by then; none is guessed; a day's rate is said once."""
    made = await reseller()
    with pytest.raises(NotFound):
        await tax.rate_on(made.id, date(2020, 6, 30))
    for day, rate in ((date(2007, 1, 1), "0.19"), (date(2020, 7, 1), "0.16"), (date(2021, 1, 1), "0.19")):
        await tax.set_rate(made.id, day, Decimal(rate), by=BY)
    await tax.set_rate(made.id, date(2021, 1, 1), Decimal("0.19"), by=BY)

    days = (date(2020, 6, 30), date(2020, 7, 1), date(2020, 12, 31), date(2021, 1, 1))
    assert [await tax.rate_on(made.id, day) for day in days] == [Decimal(r) for r in ("0.19", "0.16", "0.16", "0.19")]
    assert len(await tax.rates(made.id)) == 3
    with pytest.raises(Conflict):
        await tax.set_rate(made.id, date(2021, 1, 1), Decimal("0.20"), by=BY)
    with pytest.raises(InvalidInput):
        await tax.set_rate(made.id, date(2027, 1, 1), Decimal("19"), by=BY)
    with pytest.raises(NotFound):
        await tax.rate_on(PLATFORM, date(2026, 1, 1))

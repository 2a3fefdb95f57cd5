"""Files into the database and back: idempotent, complete, all or nothing."""

from __future__ import annotations

import shutil
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from anyio.to_thread import run_sync
from click.testing import CliRunner, Result

from askpro import clock, paths
from askpro.calls.control.limits import Caps, caps_of
from askpro.cli.keys import keys
from askpro.cli.rate import rate
from askpro.cli.runtime import with_database
from askpro.cli.tenants import tenants
from askpro.errors import Conflict, DuplicateKey, InvalidInput
from askpro.tariffs import chains, queries
from askpro.tariffs.card import Level
from askpro.tariffs.guard import below_wholesale
from askpro.tariffs.service import publish_version
from askpro.tenancy import tax
from askpro.tenancy.model import PLATFORM, Brand
from askpro.tenancy.queries import all_tenants, tenant_by_slug
from askpro.tenancy.service import update_tenant
from askpro.tenantfiles import stored
from askpro.tenantfiles.definition import Definition, PriceList
from askpro.tenantfiles.service import (
    apply_platform,
    apply_tenant,
    diff_platform,
    diff_tenant,
    read_platform,
    read_tenant,
    slugs,
    write_platform,
    write_tenant,
)
from house import BY, customer

pytestmark = pytest.mark.anyio
SAMPLES = paths.tenants()
EARLY = datetime(2026, 1, 1, tzinfo=UTC)


def _definition(**changes: Any) -> Definition:
    retail = PriceList(("retail",), EARLY, {"increments": [30, 6], "inbound": "0.12", "outbound": {"+49": "0.15"}})
    made = Definition("one", "One", "EUR", "de", "Europe/Berlin", domains=("one.example",), prices=(retail,))
    return replace(made, **changes)


async def _apply_samples() -> None:
    for slug in slugs(SAMPLES):
        await apply_tenant(read_tenant(SAMPLES / slug), by=BY)
    await apply_platform(read_platform(SAMPLES / "platform"), by=BY)


async def test_the_samples_apply_once(database: object) -> None:
    """The second time nothing differs, nothing is published, and nothing is written to the log."""
    await _apply_samples()
    versions = {t.slug: (t.version, await queries.versions(t.id)) for t in await all_tenants("a test looks")}
    await _apply_samples()

    assert {t.slug: (t.version, await queries.versions(t.id)) for t in await all_tenants("a test looks")} == versions
    for slug in slugs(SAMPLES):
        assert await diff_tenant(read_tenant(SAMPLES / slug)) == ()
    assert await diff_platform(read_platform(SAMPLES / "platform")) == ()


async def test_limits_travel(database: object, tmp_path: Path) -> None:
    """Read, applied, exported, lifted by an empty table, left alone by none; a mistake is pointed at."""
    tenant = (await apply_tenant(_definition(limits=Caps(concurrent=40, month_soft=250_500_000)), by=BY)).tenant_id
    assert await caps_of(tenant) == [("reseller", "", Caps(concurrent=40, month_soft=250_500_000))]
    assert (await apply_tenant(_definition(limits=Caps(concurrent=40, month_soft=250_500_000)), by=BY)).changes == ()
    assert (await apply_tenant(_definition(), by=BY)).changes == ()
    folder = write_tenant(await stored.latest_tenant(await tenant_by_slug("one")), tmp_path)
    text = (folder / "tenant.toml").read_text()
    assert '[limits]\nconcurrent = 40\nmonth_soft = "250.5"' in text
    assert await diff_tenant(read_tenant(folder)) == ()
    changed = await apply_tenant(_definition(limits=Caps(concurrent=41)), by=BY)
    assert [str(one) for one in changed.changes] == ["~ limits.concurrent: 40 → 41", "- limits.month_soft = 250.5"]
    assert len((await apply_tenant(_definition(limits=Caps()), by=BY)).changes) == 1
    assert await caps_of(tenant) == [("reseller", "", Caps())]
    (folder / "tenant.toml").write_text(
        text.replace("= 40", '= "many"').replace('"250.5"', '"2.5"\nmonth_hard = "1"\nyear_soft = "1"')
    )
    with pytest.raises(InvalidInput) as refused:
        read_tenant(folder)
    for place in ("limits.concurrent: is a whole number", "limits.month_soft: lies above", "limits.year_soft"):
        assert place in str(refused.value)


async def test_the_samples_sell_above_cost(database: object) -> None:
    """The product does not come with prices that lose money; free seconds are the one present that is made."""
    await _apply_samples()
    for tenant in await all_tenants("a test looks"):
        card = (await chains.load(tenant.id)).chain_for(None, None, tenant.currency, clock.now())
        assert card is not None
        report = below_wholesale(card.retail, card.wholesale)
        assert all(span.last <= card.retail.free_seconds for f in report.findings for span in f.ranges), tenant.slug
        assert not report.items
        assert not report.unsellable


async def test_what_is_exported_applies_without_a_change(database: object, tmp_path: Path) -> None:
    """Also with a customer's prices, a list for one reseller, later versions, and an agreement that ended."""
    await _apply_samples()
    nord = await tenant_by_slug("nordstern")
    made = await customer(nord.id, "NO-00001")
    gone = await customer(nord.id, "NO-00002")
    ahead = clock.now() + timedelta(days=20)
    publish = publish_version
    await publish(nord.id, Level.CUSTOMER, made.id, "EUR", EARLY, {"inbound": "0.07", "tiers": []}, by=BY)
    await publish(nord.id, Level.CUSTOMER, gone.id, "EUR", EARLY, {"inbound": "0.07"}, by=BY)
    await publish(nord.id, Level.CUSTOMER, gone.id, "EUR", ahead, {}, by=BY)
    await publish(PLATFORM, Level.PLATFORM, nord.id, "EUR", ahead, {"inbound": "0.03"}, by=BY)
    await update_tenant(nord.id, by=BY, seller="reseller", brand=Brand(colour="#000000"))
    for tenant in await all_tenants("a test exports"):
        folder = write_tenant(await stored.latest_tenant(tenant), tmp_path)
        assert await diff_tenant(read_tenant(folder)) == ()
        assert read_tenant(folder) == await stored.latest_tenant(tenant)
    folder = write_platform(await stored.latest_platform(), tmp_path)

    assert await diff_platform(read_platform(folder)) == ()
    assert 'inbound = "0.03"' in (folder / "prices.toml").read_text()
    assert "NO-00001" in (tmp_path / "nordstern" / "prices.toml").read_text()
    assert "NO-00002" not in (tmp_path / "nordstern" / "prices.toml").read_text()


async def test_an_export_makes_the_same_reseller_elsewhere(database: object, tmp_path: Path) -> None:
    """Files of one reseller, read under another name, are exported again as the same files."""
    await _apply_samples()
    original = write_tenant(await stored.latest_tenant(await tenant_by_slug("rosenheim")), tmp_path / "a")
    shutil.copytree(original, tmp_path / "a" / "twin")
    await apply_tenant(read_tenant(tmp_path / "a" / "twin"), by=BY)
    again = write_tenant(await stored.latest_tenant(await tenant_by_slug("twin")), tmp_path / "b")

    for name in ("tenant.toml", "prices.toml", "logo.svg"):
        assert (again / name).read_text() == (original / name).read_text()


async def test_a_changed_price_is_shown_and_published_ahead(database: object) -> None:
    """Only the list that differs gets a version; the rest of the file stays untouched."""
    await apply_tenant(_definition(), by=BY)
    ahead = clock.now() + timedelta(days=3)
    dearer = PriceList(("retail",), ahead, {**_definition().prices[0].content, "inbound": "0.14"})
    changes = await diff_tenant(_definition(prices=(dearer,)))
    applied = await apply_tenant(_definition(prices=(dearer,)), by=BY)

    assert [str(change) for change in changes] == ["~ retail.inbound: 0.12 → 0.14"]
    assert applied.changes == changes
    tenant = await tenant_by_slug("one")
    assert [version.effective_from for version in await queries.versions(tenant.id)] == [EARLY, ahead]


async def test_the_past_is_refused_by_line(database: object, tmp_path: Path) -> None:
    """A price changed without a new date would price yesterday's calls differently: nothing is applied."""
    shutil.copytree(SAMPLES / "falke", tmp_path / "falke")
    await apply_tenant(read_tenant(tmp_path / "falke"), by=BY)
    prices = tmp_path / "falke" / "prices.toml"
    prices.write_text(prices.read_text().replace('"0.095"', '"0.099"', 1))
    house = tmp_path / "falke" / "tenant.toml"
    house.write_text(house.read_text().replace("Falke Voice", "Falke Voice Ltd", 1))
    with pytest.raises(Conflict) as caught:
        await apply_tenant(read_tenant(tmp_path / "falke"), by=BY)

    assert caught.value.detail.startswith("falke/prices.toml:3: retail.effective_from: ")
    assert (await tenant_by_slug("falke")).name == "Falke Voice"


async def test_a_customer_who_is_not_there_is_named(database: object, tmp_path: Path) -> None:
    """With the line, in diff and in apply; a new reseller is not left half made."""
    shutil.copytree(SAMPLES / "falke", tmp_path / "falke")
    with (tmp_path / "falke" / "prices.toml").open("a") as file:
        file.write('\n[customers.FA-9]\ninbound = "0.05"\n')
    definition = read_tenant(tmp_path / "falke")
    with pytest.raises(InvalidInput, match=r"falke/prices.toml:\d+: customers.FA-9.*no such customer"):
        await apply_tenant(definition, by=BY)
    assert await all_tenants("a test looks") == []

    await apply_tenant(replace(definition, prices=definition.prices[:1]), by=BY)
    with pytest.raises(InvalidInput, match="FA-9"):
        await diff_tenant(definition)
    made = await customer((await tenant_by_slug("falke")).id, "FA-9")
    await apply_tenant(definition, by=BY)
    cards = await chains.load((await tenant_by_slug("falke")).id)
    assert cards.chain_for(made.id, None, "GBP", clock.now()) is None, "no wholesale prices have been published"


async def test_currency_and_hosts_are_guarded(database: object) -> None:
    """A reseller's currency is for ever; a host in use, or the platform's own, is refused."""
    await apply_tenant(_definition(), by=BY)
    with pytest.raises(InvalidInput, match="currency"):
        await diff_tenant(_definition(currency="GBP"))
    with pytest.raises(DuplicateKey, match="domains"):
        await apply_tenant(_definition(slug="two"), by=BY)
    with pytest.raises(InvalidInput, match="domains"):
        await apply_tenant(_definition(slug="two", domains=("one.askpro.test",)), by=BY, base_domain="askpro.test")

    assert [tenant.slug for tenant in await all_tenants("a test looks")] == ["one"]


async def test_what_a_file_does_not_name_is_left_alone(database: object) -> None:
    """Prices agreed with a customer in the portal survive the next apply; an empty section ends them."""
    await apply_tenant(_definition(), by=BY)
    tenant = await tenant_by_slug("one")
    made = await customer(tenant.id)
    await publish_version(tenant.id, Level.CUSTOMER, made.id, "EUR", EARLY, {"inbound": "0.05"}, by=BY)
    await tax.set_rate(tenant.id, EARLY.date(), Decimal("0.19"), by=BY)
    assert (await apply_tenant(_definition(), by=BY)).changes == ()

    ended = PriceList(("customers", "NO-1"), clock.now() + timedelta(hours=1), {})
    applied = await apply_tenant(_definition(prices=(*_definition().prices, ended)), by=BY)
    assert [str(change) for change in applied.changes] == ["- customers.NO-1.inbound = 0.05"]
    assert await tax.rate_on(tenant.id, clock.now().date()) == Decimal("0.19")


async def test_selling_below_cost_is_reported_or_refused(database: object) -> None:
    """D4 reaches whoever applies the files."""
    await apply_platform(read_platform(SAMPLES / "platform"), by=BY)
    cheap = PriceList(("retail",), EARLY, {"increments": [1, 1], "outbound": {"+49": "0.01"}})
    with pytest.raises(InvalidInput, match=r"retail\.effective_from: sold below cost"):
        await apply_tenant(_definition(prices=(cheap,)), by=BY, hard_floor=True)
    assert await all_tenants("a test looks") == []

    applied = await apply_tenant(_definition(prices=(cheap,)), by=BY)
    assert applied.below_wholesale[0].report.below_floor


Console = Callable[..., Awaitable[Result]]


@pytest.fixture
def console(empty_database: Any, monkeypatch: pytest.MonkeyPatch) -> Console:
    """``await console(group, *words)`` runs a command as an operator would: with a loop of its own."""
    monkeypatch.setenv("ASKPRO_DATABASE_URL", empty_database.dsn)
    monkeypatch.setenv("ASKPRO_SECRET_KEY", "test-key-test-key-test-key-test-key")

    async def run(group: Any, *words: str) -> Result:
        return await run_sync(lambda: CliRunner().invoke(group, list(words), catch_exceptions=True))

    return run


async def test_the_console_applies_compares_and_exports(console: Console, tmp_path: Path) -> None:
    """``diff`` tells by its exit status; after ``apply`` there is nothing to tell; ``export`` writes the same."""
    before = await console(tenants, "diff", "falke")
    assert before.exit_code == 1
    assert "+ retail.outbound.+44 = 0.105" in before.output
    applied = await console(tenants, "apply")
    assert applied.exit_code == 0, applied.output
    assert (await console(tenants, "diff")).exit_code == 0
    assert "falke: no change" in (await console(tenants, "apply", "falke")).output
    exported = await console(tenants, "export", "--dir", str(tmp_path))
    assert exported.exit_code == 0, exported.output
    assert sorted(folder.name for folder in tmp_path.iterdir()) == ["falke", "nordstern", "platform", "rosenheim"]
    assert (await console(tenants, "diff", "--dir", str(tmp_path))).exit_code == 0
    assert isinstance((await console(tenants, "apply", "gone")).exception, InvalidInput)


async def test_the_console_explains_a_price(console: Console) -> None:
    """Step by step, for a call that nobody made."""
    await console(tenants, "apply")

    async def work(settings: object) -> None:
        await customer((await tenant_by_slug("nordstern")).id, "NO-1")

    await run_sync(with_database, work)
    words = ("--tenant", "nordstern", "--customer", "NO-1", "--to", "+4930123", "--seconds", "125")
    told = await console(rate, "explain", *words, "--tokens", "1000", "--at", "2026-03-23T10:00:00+01:00")
    assert told.exit_code == 0, told.output
    # 0.02 + 126 / 60 × 0.14 + 1000 × 0.000012 = 0.326
    assert "Price: 0.326 EUR." in told.output
    assert "percent 20: 0.0652 EUR." in told.output
    assert "blocked" in (await console(rate, "explain", *words[:4], "--to", "+49900123")).output
    assert isinstance((await console(rate, "explain", *words, "--at", "2020-01-01T00:00:00Z")).exception, InvalidInput)


async def test_the_console_keeps_keys(console: Console) -> None:
    """Made, listed, revoked."""
    await console(tenants, "apply", "falke")
    made = await console(
        keys, "create", "--tenant", "falke", "--name", "Exchange", "--scope", "usage:write", "--days", "30"
    )
    assert made.stdout.startswith("ask_live_")
    listed = (await console(keys, "list", "--tenant", "falke")).output
    assert "active" in listed
    assert made.stdout.strip() not in listed
    revoked = await console(keys, "revoke", "--tenant", "falke", listed.split()[0])
    assert revoked.exit_code == 0, revoked.output
    assert "revoked" in (await console(keys, "list", "--tenant", "falke")).output

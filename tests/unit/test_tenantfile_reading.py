"""Files of a reseller: what is read, and how nonsense is refused with file, line and key."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from askpro import paths
from askpro.errors import InvalidInput
from askpro.tenancy.model import Brand, Contact, TenantSettings, Topup
from askpro.tenantfiles.definition import Definition, PlatformDefinition, PriceList
from askpro.tenantfiles.diffing import compared
from askpro.tenantfiles.reading import read_platform, read_tenant, slugs
from askpro.tenantfiles.writing import write_platform, write_tenant

HOUSE = """\
name = "Test"
currency = "EUR"
locale = "de"
timezone = "Europe/Berlin"

[[tax]]
effective_from = 2021-01-01
rate = "0.19"

[brand]
colour = "#123a7a"

[settings.topup]
amounts = ["10"]
minimum = "5"
maximum = "50"
"""
PRICES = """\
effective_from = 2026-04-01

[retail]
increments = "30/6"
inbound = "0.12"

[retail.outbound]
"+49" = "0.15"

[plans.gold]
name = "Gold"
effective_from = 2026-05-01T12:00:00
connect_fee = "0"

[customers.NO-1]
inbound = "0.10"

[commission]
kind = "percent"
value = "20"
"""


def _folder(root: Path, house: str = HOUSE, prices: str = PRICES, name: str = "test") -> Path:
    folder = root / name
    folder.mkdir(exist_ok=True)
    (folder / "tenant.toml").write_text(house, encoding="utf-8")
    (folder / "prices.toml").write_text(prices, encoding="utf-8")
    return folder


def test_files_are_read(tmp_path: Path) -> None:
    """Civil dates are instants in the reseller's zone; a section's own date comes first."""
    found = read_tenant(_folder(tmp_path))

    assert (found.slug, found.name, found.country, found.seller) == ("test", "Test", "DE", "platform")
    assert found.brand == Brand(colour="#123a7a")
    assert found.settings.topup == Topup(("10",), "5", "50")
    assert found.plans == {"gold": "Gold"}
    begins = {price_list.key: price_list.effective_from for price_list in found.prices}
    assert begins == {
        ("retail",): datetime(2026, 3, 31, 22, tzinfo=UTC),
        ("plans", "gold"): datetime(2026, 5, 1, 10, tzinfo=UTC),
        ("customers", "NO-1"): datetime(2026, 3, 31, 22, tzinfo=UTC),
    }
    assert found.commission is not None
    assert found.commission.value == 20


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        ("tenant", 'name = "Test"', 'nmae = "Test"', "test/tenant.toml:1: nmae: unknown key"),
        ("tenant", 'name = "Test"', "", "test/tenant.toml:1: name: is required"),
        ("tenant", '"Test"', "5", "test/tenant.toml:1: name: is a text in quotes"),
        ("tenant", "Europe/Berlin", "Europe/Munich", "test/tenant.toml:4: timezone: no such time zone"),
        ("tenant", '"de"', '"xx"', "test/tenant.toml:3: locale: no such language"),
        ("tenant", '"EUR"', '"Euro"', "test/tenant.toml:2: currency: not an ISO 4217 code"),
        ("tenant", '"0.19"', '"19"', "test/tenant.toml:8: tax[0].rate: is a fraction in quotes"),
        ("tenant", '"0.19"', "0.19", "test/tenant.toml:8: tax[0].rate: is a fraction in quotes"),
        ("tenant", "2021-01-01", '"2021-01-01"', "test/tenant.toml:7: tax[0].effective_from: is a date"),
        ("tenant", "#123a7a", "blue", "test/tenant.toml:11: brand.colour: a colour is written #rrggbb"),
        ("tenant", 'colour = "#123a7a"', 'theme = "gone"', "test/tenant.toml:11: brand.theme: no theme 'gone'"),
        ("tenant", 'colour = "#123a7a"', 'font = "Comic"', "test/tenant.toml:11: brand.font: fonts to choose"),
        ("tenant", 'colour = "#123a7a"', "radius = 99", "test/tenant.toml:11: brand.radius: from 0 to 18"),
        ("tenant", 'colour = "#123a7a"', 'logo = "x.svg"', "test/tenant.toml:11: brand.logo: x.svg: cannot be read"),
        ("tenant", '["10"]', '["10", "5"]', "test/tenant.toml:14: settings.topup.amounts: amounts ascend"),
        ("tenant", 'minimum = "5"', "minimum = 5", "test/tenant.toml:15: settings.topup.minimum: Expected `str`"),
        ("tenant", "[brand]", "domains = 3\n[brand]", "unknown key"),
        ("tenant", 'name = "Test"', 'name = "Test"\ndomains = ["localhost"]', "test/tenant.toml:2: domains[0]: "),
        ("tenant", "[brand]", "[brand", "test/tenant.toml: "),
        ("prices", '"0.12"', "0.12", "test/prices.toml:5: retail.inbound: a price is written in quotes"),
        ("prices", '"+49"', '"0049"', "test/prices.toml:8: retail.outbound.0049: a prefix is +"),
        ("prices", "inbound =", "inbuond =", "test/prices.toml:5: retail.inbuond: unknown key"),
        ("prices", 'increments = "30/6"', "", "test/prices.toml:3: retail.increments: is required"),
        ("prices", "effective_from = 2026-04-01", "", "test/prices.toml:1: effective_from: is required"),
        ("prices", "2026-04-01", '"soon"', "test/prices.toml:1: effective_from: is a date without quotes"),
        ("prices", '"percent"', '"tip"', "test/prices.toml:19: commission.kind: no such scheme"),
        ("prices", '"20"', '"120"', "test/prices.toml:20: commission.value: 120 is no commission"),
        ("prices", '"20"', "20", "test/prices.toml:20: commission.value: is a text in quotes"),
        ("prices", "[retail]", "[wholesale.EUR]\n[retail]", "test/prices.toml:3: wholesale: unknown key"),
        (
            "prices",
            "[customers.NO-1]",
            "[customers]\nNO-1 = 5\n[customers.x]",
            "test/prices.toml:16: customers.NO-1: is a",
        ),
    ],
)
def test_nonsense_is_refused_by_file_line_and_key(tmp_path: Path, file: str, old: str, new: str, told: str) -> None:
    """A reviewer is led to the place."""
    texts = {"tenant": HOUSE, "prices": PRICES}
    assert old in texts[file]
    texts[file] = texts[file].replace(old, new, 1)
    with pytest.raises(InvalidInput) as caught:
        read_tenant(_folder(tmp_path, texts["tenant"], texts["prices"]))

    assert caught.value.code == "file_wrong"
    assert any(line.startswith(told) or told in line for line in caught.value.detail.splitlines()), caught.value.detail


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    """In both files."""
    with pytest.raises(InvalidInput) as caught:
        read_tenant(_folder(tmp_path, HOUSE.replace("EUR", "E"), PRICES.replace('"0.12"', "1").replace('"0.15"', "2")))

    assert [line.split(" ")[0] for line in caught.value.detail.splitlines()] == [
        "test/tenant.toml:2:",
        "test/prices.toml:5:",
        "test/prices.toml:8:",
    ]


def test_the_folder_is_the_slug(tmp_path: Path) -> None:
    """A folder that could not be a host is refused."""
    with pytest.raises(InvalidInput, match="slug"):
        read_tenant(_folder(tmp_path, name="Test_1"))


def test_what_is_written_reads_the_same(tmp_path: Path) -> None:
    """Every field, with characters that TOML has to quote."""
    at = datetime(2026, 3, 31, 22, tzinfo=UTC)
    (tmp_path / "test").mkdir()
    retail = {"increments": [30, 6], "outbound": {"+49": "0.15"}, "items": [["b", "1"], ["a", "2"]]}
    scope = {"inbound": True, "outbound": False, "prefixes": ["+49"]}
    plan = {"included_seconds": 0, "tiers": [], "month_scope": scope}
    own = {"tiers": [{"from_seconds": 0, "discount_percent": "5"}], "blocked": ["+88"]}
    definition = Definition(
        slug="test",
        name='Müller "& Söhne" \\ Co',
        currency="EUR",
        locale="de",
        timezone="Europe/Berlin",
        country="AT",
        seller="reseller",
        domains=("b.example", "a.example"),
        brand=Brand(colour="#123a7a", radius=0, logo='<svg xmlns="http://www.w3.org/2000/svg"/>'),
        settings=TenantSettings(Topup(("10", "12.50"), "5", "50"), Contact("a@b.example", "+49")),
        plans={"gold": "Gold 'n' more", "leer": "Nothing of its own"},
        prices=(
            PriceList(("retail",), at, retail),
            PriceList(("plans", "gold"), at + timedelta(30, 1), plan),
            PriceList(("plans", "leer"), at, {}),
            PriceList(("customers", "NO.1"), at, own),
        ),
    )
    folder = write_tenant(definition, tmp_path)

    assert read_tenant(folder) == definition
    assert compared(definition, read_tenant(folder)) == ()


def test_wholesale_prices_are_written_and_read(tmp_path: Path) -> None:
    """Per currency, per reseller, and what is blocked."""
    at, later = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, 1, 2, 3, tzinfo=UTC)
    definition = PlatformDefinition(
        {"+881": "satellite"},
        (
            PriceList(("wholesale", "EUR"), at, {"increments": [1, 1], "outbound": {"+49": "0.1"}}),
            PriceList(("resellers", "one", "EUR"), later, {"inbound": "0.01"}),
        ),
    )

    assert read_platform(write_platform(definition, tmp_path)) == definition


def test_the_sample_resellers_are_in_order() -> None:
    """The files that come with the product read without a complaint, and look as they should."""
    root = paths.tenants()
    found = {slug: read_tenant(root / slug) for slug in slugs(root)}

    brands = {slug: (one.brand.colour, one.currency, one.brand.font, one.locale) for slug, one in found.items()}
    assert brands == {
        "falke": ("#f26b1d", "GBP", "figtree", "en"),
        "nordstern": ("#123a7a", "EUR", "inter", "de"),
        "rosenheim": ("#1f7a4d", "EUR", "inter", "de"),
    }
    assert all(one.brand.logo and one.settings.topup and one.commission for one in found.values())
    assert found["nordstern"].domains
    platform = read_platform(root / "platform")
    assert {price_list.key for price_list in platform.prices} == {("wholesale", "EUR"), ("wholesale", "GBP")}
    assert {one.taxes[-1].rate for one in found.values()} == {Decimal("0.19"), Decimal("0.20")}

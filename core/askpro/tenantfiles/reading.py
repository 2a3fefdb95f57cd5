"""Files into a definition, or every mistake in them with file, line and key."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import msgspec

from askpro import paths
from askpro.commissions.scheme import Scheme
from askpro.errors import InvalidInput
from askpro.tariffs import content as contents
from askpro.tariffs.card import Level
from askpro.tenancy import checks
from askpro.tenancy.model import Brand, Link, TenantSettings
from askpro.tenancy.tax import TaxRate
from askpro.tenantfiles.definition import Commission, Definition, Key, PlatformDefinition, PriceList
from askpro.tenantfiles.limits import read_limits
from askpro.tenantfiles.source import FileOrigin, Source, open_source, refuse
from askpro.web.theme.tokens import read_theme, validated

__all__ = ("PLATFORM_FOLDER", "read_platform", "read_tenant", "slugs")

PLATFORM_FOLDER = "platform"


def slugs(root: Path) -> list[str]:
    """The resellers a folder holds, by name."""
    return sorted(file.parent.name for file in root.glob("*/tenant.toml"))


def read_tenant(folder: Path) -> Definition:
    """``tenant.toml`` and ``prices.toml`` of one reseller; the folder's name is its slug.

    Raises InvalidInput (``file_wrong``), one line a mistake: ``nordstern/prices.toml:12: retail.inbound: …``.
    """
    house, prices = open_source(folder, "tenant.toml"), open_source(folder, "prices.toml")
    top = house.data
    house.known(
        top, (), "name", "currency", "locale", "timezone", "country", "seller", "domains", "tax", "brand", "settings",
        "limits",
    )  # fmt: skip
    _checked(house, ("slug",), checks.slug, folder.name)
    currency = _checked(house, ("currency",), checks.currency, house.text(top, (), "currency"))
    zone = _checked(house, ("timezone",), checks.timezone, house.text(top, (), "timezone"))
    seller = house.text(top, (), "seller", "platform")
    if seller not in ("platform", "reseller"):
        house.wrong(("seller",), "is platform or reseller")
    definition = Definition(
        slug=folder.name,
        name=_checked(house, ("name",), checks.name, house.text(top, (), "name")),
        currency=currency,
        locale=_checked(house, ("locale",), checks.locale, house.text(top, (), "locale")),
        timezone=zone,
        country=_checked(house, ("country",), checks.country, house.text(top, (), "country", "DE")),
        seller=seller,  # type: ignore[arg-type]  # refused above if it is neither
        domains=_domains(house),
        brand=_brand(house, folder),
        settings=_settings(house, currency),
        taxes=_taxes(house),
        limits=read_limits(house),
        **_prices(prices, zone),
        origin=FileOrigin(house, prices),
    )
    refuse(house, prices)
    return definition


def read_platform(folder: Path) -> PlatformDefinition:
    """``prices.toml`` of the platform: ``[blocked]``, ``[wholesale.<currency>]``, ``[resellers.<slug>.<currency>]``.

    Raises InvalidInput (``file_wrong``) as above.
    """
    source = open_source(folder, "prices.toml")
    source.known(source.data, (), "effective_from", "blocked", "wholesale", "resellers")
    blocked = source.table(source.data, (), "blocked")
    for problem in contents.read({"blocked": sorted(blocked)}, Level.PLATFORM)[1]:
        source.wrong(("blocked",), problem.message)
    for prefix in blocked:
        source.text(blocked, ("blocked",), prefix)
    lists = [
        _price_list(source, ("wholesale", currency), table, Level.PLATFORM, "UTC")
        for currency, table in source.table(source.data, (), "wholesale").items()
    ]
    for slug, tables in source.table(source.data, (), "resellers").items():
        for currency, table in tables.items() if isinstance(tables, dict) else ():
            lists.append(_price_list(source, ("resellers", slug, currency), table, Level.PLATFORM, "UTC"))
    refuse(source)
    return PlatformDefinition(blocked, tuple(one for one in lists if one is not None), FileOrigin(None, source))


def _prices(source: Source, zone: str) -> dict[str, Any]:
    top = source.data
    source.known(top, (), "effective_from", "retail", "plans", "customers", "commission")
    lists: list[PriceList | None] = []
    if "retail" in top:
        lists.append(_price_list(source, ("retail",), top["retail"], Level.RESELLER, zone))
        if isinstance(top["retail"], dict) and "increments" not in top["retail"]:
            source.wrong(("retail", "increments"), "is required: nobody else sets them")
    plans = {}
    for code, table in source.table(top, (), "plans").items():
        rest = dict(table) if isinstance(table, dict) else {}
        plans[code] = rest.pop("name", code)
        lists.append(_price_list(source, ("plans", code), rest if isinstance(table, dict) else table, Level.PLAN, zone))
    for number, table in source.table(top, (), "customers").items():
        lists.append(_price_list(source, ("customers", number), table, Level.CUSTOMER, zone))
    found = tuple(one for one in lists if one is not None)
    return {"plans": plans, "prices": found, "commission": _commission(source, zone)}


def _price_list(source: Source, key: Key, table: Any, level: Level, zone: str) -> PriceList | None:
    if not isinstance(table, dict):
        source.wrong(key, "is a table of prices")
        return None
    if level is Level.PLATFORM:
        _checked(source, key, checks.currency, key[-1])
    content, problems = contents.read({k: v for k, v in table.items() if k != "effective_from"}, level)
    for problem in problems:
        source.wrong((*key, *problem.path), problem.message)
    begins = _begins(source, key, table, zone)
    return None if begins is None else PriceList(key, begins, content)


def _begins(source: Source, key: Key, table: dict[str, Any], zone: str) -> datetime | None:
    """The section's own ``effective_from``, else the file's."""
    if not zone:
        return None
    path = (*key, "effective_from") if "effective_from" in table else ("effective_from",)
    return source.instant(table.get("effective_from", source.data.get("effective_from")), path, zone)


def _commission(source: Source, zone: str) -> Commission | None:
    if "commission" not in source.data:
        return None
    table = source.table(source.data, (), "commission")
    source.known(table, ("commission",), "effective_from", "kind", "value")
    kind, value = (source.text(table, ("commission",), key) for key in ("kind", "value"))
    try:
        scheme = Scheme(kind, Decimal(value))  # type: ignore[arg-type]  # it refuses other kinds itself
    except InvalidInput as error:
        source.wrong(("commission", "value" if "value" in (error.field or "") else "kind"), str(error))
        return None
    except InvalidOperation:
        source.wrong(("commission", "value"), 'is an amount in quotes, like "20"')
        return None
    begins = _begins(source, ("commission",), table, zone)
    return None if begins is None else Commission(scheme.kind, scheme.value, begins)


def _domains(source: Source) -> tuple[str, ...]:
    value = source.data.get("domains", [])
    if not isinstance(value, list) or not all(isinstance(host, str) for host in value):
        source.wrong(("domains",), "is a list of host names")
        return ()
    return tuple(_checked(source, ("domains", n), checks.host, host) for n, host in enumerate(value))


def _brand(source: Source, folder: Path) -> Brand:
    table = source.table(source.data, (), "brand")
    source.known(table, ("brand",), "theme", "colour", "font", "radius", "logo", "legal")
    theme = source.text(table, ("brand",), "theme", "default")
    chosen: dict[str, Any] = {key: table.get(key) for key in ("colour", "font", "radius")}
    try:
        installed = read_theme(paths.themes() / theme)
        validated(installed, brand=chosen["colour"], font=chosen["font"], radius=chosen["radius"])
    except FileNotFoundError:
        source.wrong(("brand", "theme"), f"no theme {theme!r} is installed")
    except InvalidInput as error:
        source.wrong(("brand", {"brand": "colour"}.get(error.field or "", error.field or "theme")), str(error))
    except (TypeError, AttributeError):
        source.wrong(("brand",), "colour and font are texts, radius is a number")
    legal = []
    for n, link in enumerate(table.get("legal", ())):
        try:
            legal.append(msgspec.convert(link, Link))
        except msgspec.ValidationError as error:
            source.wrong(("brand", "legal", n), str(error))
            continue
        if not legal[-1].url.startswith(("https://", "/")):
            source.wrong(("brand", "legal", n, "url"), "begins with https:// or /")
    logo = ""
    if "logo" in table:
        file = folder / Path(source.text(table, ("brand",), "logo")).name
        try:
            logo = checks.logo(file.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, InvalidInput) as error:
            reason = str(error) if isinstance(error, InvalidInput) else "cannot be read"
            source.wrong(("brand", "logo"), f"{file.name}: {reason}")
    return Brand(theme=theme, logo=logo, legal=tuple(legal), **chosen)


def _settings(source: Source, currency: str) -> TenantSettings:
    table = source.table(source.data, (), "settings")
    try:
        settings = msgspec.convert(table, TenantSettings)
        if settings.topup is not None and currency:
            checks.topup(settings.topup, currency)
        checks.adjustment_limits(settings.adjustment_limits)
    except msgspec.ValidationError as error:
        message, _, where = str(error).partition(" - at `$")
        source.wrong(("settings", *[part for part in where.rstrip("`").split(".") if part]), message)
        return TenantSettings()
    except InvalidInput as error:
        source.wrong(tuple((error.field or "settings").split(".")), str(error))
    return settings


def _taxes(source: Source) -> tuple[TaxRate, ...]:
    rates: list[TaxRate] = []
    for n, entry in enumerate(source.data.get("tax", ())):
        day, rate = (entry.get(key) for key in ("effective_from", "rate")) if isinstance(entry, dict) else (None, None)
        if isinstance(entry, dict):
            source.known(entry, ("tax", n), "effective_from", "rate")
        if type(day) is not date:
            source.wrong(("tax", n, "effective_from"), "is a date without quotes")
            continue
        try:
            value = Decimal(rate if isinstance(rate, str) else "")
        except InvalidOperation:
            value = Decimal(-1)
        if not value.is_finite() or not 0 <= value < 1 or value != round(value, 4):
            source.wrong(("tax", n, "rate"), 'is a fraction in quotes: "0.19" is 19 percent')
        else:
            rates.append(TaxRate(day, value))
    if len({rate.effective_from for rate in rates}) < len(rates):
        source.wrong(("tax",), "two rates begin on the same day")
    return tuple(sorted(rates, key=lambda rate: rate.effective_from))


def _checked(source: Source, path: tuple[str | int, ...], check: Callable[[str], str], value: str) -> str:
    """A check's answer; what it raises becomes a problem. What is missing has been noted already."""
    if not value:
        return ""
    try:
        return check(value)
    except InvalidInput as error:
        source.wrong(path, str(error))
        return ""

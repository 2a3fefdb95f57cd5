"""A definition as TOML that says the same when it is read again."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from askpro.clock import civil_day, day_bounds
from askpro.tenancy.model import plain
from askpro.tenantfiles.definition import Definition, PlatformDefinition, PriceList
from askpro.tenantfiles.limits import limits_plain

__all__ = ("write_platform", "write_tenant")


def write_tenant(definition: Definition, root: Path) -> Path:
    """Write ``<root>/<slug>/``: tenant.toml, prices.toml and the logo. Returns the folder."""
    folder = root / definition.slug
    folder.mkdir(parents=True, exist_ok=True)
    brand = plain(definition.brand)
    if definition.brand.logo:
        (folder / "logo.svg").write_text(definition.brand.logo, encoding="utf-8")
        brand["logo"] = "logo.svg"
    house: dict[str, Any] = {
        field: getattr(definition, field) for field in ("name", "currency", "locale", "timezone", "country", "seller")
    }
    house["domains"] = list(definition.domains)
    house["tax"] = [
        {"effective_from": tax.effective_from, "rate": f"{tax.rate.normalize():f}"} for tax in definition.taxes
    ]
    house |= {"brand": brand, "settings": plain(definition.settings), "limits": limits_plain(definition.limits)}
    _write(folder / "tenant.toml", {key: value for key, value in house.items() if value not in ({}, [])})
    _write(folder / "prices.toml", _prices(definition))
    return folder


def write_platform(definition: PlatformDefinition, root: Path) -> Path:
    """Write ``<root>/platform/prices.toml``. Returns the folder."""
    folder = root / "platform"
    folder.mkdir(parents=True, exist_ok=True)
    common = min((one.effective_from for one in definition.prices), default=None)
    tables: dict[str, Any] = {} if common is None else {"effective_from": _moment(common, "UTC")}
    tables["blocked"] = dict(definition.blocked)
    for price_list in definition.prices:
        _put(tables, price_list, common, "UTC")
    _write(folder / "prices.toml", tables)
    return folder


def _prices(definition: Definition) -> dict[str, Any]:
    zone, commission = definition.timezone, definition.commission
    begins = [one.effective_from for one in definition.prices] + ([commission.effective_from] if commission else [])
    if not begins:
        return {"plans": {code: {"name": name} for code, name in definition.plans.items()}} if definition.plans else {}
    tables: dict[str, Any] = {"effective_from": _moment(begins[0], zone)}
    plans = {code: {"name": name} for code, name in definition.plans.items()}
    for price_list in definition.prices:
        if price_list.key == ("retail",):
            _put(tables, price_list, begins[0], zone)
    if plans:
        tables["plans"] = plans
    for price_list in definition.prices:
        if price_list.key != ("retail",):
            _put(tables, price_list, begins[0], zone)
    if commission is not None:
        tables["commission"] = {"kind": commission.kind, "value": f"{commission.value.normalize():f}"}
        if commission.effective_from != begins[0]:
            tables["commission"]["effective_from"] = _moment(commission.effective_from, zone)
    return tables


def _put(tables: dict[str, Any], price_list: PriceList, common: datetime | None, zone: str) -> None:
    table = tables
    for key in price_list.key:
        table = table.setdefault(key, {})
    if price_list.effective_from != common:
        table["effective_from"] = _moment(price_list.effective_from, zone)
    table |= price_list.content
    if "increments" in table:
        table["increments"] = "/".join(map(str, table["increments"]))
    if "items" in table:
        table["items"] = dict(table["items"])


def _moment(instant: datetime, zone: str) -> date | datetime:
    """The civil day where one begins in the zone, else the instant in UTC."""
    day = civil_day(instant, zone)
    return day if day_bounds(day, zone)[0] == instant else instant.astimezone(UTC)


def _write(file: Path, tables: Mapping[str, Any]) -> None:
    file.write_text("\n".join(_table((), tables)).strip() + "\n", encoding="utf-8")


def _table(path: tuple[str, ...], table: Mapping[str, Any]) -> Iterator[str]:
    """Plain values first, then tables, each under its own heading."""
    inner = {key: value for key, value in table.items() if isinstance(value, dict)}
    if path and (len(inner) < len(table) or not table):
        yield from ("", f"[{'.'.join(map(_key, path))}]")
    for key, value in table.items():
        if key not in inner:
            yield f"{_key(key)} = {_value(value)}"
    for key, value in inner.items():
        yield from _table((*path, key), value)


def _key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key, re.ASCII) else _value(key)


def _value(value: Any) -> str:
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date):  # and datetime
        return value.isoformat()
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(key)} = {_value(part)}" for key, part in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_value, value)) + "]"
    return str(value)

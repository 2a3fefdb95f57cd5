"""Two definitions side by side: what a file would change, as lines a reviewer reads."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from askpro.tenancy.model import plain
from askpro.tenantfiles.definition import Definition, PlatformDefinition, PriceList
from askpro.tenantfiles.limits import limits_plain

__all__ = ("Change", "compared")


@dataclass(frozen=True, slots=True)
class Change:
    """One value that differs. None: not there."""

    key: str
    before: str | None
    after: str | None

    def __str__(self) -> str:
        if self.before is None:
            return f"+ {self.key} = {self.after}"
        if self.after is None:
            return f"- {self.key} = {self.before}"
        return f"~ {self.key}: {self.before} → {self.after}"


def compared(
    before: Definition | PlatformDefinition | None, after: Definition | PlatformDefinition
) -> tuple[Change, ...]:
    """Every value that differs, by key. ``before`` holds what is stored of the things that ``after`` names."""
    old, new = _flat(before), _flat(after)
    return tuple(
        Change(key, old.get(key), new.get(key))
        for key in sorted(old.keys() | new.keys())
        if old.get(key) != new.get(key)
    )


def _flat(definition: Definition | PlatformDefinition | None) -> dict[str, str]:
    if definition is None:
        return {}
    found: dict[str, str] = {}
    if isinstance(definition, PlatformDefinition):
        _spread(found, "blocked", definition.blocked)
    else:
        for field in ("name", "currency", "locale", "timezone", "country", "seller"):
            found[field] = getattr(definition, field)
        _spread(found, "domains", list(definition.domains))
        brand = plain(definition.brand)
        if logo := brand.pop("logo", None):
            brand["logo"] = f"SVG of {len(logo)} characters, {_digest(logo)}"
        _spread(found, "brand", brand)
        _spread(found, "settings", plain(definition.settings))
        _spread(found, "limits", limits_plain(definition.limits))
        _spread(found, "tax", {str(tax.effective_from): f"{tax.rate.normalize():f}" for tax in definition.taxes})
        _spread(found, "plans", {code: {"name": name} for code, name in definition.plans.items()})
        if definition.commission is not None:
            found["commission.kind"] = definition.commission.kind
            found["commission.value"] = f"{definition.commission.value.normalize():f}"
    for price_list in definition.prices:
        _prices(found, price_list)
    return found


def _prices(found: dict[str, str], price_list: PriceList) -> None:
    content = dict(price_list.content)
    if "items" in content:
        content["items"] = dict(content["items"])
        content["order of items"] = list(content["items"]) if len(content["items"]) > 1 else None
    if "increments" in content:
        content["increments"] = "/".join(map(str, content["increments"]))
    _spread(found, ".".join(price_list.key), content)


def _spread(found: dict[str, str], key: str, value: Any) -> None:
    """A table key by key; a list as one value, because its order means something."""
    if isinstance(value, Mapping):
        for name, part in value.items():
            _spread(found, f"{key}.{name}", part)
    elif isinstance(value, str):
        found[key] = value
    elif value or isinstance(value, bool | int):
        found[key] = json.dumps(value, ensure_ascii=False)


def _digest(text: str) -> str:
    """Enough of a digest to see that a logo is another one."""
    return sha256(text.encode()).hexdigest()[:8]

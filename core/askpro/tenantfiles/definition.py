"""What the files of a reseller say, as values. ``apply_tenant`` takes these from anybody, not only from files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import TypeAlias

from askpro.calls.control.limits import Caps
from askpro.commissions.scheme import Kind
from askpro.tariffs.content import Content
from askpro.tenancy.model import Brand, Seller, TenantSettings
from askpro.tenancy.tax import TaxRate

__all__ = ("Commission", "Definition", "Key", "Origin", "PlatformDefinition", "PriceList")

Key: TypeAlias = tuple[str, ...]
"""Where a price list stands in its file: ``("retail",)``, ``("plans", code)``, ``("customers", number)``,
``("wholesale", currency)``, ``("resellers", slug, currency)``."""


class Origin:
    """Where a definition comes from. This one knows nothing but the keys; files know line and name."""

    def point(self, path: tuple[str | int, ...], *, prices: bool = True) -> str:
        """How to name a key in a message."""
        del prices
        return ".".join(map(str, path))


@dataclass(frozen=True, slots=True)
class PriceList:
    """Canonical ``content`` (see ``tariffs.content``) from an instant on."""

    key: Key
    effective_from: datetime
    content: Content


@dataclass(frozen=True, slots=True)
class Commission:
    """How the reseller earns from an instant on."""

    kind: Kind
    value: Decimal
    effective_from: datetime


@dataclass(frozen=True, slots=True)
class Definition:
    """A reseller. Price lists, plans, tax rates and (``limits`` None) limits not named here are left as they are."""

    slug: str
    name: str
    currency: str
    locale: str
    timezone: str
    country: str = "DE"
    seller: Seller = "platform"
    domains: tuple[str, ...] = ()
    brand: Brand = field(default_factory=Brand)
    settings: TenantSettings = field(default_factory=TenantSettings)
    taxes: tuple[TaxRate, ...] = ()
    limits: Caps | None = None
    """On the calls of all its customers together: all that are not named are lifted."""
    plans: Mapping[str, str] = field(default_factory=dict)
    """Code → name."""
    prices: tuple[PriceList, ...] = ()
    commission: Commission | None = None
    origin: Origin = field(default_factory=Origin, compare=False)


@dataclass(frozen=True, slots=True)
class PlatformDefinition:
    """What all resellers share: wholesale prices, and what nobody may call (prefix → reason)."""

    blocked: Mapping[str, str]
    prices: tuple[PriceList, ...]
    origin: Origin = field(default_factory=Origin, compare=False)

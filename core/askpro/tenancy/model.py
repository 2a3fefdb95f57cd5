"""What the rest of the house knows of a tenant: frozen values, never a row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeAlias
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

__all__ = (
    "PLATFORM",
    "Brand",
    "Contact",
    "Link",
    "Seller",
    "Status",
    "Tenant",
    "TenantSettings",
    "Topup",
    "plain",
    "tenant_of",
)

PLATFORM = UUID(int=0)
"""The platform's own tenant: the owner of wholesale prices."""

Status: TypeAlias = Literal["active", "suspended", "closed"]
Seller: TypeAlias = Literal["platform", "reseller"]


class Link(Struct, frozen=True, forbid_unknown_fields=True):
    """A link with the tenant's own words."""

    label: str
    url: str


class Brand(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """How a tenant looks: an installed theme, tokens over its defaults, a logo (SVG text), links of the footer."""

    theme: str = "default"
    colour: str | None = None
    font: str | None = None
    radius: int | None = None
    logo: str = ""
    legal: tuple[Link, ...] = ()


class Topup(Struct, frozen=True, forbid_unknown_fields=True):
    """What a customer may top up, in currency units as exact texts (``"10"``, ``"12.50"``)."""

    amounts: tuple[str, ...]
    minimum: str
    maximum: str


class Contact(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Where a tenant's customers find help; ``imprint``: what a business letter must say of the firm, on one line."""

    email: str = ""
    phone: str = ""
    imprint: str = ""


class TenantSettings(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a tenant decides beside look and prices. ``topup`` None: its customers cannot top up by themselves.

    ``funding``: whether the reseller pays the platform for its calls in advance, out of a wallet of its own (D6); the
    ledger follows it in the same transaction. ``api_per_minute``: API requests of all its keys; None: as everybody.

    ``adjustment_limits``: currency → what somebody may book by hand for a customer in a day without a second person
    (exact texts); where it is silent 100 of the tenant's currency, nothing of others. ``promo_notice_days``: how long
    before its end promotional credit is announced to expire; 0: not at all.
    """

    topup: Topup | None = None
    contact: Contact = Contact()
    funding: Literal["postpaid", "prepaid"] = "postpaid"
    adjustment_limits: dict[str, str] = {}
    promo_notice_days: Annotated[int, Meta(ge=0, le=365)] = 7
    api_per_minute: Annotated[int, msgspec.Meta(ge=60, le=10_000_000)] | None = None


@dataclass(frozen=True, slots=True)
class Tenant:
    """A reseller or the platform. ``primary_host`` is its own domain, empty where it has none."""

    id: UUID
    kind: Literal["platform", "reseller"]
    slug: str
    name: str
    status: Status
    seller: Seller
    """Who sells to the customers and issues their invoices."""
    currency: str
    locale: str
    timezone: str
    country: str
    brand: Brand
    settings: TenantSettings
    version: int
    """Rises with every change: caches and style sheets go by it."""
    primary_host: str = ""

    def host(self, base_domain: str) -> str:
        """The host that links to this tenant are made with."""
        return self.primary_host or f"{self.slug}.{base_domain}"


def tenant_of(row: Mapping[str, Any], primary_host: str = "") -> Tenant:
    """A row of tenancy.tenant as a value. Raises ValidationError when brand or settings hold what we do not know."""
    return Tenant(
        row["id"],
        row["kind"],
        row["slug"],
        row["name"],
        row["status"],
        row["seller"],
        row["currency"],
        row["locale"],
        row["timezone"],
        row["country"],
        msgspec.convert(row["brand"], Brand),
        msgspec.convert(row["settings"], TenantSettings),
        row["version"],
        primary_host,
    )


def plain(value: Brand | TenantSettings) -> dict[str, Any]:
    """As stored: builtin types, defaults left out."""
    stored: dict[str, Any] = msgspec.to_builtins(value)
    return stored

"""Tables of tenants and of the audit log, as Piccolo sees them. Row-level security guards them in the database."""

from __future__ import annotations

from piccolo.columns import (
    JSONB,
    UUID,
    BigInt,
    Boolean,
    Date,
    Numeric,
    Text,
    Timestamptz,
)
from piccolo.table import Table

from askpro.db import DB

__all__ = ("AuditEntry", "Domain", "PlatformAccess", "TaxRate", "TenantRow")


class TenantRow(Table, tablename="tenant", schema="tenancy", db=DB):
    """A reseller, or the platform itself (kind ``platform``, the nil id)."""

    id = UUID(primary_key=True, default=None)
    kind = Text(default="reseller")
    slug = Text()
    name = Text()
    status = Text(default="active")
    seller = Text(default="platform")
    currency = Text()
    locale = Text()
    timezone = Text()
    country = Text(default="DE")
    brand = JSONB(default="{}")
    settings = JSONB(default="{}")
    tariff_epoch = BigInt(default=0)
    version = BigInt(default=1)
    created_at = Timestamptz()


class Domain(Table, tablename="domain", schema="tenancy", db=DB):
    """A host outside the platform's own domain that answers for a tenant. The real key is (tenant_id, host)."""

    tenant_id = UUID(default=None)
    host = Text(primary_key=True)
    is_primary = Boolean(default=False)
    created_at = Timestamptz()


class TaxRate(Table, tablename="tax_rate", schema="tenancy", db=DB):
    """The VAT rate of a tenant's sales from a day on. The real key is (tenant_id, effective_from)."""

    tenant_id = UUID(default=None)
    effective_from = Date(primary_key=True, default=None)
    rate = Numeric(digits=(6, 4))


class AuditEntry(Table, tablename="entry", schema="audit", db=DB):
    """Who changed what, append-only."""

    tenant_id = UUID(default=None)
    id = UUID(primary_key=True, default=None)
    at = Timestamptz()
    actor = Text()
    action = Text()
    subject = Text(default="")
    detail = JSONB(default="{}")
    address = Text(default="")


class PlatformAccess(Table, tablename="platform_access", schema="audit", db=DB):
    """Every look across tenants, with its reason."""

    id = BigInt(primary_key=True)
    at = Timestamptz()
    actor = Text()
    reason = Text()

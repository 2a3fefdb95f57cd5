"""Tables of customers, people, sessions and API keys, as Piccolo sees them."""

from __future__ import annotations

from piccolo.columns import JSONB, UUID, Array, Bytea, Text, Timestamptz
from piccolo.table import Table

from askpro.db import DB

__all__ = ("ApiKeyRow", "CustomerRow", "PersonRow", "SessionRow")


class CustomerRow(Table, tablename="customer", schema="people", db=DB):
    """Who tops up and is charged."""

    tenant_id = UUID(default=None)
    id = UUID(primary_key=True, default=None)
    number = Text()
    name = Text()
    email = Text(default="")
    currency = Text()
    locale = Text(default="")
    plan_id = UUID(null=True, default=None)
    status = Text(default="active")
    created_at = Timestamptz()


class PersonRow(Table, tablename="person", schema="people", db=DB):
    """Who signs in."""

    tenant_id = UUID(default=None)
    id = UUID(primary_key=True, default=None)
    customer_id = UUID(null=True, default=None)
    email = Text()
    name = Text(default="")
    role = Text()
    password_hash = Text(default="", secret=True)
    locale = Text(default="")
    scheme = Text(default="")
    status = Text(default="active")
    created_at = Timestamptz()
    last_sign_in = Timestamptz(null=True, default=None)


class SessionRow(Table, tablename="session", schema="people", db=DB):
    """A browser's session; of its token only the SHA-256. The real key is (tenant_id, token_hash)."""

    tenant_id = UUID(default=None)
    token_hash = Bytea(primary_key=True, secret=True)
    person_id = UUID(null=True, default=None)
    data = JSONB(default="{}")
    created_at = Timestamptz()
    seen_at = Timestamptz()
    expires_at = Timestamptz()


class ApiKeyRow(Table, tablename="api_key", schema="people", db=DB):
    """A machine's key; of the key only the SHA-256 and the beginning."""

    tenant_id = UUID(default=None)
    id = UUID(primary_key=True, default=None)
    name = Text()
    prefix = Text()
    key_hash = Bytea(secret=True)
    scopes = Array(base_column=Text())
    created_by = Text()
    created_at = Timestamptz()
    expires_at = Timestamptz(null=True, default=None)
    revoked_at = Timestamptz(null=True, default=None)
    used_at = Timestamptz(null=True, default=None)

"""Tables of mails and of what customers do not want, as Piccolo sees them."""

from __future__ import annotations

from piccolo.columns import JSONB, UUID, Integer, Text, Timestamptz
from piccolo.table import Table

from askpro.db import DB

__all__ = ("MailRow", "PreferenceRow")


class MailRow(Table, tablename="mail", schema="messages", db=DB):
    """A mail to one recipient about one fact."""

    tenant_id = UUID(default=None)
    id = UUID(primary_key=True, default=None)
    key = Text()
    template = Text()
    locale = Text()
    address = Text()
    name = Text(default="")
    customer_id = UUID(null=True, default=None)
    person_id = UUID(null=True, default=None)
    given = JSONB(default="{}")
    subject = Text(null=True, default=None)
    text = Text(null=True, default=None)
    html = Text(null=True, default=None)
    state = Text(default="waiting")
    attempts = Integer(default=0)
    next_try = Timestamptz()
    last_error = Text(default="")
    created_at = Timestamptz()
    sent_at = Timestamptz(null=True, default=None)


class PreferenceRow(Table, tablename="preference", schema="messages", db=DB):
    """A kind of mail that a customer does not want. The real key is (tenant_id, customer_id, kind)."""

    tenant_id = UUID(default=None)
    customer_id = UUID(primary_key=True, default=None)
    kind = Text()
    since = Timestamptz()

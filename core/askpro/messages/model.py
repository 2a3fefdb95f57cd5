"""What the rest of the house knows of a mail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeAlias
from uuid import UUID

__all__ = ("MAIL", "Mail", "MailState", "Rendered", "mail_of")

MailState: TypeAlias = Literal["waiting", "sent", "failed", "skipped"]

MAIL = (
    "id, key, template, locale, address, name, customer_id, person_id, given, subject, text, html, state, attempts,"
    " next_try, last_error, created_at, sent_at"
)
"""The columns of a Mail."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A mail as it is read: one line of subject, and the same content twice."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail to one recipient. ``rendered`` None: it is not written yet. ``given``: what its template was given."""

    id: UUID
    key: str
    template: str
    locale: str
    address: str
    name: str
    customer_id: UUID | None
    person_id: UUID | None
    given: Mapping[str, Any]
    rendered: Rendered | None
    state: MailState
    attempts: int
    next_try: datetime
    last_error: str
    created_at: datetime
    sent_at: datetime | None


def mail_of(row: Mapping[str, Any]) -> Mail:
    """A row with the columns of ``MAIL``."""
    written = None if row["subject"] is None else Rendered(row["subject"], row["text"], row["html"])
    return Mail(
        row["id"], row["key"], row["template"], row["locale"], row["address"], row["name"], row["customer_id"],
        row["person_id"], row["given"], written, row["state"], row["attempts"], row["next_try"], row["last_error"],
        row["created_at"], row["sent_at"],
    )  # fmt: skip

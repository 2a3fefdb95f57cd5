"""What plugins are told and asked while the house runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from askpro.money import Money

__all__ = ("ChargeQuestion", "Finding", "Notice", "Refusal")


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A fact from the outbox, told after commit, at least once: ``id`` is the same each time."""

    id: UUID
    kind: str
    """Past tense with its subject: ``topup.settled``."""
    occurred_at: datetime
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeQuestion:
    """May this payment be begun?"""

    provider: str
    amount: Money
    customer: str
    off_session: bool


@dataclass(frozen=True, slots=True)
class Refusal:
    """No, and why: a stable code and a msgid of the plugin's catalogue."""

    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of a settings check."""

    level: Literal["ok", "warning", "error"]
    text: str

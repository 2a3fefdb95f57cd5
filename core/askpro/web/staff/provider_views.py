"""What the pages of the payment providers are given."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from askpro.money import Money
from askpro.web.portal.frame import FieldError, Link, Option
from askpro.web.theme.labels import Badge

__all__ = ("EventRow", "FindingRow", "PayoutRow", "ProviderPage", "ProviderRow", "ProvidersPage", "SettingRow", "Way")


@dataclass(frozen=True, slots=True)
class ProviderRow:
    """A plugin that gives a way to pay; ``remark`` says what is in its way."""

    title: str
    summary: str
    url: str
    badges: tuple[Badge, ...]
    remark: str = ""


@dataclass(frozen=True, slots=True)
class ProvidersPage:
    """All that are offered to this reseller, and plugins' own pages for staff."""

    rows: tuple[ProviderRow, ...]
    pages: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True)
class SettingRow:
    """A field of a settings form. A secret has no value, only the fact that one is kept (``given``)."""

    name: str
    title: str
    help: str
    kind: Literal["text", "secret", "integer", "decimal", "boolean", "choice"]
    required: bool
    value: str
    given: bool
    choices: tuple[Option, ...] = ()


@dataclass(frozen=True, slots=True)
class FindingRow:
    """A line of a check."""

    badge: Badge
    text: str


@dataclass(frozen=True, slots=True)
class EventRow:
    """What a provider told us. ``replay_url``: where to try it again, for one that was given up."""

    what: str
    at: datetime
    badge: Badge
    remark: str = ""
    replay_url: str = ""


@dataclass(frozen=True, slots=True)
class PayoutRow:
    """Money on its way to the reseller's bank. ``amount`` None: nobody said; ``remark``: why it did not arrive."""

    ref: str
    at: datetime
    badge: Badge
    amount: Money | None
    remark: str = ""
    test_money: bool = False


@dataclass(frozen=True, slots=True)
class Way:
    """One provider of the plugin: what it can do for this reseller, in words; ``facts`` are further lines.

    ``endpoint_action``, ``onboarding_action``: where their buttons post to; empty where it can do neither.
    """

    key: str
    title: str
    features: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    endpoint_action: str = ""
    onboarding_action: str = ""
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class ProviderPage:
    """One plugin: on or off, settings, what a check found, its latest events.

    ``findings`` None: no check was asked for; ``check_url`` asks for one. ``payouts`` None: it pays nothing out.
    """

    title: str
    summary: str
    back_url: str
    badges: tuple[Badge, ...]
    enabled: bool
    ready: bool
    switch_action: str
    settings_action: str
    settings: tuple[SettingRow, ...]
    ways: tuple[Way, ...]
    check_url: str
    events: tuple[EventRow, ...]
    events_url: str = ""
    payouts: tuple[PayoutRow, ...] | None = None
    findings: tuple[FindingRow, ...] | None = None
    pages: tuple[Link, ...] = ()
    errors: tuple[FieldError, ...] = ()

"""What the pages of saved methods and of auto-top-up are given: one frozen dataclass a template, as in ``views``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from askpro.money import Money
from askpro.web.portal.frame import FieldError, Link, Option
from askpro.web.portal.views import Method
from askpro.web.theme.labels import Badge

__all__ = (
    "AutoTopupForm", "AutoTopupPage", "AutoTopupReviewPage", "AutoTopupState", "LeavingPage", "MethodAddPage",
    "MethodDesk", "MethodRemovePage", "MethodRow", "MethodsPage",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class MethodRow:
    """A saved method: brand and last digits, who keeps it, how long it is good. ``default`` where there is a choice.

    ``in_use``: auto-top-up charges it. ``fields`` go along hidden (provider, ref).
    """

    label: str
    keeper: str
    remove_url: str
    fields: tuple[tuple[str, str], ...]
    until: str = ""
    over: bool = False
    default: bool = False
    default_action: str = ""
    in_use: bool = False


@dataclass(frozen=True, slots=True)
class MethodDesk:
    """A provider that keeps methods: where to add one, and the way to its own pages (a form, field provider)."""

    provider: str
    title: str
    add_url: str = ""
    portal_action: str = ""


@dataclass(frozen=True, slots=True)
class MethodsPage:
    """payment_methods.html. ``silent``: whose methods are missing in the list, because they did not answer."""

    rows: tuple[MethodRow, ...]
    desks: tuple[MethodDesk, ...]
    silent: tuple[str, ...]
    auto_url: str
    topup_url: str


@dataclass(frozen=True, slots=True)
class MethodRemovePage:
    """payment_method_remove.html: what it means to remove it, and the button that does."""

    action: str
    label: str
    keeper: str
    fields: tuple[tuple[str, str], ...]
    cancel_url: str
    in_use: bool = False


@dataclass(frozen=True, slots=True)
class MethodAddPage:
    """payment_method_add.html: the words to agree to (field consent), then the provider's page."""

    action: str
    title: str
    consent: str
    fields: tuple[tuple[str, str], ...]
    cancel_url: str
    errors: tuple[FieldError, ...] = ()


@dataclass(frozen=True, slots=True)
class LeavingPage:
    """leaving.html: the link to a provider's page. A form of ours may not lead there by itself."""

    title: str
    url: str
    back_url: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class AutoTopupState:
    """How the rule stands. ``summary`` says it in words; ``trouble`` why it is paused or resting, with ``remedies``."""

    badge: Badge
    summary: str
    method: str
    charged: Money
    cap: Money
    trouble: str = ""
    paused: bool = False
    remedies: tuple[Link, ...] = ()
    next_at: datetime | None = None
    off_action: str = ""


@dataclass(frozen=True, slots=True)
class AutoTopupForm:
    """Fields: threshold, mode, amount, cap, method (values as they were typed)."""

    action: str
    threshold: str
    modes: tuple[Option, ...]
    amount: str
    cap: str
    methods: tuple[Method, ...]
    mode: str
    method: str
    least: Money
    most: Money


@dataclass(frozen=True, slots=True)
class AutoTopupPage:
    """auto_topup.html. ``form`` None: no saved method could be charged, and ``add_url`` is where one is added."""

    state: AutoTopupState | None
    form: AutoTopupForm | None
    methods_url: str
    add_url: str = ""
    offered: bool = True
    silent: tuple[str, ...] = ()
    errors: tuple[FieldError, ...] = ()


@dataclass(frozen=True, slots=True)
class AutoTopupReviewPage:
    """auto_topup_review.html: the rule in words, what to agree to (field consent), and the button.

    ``fields`` go along hidden (threshold, mode, amount, cap, method; shown, which names the words on the page).
    """

    action: str
    sentences: tuple[str, ...]
    consent: str
    fields: tuple[tuple[str, str], ...]
    change_url: str
    cancel_url: str
    errors: tuple[FieldError, ...] = ()

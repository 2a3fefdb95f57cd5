"""What each page of the customer portal is given: one frozen dataclass a template, nothing computed in it.

Every template gets ``reader`` (askpro.i18n.Reader), ``site: Site`` and ``page``: the class named after the
template. Amounts are ``Money`` and instants aware datetimes; the templates write them in the reader's language.
Strings are either the customer's own data or finished text in the reader's language; machine names (``state``,
``kind``) get their words from ``askpro.web.theme.labels``. An address is ready to be put into a link.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from askpro.money import Money
from askpro.web.charts import Bars, Stack
from askpro.web.portal.frame import Brand, FieldError, Filter, Link, NavItem, Notice, Option, Pager, Site

__all__ = (
    "Brand", "CallPage", "CallRow", "CallsPage", "ComponentsPage", "Costs", "ErrorPage", "FieldError", "Filter",
    "Link", "Method", "NavItem", "Notice", "NotificationsPage", "Option", "OverviewPage", "Pager", "PriceStep",
    "SettingsPage", "SignInPage", "Site", "Tile", "TopupDonePage", "TopupForm", "TopupPage", "TopupReviewPage",
    "TransactionRow", "TransactionsPage", "UnknownHostPage",
)  # fmt: skip

# sign_in.html


@dataclass(frozen=True, slots=True)
class SignInPage:
    """``next_url``: where to go afterwards, already checked to be of this host. Fields: email, password, next."""

    action: str
    email: str = ""
    next_url: str = ""
    errors: tuple[FieldError, ...] = ()


# overview.html, topup.html, topup_review.html, topup_done.html


@dataclass(frozen=True, slots=True)
class Tile:
    """An amount offered: ``value`` is what the form sends, without grouping (``25.00``)."""

    value: str
    amount: Money


@dataclass(frozen=True, slots=True)
class Method:
    """A way to pay: ``label`` with brand and last digits, ``detail`` what to know (``valid until 08/28``).

    ``test``: with it no real money moves.
    """

    value: str
    label: str
    detail: str = ""
    test: bool = False


@dataclass(frozen=True, slots=True)
class TopupForm:
    """The amounts and methods of a top-up. Fields: amount (a tile's value or ``other``), other, method.

    ``minimum`` and ``maximum`` are said before anybody can be wrong about them.
    """

    action: str
    tiles: tuple[Tile, ...]
    minimum: Money
    maximum: Money
    methods: tuple[Method, ...]
    chosen: str = ""
    other: str = ""
    method: str = ""


@dataclass(frozen=True, slots=True)
class Costs:
    """Cost of a period: its days, its parts, its dearest day. ``title`` names it (``Last 30 days``)."""

    title: str
    total: Money
    days: Bars
    parts: Stack
    periods: tuple[Option, ...]
    dearest_day: str = ""
    dearest: Money | None = None


@dataclass(frozen=True, slots=True)
class TransactionRow:
    """A line of the ledger as the customer sees it: what, with whom, when, how much.

    ``balance`` is None for what is not booked (yet); ``remedy`` is the next step after a failure.
    """

    kind: str
    detail: str
    at: datetime
    state: str
    amount: Money
    balance: Money | None = None
    url: str = ""
    remedy: Link | None = None


@dataclass(frozen=True, slots=True)
class OverviewPage:
    """``available`` is what can be spent; ``held`` of the balance is set aside for calls in progress.

    ``days_left``: how long it lasts at this usage, given only when that is soon. ``topup`` None: no way to pay is
    offered. ``costs`` None: they could not be had just now; the page says so and the rest stays.
    """

    greeting_name: str
    available: Money
    held: Money
    topup: TopupForm | None
    costs: Costs | None
    recent: tuple[TransactionRow, ...]
    transactions_url: str
    topup_url: str = ""
    days_left: int | None = None
    frozen: bool = False


@dataclass(frozen=True, slots=True)
class TopupPage:
    """The first step: amount and method. ``form`` None when the house offers no way to pay. ``links``: see also."""

    form: TopupForm | None
    cancel_url: str
    errors: tuple[FieldError, ...] = ()
    links: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True)
class TopupReviewPage:
    """The check before the payment. ``gross`` is charged, ``net`` becomes credit, ``vat`` is the rest (D10).

    ``vat_rate`` as a share of one; None when no VAT is shown, then ``vat_note`` says why. ``fields`` go along hidden
    (amount, method); ``idempotency_key`` makes two presses one payment (D12).

    ``save_consent``: what is agreed to by the box that saves the method for later (field save); empty: it cannot be.
    """

    action: str
    net: Money
    vat: Money
    gross: Money
    method: Method
    balance_after: Money
    idempotency_key: str
    amount_url: str
    method_url: str
    cancel_url: str
    vat_rate: Decimal | None = None
    vat_note: str = ""
    fields: tuple[tuple[str, str], ...] = ()
    save_consent: str = ""


@dataclass(frozen=True, slots=True)
class TopupDonePage:
    """How it went. ``unknown``: the provider has not answered; nobody should pay again before it is looked up.

    ``reason``: why it was declined, in the reader's language. ``refresh_url`` asks again, ``retry_url`` starts anew;
    ``details_url``: how to pay, while that can be read again (a bank transfer).
    """

    outcome: Literal["settled", "pending", "declined", "unknown"]
    gross: Money
    net: Money
    method: str
    reference: str
    at: datetime
    overview_url: str
    balance: Money | None = None
    receipt_url: str = ""
    refresh_url: str = ""
    retry_url: str = ""
    reason: str = ""
    details_url: str = ""


# transactions.html, calls.html, call.html


@dataclass(frozen=True, slots=True)
class TransactionsPage:
    """The ledger. ``page_sum`` of the booked rows shown, ``total_sum`` of all that match, if there are more."""

    filter: Filter
    rows: tuple[TransactionRow, ...]
    pager: Pager
    csv_url: str
    page_sum: Money
    total_sum: Money | None = None


@dataclass(frozen=True, slots=True)
class CallRow:
    """A call. ``number`` is the other side's, as it may be shown; ``seconds`` is its length, not what was billed."""

    url: str
    direction: Literal["inbound", "outbound"]
    number: str
    at: datetime
    seconds: int
    state: str
    amount: Money


@dataclass(frozen=True, slots=True)
class CallsPage:
    """The calls that match, newest first, with the sum of those shown and of all."""

    filter: Filter
    rows: tuple[CallRow, ...]
    pager: Pager
    csv_url: str
    page_sum: Money
    total_sum: Money | None = None


@dataclass(frozen=True, slots=True)
class PriceStep:
    """A step of the reckoning in a sentence, with more about it below if need be, and what it adds to the price.

    ``amount`` None: it decides something (a rate, a rounding) and adds nothing by itself.
    """

    label: str
    reckoning: str = ""
    amount: Money | None = None


@dataclass(frozen=True, slots=True)
class CallPage:
    """A call and its price, step by step, from the tariff that was valid when it was answered.

    ``billed_seconds`` after minimum and increments; ``facts`` are further lines, already in words.
    """

    direction: Literal["inbound", "outbound"]
    number: str
    began_at: datetime
    seconds: int
    billed_seconds: int
    state: str
    tariff: str
    steps: tuple[PriceStep, ...]
    total: Money
    reference: str
    back_url: str
    answered_at: datetime | None = None
    facts: tuple[tuple[str, str], ...] = ()


# settings.html, error.html, unknown_host.html, components.html


@dataclass(frozen=True, slots=True)
class SettingsPage:
    """Language (field ``language``), appearance (field ``scheme``), password (fields current, new, repeat), sign-out.

    ``schemes`` empty: the house offers no choice and the section is not shown.
    """

    email: str
    language_action: str
    languages: tuple[Option, ...]
    password_action: str
    sign_out_action: str
    password_minimum: int
    scheme_action: str = ""
    schemes: tuple[Option, ...] = ()
    errors: tuple[FieldError, ...] = ()
    notifications_url: str = ""
    payment_links: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True)
class NotificationsPage:
    """What a customer wants to be told. ``low_balance`` as it is typed; ``symbol`` of its currency.

    ``further``: more such amounts, by the names of their fields.

    ``mails``: kinds of mail that can be done without; ``value`` is the name of the box, ``current``: wanted.
    """

    action: str
    back_url: str
    balance: Money
    symbol: str
    low_balance: str = ""
    tell_empty: bool = True
    mails: tuple[Option, ...] = ()
    errors: tuple[FieldError, ...] = ()
    further: tuple[tuple[str, str], ...] = ()

    @property
    def further_open(self) -> bool:
        """Whether they are in sight: somebody uses them, or something is wrong with one."""
        names = {name for name, _ in self.further}
        return any(typed for _, typed in self.further) or any(one.field in names for one in self.errors)


@dataclass(frozen=True, slots=True)
class ErrorPage:
    """Something went wrong. ``title`` is the error's message id, ``reference`` names the occurrence in our logs."""

    status: int
    title: str
    reference: str = ""
    home_url: str = "/"


@dataclass(frozen=True, slots=True)
class UnknownHostPage:
    """Nobody lives at ``host``. The page speaks for the platform, so ``site`` carries the default look."""

    host: str


@dataclass(frozen=True, slots=True)
class ComponentsPage:
    """Everything the macros can draw, on one page, for whoever changes them."""

    form: TopupForm
    costs: Costs
    rows: tuple[TransactionRow, ...]
    filter: Filter
    states: tuple[str, ...]
    errors: tuple[FieldError, ...]

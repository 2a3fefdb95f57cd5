"""The words in which the core and a payment provider speak of money.

A provider reports facts, the core books them. Amounts are ``Money`` (10⁻⁶ of a currency unit), always whole
multiples of the currency's smallest coin; turning them into what the wire wants is the provider's business.

``key`` is always ours: one a business fact, the same for every attempt at it. A provider that is given the
same key again answers with what the first call brought about and moves nothing a second time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from askpro.money import Money

__all__ = (
    "AccountState",
    "ChargeRequest",
    "ChargeResult",
    "CheckoutRequest",
    "CheckoutSession",
    "CustomerRef",
    "Dispute",
    "DisputeState",
    "EventKind",
    "Feature",
    "Limits",
    "Mandate",
    "OnboardingLink",
    "Outcome",
    "PayoutRequest",
    "PayoutResult",
    "ProviderCapabilities",
    "ProviderEvent",
    "RefundRequest",
    "RefundResult",
    "SavedMethod",
    "SetupRequest",
    "Waiting",
)


class Outcome(StrEnum):
    """How an attempt stands. Only SETTLED, DECLINED and NOT_SENT are final."""

    SETTLED = "settled"
    """The money has truly moved."""
    PENDING = "pending"
    """Accepted and under way; the answer comes later. ``waiting`` says whose turn it is."""
    DECLINED = "declined"
    """It has not moved and will not."""
    UNKNOWN = "unknown"
    """No answer: it may have moved. Settled only by ``look_up``, never by asking for the money again."""
    NOT_SENT = "not_sent"
    """Proof that the provider never acted on it: it may be sent again under the same key."""

    @property
    def final(self) -> bool:
        """Whether nothing more will come."""
        return self in (Outcome.SETTLED, Outcome.DECLINED, Outcome.NOT_SENT)


class Waiting(StrEnum):
    """Whose turn it is while an outcome is PENDING."""

    CUSTOMER = "customer"
    """An open page, or a confirmation such as 3-D Secure."""
    PROVIDER = "provider"
    """A delayed method; shown to the customer as a pending line."""


class Feature(StrEnum):
    """What a provider can do; each but CHECKOUT stands for one small Protocol in ``providers``."""

    CHECKOUT = "checkout"
    SAVED_METHODS = "saved_methods"
    SETUP = "setup"
    OFF_SESSION = "off_session"
    REFUND = "refund"
    PARTIAL_REFUND = "partial_refund"
    DISPUTES = "disputes"
    PAYOUT = "payout"
    MANDATES = "mandates"
    PORTAL = "portal"
    ONBOARDING = "onboarding"
    ENDPOINT = "endpoint"


@dataclass(frozen=True, slots=True)
class Limits:
    """Smallest and largest single amount in one currency; None: no limit."""

    minimum: Money | None = None
    maximum: Money | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderCapabilities:
    """What is possible for one tenant with its present settings."""

    features: frozenset[Feature]
    currencies: frozenset[str] | None = None
    """ISO 4217 codes; None: every currency."""
    limits: Mapping[str, Limits] = field(default_factory=dict)
    """By currency code."""
    methods: tuple[str, ...] = ()
    """Kinds of payment on offer: ``card``, ``sepa_debit``, ``bank_transfer`` …"""
    live: bool = True
    """False: test money, and every page says so."""
    shared_endpoint: bool = False
    """Events about this tenant arrive at the address that all tenants share: the platform's account collects."""

    def takes(self, amount: Money) -> bool:
        """Whether currency and size fit."""
        if self.currencies is not None and amount.currency not in self.currencies:
            return False
        bounds = self.limits.get(amount.currency, Limits())
        low, high = bounds.minimum, bounds.maximum
        return amount.units > 0 and (low is None or amount >= low) and (high is None or amount <= high)


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerRef:
    """Who pays. Name and address only where the manifest has ``people.read``."""

    id: str
    provider_ref: str = ""
    """The provider's own customer number from an earlier result, or empty."""
    email: str = ""
    name: str = ""
    country: str = ""
    locale: str = "en"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckoutRequest:
    """A page on which the customer pays ``amount``, all taxes included."""

    key: str
    amount: Money
    description: str
    customer: CustomerRef
    return_url: str
    """Where the customer goes after paying (or trying to); says nothing about the money."""
    cancel_url: str
    expires_at: datetime
    methods: tuple[str, ...] = ()
    """Kinds to offer; empty: all that the tenant's account has."""
    save_method: bool = False
    consent: str = ""
    """The wording to which the customer agreed when a method is saved."""
    platform_fee: Money | None = None
    """What the platform keeps where the reseller's own account collects."""
    metadata: Mapping[str, str] = field(default_factory=dict)
    """Our order number and such, to be handed to the provider for reconciliation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckoutSession:
    """Where to send the customer. Moves no money yet."""

    key: str
    provider_ref: str
    url: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupRequest:
    """Like a checkout, but it only saves a method for later."""

    key: str
    customer: CustomerRef
    return_url: str
    cancel_url: str
    consent: str
    methods: tuple[str, ...] = ()
    currency: str = ""
    """What later charges will be in (ISO 4217); some providers offer kinds of payment by it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeRequest:
    """Take ``amount`` by a saved method while the customer is away."""

    key: str
    amount: Money
    description: str
    customer: CustomerRef
    method: str
    """The ``ref`` of a SavedMethod."""
    mandate: str = ""
    platform_fee: Money | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    return_url: str = ""
    """Where the customer comes back to if he has to confirm; empty: a refusal brings no ``action_url``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedMethod:
    """A stored way to pay, as people know it."""

    ref: str
    kind: str
    label: str
    """``Visa •••• 4242``."""
    expires: tuple[int, int] | None = None
    """Year and month."""
    fingerprint: str = ""
    """The same for the same card, however often it is saved (D7: a new card lifts a pause)."""
    mandate: str = ""
    default: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeResult:
    """What is known about a payment, checkout or charge, at this moment."""

    key: str
    outcome: Outcome
    amount: Money | None = None
    """What was really paid; always there when SETTLED."""
    provider_ref: str = ""
    """The provider's payment number; the credit is unique by provider, account and this."""
    account: str = ""
    """Which of the provider's accounts collected."""
    waiting: Waiting | None = None
    action_url: str = ""
    """Where the customer can confirm, when that is what it waits for."""
    fee: Money | None = None
    """What the provider keeps, once it says so."""
    code: str = ""
    """Why not: stable and machine readable, ``card_declined``, ``authentication_required``, ``expired`` …"""
    terminal: bool = False
    """A decline that asking again cannot mend (stolen card, confirmation needed)."""
    method: SavedMethod | None = None
    customer_ref: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundRequest:
    """Pay back ``amount`` of the payment ``payment_ref``."""

    key: str
    payment_key: str
    payment_ref: str
    amount: Money
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundResult:
    """What is known about a refund. ``key`` is empty for one that was made at the provider's own desk."""

    key: str
    outcome: Outcome
    amount: Money | None = None
    provider_ref: str = ""
    fee: Money | None = None
    code: str = ""
    payment_ref: str = ""
    """The payment it belongs to."""


class DisputeState(StrEnum):
    """Forward only: OPEN → WITHDRAWN → WON or LOST."""

    OPEN = "open"
    """An inquiry; the money is still ours."""
    WITHDRAWN = "withdrawn"
    """The money was taken back while it is argued about."""
    WON = "won"
    LOST = "lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispute:
    """A customer's bank wants the money back."""

    ref: str
    payment_ref: str
    amount: Money
    state: DisputeState
    fee: Money | None = None
    reason: str = ""
    answer_by: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mandate:
    """A customer's written leave to collect (SEPA)."""

    ref: str
    scheme: str
    signed_at: datetime
    text: str
    active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutRequest:
    """Send ``amount`` to a reseller."""

    key: str
    amount: Money
    destination: str
    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutResult:
    """What is known about a payout."""

    key: str
    outcome: Outcome
    amount: Money | None = None
    provider_ref: str = ""
    fee: Money | None = None
    code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OnboardingLink:
    """A page of the provider on which a reseller proves who he is."""

    url: str
    settings: Mapping[str, str] = field(default_factory=dict)
    """To be saved with the tenant's settings of this plugin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountState:
    """How a reseller's account at the provider stands."""

    ref: str
    can_charge: bool
    can_pay_out: bool
    missing: tuple[str, ...] = ()
    """What the provider still wants to know, in its own words."""
    reason: str = ""
    """Why it is closed, if it is."""
    live: bool = True


class EventKind(StrEnum):
    """What an event is about: which ``look_up`` answers it."""

    PAYMENT = "payment"
    REFUND = "refund"
    DISPUTE = "dispute"
    PAYOUT = "payout"
    METHOD = "method"
    ACCOUNT = "account"
    IGNORED = "ignored"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderEvent:
    """A verified hint that something has changed; the thing itself is then looked up."""

    id: str
    """The provider's own event number: the inbox holds each once."""
    kind: EventKind
    occurred_at: datetime
    key: str = ""
    """Our key, where the provider handed it back."""
    provider_ref: str = ""
    type: str = ""
    """The provider's own word for it, for the operator's eyes."""
    live: bool = True
    payment_ref: str = ""
    """The payment that a refund or a dispute is about, where the event names it."""
    tenant: str = ""
    """Heard at an endpoint that tenants share: whose it is, if not the asking tenant's. The host then verifies the
    same delivery anew for that tenant; until then the event names neither key nor number."""

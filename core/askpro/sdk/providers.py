"""The contracts of payment providers: a base everybody has, and one small Protocol for each thing more.

Errors a provider raises on purpose:

* ``Conflict``            the key was used before with another amount, currency or payment
* ``InvalidInput``        the request can never work (unknown method, more than was paid, an amount that it does not
                          take); nothing was sent
* ``EventRefused``        a signature is wrong or too old
* ``NotSent``             the request never left: it may be repeated under the same key

Anything else, a timeout included, is read as UNKNOWN by the host and settled by ``look_up``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

from askpro.errors import BadRequest, Unavailable
from askpro.sdk.context import Context
from askpro.sdk.notices import Finding
from askpro.sdk.payments import (
    AccountState,
    ChargeRequest,
    ChargeResult,
    CheckoutRequest,
    CheckoutSession,
    CustomerRef,
    Dispute,
    Feature,
    Mandate,
    OnboardingLink,
    PayoutRequest,
    PayoutResult,
    ProviderCapabilities,
    ProviderEvent,
    RefundRequest,
    RefundResult,
    SavedMethod,
    SetupRequest,
)

__all__ = (
    "FEATURE_PROTOCOLS",
    "Disputes",
    "EndpointCheck",
    "EndpointList",
    "Endpoints",
    "EventRefused",
    "Mandates",
    "NotSent",
    "OffSession",
    "Onboarding",
    "PaymentProvider",
    "Payouts",
    "Portal",
    "Refunds",
    "SavedMethods",
    "Setup",
)


class EventRefused(BadRequest):
    """The event does not prove where it comes from; 400, counted, nothing stored."""

    code = "event_refused"


class NotSent(Unavailable):
    """Proof that the provider never received the request."""

    code = "not_sent"


@runtime_checkable
class PaymentProvider(Protocol):
    """Takes money from a customer on a page of its own."""

    key: str
    """Unique among all providers, ``[a-z][a-z0-9_]*``: ``"stripe"``."""
    title: str
    """As customers know it; a msgid of the plugin's catalogue."""

    def capabilities(self, ctx: Context) -> ProviderCapabilities:
        """What this tenant's settings allow. Local: no network, no waiting."""
        ...

    async def create_checkout(self, ctx: Context, request: CheckoutRequest) -> CheckoutSession:
        """Make (or find again, by key) the page. Raises Conflict, InvalidInput, NotSent."""
        ...

    async def look_up(self, ctx: Context, key: str, provider_ref: str = "") -> ChargeResult:
        """How the payment of that key stands, from the provider itself. NOT_SENT: it never heard of it."""
        ...

    async def verify_event(self, ctx: Context, headers: Mapping[str, str], body: bytes) -> ProviderEvent:
        """Check the signature over the raw body and read the event. Header names are lower case.

        Raises EventRefused.
        """
        ...


@runtime_checkable
class OffSession(Protocol):
    """``Feature.OFF_SESSION``."""

    async def charge(self, ctx: Context, request: ChargeRequest) -> ChargeResult:
        """Charge a saved method. Raises Conflict, InvalidInput, NotSent; a decline is an outcome."""
        ...


@runtime_checkable
class SavedMethods(Protocol):
    """``Feature.SAVED_METHODS``."""

    async def list_methods(self, ctx: Context, customer: CustomerRef) -> Sequence[SavedMethod]:
        """The customer's saved methods, the default one marked."""
        ...

    async def remove_method(self, ctx: Context, customer: CustomerRef, ref: str) -> None:
        """Forget a method; removing one that is gone is no error."""
        ...

    async def set_default_method(self, ctx: Context, customer: CustomerRef, ref: str) -> None:
        """Make it the default. Raises InvalidInput when it is not this customer's."""
        ...


@runtime_checkable
class Setup(Protocol):
    """``Feature.SETUP``."""

    async def create_setup(self, ctx: Context, request: SetupRequest) -> CheckoutSession:
        """A page that saves a method and takes no money."""
        ...


@runtime_checkable
class Refunds(Protocol):
    """``Feature.REFUND``; less than the whole only with ``Feature.PARTIAL_REFUND``."""

    async def refund(self, ctx: Context, request: RefundRequest) -> RefundResult:
        """Pay back. Raises Conflict, InvalidInput (more than is left), NotSent."""
        ...

    async def look_up_refund(self, ctx: Context, key: str, provider_ref: str = "") -> RefundResult:
        """How the refund of that key stands."""
        ...


@runtime_checkable
class Disputes(Protocol):
    """``Feature.DISPUTES``."""

    async def look_up_dispute(self, ctx: Context, ref: str) -> Dispute:
        """How a dispute stands. Raises NotFound for one that is about no payment of this tenant."""
        ...


@runtime_checkable
class Payouts(Protocol):
    """``Feature.PAYOUT``."""

    async def payout(self, ctx: Context, request: PayoutRequest) -> PayoutResult:
        """Send money. Raises Conflict, InvalidInput, NotSent."""
        ...

    async def look_up_payout(self, ctx: Context, key: str, provider_ref: str = "") -> PayoutResult:
        """How the payout of that key stands."""
        ...


@runtime_checkable
class Mandates(Protocol):
    """``Feature.MANDATES``."""

    async def look_up_mandate(self, ctx: Context, ref: str) -> Mandate:
        """How a mandate stands, also after it was revoked. Raises NotFound for one that this tenant does not have."""
        ...


@runtime_checkable
class Portal(Protocol):
    """``Feature.PORTAL``."""

    async def open_portal(self, ctx: Context, customer: CustomerRef, return_url: str) -> str:
        """The address of the provider's own page for a customer's methods. Raises NotFound, NotSent."""
        ...


@runtime_checkable
class Onboarding(Protocol):
    """``Feature.ONBOARDING``: accounts that the provider opens for resellers."""

    async def start_onboarding(self, ctx: Context, return_url: str, refresh_url: str) -> OnboardingLink:
        """Open the tenant's account, or go on with it. The page is good for minutes: ``refresh_url`` asks anew."""
        ...

    async def look_up_account(self, ctx: Context) -> AccountState:
        """How the tenant's account stands. Raises NotFound when there is none."""
        ...


@runtime_checkable
class Endpoints(Protocol):
    """``Feature.ENDPOINT``: the provider can be told where to deliver its events."""

    async def create_endpoint(self, ctx: Context, url: str) -> Mapping[str, str]:
        """Have events delivered to ``url``; returns settings to be saved, secrets among them. Repeatable."""
        ...


@runtime_checkable
class EndpointList(Protocol):
    """Beside ``Feature.ENDPOINT``, for who can: the host finds an address that is missing."""

    async def list_endpoints(self, ctx: Context) -> Sequence[str]:
        """The addresses to which events are delivered at present. Raises Unavailable."""
        ...


@runtime_checkable
class EndpointCheck(Protocol):
    """Beside ``Feature.ENDPOINT``, for who can: only the host knows which of the addresses there is its own."""

    async def check_endpoint(self, ctx: Context, url: str) -> Sequence[Finding]:
        """What is wrong with the delivery to ``url``, of all that this tenant needs to hear. Raises Unavailable."""
        ...


FEATURE_PROTOCOLS: Mapping[Feature, type] = {
    Feature.CHECKOUT: PaymentProvider,
    Feature.OFF_SESSION: OffSession,
    Feature.SAVED_METHODS: SavedMethods,
    Feature.SETUP: Setup,
    Feature.REFUND: Refunds,
    Feature.PARTIAL_REFUND: Refunds,
    Feature.DISPUTES: Disputes,
    Feature.PAYOUT: Payouts,
    Feature.MANDATES: Mandates,
    Feature.PORTAL: Portal,
    Feature.ONBOARDING: Onboarding,
    Feature.ENDPOINT: Endpoints,
}
"""What an object must be able to do to claim a feature."""

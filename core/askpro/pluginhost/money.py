"""Payment providers as the core meets them: guarded, and bound to one tenant.

What cannot be known is UNKNOWN, never DECLINED: a timeout, an exception or an answer that contradicts the
request (another key, currency or amount) means that money may have moved. Only a call that was never made
(breaker open, capability missing, the provider says so) is NOT_SENT.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar, cast

from askpro.errors import AskProError, Conflict, InvalidInput, PluginUnavailable
from askpro.money import Money
from askpro.pluginhost.addresses import foreign_page, own_page
from askpro.pluginhost.calls import Caller, NeverCalled
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
    Outcome,
    PayoutRequest,
    PayoutResult,
    ProviderCapabilities,
    ProviderEvent,
    RefundRequest,
    RefundResult,
    SavedMethod,
    SetupRequest,
)
from askpro.sdk.providers import FEATURE_PROTOCOLS, EndpointCheck, EndpointList, NotSent, PaymentProvider

__all__ = ("Lie", "TenantProvider")

R = TypeVar("R", ChargeResult, RefundResult, PayoutResult)
K = TypeVar("K")

_NEEDS = {Feature.REFUND: "money.refund", Feature.PARTIAL_REFUND: "money.refund", Feature.PAYOUT: "payout.send"}


class Lie(PluginUnavailable):
    """The provider's answer contradicts the question; counted against it like a crash."""

    code = "provider_lied"


def _leads(url: object) -> bool:
    """Whether people may be sent there: a page of this house, or one of another site over https."""
    return isinstance(url, str) and (own_page(url) or foreign_page(url))


@dataclass(frozen=True, slots=True)
class TenantProvider:
    """One provider for one tenant. Every method says what the core may rely on, whatever the plugin does."""

    provider: PaymentProvider
    plugin: str
    ctx: Context
    caller: Caller
    deadline: float
    grants: frozenset[str]
    """The manifest's capabilities."""

    @property
    def key(self) -> str:
        """The provider's key."""
        return self.provider.key

    async def capabilities(self) -> ProviderCapabilities:
        """What this tenant may use; features the object cannot really do are left out. Raises PluginUnavailable."""
        said = await self._ask("capabilities", self.provider.capabilities, kind=ProviderCapabilities)
        real = frozenset(feature for feature in said.features if self._can(feature))
        return replace(said, features=real)

    async def create_checkout(self, request: CheckoutRequest) -> CheckoutSession:
        """The page to send the customer to. Raises Conflict, InvalidInput, PluginUnavailable (ask again: same key)."""
        session = await self._ask("create_checkout", self.provider.create_checkout, request, kind=CheckoutSession)
        return self._session("create_checkout", session, request.key)

    async def create_setup(self, request: SetupRequest) -> CheckoutSession:
        """A page that saves a method. Errors as ``create_checkout``."""
        method = self._method("create_setup", Feature.SETUP)
        session = await self._ask("create_setup", method, request, kind=CheckoutSession)
        return self._session("create_setup", session, request.key)

    async def charge(self, request: ChargeRequest) -> ChargeResult:
        """Charge a saved method. Raises Conflict and InvalidInput only; all else is an outcome.

        A page to confirm it on that leads nowhere is left out: the outcome stands without it.
        """
        method = self._method("charge", Feature.OFF_SESSION)
        result = await self._move("charge", method, request, request.key, request.amount, ChargeResult)
        if result.action_url and not _leads(result.action_url):
            self._lie("charge", "an address that leads nowhere")
            return replace(result, action_url="")
        return result

    async def look_up(self, key: str, provider_ref: str = "", *, amount: Money | None = None) -> ChargeResult:
        """How a payment stands; UNKNOWN when that cannot be learnt now. ``amount``: what it must be, if known."""
        return await self._learn("look_up", self.provider.look_up, key, provider_ref, amount, ChargeResult)

    async def refund(self, request: RefundRequest) -> RefundResult:
        """Pay back. Raises Conflict and InvalidInput only; all else is an outcome."""
        method = self._method("refund", Feature.REFUND)
        return await self._move("refund", method, request, request.key, request.amount, RefundResult)

    async def look_up_refund(self, key: str, provider_ref: str = "", *, amount: Money | None = None) -> RefundResult:
        """How a refund stands; UNKNOWN when that cannot be learnt now."""
        method = self._method("look_up_refund", Feature.REFUND)
        return await self._learn("look_up_refund", method, key, provider_ref, amount, RefundResult)

    async def payout(self, request: PayoutRequest) -> PayoutResult:
        """Send money. Raises Conflict and InvalidInput only; all else is an outcome."""
        method = self._method("payout", Feature.PAYOUT)
        return await self._move("payout", method, request, request.key, request.amount, PayoutResult)

    async def look_up_payout(self, key: str, provider_ref: str = "", *, amount: Money | None = None) -> PayoutResult:
        """How a payout stands; UNKNOWN when that cannot be learnt now."""
        method = self._method("look_up_payout", Feature.PAYOUT)
        return await self._learn("look_up_payout", method, key, provider_ref, amount, PayoutResult)

    async def look_up_dispute(self, ref: str) -> Dispute:
        """How a dispute stands. Raises PluginUnavailable."""
        return await self._ask("look_up_dispute", self._method("look_up_dispute", Feature.DISPUTES), ref, kind=Dispute)

    async def look_up_mandate(self, ref: str) -> Mandate:
        """How a mandate stands. Raises PluginUnavailable."""
        return await self._ask("look_up_mandate", self._method("look_up_mandate", Feature.MANDATES), ref, kind=Mandate)

    async def list_methods(self, customer: CustomerRef) -> tuple[SavedMethod, ...]:
        """The customer's saved methods. Raises PluginUnavailable."""
        method = self._method("list_methods", Feature.SAVED_METHODS)
        found = await self._ask("list_methods", method, customer, kind=Sequence)
        if not all(isinstance(one, SavedMethod) for one in found):
            raise self._lie("list_methods", "something that is no SavedMethod")
        return tuple(found)

    async def remove_method(self, customer: CustomerRef, ref: str) -> None:
        """Forget a method. Raises PluginUnavailable."""
        await self._ask("remove_method", self._method("remove_method", Feature.SAVED_METHODS), customer, ref)

    async def set_default_method(self, customer: CustomerRef, ref: str) -> None:
        """Make a method the default. Raises InvalidInput, PluginUnavailable."""
        await self._ask("set_default_method", self._method("set_default_method", Feature.SAVED_METHODS), customer, ref)

    async def verify_event(self, headers: Mapping[str, str], body: bytes) -> ProviderEvent:
        """Read a signed event. Raises EventRefused, PluginUnavailable."""
        return await self._ask("verify_event", self.provider.verify_event, headers, body, kind=ProviderEvent)

    async def open_portal(self, customer: CustomerRef, return_url: str) -> str:
        """The address of the provider's own page for a customer's methods. Raises NotFound, PluginUnavailable."""
        method = self._method("open_portal", Feature.PORTAL)
        url = await self._ask("open_portal", method, customer, return_url, kind=str)
        return self._page("open_portal", url)

    async def start_onboarding(self, return_url: str, refresh_url: str) -> OnboardingLink:
        """A page on which the tenant registers, and settings to be saved. Raises InvalidInput, PluginUnavailable."""
        method = self._method("start_onboarding", Feature.ONBOARDING)
        link = await self._ask("start_onboarding", method, return_url, refresh_url, kind=OnboardingLink)
        self._page("start_onboarding", link.url)
        self._texts("start_onboarding", link.settings)
        return link

    async def look_up_account(self) -> AccountState:
        """How the tenant's account stands. Raises NotFound, PluginUnavailable."""
        method = self._method("look_up_account", Feature.ONBOARDING)
        return await self._ask("look_up_account", method, kind=AccountState)

    async def create_endpoint(self, url: str) -> Mapping[str, str]:
        """Have events delivered to ``url``; settings to be saved. Raises InvalidInput, PluginUnavailable."""
        method = self._method("create_endpoint", Feature.ENDPOINT)
        given = await self._ask("create_endpoint", method, url, kind=Mapping)
        return self._texts("create_endpoint", given)

    async def list_endpoints(self) -> tuple[str, ...] | None:
        """Where events are delivered to at present; None when the provider cannot say. Raises PluginUnavailable."""
        if not isinstance(self.provider, EndpointList):
            return None
        found = await self._ask("list_endpoints", self.provider.list_endpoints, kind=Sequence)
        return tuple(str(one) for one in found)

    async def check_endpoint(self, url: str) -> tuple[Finding, ...]:
        """What is wrong with the delivery of events to ``url``, if anybody can say. Raises PluginUnavailable."""
        if not isinstance(self.provider, EndpointCheck):
            return ()
        found = await self._ask("check_endpoint", self.provider.check_endpoint, url, kind=Sequence)
        return tuple(one for one in found if isinstance(one, Finding))

    # how it is done

    def _page(self, what: str, url: object) -> str:
        if not _leads(url):
            raise self._lie(what, "an address that leads nowhere")
        return cast("str", url)

    def _session(self, what: str, session: CheckoutSession, key: str) -> CheckoutSession:
        if session.key != key:
            raise self._lie(what, "a page that does not belong to the request")
        self._page(what, session.url)
        return session

    def _texts(self, what: str, given: Any) -> Mapping[str, str]:
        if not isinstance(given, Mapping) or not all(isinstance(one, str) for pair in given.items() for one in pair):
            raise self._lie(what, "settings that are no texts")
        return given

    def _can(self, feature: Feature) -> bool:
        allowed = _NEEDS.get(feature)
        return isinstance(self.provider, FEATURE_PROTOCOLS[feature]) and (allowed is None or allowed in self.grants)

    def _method(self, name: str, feature: Feature) -> Callable[..., Any]:
        if not self._can(feature):
            raise InvalidInput(f"{self.key} cannot {feature.value}", code="not_supported")
        method: Callable[..., Any] = getattr(self.provider, name)
        return method

    def _lie(self, what: str, said: str) -> Lie:
        error = Lie(f"{self.key}: {what} gave {said}")
        self.caller.refused(what, str(self.ctx.tenant and self.ctx.tenant.id), error)
        return error

    async def _call(self, what: str, method: Callable[..., Any], *args: Any) -> Any:
        tenant = str(self.ctx.tenant and self.ctx.tenant.id)
        return await self.caller.call(what, method, self.ctx, *args, tenant=tenant, deadline=self.deadline)

    async def _ask(self, what: str, method: Callable[..., Any], *args: Any, kind: type[K] | None = None) -> K:
        """A call that moves no money."""
        try:
            answer = await self._call(what, method, *args)
        except AskProError:
            raise
        except Exception as error:
            raise PluginUnavailable(f"{self.key}: {what} failed ({type(error).__name__})") from error
        if kind is not None and not isinstance(answer, kind):
            raise self._lie(what, f"a {type(answer).__name__}")
        return cast("K", answer)

    async def _move(
        self, what: str, method: Callable[..., Any], request: Any, key: str, amount: Money, kind: type[R]
    ) -> R:
        """A call that may move money."""
        try:
            answer = await self._call(what, method, request)
        except (NotSent, NeverCalled) as error:
            return kind(key=key, outcome=Outcome.NOT_SENT, code=error.code)
        except (Conflict, InvalidInput):
            raise
        except Exception as error:
            return kind(key=key, outcome=Outcome.UNKNOWN, code=getattr(error, "code", type(error).__name__))
        return self._believed(what, answer, key, amount, kind)

    async def _learn(
        self, what: str, method: Callable[..., Any], key: str, ref: str, amount: Money | None, kind: type[R]
    ) -> R:
        """A question about money that may have moved."""
        try:
            answer = await self._call(what, method, key, ref)
        except Exception as error:
            return kind(key=key, outcome=Outcome.UNKNOWN, code=getattr(error, "code", type(error).__name__))
        return self._believed(what, answer, key, amount, kind)

    def _believed(self, what: str, answer: Any, key: str, amount: Money | None, kind: type[R]) -> R:
        said = ""
        if not isinstance(answer, kind) or not isinstance(answer.outcome, Outcome):
            said = f"a {type(answer).__name__}"
        elif answer.key != key:
            said = "the result of another payment"
        elif answer.outcome is Outcome.SETTLED and (answer.amount is None or not answer.provider_ref):
            said = "a settled payment without amount or number"
        elif answer.outcome is Outcome.SETTLED and amount is not None and answer.amount != amount:
            said = "another amount than was asked for"
        if said:
            self._lie(what, said)
            return kind(key=key, outcome=Outcome.UNKNOWN, code=Lie.code)
        return cast("R", answer)

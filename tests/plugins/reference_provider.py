"""An honest provider that can do everything, in memory: what the liars of the kit's own tests are made from.

Its customers, banks and clock are in ``reference_bench``. It is no model: it forgets with the process.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Annotated, Any

import msgspec

from askpro.errors import Conflict, InvalidInput, NotFound, Unavailable
from askpro.ids import new_id
from askpro.money import Money
from askpro.sdk import (
    AccountState,
    ChargeRequest,
    ChargeResult,
    CheckoutRequest,
    CheckoutSession,
    Context,
    CustomerRef,
    Dispute,
    EventKind,
    EventRefused,
    Feature,
    Limits,
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
    Secret,
    Setting,
    SetupRequest,
    Waiting,
)

__all__ = ("HEADER", "Books", "Payment", "Reference", "ReferenceSettings", "account_of", "sign")

HEADER = "x-reference-signature"


class ReferenceSettings(msgspec.Struct, frozen=True, kw_only=True):
    """A secret and something in the open."""

    signing_secret: Annotated[Secret[str] | None, Setting("Signing secret")] = None
    account: Annotated[str | None, Setting("Account")] = None
    days: Annotated[int, Setting("Days")] = 3


@dataclass
class Payment:
    """A checkout or a charge."""

    key: str
    ref: str
    kind: str
    customer: str
    amount: Money
    state: str = "open"
    """open, pending, silent, settled or declined."""


@dataclass
class Books:
    """Of one tenant."""

    payments: dict[str, Payment] = field(default_factory=dict)
    refunds: dict[str, tuple[RefundRequest, str]] = field(default_factory=dict)
    payouts: dict[str, tuple[PayoutRequest, str]] = field(default_factory=dict)
    setups: dict[str, SetupRequest] = field(default_factory=dict)
    methods: dict[str, tuple[str, SavedMethod]] = field(default_factory=dict)
    """By ref: customer and method."""
    behaviours: dict[str, str] = field(default_factory=dict)
    mandates: dict[str, Mandate] = field(default_factory=dict)
    disputes: dict[str, Dispute] = field(default_factory=dict)
    endpoints: set[str] = field(default_factory=set)
    open: bool = False
    """Whether its account may charge."""


class Reference:
    """Idempotent by key, within one tenant."""

    key = "reference"
    title = "Reference"
    features = frozenset(Feature)

    def __init__(self) -> None:
        self.books: dict[Any, Books] = {}
        self.lost = ""
        """The key whose next request is done, but not answered."""

    def of(self, ctx: Context) -> Books:
        assert ctx.tenant is not None
        return self.books.setdefault(ctx.tenant.id, Books())

    def capabilities(self, ctx: Context) -> ProviderCapabilities:
        del ctx
        return ProviderCapabilities(
            features=self.features,
            currencies=frozenset(("EUR", "JPY", "KWD")),
            limits={"EUR": Limits(Money.of(1, "EUR"), Money.of(5000, "EUR"))},
        )

    # payments

    async def create_checkout(self, ctx: Context, request: CheckoutRequest) -> CheckoutSession:
        payment = self._payment(ctx, request, "checkout")
        self._answer(request.key)
        return self._page(request.key, payment.ref, request.expires_at)

    async def look_up(self, ctx: Context, key: str, provider_ref: str = "") -> ChargeResult:
        del provider_ref
        payment = self.of(ctx).payments.get(key)
        return self.result(payment) if payment else ChargeResult(key=key, outcome=Outcome.NOT_SENT)

    async def charge(self, ctx: Context, request: ChargeRequest) -> ChargeResult:
        owner, _ = self.of(ctx).methods.get(request.method, ("", None))
        if owner != request.customer.id:
            raise InvalidInput("this customer has no such method")
        fresh = request.key not in self.of(ctx).payments
        payment = self._payment(ctx, request, "charge")
        if fresh:
            behaviour = self.of(ctx).behaviours[request.method]
            payment.state = {"decline": "declined", "lose": "silent"}.get(behaviour, "settled")
        return self.result(payment)

    def result(self, payment: Payment) -> ChargeResult:
        said = ChargeResult(key=payment.key, outcome=Outcome.UNKNOWN)
        match payment.state:
            case "open":
                return replace(said, outcome=Outcome.PENDING, waiting=Waiting.CUSTOMER)
            case "pending":
                return replace(said, outcome=Outcome.PENDING, waiting=Waiting.PROVIDER)
            case "settled":
                return replace(said, outcome=Outcome.SETTLED, amount=payment.amount, provider_ref=payment.ref)
            case "declined":
                return replace(said, outcome=Outcome.DECLINED, code="declined")
        return said

    def _payment(self, ctx: Context, request: CheckoutRequest | ChargeRequest, kind: str) -> Payment:
        books = self.of(ctx).payments
        if request.key not in books:
            self.possible(ctx, request.amount)
            books[request.key] = Payment(request.key, self.number("p"), kind, request.customer.id, request.amount)
        found = books[request.key]
        if (found.amount, found.customer) != (request.amount, request.customer.id):
            raise Conflict("this key belongs to another payment")
        return found

    def possible(self, ctx: Context, amount: Money) -> None:
        if not self.capabilities(ctx).takes(amount):
            raise InvalidInput("no such amount")

    def number(self, kind: str) -> str:
        return f"{kind}_{new_id().hex}"

    def _page(self, key: str, ref: str, until: datetime) -> CheckoutSession:
        return CheckoutSession(key=key, provider_ref=ref, url=f"https://pay.example/{ref}", expires_at=until)

    def _answer(self, key: str) -> None:
        if key == self.lost:
            self.lost = ""
            raise Unavailable("no answer")

    # events

    async def verify_event(self, ctx: Context, headers: Mapping[str, str], body: bytes) -> ProviderEvent:
        if not hmac.compare_digest(sign(ctx, body), headers.get(HEADER, "")):
            raise EventRefused("the signature is wrong")
        try:
            said = json.loads(body)
        except ValueError as error:
            raise EventRefused("the body cannot be read") from error
        at = datetime.fromisoformat(said["at"])
        return ProviderEvent(id=said["id"], kind=EventKind.PAYMENT, occurred_at=at, key=said["key"])

    # refunds and payouts

    async def refund(self, ctx: Context, request: RefundRequest) -> RefundResult:
        books = self.of(ctx)
        payment = books.payments.get(request.payment_key)
        if payment is None or payment.state != "settled":
            raise InvalidInput("there is no settled payment")
        if request.key not in books.refunds:
            back = [one.amount.units for one, _ in books.refunds.values() if one.payment_key == payment.key]
            if request.amount.currency != payment.amount.currency or request.amount.units <= 0:
                raise InvalidInput("another currency, or nothing")
            if sum(back) + request.amount.units > payment.amount.units:
                raise InvalidInput("more than is left")
            books.refunds[request.key] = request, self.number("r")
        if books.refunds[request.key][0].amount != request.amount:
            raise Conflict("this key belongs to another refund")
        self._answer(request.key)
        return await self.look_up_refund(ctx, request.key)

    async def look_up_refund(self, ctx: Context, key: str, provider_ref: str = "") -> RefundResult:
        del provider_ref
        if key not in self.of(ctx).refunds:
            return RefundResult(key=key, outcome=Outcome.NOT_SENT)
        request, ref = self.of(ctx).refunds[key]
        return RefundResult(key=key, outcome=Outcome.SETTLED, amount=request.amount, provider_ref=ref)

    async def payout(self, ctx: Context, request: PayoutRequest) -> PayoutResult:
        books = self.of(ctx).payouts
        if request.destination != account_of(ctx):
            raise InvalidInput("that is not this tenant's account")
        books.setdefault(request.key, (request, self.number("t")))
        if books[request.key][0].amount != request.amount:
            raise Conflict("this key belongs to another payout")
        self._answer(request.key)
        return await self.look_up_payout(ctx, request.key)

    async def look_up_payout(self, ctx: Context, key: str, provider_ref: str = "") -> PayoutResult:
        del provider_ref
        if key not in self.of(ctx).payouts:
            return PayoutResult(key=key, outcome=Outcome.NOT_SENT)
        request, ref = self.of(ctx).payouts[key]
        return PayoutResult(key=key, outcome=Outcome.SETTLED, amount=request.amount, provider_ref=ref)

    # methods and mandates

    async def create_setup(self, ctx: Context, request: SetupRequest) -> CheckoutSession:
        found = self.of(ctx).setups.setdefault(request.key, request)
        if found.customer != request.customer:
            raise Conflict("this key belongs to somebody else")
        return self._page(request.key, f"s_{request.key}", ctx.now() + timedelta(hours=1))

    async def list_methods(self, ctx: Context, customer: CustomerRef) -> Sequence[SavedMethod]:
        return [one for owner, one in self.of(ctx).methods.values() if owner == customer.id]

    async def remove_method(self, ctx: Context, customer: CustomerRef, ref: str) -> None:
        if self.of(ctx).methods.get(ref, ("",))[0] == customer.id:
            del self.of(ctx).methods[ref]

    async def set_default_method(self, ctx: Context, customer: CustomerRef, ref: str) -> None:
        methods = self.of(ctx).methods
        if methods.get(ref, ("",))[0] != customer.id:
            raise InvalidInput("this customer has no such method")
        for name, (owner, one) in list(methods.items()):
            if owner == customer.id:
                methods[name] = owner, replace(one, default=name == ref)

    async def open_portal(self, ctx: Context, customer: CustomerRef, return_url: str) -> str:
        del ctx, return_url
        return f"https://pay.example/portal/{customer.id}"

    async def look_up_mandate(self, ctx: Context, ref: str) -> Mandate:
        if ref not in self.of(ctx).mandates:
            raise NotFound()
        return self.of(ctx).mandates[ref]

    # disputes

    async def look_up_dispute(self, ctx: Context, ref: str) -> Dispute:
        if ref not in self.of(ctx).disputes:
            raise NotFound()
        return self.of(ctx).disputes[ref]

    # the tenant's side

    async def create_endpoint(self, ctx: Context, url: str) -> Mapping[str, str]:
        self.of(ctx).endpoints.add(url)
        return {"signing_secret": "whsec_new"}

    async def list_endpoints(self, ctx: Context) -> Sequence[str]:
        return sorted(self.of(ctx).endpoints)

    async def start_onboarding(self, ctx: Context, return_url: str, refresh_url: str) -> OnboardingLink:
        del return_url, refresh_url
        return OnboardingLink(url="https://pay.example/register", settings={"account": account_of(ctx)})

    async def look_up_account(self, ctx: Context) -> AccountState:
        if not ctx.settings.account:
            raise NotFound()
        is_open = self.of(ctx).open
        missing = () if is_open else ("passport",)
        return AccountState(ref=ctx.settings.account, can_charge=is_open, can_pay_out=is_open, missing=missing)


def account_of(ctx: Context) -> str:
    """The number of the tenant's account, whether or not he has registered."""
    assert ctx.tenant is not None
    return f"acct_{ctx.tenant.slug}"


def sign(ctx: Context, body: bytes) -> str:
    """By the tenant's own secret."""
    assert ctx.tenant is not None
    return hmac.new(ctx.tenant.id.bytes, body, "sha256").hexdigest()

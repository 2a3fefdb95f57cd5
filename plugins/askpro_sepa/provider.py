"""Direct debit as the core meets it. There is nobody to ask: our own tables are what there is to know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from askpro.errors import Conflict, InvalidInput, NotFound
from askpro.ids import new_id
from askpro.money import Money
from askpro.sdk import (
    ChargeRequest,
    ChargeResult,
    CheckoutRequest,
    CheckoutSession,
    Context,
    CustomerRef,
    Dispute,
    EventRefused,
    Feature,
    Limits,
    Mandate,
    Outcome,
    ProviderCapabilities,
    ProviderEvent,
    SavedMethod,
    SetupRequest,
)
from askpro_sepa import debits, machine, mandates, setups
from askpro_sepa.agreeing import revoke
from askpro_sepa.announcing import announce_one, notice_of
from askpro_sepa.model import CENT, Debit
from askpro_sepa.reasons import closed_by
from askpro_sepa.settings import settings_of
from askpro_sepa.store import Book, open_book
from askpro_sepa.target import collection_day
from askpro_sepa.telling import tell_quietly
from askpro_sepa.words import TEXT, plain

__all__ = ("SepaProvider",)

_PAGE = timedelta(hours=1)
_LARGEST = 999_999_999_990_000


class SepaProvider:
    """Idempotent by key, within one tenant. It refunds nothing: money goes back by the reseller's own transfer."""

    key = "sepa"
    title = "SEPA direct debit"

    def capabilities(self, ctx: Context) -> ProviderCapabilities:
        """Euro only, cents only."""
        del ctx
        features = (
            Feature.CHECKOUT, Feature.OFF_SESSION, Feature.SAVED_METHODS, Feature.SETUP, Feature.DISPUTES,
            Feature.MANDATES, Feature.PORTAL,
        )  # fmt: skip
        return ProviderCapabilities(
            features=frozenset(features),
            currencies=frozenset({"EUR"}),
            limits={"EUR": Limits(Money(CENT, "EUR"), Money(_LARGEST, "EUR"))},
            methods=("sepa_debit",),
        )

    async def create_checkout(self, ctx: Context, request: CheckoutRequest) -> CheckoutSession:
        """See PaymentProvider."""
        settings = settings_of(ctx)
        async with open_book(ctx) as book:
            debit = Debit(
                id=new_id(), key=request.key, kind="checkout", amount=_exact(request.amount),
                description=request.description, reference=_reference(request.description, request.metadata),
                customer=request.customer.id, locale=request.customer.locale, state="open", created_at=book.now,
                saves=request.save_method, consent=request.consent if request.save_method else "",
                mandate_ref=mandates.draw_ref(settings.message_prefix, book.today), return_url=request.return_url,
                cancel_url=request.cancel_url, expires_at=request.expires_at,
            )  # fmt: skip
            if not await debits.add(book, debit):
                debit = await _same(book, debit)
        return CheckoutSession(
            key=debit.key, provider_ref=debit.end_to_end, url=f"/x/sepa/checkout/{debit.id}",
            expires_at=debit.expires_at or request.expires_at,
        )  # fmt: skip

    async def create_setup(self, ctx: Context, request: SetupRequest) -> CheckoutSession:
        """See Setup: a mandate and nothing else."""
        settings = settings_of(ctx)
        if request.currency not in ("", "EUR"):
            raise InvalidInput("direct debits are in EUR", code="currency_unsupported")
        async with open_book(ctx) as book:
            ref = mandates.draw_ref(settings.message_prefix, book.today)
            setup = await setups.add(book, request, ref, book.now + _PAGE)
        url = f"/x/sepa/mandate/{setup.id}"
        return CheckoutSession(key=setup.key, provider_ref=setup.mandate_ref, url=url, expires_at=setup.expires_at)

    async def charge(self, ctx: Context, request: ChargeRequest) -> ChargeResult:
        """See OffSession: queued for the first day that notice and bank allow."""
        settings = settings_of(ctx)
        amount = _exact(request.amount)
        async with open_book(ctx) as book:
            mandate = await mandates.by_ref(book, request.method)
            if mandate is None or mandate.customer != request.customer.id or mandate.single:
                raise InvalidInput("this customer has no such method", code="method_unknown")
            debit = Debit(
                id=new_id(), key=request.key, kind="charge", amount=amount, description=request.description,
                reference=_reference(request.description, request.metadata), customer=request.customer.id,
                locale=request.customer.locale, state="open", mandate_id=mandate.id, created_at=book.now,
            )  # fmt: skip
            day = collection_day(book.today, notice_of(settings, mandate), settings.lead_days)
            state = mandate.state_on(day)
            if state == "active":
                debit = machine.queued(debit, mandate, "RCUR", day, book.now)
            else:
                debit = machine.cancelled(debit, closed_by(state), book.now)
            fresh = await debits.add(book, debit)
            if not fresh:
                debit = await _same(book, debit)
        if fresh and debit.state == "queued":
            await announce_one(ctx, debit, mandate)
        return machine.result(debit, mandate)

    async def look_up(self, ctx: Context, key: str, provider_ref: str = "") -> ChargeResult:
        """See PaymentProvider."""
        del provider_ref
        async with open_book(ctx) as book:
            debit = await debits.by_key(book, key)
            if debit is None:
                return ChargeResult(key=key, outcome=Outcome.NOT_SENT)
            mandate = await mandates.by_id(book, debit.mandate_id) if debit.mandate_id else None
        return machine.result(debit, mandate)

    async def verify_event(self, ctx: Context, headers: Mapping[str, str], body: bytes) -> ProviderEvent:
        """Nobody sends us anything: a delivery can only be forged."""
        del ctx, headers, body
        raise EventRefused("banks send no webhooks")

    async def look_up_dispute(self, ctx: Context, ref: str) -> Dispute:
        """See Disputes: a return after the credit was given. Raises NotFound."""
        async with open_book(ctx) as book:
            found = await debits.by_end_to_end(book, [ref.removeprefix(machine.DISPUTE)])
        for debit in found.values():
            if debit.state == "returned":
                return machine.dispute(debit)
        raise NotFound("this payment did not come back")

    async def look_up_mandate(self, ctx: Context, ref: str) -> Mandate:
        """See Mandates. Raises NotFound."""
        async with open_book(ctx) as book:
            found = await mandates.by_ref(book, ref)
            if found is None:
                raise NotFound("there is no such mandate")
            return Mandate(
                ref=found.ref, scheme=found.scheme, signed_at=found.signed_at, text=found.text,
                active=found.state_on(book.today) == "active",
            )  # fmt: skip

    async def list_methods(self, ctx: Context, customer: CustomerRef) -> Sequence[SavedMethod]:
        """See SavedMethods."""
        async with open_book(ctx) as book:
            return [one.method() for one in await mandates.methods_of(book, customer.id)]

    async def remove_method(self, ctx: Context, customer: CustomerRef, ref: str) -> None:
        """See SavedMethods: the mandate is revoked, and what waits for it is not collected."""
        async with open_book(ctx) as book:
            mandate = await mandates.by_ref(book, ref)
            if mandate is None or mandate.customer != customer.id:
                return
            await revoke(book, mandate, "removed", ctx.actor)
        await tell_quietly(ctx)

    async def set_default_method(self, ctx: Context, customer: CustomerRef, ref: str) -> None:
        """See SavedMethods."""
        async with open_book(ctx) as book:
            for one in await mandates.methods_of(book, customer.id):
                if one.ref == ref:
                    await mandates.set_default(book, customer.id, one.id)
                    return
        raise InvalidInput("this customer has no such method", code="method_unknown")

    async def open_portal(self, ctx: Context, customer: CustomerRef, return_url: str) -> str:
        """See Portal: mandates and coming collections."""
        del ctx, customer, return_url
        return "/x/sepa/mine"


async def _same(book: Book, wanted: Debit) -> Debit:
    """The payment that already has this key. Raises Conflict when it is another one."""
    found = await debits.by_key(book, wanted.key)
    if found is None or (found.kind, found.amount, found.customer) != (wanted.kind, wanted.amount, wanted.customer):
        raise Conflict("this key belongs to another payment", code="key_reused")
    return found


def _exact(amount: Money) -> Money:
    if amount.currency != "EUR":
        raise InvalidInput("direct debits are in EUR", code="currency_unsupported")
    if amount.units % CENT or not CENT <= amount.units <= _LARGEST:
        raise InvalidInput("not an amount in cents that a bank collects", code="amount_impossible")
    return amount


def _reference(description: str, metadata: Mapping[str, str]) -> str:
    """What the customer reads on his statement: the description, or where that is too long the order's number."""
    text = plain(description)
    own = plain(metadata.get("reference", ""))
    return next((one for one in (text, own) if 0 < len(one) <= TEXT), "AskPro")

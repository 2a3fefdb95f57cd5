"""Bank transfer as the core meets it. Its own page has the account; the money is seen on statements."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from askpro.errors import Conflict, InvalidInput
from askpro.ids import new_id
from askpro.sdk import (
    ChargeResult,
    CheckoutRequest,
    CheckoutSession,
    Context,
    EventRefused,
    Feature,
    NotSent,
    Outcome,
    ProviderCapabilities,
    ProviderEvent,
)
from askpro_banktransfer.model import Transfer, result
from askpro_banktransfer.references import new_reference
from askpro_banktransfer.settings import BankTransferSettings
from askpro_banktransfer.transfers import open_transfers

__all__ = ("BankTransferProvider",)


class BankTransferProvider:
    """Checkout only: money goes back by a transfer that staff order at their bank."""

    key = "banktransfer"
    title = "Bank transfer"

    def capabilities(self, ctx: Context) -> ProviderCapabilities:
        """In the currency of the account. Nothing before the account is known."""
        settings = ctx.settings
        if not isinstance(settings, BankTransferSettings):
            return ProviderCapabilities(features=frozenset())
        return ProviderCapabilities(
            features=frozenset((Feature.CHECKOUT,)),
            currencies=frozenset((settings.currency,)),
            methods=("bank_transfer",),
        )

    async def create_checkout(self, ctx: Context, request: CheckoutRequest) -> CheckoutSession:
        """The page with the account; it is good for as many days as the tenant waits, whatever the request says."""
        settings = ctx.settings
        if not isinstance(settings, BankTransferSettings):
            raise NotSent("no account is set up")
        async with open_transfers(ctx) as book:
            if not self.capabilities(ctx).takes(request.amount) and await book.by_key(request.key) is None:
                raise InvalidInput("not an amount in the currency of the account", code="amount_impossible")
            for _ in range(5):  # a reference that is taken is drawn anew
                wanted = Transfer(
                    id=new_id(),
                    key=request.key,
                    reference=new_reference(),
                    order_reference=request.metadata.get("reference", ""),
                    amount=request.amount,
                    customer=request.customer.id,
                    customer_name=request.customer.name,
                    iban=settings.iban,
                    state="open",
                    return_url=request.return_url,
                    cancel_url=request.cancel_url,
                    created_at=ctx.now(),
                    expires_at=max(request.expires_at, ctx.now() + timedelta(days=settings.days)),
                )
                if await book.add(wanted):
                    return _session(wanted)
                known = await book.by_key(request.key)
                if known is not None:
                    if (known.amount, known.customer) != (request.amount, request.customer.id):
                        raise Conflict("this key belongs to another transfer", code="key_reused")
                    return _session(known)
        raise NotSent("no reference was free")

    async def look_up(self, ctx: Context, key: str, provider_ref: str = "") -> ChargeResult:
        """As the statements that were uploaded so far say."""
        del provider_ref
        async with open_transfers(ctx) as book:
            transfer = await book.by_key(key)
        if transfer is None:
            return ChargeResult(key=key, outcome=Outcome.NOT_SENT)
        return result(transfer, ctx.now())

    async def verify_event(self, ctx: Context, headers: Mapping[str, str], body: bytes) -> ProviderEvent:
        """A bank sends no events, so whatever comes is not from a bank."""
        del ctx, headers, body
        raise EventRefused("bank transfers have no events from outside")


def _session(transfer: Transfer) -> CheckoutSession:
    return CheckoutSession(
        key=transfer.key,
        provider_ref=transfer.reference,
        url=f"/x/banktransfer/pay/{transfer.id}",
        expires_at=transfer.expires_at,
    )

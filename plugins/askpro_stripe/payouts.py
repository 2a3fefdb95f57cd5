"""A reseller's share, sent from the platform's account to his connected one; and Stripe's own payouts to banks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from askpro.errors import AskProError, Conflict, InvalidInput, Unavailable
from askpro.sdk import Context, NotSent, Outcome, PayoutRequest, PayoutResult
from askpro_stripe.book import Book, Request, tenant_of
from askpro_stripe.client import Declined, Gone, ask, connect
from askpro_stripe.connected import owner_of, scope_now
from askpro_stripe.currencies import from_stripe, to_stripe
from askpro_stripe.lost import find_lost, send
from askpro_stripe.params import marks
from askpro_stripe.scope import Scope, every_scope, platform_scope, settings_of

__all__ = ("look_up_payout", "of_payout", "of_transfer", "payout")


async def payout(ctx: Context, request: PayoutRequest) -> PayoutResult:
    """See Payouts: a transfer. A key that was used before is looked up, not paid out again (failure 23)."""
    book = Book(ctx)
    known = await book.find("payout", request.key)
    if known is not None:
        known.must_be("payout", request.destination, request.amount)
        found = await _learn(ctx, known)
        if found.outcome is not Outcome.NOT_SENT:
            return found
    await scope_now(ctx)  # the connected account has proved to be this tenant's
    scope, settings = platform_scope(ctx), settings_of(ctx)
    if settings.collecting != "connect" or request.destination != settings.connect_account:
        raise InvalidInput("that is not this tenant's account", code="destination_unknown", field="destination")
    tenant = tenant_of(ctx)
    entered, ours = await book.enter(
        "payout", request.key, "payout", scope, subject=request.destination, amount=request.amount,
        params={
            "amount": to_stripe(request.amount),
            "currency": request.amount.currency.lower(),
            "destination": request.destination,
            "description": request.reference,
            "transfer_group": f"askpro:{tenant.id}:{request.key}",
            "metadata": marks(tenant, request.key, {"reference": request.reference}),
        },
    )  # fmt: skip
    if not ours:
        return await _learn(ctx, entered)
    try:
        made = await send(
            book,
            entered,
            connect(ctx, scope).transfers.create_async(
                entered.sent,
                {"idempotency_key": entered.idempotency(tenant.id)},
            ),
        )
    except Declined as declined:
        await book.refused(entered, str(declined.error.get("code")))
        raise InvalidInput(str(declined.error.get("message")), code="payout_refused") from declined
    except (NotSent, InvalidInput):
        raise
    except (Unavailable, Conflict) as error:
        return PayoutResult(key=request.key, outcome=Outcome.UNKNOWN, code=error.code)
    await book.known(entered, str(made["id"]))
    return of_transfer(request.key, made)


async def look_up_payout(ctx: Context, key: str, provider_ref: str = "") -> PayoutResult:
    """See Payouts. With ``po_…``: how a payout from the reseller's account to his bank stands."""
    if provider_ref.startswith("po_"):
        return await _to_bank(ctx, key, provider_ref)
    known = await Book(ctx).find("payout", key) if key else None
    if known is None:
        return PayoutResult(key=key, outcome=Outcome.NOT_SENT)
    return await _learn(ctx, known)


async def _learn(ctx: Context, request: Request) -> PayoutResult:
    try:
        if request.state == "sent":
            request = await find_lost(ctx, request)
        if request.state == "refused":
            return PayoutResult(key=request.key, outcome=Outcome.NOT_SENT, code=request.code)
        api = connect(ctx, request.scope(ctx))
        return of_transfer(request.key, await ask(api.transfers.retrieve_async(request.ref)))
    except AskProError as error:
        return PayoutResult(key=request.key, outcome=Outcome.UNKNOWN, provider_ref=request.ref, code=error.code)


async def _to_bank(ctx: Context, key: str, ref: str) -> PayoutResult:
    """Only on accounts that are the tenant's alone: the platform's own payouts are nobody else's business.

    NOT_SENT when every such account says that it has none of that number. As long as one cannot be asked, or there is
    none to ask, nobody knows.
    """
    doubt, asked = "", False
    try:
        for scope in every_scope(ctx):
            if scope.account == "platform":
                continue
            try:
                if scope.header and not await _is_ours(ctx, scope):
                    continue
                return of_payout(key, await ask(connect(ctx, scope).payouts.retrieve_async(ref)))
            except Gone:
                asked = True
            except AskProError as error:
                doubt = error.code
    except AskProError as error:
        doubt = error.code
    if asked and not doubt:
        return PayoutResult(key=key, outcome=Outcome.NOT_SENT)
    return PayoutResult(key=key, outcome=Outcome.UNKNOWN, provider_ref=ref, code=doubt or "no_account")


async def _is_ours(ctx: Context, scope: Scope) -> bool:
    """Whether a connected account is this tenant's. Raises Unavailable when nobody owns up to it: closed,
    or out of the platform's reach, it may have been this tenant's.
    """
    owner = await owner_of(ctx, scope.account, scope.live)
    if not owner:
        raise Unavailable("nobody says whose account it is", code="account_not_yours")
    return owner == str(tenant_of(ctx).id)


def of_transfer(key: str, transfer: Mapping[str, Any]) -> PayoutResult:
    """A transfer has moved when it is there; one that was taken back whole has not."""
    ref = str(transfer["id"])
    if transfer.get("reversed"):
        return PayoutResult(key=key, outcome=Outcome.DECLINED, provider_ref=ref, code="reversed")
    amount = from_stripe(int(transfer["amount"]), str(transfer["currency"]))
    return PayoutResult(key=key, outcome=Outcome.SETTLED, provider_ref=ref, amount=amount)


def of_payout(key: str, payout_: Mapping[str, Any]) -> PayoutResult:
    """A payout to a bank, with its amount even where the bank did not take it: so much is missing there."""
    outcome = {
        "paid": Outcome.SETTLED,
        "pending": Outcome.PENDING,
        "in_transit": Outcome.PENDING,
        "failed": Outcome.DECLINED,
        "canceled": Outcome.DECLINED,
    }.get(str(payout_.get("status")), Outcome.UNKNOWN)
    declined = outcome is Outcome.DECLINED
    return PayoutResult(
        key=key,
        outcome=outcome,
        provider_ref=str(payout_["id"]),
        amount=from_stripe(int(payout_["amount"]), str(payout_["currency"])),
        code=str(payout_.get("failure_code") or "cancelled") if declined else "",
    )

"""Money of a paid order goes back to the customer: what the wallet has not spent of it, and never more.

The credit leaves the wallet before the provider is asked, in the unit that writes the refund down: nobody can spend it
meanwhile; the provider is called after the commit, under the refund's own id, and its answer is booked after that. A
refund that does not happen gives the credit back to the bucket it came from. One whose answer is lost is looked up,
never sent a second time; one whose sending may have been cut short is looked up first, and sent under the same key if
the provider has never heard of it. Of two who would send one at once, one does.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import structlog

from askpro import clock, db
from askpro.actor import Actor
from askpro.errors import AskProError, Conflict, InvalidInput, Unavailable
from askpro.money import Money, round_to_minor
from askpro.payments import disputes, providers, queries, refund_rows, reversals
from askpro.payments.model import attempt_of, found
from askpro.payments.refund_limits import Able, features_of, learn, refundable
from askpro.payments.refund_model import Refund
from askpro.payments.refund_moves import apply, made_there, take_out
from askpro.payments.refund_rows import of_order, refund
from askpro.payments.refund_shares import of_net
from askpro.sdk.payments import Feature, Outcome, RefundRequest, RefundResult
from askpro.tenancy import audit
from askpro.tenancy.model import Tenant

__all__ = ("Able", "apply", "ask", "begin", "heard", "learn", "of_order", "refresh", "refund", "refundable", "send")

log = structlog.get_logger("askpro.payments")

_BY = Actor.system("payments")
_CALL_UNDER_WAY = timedelta(seconds=60)  # longer than the host waits for a provider


async def begin(tenant: Tenant, order_id: UUID, net: Money, *, idempotency: str, reason: str, by: Actor) -> Refund:
    """Pay back ``net`` of an order, with its tax: ``ask`` and ``send``. Outside any unit.

    Raises what ``ask`` raises. An answer that does not come leaves the refund *unknown*, never declined.
    """
    if db.current() is not None:
        raise RuntimeError("a provider is never called inside a unit")
    asked = await ask(tenant, order_id, net, idempotency=idempotency, reason=reason, by=by)
    return await send(tenant.id, asked.id, by=by)


async def ask(
    tenant: Tenant, order_id: UUID, net: Money, *, idempotency: str, reason: str, by: Actor, able: Able | None = None
) -> Refund:
    """Take the credit out of the wallet and write the refund down, or find the one with this idempotency key.

    Nobody has been asked to pay anything yet: call ``send`` once this is committed; else the janitor does. Whoever asks
    in a unit has learnt before it what the provider can do (``able``), for no provider is called inside.
    Raises NotFound, InvalidInput (``idempotency_key_invalid``, ``idempotency_key_reused``, ``currency_mismatch``,
    ``amount_too_fine``, ``reason_too_long``), Conflict (``not_paid``, ``refund_not_supported``,
    ``partial_refund_not_supported``, ``exceeds_original``, ``already_spent``), InsufficientFunds (calls hold it),
    WalletFrozen, PluginUnavailable.
    """
    if not 1 <= len(idempotency) <= 255:
        raise InvalidInput("a key has 1 to 255 characters", code="idempotency_key_invalid", field="idempotency_key")
    if len(reason) > 500:
        raise InvalidInput("a reason has at most 500 characters", code="reason_too_long", field="reason")
    before = await queries.order(tenant.id, order_id)
    if earlier := await refund_rows.by_idempotency(tenant.id, order_id, idempotency):
        return _same(earlier, net)
    if before.state != "settled":
        raise Conflict("nothing was paid", code="not_paid")
    digits = providers.minor_digits(before.net.currency)
    if net.currency != before.net.currency:
        raise InvalidInput(f"this payment was in {before.net.currency}", code="currency_mismatch", field="net")
    if net.units <= 0 or round_to_minor(net.units, digits) != net.units:
        raise InvalidInput("a refund is a whole number of the smallest coin", code="amount_too_fine", field="net")
    can = features_of(await learn(tenant.id, order_id) if able is None else able)
    if Feature.REFUND not in can:
        raise Conflict("this provider pays nothing back", code="refund_not_supported")
    async with db.unit(tenant.id):
        order, zone = await reversals.locked(tenant.id, order_id)
        if earlier := await refund_rows.by_idempotency(tenant.id, order_id, idempotency):  # while we waited
            return _same(earlier, net)
        try:
            share = of_net(reversals.share_of(order), await reversals.gone(tenant.id, order_id), net.units, digits)
        except ValueError as error:
            raise Conflict("more than is left of this payment", code="exceeds_original", field="net") from error
        if Feature.PARTIAL_REFUND not in can and share.gross != order.gross.units:
            raise Conflict("this provider pays back the whole only", code="partial_refund_not_supported", field="net")
        attempt = await refund_rows.payment(tenant.id, order)
        made = await refund_rows.insert(
            tenant.id, order, attempt, share, origin="ours", idempotency=idempotency, reason=reason, by=by
        )
        await take_out(tenant.id, order, made, zone, by)
        await audit.record(tenant.id, by, "refund.asked", made.id, order=str(order.id), net=share.net, reason=reason)
    return await refund(tenant.id, made.id)


async def send(tenant: UUID, refund_id: UUID, *, by: Actor) -> Refund:
    """Ask the provider to pay a refund that was not sent yet, and act on its answer. Outside any unit.

    One that was written down a while ago may have been sent already, by somebody who was cut short before the answer
    was written down: that one is looked up first (``refresh``). Raises NotFound.
    """
    if db.current() is not None:
        raise RuntimeError("a provider is never called inside a unit")
    known = await refund(tenant, refund_id)
    if known.state != "new" or known.origin != "ours":
        return known
    if clock.now() - known.created_at >= _CALL_UNDER_WAY:
        return await refresh(tenant, refund_id, by=by)
    return await _pay(tenant, known, by)


async def refresh(tenant: UUID, refund_id: UUID, *, by: Actor) -> Refund:
    """Ask the provider how a refund stands, and act on it. Outside any unit. Raises NotFound.

    One that was written down but never reached the provider is sent now, under its key. Nothing is asked about a
    refund that is just being sent, and nothing changes while the provider cannot be asked.
    """
    if db.current() is not None:
        raise RuntimeError("a provider is never called inside a unit")
    known = await refund(tenant, refund_id)
    if known.state == "new" and clock.now() - (known.sent_at or known.created_at) < _CALL_UNDER_WAY:
        return known
    result = await _looked_up(tenant, known)
    if result.outcome is Outcome.NOT_SENT and known.state == "new" and not result.code:
        return await _pay(tenant, known, by)
    if result.outcome is Outcome.UNKNOWN and known.state == "new":
        await refund_rows.postpone(tenant, known)  # that we cannot ask says nothing about the money
        return await refund(tenant, refund_id)
    return await apply(tenant, refund_id, result, by=by)


async def heard(tenant: UUID, provider: str, key: str, ref: str, payment_ref: str) -> str:
    """An event about a refund, ours (``key``) or one made at the provider's own desk (``ref``, ``payment_ref``).

    Returns a remark for the operator, mostly none. Outside any unit; may be repeated. Raises Unavailable when it has to
    be tried again: the provider does not answer, or does not tell apart what is under way here.
    """
    if db.current() is not None:
        raise RuntimeError("a provider is never called inside a unit")
    if (known := await refund_rows.by_event(tenant, provider, key, ref)) is not None:
        return await _followed(tenant, await refund(tenant, known))
    if not ref:  # the event names the payment only
        waiting = await refund_rows.waiting(tenant, provider, payment_ref)
        for one in waiting:
            await refresh(tenant, one, by=_BY)
        return "" if waiting else "no refund of ours is under way"
    found_there = await (await providers.provider(tenant, provider, for_new=False)).look_up_refund("", ref)
    if found_there.outcome is Outcome.UNKNOWN:
        raise Unavailable("the provider does not say what this refund is", code=found_there.code or "unknown")
    if found_there.outcome in (Outcome.NOT_SENT, Outcome.DECLINED):
        return "no refund of ours"
    try:
        attempt = await disputes.payment_of(tenant, provider, found_there.payment_ref or payment_ref)
    except disputes.NeverCredited as error:
        return error.detail
    for one in await refund_rows.waiting(tenant, provider, attempt.provider_ref):
        await refresh(tenant, one, by=_BY)  # it may be this very one, and its number not known here yet
    for lost in await refund_rows.given_up(tenant, provider, attempt.provider_ref):
        said = await _looked_up(tenant, lost)  # or one of ours that has arrived there after all
        if said.outcome is Outcome.UNKNOWN:
            raise Unavailable("this may be a refund of ours, and that cannot be asked now", code="refund_under_way")
        await apply(tenant, lost.id, said, by=_BY)
    return await made_there(tenant, attempt, ref, found_there, by=_BY)


async def _followed(tenant: UUID, known: Refund) -> str:
    """Act on news of a refund that is known here. Raises Unavailable when nobody but this event would ever ask."""
    if known.life.waits:
        await refresh(tenant, known.id, by=_BY)
    elif not known.closed:
        said = await _looked_up(tenant, known)
        if said.outcome is Outcome.UNKNOWN:
            raise Unavailable("the provider does not say what became of this refund", code=said.code or "unknown")
        await apply(tenant, known.id, said, by=_BY)
    return ""


def _same(earlier: Refund, net: Money) -> Refund:
    if earlier.net != net:
        raise InvalidInput("this key belongs to another refund", code="idempotency_key_reused", field="idempotency_key")
    return earlier


async def _pay(tenant: UUID, known: Refund, by: Actor) -> Refund:
    """Send it, unless somebody else is sending it at this moment: then how it stands, and nothing is decided."""
    if not await refund_rows.claim(tenant, known.id, stale=clock.now() - _CALL_UNDER_WAY):
        return await refund(tenant, known.id)
    async with db.unit(tenant):
        row = await db.fetchrow(
            "select * from payments.attempt where tenant_id = $1 and id = $2", tenant, known.attempt_id
        )
    attempt = attempt_of(found(row))
    request = RefundRequest(
        key=known.key, payment_key=str(attempt.id), payment_ref=attempt.provider_ref, amount=known.gross,
        reason=known.reason,
    )  # fmt: skip
    return await apply(tenant, known.id, await _sent(tenant, known.provider, request), by=by)


async def _looked_up(tenant: UUID, known: Refund) -> RefundResult:
    """What the provider says of a refund; UNKNOWN when it cannot be asked."""
    try:
        provider = await providers.provider(tenant, known.provider, for_new=False)
        # of what somebody paid back at the desk, more than was left may have been: only ours must be what was asked for
        amount = known.gross if known.origin == "ours" else None
        return await provider.look_up_refund(known.key, known.provider_ref, amount=amount)
    except AskProError as error:
        log.warning("a provider could not be asked", provider=known.provider, code=error.code)
        return RefundResult(key=known.key, outcome=Outcome.UNKNOWN, code=error.code)


async def _sent(tenant: UUID, provider_key: str, request: RefundRequest) -> RefundResult:
    try:
        provider = await providers.provider(tenant, provider_key, for_new=False)
    except AskProError as error:  # it could not even be tried
        return RefundResult(key=request.key, outcome=Outcome.NOT_SENT, code=error.code)
    try:
        return await provider.refund(request)
    except InvalidInput as error:  # it will never work; nothing was sent
        return RefundResult(key=request.key, outcome=Outcome.NOT_SENT, code=error.code)
    except Exception as error:  # whatever it was, the money may be gone
        return RefundResult(key=request.key, outcome=Outcome.UNKNOWN, code=getattr(error, "code", type(error).__name__))

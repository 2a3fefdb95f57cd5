"""Disputed payments: what a bank wants back, until when it listens, and the wallet that is locked meanwhile."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from uuid import UUID

from litestar import Response

from askpro import clock, db
from askpro.errors import Conflict, InvalidInput
from askpro.ledger.queries import wallet
from askpro.money import Money
from askpro.payments import disputes
from askpro.payments.refund_model import Dispute
from askpro.people.model import Customer
from askpro.web.portal.filters import PAGE, Cut, read_page
from askpro.web.portal.frame import Link, Notice, Option
from askpro.web.portal.visit import Visit
from askpro.web.staff.forms import Entry
from askpro.web.staff.labels import badge
from askpro.web.staff.names import customer_names, uuid_or_none
from askpro.web.staff.payment_views import DisputePage, DisputeRow, DisputesPage, Step
from askpro.web.staff.provider_facts import titles

__all__ = ("PATH", "index", "release", "rows", "show")

PATH = "/staff/disputes"
_ENDED = ("won", "lost")


async def index(visit: Visit) -> Response[bytes]:
    """``GET /staff/disputes``: the open ones; ``view=all``: those that have ended too."""
    _, every = visit.gettext, visit.query("view", 5) == "all"
    page, pager = read_page(visit, Cut(PATH, kept=(("view", "all"),) if every else ()))
    after = uuid_or_none(str(page.after)) if page.after else None
    found = await disputes.of_tenant(visit.tenant.id, open_only=not every, before=after, limit=PAGE + 1)
    more, found = len(found) > PAGE, found[:PAGE]
    names = await customer_names(visit, {one.customer_id for one in found})
    views = (Option(_("Open"), url=PATH, current=not every), Option(_("All"), url=f"{PATH}?view=all", current=every))
    around = pager(len(found), str(found[-1].id) if more else None, None)
    view = DisputesPage(rows(found, names), views, around, open_only=not every)
    return visit.page("staff/disputes.html", view, "disputes")


def rows(found: Iterable[Dispute], names: Mapping[UUID, Customer]) -> tuple[DisputeRow, ...]:
    """Disputes as lines of a table."""
    return tuple(
        DisputeRow(one.reference, names[one.customer_id].name, f"{PATH}/{one.id}", one.created_at,
                   badge("dispute", one.state), one.amount, None if one.state in _ENDED else one.answer_by)
        for one in found
    )  # fmt: skip


async def show(visit: Visit) -> Response[bytes]:
    """``GET /staff/disputes/{dispute}``. Raises NotFound."""
    notices = []
    if visit.query("done", 10) == "released":
        notices.append(Notice("ok", visit.gettext("The account is open again. Calls are possible.")))
    return await _page(visit, await _asked(visit), notices=notices)


async def release(visit: Visit) -> Response[bytes]:
    """``POST …/release``: open the wallet although it is still argued about; the reason is kept. Raises NotFound."""
    one, entry = await _asked(visit), Entry(visit, await visit.form())
    reason = entry.reason()
    if not entry.errors:
        try:
            await disputes.release(visit.tenant.id, one.wallet_id, reason=reason, by=visit.actor)
        except (InvalidInput, Conflict) as error:
            entry.refused(error, "reason")
        else:
            return visit.redirect(f"{PATH}/{one.id}", done="released")
    return await _page(visit, one, entry)


async def _asked(visit: Visit) -> Dispute:
    identifier: UUID = visit.request.path_params["dispute"]
    return await disputes.dispute(visit.tenant.id, identifier)


async def _page(
    visit: Visit, one: Dispute, entry: Entry | None = None, notices: list[Notice] | None = None
) -> Response[bytes]:
    customer = (await customer_names(visit, [one.customer_id]))[one.customer_id]
    async with db.unit(visit.tenant.id):
        purse = await wallet(visit.tenant.id, one.wallet_id)
    errors = tuple(entry.errors) if entry is not None else ()
    page = DisputePage(
        reference=one.reference,
        ref=one.ref,
        provider=titles(visit).get(one.provider, one.provider),
        customer=Link(customer.name, f"/staff/customers/{customer.id}"),
        payment=Link(one.reference, f"/staff/payments/{one.order_id}"),
        back_url=PATH,
        badge=badge("dispute", one.state),
        amount=one.amount,
        reason=_reason(visit, one.reason),
        steps=_steps(visit, one),
        answer_by=None if one.state in _ENDED else one.answer_by,
        late=one.answer_by is not None and one.answer_by < clock.now(),
        fee=one.fee,
        taken=Money(one.net.units + one.tax.units, one.net.currency),
        frozen=purse.frozen,
        release_action=f"{PATH}/{one.id}/release" if one.froze else "",
        released_at=one.released_at,
        typed=entry.text("reason") if entry is not None else "",
        errors=errors,
    )
    return visit.page("staff/dispute.html", page, "disputes", status=422 if errors else 200, notices=notices or ())


def _steps(visit: Visit, one: Dispute) -> tuple[Step, ...]:
    """Where it stands on its way; a step that was left out counts as done."""
    _ = visit.gettext
    ended = one.state in _ENDED
    taken = one.state != "open"
    last = {"won": _("Won: the money stays with you"), "lost": _("Lost: the money stays with the customer")}
    return (
        Step(_("The bank has asked"), one.created_at, True),
        Step(_("The money was taken back"), one.changed_at if one.state == "withdrawn" else None, taken),
        Step(last.get(one.state, _("Decided")), one.closed_at, ended),
    )


def _reason(visit: Visit, code: str) -> str:
    _ = visit.gettext
    known = {
        "fraudulent": _("The customer says the payment was not authorised."),
        "duplicate": _("The customer says it was charged twice."),
        "product_not_received": _("The customer says nothing was received."),
        "product_unacceptable": _("The customer is not content with what was received."),
        "subscription_canceled": _("The customer says it had been cancelled."),
        "unrecognized": _("The customer does not recognise the payment."),
        "credit_not_processed": _("The customer says a refund did not arrive."),
        "general": _("The bank gives no particular reason."),
    }
    return known.get(code, code.replace("_", " "))

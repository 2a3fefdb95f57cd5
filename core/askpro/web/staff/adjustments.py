"""Changes by hand that wait for a second person, and those that are decided."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from urllib.parse import quote
from uuid import UUID

from litestar import Response

from askpro import db
from askpro.errors import Conflict, InvalidInput, MoneyRefused, NotAllowed
from askpro.ledger.queries import wallet
from askpro.money import Money
from askpro.people.model import Customer
from askpro.wallets import adjustments
from askpro.wallets.adjustments import Adjustment
from askpro.wallets.four_eyes import answerable
from askpro.web.answers import sent
from askpro.web.portal.filters import PAGE, Cut, read_page
from askpro.web.portal.frame import Link, Notice, Option
from askpro.web.portal.visit import Visit
from askpro.web.staff.forms import Entry
from askpro.web.staff.labels import badge
from askpro.web.staff.names import actor_name, customer_names, uuid_or_none
from askpro.web.staff.views import AdjustmentPage, AdjustmentRow, AdjustmentsPage

__all__ = ("PATH", "approve", "attachment", "index", "reject", "rows", "show")

PATH = "/staff/adjustments"


async def index(visit: Visit) -> Response[bytes]:
    """``GET /staff/adjustments``: what waits; ``view=all``: what is decided too."""
    _, every = visit.gettext, visit.query("view", 5) == "all"
    page, pager = read_page(visit, Cut(PATH, kept=(("view", "all"),) if every else ()))
    after = uuid_or_none(str(page.after)) if page.after else None
    found = await adjustments.of_tenant(visit.tenant.id, waiting_only=not every, before=after, limit=PAGE + 1)
    more, found = len(found) > PAGE, found[:PAGE]
    names = await customer_names(visit, {one.customer_id for one in found})
    views = (Option(_("Waiting"), url=PATH, current=not every), Option(_("All"), url=f"{PATH}?view=all", current=every))
    around = pager(len(found), str(found[-1].id) if more else None, None)
    view = AdjustmentsPage(await rows(visit, found, names), views, around, waiting_only=not every)
    return visit.page("staff/adjustments.html", view, "adjustments")


async def rows(visit: Visit, found: Iterable[Adjustment], names: Mapping[UUID, Customer]) -> tuple[AdjustmentRow, ...]:
    """Adjustments as lines of a table."""
    found = list(found)
    who = {actor: await actor_name(visit, actor) for actor in {one.by for one in found}}
    return tuple(
        AdjustmentRow(f"{PATH}/{one.id}", names[one.customer_id].name, one.reason, one.created_at,
                      badge("adjustment", one.state), one.amount, who[one.by], one.kind == "promo")
        for one in found
    )  # fmt: skip


async def show(visit: Visit) -> Response[bytes]:
    """``GET /staff/adjustments/{adjustment}``. Raises NotFound."""
    _, done = visit.gettext, visit.query("done", 10)
    said = {
        "booked": Notice("ok", _("Booked.")),
        "waiting": Notice("info", _("Nothing is booked yet: a second person has been asked to approve it.")),
        "rejected": Notice("info", _("Rejected. Nothing was booked.")),
    }
    return await _page(visit, await _asked(visit), notices=[said[done]] if done in said else [])


async def approve(visit: Visit) -> Response[bytes]:
    """``POST …/approve``: by somebody else than who proposed it; books it. Raises NotFound."""
    one, entry = await _asked(visit), Entry(visit, await visit.form())
    try:
        done = await adjustments.approve(visit.tenant, one.id, by=visit.actor)
    except (NotAllowed, Conflict, MoneyRefused) as error:
        entry.refused(error, "approve")
        return await _page(visit, await _asked(visit), entry)
    return visit.redirect(f"{PATH}/{one.id}", done=done.state)


async def reject(visit: Visit) -> Response[bytes]:
    """``POST …/reject``: with a reason; books nothing. Who proposed it may take it back this way. Raises NotFound."""
    one, entry = await _asked(visit), Entry(visit, await visit.form())
    reason = entry.reason()
    if not entry.errors:
        try:
            await adjustments.reject(visit.tenant, one.id, reason=reason, by=visit.actor)
        except (InvalidInput, Conflict) as error:
            entry.refused(error, "reason")
        else:
            return visit.redirect(f"{PATH}/{one.id}", done="rejected")
    return await _page(visit, await _asked(visit), entry)


async def attachment(visit: Visit) -> Response[bytes]:
    """``GET …/attachment``: as a download and never as a page. Raises NotFound."""
    identifier: UUID = visit.request.path_params["adjustment"]
    paper = await adjustments.attachment(visit.tenant.id, identifier)
    plain = paper.name.encode("ascii", "replace").decode().replace('"', "_").replace("\\", "_")
    return sent(
        paper.data,
        paper.media_type,
        headers={
            "Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(paper.name, safe='')}",
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "sandbox; default-src 'none'",
        },
    )


async def _asked(visit: Visit) -> Adjustment:
    identifier: UUID = visit.request.path_params["adjustment"]
    return await adjustments.one(visit.tenant.id, identifier)


async def _page(
    visit: Visit, one: Adjustment, entry: Entry | None = None, notices: list[Notice] | None = None
) -> Response[bytes]:
    customer = (await customer_names(visit, [one.customer_id]))[one.customer_id]
    before, after = await _balances(visit, one)
    url = f"{PATH}/{one.id}"
    errors = tuple(entry.errors) if entry is not None else ()
    page = AdjustmentPage(
        customer=Link(customer.name, f"/staff/customers/{customer.id}"),
        back_url=PATH,
        badge=badge("adjustment", one.state),
        amount=one.amount,
        reason=one.reason,
        who=await actor_name(visit, one.by),
        at=one.created_at,
        before=before,
        after=after,
        attachment=Link(one.attachment_name, f"{url}/attachment") if one.attachment_name else None,
        waiting=one.state == "waiting",
        why_not=await _why_not(visit, one),
        decided_by=await actor_name(visit, one.decided_by) if one.decided_by else "",
        decided_at=one.decided_at,
        decision=one.decision,
        approve_action=f"{url}/approve",
        reject_action=f"{url}/reject",
        typed=entry.text("reason") if entry is not None else "",
        errors=errors,
        bonus=one.kind == "promo",
        expires=visit.reader.date(one.expires_at - timedelta(seconds=1)) if one.expires_at else "",
    )
    return visit.page(
        "staff/adjustment.html", page, "adjustments", status=422 if errors else 200, notices=notices or ()
    )


async def _balances(visit: Visit, one: Adjustment) -> tuple[Money, Money]:
    """Before and after: as they were when it was booked, else as they would be now."""
    if one.balance_before is not None and one.balance_after is not None:
        return one.balance_before, one.balance_after
    async with db.unit(visit.tenant.id):
        purse = await wallet(visit.tenant.id, one.wallet_id)
    before = Money(purse.posted, purse.currency)
    return before, before + one.amount


async def _why_not(visit: Visit, one: Adjustment) -> str:
    if one.state == "waiting" and await answerable(visit.tenant.id, one.by) == str(visit.actor):
        return visit.gettext("You have proposed this yourself, so somebody else has to approve it.")
    return ""

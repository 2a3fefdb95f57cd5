"""Changing a balance by hand: form, check, and what becomes of it. Nothing moves before the last button."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from litestar import Response

from askpro import db
from askpro.errors import Conflict, InvalidInput, MoneyRefused
from askpro.ledger.queries import wallet
from askpro.money import Money
from askpro.people import queries
from askpro.people.model import Customer
from askpro.wallets import adjustments
from askpro.wallets.attachments import Attachment
from askpro.web.portal.frame import FieldError
from askpro.web.portal.visit import Visit
from askpro.web.staff.forms import Entry, fresh_key
from askpro.web.staff.second import alone_of, limit_note
from askpro.web.staff.views import AdjustCheckPage, AdjustPage

__all__ = ("book", "check", "form")

_FIELDS = ("direction", "amount", "reason")


async def form(visit: Visit) -> Response[bytes]:
    """``GET /staff/customers/{customer}/adjust``. Raises NotFound."""
    return await _form(visit, await _customer(visit), {})


async def check(visit: Visit) -> Response[bytes]:
    """``POST …/adjust/check``: the check page, or back to the form with what is wrong. Raises NotFound."""
    customer, sent = await _customer(visit), await visit.form()
    entry = Entry(visit, sent)
    amount = _read(entry, customer)
    if sent.get("change"):
        return await _form(visit, customer, sent)
    if amount is None or entry.errors:
        return await _form(visit, customer, sent, entry)
    return await _check(visit, customer, amount, sent, fresh_key())


async def book(visit: Visit) -> Response[bytes]:
    """``POST …/adjust/book``: once for each check page; booked, or waiting for somebody else. Raises NotFound."""
    customer, sent = await _customer(visit), await visit.form()
    entry = Entry(visit, sent)
    amount = _read(entry, customer)
    if amount is None or entry.errors:
        return await _form(visit, customer, sent, entry)
    key, paper = entry.key(), await visit.upload("attachment")
    try:
        made = await adjustments.propose(
            visit.tenant, customer, amount, reason=entry.text("reason"),
            attachment=Attachment(*paper) if paper else None, idempotency=key, by=visit.actor,
        )  # fmt: skip
    except InvalidInput as error:
        if error.field != "attachment":
            entry.refused(error, "amount")
            return await _form(visit, customer, sent, entry)
        wrong = FieldError("attachment", _attachment_note(visit, error.code))
        return await _check(visit, customer, amount, sent, key, (wrong,))
    except (Conflict, MoneyRefused) as error:
        entry.refused(error, "amount")
        return await _form(visit, customer, sent, entry)
    return visit.redirect(f"/staff/adjustments/{made.id}", done=made.state)


def _read(entry: Entry, customer: Customer) -> Money | None:
    """The signed amount."""
    direction = entry.text("direction", 10)
    if direction not in ("credit", "debit"):
        entry.wrong("direction", entry.visit.gettext("Please choose whether the balance rises or falls."))
    amount = entry.amount("amount", customer.currency)
    entry.reason()
    return -amount if amount is not None and direction == "debit" else amount


async def _form(
    visit: Visit, customer: Customer, sent: Mapping[str, str], entry: Entry | None = None
) -> Response[bytes]:
    errors = tuple(entry.errors) if entry is not None else ()
    page = AdjustPage(
        action=f"{_url(customer)}/check",
        back_url=f"/staff/customers/{customer.id}",
        customer=customer.name,
        balance=await _available(visit, customer),
        limit_note=await limit_note(visit, customer),
        direction=sent.get("direction", ""),
        amount=sent.get("amount", ""),
        reason=sent.get("reason", ""),
        errors=errors,
    )
    return visit.page("staff/adjust.html", page, "customers", status=422 if errors else 200)


async def _check(
    visit: Visit,
    customer: Customer,
    amount: Money,
    sent: Mapping[str, str],
    key: str,
    errors: tuple[FieldError, ...] = (),
) -> Response[bytes]:
    before = await _available(visit, customer)
    page = AdjustCheckPage(
        action=f"{_url(customer)}/book",
        back_url=f"{_url(customer)}/check",
        customer=customer.name,
        amount=amount,
        reason=Entry(visit, sent).text("reason"),
        before=before,
        after=before + amount,
        second=abs(amount.units) > (await alone_of(visit, customer)).units,
        idempotency_key=key,
        fields=tuple((name, sent.get(name, "")) for name in _FIELDS),
        attachment_note=_attachment_note(visit, ""),
        errors=errors,
    )
    return visit.page("staff/adjust_check.html", page, "customers", status=422 if errors else 200)


async def _available(visit: Visit, customer: Customer) -> Money:
    async with db.unit(visit.tenant.id):
        purse = await wallet(visit.tenant.id, customer.wallet_id)
    return Money(purse.available, purse.currency)


def _attachment_note(visit: Visit, code: str) -> str:
    _ = visit.gettext
    return {
        "attachment_empty": _("This file is empty."),
        "attachment_too_large": _("This file is too large. At most 5 MB are possible."),
        "attachment_type": _("Only PDF, PNG, JPEG, plain text and saved emails can be attached."),
    }.get(code, _("PDF, PNG, JPEG, plain text or a saved email, at most 5 MB."))


def _url(customer: Customer) -> str:
    return f"/staff/customers/{customer.id}/adjust"


async def _customer(visit: Visit) -> Customer:
    identifier: UUID = visit.request.path_params["customer"]
    return await queries.customer(visit.tenant.id, identifier)

"""The pages on which a customer gives a mandate: for one payment, for this and later ones, or just for later.

Plain forms. What is agreed to is what was shown: text and day travel with the form, and when one of them has changed
the page is shown again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from askpro.errors import N_, Conflict, InvalidInput, NotFound
from askpro.sdk import PageContext, PageRequest, Reply
from askpro_sepa import debits, mandates, setups, speech
from askpro_sepa.agreeing import Account, agree, cancel, give, read_account
from askpro_sepa.model import Debit, Mandate
from askpro_sepa.settings import settings_of
from askpro_sepa.store import Book, open_book, today
from askpro_sepa.target import collection_day
from askpro_sepa.telling import tell_quietly
from askpro_sepa.wording import Wording, mandate_wording

__all__ = ("Asked", "decide_checkout", "decide_setup", "show_checkout", "show_setup")

_FAULTS = {
    "sepa_iban": N_("This is no valid IBAN. Please check the digits."),
    "sepa_iban_country": N_("Only accounts in the European Economic Area can be debited."),
    "sepa_name": N_("Please enter the name of the account holder."),
    "sepa_name_long": N_("At most 70 letters, please."),
    "consent": N_("Please agree to the mandate."),
    "changed": N_("The day of the collection or the text has changed meanwhile. Please check and agree again."),
    "sepa_mandate_gone": N_("This mandate cannot be used any more. Please enter your account."),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What a page is about. ``debit`` None: only a mandate is given."""

    id: UUID
    customer: str
    ref: str
    consent: str
    single: bool
    return_url: str
    cancel_url: str
    open: bool
    debit: Debit | None = None


async def show_checkout(ctx: PageContext, request: PageRequest) -> Reply:
    """``GET /checkout/{id}``. Raises NotFound, also for somebody else's."""
    async with open_book(ctx) as book:
        asked, known = await _checkout(ctx, book, UUID(request.path["id"]))
    return _page(ctx, asked, known)


async def show_setup(ctx: PageContext, request: PageRequest) -> Reply:
    """``GET /mandate/{id}``."""
    async with open_book(ctx) as book:
        asked = await _setup(ctx, book, UUID(request.path["id"]))
    return _page(ctx, asked, [])


async def decide_checkout(ctx: PageContext, request: PageRequest) -> Reply:
    """``POST /checkout/{id}``: agree or cancel. Twice is once."""
    settings, form = settings_of(ctx), request.form
    async with open_book(ctx) as book:
        asked, known = await _checkout(ctx, book, UUID(request.path["id"]))
        if not asked.open or asked.debit is None:
            return Reply.redirect(asked.return_url)
        if form.get("choice") == "cancel":
            await cancel(book, asked.id, "cancelled")
        else:
            try:
                chosen = next((one for one in known if one.ref == form.get("use")), None)
                if chosen is None:
                    account = _agreed(ctx, asked, form)
                else:
                    _same_day(ctx, form)
            except InvalidInput as error:
                return _page(ctx, asked, known, form, error)
            try:
                async with ctx.store.unit():
                    mandate = chosen or await _give(ctx, book, asked, account)
                    await agree(book, settings, asked.debit, mandate)
            except Conflict as error:
                return _page(ctx, asked, [], form, InvalidInput(code=error.code, field="iban"))
    await tell_quietly(ctx)
    return Reply.redirect(asked.cancel_url if form.get("choice") == "cancel" else asked.return_url)


async def decide_setup(ctx: PageContext, request: PageRequest) -> Reply:
    """``POST /mandate/{id}``."""
    form = request.form
    async with open_book(ctx) as book:
        asked = await _setup(ctx, book, UUID(request.path["id"]))
        if not asked.open:
            return Reply.redirect(asked.return_url)
        if form.get("choice") == "cancel":
            await setups.finish(book, asked.id, "cancelled")
            return Reply.redirect(asked.cancel_url)
        try:
            account = _agreed(ctx, asked, form)
        except InvalidInput as error:
            return _page(ctx, asked, [], form, error)
        mandate = await _give(ctx, book, asked, account)
        await setups.finish(book, asked.id, "done", mandate.id)
    await tell_quietly(ctx)
    return Reply.redirect(asked.return_url)


async def _checkout(ctx: PageContext, book: Book, identifier: UUID) -> tuple[Asked, list[Mandate]]:
    debit = await debits.by_id(book, identifier)
    if debit is None or debit.kind != "checkout" or debit.customer != ctx.customer:
        raise NotFound
    known = [one for one in await mandates.methods_of(book, debit.customer) if one.state_on(book.today) == "active"]
    return Asked(
        debit.id, debit.customer, debit.mandate_ref, debit.consent, not debit.saves, debit.return_url, debit.cancel_url,
        debit.state == "open", debit,
    ), sorted(known, key=lambda one: not one.is_default)  # fmt: skip


async def _setup(ctx: PageContext, book: Book, identifier: UUID) -> Asked:
    found = await setups.by_id(book, identifier)
    if found is None or found.customer != ctx.customer:
        raise NotFound
    still = found.state == "open" and book.now < found.expires_at
    return Asked(
        found.id, found.customer, found.mandate_ref, found.consent, False, found.return_url, found.cancel_url, still
    )  # fmt: skip


async def _give(ctx: PageContext, book: Book, asked: Asked, account: Account) -> Mandate:
    return await give(
        book, settings_of(ctx), account, _wording(ctx, asked), ref=asked.ref, customer=asked.customer,
        locale=ctx.locale, address=ctx.address, single=asked.single,
    )  # fmt: skip


def _wording(ctx: PageContext, asked: Asked) -> Wording:
    return mandate_wording(settings_of(ctx), asked.ref, ctx.locale, single=asked.single, consent=asked.consent)


def _agreed(ctx: PageContext, asked: Asked, form: Any) -> Account:
    """Raises InvalidInput with the field that is wrong."""
    account = read_account(form.get("name", ""), form.get("iban", ""))
    if form.get("consent") != "1":
        raise InvalidInput(code="consent", field="consent")
    if form.get("text") != _wording(ctx, asked).digest:
        raise InvalidInput(code="changed", field="consent")
    if asked.debit is not None:
        _same_day(ctx, form)
    return account


def _same_day(ctx: PageContext, form: Any) -> None:
    if form.get("day") != str(_day(ctx)):
        raise InvalidInput(code="changed", field="consent")


def _day(ctx: PageContext) -> Any:
    settings = settings_of(ctx)
    return collection_day(today(ctx), settings.notice_days, settings.lead_days)


def _page(
    ctx: PageContext, asked: Asked, known: list[Mandate], form: Any = None, error: InvalidInput | None = None
) -> Reply:
    settings, day, debit = settings_of(ctx), _day(ctx), asked.debit
    form = form or {}
    fault = ctx.gettext(_FAULTS.get(error.code, _FAULTS["sepa_iban"])) if error is not None else ""
    reply = ctx.render(
        "sepa/consent.html",
        asked=asked,
        known=known,
        use=form.get("use", known[0].ref if known else "new"),
        values={name: form.get(name, "") for name in ("name", "iban")},
        fault=fault,
        field=(error.field or "iban") if error is not None else "",
        wording=_wording(ctx, asked),
        creditor=settings.creditor_name,
        creditor_id=settings.identifier,
        credits_early=settings.credit_when == "exported",
        amount=speech.money(debit.amount, ctx.locale) if debit is not None else "",
        day=day,
        day_text=speech.day(day, ctx.locale),
        action=f"{ctx.root}/{'mandate' if debit is None else 'checkout'}/{asked.id}",
    )
    if error is None:
        return reply
    return Reply(reply.body, 422, reply.content_type, reply.headers)

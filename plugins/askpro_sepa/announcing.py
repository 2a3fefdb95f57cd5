"""Telling customers amount and day before money is collected (D11). The page tells it as well, always.

What was not told in time is not collected: neither the job nor the file goes round ``in_time``.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from askpro import clock
from askpro.errors import AskProError
from askpro.sdk import Context
from askpro_sepa import debits, mandates, speech
from askpro_sepa.model import Debit, Mandate
from askpro_sepa.settings import SepaSettings, settings_of
from askpro_sepa.store import Book, open_book
from askpro_sepa.target import ZONE, collection_day

__all__ = ("announce", "announce_one", "in_time", "letter", "notice_of", "put_off")


def notice_of(settings: SepaSettings, mandate: Mandate) -> int:
    """Days by which a new collection is announced: as many as are set now, never fewer than the mandate promises."""
    return max(settings.notice_days, mandate.notice_days)


def in_time(debit: Debit, mandate: Mandate, settings: SepaSettings) -> bool:
    """Whether its customer was told of its day, and as early as was agreed.

    Who agreed on a page to this amount on this day has agreed to the time between as well.
    """
    if debit.announced_on is None or debit.announced_on != debit.collect_on or debit.announced_at is None:
        return False
    if debit.announced_how == "page":
        return True
    promised = timedelta(days=mandate.notice_days or settings.notice_days)
    return clock.civil_day(debit.announced_at, ZONE) + promised <= debit.day


def put_off(debit: Debit, mandate: Mandate, settings: SepaSettings, book: Book) -> Debit:
    """On the first day that notice and bank still allow, if its own is too near to be announced now.

    With one bank day to spare, so that a file of the next bank day still meets it: else who writes one file a day would
    put off for ever what is announced no earlier than the bank wants it.
    """
    notice = notice_of(settings, mandate)
    if debit.day >= collection_day(book.today, notice, settings.lead_days):
        return debit
    return replace(debit, collect_on=collection_day(book.today, notice, settings.lead_days + 1))


async def announce(ctx: Context) -> None:
    """The job: every collection of whose day its customer has not been told. One that fails stops no other."""
    settings = settings_of(ctx)
    async with open_book(ctx) as book:
        waiting = await debits.unannounced(book)
        known = {one.id: one for one in await mandates.by_ids(book, [d.mandate_id for d in waiting if d.mandate_id])}
        timely = [
            put_off(one, known[one.mandate_id], settings, book) if one.mandate_id and one.state == "queued" else one
            for one in waiting
        ]
        await debits.change_all(book, [new for new, old in zip(timely, waiting, strict=True) if new != old])
    for debit in timely:
        if debit.mandate_id is not None:
            await announce_one(ctx, debit, known[debit.mandate_id])


async def announce_one(ctx: Context, debit: Debit, mandate: Mandate) -> None:
    """One mail for one amount on one day, however often this is called. Never raises: the job tries again."""
    if debit.collect_on is None or debit.announced_on == debit.collect_on:
        return
    subject, paragraphs = letter(settings_of(ctx), debit, mandate)
    try:
        await ctx.mail_customer(
            debit.customer, subject, paragraphs, key=f"sepa-notice:{debit.end_to_end}:{debit.collect_on}"
        )
        async with open_book(ctx) as book:
            await debits.announced(book, debit, "mail")
    except Exception as error:
        said = error.code if isinstance(error, AskProError) else type(error).__name__
        ctx.log.warning("an announcement was not sent: %s", said)


def letter(settings: SepaSettings, debit: Debit, mandate: Mandate) -> tuple[str, list[str]]:
    """Subject and paragraphs in the customer's language."""
    say, locale = speech.speaker(debit.locale), debit.locale
    words = {
        "amount": speech.money(debit.amount, locale), "day": speech.day(debit.day, locale),
        "creditor": settings.creditor_name, "creditor_id": settings.identifier, "reference": mandate.ref,
        "account": mandate.label, "text": debit.reference,
    }  # fmt: skip
    subject = say("Direct debit of {amount} on {day}").format(**words)
    return subject, [
        text.format(**words)
        for text in (
            say("{creditor} will collect {amount} from your account {account} on {day} by SEPA direct debit."),
            say("Purpose: {text}"),
            say("Mandate reference: {reference}, creditor identifier: {creditor_id}"),
            say("Please see to it that the account is covered on that day."),
        )
    ]

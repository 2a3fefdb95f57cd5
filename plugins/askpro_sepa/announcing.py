"""Telling customers amount and day before money is collected (D11). The page tells it as well, always."""

from __future__ import annotations

from askpro.errors import AskProError
from askpro.sdk import Context
from askpro_sepa import debits, mandates, speech
from askpro_sepa.model import Debit, Mandate
from askpro_sepa.settings import SepaSettings, settings_of
from askpro_sepa.store import open_book

__all__ = ("announce", "announce_one", "letter")


async def announce(ctx: Context) -> None:
    """The job: every collection of whose day its customer has not been told. One that fails stops no other."""
    async with open_book(ctx) as book:
        waiting = await debits.unannounced(book)
        known = {one.id: one for one in await mandates.by_ids(book, [d.mandate_id for d in waiting if d.mandate_id])}
    for debit in waiting:
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

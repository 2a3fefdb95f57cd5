"""What the plugin gives to the house."""

from __future__ import annotations

from datetime import timedelta

import msgspec

from askpro.errors import N_
from askpro.sdk import Context, Finding, Guard, JobSpec, PaymentProvider, RouteSpec, hookimpl
from askpro_sepa import consent_pages as consent
from askpro_sepa import debits, files, own_pages, register_pages, staff_pages
from askpro_sepa.announcing import announce
from askpro_sepa.provider import SepaProvider
from askpro_sepa.settings import SepaSettings, settings_of
from askpro_sepa.store import open_book
from askpro_sepa.target import add_days
from askpro_sepa.telling import tell

__all__ = ("SepaPlugin", "plugin")

_STATEMENT = 24 * 1024 * 1024
_LONG = 45.0
"""Seconds that a large statement may take."""
_LATE = timedelta(days=7)


def _routes() -> list[RouteSpec]:
    staff = Guard.STAFF
    return [
        RouteSpec("/checkout/{id:uuid}", consent.show_checkout),
        RouteSpec("/checkout/{id:uuid}", consent.decide_checkout, method="POST"),
        RouteSpec("/mandate/{id:uuid}", consent.show_setup),
        RouteSpec("/mandate/{id:uuid}", consent.decide_setup, method="POST"),
        RouteSpec("/mine", own_pages.show_own),
        RouteSpec("/mine/{id:uuid}", own_pages.show_own_mandate),
        RouteSpec("/mine/{id:uuid}", own_pages.revoke_own, method="POST"),
        RouteSpec("/staff", staff_pages.show_queue, guard=staff, menu=N_("Direct debits")),
        RouteSpec("/staff/export", staff_pages.export_now, method="POST", guard=staff),
        RouteSpec("/staff/upload", staff_pages.upload, method="POST", guard=staff, largest=_STATEMENT, deadline=_LONG),
        RouteSpec("/staff/uploads/{id:uuid}", staff_pages.show_upload, guard=staff),
        RouteSpec("/staff/files/{id:uuid}", staff_pages.show_file, guard=staff),
        RouteSpec("/staff/files/{id:uuid}/download", staff_pages.download, guard=staff),
        RouteSpec("/staff/files/{id:uuid}/collected", staff_pages.mark_collected, method="POST", guard=staff),
        RouteSpec("/staff/files/{id:uuid}/unsent", staff_pages.mark_unsent, method="POST", guard=staff),
        RouteSpec("/staff/collections", register_pages.show_collections, guard=staff),
        RouteSpec("/staff/collections.csv", register_pages.collections_csv, guard=staff),
        RouteSpec("/staff/collections/{id:uuid}/withdraw", register_pages.withdraw, method="POST", guard=staff),
        RouteSpec("/staff/collections/{id:uuid}/returned", register_pages.came_back, method="POST", guard=staff),
        RouteSpec("/staff/returns", register_pages.show_returns, guard=staff),
        RouteSpec("/staff/mandates", register_pages.show_mandates, guard=staff),
        RouteSpec("/staff/mandates.csv", register_pages.mandates_csv, guard=staff),
        RouteSpec("/staff/mandates/{id:uuid}", register_pages.show_mandate, guard=staff),
        RouteSpec("/staff/mandates/{id:uuid}", register_pages.revoke_mandate, method="POST", guard=staff),
    ]


class SepaPlugin:
    """One object, all hooks."""

    @hookimpl
    def register_settings(self) -> type[msgspec.Struct]:
        return SepaSettings

    @hookimpl
    def register_payment_providers(self) -> list[PaymentProvider]:
        return [SepaProvider()]

    @hookimpl
    def register_routes(self) -> list[RouteSpec]:
        return _routes()

    @hookimpl
    def register_jobs(self) -> list[JobSpec]:
        return [JobSpec("tell", "* * * * *", tell), JobSpec("announce", "*/10 * * * *", announce)]

    @hookimpl
    async def on_disable(self, ctx: Context) -> None:
        """Nobody agrees any more on a page that is still open. What was agreed to goes its way."""
        async with open_book(ctx) as book:
            await debits.close_open(book, "provider_disabled")

    @hookimpl
    async def check_settings(self, ctx: Context) -> list[Finding]:
        """The settings themselves were checked when they were saved; here is what staff should not forget."""
        settings, say = settings_of(ctx), ctx.gettext
        found = [Finding("ok", say("IBAN, creditor identifier and name are well formed."))]
        if settings.credit_when == "exported":
            found.append(Finding("warning", say("Credit is given before the money is there.")))
        async with open_book(ctx) as book:
            days, late = await debits.queue_days(book), await files.outstanding_since(book, book.today - _LATE)
            limit = add_days(book.today, settings.lead_days)
        if urgent := sum(count for day, count, *_ in days if day <= limit):
            text = say("Collections that have to be written into a file today: {count}")
            found.append(Finding("warning", text.format(count=urgent)))
        if silent := sum(one[3] for one in days):
            text = say("Collections of which the customer has not been told: {count}")
            found.append(Finding("warning", text.format(count=silent)))
        if late:
            text = say("Collections the bank has not decided for a week: {count}. Upload its statements.")
            found.append(Finding("warning", text.format(count=late)))
        return found


plugin = SepaPlugin()

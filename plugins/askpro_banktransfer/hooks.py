"""What the plugin gives to the house."""

from __future__ import annotations

import msgspec

from askpro.sdk import Context, Finding, Guard, JobSpec, PaymentProvider, RouteSpec, hookimpl
from askpro_banktransfer import office
from askpro_banktransfer.movements import open_books
from askpro_banktransfer.pages import choose_page, show_page
from askpro_banktransfer.provider import BankTransferProvider
from askpro_banktransfer.settings import BankTransferSettings
from askpro_banktransfer.telling import tell
from askpro_banktransfer.words import N_

__all__ = ("LARGEST_UPLOAD", "BankTransferPlugin", "plugin")

LARGEST_UPLOAD = 12 * 1024 * 1024
"""Bytes of a form with a statement in it: some 18,000 entries."""

_STAFF = Guard.STAFF


class BankTransferPlugin:
    """One object, all hooks."""

    @hookimpl
    def register_settings(self) -> type[msgspec.Struct]:
        return BankTransferSettings

    @hookimpl
    def register_payment_providers(self) -> list[PaymentProvider]:
        return [BankTransferProvider()]

    @hookimpl
    def register_routes(self) -> list[RouteSpec]:
        return [
            RouteSpec("/pay/{id:uuid}", show_page, name="pay"),
            RouteSpec("/pay/{id:uuid}", choose_page, method="POST", name="choose"),
            RouteSpec(
                "/statements", office.statements_page, guard=_STAFF, name="statements", menu=N_("Bank statements")
            ),
            RouteSpec(
                "/statements",
                office.upload_page,
                method="POST",
                guard=_STAFF,
                name="upload",
                largest=LARGEST_UPLOAD,
                deadline=45.0,
            ),
            RouteSpec("/queue", office.queue_page, guard=_STAFF, name="queue"),
            RouteSpec("/queue", office.clear_page, method="POST", guard=_STAFF, name="clear"),
            RouteSpec("/queue.csv", office.queue_csv, guard=_STAFF, name="queue_csv"),
            RouteSpec("/queue/{id:uuid}", office.payment_page, guard=_STAFF, name="payment"),
            RouteSpec("/queue/{id:uuid}/assign", office.assign_page, method="POST", guard=_STAFF, name="assign"),
            RouteSpec("/queue/{id:uuid}/aside", office.aside_page, method="POST", guard=_STAFF, name="aside"),
            RouteSpec("/queue/{id:uuid}/undo", office.undo_page, method="POST", guard=_STAFF, name="undo"),
        ]

    @hookimpl
    def register_jobs(self) -> list[JobSpec]:
        return [JobSpec("tell", "* * * * *", tell)]

    @hookimpl
    async def check_settings(self, ctx: Context) -> list[Finding]:
        async with open_books(ctx) as (_, movements):
            waiting = sum((await movements.counts()).values())
        if waiting:
            text = ctx.gettext("Payments that wait for a decision: {count}").format(count=waiting)
            return [Finding("warning", text)]
        return [Finding("ok", ctx.gettext("The account is complete, and no payment waits for a decision."))]


plugin = BankTransferPlugin()

"""What the sandbox gives to the house."""

from __future__ import annotations

import secrets

import msgspec

from askpro.sdk import (
    ChargeQuestion,
    Context,
    Finding,
    JobSpec,
    Notice,
    PaymentProvider,
    Refusal,
    RouteSpec,
    hookimpl,
)
from askpro_sandbox.pages import choose_page, show_page
from askpro_sandbox.provider import SandboxProvider, open_book, tell
from askpro_sandbox.settings import SandboxSettings

__all__ = ("SandboxPlugin", "plugin")


class SandboxPlugin:
    """One object, all hooks."""

    @hookimpl
    def register_settings(self) -> type[msgspec.Struct]:
        return SandboxSettings

    @hookimpl
    def register_payment_providers(self) -> list[PaymentProvider]:
        return [SandboxProvider()]

    @hookimpl
    def register_routes(self) -> list[RouteSpec]:
        return [
            RouteSpec("/checkout/{id:uuid}", show_page, name="checkout"),
            RouteSpec("/checkout/{id:uuid}", choose_page, method="POST", name="choose"),
        ]

    @hookimpl
    def register_jobs(self) -> list[JobSpec]:
        return [JobSpec("tell", "* * * * *", tell)]

    @hookimpl
    async def on_enable(self, ctx: Context) -> None:
        async with open_book(ctx) as book:
            await book.keep_secret(secrets.token_bytes(32))

    @hookimpl
    async def on_disable(self, ctx: Context) -> None:
        async with open_book(ctx) as book:
            await book.close_open()

    @hookimpl
    async def on_event(self, ctx: Context, event: Notice) -> None:
        """The core says that one of our payments was booked."""
        if event.data.get("provider") == "sandbox" and event.data.get("key"):
            async with open_book(ctx) as book:
                await book.booked(str(event.data["key"]))

    @hookimpl
    async def check_settings(self, ctx: Context) -> list[Finding]:
        async with open_book(ctx) as book:
            unbooked = await book.unbooked()
        if unbooked:
            text = ctx.gettext("Settled payments that were never booked: {count}").format(count=unbooked)
            return [Finding("warning", text)]
        return [Finding("ok", ctx.gettext("Every settled payment is booked."))]

    @hookimpl
    def may_charge(self, ctx: Context, question: ChargeQuestion) -> Refusal | None:
        if question.provider == "sandbox" and ctx.settings.refuse_everything:
            return Refusal("provider_closed", "The test provider refuses every payment.")
        return None


plugin = SandboxPlugin()

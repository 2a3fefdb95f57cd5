"""What the plugin gives to the house."""

from __future__ import annotations

import msgspec
from askpro.errors import AskProError
from askpro.sdk import Context, Finding, Guard, PaymentProvider, RouteSpec, hookimpl

from askpro_kassenwerk.client import ask
from askpro_kassenwerk.pages import requests_page
from askpro_kassenwerk.provider import KassenwerkProvider
from askpro_kassenwerk.settings import KassenwerkSettings, settings_of
from askpro_kassenwerk.wire import Account

__all__ = ("KassenwerkPlugin", "plugin")


class KassenwerkPlugin:
    """One object, all hooks."""

    @hookimpl
    def register_settings(self) -> type[msgspec.Struct]:
        return KassenwerkSettings

    @hookimpl
    def register_payment_providers(self) -> list[PaymentProvider]:
        return [KassenwerkProvider()]

    @hookimpl
    def register_routes(self) -> list[RouteSpec]:
        return [RouteSpec("/requests", requests_page, guard=Guard.STAFF, name="requests", menu="Kassenwerk")]

    @hookimpl
    async def check_settings(self, ctx: Context) -> list[Finding]:
        """Whether the key opens an account, and whether messages would be believed."""
        settings, say = settings_of(ctx), ctx.gettext
        try:
            account = await ask(ctx, "GET", "account", Account)
        except AskProError as error:
            return [Finding("error", say("Kassenwerk does not accept the key: {code}").format(code=error.code))]
        found = [Finding("ok", say("Connected with the account {name}.").format(name=account.name))]
        if not settings.signing_key:
            found.append(Finding("warning", say("Without a signing secret no message of Kassenwerk is believed.")))
        return found

    @hookimpl
    def top_of_page(self, ctx: Context, page: str) -> str | None:
        if page == "topup" and not settings_of(ctx).live:
            return ctx.gettext("Kassenwerk is in test mode: no real money moves here.")
        return None


plugin = KassenwerkPlugin()

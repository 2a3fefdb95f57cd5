"""Which account is asked, with which key: for new payments by the settings, for old ones as they were made."""

from __future__ import annotations

from dataclasses import dataclass, field

from askpro.errors import InvalidInput, Unavailable
from askpro.sdk import Context, Secret
from askpro_stripe.settings import StripeSettings, is_live

__all__ = ("ModeChanged", "Scope", "every_scope", "platform_scope", "scope_for_new", "scope_of", "settings_of")


class ModeChanged(Unavailable):
    """The keys that made this payment are gone from the settings: nothing can be said about it."""

    code = "keys_changed"


@dataclass(frozen=True, slots=True)
class Scope:
    """``account``: ``own``, ``platform``, or the connected account on which everything lives."""

    key: Secret[str]
    account: str
    live: bool
    destination: str = field(default="")
    """The connected account that a payment is passed on to at once."""
    share_to: str = field(default="")
    """The connected account that gets its share later, by transfers of ours."""

    @property
    def shared(self) -> bool:
        """Whether somebody else gets a part, so that the platform can keep a fee."""
        return bool(self.header or self.destination or self.share_to)

    @property
    def header(self) -> str | None:
        """For ``Stripe-Account``."""
        return self.account if self.account.startswith("acct_") else None


def settings_of(ctx: Context) -> StripeSettings:
    """The tenant's settings. Raises InvalidInput (``not_configured``)."""
    if not isinstance(ctx.settings, StripeSettings):
        raise InvalidInput("Stripe is not set up", code="not_configured")
    return ctx.settings


def scope_for_new(ctx: Context) -> Scope:
    """For a payment that is begun now. Raises InvalidInput (``not_configured``)."""
    settings = settings_of(ctx)
    if not settings.ready:
        raise InvalidInput("Stripe is not set up", code="not_configured")
    account: str = settings.collecting
    destination = share_to = ""
    if settings.collecting == "connect":
        connected = settings.connect_account or ""
        account = connected if settings.connect_charges == "direct" else "platform"
        destination = connected if settings.connect_charges == "destination" else ""
        share_to = connected if settings.connect_charges == "transfers" else ""
    return Scope(Secret(settings.key), account, settings.live, destination, share_to)


def every_scope(ctx: Context) -> list[Scope]:
    """Wherever this tenant's payments may lie, the likeliest place first. Raises InvalidInput (``not_configured``)."""
    settings = settings_of(ctx)
    found = [scope_for_new(ctx)] if settings.ready else []
    for account, key in (
        ("own", settings.secret_key),
        ("platform", settings.platform_secret_key),
        (settings.connect_account or "", settings.platform_secret_key),
    ):
        if key is not None and account and account not in {one.account for one in found}:
            found.append(Scope(key, account, is_live(key.reveal())))
    if not found:
        raise InvalidInput("Stripe is not set up", code="not_configured")
    return found


def scope_of(ctx: Context, account: str, live: bool, destination: str = "", share_to: str = "") -> Scope:
    """For what was begun earlier, whatever the tenant has chosen since. Raises ModeChanged."""
    settings = settings_of(ctx)
    key = settings.secret_key if account == "own" else settings.platform_secret_key
    if key is None or is_live(key.reveal()) is not live:
        raise ModeChanged("the key that this was made with is no longer there")
    return Scope(key, account, live, destination, share_to)


def platform_scope(ctx: Context) -> Scope:
    """The platform's own account. Raises InvalidInput (``not_configured``)."""
    settings = settings_of(ctx)
    if settings.platform_secret_key is None:
        raise InvalidInput("the platform has no Stripe account", code="not_configured")
    return Scope(settings.platform_secret_key, "platform", is_live(settings.platform_secret_key.reveal()))

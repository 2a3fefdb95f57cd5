"""What the operator and a tenant can set. Keys tell by their prefix whether money is real."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Literal

import msgspec

from askpro.sdk import Secret, Setting

__all__ = ("StripeSettings", "is_live")

_SECRET_KEY = re.compile(r"(sk|rk)_(live|test)_\w+")
_ACCOUNT = re.compile(r"acct_\w+")
_PUBLIC_KEY = re.compile(r"pk_(live|test)_\w+")


def is_live(key: str) -> bool:
    """Whether a key moves real money."""
    return "_live_" in key


class StripeSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Refused as a whole when the parts do not fit together (test and live mixed)."""

    collecting: Annotated[
        Literal["own", "platform", "connect"],
        Setting(
            "Who collects",
            help="Whose Stripe account takes the money.",
            choices={
                "own": "Your own Stripe account",
                "platform": "The platform's account",
                "connect": "Your account, connected to the platform",
            },
        ),
    ] = "own"
    secret_key: Annotated[
        Secret[str] | None, Setting("Secret key", help="sk_… or rk_…, from Developers → API keys at Stripe.")
    ] = None
    publishable_key: Annotated[str | None, Setting("Publishable key", help="pk_…, of the same mode.")] = None
    webhook_secret: Annotated[
        Secret[str] | None, Setting("Webhook signing secret", help="whsec_…, of the endpoint that points here.")
    ] = None
    webhook_secret_before: Annotated[
        Secret[str] | None,
        Setting("Previous webhook signing secret", help="Still accepted while Stripe rolls over to a new one."),
    ] = None
    connect_account: Annotated[
        str | None,
        Setting("Connected account", help="acct_…; filled in by the registration with Stripe."),
    ] = None

    api_base: Annotated[str, Setting("Platform: address of Stripe's API", level="platform")] = "https://api.stripe.com"
    collecting_allowed: Annotated[
        Literal["any", "own", "platform", "connect"], Setting("Who may collect", level="platform")
    ] = "any"
    connect_charges: Annotated[
        Literal["direct", "destination", "transfers"],
        Setting("Connect: charges on the connected account, passed on at once, or passed on later", level="platform"),
    ] = "direct"
    fee_percent: Annotated[Decimal, Setting("Connect: fee in per cent", level="platform")] = Decimal(0)
    fee_fixed: Annotated[Decimal, Setting("Connect: fixed fee, in the payment's currency", level="platform")] = Decimal(
        0
    )
    platform_secret_key: Annotated[Secret[str] | None, Setting("Platform: secret key", level="platform")] = None
    platform_webhook_secret: Annotated[
        Secret[str] | None, Setting("Platform: webhook signing secret", level="platform")
    ] = None
    platform_webhook_secret_before: Annotated[
        Secret[str] | None, Setting("Platform: previous webhook signing secret", level="platform")
    ] = None
    platform_connect_secret: Annotated[
        Secret[str] | None, Setting("Platform: signing secret for events of connected accounts", level="platform")
    ] = None

    def __post_init__(self) -> None:
        for name, key in (("secret_key", self.secret_key), ("platform_secret_key", self.platform_secret_key)):
            if key is not None and not _SECRET_KEY.fullmatch(key.reveal()):
                raise ValueError(f"{name} is no secret key of Stripe")
        if self.publishable_key and not _PUBLIC_KEY.fullmatch(self.publishable_key):
            raise ValueError("publishable_key is no publishable key of Stripe")
        if self.connect_account and not _ACCOUNT.fullmatch(self.connect_account):
            raise ValueError("connect_account is no account of Stripe")
        if not 0 <= self.fee_percent <= 100 or self.fee_fixed < 0:
            raise ValueError("fee_percent is 0 to 100, fee_fixed not negative")
        for secret in (*self.tenant_secrets, *self.shared_secrets):
            if not secret.startswith("whsec_"):
                raise ValueError("a webhook signing secret begins with whsec_")
        if self._mixed:
            raise ValueError("secret_key and publishable_key: one is for test, the other for real money")
        if self.collecting_allowed not in ("any", self.collecting) and self.secret_key is not None:
            raise ValueError(f"collecting: the operator allows {self.collecting_allowed} only")

    @property
    def _mixed(self) -> bool:
        if not self.publishable_key or self.secret_key is None:
            return False
        return is_live(self.publishable_key) != is_live(self.secret_key.reveal())

    @property
    def key(self) -> str:
        """The secret key that new payments are made with; empty where there is none."""
        chosen = self.secret_key if self.collecting == "own" else self.platform_secret_key
        return chosen.reveal() if chosen is not None else ""

    @property
    def live(self) -> bool:
        """Whether new payments move real money."""
        return is_live(self.key)

    @property
    def ready(self) -> bool:
        """Whether a payment can be begun."""
        allowed = self.collecting_allowed in ("any", self.collecting)
        return allowed and bool(self.key) and (self.collecting != "connect" or bool(self.connect_account))

    @property
    def tenant_secrets(self) -> tuple[str, ...]:
        """Signing secrets of the tenant's own endpoint, the present one first."""
        return tuple(one.reveal() for one in (self.webhook_secret, self.webhook_secret_before) if one is not None)

    @property
    def shared_secrets(self) -> tuple[str, ...]:
        """Signing secrets of the platform's endpoints, which all tenants share."""
        every = (self.platform_webhook_secret, self.platform_webhook_secret_before, self.platform_connect_secret)
        return tuple(one.reveal() for one in every if one is not None)

"""What a reseller and the operator can set."""

from __future__ import annotations

import binascii
from base64 import b64decode
from typing import Annotated, Literal

import msgspec
from askpro.sdk import Context, Secret, Setting

__all__ = ("KassenwerkSettings", "settings_of")


class KassenwerkSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Refused as a whole when key and mode do not fit together."""

    mode: Annotated[
        Literal["test", "live"],
        Setting("Mode", help="In test mode no real money moves.", choices={"test": "Test", "live": "Live"}),
    ] = "test"
    api_key: Annotated[Secret[str], Setting("API key", help="From Settings → API at Kassenwerk.")]
    webhook_secret: Annotated[
        Secret[str] | None,
        Setting("Signing secret", help="Kassenwerk shows it when you enter the address for its messages."),
    ] = None

    api_base: Annotated[str, Setting("Address of the API", level="platform")] = "https://api.kassenwerk.example"

    def __post_init__(self) -> None:
        if not self.api_key.reveal().startswith(f"kw_{self.mode}_"):
            raise ValueError(f"a key for this mode begins with kw_{self.mode}_")
        if self.webhook_secret is not None and not self.signing_key:
            raise ValueError("a signing secret is whsec_ and Base64")

    @property
    def live(self) -> bool:
        """Whether real money moves."""
        return self.mode == "live"

    @property
    def signing_key(self) -> bytes:
        """What signs messages; empty: there is none, or it cannot be read."""
        text = self.webhook_secret.reveal() if self.webhook_secret is not None else ""
        try:
            return b64decode(text.removeprefix("whsec_"), validate=True) if text.startswith("whsec_") else b""
        except binascii.Error:
            return b""


def settings_of(ctx: Context) -> KassenwerkSettings:
    """The reseller's settings; the host calls a provider with valid ones only."""
    assert isinstance(ctx.settings, KassenwerkSettings)
    return ctx.settings

"""What a tenant can set."""

from __future__ import annotations

from typing import Annotated

import msgspec

from askpro.sdk import Setting

__all__ = ("SandboxSettings",)


class SandboxSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The sandbox's behaviour that no customer chooses on the page."""

    delay_seconds: Annotated[
        int,
        msgspec.Meta(ge=0, le=86400),
        Setting("Delay in seconds", help="How long a pending or silent payment takes until it is decided."),
    ] = 30
    refuse_everything: Annotated[
        bool, Setting("Refuse every payment", help="As if the provider had closed the account.")
    ] = False

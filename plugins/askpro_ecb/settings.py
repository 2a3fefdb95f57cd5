"""What the operator can set: ``ASKPRO_PLUGIN_ECB__DAILY_URL`` and so on. Tenants have no say in rates."""

from __future__ import annotations

from typing import Annotated

import msgspec

from askpro.sdk import Setting

__all__ = ("EcbSettings",)

_BASE = "https://www.ecb.europa.eu/stats/eurofxref"


class EcbSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Where the rates come from and how old they may be."""

    daily_url: Annotated[str, Setting("Address of the daily rates", level="platform")] = f"{_BASE}/eurofxref-daily.xml"
    history_url: Annotated[str, Setting("Address of the history", level="platform")] = f"{_BASE}/eurofxref-hist.zip"
    oldest_days: Annotated[
        int,
        msgspec.Meta(ge=1, le=366),
        Setting(
            "Oldest rate in days",
            help="A rate is used on days without one until it is this old. Holidays leave gaps of five days.",
            level="platform",
        ),
    ] = 10

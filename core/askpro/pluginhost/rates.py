"""A source of exchange rates as the core meets it: guarded."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from askpro.errors import AskProError, PluginUnavailable
from askpro.pluginhost.calls import Caller
from askpro.sdk.context import Context
from askpro.sdk.rates import Rate, RateSource

__all__ = ("GuardedRates",)


@dataclass(frozen=True, slots=True)
class GuardedRates:
    """See the module."""

    source: RateSource
    ctx: Context
    caller: Caller
    deadline: float

    async def rate(self, base: str, quote: str, day: date) -> Rate:
        """The last rate on or before ``day``. Raises RateMissing, PluginUnavailable (also for a nonsensical rate)."""
        try:
            found = await self.caller.call(
                "rate", self.source.rate, self.ctx, base, quote, day, tenant="", deadline=self.deadline
            )
        except AskProError:
            raise
        except Exception as error:
            raise PluginUnavailable(f"{self.source.key}: {type(error).__name__}") from error
        if not isinstance(found, Rate) or not _sound(found, base, quote, day):
            lie = PluginUnavailable(f"{self.source.key} gave a rate that cannot be")
            self.caller.refused("rate", "", lie)
            raise lie
        return found


def _sound(found: Rate, base: str, quote: str, day: date) -> bool:
    return (
        isinstance(found.value, Decimal)
        and found.value.is_finite()
        and found.value > 0
        and (found.base, found.quote, found.day) == (base, quote, day)
        and found.day_used <= day
    )

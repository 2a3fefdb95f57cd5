"""What could not be passed on, for the doctor."""

from __future__ import annotations

from askpro.errors import N_
from askpro.sdk import Context, Finding
from askpro_stripe.shares_waiting import problems

__all__ = ("findings",)

_WHY = {
    "account_closed": N_("the connected account is closed"),
    "account_not_yours": N_("the connected account belongs to somebody else"),
    "balance_insufficient": N_("there is not enough money in Stripe's balance yet"),
    "insufficient_capabilities_for_transfer": N_("the connected account may not receive transfers"),
    "keys_changed": N_("the key that took the payment is gone from the settings"),
}
_PASSES = frozenset({"balance_insufficient"})
"""What time alone may mend."""


async def findings(ctx: Context) -> list[Finding]:
    """One for each reason."""
    said = ctx.gettext("Payments whose share could not be passed on: {count} ({why})")
    return [
        Finding(
            "warning" if problem in _PASSES else "error",
            said.format(count=count, why=ctx.gettext(_WHY[problem]) if problem in _WHY else problem),
        )
        for problem, count in await problems(ctx)
    ]

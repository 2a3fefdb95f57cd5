"""Whether money is real here: told at the top of every page, by what the payment providers say of themselves."""

from __future__ import annotations

from time import monotonic
from uuid import UUID

from askpro.errors import N_
from askpro.payments import providers

__all__ = ("money_remark",)

_FRESH, _MOST = 3.0, 1000
_seen: dict[UUID, tuple[float, str]] = {}


async def money_remark(tenant: UUID) -> str:
    """The message id that says that it is not; empty where it is. Known for a few seconds, for every page asks."""
    known = _seen.get(tenant)
    if known is not None and monotonic() < known[0]:
        return known[1]
    real = await providers.real_money(tenant)
    found = ""
    if not all(real):
        found = (
            N_("Test mode: with some of the payment methods no real money moves.")
            if any(real)
            else N_("Test mode: no real money moves here.")
        )
    if len(_seen) > _MOST:
        _seen.clear()
    _seen[tenant] = (monotonic() + _FRESH, found)
    return found

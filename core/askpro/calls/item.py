"""A report on its way through the booking."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING
from uuid import UUID

from askpro.calls.events import UsageEvent, UsageResult

if TYPE_CHECKING:
    from askpro.calls.rater import WalletState

__all__ = ("Item",)


@dataclass(slots=True, eq=False)
class Item:
    """One report: who reports it for which tenant, and the answer once there is one.

    ``zone``: the tenant's IANA zone. ``day`` and ``state`` are the rater's: the civil day the call belongs to, and what
    it knows of the wallet; None for a customer there is not.
    """

    tenant: UUID
    zone: str
    event: UsageEvent
    actor: str
    id: UUID | None = None
    result: UsageResult | None = None
    day: date | None = None
    state: WalletState | None = None

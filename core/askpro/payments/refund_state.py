"""The life of a refund and of a dispute: pure, and forward only.

    refund    new ─► unknown ─► pending ─► (not sent) ─► settled ─► declined for good
    dispute   open ─► withdrawn ─► lost ─► won

Steps may be left out, none is taken back. So news that come late, twice or in the wrong order end where the last one
in this line leads (failure 2). A refund that was never sent is *declined* too, but one that turns up after all is
*settled*: the money has left. What the provider itself declines stays so, even after *settled*: it came back from the
bank.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from askpro.sdk.payments import DisputeState, Outcome

__all__ = ("Life", "RefundState", "disputed_further", "heard")

RefundState: TypeAlias = Literal["new", "unknown", "pending", "declined", "settled"]


@dataclass(frozen=True, slots=True)
class Life:
    """Where a refund stands. ``closed``: declined by the provider's own word."""

    state: RefundState = "new"
    closed: bool = False

    @property
    def waits(self) -> bool:
        """Whether the provider is still to be asked."""
        return self.state in ("new", "unknown", "pending")

    @property
    def takes(self) -> bool:
        """Whether the credit is out of the wallet: from the beginning, unless the money did not go."""
        return self.state != "declined"


_LINE = (
    Life("new"),
    Life("unknown"),
    Life("pending"),
    Life("declined"),
    Life("settled"),
    Life("declined", closed=True),
)
_LEADS = {
    Outcome.UNKNOWN: 1,
    Outcome.PENDING: 2,
    Outcome.NOT_SENT: 3,
    Outcome.SETTLED: 4,
    Outcome.DECLINED: 5,
}
_DISPUTES = (DisputeState.OPEN, DisputeState.WITHDRAWN, DisputeState.LOST, DisputeState.WON)


def heard(present: Life, outcome: Outcome) -> Life:
    """Where a refund stands after that has been heard of it."""
    return _LINE[max(_LINE.index(present), _LEADS[outcome])]


def disputed_further(present: str, found: DisputeState) -> bool:
    """Whether a dispute that is ``found`` so has moved on from ``present``."""
    return _DISPUTES.index(found) > _DISPUTES.index(DisputeState(present))

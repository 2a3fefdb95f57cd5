"""The life of a payment: pure, and forward only.

    new ──► unknown ──► pending ──► declined ──► settled
                                └─► expired  ──┘

A state is left only for one further to the right, steps may be left out, and *settled* is for good. So events that come
late, twice or in the wrong order change nothing (failure 2), and money that arrives after a refusal still counts.

*new* is also an open page of the provider: nobody has paid yet. *unknown* says that money may have moved and nobody
can say so; *pending* that it is on its way.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from askpro.sdk.payments import ChargeResult, Outcome, Waiting

__all__ = ("AttemptState", "OrderState", "Step", "advanced", "final", "read")

OrderState: TypeAlias = Literal["new", "unknown", "pending", "declined", "expired", "settled"]
AttemptState: TypeAlias = Literal["new", "unknown", "pending", "declined", "not_sent", "settled"]

_RANK = {"new": 0, "unknown": 1, "pending": 2, "declined": 3, "expired": 3, "not_sent": 3, "settled": 4}


@dataclass(frozen=True, slots=True)
class Step:
    """Where a result leads, if nothing further has happened already. ``reason``: why there was no money."""

    attempt: AttemptState
    order: OrderState
    reason: str = ""


def advanced(present: str, wanted: str) -> bool:
    """Whether ``wanted`` lies ahead of ``present``."""
    return _RANK[wanted] > _RANK[present]


def final(state: str) -> bool:
    """Whether nothing is waited for any more."""
    return _RANK[state] >= _RANK["declined"]


def read(result: ChargeResult) -> Step:
    """What a provider's answer means for attempt and order."""
    match result.outcome:
        case Outcome.SETTLED:
            return Step("settled", "settled")
        case Outcome.PENDING:
            # an open page is nobody's promise to pay
            return Step("new", "new") if result.waiting is Waiting.CUSTOMER else Step("pending", "pending")
        case Outcome.DECLINED:
            return Step("declined", "expired" if result.code == "expired" else "declined", result.code or "declined")
        case Outcome.NOT_SENT:
            return Step("not_sent", "declined", result.code or "not_sent")
        case Outcome.UNKNOWN:
            return Step("unknown", "unknown", result.code)

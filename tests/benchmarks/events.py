"""Reports of finished calls, as bytes for HTTP and as structs for the services."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from random import Random

import msgspec

from askpro.calls.events import UsageEvent

from .house import Reseller
from .load import request
from .prices import number

__all__ = ("Maker", "as_request")

_encode = msgspec.json.Encoder().encode


class Maker:
    """Makes calls nobody has seen before; the same ones for the same seed."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)
        self._seed = seed
        self._serial = count(1)
        self._latest = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)

    def call(self, customer: str) -> UsageEvent:
        """One call of the last minutes: mostly outbound and answered, two to three minutes long."""
        random = self._random
        began = self._latest - timedelta(milliseconds=random.randrange(600_000))
        answered = began + timedelta(milliseconds=random.randrange(1_000, 20_000))
        ended = answered + timedelta(milliseconds=min(1_800_000, int(random.expovariate(1 / 150_000))))
        return UsageEvent(
            id=f"call-{self._seed:04d}-{next(self._serial):09d}",
            customer=customer,
            direction="outbound" if random.random() < 0.8 else "inbound",
            from_number="+498912345678",
            to_number=number(random),
            started_at=began,
            answered_at=answered if random.random() < 0.95 else None,
            ended_at=ended,
            tokens=random.randrange(2_000),
            bookings=int(random.random() < 0.05),
        )

    def batch(self, customers: Sequence[str], size: int) -> list[UsageEvent]:
        """``size`` calls, the customers taking turns."""
        return [self.call(customers[i % len(customers)]) for i in range(size)]


def as_request(reseller: Reseller, calls: Sequence[UsageEvent]) -> bytes:
    """``POST /api/v2/usage`` with these calls."""
    return request("/api/v2/usage", reseller.host, reseller.key, _encode({"events": calls}))

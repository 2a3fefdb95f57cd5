"""What goes wrong between two machines, as often as asked, and the same way in every run with the same seed."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal, TypeVar

__all__ = ("Chaos", "LostAnswerError", "LostRequestError", "Mishap", "Planned")

Mishap = Literal["unsent", "unanswered", "broken", "crashed", "limited"]
"""What may befall a request: it never arrives; it is executed and the answer is lost; 500 and nothing was executed; 500
and everything was; 429. A 500 stays the answer to its idempotency key, as at Stripe."""

_MISHAPS: tuple[Mishap, ...] = ("unsent", "unanswered", "broken", "crashed", "limited")
_T = TypeVar("_T")


class LostRequestError(ConnectionError):
    """The request did not arrive: nothing was executed."""


class LostAnswerError(ConnectionError):
    """The request was executed, and nobody will hear of it."""


@dataclass(slots=True)
class Planned:
    """A mishap for the next requests whose path begins with ``path``, after ``skip`` of them got through."""

    mishap: Mishap
    path: str = "/v1/"
    method: str = "POST"
    times: int = 1
    skip: int = 0


@dataclass(slots=True)
class Chaos:
    """Probabilities from 0 to 1, for each delivery or each request. A fresh one lets everything through."""

    seed: int = 0
    duplicate: float = 0
    """An event that was taken is sent once more."""
    shuffle: bool = False
    """What is due at the same moment is sent in any order."""
    delay: float = 0
    """An event is held back …"""
    longest: int = 3600
    """… by up to that many seconds."""
    lose: float = 0
    """An attempt does not reach the endpoint; the next one may."""
    forget: float = 0
    """The endpoint takes the event, and Stripe does not hear of it: it comes again."""
    unsent: float = 0
    unanswered: float = 0
    broken: float = 0
    crashed: float = 0
    limited: float = 0
    plans: list[Planned] = field(default_factory=list)
    _dice: random.Random = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._dice = random.Random(self.seed)  # noqa: S311 - repeatable is what it must be, not secret

    def befalls(self, method: str, path: str) -> Mishap | None:
        """What happens to this request: what was planned for it, else what the dice say."""
        for plan in self.plans:
            if plan.method == method and path.startswith(plan.path):
                if plan.skip:
                    plan.skip -= 1
                    continue
                plan.times -= 1
                if plan.times <= 0:
                    self.plans.remove(plan)
                return plan.mishap
        return next((mishap for mishap in _MISHAPS if self._rolls(getattr(self, mishap))), None)

    def order(self, things: Iterable[_T]) -> list[_T]:
        """The things as they come, or in any order."""
        listed = list(things)
        if self.shuffle:
            self._dice.shuffle(listed)
        return listed

    def holds(self) -> int:
        """Seconds by which a delivery is held back; mostly none."""
        return self._dice.randint(1, self.longest) if self._rolls(self.delay) else 0

    def loses(self) -> bool:
        """Whether this attempt gets lost on its way."""
        return self._rolls(self.lose)

    def forgets(self) -> bool:
        """Whether the endpoint's answer gets lost."""
        return self._rolls(self.forget)

    def duplicates(self) -> bool:
        """Whether this event is sent again although it was taken."""
        return self._rolls(self.duplicate)

    def _rolls(self, chance: float) -> bool:
        return chance > 0 and self._dice.random() < chance

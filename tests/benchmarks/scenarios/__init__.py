"""What is measured, in the order in which a round goes through it."""

from __future__ import annotations

from ..bench import Scenario
from .growth import Growth
from .holds import Holds
from .http import Http
from .orm import Orm
from .pgbench import PgBench
from .posting import PostingAndCopy
from .revenue import Revenue
from .storm import Storm
from .trips import Trips

__all__ = ("all_scenarios",)


def all_scenarios() -> list[Scenario]:
    """Fresh ones; pgbench stands beside HTTP, COPY beside posting."""
    return [Trips(), PgBench(), Http(), Orm(), PostingAndCopy(), Revenue(), Growth(), Holds(), Storm()]

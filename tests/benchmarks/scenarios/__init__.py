"""What is measured, in the order in which a round goes through it."""

from __future__ import annotations

from tests.benchmarks.bench import Scenario
from tests.benchmarks.scenarios.growth import Growth
from tests.benchmarks.scenarios.http import Http
from tests.benchmarks.scenarios.orm import Orm
from tests.benchmarks.scenarios.pgbench import PgBench
from tests.benchmarks.scenarios.posting import PostingAndCopy
from tests.benchmarks.scenarios.revenue import Revenue
from tests.benchmarks.scenarios.storm import Storm
from tests.benchmarks.scenarios.trips import Trips

__all__ = ("all_scenarios",)


def all_scenarios() -> list[Scenario]:
    """Fresh ones; pgbench stands beside HTTP, COPY beside posting."""
    return [Trips(), PgBench(), Http(), Orm(), PostingAndCopy(), Revenue(), Growth(), Storm()]

"""What a provider with one lie is: honest in everything else, and found out by certain promises of the kit."""

from __future__ import annotations

from typing import ClassVar

import msgspec
from reference_bench import ReferenceBench
from reference_provider import Reference

__all__ = ("Lie", "bench_of")


class Lie(Reference):
    """``caught``: the tests that must fail by it."""

    caught: ClassVar[tuple[str, ...]] = ()
    schema: ClassVar[type[msgspec.Struct] | None] = None


def bench_of(lie: type[Lie]) -> ReferenceBench:
    """With honest hands."""
    bench = ReferenceBench(lie())
    if lie.schema is not None:
        bench.schema, bench.settings = lie.schema, {"days": 3}
    return bench

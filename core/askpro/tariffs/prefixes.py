"""Longest prefix of a telephone number.

A dictionary probed once for each length that occurs, longest first. Decks of real carriers have four to
eight lengths, so a look-up is that many slices; a tree of dictionaries needs one step a digit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Generic, TypeVar

__all__ = ("Prefixes",)

T = TypeVar("T")


class Prefixes(Generic[T]):
    """An immutable map from prefix to value that answers for whole numbers."""

    __slots__ = ("_lengths", "_values")

    def __init__(self, values: Mapping[str, T]) -> None:
        self._values = dict(values)
        self._lengths = tuple(sorted({len(prefix) for prefix in self._values}, reverse=True))

    @property
    def depth(self) -> int:
        """Length of the longest prefix: no digit beyond it changes an answer."""
        return self._lengths[0] if self._lengths else 0

    def match(self, number: str) -> tuple[str, T] | None:
        """The longest prefix of ``number`` and its value, or None."""
        values = self._values
        for length in self._lengths:
            prefix = number[:length]
            if prefix in values:
                # A number shorter than this length is sliced to itself, which is again a correct probe.
                return prefix, values[prefix]
        return None

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

"""Identifiers that look like Stripe's and are the same in every run with the same seed."""

from __future__ import annotations

from hashlib import blake2b

__all__ = ("Ids", "digest")

_LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


class Ids:
    """A row of identifiers."""

    def __init__(self, seed: int) -> None:
        self._seed, self._count = seed, 0

    def new(self, prefix: str, length: int = 24) -> str:
        """The next one: ``pi_3K…``."""
        self._count += 1
        return f"{prefix}_{digest(f'{self._seed}:{self._count}', length)}"


def digest(text: str, length: int = 16) -> str:
    """Letters and digits that always stand for the same text; at most 80."""
    number = int.from_bytes(blake2b(text.encode(), digest_size=64).digest())
    letters = []
    for _ in range(length):
        number, rest = divmod(number, len(_LETTERS))
        letters.append(_LETTERS[rest])
    return "".join(letters)

"""Who does something: written beside every booking, audit entry and tariff version."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ("Actor",)

Kind = Literal["person", "key", "system", "operator", "plugin"]


@dataclass(frozen=True, slots=True)
class Actor:
    """A person of a tenant, an API key, a part of the house, an operator at the console, or a plugin."""

    kind: Kind
    name: str
    address: str = ""

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}"

    @classmethod
    def system(cls, part: str) -> Actor:
        """A job or tool of the house itself."""
        return cls("system", part)

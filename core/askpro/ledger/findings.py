"""What the proof and the verification have to say."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

__all__ = ("Finding",)


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it must be. Money as text, in 10⁻⁶.

    ``alarm`` False: to be looked at by somebody, but no amount is wrong by it.
    """

    tenant: UUID
    check: str
    subject: str
    expected: str
    found: str
    alarm: bool = True

    def __str__(self) -> str:
        return f"{self.check}: {self.subject}: expected {self.expected}, found {self.found}"

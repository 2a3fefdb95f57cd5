"""What came of reading a bank's file, for the staff who uploaded it."""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec

__all__ = ("Finding", "Report")


class Finding(msgspec.Struct, frozen=True):
    """One line that needs a person. ``what`` is a word of ours, the rest is the bank's."""

    what: str
    ref: str = ""
    amount: str = ""
    detail: str = ""


@dataclass(slots=True)
class Report:
    """Counted while the file is read."""

    settled: int = 0
    returned: int = 0
    """After credit had been given."""
    rejected: int = 0
    """Before."""
    known: int = 0
    """What had been heard before."""
    others: int = 0
    """Entries that are none of our collections."""
    findings: list[Finding] = field(default_factory=list)

    def note(self, what: str, ref: str = "", amount: str = "", detail: str = "") -> None:
        """Something for a person."""
        if len(self.findings) < 500:
            self.findings.append(Finding(what, ref, amount, detail[:200]))

    def stored(self) -> str:
        """As JSON."""
        return msgspec.json.encode(self).decode()

    @classmethod
    def read(cls, text: str) -> Report:
        """From JSON."""
        return msgspec.json.decode(text, type=cls)

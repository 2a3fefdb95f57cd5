"""The words by which a transfer is known again: a creditor reference of ISO 11649, ``RF18 K7QM 4TXC``.

It survives what people and banks do to it: spaces, lines broken anywhere, small letters, slashes, and letters taken
for digits. Its own letters are drawn from those that nobody takes for others, and before comparing every look-alike
is turned into its digit; the two check digits tell the rest.
"""

from __future__ import annotations

import re
import secrets

__all__ = (
    "FIRST",
    "LENGTH",
    "LETTERS",
    "canonical",
    "grouped",
    "looks_damaged",
    "mentioned",
    "new_reference",
    "valid",
    "with_digits",
)

FIRST = "ACDEFGHJKMNPQRTVWXY"  # a letter, so that nobody drops leading zeros
LETTERS = FIRST + "2346789"
LENGTH = 8
_ALIKE = str.maketrans("OILSBZ", "011582")
_SHAPE = re.compile(rf"(?=RF(\d\d)([{FIRST}][0-9A-Z]{{{LENGTH - 1}}}))")


def new_reference() -> str:
    """A new one, without spaces: 38 bits of chance and two check digits."""
    return with_digits(secrets.choice(FIRST) + "".join(secrets.choice(LETTERS) for _ in range(LENGTH - 1)))


def with_digits(body: str) -> str:
    """The reference of a body: ``RF``, two check digits, the body."""
    return f"RF{98 - _remainder(body + 'RF00'):02}{body}"


def valid(reference: str) -> bool:
    """Whether the check digits of an ISO 11649 reference are right."""
    if not re.fullmatch(r"RF\d\d[0-9A-Z]{1,21}", reference):
        return False
    return _remainder(reference[4:] + reference[:4]) == 1


def grouped(reference: str) -> str:
    """As people read it: in groups of four."""
    return " ".join(reference[i : i + 4] for i in range(0, len(reference), 4))


def canonical(text: str) -> str:
    """Letters and digits only, in capitals, look-alikes as digits: what is compared."""
    return re.sub(r"[^0-9A-Z]", "", text.upper()).translate(_ALIKE)


def mentioned(*texts: str) -> frozenset[str]:
    """The references of our kind that stand in the texts, with right check digits."""
    found = set()
    for text in texts:
        for digits, body in _SHAPE.findall(canonical(text)):
            if valid(f"RF{digits}{body}"):
                found.add(f"RF{digits}{body}")
    return frozenset(found)


def looks_damaged(*texts: str) -> bool:
    """Whether something like a reference stands there, but its check digits are wrong."""
    return any(_SHAPE.search(canonical(text)) for text in texts) and not mentioned(*texts)


def _remainder(text: str) -> int:
    return int("".join(str(int(letter, 36)) for letter in text)) % 97

"""Passwords: argon2id, never anything else, and none that everybody tries first.

Hashing takes 19 MiB and some ten milliseconds of a core, so it runs in two threads of its own: a burst of sign-ins
waits there and neither stops the event loop nor eats the memory (parameters: OWASP password storage).
"""

from __future__ import annotations

import asyncio
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import pairwise

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from askpro.errors import InvalidInput
from askpro.people.common_passwords import COMMON

__all__ = ("LEAST", "RECOMMENDED", "accepted", "hashed", "verified")

LEAST = 8
"""Characters a password has at least."""
RECOMMENDED = 12
"""Characters the forms recommend."""
_MOST = 256  # more only makes hashing dear

_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1, type=Type.ID)
_threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="argon2")


def accepted(password: str, *about: str) -> str:
    """The password as it is hashed (NFKC), if it is one we take.

    Args:
        about: what an attacker knows of the person (e-mail, name, house): it may not be the password itself.

    Raises InvalidInput with field ``password`` and code ``password_short``, ``_long`` or ``_common``.
    """
    normal = unicodedata.normalize("NFKC", password)
    if len(normal) < LEAST:
        raise InvalidInput(f"at least {LEAST} characters", code="password_short", field="password")
    if len(normal) > _MOST:
        raise InvalidInput(f"at most {_MOST} characters", code="password_long", field="password")
    folded = normal.casefold()
    known = {part for text in about for part in (text.casefold(), text.casefold().partition("@")[0]) if part}
    if folded in COMMON or folded.rstrip("0123456789!.?") in COMMON | known or folded in known or _monotonous(folded):
        raise InvalidInput("this password is among the first that are tried", code="password_common", field="password")
    return normal


def _monotonous(text: str) -> bool:
    """A character or two over and over, or a run like 12345678 and abcdefgh."""
    steps = {ord(b) - ord(a) for a, b in pairwise(text)}
    return len(set(text)) <= 2 or steps in ({1}, {-1})


async def hashed(password: str) -> str:
    """The argon2id hash of an accepted password."""
    return await asyncio.get_running_loop().run_in_executor(_threads, _hasher.hash, password)


async def verified(password: str, stored: str) -> tuple[bool, bool]:
    """Whether the password is right, and whether the hash should be made anew with today's parameters.

    For an empty ``stored`` (nobody there, or no password set) a dummy is verified, so that the time an answer
    takes does not tell whether somebody exists.
    """
    normal = unicodedata.normalize("NFKC", password[: _MOST * 4])
    return await asyncio.get_running_loop().run_in_executor(_threads, _verify, normal, stored)


def _verify(password: str, stored: str) -> tuple[bool, bool]:
    try:
        _hasher.verify(stored or _dummy(), password)
    except (VerificationError, InvalidHashError):
        return False, False
    return bool(stored), _hasher.check_needs_rehash(stored) if stored else False


@cache
def _dummy() -> str:
    return _hasher.hash("nobody has this password")

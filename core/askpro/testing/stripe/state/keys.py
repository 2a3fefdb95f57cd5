"""Idempotency keys: the first answer is the answer, for a day."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from askpro.testing.stripe.wire.faults import Fault

__all__ = ("LIVES", "Kept", "KeyRing")

LIVES = 86_400
"""Seconds for which an answer is kept."""


@dataclass(slots=True)
class Kept:
    """A request made with a key. ``body`` is None while it is being answered."""

    path: str
    parameters: str
    request: str
    at: int
    status: int = 0
    body: bytes | None = None


class KeyRing:
    """The keys of all accounts; a key is its account's own."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, bool, str], Kept] = {}

    def begin(
        self, account: str, livemode: bool, key: str, path: str, params: dict[str, Any], request: str, now: int
    ) -> Kept:
        """The kept answer, or a fresh place for one (its ``body`` is None and ``request`` ours).

        Raises Fault: idempotency_error when the key was used for something else, 409 while the first is under way.
        """
        if len(key) > 255:
            raise Fault(
                400, "invalid_request_error", "Idempotency keys can have at most 255 characters", executed=False
            )
        place = (account, livemode, key)
        parameters = json.dumps(params, sort_keys=True)
        known = self._kept.get(place)
        if known is None or known.at + LIVES <= now:
            known = self._kept[place] = Kept(path, parameters, request, now)
            return known
        if known.path != path:
            raise self._misused(
                f"Keys for idempotent requests can only be used for the same endpoint they were first used for"
                f" ('{path}' vs '{known.path}'). Try using a key other than '{key}' if you meant to execute a different"
                " request."
            )
        if known.parameters != parameters:
            raise self._misused(
                "Keys for idempotent requests can only be used with the same parameters they were first used with. Try"
                f" using a key other than '{key}' if you meant to execute a different request."
            )
        if known.body is None:
            raise Fault(
                409,
                "invalid_request_error",
                "There is currently another in-progress request using this Idempotent Key (that probably means you"
                f" submitted twice, and the other request is still going through): {key}. Please try again later.",
                executed=False,
                code="idempotency_key_in_use",
            )
        return known

    @property
    def busy(self) -> bool:
        """Whether a request with a key is under way."""
        return any(one.body is None for one in self._kept.values())

    def finish(self, account: str, livemode: bool, key: str, status: int, body: bytes) -> None:
        """Keep the answer."""
        known = self._kept[account, livemode, key]
        known.status, known.body = status, body

    def forget(self, account: str, livemode: bool, key: str) -> None:
        """Nothing was executed: the key is free again."""
        self._kept.pop((account, livemode, key), None)

    @staticmethod
    def _misused(message: str) -> Fault:
        return Fault(400, "idempotency_error", message, executed=False)

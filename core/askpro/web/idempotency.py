"""Idempotent commands (D12): the same key does the same thing once, and gets the same answer again.

The key, the effect and the stored answer are one transaction: either all of them are there or none, so a
crash leaves nothing that is "still running". While a first request is at work it holds an advisory lock; a second
one does not wait for it but is told 409. Keys are per tenant, principal, method and path, and are kept 24 hours.

Refusals of the business (a name taken, no funds) are answers and are stored too; what may go away by itself
(503, 429, a lost race) is not, so it can be tried again under the same key.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from uuid import UUID

from askpro import db
from askpro.clock import now
from askpro.errors import N_, AskProError, BadRequest, Conflict, InvalidInput, Moved, RateLimited

__all__ = ("KEPT", "Answer", "once", "read_key")

KEPT = timedelta(hours=24)
"""How long a key is remembered; published in the API document."""

_QUOTED = re.compile(r'"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"')  # RFC 9651 sf-string
_BARE = re.compile(r"[\x21\x23-\x2b\x2d-\x3a\x3c-\x7e]+")  # what clients send that know no structured fields
_LONGEST = 255


@dataclass(frozen=True, slots=True)
class Answer:
    """What went back, or goes back again."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    replayed: bool = False


def read_key(values: Sequence[str], *, required: bool) -> str | None:
    """The key in the ``Idempotency-Key`` header lines. Raises BadRequest when it is missing, doubled or unreadable."""
    if not values:
        if required:
            raise BadRequest("this route needs an Idempotency-Key header", code="idempotency_key_missing")
        return None
    if len(values) > 1:
        raise BadRequest("the Idempotency-Key header came more than once", code="idempotency_key_invalid")
    text = values[0].strip()
    if quoted := _QUOTED.fullmatch(text):
        key = re.sub(r"\\(.)", r"\1", quoted[1])
    elif _BARE.fullmatch(text):
        key = text
    else:
        raise BadRequest('an Idempotency-Key is written "like this"', code="idempotency_key_invalid")
    if not 1 <= len(key) <= _LONGEST:
        raise BadRequest(f"an Idempotency-Key has 1 to {_LONGEST} characters", code="idempotency_key_invalid")
    return key


async def once(
    tenant: UUID,
    principal: str,
    route: str,
    key: str,
    payload: bytes,
    work: Callable[[], Awaitable[Answer]],
    refusal: Callable[[AskProError], Answer],
) -> Answer:
    """Do ``work`` in a unit of the tenant unless it was done under this key before.

    ``route`` is method and path; ``payload`` what the request asks for; ``refusal`` makes the answer to an error.
    Raises Conflict (``idempotency_running``) while the first is at work and InvalidInput (``idempotency_reused``) when
    the key stands for another payload.
    """
    digest = sha256(payload).digest()
    async with db.unit(tenant):
        name = f"{tenant}\x1f{principal}\x1f{route}\x1f{key}"
        if not await db.fetchval("select pg_try_advisory_xact_lock(hashtextextended($1, 7411003))", name):
            raise Conflict(
                "a request with this key is being worked on",
                code="idempotency_running",
                title=N_("The first request is still being worked on."),
            )
        # a statement of its own: its snapshot is younger than the lock, so it sees what the last holder committed
        row = await db.fetchrow(
            "select body_hash, status, headers, body from web.idempotency"
            " where tenant_id = $1 and principal = $2 and route = $3 and key = $4 and expires_at > $5",
            tenant, principal, route, key, now(),
        )  # fmt: skip
        if row is not None:
            if row["body_hash"] != digest:
                raise InvalidInput(
                    "this key was used for another request",
                    code="idempotency_reused",
                    title=N_("This key belongs to another request."),
                )
            return Answer(row["status"], row["body"], row["headers"], replayed=True)
        answer = await _attempt(tenant, work, refusal)
        await _store(tenant, principal, route, key, digest, answer)
    return answer


async def _attempt(
    tenant: UUID, work: Callable[[], Awaitable[Answer]], refusal: Callable[[AskProError], Answer]
) -> Answer:
    try:
        async with db.unit(tenant):  # a savepoint: what a refused command has written goes away again
            return await work()
    except AskProError as error:
        if error.status >= 500 or isinstance(error, (Moved, RateLimited)):
            raise
        return refusal(error)


async def _store(tenant: UUID, principal: str, route: str, key: str, digest: bytes, answer: Answer) -> None:
    await db.execute(
        "insert into web.idempotency (tenant_id, principal, route, key, body_hash, status, headers, body, expires_at)"
        " values ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
        " on conflict (tenant_id, principal, route, key) do update set body_hash = excluded.body_hash,"
        " status = excluded.status, headers = excluded.headers, body = excluded.body, created_at = now(),"
        " expires_at = excluded.expires_at",
        tenant, principal, route, key, digest, answer.status, answer.headers, answer.body, now() + KEPT,
    )  # fmt: skip

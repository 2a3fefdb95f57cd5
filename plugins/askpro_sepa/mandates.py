"""The register of mandates. Every function works in an open book."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from hashlib import sha256
from uuid import UUID

from askpro.errors import NotFound
from askpro_sepa.model import Mandate, MandateState, mandate_of
from askpro_sepa.store import Book

__all__ = (
    "add",
    "by_id",
    "by_ids",
    "by_ref",
    "close",
    "draw_ref",
    "fingerprint",
    "methods_of",
    "of_customer",
    "search",
    "set_default",
    "told",
    "untold",
    "used",
)

_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # none that is taken for another when it is read out
_FIELDS = tuple(name for name in Mandate.__dataclass_fields__)
_COLUMNS = ", ".join(_FIELDS)


def draw_ref(prefix: str, day: date) -> str:
    """A fresh number of at most 27 letters: ``NORD-M261122-7KQ2M4PX``. Drawn, so it tells nobody how many there are."""
    drawn = "".join(secrets.choice(_LETTERS) for _ in range(8))
    return f"{prefix.rstrip('-').upper()}-M{day:%y%m%d}-{drawn}".lstrip("-")


def fingerprint(tenant: UUID, iban: str) -> str:
    """The same for the same account of the same tenant's customers, and nothing to anybody else."""
    return sha256(f"{tenant}:{iban}".encode()).hexdigest()[:32]


async def add(book: Book, mandate: Mandate) -> Mandate:
    """Enter it. The first one that can be charged again becomes its customer's default."""
    if not mandate.single:
        others = await methods_of(book, mandate.customer)
        mandate = replace(mandate, is_default=not any(one.is_default for one in others))
    marks = ", ".join(f"${number}" for number in range(2, len(_FIELDS) + 2))
    await book.unit.execute(
        f"insert into plug_sepa.mandate (tenant_id, {_COLUMNS}) values ($1, {marks})",  # noqa: S608 - our own names
        book.tenant,
        *(getattr(mandate, name) for name in _FIELDS),
    )
    return mandate


async def by_id(book: Book, identifier: UUID) -> Mandate:
    """Raises NotFound."""
    return (await by_ids(book, [identifier]))[0]


async def by_ids(book: Book, identifiers: Iterable[UUID]) -> list[Mandate]:
    """In the order of their numbers. Raises NotFound when one is missing."""
    wanted = sorted(set(identifiers))
    rows = await book.unit.fetch(
        f"select {_COLUMNS} from plug_sepa.mandate where tenant_id = $1 and id = any($2) order by id",  # noqa: S608
        book.tenant,
        wanted,
    )
    if len(rows) != len(wanted):
        raise NotFound("there is no such mandate")
    return [mandate_of(row) for row in rows]


async def by_ref(book: Book, ref: str) -> Mandate | None:
    """Locked: whoever wants to use or close it waits."""
    row = await book.unit.fetchrow(
        f"select {_COLUMNS} from plug_sepa.mandate where tenant_id = $1 and ref = $2 for update",  # noqa: S608
        book.tenant,
        ref,
    )
    return mandate_of(row) if row is not None else None


async def of_customer(book: Book, customer: str) -> list[Mandate]:
    """All of a customer's, the newest first."""
    rows = await book.unit.fetch(
        f"select {_COLUMNS} from plug_sepa.mandate where tenant_id = $1 and customer = $2 order by id desc",  # noqa: S608
        book.tenant,
        customer,
    )
    return [mandate_of(row) for row in rows]


async def methods_of(book: Book, customer: str) -> list[Mandate]:
    """Those of a customer that are a way to pay, the oldest first; one that has expired is still shown."""
    found = await of_customer(book, customer)
    return [one for one in reversed(found) if one.state == "active" and not one.single]


async def search(book: Book, text: str = "", *, state: str = "", most: int = 200) -> list[Mandate]:
    """By number, name, customer or the end of the account, the newest first."""
    rows = await book.unit.fetch(
        f"select {_COLUMNS} from plug_sepa.mandate where tenant_id = $1"  # noqa: S608
        " and ($2 = '' or position(lower($2) in lower(ref)) > 0 or position(lower($2) in lower(name)) > 0"
        " or customer = $2 or ($5 <> '' and right(iban, 4) = $5))"
        " and ($3 = '' or state = $3) order by id desc limit $4",
        book.tenant,
        text,
        state,
        most,
        _last_four(text),
    )
    return [mandate_of(row) for row in rows]


def _last_four(text: str) -> str:
    """Of an account that was typed in, whole or its end; empty for other words."""
    digits = "".join(text.split())[-4:]
    return digits if len(digits) == 4 and digits.isascii() and digits.isdecimal() else ""


async def close(book: Book, mandate: Mandate, state: MandateState, reason: str, by: str) -> bool:
    """End it; the next one of the customer becomes the default. False: it had ended before."""
    tag = await book.unit.execute(
        "update plug_sepa.mandate set state = $3, reason = $4, closed_at = $5, closed_by = $6, is_default = false"
        " where tenant_id = $1 and id = $2 and state = 'active'",
        book.tenant, mandate.id, state, reason, book.now, by,
    )  # fmt: skip
    if mandate.is_default and (rest := await methods_of(book, mandate.customer)):
        await set_default(book, mandate.customer, rest[-1].id)
    return tag.endswith(" 1")


async def set_default(book: Book, customer: str, identifier: UUID) -> None:
    """Two statements, because at no moment there may be two."""
    await book.unit.execute(
        "update plug_sepa.mandate set is_default = false where tenant_id = $1 and customer = $2 and is_default",
        book.tenant, customer,
    )  # fmt: skip
    await book.unit.execute(
        "update plug_sepa.mandate set is_default = true where tenant_id = $1 and customer = $2 and id = $3",
        book.tenant, customer, identifier,
    )  # fmt: skip


async def used(book: Book, days: dict[UUID, date]) -> None:
    """They stand in a file for a collection on that day; one that was given for one payment has done its work."""
    await book.unit.executemany(
        "update plug_sepa.mandate set first_used_on = coalesce(first_used_on, $3),"
        " last_used_on = greatest(last_used_on, $3),"
        " state = case when single and state = 'active' then 'used' else state end where tenant_id = $1 and id = $2",
        [(book.tenant, identifier, day) for identifier, day in days.items()],
    )


async def untold(book: Book) -> list[Mandate]:
    """Saved mandates whose state the core has not heard of."""
    rows = await book.unit.fetch(
        f"select {_COLUMNS} from plug_sepa.mandate where tenant_id = $1 and not single and told <> state"  # noqa: S608
        " order by id limit 500",
        book.tenant,
    )
    return [mandate_of(row) for row in rows]


async def told(book: Book, mandate: Mandate) -> None:
    """The core has heard of this state."""
    await book.unit.execute(
        "update plug_sepa.mandate set told = $3 where tenant_id = $1 and id = $2",
        book.tenant, mandate.id, mandate.state,
    )  # fmt: skip

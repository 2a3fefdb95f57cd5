"""Lists of things with an id, latest first, a page at a time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar
from uuid import UUID

from askpro.web.api.endpoint import Call
from askpro.web.pagination import decode_cursor, encode_cursor, page_link, scope_of

__all__ = ("Listed", "Page", "page_of")


class Listed(Protocol):
    """What has an id that grows with time."""

    @property
    def id(self) -> UUID: ...


T = TypeVar("T", bound=Listed)


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """``next``: the cursor of the page after; ``headers``: the link to it."""

    items: list[T]
    next: str | None
    headers: dict[str, str]


async def page_of(
    call: Call[Any, Any],
    path: str,
    kept: Mapping[str, Any],
    read: Callable[[UUID | None, int], Awaitable[list[T]]],
) -> Page[T]:
    """The page that the call's ``cursor`` and ``limit`` ask for.

    Args:
        kept: the other filters; a cursor is good for these and this path only.
        read: what comes after an id (None: from the top), so many.

    Raises InvalidInput (``cursor_invalid``).
    """
    scope = scope_of(call.tenant.id, path, *kept.values())
    before = decode_cursor(call.query.cursor, tuple[UUID], scope)[0] if call.query.cursor else None
    found = await read(before, call.query.limit + 1)
    items = found[: call.query.limit]
    following = encode_cursor((items[-1].id,), scope) if len(found) > len(items) else None
    return Page(items, following, page_link(path, following, {**kept, "limit": call.query.limit}))

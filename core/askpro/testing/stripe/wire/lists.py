"""Lists, page by page: newest first, cut by ``starting_after``, ``ending_before``, ``limit`` and ``created``."""

from __future__ import annotations

from collections.abc import Iterable

from askpro.testing.stripe.wire.faults import invalid, no_such
from askpro.testing.stripe.wire.params import Params
from askpro.testing.stripe.wire.routes import Call, Obj

__all__ = ("CREATED", "PAGE", "listed", "page", "whole_list")

PAGE = "limit starting_after ending_before"
CREATED = f"{PAGE} created created.gt created.gte created.lt created.lte"
"""The parameters of lists without and with a filter by time."""


def page(call: Call, found: Iterable[Obj], url: str) -> Obj:
    """The asked page of what was found (oldest first, as the book has it)."""
    params = call.params
    limit = params.whole("limit", 10) or 0
    if not 1 <= limit <= 100:
        raise invalid("Invalid limit: must be between 1 and 100", param="limit")
    things = [one for one in reversed(list(found)) if _in_time(params, one.get("created"))]
    if after := params.text("starting_after"):
        things = things[_position(things, after, "starting_after") + 1 :]
        return listed(things[:limit], url, more=len(things) > limit)
    if before := params.text("ending_before"):
        things = things[: _position(things, before, "ending_before")]
        return listed(things[-limit:], url, more=len(things) > limit)
    return listed(things[:limit], url, more=len(things) > limit)


def listed(things: list[Obj], url: str, *, more: bool = False) -> Obj:
    """A list object."""
    return {"object": "list", "data": things, "has_more": more, "url": url}


def whole_list(things: Iterable[Obj], url: str) -> Obj:
    """A list inside an object: the ten newest."""
    ordered = list(reversed(list(things)))
    return listed(ordered[:10], url, more=len(ordered) > 10)


def _position(things: list[Obj], identifier: str, param: str) -> int:
    for number, one in enumerate(things):
        if one["id"] == identifier:
            return number
    raise no_such("object", identifier, param=param, status=400)


def _in_time(params: Params, created: int | None) -> bool:
    if "created" not in params or created is None:
        return True
    if isinstance(params.values["created"], str):
        return created == params.whole("created")
    bounds = params.inner("created")
    gt, gte, lt, lte = (bounds.whole(name) for name in ("gt", "gte", "lt", "lte"))
    return (
        (gt is None or created > gt)
        and (gte is None or created >= gte)
        and (lt is None or created < lt)
        and (lte is None or created <= lte)
    )

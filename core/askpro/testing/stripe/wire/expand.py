"""``expand[]``: an id becomes the object it names, a list that is left out comes along."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from askpro.testing.stripe.state.book import Book
from askpro.testing.stripe.wire.faults import invalid
from askpro.testing.stripe.wire.lists import listed, whole_list
from askpro.testing.stripe.wire.routes import Obj

__all__ = ("expanded",)

_DEEPEST = 4


def expanded(answer: Obj, paths: list[str], book: Book) -> Obj:
    """A copy of the answer with the paths opened. Raises Fault for one that cannot be."""
    answer = copy.deepcopy(answer)
    for path in paths:
        steps = path.split(".")
        if len(steps) > _DEEPEST + (steps[0] == "data"):
            raise invalid(f"You cannot expand more than {_DEEPEST} levels of a property", param="expand")
        _open(answer, steps, book, path)
    return answer


def _open(thing: Any, steps: list[str], book: Book, path: str) -> None:
    if not steps or thing is None:
        return
    if isinstance(thing, list):
        for one in thing:
            _open(one, steps, book, path)
        return
    first, *rest = steps
    if not isinstance(thing, dict):
        raise _cannot(path)
    if first not in thing and (extra := _LEFT_OUT.get((thing.get("object", ""), first))):
        thing[first] = copy.deepcopy(extra(thing, book))
    if first not in thing:
        raise _cannot(path)
    if isinstance(thing[first], str):
        found = book.objects.get(thing[first]) or book.abroad(thing[first])
        if found is None:
            raise _cannot(path)
        thing[first] = copy.deepcopy(found)
    _open(thing[first], rest, book, path)


def _cannot(path: str) -> Exception:
    return invalid(
        f"This property cannot be expanded ({path}). You may want to try expanding 'data.{path}' instead.",
        param="expand",
    )


def _refunds(charge: Obj, book: Book) -> Obj:
    found = [one for one in book.every("refund") if one["charge"] == charge["id"]]
    return whole_list(found, f"/v1/charges/{charge['id']}/refunds")


def _line_items(session: Obj, book: Book) -> Obj:
    return listed(book.hidden[session["id"]]["line_items"], f"/v1/checkout/sessions/{session['id']}/line_items")


_LEFT_OUT: dict[tuple[str, str], Callable[[Obj, Book], Any]] = {
    ("charge", "refunds"): _refunds,
    ("checkout.session", "line_items"): _line_items,
}

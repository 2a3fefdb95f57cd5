"""Everything of one account in one mode. Test and live never meet, nor do two accounts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from askpro.testing.stripe.wire.faults import no_such
from askpro.testing.stripe.wire.routes import Obj

if TYPE_CHECKING:
    from askpro.testing.stripe.state.world import World

__all__ = ("Book",)


class Book:
    """Objects by id, oldest first, and beside each what Stripe knows and does not tell (``hidden``)."""

    def __init__(self, world: World, account: str, livemode: bool) -> None:
        self.world, self.account, self.livemode = world, account, livemode
        self.objects: dict[str, Obj] = {}
        """To be read; ``add``, ``remove`` and ``undo`` write."""
        self._kinds: defaultdict[str, dict[str, Obj]] = defaultdict(dict)
        self.hidden: defaultdict[str, dict[str, Any]] = defaultdict(dict)

    @property
    def now(self) -> int:
        """Seconds since 1970."""
        return self.world.clock.now()

    @property
    def mode(self) -> str:
        """``test`` or ``live``."""
        return "live" if self.livemode else "test"

    def new_id(self, prefix: str, length: int = 24) -> str:
        """A fresh identifier."""
        return self.world.ids.new(prefix, length)

    def add(self, thing: Obj) -> Obj:
        """Keep a new object."""
        self.objects[thing["id"]] = self._kinds[thing["object"]][thing["id"]] = thing
        return thing

    def remove(self, thing: Obj) -> Obj:
        """Put the sign in its place that says it is deleted."""
        return self.add({"id": thing["id"], "object": thing["object"], "deleted": True})

    def undo(self, length: int) -> None:
        """Forget all but the first so many objects."""
        while len(self.objects) > length:
            identifier, thing = self.objects.popitem()
            del self._kinds[thing["object"]][identifier]

    def every(self, kind: str) -> Iterator[Obj]:
        """All objects of a kind, oldest first; deleted ones are gone."""
        return (one for one in self._kinds[kind].values() if not one.get("deleted"))

    def need(self, kind: str, identifier: str, *, param: str | None = "id", deleted: bool = False) -> Obj:
        """The object. Raises Fault: resource_missing, 404 when the path names it, 400 when a parameter does."""
        found = self.objects.get(identifier)
        if found is not None and found["object"] == kind and (deleted or not found.get("deleted")):
            return found
        elsewhere = self.world.books.get((self.account, not self.livemode))
        other = elsewhere.mode if elsewhere is not None and identifier in elsewhere.objects else ""
        status = 404 if param in ("id", None) else 400
        raise no_such(kind.replace(".", " "), identifier, param=param, other_mode=other, status=status)

    def abroad(self, identifier: str) -> Obj | None:
        """An object of another account of the same platform, or an account itself."""
        return self.world.anywhere(identifier, self.livemode)

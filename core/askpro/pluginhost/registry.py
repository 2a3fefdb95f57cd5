"""Things with a key that plugins give: looked up by key, so installation order decides nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Generic, TypeVar

from askpro.errors import NotFound
from askpro.pluginhost.records import Quarantined

__all__ = ("Registry",)

T = TypeVar("T")


class Registry(Generic[T]):
    """Key → (plugin id, thing). A key is taken once; the later comer is refused."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._held: dict[str, tuple[str, T]] = {}

    def check(self, plugin: str, keys: Iterable[str]) -> None:
        """Raises Quarantined when one of the keys is taken, or given twice."""
        mine: set[str] = set()
        for key in keys:
            owner = plugin if key in mine else self._held.get(key, ("",))[0]
            if owner:
                raise Quarantined(f"the {self._kind} {key!r} is already given by {owner}")
            mine.add(key)

    def add(self, plugin: str, key: str, thing: T) -> None:
        """Take it in; ``check`` came before."""
        self._held[key] = (plugin, thing)

    def drop(self, plugin: str) -> None:
        """Forget everything that a plugin gave."""
        self._held = {key: held for key, held in self._held.items() if held[0] != plugin}

    def find(self, key: str) -> tuple[str, T]:
        """The plugin's id and the thing. Raises NotFound."""
        try:
            return self._held[key]
        except KeyError:
            raise NotFound(f"no {self._kind} {key!r}", code="provider_unknown") from None

    def __iter__(self) -> Iterator[tuple[str, str, T]]:
        """(key, plugin id, thing), by key."""
        return ((key, *self._held[key]) for key in sorted(self._held))

    def __len__(self) -> int:
        return len(self._held)

"""Which tenant answers to a host, remembered in the process (every request asks).

What is remembered, unknown hosts too, is dropped when any tenant changed: at once in the process that changed
it (``forget``, after its commit), within a second in the others, which compare ``tenancy.stamp()``.
"""

from __future__ import annotations

import re
import time
from collections import OrderedDict
from collections.abc import Callable

from askpro import db
from askpro.errors import UnknownHost
from askpro.tenancy.model import Tenant, tenant_of

__all__ = ("POLL_SECONDS", "Hosts", "forget", "normalised")

POLL_SECONDS = 1.0
"""How old an answer may be after another process changed a tenant."""

_LIMIT = 10_000  # hosts are chosen by strangers, so what is remembered of them is bounded
_changes = 0


def forget() -> None:
    """A tenant changed in this process: every cache of it starts anew. Meant for ``db.after_commit``."""
    global _changes
    _changes += 1


def normalised(host: str) -> str:
    """A Host header as we compare it: lower case, without port and closing dot; empty for what is no host name."""
    name = host.lower().rsplit(":", 1)[0] if re.search(r":\d{0,5}$", host) else host.lower()
    name = name.removesuffix(".")
    return name if re.fullmatch(r"[a-z0-9.-]{1,253}", name, re.ASCII) else ""


class Hosts:
    """Host → tenant for one process and one base domain."""

    def __init__(
        self, base_domain: str, *, poll: float = POLL_SECONDS, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._base = base_domain
        self._poll = poll
        self._monotonic = monotonic
        self._known: OrderedDict[str, Tenant | None] = OrderedDict()
        self._stamp: int | None = None
        self._changes = _changes
        self._next_look = float("-inf")
        self._generation = 0

    def is_base(self, host: str) -> bool:
        """Whether a Host header names the base domain itself."""
        return normalised(host) == self._base

    async def find(self, host: str) -> Tenant:
        """The tenant of a Host header. Raises UnknownHost (421), also for closed resellers."""
        name = normalised(host)
        if not name:
            raise UnknownHost
        await self._refresh()
        if name in self._known:
            self._known.move_to_end(name)
            tenant = self._known[name]
        else:
            generation = self._generation
            tenant = await self._load(name)
            if generation == self._generation:  # else somebody changed a tenant while we read
                self._remember(name, tenant)
        if tenant is None:
            raise UnknownHost
        return tenant

    async def _refresh(self) -> None:
        """Drop everything when a tenant changed. One request a second asks; the others do not wait for it."""
        if self._changes != _changes:
            self._changes = _changes
            self._clear()
        now = self._monotonic()
        if now < self._next_look:
            return
        self._next_look = now + self._poll
        rows = await db.call("select tenancy.stamp() as stamp")
        if rows[0]["stamp"] != self._stamp:
            self._stamp = rows[0]["stamp"]
            self._clear()

    def _clear(self) -> None:
        self._known.clear()
        self._generation += 1

    def _remember(self, name: str, tenant: Tenant | None) -> None:
        self._known[name] = tenant
        while len(self._known) > _LIMIT:
            self._known.popitem(last=False)

    async def _load(self, name: str) -> Tenant | None:
        row = await db.call_row("select * from tenancy.by_host($1, $2)", name, self._base)
        if row is None:
            return None
        async with db.unit(row["id"]):
            primary = await db.fetchval(
                "select host from tenancy.domain where tenant_id = $1 and is_primary", row["id"]
            )
        return tenant_of(row, primary or "")

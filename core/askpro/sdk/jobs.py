"""Work that a plugin does by the clock."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from askpro.sdk.context import Context

__all__ = ("JobSpec",)


@dataclass(frozen=True, slots=True)
class JobSpec:
    """A repeated job; it must bear being run twice. ``cron`` has five fields and means UTC."""

    name: str
    cron: str
    run: Callable[[Context], Awaitable[None]]
    per_tenant: bool = True
    """True: once for each tenant that has the plugin enabled. False: once, without a tenant."""
    deadline: float = 60.0
    """Seconds after which a run is given up."""
    when_disabled: bool = False
    """True: also for tenants that have saved settings and switched the plugin off since, to bring to an end what was
    begun."""

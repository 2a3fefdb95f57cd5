"""Where each plugin stands on its way from "found" to "ready", and what the operator is told about it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import msgspec

from askpro.sdk.jobs import JobSpec
from askpro.sdk.manifest import Manifest
from askpro.sdk.providers import PaymentProvider
from askpro.sdk.rates import Currency, RateSource
from askpro.sdk.routes import RouteSpec
from askpro.sdk.settings import NoSettings

__all__ = ("Contributions", "Failure", "Hook", "PluginRecord", "PluginReport", "Quarantined", "Stage")


class Stage(StrEnum):
    """The lifecycle, in order. A quarantined plugin keeps the last stage that it passed."""

    DISCOVERED = "discovered"
    VERSION = "version checked"
    IMPORTED = "imported"
    REGISTERED = "registered"
    MIGRATED = "migrations in"
    CONFIGURED = "settings valid"
    READY = "ready"


class Quarantined(Exception):  # noqa: N818 - it names a state, as KeyboardInterrupt does
    """The plugin does not pass; the text is the reason shown to the operator."""


@dataclass(frozen=True, slots=True)
class Failure:
    """One failed call. ``error`` never holds more than the error's class and its first line."""

    at: datetime
    what: str
    tenant: str
    error: str


@dataclass(slots=True)
class Contributions:
    """What a plugin gave at start."""

    settings: type[msgspec.Struct] = NoSettings
    providers: tuple[PaymentProvider, ...] = ()
    rate_sources: tuple[RateSource, ...] = ()
    currencies: tuple[Currency, ...] = ()
    routes: tuple[RouteSpec, ...] = ()
    jobs: tuple[JobSpec, ...] = ()


@dataclass(frozen=True, slots=True)
class Hook:
    """One implementation: the function and the arguments that it asks for."""

    function: Callable[..., Any]
    wants: tuple[str, ...]

    def bound(self, values: Mapping[str, Any]) -> tuple[Any, ...]:
        """The arguments in the order in which it wants them."""
        return tuple(values[name] for name in self.wants)


@dataclass(slots=True)
class PluginRecord:
    """The host's own notes about one plugin."""

    id: str
    entry_point: EntryPoint | None = None
    distribution: str = ""
    folder: Path | None = None
    manifest: Manifest | None = None
    plugin: Any = None
    stage: Stage = Stage.DISCOVERED
    reason: str = ""
    """Why it is quarantined; empty: it is not."""
    functions: dict[str, Hook] = field(default_factory=dict)
    given: Contributions = field(default_factory=Contributions)
    failures: deque[Failure] = field(default_factory=lambda: deque(maxlen=20))

    @property
    def hooks(self) -> tuple[str, ...]:
        """The hooks it implements."""
        return tuple(sorted(self.functions))

    @property
    def ready(self) -> bool:
        """Whether the host calls it."""
        return self.stage is Stage.READY and not self.reason

    def known(self) -> Manifest:
        """The manifest of a plugin that passed the version check."""
        if self.manifest is None:
            raise Quarantined("it has no manifest")
        return self.manifest


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginReport:
    """One plugin in ``askpro plugins list|doctor``, ``/admin/plugins`` and ``/health``."""

    id: str
    title: str
    version: str
    distribution: str
    stage: Stage
    ready: bool
    required: bool
    reason: str
    sdk: str
    capabilities: tuple[str, ...]
    hooks: tuple[str, ...]
    schema_state: str
    breaker: str
    calls: int
    failed: int
    seconds: float
    last_failures: tuple[Failure, ...]

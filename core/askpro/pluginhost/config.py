"""What the operator decides about plugins."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ("HostConfig", "platform_settings")


@dataclass(frozen=True, slots=True, kw_only=True)
class HostConfig:
    """Times are seconds."""

    only: tuple[str, ...] | None = None
    """``ASKPRO_PLUGINS``: load only these; () none, None all."""
    strict: bool = False
    """``ASKPRO_PLUGINS_STRICT=1``: a quarantined plugin stops the start."""
    required: tuple[str, ...] = ()
    """``ASKPRO_REQUIRED_PLUGINS``: readiness is red and no job runs until these are up."""
    production: bool = False
    start_deadline: float = 20.0
    """For an import and for each ``register_*``."""
    deadline: float = 5.0
    """For a hook or a page while the house runs."""
    money_deadline: float = 35.0
    """For a call to a payment provider: longer than its own HTTP timeout, so that it can say what it knows."""
    max_threads: int = 4
    """Plain functions of one plugin that run at once; one that hangs keeps its thread."""
    breaker_failures: int = 5
    breaker_window: float = 60.0
    breaker_cooldown: float = 30.0
    settings: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Platform-level settings by plugin id."""


def platform_settings(environ: Mapping[str, str] | None = None) -> dict[str, dict[str, str]]:
    """``ASKPRO_PLUGIN_<ID>__<FIELD>`` variables, by plugin and field."""
    found: dict[str, dict[str, str]] = {}
    for name, value in (os.environ if environ is None else environ).items():
        if match := re.fullmatch(r"ASKPRO_PLUGIN_([A-Z0-9]+)__([A-Z0-9_]+)", name):
            found.setdefault(match[1].lower(), {})[match[2].lower()] = value
    return found

"""Logs: one shape for ours, the framework's and the plugins' lines; a request's id and tenant in each of them.

Secrets do not get in: values under a telling name, and whatever looks like a credential inside a text, are
replaced before anything is written. Line breaks from outside cannot fake a second line.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from contextvars import ContextVar
from typing import Any

import structlog

__all__ = ("HIDDEN", "configure", "redacted", "request_id", "tenant_slug")

request_id: ContextVar[str] = ContextVar("askpro_request_id", default="")
tenant_slug: ContextVar[str] = ContextVar("askpro_tenant_slug", default="")

HIDDEN = "[hidden]"
_NAMES = re.compile(
    r"authori[sz]ation|cookie|password|passwd|secret|token|api_?key|access_?key|key_hash|credential|csrf|signature",
    re.I,
)
_VALUES = re.compile(
    r"(?P<scheme>\b(?:Bearer|Basic)\s+)[\w.~+/=-]{6,}"  # Authorization, quoted in a text
    r"|(?P<prefix>\b(?:whsec|sk|rk|pk|ask)_)[\w+/=-]{12,}"  # keys that say what they are
    r"|(?P<url>[a-z+]+://[^\s:/@]*:)[^\s@]+(?=@)"  # password in an address
)
_DEPTH = 6


def redacted(value: Any, depth: int = _DEPTH) -> Any:
    """The same without secrets; texts come back on one line."""
    if isinstance(value, str):
        hidden = _VALUES.sub(lambda m: (m["scheme"] or m["prefix"] or m["url"]) + HIDDEN, value)
        return hidden.replace("\r", "\\r").replace("\n", "\\n")
    if isinstance(value, bytes):
        return f"<{len(value)} bytes>"
    if depth and isinstance(value, Mapping):
        return {
            key: HIDDEN if isinstance(key, str) and _NAMES.search(key) else redacted(one, depth - 1)
            for key, one in value.items()
        }
    if depth and isinstance(value, (list, tuple, set, frozenset)):
        return [redacted(one, depth - 1) for one in value]
    return value


def _hide(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    kept = {name: event.pop(name) for name in ("exc_info", "_record", "_from_structlog") if name in event}
    cleaned: dict[str, Any] = redacted(event)
    return {**cleaned, **kept}


def _hide_traceback(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A traceback keeps its lines, but an exception's text may quote a secret."""
    if isinstance(text := event.get("exception"), str):
        event["exception"] = _VALUES.sub(lambda m: (m["scheme"] or m["prefix"] or m["url"]) + HIDDEN, text)
    return event


def _where(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    if said := request_id.get():
        event.setdefault("request_id", said)
    if slug := tenant_slug.get():
        event.setdefault("tenant", slug)
    return event


def configure(*, json: bool = False, level: int = logging.INFO) -> None:
    """Set up logging for this process: readable lines, or one JSON object a line."""
    shared: list[structlog.types.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _where,
        _hide,
        structlog.processors.format_exc_info,
        _hide_traceback,
    ]
    renderer: structlog.types.Processor = (
        structlog.processors.JSONRenderer() if json else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for chatty in ("httpx", "httpcore", "stripe", "procrastinate"):  # they tell of every request and every job
        logging.getLogger(chatty).setLevel(logging.WARNING)

"""The application: ``create_app(settings)`` is the only place that wires.

From outside in: security headers (who is there, request id) → tenant of the host → Litestar's routes. What belongs to
the event loop (database pool, limiter, plugins' start) is opened in the lifespan and closed in the reverse order.
"""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from litestar import Litestar
from litestar.datastructures import State

from askpro import db, logs, secrets
from askpro.calls.train import Train
from askpro.errors import Misconfigured
from askpro.i18n import reader
from askpro.messages import links
from askpro.messages.plugins import mail_from_plugin
from askpro.money import Money
from askpro.payments import inbox, providers
from askpro.pluginhost import Host, HostConfig, PgSwitchBoard, Services, open_store, platform_settings, read_applied
from askpro.settings import Settings
from askpro.tenancy.hosts import Hosts
from askpro.web import health, limits, openapi
from askpro.web.api import api_router
from askpro.web.failures import Failures
from askpro.web.looks import Looks
from askpro.web.metrics import metrics
from askpro.web.permissions import require_declared
from askpro.web.portal.plugin_pages import PluginPages
from askpro.web.portal.routes import portal_router
from askpro.web.portal_auth import HANDLERS, plugin_guards
from askpro.web.proxies import Proxies
from askpro.web.security_headers import SecurityHeaders
from askpro.web.staff.routes import staff_router
from askpro.web.static import Files, static_handlers
from askpro.web.tenant_host import TenantHost
from askpro.web.theme.environment import Themes
from askpro.web.webhooks import webhooks_handler

__all__ = ("Application", "create_app", "from_env", "plugin_host")

_BODY = 1_048_576


class Application:
    """An ASGI application. ``litestar`` has the routes: tests and documents walk them."""

    def __init__(self, asgi: SecurityHeaders, litestar: Litestar) -> None:
        self._asgi = asgi
        self.litestar = litestar

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self._asgi(scope, receive, send)


def plugin_host(settings: Settings) -> Host:
    """The plugin host with what the house lends it, not yet loaded."""
    config = HostConfig(
        only=settings.plugins,
        strict=settings.plugins_strict,
        required=settings.required_plugins,
        production=settings.production,
        settings=platform_settings(),
    )
    services = Services(
        store=open_store,
        applied=read_applied,
        format_money=_money,
        emit_event=inbox.emit_from_plugin,
        mail=mail_from_plugin,
    )
    return Host(config, services, PgSwitchBoard())


def _money(amount: Money, locale: str) -> str:
    return reader(locale, "UTC").money(amount)


def create_app(settings: Settings, *, host: Host | None = None, freeze: bool = False) -> Application:
    """Build the application. ``host``: another plugin host than the installed plugins' (tests).

    ``freeze``: this process serves nothing else, so the collector need not look at what was made for the start.

    Raises Misconfigured when a setting is unsafe or a route does not say who may use it.
    """
    if problems := settings.problems():
        raise Misconfigured("\n".join(problems))
    secrets.configure(settings.secret_keys)
    links.connect(settings)
    host = host or plugin_host(settings)
    host.load()
    looks = Looks(Themes())
    failures = Failures(looks)
    proxies = Proxies(settings.trusted_proxies)
    litestar = Litestar(
        route_handlers=[
            *health.HANDLERS,
            metrics,
            *static_handlers(Files(looks, host.folders("static")), looks),
            *openapi.handlers(),
            api_router(),
            webhooks_handler(),
            portal_router(),
            staff_router(),
            *host.routers(plugin_guards(), PluginPages(host).scope),
        ],
        exception_handlers={**HANDLERS, Exception: failures.handle},
        lifespan=[_lifespan(settings, host, freeze=freeze)],
        state=State(
            {
                "settings": settings,
                "host": host,
                "looks": looks,
                "proxies": proxies,
                "train": Train(),
                "health": health.Health(host, settings.required_plugins),
            }
        ),
        openapi_config=None,
        logging_config=None,
        request_max_body_size=_BODY,
        debug=False,
    )
    require_declared(litestar)
    tenants = TenantHost(litestar, Hosts(settings.base_domain), failures)
    return Application(SecurityHeaders(tenants, proxies), litestar)


def _lifespan(settings: Settings, host: Host, *, freeze: bool) -> Any:
    @asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncIterator[None]:
        await db.start(
            settings.database_url, min_size=settings.pool_min, max_size=settings.pool_max, pooler=settings.pooler
        )
        try:
            limits.start(settings.redis_url)
            await host.start()
            providers.connect(host, settings)
            if freeze:
                _tune_collector()
            yield
        finally:
            providers.disconnect()
            await limits.stop()
            await db.stop()

    return lifespan


def _tune_collector() -> None:
    """What exists now lives as long as the process; what requests make dies young and without cycles."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 50, 100)


def from_env() -> Application:
    """For the server's worker processes: settings from ``ASKPRO_…``. Raises Misconfigured."""
    settings = Settings.from_env()
    logs.configure(json=settings.log_json)
    return create_app(settings, freeze=True)

"""A real server with both brands, and pages in Chromium that notice everything that is not as it should be."""

from __future__ import annotations

import asyncio
import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
from playwright.sync_api import Browser, BrowserContext, Page

from askpro import db, secrets
from askpro.messages.plugins import mail_from_plugin
from askpro.migrations.bootstrap import with_database
from askpro.payments import inbox, providers
from askpro.pluginhost import Host, HostConfig, PgSwitchBoard, Services, open_store, platform_settings, read_applied
from askpro.pluginhost.service import save_settings
from askpro.sdk.context import TenantRef
from paying import with_sandbox
from portal_house import PASSWORD, House, credit, furnish, ring

__all__ = ("Guest", "Server", "free_port", "held_port", "serving")

AXE = Path(__file__).parents[1] / "assets" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_RUN = "rules => axe.run(document, {runOnly: {type: 'tag', values: rules}}).then(r => r.violations.map(v =>" \
       " [v.id, v.nodes.map(n => n.html.slice(0, 120) + ' ' + n.failureSummary).slice(0, 3)]))"  # fmt: skip
_WIDER = "() => document.documentElement.scrollWidth - window.innerWidth"
_KEY = "browser-test-key-browser-test-key-42"
SHOTS = os.environ.get("ASKPRO_SHOTS", "")
"""A folder for pictures of every page the tests pass; empty: none are made."""
_SESSIONS: dict[tuple[int, str, str], list[Any]] = {}
LOCALES = {"nordstern": "de-DE", "falke": "en-GB"}


@dataclass(frozen=True)
class Server:
    """``askpro serve`` in a process of its own."""

    port: int
    dsn: str
    environment: Mapping[str, str]
    """Its settings, for a worker beside it."""

    def url(self, slug: str, path: str = "/") -> str:
        return f"http://{slug}.askpro.localhost:{self.port}{path}"


@contextmanager
def serving(
    postgres: Any,
    template: str,
    password: str,
    *,
    plugins: tuple[str, ...] = ("sandbox",),
    prepare: Callable[[Host, dict[str, House]], Awaitable[None]] | None = None,
    port: int = 0,
    more: Mapping[str, str] | None = None,
) -> Iterator[Server]:
    """On a database of its own, which is gone afterwards; ``prepare`` adds to the furniture of both brands.

    ``more``: further settings. ``port`` 0: any that is free when the furniture is there.
    """
    name = f"browser_{os.getpid()}"
    dsn = postgres.dsn(name, user="askpro_app", password=password)
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("ASKPRO_")},
        **(more or {}),
        "ASKPRO_DATABASE_URL": dsn,
        "ASKPRO_SECRET_KEY": _KEY,
        "ASKPRO_PLUGINS": ",".join(plugins),
    }
    asyncio.run(_prepare(postgres.dsn(), name, template, environment, prepare))
    port = port or free_port()
    environment["ASKPRO_PORT"] = str(port)
    program = [sys.executable, "-c", "from askpro.cli import main; main()", "serve", "--port", str(port)]
    process = subprocess.Popen(program, env=environment, stdout=subprocess.DEVNULL)
    try:
        _wait(process, f"http://127.0.0.1:{port}/health/live")
        yield Server(port, dsn, environment)
    finally:
        process.terminate()
        process.wait(30)
        asyncio.run(_drop(postgres.dsn(), name))


def free_port() -> int:
    """One that nobody listens on."""
    with held_port() as held:
        port: int = held.getsockname()[1]
    return port


def held_port() -> socket.socket:
    """A free one, which nobody else gets until the socket is closed."""
    probe = socket.socket()
    probe.bind(("127.0.0.1", 0))
    return probe


async def _prepare(
    admin: str,
    name: str,
    template: str,
    environment: Mapping[str, str],
    prepare: Callable[[Host, dict[str, House]], Awaitable[None]] | None,
) -> None:
    connection = await asyncpg.connect(admin)
    await connection.execute(f"create database {name} template {template} strategy file_copy owner askpro_owner")
    await connection.close()
    secrets.configure((_KEY,))
    services = Services(
        store=open_store, applied=read_applied, emit_event=inbox.emit_from_plugin, mail=mail_from_plugin
    )
    plugins = tuple(environment["ASKPRO_PLUGINS"].split(","))
    host = Host(HostConfig(only=plugins, settings=platform_settings(environment)), services, PgSwitchBoard())
    host.load()
    providers.connect(host)
    await db.start(environment["ASKPRO_DATABASE_URL"], min_size=1, max_size=4)
    try:
        await with_sandbox(host, with_database(admin, name))
        houses = await furnish(host)
        for house in houses.values():
            tenant = TenantRef(house.tenant.id, house.tenant.slug)
            await save_settings(host, tenant, "sandbox", {"delay_seconds": "3"}, by="tests")
            await credit(house, "60")
            await ring(house, days=20, calls=8)
        if prepare is not None:
            await prepare(host, houses)
    finally:
        providers.disconnect()
        await db.stop()


async def _drop(admin: str, name: str) -> None:
    connection = await asyncpg.connect(admin)
    await connection.execute(f"drop database {name} with (force)")
    await connection.close()


def _wait(process: subprocess.Popen[bytes], url: str) -> None:
    for _ in range(300):
        if process.poll() is not None:
            raise RuntimeError("the server stopped while starting")
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise RuntimeError("the server did not start")


@dataclass
class Guest:
    """A browser window at one brand. ``look`` is called on every page: axe, width, picture."""

    server: Server
    slug: str
    context: BrowserContext
    page: Page
    script: bool
    name: str = ""
    faults: list[str] = field(default_factory=list)

    @classmethod
    @contextmanager
    def at(
        cls,
        browser: Browser,
        server: Server,
        slug: str,
        *,
        script: bool = True,
        name: str = "",
        elsewhere: tuple[str, ...] = (),
        **options: Any,
    ) -> Iterator[Guest]:
        """Fails at the end when the console said anything, a request failed, or one went neither home nor there."""
        given = {"locale": LOCALES[slug], "viewport": {"width": 1280, "height": 900}, "reduced_motion": "reduce"}
        context = browser.new_context(java_script_enabled=script, **{**given, **options})
        guest = cls(server, slug, context, context.new_page(), script, name)
        faults, allowed = guest.faults, (server.url(slug), "data:", *elsewhere)
        guest.page.on("console", lambda message: faults.append(message.text))
        guest.page.on("pageerror", lambda error: faults.append(str(error)))
        guest.page.on(
            "request", lambda sent: None if sent.url.startswith(allowed) else faults.append(f"left: {sent.url}")
        )
        guest.page.on("response", lambda got: faults.append(f"{got.status} {got.url}") if got.status >= 400 else None)
        try:
            yield guest
            assert guest.faults == [], guest.faults
        finally:
            context.close()

    def go(self, path: str) -> None:
        self.page.goto(self.server.url(self.slug, path))

    def sign_in(self, email: str = "anna@example.org") -> None:
        """By the form, once; later windows take over the session, for attempts are limited."""
        key = (self.server.port, self.slug, email)
        if key in _SESSIONS:
            self.context.add_cookies(_SESSIONS[key])
        self.go("/")
        homes = (self.server.url(self.slug), self.server.url(self.slug, "/staff"))
        if self.page.url in homes:
            return
        self.page.locator("#f-email").fill(email)
        self.page.locator("#f-password").fill(PASSWORD)
        self.look("sign-in")
        self.press("Anmelden", "Sign in")
        assert self.page.url in homes
        _SESSIONS[key] = [cookie for cookie in self.context.cookies() if cookie["name"] == "askpro"]

    def press(self, german: str, english: str) -> None:
        """The button or link of that name, in the house's language; a trailing * leaves the end open."""
        text = german if self.slug == "nordstern" else english
        pattern = re.compile(re.escape(text.rstrip("*")) + ("" if text.endswith("*") else "$"))
        found = self.page.get_by_role("button", name=pattern).or_(self.page.get_by_role("link", name=pattern))
        found.locator("visible=true").first.click()

    def choose(self, choice: str) -> None:
        """On the sandbox's page."""
        self.page.locator(f"button[value={choice}]").click()

    def read(self) -> str:
        """What a reader sees, in one line."""
        return " ".join(self.page.locator("body").inner_text().replace("\N{NO-BREAK SPACE}", " ").split())

    def look(self, room: str) -> None:
        """Nothing is wider than the window, axe finds nothing, and a picture is taken where wanted."""
        if SHOTS:
            Path(SHOTS).mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=Path(SHOTS) / f"{self.slug}-{room}-{self.name or 'plain'}.png", full_page=True)
        if self.script:
            assert self.page.evaluate(_WIDER) <= 0, f"{room} is wider than the window"
            self.page.evaluate(AXE.read_text(encoding="utf-8"))
            self.page.evaluate("document.querySelectorAll('details.chart-data').forEach(d => d.open = true)")
            found = self.page.evaluate(_RUN, RULES)
            assert found == [], (room, found)

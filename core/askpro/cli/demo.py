"""``askpro demo``: everything at once on this machine, with three sample resellers.

One process watches over the others: it holds the embedded PostgreSQL, and starts ``askpro serve`` and
``askpro worker`` as anybody would, with settings in their environment. When it ends, they end.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import secrets as random
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import ExitStack
from pathlib import Path

import click

from askpro import db, paths, secrets
from askpro.app import plugin_host
from askpro.demo import fake_stripe
from askpro.demo.sample import CUSTOMERS, PASSWORD
from askpro.demo.seed import seed
from askpro.demo.staff import STAFF
from askpro.errors import Misconfigured
from askpro.migrations.bootstrap import bootstrap, with_database
from askpro.payments import providers
from askpro.pluginhost import migrate_plugins
from askpro.postgres import LocalPostgres, unwinding
from askpro.settings import Settings

__all__ = ("demo",)

_NAME = "askpro"
_BASE = "askpro.localhost"
_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True)
@click.option("--data", type=click.Path(file_okay=False, path_type=Path), help="Where the database lives.")
@click.option("--fresh", is_flag=True, help="Throw the demo's data away and begin anew.")
@click.option("--with-fake-stripe", is_flag=True, help="Take cards and debits too, from a stand-in for Stripe.")
@click.option("--no-serve", is_flag=True, hidden=True, help="Set up and stop again.")
def demo(port: int, data: Path | None, fresh: bool, with_fake_stripe: bool, no_serve: bool) -> None:
    """Run AskPro with an embedded PostgreSQL and three sample resellers.

    Ctrl-C stops everything; the next start finds its data.
    """
    folder = (data or paths.state() / "demo").absolute()
    began = time.monotonic()
    _check_port(port)
    with ExitStack() as stack:
        stack.enter_context(unwinding())
        if fresh:
            _throw_away(folder)
        folder.mkdir(parents=True, exist_ok=True)
        _say("starting PostgreSQL")
        server = stack.enter_context(LocalPostgres(folder / "postgres"))
        environment = _environment(server, folder, port)
        children: list[subprocess.Popen[bytes]] = []
        stack.callback(_stop, children)
        stripe = ""
        if with_fake_stripe:
            _say("starting the stand-in for Stripe")
            _check_port(port + 1)
            stripe = f"http://127.0.0.1:{port + 1}"
            environment[fake_stripe.API_BASE] = os.environ[fake_stripe.API_BASE] = stripe
            children.append(_spawn(fake_stripe.program(port + 1, CUSTOMERS), environment, quiet=True))
            fake_stripe.wait_for(stripe)
        asyncio.run(_prepare(server, environment, port, stripe))
        if no_serve:
            return
        children += [_start("serve", environment), _start("worker", environment)]
        _wait_until_ready(port, children)
        _announce(port, folder, time.monotonic() - began, stripe)
        _watch(children)


def _say(text: str) -> None:
    click.echo(f"  {text} …", err=True)


def _check_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise Misconfigured(f"Port {port} is in use. Another one: askpro demo --port {port + 80}") from error


def _throw_away(folder: Path) -> None:
    """Only what a demo has made: never a folder that merely has this name."""
    if not folder.exists():
        return
    strangers = {entry.name for entry in folder.iterdir()} - {"mail", "postgres", "secrets"}
    if strangers:
        raise Misconfigured(f"{folder} holds other things ({', '.join(sorted(strangers))}); --fresh leaves it alone.")
    shutil.rmtree(folder)


def _environment(server: LocalPostgres, folder: Path, port: int) -> dict[str, str]:
    """Settings of the demo's processes; passwords and keys are made once and kept beside the data."""
    kept = folder / "secrets"
    if not kept.exists():
        kept.touch(mode=0o600)
        kept.write_text(f"{random.token_urlsafe(32)}\n{random.token_urlsafe(48)}\n", encoding="ascii")
    password, key = kept.read_text(encoding="ascii").split()
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("ASKPRO_")},
        "ASKPRO_ENVIRONMENT": "development",
        "ASKPRO_DATABASE_URL": server.dsn(_NAME, user="askpro_app", password=password),
        "ASKPRO_SECRET_KEY": key,
        "ASKPRO_BASE_DOMAIN": _BASE,
        "ASKPRO_PORT": str(port),
        "ASKPRO_SMTP_URL": (folder / "mail").as_uri(),
        "ASKPRO_MAIL_FROM": f"billing@{_BASE}",
    }


async def _prepare(server: LocalPostgres, environment: dict[str, str], port: int, stripe: str) -> None:
    settings = Settings.from_env(environment)
    secrets.configure(settings.secret_keys)
    password = environment["ASKPRO_DATABASE_URL"].split("askpro_app:", 1)[1].split("@", 1)[0]
    _say("bringing the database up to date")
    host = plugin_host(settings)
    host.load()
    await bootstrap(server.dsn(), _NAME, app_password=password)
    await migrate_plugins(with_database(server.dsn(), _NAME), host.migrations())
    await db.start(settings.database_url, min_size=1, max_size=4)
    try:
        await host.start()
        providers.connect(host, settings)
        await seed(host, _BASE, progress=_say)
        if stripe:
            urls = {slug: f"http://{slug}.{_BASE}:{port}" for slug in CUSTOMERS}
            await fake_stripe.move_in(host, CUSTOMERS, urls)
        else:
            await fake_stripe.leave(host, CUSTOMERS)
    finally:
        providers.disconnect()
        await db.stop()


def _start(command: str, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    """A process of ours that dies with us, even when we are killed without a chance to say so."""
    return _spawn([sys.executable, "-c", "from askpro.cli import main; main()", command], environment)


def _spawn(program: list[str], environment: dict[str, str], *, quiet: bool = False) -> subprocess.Popen[bytes]:
    said = subprocess.DEVNULL if quiet else None
    return subprocess.Popen(program, env=environment, stdout=said, preexec_fn=_die_with_parent)  # noqa: S603 - our own


def _die_with_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to the whole group; we pass it on in order
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_DEATH_SIGNAL, signal.SIGTERM)


def _wait_until_ready(port: int, children: list[subprocess.Popen[bytes]]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if any(child.poll() is not None for child in children):
            raise Misconfigured("A process of the demo stopped while starting; its message stands above.")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=2) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise Misconfigured("The web server did not become ready within a minute.")


def _announce(port: int, folder: Path, seconds: float, stripe: str) -> None:
    suffix = "" if port == 80 else f":{port}"
    click.echo(f"\nAskPro is ready after {seconds:.1f} s. Everybody's password: {PASSWORD}\n")
    for slug, customers in CUSTOMERS.items():
        click.secho(f"  http://{slug}.{_BASE}{suffix}", bold=True)
        for customer in customers[:2]:
            click.echo(f"      {customer.email:34} {customer.company}")
        click.echo(f"      … and {len(customers) - 2} more")
        for email, name in STAFF[slug]:
            click.echo(f"      {email:34} {name}, staff")
    click.echo(f"\n  API documents   http://nordstern.{_BASE}{suffix}/api/v2/docs")
    if stripe:
        click.echo(f"  Stripe's desk   {stripe}/_standin   (cards: 4242 4242 4242 4242, declined: 4000 0000 0000 0002)")
    click.echo(f"  Health          http://127.0.0.1{suffix}/health")
    click.echo(f"  Mails           {folder / 'mail'}")
    click.echo(f"  Data            {folder}\n\nCtrl-C stops everything.")


def _watch(children: list[subprocess.Popen[bytes]]) -> None:
    while all(child.poll() is None for child in children):
        time.sleep(0.3)
    raise Misconfigured("A process of the demo stopped; its message stands above.")


def _stop(children: list[subprocess.Popen[bytes]]) -> None:
    for child in children:
        if child.poll() is None:
            child.terminate()
    for child in children:
        try:
            child.wait(timeout=20)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()

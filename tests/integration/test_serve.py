"""``askpro serve`` refuses what is unsafe, and says which; it does not start half."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import asyncpg
import pytest
from click.testing import CliRunner

from askpro.cli import cli, serve
from askpro.errors import Misconfigured
from askpro.migrations.bootstrap import with_database
from web_site import SECRET

STRONG = "correct-horse-battery-staple-0123456789"
Refused = Callable[..., str]


@pytest.fixture
def refused(monkeypatch: pytest.MonkeyPatch) -> Refused:
    """What ``serve`` says with these settings (and arguments) before any worker is started."""

    def say(*arguments: str, **environment: str) -> str:
        monkeypatch.setattr(serve, "_run", lambda *_: pytest.fail("it started"))
        for name, value in environment.items():
            monkeypatch.setenv(f"ASKPRO_{name}", value)
        answer = CliRunner().invoke(cli, ["serve", *arguments])
        assert isinstance(answer.exception, Misconfigured), answer.output
        return str(answer.exception)

    return say


def test_nothing_is_set(refused: Refused, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every missing setting is named at once."""
    monkeypatch.delenv("ASKPRO_DATABASE_URL", raising=False)
    monkeypatch.delenv("ASKPRO_SECRET_KEY", raising=False)
    said = refused()
    assert "ASKPRO_DATABASE_URL" in said
    assert "ASKPRO_SECRET_KEY" in said


def test_production_takes_nothing_unsafe(refused: Refused) -> None:
    """A weak key, an owner's role, a localhost domain and an undeclared proxy."""
    said = refused(ENVIRONMENT="production", DATABASE_URL="postgresql://postgres@db/x", SECRET_KEY="short")
    for name in ("ASKPRO_SECRET_KEY", "ASKPRO_DATABASE_URL", "ASKPRO_BASE_DOMAIN"):
        assert name in said
    said = refused(DATABASE_URL="postgresql://app@db/x", SECRET_KEY=STRONG, BASE_DOMAIN="portal.example")
    assert "ASKPRO_TRUSTED_PROXIES" in said


def test_development_stays_on_this_machine(refused: Refused) -> None:
    """Demo settings are not offered to the network; connections are not promised that a server cannot give."""
    given = {"ENVIRONMENT": "development", "DATABASE_URL": "postgresql://app@db/x", "SECRET_KEY": SECRET[0]}
    assert "reachable from outside" in refused("--address", "0.0.0.0", **given)
    assert "ASKPRO_POOL_MAX" in refused("--workers", "100", **given)


@pytest.mark.anyio
async def test_the_database_is_looked_at_first(empty_database: Any) -> None:
    """A role that sees everything, a database not set up, and one that is behind are refused; a good one is not."""
    from askpro.settings import Settings

    def settings(dsn: str) -> Settings:
        return Settings(database_url=dsn, secret_keys=SECRET)

    await serve._check_database(settings(empty_database.dsn))
    with pytest.raises(Misconfigured, match="row-level security"):
        await serve._check_database(settings(empty_database.admin_dsn))
    admin = await asyncpg.connect(empty_database.admin_dsn)
    await admin.execute("delete from public.migration where name = 'web_0001'")
    with pytest.raises(Misconfigured, match="1 migrations behind"):
        await serve._check_database(settings(empty_database.dsn))
    await admin.execute("drop table public.migration")
    await admin.close()
    with pytest.raises(Misconfigured, match="not set up"):
        await serve._check_database(settings(empty_database.dsn))
    with pytest.raises(Misconfigured, match="ASKPRO_DATABASE_URL"):
        await serve._check_database(settings(with_database(empty_database.dsn, "nowhere")))

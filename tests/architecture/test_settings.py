"""A process does not start with a setting that is missing, unreadable or unsafe, and says which one it is."""

from __future__ import annotations

import inspect
import re
from dataclasses import fields
from pathlib import Path

import pytest

from askpro.errors import Misconfigured
from askpro.settings import Settings

REPOSITORY = Path(__file__).parents[2]
SOUND = {
    "ASKPRO_ENVIRONMENT": "production",
    "ASKPRO_DATABASE_URL": "postgresql://askpro_app:secret@db.example.net/askpro",
    "ASKPRO_SECRET_KEY": "mF3kq9Zt7Yw2Rb8Nc4Hs6Vx1Lp5Jd0Ga",
    "ASKPRO_BASE_DOMAIN": "billing.example.net",
}
"""The least a production process needs."""


def test_sound_settings_are_accepted() -> None:
    """The least set of variables is enough, and is read as it was written."""
    settings = Settings.from_env(SOUND)

    assert settings.production
    assert settings.base_domain == "billing.example.net"
    assert settings.problems() == []


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("ASKPRO_DATABASE_URL", ""),
        ("ASKPRO_DATABASE_URL", "mysql://askpro_app@db/askpro"),
        ("ASKPRO_DATABASE_URL", "postgresql://postgres:secret@db/askpro"),
        ("ASKPRO_DATABASE_URL", "postgresql://askpro_owner:secret@db/askpro"),
        ("ASKPRO_SECRET_KEY", ""),
        ("ASKPRO_SECRET_KEY", "short"),
        ("ASKPRO_SECRET_KEY", "a" * 64),
        ("ASKPRO_SECRET_KEY", f"{SOUND['ASKPRO_SECRET_KEY']},old"),
        ("ASKPRO_BASE_DOMAIN", "askpro.localhost"),
        ("ASKPRO_TRUSTED_PROXIES", "0.0.0.0/0"),
        ("ASKPRO_TRUSTED_PROXIES", "::/0"),
        ("ASKPRO_TRUSTED_PROXIES", "everybody"),
        ("ASKPRO_ENVIRONMENT", "staging"),
        ("ASKPRO_PORT", "0"),
        ("ASKPRO_PORT", "80a"),
        ("ASKPRO_WORKERS", "0"),
        ("ASKPRO_POOL_MIN", "11"),
        ("ASKPRO_POOL_MAX", "-1"),
        ("ASKPRO_POOLER", "yes"),
        ("ASKPRO_LOG_JSON", "true"),
        ("ASKPRO_PLUGINS_STRICT", "on"),
        ("ASKPRO_REDIS_URL", "http://cache"),
        ("ASKPRO_SMTP_URL", "mail.example.org"),
        ("ASKPRO_SMTP_URL", "smtp://mail.example.org?tls"),
        ("ASKPRO_SMTP_URL", "smtp://me:secret@mail.example.org"),
        ("ASKPRO_MAIL_FROM", "Billing <billing@example.org>"),
    ],
)
def test_a_bad_setting_is_refused_by_name(variable: str, value: str) -> None:
    """One bad value stops the start, and the message names its variable."""
    with pytest.raises(Misconfigured) as refused:
        Settings.from_env({**SOUND, variable: value})

    assert variable in refused.value.detail


def test_the_base_domain_of_a_laptop_is_fine_in_development_only() -> None:
    """What is unsafe in production is the default of a demo."""
    relaxed = {**SOUND, "ASKPRO_ENVIRONMENT": "development", "ASKPRO_SECRET_KEY": "demo"}
    relaxed.pop("ASKPRO_BASE_DOMAIN")

    assert Settings.from_env(relaxed).base_domain == "askpro.localhost"


def test_all_problems_are_told_at_once() -> None:
    """Somebody who sets up a server does not learn of one mistake a start."""
    with pytest.raises(Misconfigured) as refused:
        Settings.from_env({"ASKPRO_ENVIRONMENT": "production", "ASKPRO_PORT": "http", "ASKPRO_POOLER": "2"})

    named = set(re.findall(r"ASKPRO_[A-Z_]+", refused.value.detail))
    assert named >= {"ASKPRO_DATABASE_URL", "ASKPRO_SECRET_KEY", "ASKPRO_BASE_DOMAIN", "ASKPRO_PORT", "ASKPRO_POOLER"}


def test_secrets_do_not_show() -> None:
    """A settings object that lands in a log or a traceback does not give the key away."""
    assert SOUND["ASKPRO_SECRET_KEY"] not in repr(Settings.from_env(SOUND))


def test_every_variable_is_documented() -> None:
    """Each setting names its variable in the code and has a row in docs/operations/production.md."""
    named = set(re.findall(r"``(ASKPRO_[A-Z_]+)", inspect.getsource(Settings)))
    page = (REPOSITORY / "docs" / "operations" / "production.md").read_text(encoding="utf-8")

    assert len(named) == len(fields(Settings))
    assert {name for name in named if f"`{name}`" not in page} == set()

"""Settings of a process, read once from ``ASKPRO_…`` variables, checked before anything starts.

``Settings.from_env()`` never guesses: a value that cannot be read, or that is unsafe in production, raises
Misconfigured with every problem named at once.
"""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from askpro.errors import Misconfigured

__all__ = ("Settings",)

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class Settings:
    """What a process needs to know from outside. Every field names its variable."""

    environment: str = "development"
    """``ASKPRO_ENVIRONMENT``: ``development`` (demo, tests) or ``production``."""
    database_url: str = ""
    """``ASKPRO_DATABASE_URL``: the application's role, never the owner."""
    migrate_url: str = ""
    """``ASKPRO_MIGRATE_URL``: a role that may create schemas; only ``askpro migrate`` uses it."""
    redis_url: str = ""
    """``ASKPRO_REDIS_URL``: Redis ≥ 6.2 or Valkey for limits; empty: PostgreSQL does it."""
    secret_keys: tuple[str, ...] = field(default=(), repr=False)
    """``ASKPRO_SECRET_KEY``: first signs and encrypts, the others (comma separated) still open old ones."""
    base_domain: str = "askpro.localhost"
    """``ASKPRO_BASE_DOMAIN``: resellers live at ``<slug>.<base domain>``."""
    port: int = 8000
    """``ASKPRO_PORT``: where to listen; it is part of the URLs shown in development only."""
    trusted_proxies: tuple[Network, ...] = ()
    """``ASKPRO_TRUSTED_PROXIES``: networks whose ``X-Forwarded-*`` is believed."""
    plugins: tuple[str, ...] | None = None
    """``ASKPRO_PLUGINS``: load only these; empty string: none; unset: all that are installed."""
    plugins_strict: bool = False
    """``ASKPRO_PLUGINS_STRICT=1``: a broken plugin stops the start (for CI)."""
    required_plugins: tuple[str, ...] = ()
    """``ASKPRO_REQUIRED_PLUGINS``: not ready, and no job runs, until these are up."""
    workers: int = 1
    """``ASKPRO_WORKERS``: web processes."""
    pool_min: int = 1
    """``ASKPRO_POOL_MIN``: database connections each process keeps."""
    pool_max: int = 10
    """``ASKPRO_POOL_MAX``: and may open; workers × this must stay below the server's limit."""
    pooler: bool = False
    """``ASKPRO_POOLER=1``: a PgBouncer in transaction mode stands in front."""
    smtp_url: str = field(default="", repr=False)
    """``ASKPRO_SMTP_URL``: ``smtp://user:password@host:587?starttls``, ``smtps://…:465``, or ``file:///folder`` (each
    mail a file, for a demo); empty: mails are kept and not sent."""
    mail_from: str = ""
    """``ASKPRO_MAIL_FROM``: the address mails come from; replies go to the reseller's own."""
    log_json: bool = False
    """``ASKPRO_LOG_JSON=1``: one JSON object a line."""

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Read and check. Raises Misconfigured with all problems in one text."""
        env = os.environ if environ is None else environ
        problems: list[str] = []
        read = _Reader(env, problems)
        plugins = env.get("ASKPRO_PLUGINS")
        settings = cls(
            environment=read.choice("ENVIRONMENT", ("development", "production")),
            database_url=env.get("ASKPRO_DATABASE_URL", ""),
            migrate_url=env.get("ASKPRO_MIGRATE_URL", ""),
            redis_url=env.get("ASKPRO_REDIS_URL", ""),
            secret_keys=_listed(env.get("ASKPRO_SECRET_KEY", "")),
            base_domain=env.get("ASKPRO_BASE_DOMAIN", "askpro.localhost").lower().strip("."),
            port=read.number("PORT", 8000, 1, 65535),
            trusted_proxies=read.networks("TRUSTED_PROXIES"),
            plugins=None if plugins is None else _listed(plugins),
            plugins_strict=read.flag("PLUGINS_STRICT"),
            required_plugins=_listed(env.get("ASKPRO_REQUIRED_PLUGINS", "")),
            workers=read.number("WORKERS", 1, 1, 256),
            pool_min=read.number("POOL_MIN", 1, 0, 1000),
            pool_max=read.number("POOL_MAX", 10, 1, 1000),
            pooler=read.flag("POOLER"),
            smtp_url=env.get("ASKPRO_SMTP_URL", ""),
            mail_from=env.get("ASKPRO_MAIL_FROM", "").strip(),
            log_json=read.flag("LOG_JSON"),
        )
        problems += settings.problems()
        if problems:
            raise Misconfigured("\n".join(problems))
        return settings

    @property
    def production(self) -> bool:
        """Whether real money may be at stake."""
        return self.environment == "production"

    def problems(self) -> list[str]:
        """What forbids a start with these values, one sentence each, naming the variable."""
        found = []
        if not self.database_url:
            found.append("ASKPRO_DATABASE_URL is not set.")
        elif urlsplit(self.database_url).scheme not in ("postgresql", "postgres"):
            found.append("ASKPRO_DATABASE_URL must begin with postgresql://.")
        if not self.secret_keys:
            found.append("ASKPRO_SECRET_KEY is not set.")
        if self.pool_min > self.pool_max:
            found.append("ASKPRO_POOL_MIN is larger than ASKPRO_POOL_MAX.")
        if self.redis_url and urlsplit(self.redis_url).scheme not in ("redis", "rediss", "unix"):
            found.append("ASKPRO_REDIS_URL must begin with redis://, rediss:// or unix://.")
        found += self._mail_problems()
        return found + (self._unsafe() if self.production else [])

    def _mail_problems(self) -> list[str]:
        found = []
        if self.smtp_url and not re.fullmatch(
            r"smtps?://([^\s@/?#]+@)?[A-Za-z0-9.-]+(:\d{1,5})?(\?starttls)?|file:///\S+", self.smtp_url
        ):
            found.append("ASKPRO_SMTP_URL must be smtp://host, smtps://host or file:///folder.")
        if self.smtp_url and not self.mail_from:
            found.append("ASKPRO_MAIL_FROM is not set, and ASKPRO_SMTP_URL is.")
        if self.mail_from and not re.fullmatch(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9.-]{1,253}", self.mail_from):
            found.append("ASKPRO_MAIL_FROM must be a plain address: billing@example.org.")
        return found

    def _unsafe(self) -> list[str]:
        found = []
        if self.smtp_url.startswith("smtp://") and "@" in self.smtp_url and not self.smtp_url.endswith("?starttls"):
            found.append("ASKPRO_SMTP_URL would send its password unencrypted: smtps://, or ?starttls at the end.")
        for key in self.secret_keys:
            if len(key) < 32 or len(set(key)) < 10:
                found.append("ASKPRO_SECRET_KEY is too weak for production: at least 32 random characters.")
                break
        if urlsplit(self.database_url).username in ("postgres", "askpro_owner", "root"):
            found.append("ASKPRO_DATABASE_URL signs in as an owner or superuser, which row-level security ignores.")
        if self.base_domain.endswith("localhost"):
            found.append("ASKPRO_BASE_DOMAIN is a localhost name.")
        if any(network.prefixlen == 0 for network in self.trusted_proxies):
            found.append("ASKPRO_TRUSTED_PROXIES trusts the whole internet.")
        return found


@dataclass(frozen=True, slots=True)
class _Reader:
    env: Mapping[str, str]
    problems: list[str]

    def choice(self, name: str, allowed: tuple[str, ...]) -> str:
        value = self.env.get(f"ASKPRO_{name}", allowed[0])
        if value not in allowed:
            self.problems.append(f"ASKPRO_{name} must be one of {', '.join(allowed)}, not {value!r}.")
            return allowed[0]
        return value

    def number(self, name: str, default: int, least: int, most: int) -> int:
        text = self.env.get(f"ASKPRO_{name}", str(default))
        if not text.isdecimal() or not least <= int(text) <= most:
            self.problems.append(f"ASKPRO_{name} must be a whole number from {least} to {most}, not {text!r}.")
            return default
        return int(text)

    def flag(self, name: str) -> bool:
        text = self.env.get(f"ASKPRO_{name}", "0")
        if text not in ("0", "1", ""):
            self.problems.append(f"ASKPRO_{name} must be 0 or 1, not {text!r}.")
        return text == "1"

    def networks(self, name: str) -> tuple[Network, ...]:
        found: list[Network] = []
        for text in _listed(self.env.get(f"ASKPRO_{name}", "")):
            try:
                found.append(ipaddress.ip_network(text))
            except ValueError:
                self.problems.append(f"ASKPRO_{name}: {text!r} is not a network.")
        return tuple(found)


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())

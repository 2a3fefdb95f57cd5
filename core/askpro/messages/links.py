"""Addresses of the portal's rooms for mails: from the tenant and the settings, never from a request."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from askpro.settings import Settings
from askpro.tenancy.model import Tenant

__all__ = ("connect", "disconnect", "is_link", "mail_from", "origin", "room", "smtp_url")

_ROOMS: Mapping[str, str] = {
    "home": "/",
    "topup": "/topup",
    "order": "/topup/{}",
    "transactions": "/transactions",
    "notifications": "/notifications",
    "auto_topup": "/auto-topup",
    "staff_payment": "/staff/payments/{}",
    "staff_dispute": "/staff/disputes/{}",
    "staff_providers": "/staff/providers",
    "staff_adjustment": "/staff/adjustments/{}",
    "staff_customer": "/staff/customers/{}",
    "staff_limits": "/staff/limits",
}
_settings: Settings | None = None


def connect(settings: Settings) -> None:
    """Tell this process where the portals are and how mail leaves; the application, the worker and the console do."""
    global _settings
    _settings = settings


def disconnect() -> None:
    """Forget it."""
    global _settings
    _settings = None


def _known() -> Settings:
    if _settings is None:
        raise RuntimeError("messages are not connected: call messages.links.connect() at start")
    return _settings


def smtp_url() -> str:
    """Where mail goes; empty: nowhere yet, or not connected."""
    return _settings.smtp_url if _settings is not None else ""


def mail_from() -> str:
    """The address that mails come from."""
    known = _known()
    return known.mail_from or f"no-reply@{known.base_domain}"


def origin(tenant: Tenant) -> str:
    """``https://portal.example``. Raises RuntimeError before ``connect``."""
    known = _known()
    host = tenant.host(known.base_domain)
    return f"https://{host}" if known.production else f"http://{host}:{known.port}"


def room(tenant: Tenant, name: str, of: object = "") -> str:
    """The address of a room of that tenant's portal; ``of``: what in it."""
    return origin(tenant) + _ROOMS[name].format(of)


def is_link(url: str) -> bool:
    """Whether a mail may link there: a web address, and nothing that a mail program would run."""
    parts = urlsplit(url)
    plain = not any(character.isspace() or character in "\"'<>\\`" for character in url)
    return plain and bool(parts.hostname) and parts.scheme in ("https", "http") and not parts.username

"""Every error the house raises on purpose, as one tree.

AskProError
├── InvalidInput            422  the request can be understood but not accepted; carries the field
│   └── BadRequest          400  it cannot even be understood
├── NotAuthenticated        401
├── NotAllowed              403
├── NotFound                404  also what a wrong tenant is told
├── Conflict                409  the state of the thing does not allow it (or another request is at it)
│   ├── DuplicateKey        409  something with this name or number is there already
│   └── Moved               409  somebody changed it meanwhile; read again and retry
├── UnknownHost             421  no tenant answers to this host name
├── MoneyRefused            402  the ledger said no
│   ├── InsufficientFunds
│   ├── WalletFrozen
│   └── LimitReached
├── RateLimited             429  carries ``retry_after`` seconds
├── Unavailable             503  a part we need is down
│   └── PluginUnavailable
└── Misconfigured           500  a setting is missing or unsafe; raised at start, never in a request

``code`` is stable and machine readable (API problem type); ``title`` is a translatable sentence without
data in it; ``detail`` may name the caller's own data and never anybody else's.
"""

# ruff: noqa: N818 - these read as what happened: `raise NotFound`, `except MoneyRefused`

from __future__ import annotations

from typing import Any, ClassVar

__all__ = (
    "AskProError",
    "BadRequest",
    "Conflict",
    "DuplicateKey",
    "InsufficientFunds",
    "InvalidInput",
    "LimitReached",
    "Misconfigured",
    "MoneyRefused",
    "Moved",
    "NotAllowed",
    "NotAuthenticated",
    "NotFound",
    "PluginUnavailable",
    "RateLimited",
    "Unavailable",
    "UnknownHost",
    "WalletFrozen",
)


def N_(text: str) -> str:
    """Mark a text for the message catalogue without translating it here."""
    return text


class AskProError(Exception):
    """Root of the tree. Not raised itself."""

    status: ClassVar[int] = 500
    code: str = "internal_error"
    title: str = N_("Something went wrong.")

    def __init__(
        self,
        detail: str = "",
        *,
        code: str | None = None,
        title: str | None = None,
        field: str | None = None,
        **extra: Any,
    ) -> None:
        self.code = code or type(self).code
        self.title = title or type(self).title
        self.detail = detail
        self.field = field
        self.extra = extra
        super().__init__(detail or self.title)


class InvalidInput(AskProError):
    status = 422
    code = "invalid_input"
    title = N_("Please check your entries.")


class BadRequest(InvalidInput):
    status = 400
    code = "bad_request"
    title = N_("The request could not be read.")


class NotAuthenticated(AskProError):
    status = 401
    code = "not_authenticated"
    title = N_("Please sign in.")


class NotAllowed(AskProError):
    status = 403
    code = "not_allowed"
    title = N_("You may not do this.")


class NotFound(AskProError):
    status = 404
    code = "not_found"
    title = N_("This does not exist.")


class Conflict(AskProError):
    status = 409
    code = "conflict"
    title = N_("This is not possible in the present state.")


class DuplicateKey(Conflict):
    code = "duplicate"
    title = N_("This exists already.")


class Moved(Conflict):
    code = "moved"
    title = N_("This has changed meanwhile.")


class UnknownHost(AskProError):
    status = 421
    code = "unknown_host"
    title = N_("No service is registered under this address.")


class MoneyRefused(AskProError):
    status = 402
    code = "refused"
    title = N_("The booking was refused.")


class InsufficientFunds(MoneyRefused):
    code = "insufficient_funds"
    title = N_("The balance is not sufficient.")


class WalletFrozen(MoneyRefused):
    code = "wallet_frozen"
    title = N_("This account is locked.")


class LimitReached(MoneyRefused):
    code = "limit_reached"
    title = N_("A spending limit has been reached.")


class RateLimited(AskProError):
    status = 429
    code = "rate_limited"
    title = N_("Too many requests. Please wait a moment.")

    def __init__(self, detail: str = "", *, retry_after: int = 1, **extra: Any) -> None:
        super().__init__(detail, **extra)
        self.retry_after = retry_after


class Unavailable(AskProError):
    status = 503
    code = "unavailable"
    title = N_("This part is not available at the moment.")


class PluginUnavailable(Unavailable):
    code = "plugin_unavailable"


class Misconfigured(AskProError):
    code = "misconfigured"
    title = N_("The configuration is not usable.")

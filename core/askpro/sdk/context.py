"""What every hook and every provider is given first: who, where, when, and the means it may use.

A means the manifest did not ask for is not there: reaching for it raises NotAllowed. In-process Python cannot
be locked in; this keeps plugins from accidents, not from malice.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from askpro import clock
from askpro.errors import NotAllowed
from askpro.money import Money
from askpro.sdk.payments import ProviderEvent

__all__ = ("Context", "HttpClient", "HttpReply", "Store", "StoreUnit", "TenantRef")


@dataclass(frozen=True, slots=True)
class TenantRef:
    """The tenant on whose behalf something happens."""

    id: UUID
    slug: str = ""


class HttpReply(Protocol):
    """What came back."""

    @property
    def status_code(self) -> int: ...
    @property
    def headers(self) -> Mapping[str, str]: ...
    @property
    def content(self) -> bytes: ...


class HttpClient(Protocol):
    """HTTPS to the hosts of the manifest's ``net:`` capabilities; no redirects, 30 s, at most 40 MB."""

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        data: Mapping[str, str] | None = None,
        json: Any = None,
    ) -> HttpReply:
        """Raises NotAllowed for another host, Unavailable when no answer came."""
        ...


class StoreUnit(Protocol):
    """Statements of one transaction; ``$1`` parameters, names qualified: ``plug_<id>.<table>``."""

    async def fetch(self, sql: str, *args: Any) -> list[Any]: ...
    async def fetchrow(self, sql: str, *args: Any) -> Any: ...
    async def fetchval(self, sql: str, *args: Any) -> Any: ...
    async def execute(self, sql: str, *args: Any) -> str: ...
    async def executemany(self, sql: str, rows: list[tuple[Any, ...]]) -> None: ...


class Store(Protocol):
    """The plugin's own tables. With a tenant, row-level security shows that tenant's rows only."""

    def unit(self) -> AbstractAsyncContextManager[StoreUnit]:
        """A transaction; committed at the end of the block, rolled back by an exception."""
        ...


@dataclass(frozen=True, kw_only=True)
class Context:
    """Everything a plugin may know and use in one call. ``tenant`` is None at start and in platform jobs."""

    plugin: str
    tenant: TenantRef | None = None
    actor: str = "system"
    """Who acts: ``"system"``, or ``"<role>:<id>"``."""
    locale: str = "en"
    settings: Any = None
    """An instance of the plugin's settings schema for this tenant; None where the tenant has not set it up."""
    log: logging.Logger = field(default_factory=lambda: logging.getLogger("askpro.plugin"), repr=False)
    gettext: Callable[[str], str] = field(default=lambda msgid: msgid, repr=False)
    """Text in the reader's language from the plugin's own catalogue."""
    format_money: Callable[[Money], str] = field(default=lambda money: f"{money.decimal} {money.currency}", repr=False)
    means: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """What the host grants, by capability. Plugins use the properties below."""

    def now(self) -> datetime:
        """The present instant, UTC; a sandbox tenant's clock may be moved."""
        return clock.now()

    @property
    def http(self) -> HttpClient:
        """Needs ``net:<host>``."""
        client: HttpClient = self._granted("net")
        return client

    @property
    def store(self) -> Store:
        """Needs ``store``."""
        store: Store = self._granted("store")
        return store

    async def emit_event(self, event: ProviderEvent) -> None:
        """Put a provider event into the core's inbox, as if it had come by webhook. Needs ``events.emit``.

        The core treats it as a hint and asks ``look_up`` before it books anything.
        """
        emit: Callable[[ProviderEvent], Awaitable[None]] = self._granted("events.emit")
        await emit(event)

    async def mail_customer(self, customer: str, subject: str, paragraphs: Sequence[str], *, key: str) -> None:
        """Write to a customer in the tenant's name and look. Needs ``mail.send``.

        Args:
            customer: the id the plugin knows the customer by (``CustomerRef.id``); its address stays unseen.
            subject: 1 to 150 characters; the heading, too.
            paragraphs: 1 to 30 plain texts of at most 2,000 characters. A greeting stands above them already.
            key: of the fact the mail tells of. The same key again is no second mail.

        Sent later, by the core. Raises InvalidInput, NotFound for a customer this tenant does not have or (code
        ``no_address``) whom nobody can write to.
        """
        mail: Callable[..., Awaitable[None]] = self._granted("mail.send")
        await mail(customer, subject, paragraphs, key=key)

    def _granted(self, capability: str) -> Any:
        try:
            return self.means[capability]
        except KeyError:
            detail = f"plugin {self.plugin} has no capability {capability}"
            raise NotAllowed(detail, code="capability_missing") from None

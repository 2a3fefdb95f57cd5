"""What providers tell us: stored raw, known again by its number, believed only as a hint.

``accept`` answers within milliseconds; ``process`` then asks the provider how the thing really stands, as a job, again
and again until it worked once. What never works is a dead letter: shown, and replayed by hand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec
import structlog

from askpro import clock, db
from askpro.actor import Actor
from askpro.errors import NotAllowed, NotFound
from askpro.ids import new_id
from askpro.jobs import defer
from askpro.payments import bank_payouts, disputes, endpoints, methods, providers, refunds, schedule, settle
from askpro.sdk.context import TenantRef
from askpro.sdk.payments import EventKind, ProviderEvent
from askpro.tenancy import audit

__all__ = (
    "PROCESS",
    "InboxEvent",
    "accept",
    "emit_from_plugin",
    "event",
    "events",
    "process",
    "process_now",
    "receive",
    "replay",
    "replay_all",
    "worth_keeping",
)

log = structlog.get_logger("askpro.payments")

PROCESS = "payments.process_event"
_BY = Actor.system("payments")
_KEPT_HEADERS = frozenset({"content-type", "user-agent", "date"})

State = Literal["waiting", "done", "dead"]
_STATES: Mapping[State, str] = {
    "waiting": "processed_at is null and dead_at is null",
    "done": "processed_at is not null",
    "dead": "dead_at is not null",
}
_COLUMNS = (
    "id, provider, account, type, kind, key, provider_ref, received_at, attempts, next_try, processed_at, dead_at,"
    " last_error, live"
)


@dataclass(frozen=True, slots=True)
class InboxEvent:
    """An event as the operator sees it, without its body. ``last_error`` is a remark once it is processed."""

    id: UUID
    provider: str
    account: str
    type: str
    kind: str
    key: str
    ref: str
    received_at: datetime
    attempts: int
    next_try: datetime
    processed_at: datetime | None
    dead_at: datetime | None
    last_error: str
    live: bool


def worth_keeping(headers: Mapping[str, str]) -> dict[str, str]:
    """What of a delivery's headers is stored beside its body: no signature, no address."""
    return {name: value[:200] for name, value in headers.items() if name in _KEPT_HEADERS}


async def receive(
    tenant: UUID, provider_key: str, headers: Mapping[str, str], body: bytes, *, account: str = ""
) -> UUID | None:
    """Take a delivery: verify, store, return its id; the same event again returns the same id, an ignored one none.

    ``headers`` with lower-case names. Raises EventRefused, NotFound, PluginUnavailable.
    """
    provider = await providers.provider(tenant, provider_key, for_new=False)
    event = await provider.verify_event(headers, body)
    if event.kind is EventKind.IGNORED:
        return None
    return await accept(tenant, provider_key, event, account=account, body=body, headers=worth_keeping(headers))


async def accept(
    tenant: UUID,
    provider_key: str,
    event: ProviderEvent,
    *,
    account: str = "",
    body: bytes = b"",
    headers: Mapping[str, str] | None = None,
) -> UUID:
    """Store a verified event and queue it; one that is known already is not stored twice."""
    identifier, now = new_id(), clock.now()
    async with db.unit(tenant):
        stored = await db.fetchval(
            "insert into payments.inbox (tenant_id, id, provider, account, event_id, kind, key, provider_ref, body,"
            " headers, received_at, next_try, type, payment_ref, live)"
            " values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11, $12, $13, $14)"
            " on conflict (tenant_id, provider, account, event_id) do nothing returning id",
            tenant, identifier, provider_key, account, event.id, event.kind.value, event.key, event.provider_ref,
            body or msgspec.json.encode(event), dict(headers or {}), now, event.type, event.payment_ref, event.live,
        )  # fmt: skip
        if stored is None:
            known: UUID = await db.fetchval(
                "select id from payments.inbox"
                " where tenant_id = $1 and provider = $2 and account = $3 and event_id = $4",
                tenant,
                provider_key,
                account,
                event.id,
            )
            return known
        await defer(PROCESS, tenant=str(tenant), event=str(identifier))
    return identifier


async def process_now(tenant: UUID, event_id: UUID) -> None:
    """Process at once if that is possible; what fails is left to the job. Never raises for a failure."""
    if db.current() is not None:
        return
    try:
        await process(tenant, event_id)
    except Exception as error:
        log.warning("an event is left to the worker", event_id=str(event_id), error=f"{type(error).__name__}: {error}")


async def process(tenant: UUID, event_id: UUID) -> None:
    """Act on an event: ask the provider about the payment it names. Doing it twice does no harm.

    Raises what went wrong, after counting it; after ten times the event is a dead letter.
    """
    async with db.unit(tenant):
        row = await db.fetchrow("select * from payments.inbox where tenant_id = $1 and id = $2", tenant, event_id)
    if row is None or row["processed_at"] is not None or row["dead_at"] is not None:
        return
    try:
        note = await _act(tenant, row)
    except Exception as error:
        await _failed(tenant, event_id, row["attempts"] + 1, f"{type(error).__name__}: {error}")
        raise
    async with db.unit(tenant):
        await db.execute(
            "update payments.inbox set processed_at = $3, attempts = attempts + 1, last_error = $4"
            " where tenant_id = $1 and id = $2 and processed_at is null",
            tenant,
            event_id,
            clock.now(),
            note,
        )


async def _act(tenant: UUID, row: Any) -> str:
    """A remark about the event, mostly none."""
    provider, key, ref, payment_ref = row["provider"], row["key"], row["provider_ref"], row["payment_ref"]
    one = await providers.provider(tenant, provider, for_new=False)
    if (await one.capabilities()).live is not row["live"]:
        return "test money, and the provider is live" if not row["live"] else "real money, and the provider is on test"
    match row["kind"]:
        case EventKind.PAYMENT:
            attempt = await _attempt(tenant, provider, key, ref)
            if attempt is None:
                return "no payment of ours"
            await settle.refresh(tenant, attempt, by=_BY, heard=True)
            return ""
        case EventKind.REFUND:
            return await refunds.heard(tenant, provider, key, ref, payment_ref)
        case EventKind.DISPUTE:
            return await disputes.heard(tenant, provider, ref, payment_ref)
        case EventKind.METHOD:
            return await methods.heard(tenant, provider, ref)
        case EventKind.ACCOUNT:
            return await endpoints.account_heard(tenant, provider)
        case EventKind.PAYOUT:
            return await bank_payouts.heard(tenant, provider, ref, live=row["live"])
        case _:
            return "nothing to look up"


async def _failed(tenant: UUID, event_id: UUID, attempts: int, said: str) -> None:
    now = clock.now()
    due = schedule.next_try(attempts, now)
    async with db.unit(tenant):
        await db.execute(
            "update payments.inbox set attempts = $3, last_error = $4, next_try = coalesce($5, next_try),"
            " dead_at = case when $5::timestamptz is null then $6::timestamptz end"
            " where tenant_id = $1 and id = $2 and processed_at is null",
            tenant,
            event_id,
            attempts,
            said[:500],
            due,
            now,
        )


async def _attempt(tenant: UUID, provider_key: str, key: str, ref: str) -> UUID | None:
    """By our key where the provider handed it back, else by its own number."""
    async with db.unit(tenant):
        found: UUID | None = await db.fetchval(
            "select id from payments.attempt where tenant_id = $1 and provider = $2"
            " and (($3 <> '' and id::text = $3) or ($3 = '' and $4 <> '' and provider_ref = $4))",
            tenant,
            provider_key,
            key,
            ref,
        )
    return found


async def emit_from_plugin(plugin: str, tenant: TenantRef, event: ProviderEvent) -> None:
    """A plugin's own event (``Services.emit_event``): stored like any other and acted on at once.

    Raises NotAllowed when it names a payment of somebody else's provider.
    """
    async with db.unit(tenant.id):
        key: str | None = await db.fetchval(
            "select provider from payments.attempt where tenant_id = $1 and id::text = $2", tenant.id, event.key
        )
    if key is not None and (await providers.provider(tenant.id, key, for_new=False)).plugin != plugin:
        raise NotAllowed(f"{plugin} speaks of a payment that is not its own", code="not_your_payment")
    identifier = await accept(tenant.id, key or plugin, event)
    await process_now(tenant.id, identifier)


async def events(
    tenant: UUID,
    *,
    state: State | None = None,
    limit: int = 50,
    before: UUID | None = None,
    providers: Sequence[str] | None = None,
) -> list[InboxEvent]:
    """Events, newest first, of all providers or of these. ``before``: the id of the last one of the page before."""
    which = f" and {_STATES[state]}" if state else ""
    async with db.unit(tenant):
        rows = await db.fetch(
            f"select {_COLUMNS} from payments.inbox"  # noqa: S608 - constants
            " where tenant_id = $1 and ($2::uuid is null or id < $2) and ($4::text[] is null or provider = any($4))"
            f"{which} order by id desc limit $3",
            tenant,
            before,
            limit,
            None if providers is None else list(providers),
        )
    return [InboxEvent(*row) for row in rows]


async def event(tenant: UUID, event_id: UUID) -> InboxEvent:
    """One of them. Raises NotFound."""
    async with db.unit(tenant):
        row = await db.fetchrow(
            f"select {_COLUMNS} from payments.inbox where tenant_id = $1 and id = $2",  # noqa: S608 - constants
            tenant,
            event_id,
        )
    if row is None:
        raise NotFound("there is no such event")
    return InboxEvent(*row)


async def replay(tenant: UUID, event_id: UUID, *, by: Actor = _BY) -> None:
    """Try a dead letter again, from its first try on. Raises NotFound when it is none."""
    if await _revive(tenant, event_id, by) == 0:
        raise NotFound("there is no such dead letter")


async def replay_all(tenant: UUID, *, by: Actor = _BY) -> int:
    """Try all dead letters of a tenant again; how many there were."""
    return await _revive(tenant, None, by)


async def _revive(tenant: UUID, event_id: UUID | None, by: Actor) -> int:
    async with db.unit(tenant):
        rows = await db.fetch(
            "update payments.inbox set dead_at = null, attempts = 0, next_try = $3"
            " where tenant_id = $1 and ($2::uuid is null or id = $2) and dead_at is not null returning id",
            tenant,
            event_id,
            clock.now(),
        )
        for row in rows:
            await defer(PROCESS, tenant=str(tenant), event=str(row["id"]))
            await audit.record(tenant, by, "payments.event_replayed", row["id"])
    return len(rows)

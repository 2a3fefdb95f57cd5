"""A customer's transactions with their running balance."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from askpro import db
from askpro.ledger.queries import StatementLine, statement
from askpro.people.queries import customer
from askpro.web.api.endpoint import PREFIX, Call, Nothing, Reply, endpoint
from askpro.web.api.schemas import Transaction, TransactionPage, TransactionQuery, given, money
from askpro.web.pagination import decode_cursor, encode_cursor, page_link, scope_of

__all__ = ("HANDLERS",)


def _shown(line: StatementLine, currency: str) -> Transaction:
    return Transaction(
        id=line.id,
        kind=line.kind,
        amount=money(line.amount, currency),
        balance=money(line.balance, currency),
        day=line.day,
        occurred_at=line.occurred_at,
        booked_at=line.booked_at,
        calls=line.calls,
        reason=line.reason,
        reverses=line.reverses,
    )


@endpoint(
    "GET", "/customers/{customer_id:uuid}/transactions", permission="transactions:read", query=TransactionQuery,
    body=Nothing, answer=TransactionPage, refusals=(404,),
)  # fmt: skip
async def list_transactions(call: Call[TransactionQuery, Nothing]) -> Reply[TransactionPage]:
    """List a customer's transactions, latest first.

    The calls of a civil day that were booked together are one transaction; `calls` says how many.
    """
    asked, tenant = call.query, call.tenant.id
    identifier, since, until = call.id("customer_id"), given(asked.since), given(asked.until)
    scope = scope_of(tenant, "transactions", identifier, since, until, asked.kind)
    before = decode_cursor(asked.cursor, tuple[int, date, UUID], scope) if asked.cursor else None
    async with db.unit(tenant):
        found = await customer(tenant, identifier)
        lines = await statement(
            tenant, found.wallet_id, limit=asked.limit + 1, before=before, since=since, until=until,
            kinds=(asked.kind,) if asked.kind else (),
        )  # fmt: skip
    shown, following = lines[: asked.limit], None
    if len(lines) > asked.limit:
        last = shown[-1]
        following = encode_cursor((last.seq, last.day, last.id), scope)
    kept = {"since": since, "until": until, "kind": asked.kind, "limit": asked.limit}
    path = f"{PREFIX}/customers/{identifier}/transactions"
    body = TransactionPage([_shown(line, found.currency) for line in shown], following)
    return Reply(body, page_link(path, following, kept))


HANDLERS = (list_transactions,)

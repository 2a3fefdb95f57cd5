"""Publishing commission schemes, and checking what was accrued with them."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from uuid import UUID

from askpro import clock, db
from askpro.actor import Actor
from askpro.commissions.queries import StoredScheme
from askpro.commissions.scheme import Kind, Scheme, commission
from askpro.errors import Conflict, InvalidInput
from askpro.ids import new_id
from askpro.tariffs.chains import CommissionTerms
from askpro.tariffs.recompute import Explained, recompute
from askpro.tenancy import audit
from askpro.tenancy.service import bump_tariffs

__all__ = ("explain_call", "publish_scheme", "scheme_of")

_GRACE = timedelta(minutes=1)


async def publish_scheme(
    tenant: UUID, kind: Kind, value: Decimal, effective_from: datetime, *, by: Actor
) -> StoredScheme:
    """Let a reseller earn in this way from an instant on.

    Raises InvalidInput, Conflict (``commission_in_the_past``) when calls may have been accrued by what would change,
    NotFound.
    """
    Scheme(kind, value)
    if effective_from.tzinfo is None:
        raise InvalidInput("an instant needs a zone", field="effective_from")
    now = clock.now()
    made = StoredScheme(new_id(), effective_from, kind, value, now, str(by))
    async with db.unit(tenant):
        await bump_tariffs(tenant)
        if effective_from < now - _GRACE and await db.fetchval(
            "select exists (select from commissions.scheme where tenant_id = $1 and effective_from <= $2)", tenant, now
        ):
            raise Conflict(
                "a scheme holds already for that time: a new one begins now or later",
                code="commission_in_the_past",
                field="effective_from",
            )
        await db.execute(
            "insert into commissions.scheme (tenant_id, id, effective_from, kind, value, created_at, created_by)"
            " values ($1, $2, $3, $4, $5, $6, $7)",
            tenant,
            made.id,
            effective_from,
            kind,
            value,
            now,
            made.created_by,
        )
        detail = {"kind": kind, "value": str(value), "effective_from": effective_from.isoformat()}
        await audit.record(tenant, by, "commission.published", made.id, **detail)
    return made


@lru_cache(maxsize=4096)
def scheme_of(terms: CommissionTerms) -> Scheme:
    """Published terms, ready to calculate with."""
    return Scheme(terms.kind, terms.value)  # type: ignore[arg-type]  # the database allows the three kinds only


async def explain_call(tenant: UUID, usage_id: UUID) -> Explained:
    """``tariffs.recompute`` and the commission besides.

    Raises what that raises; Conflict (``price_differs``) also when the stored commission is not what the scheme says.
    """
    found = await recompute(tenant, usage_id)
    earned = 0
    if found.terms is not None and found.retail is not None:
        earned = commission(scheme_of(found.terms), found.price, found.cost, found.billed_seconds)
    if earned != found.commission:
        raise Conflict(f"stored commission {found.commission}, computed {earned}", code="price_differs")
    return found

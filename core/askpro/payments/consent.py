"""What customers agree to, kept in the words that were shown, with who, when and from where. Append-only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Literal
from uuid import UUID

from askpro import clock, db
from askpro.actor import Actor
from askpro.errors import InvalidInput
from askpro.ids import new_id
from askpro.people.model import Customer

__all__ = ("Consent", "keep", "of_wallet")

_LONGEST = 4000


@dataclass(frozen=True, slots=True)
class Consent:
    """The words that were shown and agreed to; ``version`` names their wording."""

    text: str
    version: str
    locale: str

    @property
    def digest(self) -> str:
        """Names exactly these words: a page that shows them gives it along, so that no others are agreed to."""
        return sha256("\x1f".join((self.version, self.locale, self.text)).encode()).hexdigest()

    def checked(self) -> Consent:
        """Itself. Raises InvalidInput (``consent_missing``, ``consent_too_long``)."""
        if not self.text.strip():
            raise InvalidInput("the customer has to agree", code="consent_missing", field="consent")
        if len(self.text) > _LONGEST:
            raise InvalidInput(f"at most {_LONGEST} characters", code="consent_too_long", field="consent")
        return self


async def keep(
    tenant: UUID,
    customer: Customer,
    kind: Literal["auto_topup", "save_method"],
    provider: str,
    consent: Consent,
    *,
    by: Actor,
    terms: Mapping[str, Any] | None = None,
) -> UUID:
    """Write it down; its number. Inside an open unit."""
    identifier = new_id()
    await db.execute(
        "insert into payments.consent (tenant_id, id, customer_id, wallet_id, kind, provider, text, version, locale,"
        " terms, actor, address, given_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        tenant, identifier, customer.id, customer.wallet_id, kind, provider, consent.text, consent.version,
        consent.locale, dict(terms or {}), str(by), by.address, clock.now(),
    )  # fmt: skip
    return identifier


async def of_wallet(tenant: UUID, wallet: UUID) -> list[dict[str, Any]]:
    """Everything that was agreed to for a wallet, latest first: the evidence as it is stored."""
    async with db.unit(tenant):
        rows = await db.fetch(
            "select * from payments.consent where tenant_id = $1 and wallet_id = $2 order by given_at desc, id desc",
            tenant,
            wallet,
        )
    return [dict(row) for row in rows]

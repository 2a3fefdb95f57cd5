"""What may be said of a booking that somebody makes by hand. Each check raises what is wrong, naming the field."""

from __future__ import annotations

import unicodedata
from uuid import UUID

from askpro import db
from askpro.errors import N_, Conflict, InvalidInput
from askpro.money import Money
from askpro.people.model import Customer

__all__ = ("LONGEST_REASON", "currency", "key", "open_customer", "reason")

LONGEST_REASON = 500
_SHORTEST = 3


def reason(text: str) -> str:
    """A reason on one line, 3 to 500 characters, nothing invisible in it.

    Raises InvalidInput (``reason_missing``, ``reason_long``).
    """
    spaced = "".join(" " if unicodedata.category(one) in ("Cc", "Zl", "Zp") else one for one in text)
    plain = " ".join("".join(one for one in spaced if not unicodedata.category(one).startswith("C")).split())
    if len(plain) < _SHORTEST:
        raise InvalidInput(
            "3 characters or more", code="reason_missing", title=N_("Please say why, in a few words."), field="reason"
        )
    if len(plain) > LONGEST_REASON:
        title = N_("This reason is too long.")
        raise InvalidInput(f"at most {LONGEST_REASON} characters", code="reason_long", title=title, field="reason")
    return plain


def key(text: str) -> str:
    """A name for the request, by which a repeat is known. Raises InvalidInput."""
    if not 1 <= len(text) <= 255:
        raise InvalidInput("a key has 1 to 255 characters", field="idempotency_key")
    return text


def currency(customer: Customer, amount: Money) -> None:
    """Raises InvalidInput (``currency_mismatch``)."""
    if amount.currency != customer.currency:
        raise InvalidInput(f"this wallet holds {customer.currency}", code="currency_mismatch", field="amount")


async def open_customer(tenant: UUID, customer: UUID) -> None:
    """As it is now, and until the open unit ends: nobody can close it meanwhile. Raises Conflict (``closed``)."""
    status = await db.fetchval(
        "select status from people.customer where tenant_id = $1 and id = $2 for share", tenant, customer
    )
    if status in (None, "closed"):
        raise Conflict("this customer is closed", code="closed", title=N_("This customer's account is closed."))

"""What the rest of the house knows of customers and people."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias
from uuid import UUID

__all__ = ("Customer", "CustomerStatus", "Person", "Role")

CustomerStatus: TypeAlias = Literal["active", "suspended", "closed"]
Role: TypeAlias = Literal["customer", "reseller", "operator"]


@dataclass(frozen=True, slots=True)
class Customer:
    """Who tops up and is charged. ``wallet_id`` is the wallet in the customer's own currency."""

    id: UUID
    number: str
    name: str
    email: str
    currency: str
    locale: str
    """Empty: the reseller's."""
    plan_id: UUID | None
    status: CustomerStatus
    created_at: datetime
    wallet_id: UUID


@dataclass(frozen=True, slots=True)
class Person:
    """Who signs in: for a customer, or as staff of the reseller (``customer_id`` None)."""

    id: UUID
    customer_id: UUID | None
    email: str
    name: str
    role: Role
    locale: str
    scheme: str
    status: Literal["active", "disabled"]
    created_at: datetime
    last_sign_in: datetime | None

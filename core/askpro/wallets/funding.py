"""What a reseller that pays in advance has paid to the platform: credited to its own wallet by the operator (D6)."""

from __future__ import annotations

from askpro import clock, db
from askpro.actor import Actor
from askpro.errors import N_, Conflict, InvalidInput
from askpro.ledger import service as ledger
from askpro.ledger.accounts import AccountKind
from askpro.ledger.queries import Wallet, own_wallet
from askpro.ledger.transfer import Transfer
from askpro.money import Money
from askpro.tenancy import audit
from askpro.tenancy.model import Tenant
from askpro.wallets import checks

__all__ = ("credit",)

_KIND = "funding"
_CODE = "platform"


async def credit(tenant: Tenant, amount: Money, *, reason: str, key: str, by: Actor) -> Wallet:
    """Book what the reseller has paid to the platform; the wallet after it. Below zero: what was too much, back.

    Args:
        reason: 3 to 500 characters.
        key: of the payment, for instance the bank's reference: under one key is booked once.

    Raises InvalidInput (``reason_missing``, ``amount_zero``, ``idempotency_key_reused``: another amount was booked
    under that key), Conflict (``pays_afterwards``), InsufficientFunds for taking back what is no longer there.
    """
    text = checks.reason(reason)
    checks.key(key)
    if amount.units == 0:
        title = N_("Please enter an amount other than zero.")
        raise InvalidInput("more or less than nothing", code="amount_zero", title=title, field="amount")
    at = clock.now()
    async with db.unit(tenant.id):
        purse = await own_wallet(tenant.id)
        if purse is None:
            title = N_("This reseller does not pay in advance.")
            raise Conflict(f"{tenant.slug} pays afterwards", code="pays_afterwards", title=title)
        if amount.currency != purse.currency:
            raise InvalidInput(f"this wallet is kept in {purse.currency}", field="currency")
        paid = await ledger.ensure_account(tenant.id, AccountKind.CLEARING, purse.currency, _CODE)
        accounts = (paid, purse.id) if amount.units > 0 else (purse.id, paid)
        posting = (
            await ledger.post(
                Transfer(
                    tenant=tenant.id, debit=accounts[0], credit=accounts[1], amount=abs(amount.units), kind=_KIND,
                    key=key, day=clock.civil_day(at, tenant.timezone), occurred_at=at, actor=str(by), reason=text,
                )
            )
        ).or_raise()  # fmt: skip
        if posting.fresh:
            facts = {"amount": amount.units, "currency": amount.currency, "reason": text, "key": key}
            await audit.record(tenant.id, by, "reseller.funded", posting.transfer, **facts)
        else:
            booked = await db.fetchrow(
                "select amount, credit_account from ledger.transfer where tenant_id = $1 and id = $2",
                tenant.id, posting.transfer,
            )  # fmt: skip
            if tuple(booked) != (abs(amount.units), accounts[1]):
                said = f"another amount was booked under {key!r}"
                raise InvalidInput(said, code="idempotency_key_reused", field="key")
        after = await own_wallet(tenant.id)
    return after or purse

"""Application fees: what a platform keeps of a payment to an account it brought."""

from __future__ import annotations

from askpro.testing.stripe.acts.balance import post
from askpro.testing.stripe.hooks.events import emit
from askpro.testing.stripe.state.book import Book
from askpro.testing.stripe.wire.faults import refused
from askpro.testing.stripe.wire.lists import whole_list
from askpro.testing.stripe.wire.routes import Obj

__all__ = ("collect", "refund_fee")


def collect(book: Book, charge: Obj, amount: int, *, at: int, origin: str | None = None) -> Obj:
    """The platform's part of a charge in a connected account's book; ``origin`` is the charge it was sent on from."""
    platform = book.world.parent_book(book)
    if platform is None:
        raise LookupError(f"{book.account} has no platform")
    identifier = platform.new_id("fee")
    thing: Obj = {
        "id": identifier,
        "object": "application_fee",
        "account": book.account,
        "amount": amount,
        "amount_refunded": 0,
        "application": book.world.application(platform.account),
        "balance_transaction": None,
        "charge": charge["id"],
        "created": book.now,
        "currency": charge["currency"],
        "fee_source": {"charge": charge["id"], "type": "charge"},
        "livemode": book.livemode,
        "originating_transaction": origin,
        "refunded": False,
        "refunds": whole_list([], f"/v1/application_fees/{identifier}/refunds"),
    }
    line = post(platform, "application_fee", amount, charge["currency"], identifier, at=at)
    thing["balance_transaction"] = line["id"]
    platform.add(thing)
    emit(platform, "application_fee.created", thing)
    return thing


def refund_fee(platform: Book, fee: Obj, amount: int | None, metadata: dict[str, str] | None = None) -> Obj:
    """Give a fee back, or a part of it, to the account it came from. Raises Fault when that is more than is left."""
    left = fee["amount"] - fee["amount_refunded"]
    amount = left if amount is None else amount
    if not 0 < amount <= left:
        raise refused(f"Refund amount ({amount}) is greater than unrefunded amount on fee ({left})", param="amount")
    thing: Obj = {
        "id": platform.new_id("fr"),
        "object": "fee_refund",
        "amount": amount,
        "balance_transaction": None,
        "created": platform.now,
        "currency": fee["currency"],
        "fee": fee["id"],
        "metadata": metadata or {},
    }
    line = post(platform, "application_fee_refund", -amount, fee["currency"], thing["id"])
    thing["balance_transaction"] = line["id"]
    platform.add(thing)
    connected = platform.world.book(fee["account"], platform.livemode)
    post(connected, "adjustment", amount, fee["currency"], fee["charge"], category="fee", description="Fee refund")
    previous = {"amount_refunded": fee["amount_refunded"], "refunded": fee["refunded"]}
    fee["amount_refunded"] += amount
    fee["refunded"] = fee["amount_refunded"] == fee["amount"]
    done = [one for one in platform.every("fee_refund") if one["fee"] == fee["id"]]
    fee["refunds"] = whole_list([dict(one) for one in done], fee["refunds"]["url"])
    emit(platform, "application_fee.refunded", fee, previous)
    return thing

"""Transfers from a platform to the accounts it brought, and back."""

from __future__ import annotations

from askpro.testing.stripe.acts.arrivals import arrival
from askpro.testing.stripe.acts.balance import free, held, post
from askpro.testing.stripe.acts.fees import collect
from askpro.testing.stripe.hooks.events import emit
from askpro.testing.stripe.state.book import Book
from askpro.testing.stripe.wire.faults import no_such, refused
from askpro.testing.stripe.wire.lists import whole_list
from askpro.testing.stripe.wire.routes import Obj

__all__ = ("destination_book", "reverse", "to_destination", "transfer")


def destination_book(book: Book, account: str, param: str = "destination") -> Book:
    """The connected account's book. Raises Fault when it is not this platform's or may not receive transfers."""
    owner = book.world.owners.get(account)
    if owner is None or owner.parent != book.account or owner.livemode != book.livemode:
        raise no_such("destination", account, param=param, status=400)
    if owner.thing.get("deleted"):
        raise no_such("destination", account, param=param, status=400)
    if owner.thing["capabilities"].get("transfers") != "active":
        raise refused(
            "Your destination account needs to have at least one of the following capabilities enabled: transfers,"
            " crypto_transfers, legacy_payments",
            code="insufficient_capabilities_for_transfer",
        )
    return book.world.book(account, book.livemode)


def transfer(
    book: Book,
    account: str,
    amount: int,
    currency: str,
    *,
    source: Obj | None = None,
    group: str | None = None,
    description: str | None = None,
    metadata: dict[str, str] | None = None,
    at: int | None = None,
) -> Obj:
    """Money of the platform's own, or of one charge, to a connected account. Raises Fault: balance_insufficient."""
    target = destination_book(book, account)
    if source is None and free(book, currency) < amount:
        raise refused(
            "You have insufficient available funds in your Stripe account.", code="balance_insufficient", param=None
        )
    if source is not None:
        group = source["transfer_group"] = source["transfer_group"] or group or f"group_{source['payment_intent']}"
    identifier = book.new_id("tr")
    at = book.now if at is None else at
    payment = arrival(target, identifier, amount, currency, at)
    thing: Obj = {
        "id": identifier,
        "object": "transfer",
        "amount": amount,
        "amount_reversed": 0,
        "balance_transaction": post(book, "transfer", -amount, currency, identifier, at=at)["id"],
        "created": book.now,
        "currency": currency,
        "description": description,
        "destination": account,
        "destination_payment": payment["id"],
        "livemode": book.livemode,
        "metadata": metadata or {},
        "reversals": whole_list([], f"/v1/transfers/{identifier}/reversals"),
        "reversed": False,
        "source_transaction": source["id"] if source else None,
        "source_type": "card",
        "transfer_group": group,
    }
    book.add(thing)
    emit(book, "transfer.created", thing)
    return thing


def to_destination(book: Book, charge: Obj, *, at: int) -> None:
    """A destination charge: what was charged goes on, less the part the platform keeps."""
    data = charge["transfer_data"]
    amount = charge["amount"] if data["amount"] is None else data["amount"]
    sent = transfer(book, data["destination"], amount, charge["currency"], source=charge, at=at)
    charge["transfer"] = sent["id"]
    if fee := charge["application_fee_amount"]:
        target = book.world.book(data["destination"], book.livemode)
        payment = target.objects[sent["destination_payment"]]
        payment["application_fee_amount"] = fee
        made = collect(target, payment, fee, at=at, origin=charge["id"])
        post(target, "adjustment", -fee, charge["currency"], made["id"], at=at, category="fee")
        charge["application_fee"] = payment["application_fee"] = made["id"]


def reverse(book: Book, thing: Obj, amount: int | None, *, metadata: dict[str, str] | None = None,
            source_refund: str | None = None) -> Obj:  # fmt: skip
    """Take a transfer back, or a part of it: available again when the transfer itself would have been.

    Raises Fault when that is more than is left, and, but for a refund that takes it along, when the account no longer
    has so much.
    """
    left = thing["amount"] - thing["amount_reversed"]
    amount = left if amount is None else amount
    if not 0 < amount <= left:
        raise refused(f"Reversal amount ({amount}) is greater than the unreversed amount ({left})", param="amount")
    target = book.world.book(thing["destination"], book.livemode)
    if source_refund is None and held(target, thing["currency"]) < amount:
        raise refused(
            "The connected account does not have enough money in its balance to cover this reversal.",
            code="balance_insufficient",
        )
    at = max(book.now, book.objects[thing["balance_transaction"]]["available_on"])
    reversal: Obj = {
        "id": book.new_id("trr"),
        "object": "transfer_reversal",
        "amount": amount,
        "balance_transaction": None,
        "created": book.now,
        "currency": thing["currency"],
        "destination_payment_refund": None,
        "metadata": metadata or {},
        "source_refund": source_refund,
        "transfer": thing["id"],
    }
    line = post(book, "transfer_refund", amount, thing["currency"], reversal["id"], at=at)
    reversal["balance_transaction"] = line["id"]
    post(target, "payment_refund", -amount, thing["currency"], thing["destination_payment"], at=at)
    payment = target.objects[thing["destination_payment"]]
    payment["amount_refunded"] += amount
    payment["refunded"] = payment["amount_refunded"] == payment["amount"]
    book.add(reversal)
    previous = {"amount_reversed": thing["amount_reversed"], "reversed": thing["reversed"]}
    thing["amount_reversed"] += amount
    thing["reversed"] = thing["amount_reversed"] == thing["amount"]
    done = [dict(one) for one in book.every("transfer_reversal") if one["transfer"] == thing["id"]]
    thing["reversals"] = whole_list(done, thing["reversals"]["url"])
    emit(book, "transfer.reversed", thing, previous)
    return reversal

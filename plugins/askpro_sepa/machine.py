"""The life of a collection: pure, and forward only.

    open ──► queued ──► exported ──► settled ──► returned
      │         │           ├──────────────────────►│      (credit was given when the file was written)
      │         │           └──► rejected
      │         ├──► cancelled
      │         └──────────────────────────────────►│      (the same, and the file was taken back)
      └──► cancelled | expired

``credited_at`` says since when the core may book the credit: it is set on settlement or, at the reseller's risk, with
the file. Money that comes back before that was never there (declined); after that it is a dispute that is lost.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

from askpro.errors import Conflict
from askpro.sdk import ChargeResult, Dispute, DisputeState, Outcome, Waiting
from askpro_sepa.model import Debit, Mandate
from askpro_sepa.reasons import closes

__all__ = (
    "ACCOUNT",
    "DISPUTE",
    "booked",
    "cancelled",
    "dispute",
    "due",
    "exported",
    "given_back",
    "odd",
    "queued",
    "result",
    "settled",
    "undone",
)

ACCOUNT = "sepa"
DISPUTE = "R"
"""The number of a return is that of its payment with this before it."""


def due(debit: Debit, now: datetime) -> Debit:
    """After the time until ``now``: nobody can agree any more on a page that was open for too long."""
    if debit.state != "open" or debit.expires_at is None or now < debit.expires_at:
        return debit
    return replace(debit, state="expired", code="expired", news="expired")


def queued(debit: Debit, mandate: Mandate, sequence: str, collect_on: date, now: datetime, how: str = "") -> Debit:
    """The customer has agreed, or had agreed before. ``how``: by what he knows amount and day already."""
    if debit.state != "open":
        raise Conflict(f"it is {debit.state}", code="sepa_decided")
    return replace(
        debit, state="queued", mandate_id=mandate.id, sequence=sequence, collect_on=collect_on, news="queued",
        announced_on=collect_on if how else None, announced_at=now if how else None, announced_how=how,
    )  # fmt: skip


def exported(debit: Debit, now: datetime, *, credit: bool) -> Debit:
    """It stands in a file. Raises Conflict when it stood in one already."""
    if debit.state != "queued":
        raise Conflict(f"it is {debit.state}", code="sepa_exported_before")
    at = debit.credited_at or (now if credit else None)
    return replace(debit, state="exported", credited_at=at, news="credited" if at else debit.news)


def undone(debit: Debit) -> Debit:
    """Its file was never sent. Raises Conflict when the bank has acted on it."""
    if debit.state == "rejected":
        return debit
    if debit.state != "exported":
        raise Conflict(f"it is {debit.state}", code="sepa_sent")
    return replace(debit, state="queued")


def settled(debit: Debit, on: date, now: datetime) -> Debit:
    """The bank has booked it. What came back stays back, whatever an older statement says."""
    if not _handed_in(debit):
        return debit
    return replace(debit, state="settled", settled_on=on, credited_at=debit.credited_at or now, news="credited")


def given_back(debit: Debit, code: str, now: datetime) -> Debit:
    """A bank does not pay, or wants the money again. Only what stood in a file can come back."""
    if debit.state != "settled" and not _handed_in(debit):
        return debit
    if debit.credited_at is None:
        return replace(debit, state="rejected", code=code, returned_at=now, news="rejected")
    return replace(debit, state="returned", code=code, returned_at=now, news="returned")


def _handed_in(debit: Debit) -> bool:
    """In a file, also one of which staff said that it was never sent: if the bank acts on it, it was."""
    return debit.state == "exported" or (debit.state == "queued" and debit.file_id is not None)


def booked(debit: Debit, ins: int, outs: int, on: date, code: str, now: datetime) -> Debit:
    """After so many movements to and from the account in all: paid if one more came than went back.

    ``on``: the day it came; ``code``: why it went back. The order in which statements are read makes no difference to
    what is over; where the account and the state say different things, ``odd`` has a word for it.
    """
    if ins > outs:
        return settled(debit, on, now)
    return given_back(debit, code, now) if outs else debit


def odd(debit: Debit, ins: int, outs: int) -> str:
    """What a person should look at, now that the account shows so many movements of it; empty: all is well."""
    if debit.state == "settled":
        return "settled_again" if ins - outs > 1 else ""
    if ins > outs:
        return "booked_after_return" if debit.state in ("returned", "rejected") else "settled_unsent"
    return "returned_again" if outs > max(ins, 1) else ""


def cancelled(debit: Debit, code: str, now: datetime) -> Debit:
    """Not collected after all; only before it stands in a file, or again once that file was taken back.

    Credit that was given with that file goes back, as after a return.
    """
    if debit.state not in ("open", "queued"):
        return debit
    if debit.credited_at is not None:
        return replace(debit, state="returned", code=code, returned_at=now, news="returned")
    return replace(debit, state="cancelled", code=code, news="cancelled")


def result(debit: Debit, mandate: Mandate | None = None) -> ChargeResult:
    """How it stands, in the words of the contract. A return does not undo the payment: it is a matter of its own."""
    method = mandate.method() if mandate is not None else None
    if debit.credited_at is not None:
        return ChargeResult(
            key=debit.key, outcome=Outcome.SETTLED, amount=debit.amount, provider_ref=debit.end_to_end,
            account=ACCOUNT, method=method,
        )  # fmt: skip
    if debit.state in ("open", "queued", "exported"):
        waiting = Waiting.CUSTOMER if debit.state == "open" else Waiting.PROVIDER
        return ChargeResult(
            key=debit.key, outcome=Outcome.PENDING, provider_ref=debit.end_to_end, account=ACCOUNT, waiting=waiting,
            method=method,
        )  # fmt: skip
    return ChargeResult(
        key=debit.key, outcome=Outcome.DECLINED, provider_ref=debit.end_to_end, account=ACCOUNT, code=debit.code,
        terminal=closes(debit.code),
    )  # fmt: skip


def dispute(debit: Debit) -> Dispute:
    """A return, as a dispute that was lost when it arose: nobody asks the creditor."""
    return Dispute(
        ref=DISPUTE + debit.end_to_end,
        payment_ref=debit.end_to_end,
        amount=debit.amount,
        state=DisputeState.LOST,
        reason=debit.code,
    )

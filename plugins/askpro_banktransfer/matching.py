"""What a movement on the account means. Pure: the books are asked before, and written after.

Only one thing is decided without a person: one transfer is named, it is not paid yet, and exactly its amount has come.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from askpro.sdk import Entry
from askpro_banktransfer.model import Reason, Transfer
from askpro_banktransfer.references import looks_damaged, mentioned

__all__ = ("Verdict", "decide", "names_fit", "texts")


@dataclass(frozen=True, slots=True)
class Verdict:
    """``reason`` empty: ``transfer`` is paid by it. Else ``transfer`` is the one it names, if it names one."""

    reason: Reason
    transfer: Transfer | None = None


def texts(entry: Entry) -> tuple[str, ...]:
    """Where a payer can have put the reference."""
    return tuple(one for one in (entry.creditor_reference, entry.remittance, entry.end_to_end_id) if one)


def decide(entry: Entry, named: Sequence[Transfer], fitting: Sequence[Transfer]) -> Verdict | None:
    """What to do with a booked entry; None: it is none of our business.

    ``named``: the transfers whose reference or order number stands in it. ``fitting``: those not paid yet of which
    just this amount is missing.
    """
    if not entry.credit:
        # money that went out concerns us only if it is one of our transfers that went back
        return Verdict("went_back", named[0] if len(named) == 1 else None) if named else None
    if entry.reversal or entry.return_reason:
        return Verdict("went_back", named[0] if len(named) == 1 else None)
    if len(named) > 1:
        return Verdict("several_references")
    if named:
        (transfer,) = named
        if transfer.state == "settled":
            return Verdict("paid_again", transfer)
        return Verdict("" if entry.amount == transfer.missing else "wrong_amount", transfer)
    if looks_damaged(*texts(entry)):
        return Verdict("damaged_reference")
    if mentioned(*texts(entry)):
        return Verdict("unknown_reference")
    if not fitting:
        return Verdict("unknown")
    if sum(names_fit(entry.counterparty_name, one.customer_name) for one in fitting) == 1:
        return Verdict("fits_name")
    return Verdict("fits_amount" if len(fitting) == 1 else "fits_several")


def names_fit(one: str, other: str) -> bool:
    """Whether two names may be the same party: they are the same words, or one has two or more of the other's only."""
    first, second = sorted((_words(one), _words(other)), key=len)
    return bool(first) and (first == second or (len(first) > 1 and first <= second))


def _words(name: str) -> frozenset[str]:
    folded = name.casefold().replace("ä", "ae").replace("ö", "oe").replace("ü", "ue")
    plain = "".join(one for one in unicodedata.normalize("NFKD", folded) if not unicodedata.combining(one))
    return frozenset(re.findall(r"\w+", plain))

"""Stripe's test bank accounts for SEPA debit: the last digits of an IBAN say what becomes of a debit."""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ("DELAY", "FAILURES", "Bank", "bank")

DELAY = 180
"""Seconds until an account that answers late does."""

FAILURES = {
    "insufficient_funds": "The customer's account has insufficient funds to cover this payment.",
    "debit_not_authorized": "The customer has notified their bank that this payment was unauthorized.",
    "account_closed": "The customer's bank account has been closed.",
    "charge_exceeds_source_limit": "This payment exceeds the account's weekly payment volume limit.",
    "charge_exceeds_weekly_limit": "This payment exceeds the account's transaction volume limit.",
    "generic_could_not_process": "The bank could not process this payment.",
}
"""Why a debit comes back, in words."""

_KINDS = (
    ("success", "AT611904300234573201", "DE89370400440532013000", 0, "succeeded"),
    ("successDelayed", "AT321904300235473204", "DE08370400440532013003", DELAY, "succeeded"),
    ("failed", "AT861904300235473202", "DE62370400440532013001", 0, "generic_could_not_process"),
    ("failedDelayed", "AT051904300235473205", "DE78370400440532013004", DELAY, "generic_could_not_process"),
    ("disputed", "AT591904300235473203", "DE35370400440532013002", 0, "disputed"),
    ("exceedsWeeklyVolumeLimit", "AT981904300000343434", "DE65370400440000343434", 0, "charge_exceeds_source_limit"),
    ("exceedsWeeklyTransactionLimit", "AT601904300000121212", "DE27370400440000121212", 0,
     "charge_exceeds_weekly_limit"),
    ("insufficientFunds", "AT981904300002222227", "DE65370400440002222227", 0, "insufficient_funds"),
)  # fmt: skip
"""Kind, an Austrian and a German IBAN, seconds until the answer, and the answer."""

_HELD = "DE02120300000000202051"
_TOKENS = {f"pm_{kind}_{land}": iban for kind, at, de, *_ in _KINDS for land, iban in (("at", at), ("de", de))}
_TOKENS["pm_held_de"] = _HELD  # not Stripe's: its debits wait until somebody says how they end
_OUTCOMES = {iban: (wait, outcome) for _, at, de, wait, outcome in _KINDS for iban in (at, de)}


@dataclass(frozen=True, slots=True)
class Bank:
    """A bank account. ``outcome`` says how its debits end, after ``wait`` seconds; an empty one never by itself."""

    iban: str
    wait: int = 0
    outcome: str = ""


def bank(word: str) -> Bank | None:
    """The account of a token or an IBAN; None when it is neither. Unknown IBANs keep their debits waiting."""
    iban = _TOKENS.get(word, word.replace(" ", "").upper())
    if not re.fullmatch(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}", iban) or _checksum(iban) != 1:
        return None
    wait, outcome = _OUTCOMES.get(iban, (0, ""))
    return Bank(iban, wait, outcome)


def _checksum(iban: str) -> int:
    return int("".join(str(int(one, 36)) for one in iban[4:] + iban[:4])) % 97

"""Why a payout to a bank came back, in words for the reseller's staff."""

from __future__ import annotations

from collections.abc import Mapping

from askpro.errors import N_

__all__ = ("why",)

_CLOSED = N_("The bank account is closed or locked.")
_WRONG = N_("The bank details are not right. Please correct them at the provider.")
_WHY: Mapping[str, str] = {
    "account_closed": _CLOSED,
    "account_frozen": _CLOSED,
    "bank_account_restricted": N_("The bank account does not take such payments."),
    "bank_ownership_changed": _WRONG,
    "could_not_process": N_("The bank could not process it."),
    "debit_not_authorized": N_("The bank account does not take such payments."),
    "declined": N_("The bank did not accept it."),
    "incorrect_account_holder_address": _WRONG,
    "incorrect_account_holder_name": N_("The name of the account holder is not the one the bank knows."),
    "incorrect_account_holder_tax_id": _WRONG,
    "insufficient_funds": N_("There was not enough money in the account at the provider."),
    "invalid_account_number": _WRONG,
    "invalid_currency": N_("The bank account does not take this currency."),
    "no_account": _WRONG,
    "unsupported_card": N_("The card does not take payouts."),
}


def why(code: str) -> str:
    """A msgid for why a payout came back; empty for a reason that nobody put into words."""
    return _WHY.get(code, "")

"""Why banks give direct debits back, in words, and what follows for the mandate. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from askpro.errors import N_

__all__ = ("CLOSING", "REASONS", "closed_by", "closes", "said")

REASONS: Mapping[str, str] = {
    "AC01": N_("The account number is wrong."),
    "AC04": N_("The account is closed."),
    "AC06": N_("The account is blocked."),
    "AC13": N_("The account is a consumer's and cannot be debited as a business."),
    "AG01": N_("The account cannot be debited."),
    "AG02": N_("The bank could not process the file."),
    "AM04": N_("The account is not covered."),
    "AM05": N_("The bank took it for a duplicate."),
    "BE05": N_("The bank does not know the creditor identifier."),
    "CNOR": N_("The creditor's bank cannot be reached."),
    "DNOR": N_("The customer's bank cannot be reached."),
    "FF01": N_("The bank could not read the file."),
    "MD01": N_("There is no valid mandate, or the customer says so."),
    "MD02": N_("Data of the mandate are missing or wrong."),
    "MD06": N_("The customer wants the money back."),
    "MD07": N_("The account holder has died."),
    "MS02": N_("The customer has refused the debit."),
    "MS03": N_("The bank gives no reason."),
    "RC01": N_("The bank identifier is wrong."),
    "RR01": N_("Data required by law are missing."),
    "SL01": N_("The customer's bank offers a service that refuses the debit."),
    "TM01": N_("The file came too late."),
    "cancelled": N_("The customer cancelled."),
    "expired": N_("The page was open for too long."),
    "mandate_revoked": N_("The mandate was revoked before the collection."),
    "mandate_expired": N_("The mandate was not used for 36 months."),
    "mandate_unknown": N_("There is no such mandate."),
    "provider_disabled": N_("Direct debit was switched off."),
    "withdrawn_by_staff": N_("Staff withdrew the collection."),
    "returned_by_staff": N_("Staff entered the return by hand."),
}
"""Bank's code (ISO 20022) or our own → a text of the catalogue."""

CLOSING = frozenset({"AC01", "AC04", "MD01", "MD07"})
"""After these nothing may be collected by this mandate again."""

_TERMINAL = CLOSING | {"mandate_revoked", "mandate_expired", "mandate_unknown"}


def closes(code: str) -> bool:
    """Whether asking again by the same mandate can never work."""
    return code in _TERMINAL


def closed_by(state: str) -> str:
    """The reason why nothing is collected by a mandate that is in this state."""
    return "mandate_expired" if state == "expired" else "mandate_revoked"


def said(code: str) -> str:
    """The text for a code, or one that fits all."""
    return REASONS.get(code, REASONS["MS03"])

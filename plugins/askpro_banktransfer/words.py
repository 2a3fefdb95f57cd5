"""Codes as people read them; the message ids stand here, the languages in the catalogues."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ("DONE", "REASONS", "REFUSALS", "STATES")


def N_(text: str) -> str:
    """Mark a text for the catalogue without translating it here."""
    return text


REASONS: Mapping[str, str] = {
    "wrong_amount": N_("Another amount than ordered"),
    "paid_again": N_("The order is paid already"),
    "several_references": N_("Names several orders"),
    "damaged_reference": N_("Reference cannot be read"),
    "unknown_reference": N_("Reference of no order"),
    "fits_name": N_("No reference, but amount and name fit"),
    "fits_amount": N_("No reference, but the amount fits"),
    "fits_several": N_("No reference, the amount fits several orders"),
    "unknown": N_("Fits no order"),
    "went_back": N_("Money went back"),
}
STATES: Mapping[str, str] = {
    "review": N_("Waits for you"),
    "assigned": N_("Assigned, the rest is missing"),
    "used": N_("Credited"),
    "returned": N_("Sent back"),
    "foreign": N_("Not ours"),
}
DONE: Mapping[str, tuple[str, str]] = {
    "assigned": ("info", N_("Assigned. The order is credited as soon as the rest has come.")),
    "credited": ("ok", N_("Assigned. The order is paid and is being credited.")),
    "returned": ("ok", N_("Noted as sent back. Order the transfer back at your bank.")),
    "foreign": ("ok", N_("Noted as not ours.")),
    "undone": ("ok", N_("The payment waits in the queue again.")),
    "known": ("info", N_("This file was uploaded before: nothing has changed.")),
}
"""Notices after something was done: look and text."""

REFUSALS: Mapping[str, str] = {
    "file_missing": N_("Please choose a file."),
    "statement_too_large": N_("The file is too large."),
    "statement_not_xml": N_(
        "The file is no XML file. Download the statement from your bank as camt.053; unpack ZIP archives first."
    ),
    "statement_unsafe": N_("The file has parts that no bank sends. It was not read."),
    "statement_other_message": N_("The file is no account statement in the format camt.053."),
    "statement_empty": N_("The file holds no statement."),
    "statement_amount": N_("The file has an amount that cannot be read."),
    "statement_date": N_("The file has a date that cannot be read."),
    "statement_currency": N_("The file mixes currencies within one account."),
    "statement_account": N_("The file names no account."),
    "statement_other_account": N_("The statement is of another account than the one in your settings."),
    "statement_other_currency": N_("The statement is in another currency than the one in your settings."),
    "already_decided": N_("Somebody has decided about this payment already."),
    "already_paid": N_("This order is paid already."),
    "already_settled": N_("The payment has been credited and cannot be taken back."),
    "amount_too_large": N_("The payment is larger than what is missing of the order."),
    "money_went_out": N_("Money that went out pays no order."),
    "transfer_unknown": N_("There is no bank transfer with this number."),
    "note_missing": N_("Please write down why."),
}
"""Why something was not done, by the code of the error."""

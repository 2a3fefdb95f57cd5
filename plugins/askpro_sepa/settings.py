"""What a tenant sets: who collects, how, and how long before customers are told."""

from __future__ import annotations

import re
from typing import Annotated, Literal

import msgspec

from askpro.errors import InvalidInput
from askpro.sdk import Context, Setting
from askpro_sepa.words import creditor_id_ok, plain_name, read_bic, read_iban

__all__ = ("SepaSettings", "settings_of")

_PREFIX = re.compile(r"[A-Za-z0-9\-]{0,10}", re.ASCII)


class SepaSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Refused when anything in it would make a bank refuse the file."""

    creditor_name: Annotated[str, Setting("Name of the creditor", help="As your bank knows you; at most 70 letters.")]
    creditor_id: Annotated[
        str, Setting("Creditor identifier", help="DE98ZZZ09999999999; in Germany the Bundesbank issues it.")
    ]
    creditor_iban: Annotated[str, Setting("IBAN of the account that collects")]
    creditor_bic: Annotated[str, Setting("BIC", help="Only if your bank wants it in the file.")] = ""
    scheme: Annotated[
        Literal["CORE", "B2B"],
        Setting(
            "Scheme",
            help="B2B only for business customers whose bank has the mandate on record; no refund after the debit.",
            choices={"CORE": "CORE (everybody)", "B2B": "B2B (businesses)"},
        ),
    ] = "CORE"
    notice_days: Annotated[
        int,
        msgspec.Meta(ge=1, le=30),
        Setting(
            "Days of notice before a collection",
            help="14 unless your terms agree on fewer, at least 1. Customers are told amount and date by then.",
        ),
    ] = 14
    lead_days: Annotated[
        int,
        msgspec.Meta(ge=1, le=10),
        Setting("Bank days the file needs", help="Between handing in the file and the collection."),
    ] = 2
    credit_when: Annotated[
        Literal["settled", "exported"],
        Setting(
            "Credit is given",
            help="Before the money is there you carry the risk: a return books back and may leave a negative balance.",
            choices={"settled": "when the bank has booked it", "exported": "when the file is written (at your risk)"},
        ),
    ] = "settled"
    message_prefix: Annotated[
        str, Setting("Beginning of file and mandate numbers", help="Letters, digits and hyphens; at most 10.")
    ] = ""
    mandate_text: Annotated[
        str,
        Setting(
            "Your own wording of the mandate",
            help="Empty: ours. It must have {creditor}, {creditor_id} and {reference}. What was agreed to stays.",
        ),
    ] = ""

    def __post_init__(self) -> None:
        try:
            plain_name(self.creditor_name)
        except InvalidInput as error:
            raise ValueError(f"creditor_name: {error.detail}") from error
        if not creditor_id_ok(self.creditor_id.replace(" ", "").upper()):
            raise ValueError("creditor_id: its form or its check digits are wrong")
        for name, read in (("creditor_iban", read_iban), ("creditor_bic", read_bic)):
            try:
                read(getattr(self, name))
            except InvalidInput as error:
                raise ValueError(f"{name}: {error.detail}") from error
        if not _PREFIX.fullmatch(self.message_prefix):
            raise ValueError("message_prefix: letters, digits and hyphens, at most 10")
        if self.mandate_text:
            _check_text(self.mandate_text)

    @property
    def name(self) -> str:
        """The creditor as the file has it."""
        return plain_name(self.creditor_name)

    @property
    def identifier(self) -> str:
        """The creditor identifier without spaces."""
        return self.creditor_id.replace(" ", "").upper()

    @property
    def iban(self) -> str:
        """The collecting account without spaces."""
        return read_iban(self.creditor_iban)

    @property
    def bic(self) -> str:
        """Of the collecting bank, or empty."""
        return read_bic(self.creditor_bic)


def _check_text(text: str) -> None:
    known = {"creditor", "creditor_id", "reference", "days"}
    used = set(re.findall(r"\{([^{}]*)\}", text))
    if lacking := {"creditor", "creditor_id", "reference"} - used:
        raise ValueError(f"mandate_text: {{{min(lacking)}}} is missing")
    if strange := used - known:
        raise ValueError(f"mandate_text: nobody fills in {{{min(strange)}}}")
    if len(text) > 4000:
        raise ValueError("mandate_text: at most 4000 characters")


def settings_of(ctx: Context) -> SepaSettings:
    """The tenant's settings. Raises InvalidInput where it has none."""
    if not isinstance(ctx.settings, SepaSettings):
        raise InvalidInput("direct debit is not set up", code="not_set_up")
    return ctx.settings

"""What a tenant has to say: which account, whose, and how long a transfer is waited for."""

from __future__ import annotations

from typing import Annotated

import msgspec
from schwifty import BIC, IBAN
from schwifty.exceptions import SchwiftyException

from askpro.sdk import Setting
from askpro_banktransfer.epc import EEA

__all__ = ("BankTransferSettings",)

_LONGEST_NAME = 70  # EPC069-12 and the SEPA rulebook


class BankTransferSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Kept without spaces, in capitals. Refused as a whole when the account cannot exist."""

    iban: Annotated[str, Setting("IBAN", help="The account to which customers transfer.")]
    holder: Annotated[
        str,
        msgspec.Meta(min_length=1, max_length=_LONGEST_NAME),
        Setting("Account holder", help="As the bank has it: banks compare the name."),
    ]
    bic: Annotated[str | None, Setting("BIC", help="Only needed for accounts outside the European Economic Area.")] = (
        None
    )
    bank: Annotated[
        Annotated[str, msgspec.Meta(max_length=_LONGEST_NAME)] | None,
        Setting("Name of the bank", help="Left blank, it is taken from the IBAN where that is possible."),
    ] = None
    currency: Annotated[
        str, msgspec.Meta(pattern=r"^[A-Z]{3}$"), Setting("Currency of the account", help="ISO code: EUR.")
    ] = "EUR"
    days: Annotated[
        int,
        msgspec.Meta(ge=1, le=90),
        Setting(
            "Days to wait",
            help="Without money for so long, a transfer counts as not made. What comes later is still credited.",
        ),
    ] = 14
    code: Annotated[
        bool, Setting("Show the QR code", help="Banking apps read account, amount and reference from it (EUR only).")
    ] = True

    def __post_init__(self) -> None:
        compact = {name: "".join((getattr(self, name) or "").split()).upper() for name in ("iban", "bic")}
        for name, kind in (("iban", IBAN), ("bic", BIC)):
            if compact[name]:
                try:
                    kind(compact[name])
                except (SchwiftyException, ValueError) as error:
                    raise ValueError(f"{name}: {error}") from error
        if not compact["iban"]:
            raise ValueError("iban is missing")
        if self.code and self.currency == "EUR" and compact["iban"][:2] not in EEA and not compact["bic"]:
            raise ValueError("bic: outside the European Economic Area the QR code needs it")
        msgspec.structs.force_setattr(self, "iban", compact["iban"])
        msgspec.structs.force_setattr(self, "bic", compact["bic"] or None)
        msgspec.structs.force_setattr(self, "holder", " ".join(self.holder.split()))

    @property
    def bank_name(self) -> str:
        """As given, else as the registry of bank codes has it; may be empty."""
        return self.bank or IBAN(self.iban).bank_name or ""

"""What a customer agrees to: the mandate's text, in his language, with everything the scheme asks for in it.

Who collects and by which number; under which reference; leave for the creditor to collect and the order to the bank to
pay; what can be had back and how long; how long before he is told. ``VERSION`` changes when our words do.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

from askpro.errors import N_
from askpro_sepa.settings import SepaSettings
from askpro_sepa.speech import speaker

__all__ = ("VERSION", "Wording", "mandate_wording")

VERSION = "2026-1"

_CORE = (
    N_(
        "I allow {creditor} (creditor identifier {creditor_id}) to collect payments from my account by SEPA"
        " direct debit."
    ),
    N_("At the same time I instruct my bank to pay the direct debits that {creditor} draws on my account."),
    N_(
        "I can ask my bank to refund the amount within eight weeks of the day it was debited. The terms agreed with my"
        " bank apply."
    ),
)
_B2B = (
    N_(
        "We allow {creditor} (creditor identifier {creditor_id}) to collect payments from our account by SEPA business"
        " direct debit (B2B)."
    ),
    N_("At the same time we instruct our bank to pay the direct debits that {creditor} draws on our account."),
    N_(
        "This mandate is for direct debits between businesses only. After the debit we cannot ask for a refund; until"
        " the day it is due we can tell our bank not to pay. We give our bank this mandate before the first collection."
    ),
)
_RECURRENT = N_("Mandate reference: {reference}. The mandate holds for recurring payments until it is revoked.")
_SINGLE = N_("Mandate reference: {reference}. The mandate holds for this one payment.")
_NOTICE = N_("{creditor} announces amount and day of each collection at least {days} day(s) before.")


@dataclass(frozen=True, slots=True)
class Wording:
    """A text as it is shown and kept, and which one it is."""

    text: str
    version: str

    @property
    def paragraphs(self) -> list[str]:
        return [part for part in self.text.split("\n\n") if part.strip()]

    @property
    def digest(self) -> str:
        """Sent with the form, so that nobody agrees to what he has not seen."""
        return sha256(self.text.encode()).hexdigest()[:16]


def mandate_wording(settings: SepaSettings, reference: str, locale: str, *, single: bool, consent: str = "") -> Wording:
    """The text for one mandate. ``consent`` is what the house adds when the account is saved for later."""
    say = speaker(locale)
    ours = _B2B if settings.scheme == "B2B" else _CORE
    if settings.mandate_text:
        parts = settings.mandate_text.replace("\r\n", "\n").split("\n\n")
        version = "own-" + sha256(settings.mandate_text.encode()).hexdigest()[:8]
    else:
        parts, version = [say(text) for text in (*ours, _SINGLE if single else _RECURRENT, _NOTICE)], VERSION
    filled = [
        part.replace("{creditor_id}", settings.identifier).replace("{creditor}", settings.creditor_name)
        .replace("{reference}", reference).replace("{days}", str(settings.notice_days))
        for part in parts
    ]  # fmt: skip
    if consent:
        filled.append(consent)
    return Wording("\n\n".join(filled), f"{version}/{settings.scheme}/{'OOFF' if single else 'RCUR'}")

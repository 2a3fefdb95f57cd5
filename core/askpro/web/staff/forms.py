"""Reading what staff typed: amounts, reasons, keys. What is wrong is said at the field, in the reader's language."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping

from askpro.errors import AskProError, InvalidInput
from askpro.money import Money
from askpro.web import typed_money
from askpro.web.portal.frame import FieldError
from askpro.web.portal.visit import Visit

__all__ = ("REASON", "Entry", "fresh_key")

REASON = 500
"""Characters of a reason."""
_KEY = re.compile(r"[\w-]{16,60}", re.ASCII)


class Entry:
    """One form that was sent: its readings and the errors found on the way."""

    def __init__(self, visit: Visit, sent: Mapping[str, str]) -> None:
        self.visit, self.sent = visit, sent
        self.errors: list[FieldError] = []

    def text(self, name: str, longest: int = REASON) -> str:
        """A field as it was typed, without what surrounds it and the one character no database keeps."""
        return self.sent.get(name, "").replace("\0", "")[:longest].strip()

    def reason(self, name: str = "reason") -> str:
        """A reason that somebody can later make sense of; the audit log keeps it."""
        text = self.text(name)
        if len(text) < 3:
            self.wrong(name, self.visit.gettext("Please say why, in a few words."))
        return text

    def amount(self, name: str, currency: str, *, most: Money | None = None, at: str = "") -> Money | None:
        """A positive amount of that currency, at most ``most``; None when it is none. ``at``: the field that says so
        when it is another one."""
        _, reader = self.visit.gettext, self.visit.reader
        try:
            amount = typed_money.read(reader, self.sent.get(name, ""), currency)
        except InvalidInput as error:
            fine = error.code == "amount_too_fine"
            self.wrong(at or name, _("This amount has too many decimals") if fine else _("Please enter an amount."))
            return None
        if not amount:
            self.wrong(at or name, _("Please enter an amount."))
        elif most is not None and amount > most:
            self.wrong(at or name, _("At most %(amount)s is possible.") % {"amount": reader.money(most)})
        else:
            return amount
        return None

    def key(self) -> str:
        """The form's idempotency key. Raises InvalidInput for one that no form of ours had."""
        key = self.sent.get("idempotency_key", "")
        if not _KEY.fullmatch(key):
            raise InvalidInput("this form has no key", field="idempotency_key")
        return key

    def wrong(self, field: str, text: str) -> None:
        """Something is wrong with that field."""
        self.errors.append(FieldError(field, text))

    def refused(self, error: AskProError, field: str) -> None:
        """The service said no after all: its own words, at its own field where the form has that one."""
        self.wrong(error.field if error.field and error.field in self.sent else field, self.visit.gettext(error.title))


def fresh_key() -> str:
    """For the form of a check page: two presses of its button are one act."""
    return secrets.token_urlsafe(16)

"""Papers for a booking: what may come in is what its bytes are, whatever its name says. No I/O here.

None is ever shown in a page of ours: they leave as downloads, under a name we made and a type we found.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from email import policy
from email.parser import BytesHeaderParser
from hashlib import sha256

from askpro.errors import N_, InvalidInput

__all__ = ("LARGEST", "TYPES", "Attachment", "accepted")

LARGEST = 5 * 1024 * 1024
"""Bytes."""
TYPES = {
    "pdf": "application/pdf",
    "png": "image/png",
    "jpeg": "image/jpeg",
    "txt": "text/plain; charset=utf-8",
    "eml": "message/rfc822",
}
"""Kind → media type to send it with, as a download."""

_ENDINGS = {"pdf": (".pdf",), "png": (".png",), "jpeg": (".jpg", ".jpeg"), "txt": (".txt",), "eml": (".eml",)}
_MARKUP = re.compile(rb"<\s*(?:!doctype|html|head|body|script|svg|iframe|object|embed|meta|link|img|\?xml|!--)", re.I)
_HEADER = re.compile(rb"[A-Za-z][A-Za-z0-9-]{0,60}:[^\r\n]*\r?\n")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f]")
_SNIFFED = 2_048  # more than browsers look at when they guess


@dataclass(frozen=True, slots=True)
class Attachment:
    """``name`` and ``kind`` as somebody sent them are not believed: see ``accepted``."""

    name: str
    data: bytes
    kind: str = ""

    @property
    def media_type(self) -> str:
        """To send it with. Raises KeyError for one that was not accepted."""
        return TYPES[self.kind]

    @property
    def digest(self) -> bytes:
        """SHA-256."""
        return sha256(self.data).digest()


def accepted(given: Attachment) -> Attachment:
    """The same bytes with the kind they are and a name that is only a name.

    Raises InvalidInput: ``attachment_empty``, ``attachment_too_large``, ``attachment_type``.
    """
    if not given.data:
        raise _refused("attachment_empty", N_("This file is empty."))
    if len(given.data) > LARGEST:
        raise _refused("attachment_too_large", N_("This file is too large. At most 5 MB are possible."))
    kind = _kind(given.data)
    if not kind:
        raise _refused("attachment_type", N_("Only PDF, PNG, JPEG, plain text and saved emails can be attached."))
    return Attachment(_name(given.name, kind), given.data, kind)


def _refused(code: str, title: str) -> InvalidInput:
    return InvalidInput(code=code, title=title, field="attachment")


def _kind(data: bytes) -> str:
    """What the bytes begin as; empty for what is not taken. A picture or PDF must have an end, too."""
    if data.startswith((b"%PDF-1.", b"%PDF-2.")):
        return "pdf" if b"%%EOF" in data else ""
    if data.startswith(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"):
        return "png" if b"IEND\xaeB`\x82" in data else ""
    if data.startswith(b"\xff\xd8\xff"):
        return "jpeg" if b"\xff\xd9" in data else ""
    if _HEADER.match(data) and _is_mail(data):
        return "eml"
    return "txt" if _is_text(data) else ""


def _is_mail(data: bytes) -> bool:
    """A message has a sender and a date among its headers, and no binary zero anywhere."""
    if b"\0" in data:
        return False
    try:
        head = BytesHeaderParser(policy=policy.compat32).parsebytes(data[:65_536])
    except (ValueError, LookupError):
        return False
    return "from" in head and "date" in head and ("to" in head or "message-id" in head)


def _is_text(data: bytes) -> bool:
    """UTF-8 without control characters, and no beginning that a browser could take for a page."""
    try:
        text = data.removeprefix(b"\xef\xbb\xbf").decode("utf-8")
    except UnicodeDecodeError:
        return False
    return not _CONTROL.search(text) and not _MARKUP.search(data[:_SNIFFED])


def _name(given: str, kind: str) -> str:
    """The last part of the name, without what cannot be seen, with the ending of its kind."""
    last = re.split(r"[/\\]", given)[-1]
    plain = "".join(one for one in last if not unicodedata.category(one).startswith(("C", "Zl", "Zp")))
    plain = re.sub(r'[<>:"|?*;%]', "_", " ".join(plain.split()))
    endings = _ENDINGS[kind]
    if not plain.lower().endswith(endings):
        plain = re.sub(r"\.[A-Za-z0-9]{1,5}$", "", plain) + endings[0]
    stem, _, ending = plain.rpartition(".")
    stem = stem.strip(" .")[:100].rstrip(" .") or "attachment"
    return f"{stem}.{ending.lower()}"

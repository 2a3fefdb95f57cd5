"""What may come in as a paper is told from its bytes; a name is a name and nothing else."""

from __future__ import annotations

import struct
import zlib
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from askpro.errors import InvalidInput
from askpro.wallets.attachments import LARGEST, TYPES, Attachment, accepted

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer<<>>\n%%EOF\n"
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00\xff\xd9"
EML = b"From: anna@example.org\r\nTo: us@example.org\r\nDate: Mon, 2 Mar 2026 10:00:00 +0100\r\n\r\n<p>Hello</p>\r\n"
HTML = b"<!DOCTYPE html><html><script>alert(1)</script></html>"


def png() -> bytes:
    """A picture of one point."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\0\0")) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("data", "kind", "name"),
    [
        (PDF, "pdf", "letter.pdf"),
        (png(), "png", "letter.png"),
        (JPEG, "jpeg", "letter.jpg"),
        (JPEG + b"trailer of a camera", "jpeg", "letter.jpg"),
        ("Grüße, 3 < 4\n\tPS".encode(), "txt", "letter.txt"),
        (b"\xef\xbb\xbfwith a mark of order", "txt", "letter.txt"),
        (EML, "eml", "letter.eml"),
    ],
)
def test_the_kind_is_that_of_the_bytes(data: bytes, kind: str, name: str) -> None:
    """Whatever it was called: the name's ending follows the bytes."""
    for called in ("letter", "letter.exe", f"letter.{kind}"):
        found = accepted(Attachment(called, data))
        assert (found.kind, found.data, found.media_type) == (kind, data, TYPES[kind])
        assert found.name in (name, f"letter.{kind}")


@pytest.mark.parametrize(
    "data",
    [
        HTML,
        b"   \n<html>",
        b"\xef\xbb\xbf<svg onload=alert(1)>",
        b"<?xml version='1.0'?><x/>",
        b"GIF89a<script>",
        b"PK\x03\x04zip",
        b"MZ\x90\x00",
        b"\x7fELF",
        b"\x89PNG\r\n\x1a\n" + HTML,
        b"%PDF-1.7\n" + HTML,
        b"junk before %PDF-1.7 %%EOF\x00",
        b"\xff\xd8\xff" + HTML,
        b"text with \x00 zero",
        b"text with \x1b[31m escape",
        b"latin \xe9",
        "text with \x9b control".encode(),
        "halves".encode("utf-16"),
        b"From: nobody\n" + HTML,
    ],
)
def test_everything_else_is_refused(data: bytes) -> None:
    """Pages, programs, archives and broken pictures, under the best of names."""
    for name in ("invoice.pdf", "picture.png", "note.txt", "mail.eml"):
        with pytest.raises(InvalidInput) as refused:
            accepted(Attachment(name, data))
        assert (refused.value.code, refused.value.field) == ("attachment_type", "attachment")


def test_nothing_and_too_much_are_refused() -> None:
    """Empty, and one byte over five megabytes; exactly five are taken."""
    for data, code in ((b"", "attachment_empty"), (b"a" * (LARGEST + 1), "attachment_too_large")):
        with pytest.raises(InvalidInput) as refused:
            accepted(Attachment("a.txt", data))
        assert refused.value.code == code
    assert accepted(Attachment("a.txt", b"a" * LARGEST)).kind == "txt"


@pytest.mark.parametrize(
    ("called", "name"),
    [
        ("../../etc/passwd", "passwd.txt"),
        ("..\\..\\windows\\system32\\cmd.exe", "cmd.txt"),
        ("/", "attachment.txt"),
        ("", "attachment.txt"),
        ("..", "attachment.txt"),
        (".htaccess", "htaccess.txt"),
        ("a.pdf.html", "a.pdf.txt"),
        ("evil\r\nSet-Cookie: x=1.txt", "evilSet-Cookie_ x=1.txt"),
        ("invoice\u202efdp.exe", "invoicefdp.txt"),
        ('x"; filename="y.html', "x__ filename=_y.txt"),
        ("null\0byte.txt", "nullbyte.txt"),
        ("Grüße  an   alle.TXT", "Grüße an alle.txt"),
        ("x" * 300 + ".txt", "x" * 100 + ".txt"),
    ],
)
def test_a_name_is_only_a_name(called: str, name: str) -> None:
    """No path, no line break, no direction mark, no quote, no second ending that counts."""
    assert accepted(Attachment(called, b"text")).name == name


@given(st.text(max_size=300))
def test_any_name_is_made_harmless(called: str) -> None:
    """One part, printable, with a stem and our ending, and the same when it is cleaned again."""
    name = accepted(Attachment(called, b"text")).name
    assert name.endswith(".txt")
    assert 5 <= len(name) <= 110
    assert not set(name) & set('/\\<>:"|?*;%\r\n\0')
    assert not name.startswith(".")
    assert name.isprintable()
    assert accepted(Attachment(name, b"text")).name == name


@given(st.binary(min_size=1, max_size=2_000))
def test_any_bytes_are_taken_whole_or_refused(data: bytes) -> None:
    """No byte is changed, nothing but the listed kinds gets in, and no page does."""
    with suppress(InvalidInput):
        found = accepted(Attachment("x", data))
        assert found.data == data
        assert found.kind in TYPES

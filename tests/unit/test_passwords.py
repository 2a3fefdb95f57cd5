"""Which passwords are taken, and how they are kept."""

from __future__ import annotations

import pytest

from askpro.errors import InvalidInput
from askpro.people import passwords

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("kurz", "password_short"),
        ("1234567", "password_short"),
        ("x" * 257, "password_long"),
        ("Passwort123", "password_common"),
        ("PASSWORD", "password_common"),
        ("Willkommen2026!", "password_common"),
        ("aaaaaaaaaaaa", "password_common"),
        ("abababababab", "password_common"),
        ("abcdefghijkl", "password_common"),
        ("98765432", "password_common"),
        ("ada.lovelace@firma.example", "password_common"),
        ("ada.lovelace1", "password_common"),
        ("Nordstern Telefonie", "password_common"),
    ],
)
def test_what_everybody_tries_is_refused(password: str, code: str) -> None:
    """Short, endless, on the list, monotonous, or known of the person."""
    with pytest.raises(InvalidInput) as caught:
        passwords.accepted(password, "ada.lovelace@firma.example", "Nordstern Telefonie")

    assert (caught.value.code, caught.value.field) == (code, "password")


@pytest.mark.parametrize("password", ["correct horse", "zug-brot-7", "Ärger!über", "密码密码密码长一点"])
def test_good_passwords_are_taken(password: str) -> None:
    """Any characters; no rule about digits and signs."""
    assert passwords.accepted(password, "ada@firma.example")


async def test_a_hash_verifies_its_password_and_no_other() -> None:
    """Argon2id; two ways to type the same letters are one password (NFKC)."""
    stored = await passwords.hashed(passwords.accepted("pässwörter sind lang"))

    assert stored.startswith("$argon2id$")
    assert await passwords.verified("pässwörter sind lang", stored) == (True, False)
    assert await passwords.verified("pa\u0308sswo\u0308rter sind lang", stored) == (True, False)
    assert await passwords.verified("passworter sind lang", stored) == (False, False)


async def test_nobody_and_rubbish_verify_as_wrong() -> None:
    """An unknown person costs a verification too and is never let in, not even with the dummy's password."""
    for stored in ("", "not a hash", "$argon2id$v=19$m=8,t=1,p=1$broken"):
        assert await passwords.verified("nobody has this password", stored) == (False, False)

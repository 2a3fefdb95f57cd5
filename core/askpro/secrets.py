"""Secrets at rest: AES-256-GCM under a key derived from ``ASKPRO_SECRET_KEY``.

Every sealed value is bound to a context (``"plugin:stripe:<tenant>"``), so a ciphertext copied into another
row does not open there. The first key seals; all keys open, so a key is rotated by putting a new one in
front. Nothing here is ever logged; services hand secrets out to plugins only, never to a page or the API.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from hashlib import sha256
from os import urandom

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from askpro.errors import Misconfigured

__all__ = ("Keyring", "configure", "keyring", "seal", "sign", "unseal", "verify")

_VERSION = b"\x01"


@dataclass(frozen=True, slots=True, repr=False)
class Keyring:
    """The keys of this process, newest first."""

    keys: tuple[bytes, ...]

    @classmethod
    def of(cls, texts: tuple[str, ...]) -> Keyring:
        return cls(tuple(sha256(b"askpro-key\x00" + text.encode()).digest() for text in texts))

    def derived(self, purpose: str) -> tuple[bytes, ...]:
        """One independent 32-byte key a purpose for each key of the ring."""
        return tuple(hmac.digest(key, purpose.encode(), "sha256") for key in self.keys)


_ring: Keyring | None = None


def configure(keys: tuple[str, ...]) -> None:
    """Set the process's keys, once at start."""
    global _ring
    _ring = Keyring.of(keys)


def keyring() -> Keyring:
    """The process's keys. Raises Misconfigured before ``configure``."""
    if _ring is None or not _ring.keys:
        raise Misconfigured("ASKPRO_SECRET_KEY is not set.")
    return _ring


def seal(plain: bytes, *, context: str) -> bytes:
    """Encrypt; only the same context opens it again."""
    key, nonce = keyring().derived("seal")[0], urandom(12)
    return _VERSION + nonce + AESGCM(key).encrypt(nonce, plain, context.encode())


def unseal(sealed: bytes, *, context: str) -> bytes:
    """Decrypt. Raises Misconfigured when no key of the ring (or another context) opens it."""
    if sealed[:1] == _VERSION:
        for key in keyring().derived("seal"):
            try:
                return AESGCM(key).decrypt(sealed[1:13], sealed[13:], context.encode())
            except InvalidTag:
                continue
    raise Misconfigured("A stored secret does not open with the present ASKPRO_SECRET_KEY.")


def sign(message: bytes, *, purpose: str) -> bytes:
    """A 32-byte HMAC-SHA256 with the newest key."""
    return hmac.digest(keyring().derived(purpose)[0], message, "sha256")


def verify(message: bytes, signature: bytes, *, purpose: str) -> bool:
    """Whether any key of the ring made this signature; constant time."""
    made = [hmac.digest(key, message, "sha256") for key in keyring().derived(purpose)]
    return any([hmac.compare_digest(one, signature) for one in made])  # noqa: C419 - a list compares with all

"""Who is there: forwarded headers are believed hop by hop, from trusted networks only."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

import pytest

from askpro.web.proxies import Proxies

OURS = Proxies([ip_network("10.0.0.0/8"), ip_network("fd00::/8")])


def _scope(client: str | None, *headers: tuple[str, str]) -> dict[str, Any]:
    raw = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers]
    return {"client": (client, 1) if client else None, "scheme": "http", "headers": [(b"host", b"a.test"), *raw]}


@pytest.mark.parametrize(
    ("client", "chain", "address"),
    [
        ("203.0.113.1", "198.51.100.1", "203.0.113.1"),
        ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "6.6.6.6, 198.51.100.1, 10.2.2.2", "198.51.100.1"),
        ("10.0.0.1", "10.9.9.9", "10.9.9.9"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "unknown", "10.0.0.1"),
        ("10.0.0.1", "6.6.6.6, unknown, 10.3.3.3", "10.3.3.3"),
        ("10.0.0.1", "198.51.100.1:4711", "198.51.100.1"),
        ("fd00::1", "[2001:db8::7]:4711", "2001:db8::7"),
        ("10.0.0.1", "::ffff:198.51.100.1", "198.51.100.1"),
        (None, "198.51.100.1", ""),
    ],
)
def test_the_client_is_the_first_hop_that_is_not_ours(client: str | None, chain: str, address: str) -> None:
    """Read from the right: what a stranger wrote on the left never counts."""
    assert OURS.peer(_scope(client, ("X-Forwarded-For", chain))).address == address


def test_several_lines_are_one_chain() -> None:
    """Proxies that add a line of their own instead of a comma."""
    scope = _scope("10.0.0.1", ("X-Forwarded-For", "6.6.6.6"), ("X-Forwarded-For", "198.51.100.1"))
    assert OURS.peer(scope).address == "198.51.100.1"


def test_scheme_and_host_come_from_the_nearest_proxy() -> None:
    """A list is read at its end; without trust neither counts."""
    given = (("X-Forwarded-Proto", "http, https"), ("X-Forwarded-Host", "evil.test, b.test"))
    trusted, stranger = OURS.peer(_scope("10.0.0.1", *given)), OURS.peer(_scope("203.0.113.1", *given))
    assert (trusted.https, trusted.host, trusted.trusted) == (True, "b.test", True)
    assert (stranger.https, stranger.host, stranger.trusted) == (False, "a.test", False)


@pytest.mark.parametrize(
    ("client", "headers", "local"),
    [
        ("127.0.0.1", (), True),
        ("::1", (), True),
        ("10.0.0.1", (), True),
        ("203.0.113.1", (), False),
        ("127.0.0.1", (("X-Forwarded-For", "127.0.0.1"),), False),
        ("127.0.0.1", (("Forwarded", "for=127.0.0.1"),), False),
        ("10.0.0.1", (("X-Forwarded-For", "10.7.7.7"),), True),
        ("10.0.0.1", (("X-Forwarded-For", "203.0.113.1"),), False),
        (None, (), False),
    ],
)
def test_operators_pages_are_local(client: str | None, headers: Any, local: bool) -> None:
    """An undeclared proxy on loopback must not turn the internet into loopback."""
    assert OURS.is_local(OURS.peer(_scope(client, *headers))) is local

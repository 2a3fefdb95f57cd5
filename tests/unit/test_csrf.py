"""Tokens belong to one session of one tenant; links back lead to this host only."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from askpro import secrets
from askpro.web import csrf
from askpro.web.portal.sheets import cell
from askpro.web.portal_auth import local
from askpro.web.proxies import Peer

ONE, OTHER = UUID(int=1), UUID(int=2)


@pytest.fixture(autouse=True)
def _keys() -> None:
    secrets.configure(("a-new-key-of-the-house", "an-old-key-of-the-house"))


def refused(*args: Any) -> bool:
    try:
        csrf.check_token(*args)
    except csrf.CsrfRefused:
        return True
    return False


def test_a_token_is_good_for_its_session_and_tenant_only() -> None:
    """Neither another session, nor another tenant, nor nobody; and no two tokens look alike."""
    token = csrf.token_for(ONE, "session:a")

    assert not refused(token, ONE, "session:a")
    assert refused(token, ONE, "session:b")
    assert refused(token, OTHER, "session:a")
    assert refused(token, ONE, "")
    assert token != csrf.token_for(ONE, "session:a")


def test_nobodys_token_is_refused() -> None:
    """A token made for no session opens nothing, not even for somebody without one."""
    assert refused(csrf.token_for(ONE, ""), ONE, "")


@given(st.text(max_size=80))
def test_made_up_tokens_are_refused(text: str) -> None:
    """Whatever a form sends."""
    assert refused(text, ONE, "session:a")
    assert csrf.visit_of(text, ONE) == ""


def test_every_changed_byte_is_noticed() -> None:
    """Flipping any character of a token makes it worthless."""
    token = csrf.token_for(ONE, "session:a")

    assert all(
        refused(token[:n] + ("A" if token[n] != "A" else "B") + token[n + 1 :], ONE, "session:a")
        for n in range(len(token) - 1)  # the last character of base64 has bits that mean nothing
    )


def test_keys_may_be_rotated() -> None:
    """What an old key signed is still good while it is in the ring, and not after."""
    token = csrf.token_for(ONE, "s")
    secrets.configure(("the-newest", "a-new-key-of-the-house"))
    assert not refused(token, ONE, "s")
    secrets.configure(("the-newest",))
    assert refused(token, ONE, "s")


def test_a_visit_belongs_to_its_tenant() -> None:
    """The cookie before sign-in is signed for the tenant: one of the neighbour's is no visit here."""
    visit = csrf.new_visit(ONE)

    assert csrf.visit_of(visit, ONE) == f"visit:{visit}"
    assert csrf.visit_of(visit, OTHER) == ""


def scope(https: bool = False, host: str = "a.example:8000", **headers: str) -> dict[str, Any]:
    given = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return {"headers": given, "state": {"peer": Peer("", https, host, False, False)}}


@pytest.mark.parametrize(
    ("headers", "good"),
    [
        ({}, True),
        ({"origin": "http://a.example:8000"}, True),
        ({"origin": "http://A.EXAMPLE:8000"}, True),
        ({"origin": "http://a.example:8000", "sec_fetch_site": "same-origin"}, True),
        ({"origin": "https://a.example:8000"}, False),
        ({"origin": "http://a.example"}, False),
        ({"origin": "http://b.example:8000"}, False),
        ({"origin": "null"}, False),
        ({"sec_fetch_site": "same-site"}, False),
        ({"sec_fetch_site": "cross-site"}, False),
        ({"origin": "http://a.example:8000", "sec_fetch_site": "same-site"}, False),
    ],
)
def test_the_browsers_word_counts(headers: dict[str, str], good: bool) -> None:
    """Another origin, a neighbour under the same parent and a page without origin are refused."""
    if good:
        csrf.check_origin(scope(**headers))
    else:
        with pytest.raises(csrf.CsrfRefused):
            csrf.check_origin(scope(**headers))


@pytest.mark.parametrize("url", ["/", "/calls", "/calls?start=2026-01-01&q=%2B49", "/topup/1#f-method"])
def test_links_of_our_own_are_followed(url: str) -> None:
    """Paths of this host."""
    assert url == local(url)


@pytest.mark.parametrize(
    "url",
    [
        "", "https://evil.example/", "//evil.example", "/\\evil.example", "\\\\evil.example", "javascript:alert(1)",
        "/a\r\nSet-Cookie: x=y", "/\t/evil.example", "/ /evil", "http:/evil", "/\u202eevil", "/" + "a" * 600, "calls",
    ],
)  # fmt: skip
def test_links_that_lead_elsewhere_are_not(url: str) -> None:
    """Open redirects, header injection and tricks with slashes end at the default."""
    assert local(url) == "/"


@pytest.mark.parametrize(("text", "shown"), [("=1+1", "'=1+1"), ("+49 30", "'+49 30"), ("-2", "'-2"), ("@x", "'@x"),
                                             ("\t=1", "'\t=1"), ("plain", "plain"), ("", "")])  # fmt: skip
def test_cells_are_no_formulas(text: str, shown: str) -> None:
    """What a spreadsheet would compute is marked as text."""
    assert shown == cell(text)

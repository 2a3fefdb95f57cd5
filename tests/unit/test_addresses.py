"""Where an address may lead: to a page of ours, to one of another site over https, or nowhere."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from askpro.errors import InvalidInput
from askpro.pluginhost.addresses import foreign_page, own_page
from askpro.web.portal.leaving import is_own_page
from askpro.web.portal_auth import local

OWN = ("/", "/x/sandbox/checkout/1", "/topup/1?back=1#f-method", "/a%20b")
FOREIGN = (
    "https://pay.example/x", "https://pay.example:8443/x?y=z#w", "https://checkout.stripe.com/c/pay/cs_test_a#fid%2F",
    "http://127.0.0.1:4242/pay", "http://localhost/x", "http://pay.askpro.localhost:8000/x", "HTTPS://PAY.EXAMPLE/",
)  # fmt: skip
NOWHERE = (
    "", "x", "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example", "/a\\b", "javascript:alert(1)",
    "data:text/html,x", "http://pay.example/x", "ftp://pay.example", "https:evil.example", "https:/evil.example",
    "https://", "https:///x", "https://u@evil.example", "https://u:p@evil.example", "https://evil.example:port/",
    "https://a b.example", "https://evil.example/\r\nSet-Cookie: x=y", "/a\r\nSet-Cookie: x=y", "/\t/evil.example",
    "\thttps://evil.example", " https://evil.example", "/\u202eevil", "https://evil.example/\0", "/ü", "https://[x",
    'https://evil.example/"onclick=', "http://localhost.evil.example/", "http://127.0.0.1.evil.example/",
)  # fmt: skip


@pytest.mark.parametrize("url", OWN)
def test_pages_of_ours(url: str) -> None:
    """They are followed, whoever gave them: a plugin or an address."""
    assert (own_page(url), foreign_page(url)) == (True, False)
    assert is_own_page(url)
    assert local(url) == url


@pytest.mark.parametrize("url", FOREIGN)
def test_pages_of_others(url: str) -> None:
    """A provider's page is left for; an address of ours never leads there."""
    assert (own_page(url), foreign_page(url)) == (False, True)
    assert not is_own_page(url)
    assert local(url) == "/"


@pytest.mark.parametrize("url", NOWHERE)
def test_what_leads_nowhere(url: str) -> None:
    """Neither door takes it, and the way out says so instead of guessing."""
    assert (own_page(url), foreign_page(url)) == (False, False)
    with pytest.raises(InvalidInput):
        is_own_page(url)
    assert local(url) == "/"


@given(st.text(st.sampled_from("/\\:.@ath\t\n\r \0ps?#"), max_size=12))
@example("/\n/x")
def test_an_own_page_is_one_path_on_this_host(url: str) -> None:
    """Whatever is taken as ours begins with one slash that no other follows, and has nothing that a browser drops."""
    if own_page(url):
        assert url[0] == "/"
        assert url[1:2] not in ("/", "\\")
        assert not set(url) & set("\t\n\r\0\\ ")

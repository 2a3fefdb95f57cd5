"""On to a provider's page. A form of ours may not lead to another site, not even by a redirect: browsers hold
``form-action 'self'`` against every hop of it. So the form leads to a page of ours, and that page leads on.
"""

from __future__ import annotations

from urllib.parse import quote

from litestar import Response

from askpro.errors import InvalidInput
from askpro.pluginhost.addresses import foreign_page, own_page
from askpro.web.portal.frame import Room
from askpro.web.portal.saving_views import LeavingPage
from askpro.web.portal.visit import Visit

__all__ = ("is_own_page", "onward")

_IN_ADDRESSES = "%:/?#[]@!$&'()*+,;=~"


def is_own_page(url: str) -> bool:
    """Whether an address that a provider gave is one of this house. Raises InvalidInput for one that leads nowhere."""
    if own_page(url):
        return True
    if not foreign_page(url):
        raise InvalidInput("a checkout address that leads nowhere", code="checkout_url")
    return False


def onward(
    visit: Visit, title: str, url: str, back_url: str, *, room: Room = "topup", text: str = ""
) -> Response[bytes]:
    """There at once; with a link for browsers that do not follow by themselves. Raises InvalidInput.

    ``text``: what awaits the reader there, in place of the usual words.
    """
    if is_own_page(url):
        return visit.redirect(url)
    follow = {"Refresh": f"0; url={quote(url, safe=_IN_ADDRESSES)}"}
    return visit.page("leaving.html", LeavingPage(title, url, back_url, text), room, headers=follow)

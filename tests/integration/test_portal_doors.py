"""The doors of the portal: sessions, cookies, tokens and roles, tried by somebody who means no good."""

from __future__ import annotations

from typing import Any

import pytest
from litestar import Response, Router

from askpro.errors import Misconfigured
from askpro.people import sessions
from askpro.web.permissions import declared
from askpro.web.portal.routes import ROUTES, Route, portal_router
from askpro.web.portal.sign_in import BY_ACCOUNT, BY_ADDRESS
from askpro.web.portal_auth import ROLES
from portal_house import PASSWORD, Portal, portal, token_in

pytestmark = pytest.mark.anyio
__all__ = ("portal",)

CUSTOMERS = [route for route in ROUTES if route.permission == "customer"]


def path_of(route: Route) -> str:
    nobody = "00000000-0000-7000-8000-000000000000"
    return route.path.replace("{order:uuid}", nobody).replace("{call:uuid}", nobody)


async def test_signing_in_opens_the_portal_and_makes_a_new_session(portal: Portal) -> None:
    """Right address and password lead in; a second sign-in ends the first session."""
    browser = await portal.browser()
    answer = await browser.sign_in()
    first = browser.session
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert "Anna Wagner-Rösch" in (await browser.get("/")).text

    cookie = next(line for line in answer.headers.get_list("set-cookie") if line.startswith("askpro="))
    assert {"HttpOnly", "Path=/", "SameSite=lax"} <= {part.strip() for part in cookie.split(";")}
    assert "Domain" not in cookie

    other = await portal.browser()
    other.client.cookies.set("askpro", first, domain="nordstern.askpro.localhost")
    assert (await other.get("/settings")).status_code == 200  # the very same session
    await other.client.aclose()
    again = await browser.post("/sign-in", {"email": "anna@example.org", "password": PASSWORD,
                                            "_csrf": token_in((await browser.get("/settings")).text)})  # fmt: skip
    assert again.status_code == 303
    assert browser.session != first
    late = await portal.browser()
    late.client.cookies.set("askpro", first, domain="nordstern.askpro.localhost")
    assert (await late.get("/settings")).headers["location"].startswith("/sign-in")


async def test_a_planted_session_is_worth_nothing(portal: Portal) -> None:
    """Fixation (L1): neither an invented id nor one of the attacker's own survives a sign-in."""
    attacker = await portal.browser(address="198.51.100.1")
    await attacker.sign_in("ben@example.org")
    for planted in ("x" * 43, attacker.session):
        victim = await portal.browser()
        victim.client.cookies.set("askpro", planted, domain="nordstern.askpro.localhost")
        page = (await victim.get("/sign-in")).text
        token = token_in(page) if page else token_in((await victim.get("/settings")).text)
        await victim.post("/sign-in", {"email": "anna@example.org", "password": PASSWORD, "_csrf": token})
        fresh = [c.value for c in victim.client.cookies.jar if c.name == "askpro" and c.value != planted]
        assert len(fresh) == 1
    tenant = portal.houses["nordstern"].tenant
    assert await sessions.load(tenant.id, "x" * 43) is None


async def test_a_session_ends_at_the_neighbours_door(portal: Portal) -> None:
    """The cookie of one brand is nobody at the other (L2), though both have somebody of that address."""
    browser = await portal.browser()
    await browser.sign_in()
    neighbour = await portal.browser("falke")
    neighbour.client.cookies.set("askpro", browser.session, domain="falke.askpro.localhost")
    answer = await neighbour.get("/")

    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")


async def test_over_https_the_cookie_is_bound_to_the_host(portal: Portal) -> None:
    """``__Host-``, Secure, no domain; and the plain name is not listened to."""
    browser = await portal.browser(scheme="https")
    await browser.get("/sign-in")
    answer = await browser.post("/sign-in", {"email": "anna@example.org", "password": PASSWORD})
    cookie = next(line for line in answer.headers.get_list("set-cookie") if line.startswith("__Host-askpro="))
    assert "Secure" in cookie
    assert "Domain" not in cookie

    value = cookie.partition("=")[2].partition(";")[0]
    plain = await portal.browser(scheme="https")
    plain.client.cookies.set("askpro", value, domain="nordstern.askpro.localhost")
    assert (await plain.get("/")).status_code == 303


async def test_signing_out_ends_the_session_on_the_server(portal: Portal) -> None:
    """A cookie kept from before is nobody; "everywhere" ends the other browsers' sessions too."""
    one, two, three = [await portal.browser() for _ in range(3)]
    for browser in (one, two, three):
        await browser.sign_in()
    kept = one.session
    await one.get("/settings")
    answer = await one.post("/sign-out")
    assert answer.headers["location"] == "/sign-in?done=sign-out"
    assert one.session == ""
    one.client.cookies.set("askpro", kept, domain="nordstern.askpro.localhost")
    assert (await one.get("/")).status_code == 303
    assert (await two.get("/")).status_code == 200

    await two.get("/settings")
    await two.post("/sign-out", {"everywhere": "1"})
    assert (await three.get("/")).status_code == 303


async def test_every_wrong_attempt_looks_the_same(portal: Portal) -> None:
    """A wrong password, an unknown address and another brand's customer get the same page and no cookie."""
    pages = set()
    for email, password in (("anna@example.org", "wrong"), ("nobody@example.org", PASSWORD), ("", "")):
        browser = await portal.browser()
        answer = await browser.sign_in(email, password)
        assert answer.status_code == 422
        assert browser.session == ""
        text = answer.text.replace(token_in(answer.text), "")
        pages.add(text.replace(email, "") if email else text)
    assert len(pages) == 1


async def test_attempts_are_limited_by_account_and_by_address(portal: Portal) -> None:
    """The quota of an account is used up from many addresses; that of an address over many accounts."""
    for n in range(BY_ACCOUNT.quota):
        browser = await portal.browser(address=f"198.51.100.{n}")
        assert (await browser.sign_in(password="wrong")).status_code == 422
    last = await (await portal.browser(address="198.51.100.200")).sign_in()
    assert (last.status_code, int(last.headers["retry-after"]) > 0) == (429, True)

    one = await portal.browser(address="192.0.2.1")
    codes = [(await one.sign_in(f"n{n}@example.org", "wrong")).status_code for n in range(BY_ADDRESS.quota + 1)]
    assert codes == [422] * BY_ADDRESS.quota + [429]
    assert (await (await portal.browser(address="192.0.2.2")).sign_in("ben@example.org")).status_code == 303


@pytest.mark.parametrize("route", CUSTOMERS, ids=lambda route: f"{route.method} {route.path}")
async def test_no_room_opens_without_sign_in(portal: Portal, route: Route) -> None:
    """Every route for customers leads strangers to the sign-in page and shows staff that it is not theirs."""
    stranger = await portal.browser()
    await stranger.get("/sign-in")
    do: Any = stranger.get if route.method == "GET" else stranger.post
    answer = await do(path_of(route))
    assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (303, "/sign-in")

    await stranger.sign_in("staff@example.org")
    token = {"_csrf": "whatever"} if route.method == "POST" else None
    answer = await (stranger.post(path_of(route), token) if token else stranger.get(path_of(route)))
    assert answer.status_code == 403


@pytest.mark.parametrize("route", [one for one in ROUTES if one.method == "POST"], ids=lambda route: route.path)
async def test_every_form_needs_its_token(portal: Portal, route: Route) -> None:
    """No token, another session's, another tenant's, and another origin: 403, and nothing happens."""
    browser, friend, neighbour = await portal.browser(), await portal.browser(), await portal.browser("falke")
    for one in (browser, friend, neighbour):
        await one.sign_in()
        await one.get("/settings")
    foreign = [token_in(friend.page), token_in(neighbour.page), "", "nonsense"]
    mine = {"_csrf": token_in(browser.page)}

    for token in foreign:
        assert (await browser.post(route.path, {"_csrf": token})).status_code == 403
    for headers in (
        {"Origin": "http://falke.askpro.localhost:8000"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site"},
    ):
        assert (await browser.post(route.path, mine, headers=headers)).status_code == 403
    assert (await browser.get("/settings")).status_code == 200  # still signed in


async def test_the_sign_in_form_has_a_token_too(portal: Portal) -> None:
    """Login CSRF: without the visit's own cookie, or with another visit's token, nobody is signed in."""
    browser, other = await portal.browser(), await portal.browser()
    await other.get("/sign-in")
    await browser.get("/sign-in")
    fields = {"email": "anna@example.org", "password": PASSWORD}
    assert (await browser.post("/sign-in", {**fields, "_csrf": token_in(other.page)})).status_code == 403

    browser.client.cookies.clear()
    assert (await browser.post("/sign-in", fields)).status_code == 403
    assert browser.session == ""


async def test_the_way_back_stays_in_the_house(portal: Portal) -> None:
    """``next`` leads to pages of this host and nowhere else, before and after signing in, and for languages."""
    browser = await portal.browser()
    wanted = await browser.get("/calls?start=2026-01-01")
    assert wanted.headers["location"] == "/sign-in?next=%2Fcalls%3Fstart%3D2026-01-01"
    assert 'name="next"' not in (await browser.get("/sign-in?next=//evil.example/")).text
    assert (await browser.sign_in(next="//evil.example/")).headers["location"] == "/"
    assert (await browser.get("/sign-in?next=https://evil.example/")).headers["location"] == "/"
    assert (await browser.get("/language/en?next=//evil.example/")).headers["location"] == "/"

    friend = await portal.browser()
    assert (await friend.sign_in(next="/calls?kind=inbound")).headers["location"] == "/calls?kind=inbound"


def test_a_route_without_a_permission_stops_the_application() -> None:
    """The table is the only way in: a word that is not in the matrix fails when the router is made."""

    async def page(_: Any) -> Response[bytes]:
        raise AssertionError

    for word in ("", "everybody"):
        with pytest.raises(Misconfigured):
            portal_router([Route("GET", "/new", page, word)])
    assert isinstance(portal_router(), Router)


async def test_the_matrix_of_the_running_application_is_the_table(portal: Portal) -> None:
    """Every route of the portal is there with the permission of the table, guarded."""
    said = {(method, path): word for method, path, word in declared(portal.app.litestar)}

    for route in ROUTES:
        assert said[route.method, route.path.replace(":str", ":str")] == route.permission
        assert route.permission in ROLES

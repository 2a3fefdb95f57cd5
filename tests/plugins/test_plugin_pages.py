"""Plugins' pages in a real application: guarded, filtered by tenant, unable to bring it down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

import httpx
import pytest
from dummy_house import FALKE, NORTH, Inbox, make_host, on, reasons
from jinja2 import ChoiceLoader, DictLoader, Environment, FileSystemLoader, StrictUndefined
from litestar import Litestar, Request, Response
from markupsafe import Markup

from askpro.errors import AskProError, NotAuthenticated, NotFound
from askpro.money import Money
from askpro.pluginhost import Host, PageScope, service
from askpro.sdk import CheckoutRequest, CustomerRef, Guard, Outcome
from askpro.sdk.routes import Reply, RouteSpec

pytestmark = pytest.mark.anyio

LAYOUT = "<title>{% block title %}{% endblock %}</title><main>{% block main %}{% endblock %}</main>"
TENANTS = {"nordstern.test": NORTH, "falke.test": FALKE}


def signed_in(connection: Any, _: Any) -> None:
    if connection.headers.get("x-signed-in") != "yes":
        raise NotAuthenticated()


def as_status(_: Request[Any, Any, Any], error: AskProError) -> Response[str]:
    return Response(error.code, status_code=error.status)


def client_of(host: Host) -> httpx.AsyncClient:
    """The application as app.py builds it: the host's routers, our guards, the tenant by host name."""
    folders = host.folders("templates")
    loaders = [DictLoader({"layout.html": LAYOUT}), *(FileSystemLoader(path) for path in folders.values())]
    environment = Environment(loader=ChoiceLoader(loaders), autoescape=True, undefined=StrictUndefined)

    def scope_of(request: Request[Any, Any, Any]) -> PageScope:
        def render(template: str, values: Mapping[str, Any]) -> str:
            return environment.get_template(template).render(**values)

        locale = request.headers.get("accept-language", "en")
        csrf = Markup('<input type="hidden" name="csrf" value="token">')
        tenant = TENANTS[request.url.hostname or ""]
        return PageScope(tenant=tenant, actor="customer:1", locale=locale, csrf_input=csrf, render=render)

    guards = {Guard.CUSTOMER: [signed_in], Guard.ANYONE: []}
    app = Litestar(route_handlers=host.routers(guards, scope_of), exception_handlers={AskProError: as_status})
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://nordstern.test", headers={"x-signed-in": "yes"}
    )


async def good() -> Host:
    return make_host("good", board=on("good", good={"api_key": "k"}))


async def test_a_page_in_the_tenants_layout() -> None:
    """The template extends the layout, the CSRF input is markup, values are escaped, nothing is cached."""
    host = await good()
    async with client_of(host) as client:
        await host.start()
        answer = await client.get("/x/good/page/<b>")
    assert answer.status_code == 200
    assert "<h1>&lt;b&gt;</h1>" in answer.text
    assert '<input type="hidden" name="csrf"' in answer.text
    assert answer.headers["cache-control"] == "no-store"


async def test_a_guard_stands_before_every_page() -> None:
    """Without sign-in only what says ANYONE opens; the default asks for a customer."""
    host = await good()
    async with client_of(host) as client:
        await host.start()
        client.headers["x-signed-in"] = "no"
        assert (await client.get("/x/good/page/a")).status_code == 401
        assert (await client.post("/x/good/go", data={"to": "b"})).status_code == 401
        answer = await client.get("/x/good/plain")
        assert answer.text == "nordstern customer:1"
        assert "set-cookie" not in answer.headers


async def test_pages_of_other_tenants_do_not_exist() -> None:
    """A tenant that has not enabled the plugin has no such page; nor has anybody while it is down."""
    host = await good()
    async with client_of(host) as client:
        assert (await client.get("/x/good/plain")).status_code == 404
        await host.start()
        assert (await client.get("/x/good/plain")).status_code == 200
        assert (await client.get("http://falke.test/x/good/plain")).status_code == 404


async def test_a_form_is_read_and_answered_with_see_other() -> None:
    """POST redirects with 303."""
    host = await good()
    async with client_of(host) as client:
        await host.start()
        answer = await client.post("/x/good/go", data={"to": "there"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/x/good/page/there")


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("text/html; charset=utf-8", "text/html; charset=utf-8"),
        ("text/csv", "text/csv; charset=utf-8"),
        ("text/csv; charset=iso-8859-1", "text/csv; charset=iso-8859-1"),
        ("application/pdf", "application/pdf"),
    ],
)
async def test_a_page_is_what_it_says(said: str, told: str) -> None:
    """The charset stands there once and is the plugin's own; text without one is UTF-8."""

    async def paper(ctx: Any, request: Any) -> Reply:
        return Reply("ä".encode(), content_type=said)

    host = await good()
    host.records["good"].given.routes = (RouteSpec("/paper", paper, guard=Guard.ANYONE),)
    async with client_of(host) as client:
        await host.start()
        answer = await client.get("/x/good/paper")
    assert answer.headers.get_list("content-type") == [told]


@pytest.mark.parametrize("path", ["/x/good/lie", "/x/good/fail"])
async def test_a_failing_page_is_unavailable_and_counted(path: str) -> None:
    """An exception, or an answer that is none, is a 503 of the house without the plugin's words."""
    host = await good()
    async with client_of(host) as client:
        await host.start()
        answer = await client.get(path)
    assert (answer.status_code, answer.text) == (503, "plugin_unavailable")
    assert host.caller("good").total.failed == 1


async def test_a_bad_route_costs_only_its_plugin() -> None:
    """What the web framework refuses is found in a dry run; the application is built without that plugin."""
    host = make_host("badroute", "good", board=on("good", good={"api_key": "k"}))
    async with client_of(host) as client:
        await host.start()
        assert (await client.get("/x/good/plain")).status_code == 200
        assert (await client.get("/x/badroute/fine")).status_code == 404
    assert "its routes:" in reasons(host)["badroute"]


async def test_one_address_has_one_page() -> None:
    """The same method and path twice: the framework would take the last, the host takes neither."""
    host = await good()
    record = host.records["good"]
    record.given.routes = (record.given.routes[2], replace(record.given.routes[2], name="again"))
    assert host.routers({Guard.CUSTOMER: [], Guard.ANYONE: []}, lambda request: None) == []  # type: ignore[arg-type, return-value]
    assert "is there twice" in reasons(host)["good"]


async def test_a_route_nobody_guards_is_kept_out() -> None:
    """A guard that the application does not have quarantines the plugin instead of leaving the page open."""
    host = await good()
    assert host.routers({Guard.ANYONE: []}, lambda request: None) == []  # type: ignore[arg-type, return-value]
    assert "nobody guards" in reasons(host)["good"]


async def test_routes_have_prefixed_operation_ids() -> None:
    """Two plugins may both have a page called `page`."""
    host = await good()
    (router,) = host.routers({Guard.CUSTOMER: [], Guard.ANYONE: []}, lambda request: None)  # type: ignore[arg-type, return-value]
    ids = {handler.operation_id for route in router.routes for handler in route.route_handlers}
    assert {"x_good_page", "x_good_go"} <= ids


# the sandbox's checkout


async def checkout(host: Host, key: str, **changes: Any) -> tuple[Any, str]:
    provider = await host.provider(NORTH, "sandbox")
    request = CheckoutRequest(
        key=key,
        amount=Money.of("59.50", "EUR"),
        description="Top-up <1>",
        customer=CustomerRef(id="c"),
        return_url="/topup/back",
        cancel_url="/topup",
        expires_at=provider.ctx.now().replace(year=2099),
        **changes,
    )
    return provider, (await provider.create_checkout(request)).url


@pytest.fixture
async def sandbox(house: Any) -> Host:
    host: Host = await house("sandbox", services={"format_money": lambda money, locale: f"{money.decimal} in {locale}"})
    await service.enable(host, NORTH, "sandbox", by="t")
    return host


def pages_of(host: Host) -> httpx.AsyncClient:
    """Routers are built before the start, so the plugin steps back for a moment."""
    record = host.records["sandbox"]
    stage, record.stage = record.stage, type(record.stage).REGISTERED
    client = client_of(host)
    record.stage = stage
    return client


@pytest.mark.parametrize(
    ("choices", "outcome", "leads_to", "events"),
    [
        (["succeed"], Outcome.SETTLED, "/topup/back", ["payment.settled"]),
        (["decline"], Outcome.DECLINED, "/topup/back", ["payment.declined"]),
        (["challenge", "confirm"], Outcome.SETTLED, "/topup/back", ["payment.settled"]),
        (["challenge", "refuse"], Outcome.DECLINED, "/topup/back", ["payment.declined"]),
        (["pending"], Outcome.PENDING, "/topup/back", ["payment.pending"]),
        (["timeout"], Outcome.UNKNOWN, "/topup/back", []),
        (["cancel"], Outcome.DECLINED, "/topup", ["payment.declined"]),
        (["succeed", "decline"], Outcome.SETTLED, "/topup/back", ["payment.settled"]),
    ],
)
async def test_the_checkout_page(
    sandbox: Host, inbox: Inbox, choices: list[str], outcome: Outcome, leads_to: str, events: list[str]
) -> None:
    """Every choice leads back, reports its event and stands as chosen; choosing again changes nothing."""
    provider, url = await checkout(sandbox, "k1")
    async with pages_of(sandbox) as client:
        page = await client.get(url, headers={"accept-language": "de"})
        assert "Bezahlen" in page.text
        assert "59.5" in page.text
        assert "in de" in page.text
        assert "Top-up &lt;1&gt;" in page.text
        for choice in choices:
            answer = await client.post(url, data={"choice": choice})
            assert answer.status_code == 303
        assert answer.headers["location"] == leads_to
        assert "<form" not in (await client.get(url)).text
    assert (await provider.look_up("k1", amount=Money.of("59.50", "EUR"))).outcome is outcome
    assert [event.type for _, _, event in inbox.events] == events


async def test_a_saved_card_behaves_as_chosen(sandbox: Host) -> None:
    """Saving a method on the page makes one that is declined when charged later, as was chosen."""
    provider, url = await checkout(sandbox, "k2", save_method=True)
    async with pages_of(sandbox) as client:
        assert 'name="later"' in (await client.get(url)).text
        await client.post(url, data={"choice": "succeed", "later": "decline"})
    (method,) = await provider.list_methods(CustomerRef(id="c"))
    found = await provider.look_up("k2")
    assert found.method == method


async def test_a_checkout_of_another_tenant_or_none(sandbox: Host) -> None:
    """An unknown number and another tenant's are the same: not found."""
    await service.enable(sandbox, FALKE, "sandbox", by="t")
    _, url = await checkout(sandbox, "k3")
    async with pages_of(sandbox) as client:
        assert (await client.get("http://falke.test" + url)).status_code == 404
        assert (await client.post("http://falke.test" + url, data={"choice": "succeed"})).status_code == 404
        assert (await client.get(f"/x/sandbox/checkout/{UUID(int=7)}")).status_code == 404
        assert (await client.get("/x/sandbox/checkout/seven")).status_code == 404


async def test_the_event_inbox_may_be_down(sandbox: Host, inbox: Inbox) -> None:
    """The customer comes back although the event was not taken; the job tells it later."""

    async def refuse(*_: Any) -> None:
        raise NotFound

    _, url = await checkout(sandbox, "k4")
    object.__setattr__(sandbox.services, "emit_event", refuse)
    async with pages_of(sandbox) as client:
        assert (await client.post(url, data={"choice": "succeed"})).status_code == 303
    object.__setattr__(sandbox.services, "emit_event", inbox.take)
    assert await sandbox.run_job("sandbox", "tell", NORTH) is True
    assert [event.type for _, _, event in inbox.events] == ["payment.settled"]

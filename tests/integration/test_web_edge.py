"""What stands around every request: host, proxies, headers, errors, operators' pages, permissions."""

from __future__ import annotations

import asyncio
import re
from ipaddress import ip_network
from typing import Any

import asyncpg
import httpx
import pytest
from litestar import get, post

from askpro import db
from askpro.app import create_app
from askpro.errors import AskProError, Misconfigured
from askpro.migrations.bootstrap import with_database
from askpro.people import keys
from askpro.settings import Settings
from askpro.web import permissions
from askpro.web.permissions import declared
from web_site import Serve, Site, event, populate

pytestmark = pytest.mark.anyio

HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


async def _raw(
    site: Site, headers: list[tuple[bytes, bytes]], path: str = "/api/v2/customers"
) -> tuple[int, dict[bytes, bytes], bytes]:
    """A request with exactly these header lines, past any client's tidying."""
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http", "method": "GET", "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "",
        "scheme": "http", "http_version": "1.1", "headers": headers, "client": ("203.0.113.9", 1), "server": ("x", 80),
    }  # fmt: skip
    await site.app(scope, receive, send)
    return sent[0]["status"], dict(sent[0]["headers"]), b"".join(one.get("body", b"") for one in sent[1:])


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        ([], 400),
        ([(b"host", b"nord.askpro.localhost"), (b"host", b"nord.askpro.localhost")], 400),
        ([(b"host", b"nord.askpro.localhost/evil")], 400),
        ([(b"host", b"evil@nord.askpro.localhost")], 400),
        ([(b"host", b"")], 400),
        ([(b"host", b"nord..askpro.localhost")], 400),
        ([(b"host", b"a" * 300)], 400),
        ([(b"host", b"[::1]:8000")], 421),
        ([(b"host", b"127.0.0.1:8000")], 421),
        ([(b"host", b"askpro.localhost")], 421),
        ([(b"host", b"nord.evil.example")], 421),
        ([(b"host", b"NORD.askpro.localhost.:8000")], 401),
    ],
)
async def test_a_host_must_be_one_of_ours(site: Site, lines: list[tuple[bytes, bytes]], status: int) -> None:
    """Malformed, missing or doubled: 400. Nobody's: 421. Case, port and the closing dot do not matter (V4.1.3)."""
    found, headers, _ = await _raw(site, lines)
    assert found == status
    assert headers[b"content-type"] == b"application/problem+json"


async def test_an_unknown_host_gets_a_page(site: Site) -> None:
    """A browser that went astray reads whose address this is not; the page's style sheet is served there too."""
    client = await site.client(headers=HTML)
    answer = await client.get("/")
    assert answer.status_code == 421
    assert "nobody.example" in answer.text
    assert answer.headers["content-type"].startswith("text/html")
    for line in answer.text.split('href="')[1:]:
        path = line.split('"')[0]
        if path.startswith(("/static/", "/theme/")):
            assert (await client.get(path)).status_code == 200


async def test_forwarded_headers_count_from_trusted_proxies_only(serve: Serve) -> None:
    """A stranger's X-Forwarded-* is ignored; the proxy's decides about host, scheme and address (L8)."""
    site = await serve(trusted_proxies=(ip_network("10.0.0.0/8"),))
    await populate(site)
    forged = {
        "X-Forwarded-Host": "falke.askpro.localhost",
        "X-Forwarded-Proto": "https",
        "X-Request-Id": "forged-forged",
    }
    outside = await site.client("nord", headers=forged)
    through = await site.client("nord", site.keys["falke"], address="10.1.2.3", headers=forged)

    mine = await outside.get("/api/v2/customers")
    assert mine.status_code == 200
    assert "strict-transport-security" not in mine.headers
    assert mine.headers["x-request-id"] != "forged-forged"
    theirs = await through.get("/api/v2/customers")
    assert theirs.status_code == 200
    assert theirs.headers["strict-transport-security"].startswith("max-age=31536000")
    assert theirs.headers["x-request-id"] == "forged-forged"


async def test_every_answer_is_dressed(site: Site) -> None:
    """Success, 404, 401, 421, page and file: each has the headers; what a key may see is not stored anywhere."""
    api, anybody, nobody = await site.client("nord"), await site.client("nord", ""), await site.client()
    sheet = site.app.litestar.state.looks.of(site.tenants["nord"]).brand.sheet_url
    answers = [
        await api.get("/api/v2/customers"),
        await api.get("/api/v2/nothing"),
        await anybody.get("/api/v2/customers"),
        await anybody.get("/nothing", headers=HTML),
        await anybody.get("/api/v2/docs"),
        await anybody.get(sheet),
        await nobody.get("/"),
        await nobody.get("/health/live"),
    ]
    assert [one.status_code for one in answers] == [200, 404, 401, 404, 200, 200, 421, 200]
    for one in answers:
        policy = one.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert one.headers["x-content-type-options"] == "nosniff"
        assert one.headers["referrer-policy"] == "same-origin"
        assert len(one.headers["x-request-id"]) == 32
        assert "Host" in one.headers["vary"]
        assert "access-control-allow-origin" not in one.headers
    assert [one.headers["cache-control"] for one in answers[:3]] == ["no-store"] * 3
    assert "immutable" in answers[5].headers["cache-control"]


async def test_no_origin_is_allowed_across(site: Site) -> None:
    """CORS stays closed: no evil, null or neighbouring origin is reflected (V3.4.2)."""
    api = await site.client("nord")
    for origin in ("https://evil.example", "null", "http://falke.askpro.localhost"):
        assert (await api.options("/api/v2/customers")).status_code == 204
        for answer in (
            await api.get("/api/v2/customers", headers={"Origin": origin}),
            await api.options("/api/v2/customers", headers={"Origin": origin, "Access-Control-Request-Method": "GET"}),
        ):
            assert not [name for name in answer.headers if name.startswith("access-control")]


async def test_errors_are_problems_in_the_readers_language(site: Site) -> None:
    """RFC 9457: members, types, the status twice the same, a title that changes with the language only."""
    api = await site.client("nord")
    german = await api.get("/api/v2/nothing", headers={"Accept-Language": "de-AT,en;q=0.5"})
    english = await api.get("/api/v2/nothing", headers={"Accept-Language": "en"})
    own = await api.get("/api/v2/nothing")

    said = english.json()
    assert english.headers["content-type"] == "application/problem+json"
    assert (said["type"], said["title"], said["status"], said["code"]) == (
        "/api/v2/problems/not_found", "This does not exist.", 404, "not_found",
    )  # fmt: skip
    assert said["request_id"] == english.headers["x-request-id"]
    assert german.headers["content-language"] == own.headers["content-language"] == "de"
    assert german.json()["title"] == own.json()["title"]
    assert {"Accept-Language", "Accept"} <= {part.strip() for part in english.headers["vary"].split(",")}
    about = await api.get(said["type"])
    assert about.json() == {"code": "not_found", "status": 404, "title": "This does not exist."}


async def test_a_wrong_method_says_which_are_right(site: Site) -> None:
    """405 is a problem too, with Allow."""
    api = await site.client("nord")
    answer = await api.delete("/api/v2/customers")
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")


async def test_an_unexpected_error_tells_nothing(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bug becomes a 500 with a reference and no word of what happened, as JSON and as a page (V13.4.2)."""

    async def broken(*_: Any, **__: Any) -> Any:
        raise ZeroDivisionError("secret internals")

    monkeypatch.setattr("askpro.web.api.customers.queries.customers", broken)
    monkeypatch.setattr("askpro.web.looks.Looks.of", lambda *_: 1 / 0)
    api = await site.client("nord")
    answer = await api.get("/api/v2/customers")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text
    page = await api.get("/nothing", headers=HTML)  # its error page fails as well, and falls back
    assert (page.status_code, page.json()["code"]) == (404, "not_found")


async def test_a_page_for_people(site: Site) -> None:
    """A browser's 404 is a page in the tenant's look and language."""
    client = await site.client("nord", "", headers={**HTML, "Accept-Language": "de"})
    answer = await client.get("/nirgends")
    assert answer.status_code == 404
    assert '<html lang="de"' in answer.text
    assert "Nord" in answer.text


async def test_the_database_going_away_is_503(site: Site, empty_database: Any) -> None:
    """Lost connections are Unavailable with Retry-After, and /health/ready turns red; nothing hangs."""
    api = await site.client("nord", "")
    admin = await asyncpg.connect(with_database(empty_database.admin_dsn, "postgres"))
    await admin.execute(f"alter database {empty_database.name} allow_connections false")
    await admin.execute("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'askpro_app'")
    await admin.close()
    with_key = await site.client("nord")
    for _ in range(3):
        answer = await with_key.get("/api/v2/customers")
        assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == (503, "unavailable", "5")
    ready = await api.get("/health/ready")
    assert (ready.status_code, ready.json()["problems"]) == (503, ["the database does not answer"])
    assert (await api.get("/health/live")).status_code == 200


# keys


async def test_only_a_live_key_of_this_tenant_comes_in(site: Site) -> None:
    """No, wrong, foreign, revoked and expired keys are 401 with one and the same words; the scheme is Bearer."""
    narrow = await site.key("nord", ["customers:read"])
    tenant = site.tenants["nord"].id
    [found] = [one for one in await keys.keys(tenant) if one.name == "narrow"]
    client = await site.client("nord", narrow)
    assert (await client.get("/api/v2/customers")).status_code == 200
    await keys.revoke(tenant, found.id, by=found.actor)
    for secret in (narrow, site.keys["falke"], "ask_live_nonsense", "x" * 300, "ä"):
        answer = await client.get("/api/v2/customers", headers=[(b"Authorization", f"Bearer {secret}".encode())])
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
        assert answer.json()["title"] == "Bitte melden Sie sich an."
    anybody = await site.client("nord", "")
    for headers in ({}, {"Authorization": f"Basic {site.keys['nord']}"}):
        assert (await anybody.get("/api/v2/customers", headers=headers)).status_code == 401
    doubled = [("Authorization", f"Bearer {site.keys['nord']}")] * 2
    assert (await anybody.get("/api/v2/customers", headers=doubled)).status_code == 401


async def test_a_scope_opens_its_routes_and_no_other(site: Site) -> None:
    """The matrix of scopes and routes, generated from the route table (V8.2.1)."""
    nobody = "00000000-0000-7000-8000-000000000000"
    routes = [(method, path, said) for method, path, said in declared(site.app.litestar) if said in keys.SCOPES]
    assert len(routes) >= 9
    for scope in keys.SCOPES:
        client = await site.client("nord", await site.key("nord", [scope]))
        for method, path, said in routes:
            answer = await client.request(method, re.sub(r"\{\w+:uuid\}", nobody, path))
            if said == scope:
                assert answer.status_code not in (401, 403), (scope, method, path)
            else:
                assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing"), (scope, method, path)


async def test_a_route_without_permission_stops_the_construction() -> None:
    """Forgetting the permission, misspelling it, or naming a scope without a guard fails before any request."""
    settings = Settings(database_url="postgresql://x@localhost/x", secret_keys=("k" * 40,), plugins=())

    @get("/bare", sync_to_thread=False)
    def bare() -> str:
        return ""

    @post("/typo", opt={"permission": "customers:raed"}, sync_to_thread=False)
    def typo() -> str:
        return ""

    @get("/open", opt={"permission": "customers:read"}, sync_to_thread=False)
    def unguarded() -> str:
        return ""

    for handler, said in ((bare, "does not say"), (typo, "customers:raed"), (unguarded, "nobody to check")):
        app = create_app(settings)
        app.litestar.register(handler)
        with pytest.raises(Misconfigured, match=said):
            permissions.require_declared(app.litestar)


# operators' pages


async def test_metrics_are_for_operators(serve: Serve) -> None:
    """Loopback and trusted networks see figures by route template; whoever came through a proxy sees 404."""
    site = await serve(trusted_proxies=(ip_network("10.0.0.0/8"),))
    await populate(site)
    api = await site.client("nord")
    await api.get(f"/api/v2/customers/{site.customers['nord/C-1'].id}")
    for address, headers, status in (
        ("127.0.0.1", {}, 200),
        ("10.0.0.5", {}, 200),
        ("203.0.113.1", {}, 404),
        ("10.0.0.5", {"X-Forwarded-For": "203.0.113.1"}, 404),
        ("127.0.0.1", {"X-Forwarded-For": "127.0.0.1"}, 404),
        ("127.0.0.1", {"X-Real-IP": "203.0.113.1"}, 404),
    ):
        client = await site.client(address=address, headers=headers)
        assert (await client.get("/metrics")).status_code == status
    shown = (await (await site.client(address="127.0.0.1")).get("/metrics")).text
    assert 'route="/api/v2/customers/{customer_id}"' in shown
    assert str(site.customers["nord/C-1"].id) not in shown


async def test_health_shows_a_broken_plugin_and_no_reasons_outside(serve: Serve) -> None:
    """A quarantined plugin leaves the host up (degraded) and is listed; why is told to operators only."""
    site = await serve(plugins=("nonsense",))
    inside, outside = await site.client(address="127.0.0.1"), await site.client()
    shown = await inside.get("/health")
    assert (shown.status_code, shown.json()["status"], shown.json()["migrations_pending"]) == (200, "degraded", 0)
    [plugin] = shown.json()["plugins"]
    assert (plugin["id"], plugin["state"]) == ("nonsense", "quarantined")
    assert "not installed" in plugin["reason"]
    assert "reason" not in (await outside.get("/health")).json()["plugins"][0]
    assert (await outside.get("/health/ready")).status_code == 200


async def test_a_required_plugin_that_is_not_up_is_not_ready(serve: Serve) -> None:
    """Readiness is red until it is there."""
    site = await serve(plugins=("nonsense",), required_plugins=("nonsense",))
    answer = await (await site.client()).get("/health/ready")
    assert (answer.status_code, answer.json()["problems"]) == (503, ["required plugin nonsense is not up"])


# files


async def test_static_files_are_kept_for_ever_and_nothing_else_is_served(site: Site) -> None:
    """A hashed name is immutable and compressed on demand; plain names, wrong hashes and ways outside are 404."""
    client = await site.client("nord", "")
    url = site.app.litestar.state.looks.of(None).theme.assets.url("askpro.css")
    packed = await client.get(url, headers={"Accept-Encoding": "gzip"})
    plain = await client.get(url, headers={"Accept-Encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.content == plain.content
    assert "max-age=31536000" in plain.headers["cache-control"]
    assert (await client.head(url)).status_code == 200
    for path in (
        "/static/askpro.css",
        "/static/askpro.000000000000.css",
        "/static/../theme.toml",
        "/static/%2e%2e/theme.toml",
        "/static/vendor/MANIFEST.json",
        "/static/",
        "/static/default/askpro.css",
    ):
        assert (await client.get(path)).status_code == 404, path


async def test_a_tenants_sheet_is_served_on_its_own_host(site: Site) -> None:
    """The style sheet's address holds its content; another tenant's host does not have it."""
    looks = site.app.litestar.state.looks
    sheet = looks.of(site.tenants["nord"]).brand.sheet_url
    mine, theirs = await site.client("nord", ""), await site.client("falke", "")
    assert (await mine.get(sheet)).headers["content-type"] == "text/css; charset=utf-8"
    assert (await theirs.get(sheet)).status_code == 404


async def test_units_do_not_leak_between_requests(site: Site) -> None:
    """A hundred requests at once, two tenants mixed: each sees its own customers, and no unit stays open."""
    one, two = await site.client("nord"), await site.client("falke")

    async def currencies(client: httpx.AsyncClient) -> set[str]:
        answer = await client.get("/api/v2/customers")
        return {item["currency"] for item in answer.json()["items"]}

    seen = await asyncio.gather(*(currencies(client) for client in (one, two) * 50))
    assert seen == [{"EUR"}, {"GBP"}] * 50
    assert db.current() is None


async def test_every_error_of_the_tree_has_its_own_code() -> None:
    """A problem's type names one kind of error, so its page can say which."""

    def tree(kind: type[AskProError]) -> list[type[AskProError]]:
        return [kind, *(one for child in kind.__subclasses__() for one in tree(child))]

    codes = [kind.code for kind in tree(AskProError) if kind.__module__ == "askpro.errors"]
    assert len(codes) == len(set(codes))


async def test_an_event_of_a_neighbour_cannot_be_reported(site: Site) -> None:
    """A customer number that only the other tenant has is unknown here."""
    api = await site.client("nord")
    answer = await api.post("/api/v2/usage", json={"events": [event("x", customer="C-404")]})
    assert answer.json()["results"][0]["reason"] == "unknown_customer"

"""Files that come with a form reach a plugin's page, up to the size its route names and no further."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from dummy_house import make_host, on, reasons
from litestar import Litestar
from litestar.testing import AsyncTestClient

from askpro.pluginhost import Host, PageScope
from askpro.sdk import Guard, PageContext, PageRequest, Reply, RouteSpec, TenantRef
from askpro.sdk.routes import LARGEST_BODY, LONGEST_WAIT
from askpro.testing import tenant_ref

pytestmark = pytest.mark.anyio


async def show(ctx: PageContext, request: PageRequest) -> Reply:
    del ctx
    file = request.files.get("file")
    told = f"{file.name}|{file.content_type}|{len(file.data)}" if file else "none"
    return Reply(f"{told}|{request.form.get('word', '')}|{request.query.get('q', '')}".encode())


async def dawdle(ctx: PageContext, request: PageRequest) -> Reply:
    del ctx, request
    await asyncio.sleep(0.6)
    return Reply(b"done")


SPECS = (
    RouteSpec("/small", show, method="POST", guard=Guard.ANYONE, name="small"),
    RouteSpec("/large", show, method="POST", guard=Guard.ANYONE, name="large", largest=3_000_000),
    RouteSpec("/quick", dawdle, guard=Guard.ANYONE, name="quick"),
    RouteSpec("/slow", dawdle, guard=Guard.ANYONE, name="slow", deadline=30.0),
)


def _scope(_: Any) -> PageScope:
    tenant: TenantRef = tenant_ref("nordstern")
    return PageScope(tenant=tenant, actor="anyone", locale="en", render=lambda *_: "")


def _host(*specs: RouteSpec) -> tuple[Host, Litestar]:
    host = make_host("good", board=on("good", good={"api_key": "k"}))
    record = host.records["good"]
    record.given = replace(record.given, routes=specs)
    routers = host.routers({Guard.ANYONE: []}, _scope)
    return host, Litestar(route_handlers=routers, request_max_body_size=1_048_576)


async def test_a_file_arrives() -> None:
    """Name, type and bytes of the file, the other fields and the query as text; a field left empty is not there."""
    host, app = _host(*SPECS)
    async with AsyncTestClient(app) as client:
        await host.start()
        file = {"file": ("a.xml", b"x" * 2_000_000, "text/xml")}
        answer = await client.post("/x/good/large?q=1", data={"word": "w"}, files=file)
        assert answer.text == "a.xml|text/xml|2000000|w|1"
        answer = await client.post("/x/good/large", data={"word": "w"}, files={"file": ("", b"", "text/xml")})
        assert answer.text == "none|w|"


async def test_a_file_may_be_too_large() -> None:
    """A route takes what the house allows, or what it names itself."""
    host, app = _host(*SPECS)
    async with AsyncTestClient(app) as client:
        await host.start()
        for path, size in (("small", 1_100_000), ("large", 3_100_000)):
            answer = await client.post(f"/x/good/{path}", files={"file": ("a.xml", b"x" * size, "text/xml")})
            assert answer.status_code == 413


async def test_a_page_may_take_its_time() -> None:
    """A route with much to do may ask for longer than the house gives to everybody."""
    host, app = _host(*SPECS)
    async with AsyncTestClient(app) as client:
        await host.start()
        assert (await client.get("/x/good/slow")).text == "done"
        assert (await client.get("/x/good/quick")).status_code == 500  # no error page here: PluginUnavailable


@pytest.mark.parametrize("changes", [{"largest": LARGEST_BODY + 1}, {"largest": 0}, {"deadline": LONGEST_WAIT + 1}])
def test_what_a_route_may_ask_for_has_bounds(changes: dict[str, Any]) -> None:
    """More than the most, or nothing, is a quarantined plugin."""
    host, _ = _host(replace(SPECS[0], **changes))
    assert "the most" in reasons(host)["good"]

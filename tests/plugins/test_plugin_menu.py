"""Pages of plugins in the staff's menu: only of enabled plugins, only behind that guard, only such as can be opened."""

from __future__ import annotations

from typing import Any

import pytest
from dummy_house import FALKE, NORTH, make_host, on

from askpro.pluginhost import menu
from askpro.pluginhost.records import Quarantined
from askpro.pluginhost.routing import build_router
from askpro.sdk import Guard, RouteSpec

pytestmark = pytest.mark.anyio


def page(ctx: Any, request: Any) -> Any:
    raise AssertionError


DESK = RouteSpec("/desk", page, guard=Guard.STAFF, name="desk", menu="Desk")


async def test_a_page_stands_in_the_menu() -> None:
    """Of an enabled plugin, with its address; not at a tenant that has not enabled it, not for other guards."""
    host = make_host("good", board=on("good", good={"api_key": "k"}))
    await host.start()
    record = host.records["good"]
    hidden = RouteSpec("/hidden", page, guard=Guard.STAFF, name="hidden")
    record.given.routes = (*record.given.routes, DESK, hidden)

    (entry,) = await menu.entries(host, NORTH, Guard.STAFF, locale="en")
    assert (entry.plugin, entry.title, entry.url) == ("good", "Desk", "/x/good/desk")
    assert await menu.entries(host, FALKE, Guard.STAFF, locale="en") == []
    assert await menu.entries(host, NORTH, Guard.OPERATOR, locale="en") == []


@pytest.mark.parametrize(
    "spec",
    [
        RouteSpec("/desk", page, method="POST", guard=Guard.STAFF, name="desk", menu="Desk"),
        RouteSpec("/desk/{id:uuid}", page, guard=Guard.STAFF, name="desk", menu="Desk"),
    ],
    ids=["post", "parameter"],
)
def test_a_page_that_no_link_can_open_is_refused(spec: RouteSpec) -> None:
    """A menu leads by plain links: a form, or a page that needs an id, is quarantined."""
    host = make_host("good", board=on("good", good={"api_key": "k"}))
    record = host.records["good"]
    record.given.routes = (spec,)

    async def dispatch(*_: Any) -> Any:
        raise AssertionError

    with pytest.raises(Quarantined, match="menu"):
        build_router(record, {Guard.STAFF: []}, dispatch)
    record.given.routes = (DESK,)
    assert build_router(record, {Guard.STAFF: []}, dispatch).path == "/x/good"

"""Plugins write to customers through the core: with the capability, in the tenant's name, once a key."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from dummy_house import FALKE, NORTH, make_host, on

from askpro import clock, db
from askpro.errors import NotAllowed, NotFound
from askpro.ids import new_id
from askpro.messages import links, queries
from askpro.messages.model import Mail
from askpro.messages.plugins import mail_from_plugin
from askpro.pluginhost import Services
from askpro.sdk import Notice, TenantRef
from askpro.settings import Settings
from askpro.testing import make_context
from house import customer, reseller

pytestmark = pytest.mark.anyio


def notice(customer: object, **more: Any) -> Notice:
    data = {"customer": str(customer), "subject": "Debit on 1 December", "paragraphs": ["Mandate M-1.", "59.50 EUR."]}
    return Notice(id=new_id(), kind="sepa.announced", occurred_at=clock.now(), data={**data, **more})


async def mails(tenant: TenantRef) -> list[Mail]:
    async with db.unit(tenant.id):
        return await queries.mails(tenant.id)


async def test_a_plugin_writes_to_a_customer(house: Callable[..., Any]) -> None:
    """Told twice, it is one mail: the plugin's words in the tenant's look, to the address the plugin never sees."""
    links.connect(Settings())
    ours = await reseller("nord", locale="en")
    tenant, someone = TenantRef(ours.id, ours.slug), await customer(ours.id, email="anna@kunde.example")
    host = await house("writer", enabled=(tenant,), services={"mail": mail_from_plugin})
    for _ in range(2):
        assert await host.run.notify("on_event", tenant=tenant, event=notice(someone.id)) == []

    (mail,) = await mails(tenant)
    assert (mail.key, mail.address, mail.state) == ("plugin:writer:sepa.announced", "anna@kunde.example", "waiting")
    assert mail.rendered is not None
    assert mail.rendered.subject == "Debit on 1 December"
    assert "Mandate M-1.\n\n59.50 EUR.\n" in mail.rendered.text
    assert "Nord" in mail.rendered.html


async def test_another_tenants_customer_is_nobody(house: Callable[..., Any]) -> None:
    """The tenant is the call's, whatever id the plugin names; that is told as its failure, and nothing is sent."""
    ours, far = await reseller("nord"), await reseller("far")
    theirs = await customer(far.id, email="x@kunde.example")
    tenant = TenantRef(ours.id, ours.slug)
    host = await house("writer", enabled=(tenant,), services={"mail": mail_from_plugin})

    failed = await host.run.notify("on_event", tenant=tenant, event=notice(theirs.id))
    assert len(failed) == 1
    with pytest.raises(NotFound):
        ctx = await host.contexts.for_tenant(host.records["writer"], tenant, None)
        await ctx.mail_customer("nobody", "Hi", ["There."], key="k")
    assert await mails(tenant) == await mails(TenantRef(far.id)) == []


async def test_whom_nobody_can_write_to(house: Callable[..., Any]) -> None:
    """A plugin whose mail is an announcement hears that it reaches nobody, and no mail stands there as if it did."""
    ours = await reseller("nord")
    tenant, someone = TenantRef(ours.id, ours.slug), await customer(ours.id)
    host = await house("writer", enabled=(tenant,), services={"mail": mail_from_plugin})
    ctx = await host.contexts.for_tenant(host.records["writer"], tenant, None)
    with pytest.raises(NotFound) as refused:
        await ctx.mail_customer(str(someone.id), "Hi", ["There."], key="k")
    assert (refused.value.code, await mails(tenant)) == ("no_address", [])


async def test_without_the_capability_there_is_no_mail() -> None:
    """Not asked for in the manifest, not lent by the house, or no tenant: it is not there."""
    sent: list[Any] = []

    async def take(*args: Any, **more: Any) -> None:
        sent.append((args, more))

    host = make_host("writer", "good", board=on("writer", "good", good={"api_key": "k"}), services=Services(mail=take))
    await host.start()
    allowed = await host.contexts.for_tenant(host.records["writer"], NORTH, 1)
    await allowed.mail_customer("c-1", "Hi", ["There."], key="k")
    refused = [
        await host.contexts.for_tenant(host.records["good"], NORTH, 1),
        host.contexts.for_platform(host.records["writer"]),
        await make_host("writer", board=on("writer")).contexts.for_tenant(host.records["writer"], FALKE, 1),
        make_context("writer"),
    ]
    for ctx in refused:
        with pytest.raises(NotAllowed) as told:
            await ctx.mail_customer("c-1", "Hi", ["There."], key="k")
        assert told.value.code == "capability_missing"

    assert sent == [(("writer", NORTH, "c-1", "Hi", ["There."]), {"key": "k"})]


async def test_a_plugins_author_tries_it_without_a_house() -> None:
    """``make_context(…, mail_send=…)`` is enough for a plugin's own tests."""
    sent: list[str] = []

    async def take(customer: str, subject: str, paragraphs: list[str], *, key: str) -> None:
        sent.append(f"{customer} {subject} {len(paragraphs)} {key}")

    await make_context("writer", mail_send=take).mail_customer("c-1", "Hi", ["a", "b"], key="k")

    assert sent == ["c-1 Hi 2 k"]

"""The payments doctor: says what is wrong, each thing once, and nothing where all is well."""

from __future__ import annotations

import asyncio
import json
import os
import shlex
import sys
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from askpro import clock, db
from askpro.actor import Actor
from askpro.errors import PluginUnavailable
from askpro.money import Money
from askpro.payments import bank_payouts, doctor, endpoints, inbox
from askpro.people.service import create_customer
from askpro.pluginhost import Stage
from askpro.pluginhost.service import enable, save_settings
from askpro.sdk.payments import EventKind, Outcome, PayoutResult, ProviderEvent
from askpro.testing.stripe import signature
from stripe_house import House, house
from web_site import OPERATOR, SECRET

pytestmark = pytest.mark.anyio
__all__ = ("house",)


async def codes(house: House, provider: str = "stripe", slug: str = "nord") -> set[str]:
    """What is not in order, by code; the plugin's own words as they are."""
    found = await doctor.findings(house.tenants[slug], provider)
    return {one.code or one.text for one in found if one.level != "ok"}


async def ready(house: House) -> str:
    """A reseller with an account of its own that Stripe has nothing against; the endpoint's address."""
    url = await house.own_stripe("nord")
    found = await doctor.findings(house.tenants["nord"], "stripe")
    assert {one.level for one in found} <= {"ok", "warning"}, found
    return url


async def test_all_is_well(house: House) -> None:
    """Of a provider that is set up nothing is said but what its plugin itself warns of; the sandbox is in order."""
    await ready(house)
    assert await codes(house) == {"Test mode: no real money moves here."}
    found = await doctor.findings(house.tenants["nord"])
    assert {one.provider for one in found} == {"sandbox", "stripe"}
    assert [one.level for one in found if one.provider == "sandbox"] == ["ok"] * 2
    assert {one.provider for one in await doctor.findings(house.tenants["falke"])} == {"sandbox"}


async def test_in_the_readers_language(house: House) -> None:
    """What the plugin says and what the house says are both in the language that was asked for."""
    await ready(house)
    german = await doctor.findings(house.tenants["nord"], "stripe", locale="de")
    english = await doctor.findings(house.tenants["nord"], "stripe")
    assert {one.text for one in german if not one.code}.isdisjoint({one.text for one in english if not one.code})


async def test_settings_that_cannot_be_used(house: House) -> None:
    """The operator's environment holds nonsense: said with the field, and no provider is asked."""
    await ready(house)
    house.operator["fee_percent"] = "much"
    house.host.contexts._kept.clear()
    assert await codes(house) == {"settings_invalid"}


async def test_a_plugin_that_is_down(house: House) -> None:
    """Said instead of all the rest."""
    await ready(house)
    house.host.records["stripe"].stage = Stage.CONFIGURED
    assert await codes(house) == {"provider_down"}


async def test_no_address_and_one_the_provider_does_not_know(house: House) -> None:
    """First there is none; then there is one that Stripe was never told, beside one of another house."""
    await save_settings(
        house.host, house.ref("nord"), "stripe", {"secret_key": "sk_test_nord", "webhook_secret": "whsec_x"}, by="t"
    )
    await enable(house.host, house.ref("nord"), "stripe", by="t")
    assert "endpoint_missing" in await codes(house)
    await endpoints.ensure(house.tenants["nord"].id, "stripe")
    assert {"endpoint_unknown", "Stripe has no webhook endpoint that points here."} <= await codes(house)
    client = house.stripe.client("sk_test_nord")
    await client.v1.webhook_endpoints.create_async(
        {"url": "https://elsewhere.example/webhooks/stripe/other", "enabled_events": ["*"]}
    )
    assert await codes(house) >= {"endpoint_unknown"}
    done = await endpoints.connect_endpoint(house.tenants["nord"], "stripe", by=OPERATOR)
    assert "endpoint_unknown" not in await codes(house)
    [ours] = [one for one in (await client.v1.webhook_endpoints.list_async()).data if one.url == done.url]
    await client.v1.webhook_endpoints.update_async(ours.id, {"disabled": True})
    assert "endpoint_unknown" in await codes(house)


async def test_an_endpoint_of_somebody_else_hides_nothing(house: House) -> None:
    """Another installation's endpoint in the same account hears everything, and ours does not: that is said."""
    url = await ready(house)
    client = house.stripe.client("sk_test_nord").v1.webhook_endpoints
    await client.create_async({"url": "https://elsewhere.example/webhooks/stripe/other", "enabled_events": ["*"]})
    assert await codes(house) == {"Test mode: no real money moves here."}
    [ours] = [one for one in (await client.list_async()).data if one.url == url]
    await client.update_async(ours.id, {"enabled_events": ["payment_intent.succeeded"]})
    [said] = [one for one in await codes(house) if "does not listen for" in one]
    assert "refund.failed" in said
    await client.update_async(ours.id, {"disabled": True})
    assert {"endpoint_unknown", "Stripe has switched the webhook endpoint off."} <= await codes(house)


async def test_a_payout_that_came_back(house: House) -> None:
    """Said with its number and a reason, until a later one has arrived; test money is no matter of a live account, and
    one that was called back is none at all.
    """
    await ready(house)
    tenant = house.tenants["nord"].id

    async def told(ref: str, outcome: Outcome, code: str = "", live: bool = False) -> None:
        said = PayoutResult(key="", outcome=outcome, provider_ref=ref, amount=Money.of(5, "EUR"), code=code)
        await bank_payouts.apply(tenant, "stripe", ref, said, live=live)

    await told("po_0", Outcome.DECLINED, "account_closed", live=True)
    await told("po_1", Outcome.SETTLED)
    assert "payout_failed" not in await codes(house)
    await told("po_1", Outcome.DECLINED, "account_closed")
    [said] = [one for one in await doctor.findings(house.tenants["nord"], "stripe") if one.code == "payout_failed"]
    assert (said.level, said.text) == (
        "error",
        "The last payout to the bank did not arrive: po_1: The bank account is closed or locked.",
    )
    assert "payout_failed" not in await codes(house, "sandbox")
    await told("po_2", Outcome.DECLINED, "cancelled")
    assert "payout_failed" in await codes(house)
    await told("po_3", Outcome.PENDING)
    assert "payout_failed" not in await codes(house)
    await told("po_3", Outcome.DECLINED, "a_new_reason")
    found = await doctor.findings(house.tenants["nord"], "stripe")
    assert "The last payout to the bank did not arrive: po_3: a new reason" in [one.text for one in found]


async def test_messages_that_are_refused(house: House) -> None:
    """Only wrong signatures: the secret does not fit. Right ones as well: somebody else tries."""
    url = await ready(house)
    client = await house.client("nord")
    await client.post(url, content=b"{}")
    assert "endpoint_refuses" in await codes(house)
    ctx = await house.host.contexts.for_tenant(house.host.records["stripe"], house.ref("nord"), None)
    body = json.dumps(
        {"id": "evt_1", "type": "customer.created", "created": 1, "livemode": False, "data": {"object": {}}}
    ).encode()
    header = signature(body, ctx.settings.webhook_secret.reveal(), int(clock.now().timestamp()))
    assert (await client.post(url, content=body, headers={"stripe-signature": header})).status_code == 200
    found = await codes(house)
    assert "endpoint_attacked" in found
    assert "endpoint_refuses" not in found


async def test_payments_and_no_message(house: House) -> None:
    """Money came, learnt by asking, and no event ever did."""
    await ready(house)
    await endpoints.ensure(house.tenants["nord"].id, "sandbox")
    tenant = house.tenants["nord"].id
    await house.order("nord", "sandbox")
    async with db.unit(tenant):
        await db.execute(
            "update payments.attempt set state = 'settled', created_at = $2 where tenant_id = $1",
            tenant,
            clock.now() - timedelta(hours=2),
        )
    assert await codes(house, "sandbox") == {"endpoint_silent"}


async def test_what_got_stuck(house: House) -> None:
    """A dead letter, a payment without an answer since yesterday, money that does not fit its order."""
    tenant = house.tenants["nord"].id
    event = ProviderEvent(id="evt-1", kind=EventKind.PAYOUT, occurred_at=clock.now(), live=False)
    identifier = await inbox.accept(tenant, "sandbox", event)
    record = house.host.records["sandbox"]
    record.stage = Stage.CONFIGURED
    for _ in range(10):
        with pytest.raises(PluginUnavailable):
            await inbox.process(tenant, identifier)
    record.stage = Stage.READY
    order, _ = await house.order("nord", "sandbox")
    assert await codes(house, "sandbox") == {"dead_letters"}
    async with db.unit(tenant):
        await db.execute(
            "update payments.attempt set state = 'unknown', created_at = $2 where tenant_id = $1",
            tenant,
            clock.now() - timedelta(hours=25),
        )
        await db.execute(
            "update payments.orders set state = 'unknown', flag = 'amount_mismatch' where tenant_id = $1 and id = $2",
            tenant,
            order.id,
        )
    assert await codes(house, "sandbox") == {"dead_letters", "unknown_payments", "flagged_payments"}
    levels = [one.level for one in await doctor.findings(house.tenants["nord"], "sandbox")]
    assert levels == sorted(levels, key=("error", "warning", "ok").index)


async def test_test_money_in_production(house: House) -> None:
    """What is only a remark elsewhere is an error there."""
    await ready(house)
    house.host.config = replace(house.host.config, production=True)
    assert "test_mode" in await codes(house)
    assert "test_mode" in await codes(house, "sandbox")


async def test_a_currency_nobody_takes(house: House) -> None:
    """A customer has a balance that cannot be topped up by this provider."""
    await ready(house)
    await create_customer(house.tenants["nord"].id, "C-2", "Far away", currency="XAU", by=OPERATOR)
    assert "currency_missing" in await codes(house)
    assert "currency_missing" not in await codes(house, "sandbox")  # takes every currency
    assert "currency_missing" not in await codes(house, slug="falke")


async def test_a_reseller_of_the_shared_address(house: House) -> None:
    """Looked at is the platform's address; what a reseller's own would say does not matter."""
    await save_settings(house.host, house.ref("nord"), "stripe", {"collecting": "platform"}, by="t")
    await enable(house.host, house.ref("nord"), "stripe", by="t")
    assert "endpoint_missing" in await codes(house)
    done = await endpoints.connect_endpoint(
        house.tenants["nord"], "stripe", base_url="https://askpro.example/", by=Actor("operator", "console")
    )
    assert done.url.startswith("https://askpro.example/webhooks/stripe/")
    house.operator.update(done.for_operator)
    house.host.contexts._kept.clear()
    assert await codes(house) == {"Test mode: no real money moves here."}


# the console


_EACH = """
import contextlib, io, json, sys
from askpro.cli import main
for words in json.loads(sys.argv[1]):
    said, code = io.StringIO(), 0
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        try:
            sys.argv = ["askpro", "payments", *words]
            main()
        except SystemExit as left:
            code = left.code or 0
    print(json.dumps([code, said.getvalue()]))
"""


async def console(database: Any, *commands: str) -> list[tuple[int, str]]:
    """``askpro payments …`` as the operator runs it, with the sandbox only, one command after the other in a process of
    their own, since starting one takes longer than all of them: (exit code, what it prints) of each."""
    environment = {
        **os.environ, "ASKPRO_DATABASE_URL": database.dsn, "ASKPRO_SECRET_KEY": SECRET[0], "ASKPRO_PLUGINS": "sandbox",
        "ASKPRO_BASE_DOMAIN": "x.example", "PYTHONPATH": os.pathsep.join(sys.path),
    }  # fmt: skip
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _EACH, json.dumps([shlex.split(one) for one in commands]),
        env=environment, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    said, _ = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0
    return [(code, text) for code, text in map(json.loads, said.decode().splitlines())]


async def test_at_the_console(house: House, empty_database: Any) -> None:
    """Exit code 1 for an error and 0 without; addresses; stuck events listed and replayed, with a line in the audit."""
    [(code, said)] = await console(empty_database, "doctor")
    assert (code, "sandbox" in said) == (0, True), said
    tenant = house.tenants["nord"].id
    event = ProviderEvent(id="evt-1", kind=EventKind.PAYOUT, occurred_at=clock.now(), live=False, type="payout.made")
    identifier = await inbox.accept(tenant, "sandbox", event)
    async with db.unit(tenant):
        await db.execute("update payments.inbox set dead_at = now() where tenant_id = $1", tenant)
    checked, other, listed, none, anothers, replayed = await console(
        empty_database, "doctor --tenant nord --json", "doctor --tenant falke", "events --dead", "replay nord",
        f"replay falke {identifier}", "replay nord --all",
    )  # fmt: skip
    assert (checked[0], other[0], none[0], anothers[0]) == (1, 0, 2, 2)
    assert {"tenant": "nord", "provider": "sandbox", "level": "error"}.items() <= json.loads(checked[1])[0].items()
    assert str(identifier) in listed[1]
    assert "payout.made" in listed[1]
    assert (replayed[0], replayed[1].splitlines()[-1]) == (0, "1 events will be processed again")
    assert await inbox.events(tenant, state="dead") == []
    async with db.unit(tenant):
        actor = await db.fetchval(
            "select actor from audit.entry where tenant_id = $1 and action = 'payments.event_replayed'", tenant
        )
    assert actor == "operator:console"
    ours, platforms, nobodys, made = await console(
        empty_database, "endpoint nord sandbox", "endpoint platform sandbox", "endpoint nobody sandbox",
        "endpoint nord sandbox --create",
    )  # fmt: skip
    assert (ours[0], platforms[0], nobodys[0], made[0]) == (0, 0, 2, 2)
    assert "http://nord.x.example:8000/webhooks/sandbox/" in ours[1]
    assert "http://x.example:8000/webhooks/sandbox/" in platforms[1]

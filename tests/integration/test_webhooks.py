"""Deliveries of payment providers at our address: taken once, for whom they are about, and nothing believed."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any
from uuid import UUID

import httpx
import pytest

from askpro import clock, db
from askpro.actor import Actor
from askpro.errors import InvalidInput, NotAllowed, NotFound, PluginUnavailable
from askpro.payments import endpoints, inbox, jobs, providers, settle
from askpro.payments.endpoints import Endpoint
from askpro.pluginhost import Stage
from askpro.pluginhost.service import enable, save_settings
from askpro.sdk.payments import EventKind, ProviderEvent
from askpro.tenancy.model import PLATFORM
from askpro.tenancy.queries import tenant_by_id
from askpro.testing.stripe import signature
from askpro.web import webhooks
from askpro.web.limits import Policy
from askpro_sandbox import signing
from askpro_sandbox.provider import decide, open_book
from stripe_house import STRIPE, House, house
from web_site import OPERATOR

pytestmark = pytest.mark.anyio
__all__ = ("house",)


async def sandbox_delivery(house: House, slug: str, key: str, ref: str, number: str = "evt-1") -> dict[str, Any]:
    """What the sandbox would post about a payment, signed with the tenant's secret."""
    provider = await providers.provider(house.tenants[slug].id, "sandbox")
    async with open_book(provider.ctx) as book:
        secret = await book.secret()
    assert secret is not None
    event = signing.event_of(number, "payment.settled", key, ref, clock.now())
    headers, body = signing.sign(event, secret, clock.now())
    return {"headers": headers, "content": body}


async def paid_at_the_sandbox(house: House, slug: str) -> dict[str, Any]:
    """A payment that nobody has told us of, and its delivery."""
    order, ref = await house.order(slug, "sandbox")
    provider = await providers.provider(house.tenants[slug].id, "sandbox")
    async with db.unit(house.tenants[slug].id):
        row = await db.fetchrow(
            "select id, checkout_url from payments.attempt where tenant_id = $1 and order_id = $2",
            house.tenants[slug].id,
            order.id,
        )
    await decide(provider.ctx, UUID(row["checkout_url"].rpartition("/")[2]), "succeed")
    return await sandbox_delivery(house, slug, str(row["id"]), ref)


async def path_of(house: House, slug: str, provider: str = "sandbox") -> str:
    address = await endpoints.url(house.tenants[slug], provider)
    return httpx.URL(address).path


async def row_of(tenant: UUID, provider: str = "sandbox") -> Endpoint:
    return next(one for one in await endpoints.of_tenant(tenant) if one.provider == provider)


async def test_a_delivery_is_stored_once_answered_and_left_to_the_job(house: House) -> None:
    """202 with nothing in it and no cookie; three deliveries are one row and one job; the work brings one credit."""
    delivery = await paid_at_the_sandbox(house, "nord")
    path, client = await path_of(house, "nord"), await house.client("nord")
    answers = [await client.post(path, **delivery) for _ in range(3)]
    assert [(one.status_code, one.content) for one in answers] == [(202, b"")] * 3
    assert all("set-cookie" not in one.headers for one in answers)
    (event,) = await house.inbox("nord")
    assert (event.type, event.kind, event.live, event.processed_at) == ("payment.settled", "payment", False, None)
    assert await house.balance("nord") == "0.00"
    async with db.shared_unit():
        queued = await db.fetchval(
            "select count(*) from jobs.procrastinate_jobs where task_name = $1 and args->>'event' = $2",
            inbox.PROCESS,
            str(event.id),
        )
    assert queued == 1
    for _ in range(2):
        await house.work("nord")
    assert await house.balance("nord") == "50.00"
    row = await row_of(house.tenants["nord"].id)
    assert (row.accepted, row.refused, row.ignored) == (3, 0, 0)
    assert row.last_event_at is not None


async def test_the_raw_body_is_kept_as_it_came(house: House) -> None:
    """Byte for byte, without the signature and without who sent it."""
    delivery = await paid_at_the_sandbox(house, "nord")
    client = await house.client("nord", headers={"User-Agent": "Sandbox/1", "X-Secret": "x"})
    await client.post(await path_of(house, "nord"), **delivery)
    async with db.unit(house.tenants["nord"].id):
        row = await db.fetchrow(
            "select body, headers from payments.inbox where tenant_id = $1", house.tenants["nord"].id
        )
    assert row["body"] == delivery["content"]
    assert row["headers"] == {"user-agent": "Sandbox/1"}


async def test_fifty_deliveries_at_once_are_one(house: House) -> None:
    """The same event from many connections at the same moment: one row, every one of them is told it arrived."""
    delivery = await paid_at_the_sandbox(house, "nord")
    path, client = await path_of(house, "nord"), await house.client("nord")
    answers = await asyncio.gather(*(client.post(path, **delivery) for _ in range(50)))
    assert {one.status_code for one in answers} == {202}
    assert len(await house.inbox("nord")) == 1
    assert (await row_of(house.tenants["nord"].id)).accepted == 50


async def test_a_wrong_signature_is_refused_and_counted(house: House) -> None:
    """400 as a problem, counted in the row, nothing stored; the body of a right one does not fit another signature."""
    delivery = await paid_at_the_sandbox(house, "nord")
    client, path = await house.client("nord"), await path_of(house, "nord")
    forged = await client.post(path, headers=delivery["headers"], content=delivery["content"] + b" ")
    unsigned = await client.post(path, content=delivery["content"])
    assert [one.status_code for one in (forged, unsigned)] == [400, 400]
    assert forged.headers["content-type"] == "application/problem+json"
    assert forged.json()["code"] == "event_refused"
    assert await house.inbox("nord") == []
    row = await row_of(house.tenants["nord"].id)
    assert (row.accepted, row.refused, row.last_event_at) == (0, 2, None)
    assert row.last_refused_at is not None


async def test_an_address_holds_on_its_own_host_only(house: House) -> None:
    """Another reseller's address, another provider's and none at all are the same 404, at the base domain as well."""
    delivery = await paid_at_the_sandbox(house, "falke")
    theirs = await path_of(house, "falke")
    nord, falke, base = await house.client("nord"), await house.client("falke"), await house.client("")
    token = theirs.rpartition("/")[2]
    wrong = [
        await nord.post(theirs, **delivery),
        await base.post(theirs, **delivery),
        await falke.post(f"/webhooks/stripe/{token}", **delivery),
        await falke.post("/webhooks/sandbox/nonsense", **delivery),
        await falke.post(f"/webhooks/SAND%00BOX/{token}", **delivery),
        await falke.post(f"/webhooks/sandbox/{'x' * 3000}", **delivery),
    ]
    assert [one.status_code for one in wrong] == [404] * 6
    assert {one.json()["code"] for one in wrong} == {"not_found"}
    assert await house.inbox("nord") == await house.inbox("falke") == []
    assert (await falke.post(theirs, **delivery)).status_code == 202
    assert (await falke.get(theirs)).status_code == 405
    assert (await base.get("/sign-in")).status_code == 421


async def test_a_body_that_is_too_large(house: House) -> None:
    """413 as a problem, declared or not, and nothing is stored."""
    client, path = await house.client("nord"), await path_of(house, "nord")

    async def endless() -> Any:
        for _ in range(300):
            yield b"x" * 1024

    for content in (b"x" * 262_145, endless()):
        answer = await client.post(path, content=content)
        assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert (await row_of(house.tenants["nord"].id)).refused == 0


async def test_a_card_payment_at_stripe(house: House) -> None:
    """The endpoint is made through the API with a secret that is saved; events come, duplicates too; one credit."""
    url = await house.own_stripe("nord")
    assert url.startswith("http://nord.askpro.localhost:8000/webhooks/stripe/")
    house.stripe.chaos.duplicate = 0.5
    house.stripe.chaos.shuffle = True
    _, session = await house.order("nord", "stripe")
    house.stripe.pay(session)
    sent = await house.stripe.deliver_all()
    assert sent
    assert {one.status for one in sent} <= {200, 202}
    await house.work("nord")
    assert await house.balance("nord") == "50.00"
    events = await house.inbox("nord")
    assert {one.type for one in events} >= {"checkout.session.completed", "payment_intent.succeeded"}
    assert all(one.processed_at for one in events)
    again = await endpoints.connect_endpoint(house.tenants["nord"], "stripe", by=OPERATOR)
    assert (again.url, again.saved) == (url, ())


async def test_what_is_not_ours_is_counted_and_not_stored(house: House) -> None:
    """Somebody uses the account for other things: 200, no row, no body."""
    await house.own_stripe("nord")
    client = house.stripe.client("sk_test_nord")
    await client.v1.payment_intents.create_async(
        {"amount": 500, "currency": "eur", "payment_method": "pm_card_visa", "confirm": True,
         "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"}}
    )  # fmt: skip
    sent = await house.stripe.deliver_all()
    assert sent
    assert {one.status for one in sent} == {200}
    assert await house.inbox("nord") == []
    row = await row_of(house.tenants["nord"].id, "stripe")
    assert (row.ignored, row.accepted) == (len(sent), 0)
    assert row.last_event_at is not None


async def shared_stripe(house: House) -> str:
    """Both resellers collect by the platform's account; the address they share."""
    for slug in ("nord", "falke"):
        await save_settings(house.host, house.ref(slug), "stripe", {"collecting": "platform"}, by="t")
        await enable(house.host, house.ref(slug), "stripe", by="t")
    done = await endpoints.connect_endpoint(house.tenants["nord"], "stripe", by=OPERATOR)
    assert (done.saved, set(done.for_operator)) == ((), {"platform_webhook_secret"})
    house.operator.update(done.for_operator)  # the operator's environment; every process starts anew with it
    house.host.contexts._kept.clear()
    return done.url


async def test_an_address_that_resellers_share(house: House) -> None:
    """At the base domain, by its token alone: each event reaches the inbox of its reseller and no other's."""
    url = await shared_stripe(house)
    assert url.startswith("http://askpro.localhost:8000/webhooks/stripe/")
    assert url == await endpoints.url(house.tenants["falke"], "stripe")
    for slug, amount in (("nord", "50"), ("falke", "10")):
        _, session = await house.order(slug, "stripe", amount)
        house.stripe.pay(session)
    sent = await house.stripe.deliver_all()
    assert {one.status for one in sent} <= {200, 202}
    for slug in ("nord", "falke"):
        assert await house.inbox(slug)
        await house.work(slug)
    assert (await house.balance("nord"), await house.balance("falke")) == ("50.00", "10.00")
    assert {one.type for one in await house.inbox("nord")} == {one.type for one in await house.inbox("falke")}
    assert await inbox.events(PLATFORM) == []
    row = await row_of(PLATFORM, "stripe")
    assert row.accepted == len(await house.inbox("nord")) + len(await house.inbox("falke"))


async def test_a_shared_event_about_nobody(house: House) -> None:
    """A reseller that does not exist, and text that is no reseller: 200, nothing is stored anywhere."""
    path = httpx.URL(await shared_stripe(house)).path
    _, session = await house.order("nord", "stripe")
    house.stripe.pay(session)
    [found] = house.stripe.events("checkout.session.completed")
    client = await house.client("falke")  # the platform's address holds on every host that is known
    for owner in ("0199aaaa-0000-7000-8000-000000000000", "nobody"):
        found["data"]["object"]["metadata"]["askpro_tenant"] = owner
        body = json.dumps(found).encode()
        header = signature(body, house.operator["platform_webhook_secret"], int(clock.now().timestamp()))
        answer = await client.post(path, content=body, headers={"stripe-signature": header})
        assert answer.status_code == 200
    for tenant in (PLATFORM, *(one.id for one in house.tenants.values())):
        assert await inbox.events(tenant) == []


async def test_the_shared_address_is_the_operators(house: House) -> None:
    """A reseller's staff cannot make it, and are told no secret; their own account's they can."""
    staff = Actor("person", "staff")
    await save_settings(house.host, house.ref("nord"), "stripe", {"collecting": "platform"}, by="t")
    with pytest.raises(NotAllowed) as refused:
        await endpoints.connect_endpoint(house.tenants["nord"], "stripe", by=staff)
    assert refused.value.code == "operator_only"
    await save_settings(house.host, house.ref("nord"), "stripe", {"secret_key": "sk_test_nord"}, by="t")
    done = await endpoints.connect_endpoint(house.tenants["nord"], "stripe", by=staff)
    assert (done.saved, done.for_operator) == (("webhook_secret",), {})
    with pytest.raises(InvalidInput) as refused_too:
        await endpoints.connect_endpoint(house.tenants["nord"], "sandbox", by=OPERATOR)
    assert refused_too.value.code == "not_supported"


async def test_a_provider_that_is_down_is_told_again(house: House) -> None:
    """503 while the plugin is away, nothing counted as refused; Stripe comes again and the money is credited."""
    await house.own_stripe("nord")
    _, session = await house.order("nord", "stripe")
    house.stripe.pay(session)
    record = house.host.records["stripe"]
    record.stage = Stage.CONFIGURED
    sent = await house.stripe.deliver_due()
    assert {one.status for one in sent} == {503}
    row = await row_of(house.tenants["nord"].id, "stripe")
    assert (row.accepted, row.refused) == (0, 0)
    record.stage = Stage.READY
    house.stripe.advance(60)
    assert {one.status for one in await house.stripe.deliver_due()} <= {200, 202}
    await house.work("nord")
    assert await house.balance("nord") == "50.00"


async def test_dead_letters_and_replay(house: House) -> None:
    """Ten failures and it is given up, shown with its last error, and one replay by hand brings the money."""
    delivery = await paid_at_the_sandbox(house, "nord")
    await (await house.client("nord")).post(await path_of(house, "nord"), **delivery)
    (event,), tenant = await house.inbox("nord"), house.tenants["nord"].id
    record = house.host.records["sandbox"]
    record.stage = Stage.CONFIGURED
    for _ in range(12):
        try:
            await inbox.process(tenant, event.id)
        except PluginUnavailable:
            continue
    (dead,) = await house.inbox("nord", state="dead")
    assert (dead.id, dead.attempts) == (event.id, 10)
    assert "PluginUnavailable" in dead.last_error
    assert await house.inbox("nord", state="waiting") == await house.inbox("nord", state="done") == []
    record.stage = Stage.READY
    with pytest.raises(NotFound):
        await inbox.replay(house.tenants["falke"].id, event.id)
    assert await inbox.replay_all(house.tenants["falke"].id, by=OPERATOR) == 0
    assert await inbox.replay_all(tenant, by=OPERATOR) == 1
    await house.work("nord")
    assert await house.balance("nord") == "50.00"
    (done,) = await house.inbox("nord", state="done")
    assert done.attempts == 1
    with pytest.raises(NotFound):
        await inbox.replay(tenant, event.id)


async def test_processing_that_is_cut_short_is_repeated(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker dies after the booking and before it is noted: the sweep finds the event, and nothing is doubled."""
    delivery = await paid_at_the_sandbox(house, "nord")
    await (await house.client("nord")).post(await path_of(house, "nord"), **delivery)
    (event,) = await house.inbox("nord")
    real = settle.refresh

    async def dies(*args: Any, **named: Any) -> Any:
        await real(*args, **named)
        raise asyncio.CancelledError

    with monkeypatch.context() as patched:
        patched.setattr(settle, "refresh", dies)
        with pytest.raises(asyncio.CancelledError):
            await inbox.process(house.tenants["nord"].id, event.id)
    assert [one.id for one in await house.inbox("nord", state="waiting")] == [event.id]
    async with db.shared_unit():
        await db.execute("delete from jobs.procrastinate_jobs")
    await jobs.sweep()
    async with db.shared_unit():
        rows = await db.fetch("select args from jobs.procrastinate_jobs where task_name = $1", inbox.PROCESS)
    for row in rows:
        await jobs.process_job(**row["args"])
    assert await house.balance("nord") == "50.00"
    assert await house.inbox("nord", state="waiting") == []


async def test_money_of_the_other_mode_is_only_remarked(house: House) -> None:
    """An event that says it is about real money at a provider on test is kept, and books nothing."""
    await paid_at_the_sandbox(house, "nord")
    tenant = house.tenants["nord"].id
    async with db.unit(tenant):
        key = await db.fetchval("select id::text from payments.attempt where tenant_id = $1", tenant)
    event = ProviderEvent(id="evt-live", kind=EventKind.PAYMENT, occurred_at=clock.now(), key=key, live=True)
    await inbox.process(tenant, await inbox.accept(tenant, "sandbox", event))
    (kept,) = await house.inbox("nord", state="done")
    assert "on test" in kept.last_error
    assert await house.balance("nord") == "0.00"
    await inbox.process(tenant, await inbox.accept(tenant, "sandbox", replace(event, id="evt-test", live=False)))
    assert await house.balance("nord") == "50.00"


async def test_pages_of_events(house: House) -> None:
    """Newest first, in pages, by state; another reseller sees none of them."""
    tenant = house.tenants["nord"].id
    for n in range(5):
        event = ProviderEvent(id=f"evt-{n}", kind=EventKind.PAYOUT, occurred_at=clock.now(), live=False, type="t")
        await inbox.accept(tenant, "sandbox", event)
    first = await house.inbox("nord", limit=3)
    rest = await house.inbox("nord", limit=3, before=first[-1].id)
    assert len(first) == 3
    assert len(rest) == 2
    assert sorted({one.id for one in (*first, *rest)}, reverse=True) == [one.id for one in (*first, *rest)]
    assert await house.inbox("falke") == []
    await house.work("nord")
    assert {one.last_error for one in await house.inbox("nord", state="done")} == {"nothing to look up"}


# limits


async def test_wrong_signatures_are_slowed_down(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """429 after a few from one address; right ones from there, and wrong ones from elsewhere, are judged as ever."""
    monkeypatch.setattr(webhooks, "REFUSED", Policy("webhook-refused", 3, 3600))
    delivery = await paid_at_the_sandbox(house, "nord")
    path, client = await path_of(house, "nord"), await house.client("nord")
    found = [(await client.post(path, content=b"{}")).status_code for _ in range(5)]
    assert found == [400, 400, 400, 429, 429]
    assert (await row_of(house.tenants["nord"].id)).refused == 3
    assert (await client.post(path, **delivery)).status_code == 202
    elsewhere = await house.client("nord", address="203.0.113.8")
    assert (await elsewhere.post(path, content=b"{}")).status_code == 400


async def test_guessing_addresses_is_slowed_down(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the real address: a header that anybody can send makes nobody else; the right address still works."""
    monkeypatch.setattr(webhooks, "UNKNOWN", Policy("webhook-unknown", 3, 3600))
    delivery = await paid_at_the_sandbox(house, "nord")
    client = await house.client("nord")
    found = [
        (await client.post(f"/webhooks/sandbox/{n}", headers={"X-Forwarded-For": f"198.51.100.{n}"})).status_code
        for n in range(5)
    ]
    assert found == [404, 404, 404, 429, 429]
    assert (await client.post(await path_of(house, "nord"), **delivery)).status_code == 202


async def test_a_tenant_has_a_limit_that_strangers_cannot_use_up(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what is rightly signed counts for the tenant; 429 tells the provider when to come again."""
    monkeypatch.setattr(webhooks, "PER_TENANT", Policy("webhooks", 2, 3600))
    delivery = await paid_at_the_sandbox(house, "nord")
    path, client = await path_of(house, "nord"), await house.client("nord")
    for _ in range(3):
        assert (await client.post(path, content=b"{}")).status_code == 400
    answers = [await client.post(path, **delivery) for _ in range(3)]
    assert [one.status_code for one in answers] == [202, 202, 429]
    assert int(answers[2].headers["retry-after"]) > 0


async def test_one_source_has_a_limit(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted for endpoint and address, before anything is verified."""
    monkeypatch.setattr(webhooks, "PER_SOURCE", Policy("webhook", 2, 3600))
    delivery = await paid_at_the_sandbox(house, "nord")
    path, client = await path_of(house, "nord"), await house.client("nord")
    assert [(await client.post(path, **delivery)).status_code for _ in range(3)] == [202, 202, 429]
    other = await house.client("nord", address=STRIPE[0])
    assert (await other.post(path, **delivery)).status_code == 202


# accounts


async def test_registration_saves_the_account(house: House) -> None:
    """The page of the provider; the account's number is in the settings and what was there before stays."""
    await save_settings(
        house.host, house.ref("nord"), "stripe", {"collecting": "connect", "secret_key": "sk_test_nord"}, by="t"
    )
    back = ("https://nord.example/back", "https://nord.example/again")
    with pytest.raises(NotFound):
        await endpoints.account(house.tenants["nord"].id, "stripe")
    assert (await endpoints.onboarding_link(house.tenants["nord"], "stripe", *back, by=OPERATOR)).startswith("https://")
    ctx = (await providers.provider(house.tenants["nord"].id, "stripe", for_new=False)).ctx
    assert (ctx.settings.collecting, ctx.settings.secret_key.reveal()) == ("connect", "sk_test_nord")
    state = await endpoints.account(house.tenants["nord"].id, "stripe")
    assert (state.ref, state.can_charge) == (ctx.settings.connect_account, False)
    assert "charges off" in await endpoints.account_heard(house.tenants["nord"].id, "stripe")
    house.stripe.onboard(state.ref)
    assert (await endpoints.account(house.tenants["nord"].id, "stripe")).can_charge
    assert await endpoints.account_heard(house.tenants["nord"].id, "stripe") == ""
    assert await endpoints.account_heard(house.tenants["falke"].id, "stripe") == "no account of ours"


async def test_addresses_are_made_once_and_can_be_shown_again(house: House) -> None:
    """Twenty at once get the same one; only a digest and a sealed text lie in the table; accounts have their own."""
    nord = house.tenants["nord"]
    found = await asyncio.gather(*(endpoints.url(nord, "sandbox") for _ in range(20)))
    assert len(set(found)) == 1
    token = found[0].rpartition("/")[2]
    async with db.unit(nord.id):
        rows = await db.fetch("select * from payments.endpoint where tenant_id = $1", nord.id)
    assert len(rows) == 1
    assert token not in str(dict(rows[0]))
    assert await endpoints.url(nord, "sandbox", "second") not in found
    platform = await tenant_by_id(PLATFORM)
    assert (await endpoints.url(platform, "sandbox")).startswith("http://askpro.localhost:8000/webhooks/sandbox/")
    with pytest.raises(InvalidInput):
        await endpoints.ensure(nord.id, "No Provider")

"""The check of the settings, and the endpoint that it asks for; from there events come, as often as they like."""

from __future__ import annotations

from typing import Any

import httpx
import msgspec
import pytest
from stripe_bench import NORTH, StripeBench, line, move, own, stripe, tables

from askpro.pluginhost import service
from askpro.sdk import EventKind, Finding, Outcome, Secret
from askpro.testing import make_context
from askpro.testing.stripe import API_VERSION, Chaos
from askpro_stripe.doctor import check
from askpro_stripe.endpoint_check import endpoint_findings
from askpro_stripe.events import EVENTS
from askpro_stripe.settings import StripeSettings

__all__ = ("line", "move", "stripe", "tables")

pytestmark = pytest.mark.anyio

URL = "https://nordstern.example/webhooks/stripe/abc"


@pytest.fixture
async def bench(tables: Any) -> StripeBench:
    bench: StripeBench = await tables(own)
    return bench


async def findings(bench: StripeBench) -> list[tuple[str, str]]:
    """What the settings page shows."""
    return [(one.level, one.text) for one in await service.check_settings(bench.host, NORTH, "stripe")]


async def heard(bench: StripeBench) -> list[tuple[str, str]]:
    """What is said about the delivery to our address."""
    return [(one.level, one.text) for one in await bench.provider.check_endpoint(bench.ctx, URL)]


async def test_from_nothing_to_a_working_endpoint(tables: Any) -> None:
    """Nothing is set; a key without an endpoint; an endpoint made through the API; all is well."""
    bench: StripeBench = await tables(lambda tenant: {})
    assert (await findings(bench))[0] == ("error", "There is no secret key: nobody can pay.")
    await bench.set(NORTH, secret_key="sk_test_north")
    texts = [text for level, text in await findings(bench) if level == "error"]
    assert await heard(bench) == [("error", "Stripe has no webhook endpoint that points here.")]
    assert "There is no webhook signing secret: Stripe's messages are refused." in texts
    made = await bench.provider.create_endpoint(bench.ctx, URL)
    await bench.set(NORTH, secret_key="sk_test_north", **made)
    assert await findings(bench) == [
        ("warning", "Test mode: no real money moves here."),
    ]
    assert await heard(bench) == []
    (endpoint,) = bench.things("webhook_endpoint")
    assert set(endpoint["enabled_events"]) == set(EVENTS)
    assert (endpoint["api_version"], endpoint["url"]) == (API_VERSION, URL)


async def test_an_endpoint_is_made_once(tables: Any) -> None:
    """Asked again it is brought up to date while its secret is known, and replaced when it is not."""
    bench: StripeBench = await tables(lambda tenant: {})
    await bench.set(NORTH, secret_key="sk_test_north")
    made = await bench.provider.create_endpoint(bench.ctx, URL)
    await bench.set(NORTH, secret_key="sk_test_north", **made)
    desk = bench.stripe.client("sk_test_north").v1
    (endpoint,) = bench.things("webhook_endpoint")
    await desk.webhook_endpoints.update_async(endpoint["id"], {"enabled_events": ["payout.paid"], "disabled": True})
    assert ("error", "Stripe has switched the webhook endpoint off.") in await heard(bench)
    assert await bench.provider.create_endpoint(bench.ctx, URL) == {}
    (same,) = bench.things("webhook_endpoint")
    assert (same["id"], same["status"], set(same["enabled_events"])) == (endpoint["id"], "enabled", set(EVENTS))
    settings = msgspec.structs.replace(bench.ctx.settings, webhook_secret=None)  # nobody knows it any more
    forgetful = make_context("stripe", tenant=NORTH, settings=settings, net=bench.ctx.http, store=bench.ctx.store)
    remade = await bench.provider.create_endpoint(forgetful, URL)
    (other,) = bench.things("webhook_endpoint")
    assert other["id"] != endpoint["id"]
    assert remade["webhook_secret"] != made["webhook_secret"]


def endpoint(url: str = URL, **changes: Any) -> dict[str, Any]:
    return {"url": url, "status": "enabled", "enabled_events": sorted(EVENTS), "api_version": API_VERSION, **changes}


def judged(listed: list[dict[str, Any]], **settings: Any) -> list[tuple[str, str]]:
    """What is said about these endpoints of an account to somebody whose address is URL."""
    ctx = make_context("stripe", tenant=NORTH, settings=StripeSettings(**settings))
    return [(one.level, one.text) for one in endpoint_findings(ctx, URL, listed)]


PLATFORM: dict[str, Any] = {"platform_secret_key": Secret("sk_test_platform")}
CONNECTED = f"{URL}?connect=1"


@pytest.mark.parametrize(
    ("change", "level", "said"),
    [
        ({}, "", ""),
        ({"enabled_events": ["*"]}, "", ""),
        ({"enabled_events": sorted(set(EVENTS) - {"refund.failed"})}, "error", "refund.failed"),
        ({"enabled_events": sorted(set(EVENTS) - {"payout.failed"})}, "warning", "payout.failed"),
        ({"status": "disabled"}, "error", "switched the webhook endpoint off"),
        ({"api_version": "2020-08-27"}, "warning", API_VERSION),
        ({"url": "https://elsewhere.example/hook"}, "error", "no webhook endpoint"),
        ({"url": "https://other.example/webhooks/stripe/abc"}, "", ""),
        ({"url": "https://nordstern.example/webhooks/stripe/xyz", "metadata": {"askpro_tenant": "x"}}, "error", "no "),
    ],
)
@pytest.mark.parametrize("before", [False, True])
def test_endpoints_that_are_not_right(change: dict[str, Any], level: str, said: str, before: bool) -> None:
    """A missing event, one switched off, another version, none of ours; and an endpoint of another installation in the
    same account, which hears everything, hides nothing of it, wherever it stands in the list.
    """
    listed = [endpoint("https://nordstern.example/webhooks/stripe/of-another"), endpoint(**change)]
    found = judged(listed if before else listed[::-1])
    assert [one for one, _ in found] == ([level] if level else [])
    assert all(said in text for _, text in found)


def test_each_of_ours_by_itself() -> None:
    """Two hosts of ours have the path, and each is deaf in another ear: both are said, once."""
    listed = [
        endpoint(enabled_events=sorted(set(EVENTS) - {"refund.failed"})),
        endpoint("https://own.example/webhooks/stripe/abc", enabled_events=sorted(set(EVENTS) - {"refund.updated"})),
        endpoint("https://old.example/webhooks/stripe/abc", status="disabled"),
    ]
    assert judged(listed) == [
        ("error", "The webhook endpoint does not listen for: refund.failed"),
        ("error", "The webhook endpoint does not listen for: refund.updated"),
    ]


def test_two_endpoints_with_one_address() -> None:
    """Everything would arrive twice."""
    assert [level for level, _ in judged([endpoint(), endpoint()])] == ["warning"]


PAYMENTS = sorted(name for name, kind in EVENTS.items() if kind not in (EventKind.ACCOUNT, EventKind.PAYOUT))
ACCOUNTS = sorted(set(EVENTS) - set(PAYMENTS))


@pytest.mark.parametrize(
    ("settings", "listed", "said"),
    [
        ({"collecting": "platform"}, [endpoint(enabled_events=PAYMENTS)], []),
        ({"collecting": "connect"}, [endpoint(CONNECTED)], []),
        (
            {"collecting": "connect"},
            [endpoint()],
            [("error", "Stripe has no webhook endpoint for connected accounts that points here.")],
        ),
        (
            {"collecting": "connect"},
            [endpoint(), endpoint(CONNECTED, status="disabled")],
            [("error", "Stripe has switched the webhook endpoint for connected accounts off.")],
        ),
        (
            {"collecting": "connect"},
            [endpoint(), endpoint(CONNECTED, enabled_events=PAYMENTS)],
            [
                (
                    "warning",
                    f"The webhook endpoint for connected accounts does not listen for: {', '.join(ACCOUNTS)}",
                )
            ],
        ),
        (
            {"collecting": "connect", "connect_charges": "transfers"},
            [endpoint(enabled_events=PAYMENTS), endpoint(CONNECTED, enabled_events=ACCOUNTS)],
            [],
        ),
        (
            {"collecting": "connect", "connect_charges": "destination"},
            [endpoint(enabled_events=PAYMENTS)],
            [("warning", "Stripe has no webhook endpoint for connected accounts that points here.")],
        ),
        (
            {"collecting": "connect", "connect_charges": "destination"},
            [endpoint(CONNECTED)],
            [("error", "Stripe has no webhook endpoint that points here.")],
        ),
    ],
)
def test_endpoints_of_the_platform(
    settings: dict[str, Any], listed: list[dict[str, Any]], said: list[tuple[str, str]]
) -> None:
    """Each must hear what happens where it listens: the platform's the payments on the platform's account, the other
    one what connected accounts do, payments too where they are charged there. What the one hears the other may not.
    """
    assert judged(listed, **PLATFORM, **settings) == said


async def test_both_endpoints_of_connect_are_made(tables: Any) -> None:
    """What is made through the API satisfies the check, for each kind of charge; one taken away is missed."""
    for charges in ("direct", "destination", "transfers"):
        bench: StripeBench = await tables(lambda tenant: {"collecting": "connect"}, connect_charges=charges)
        await bench.provider.create_endpoint(bench.ctx, URL)
        assert await bench.provider.check_endpoint(bench.ctx, URL) == []
    [beside] = {one["id"] for one in bench.things("webhook_endpoint") if one["url"] == CONNECTED}
    await bench.stripe.client("sk_test_platform").v1.webhook_endpoints.delete_async(beside)
    [found] = await bench.provider.check_endpoint(bench.ctx, URL)
    assert found == Finding("warning", "Stripe has no webhook endpoint for connected accounts that points here.")


async def test_a_refused_key(bench: StripeBench) -> None:
    """A key that Stripe does not know is said to be refused, and no more."""
    await bench.set(NORTH, secret_key="sk_test_nobody", webhook_secret="whsec_x")
    assert ("error", "Stripe refuses the secret key.") in await findings(bench)
    assert await heard(bench) == []


async def test_a_restricted_key(bench: StripeBench) -> None:
    """What a restricted key may not read is named."""

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path in ("/v1/refunds", "/v1/webhook_endpoints"):
            return httpx.Response(403, json={"error": {"type": "invalid_request_error", "message": "no permission"}})
        if request.url.path == "/v1/account":
            return httpx.Response(200, json={"id": "acct_1", "object": "account", "charges_enabled": False})
        return httpx.Response(200, json={"object": "list", "data": [], "has_more": False, "url": request.url.path})

    await bench.set(NORTH, secret_key="rk_test_north", webhook_secret="whsec_x")
    ctx = make_context(
        "stripe",
        tenant=NORTH,
        settings=bench.ctx.settings,
        transport=httpx.MockTransport(answer),
        store=bench.ctx.store,
    )
    found = [one for one in await check(ctx) if one.level == "error"]
    assert Finding("error", "The restricted key lacks permissions: Refunds, Webhook Endpoints") in found
    assert Finding("error", "Stripe does not let this account take payments.") in found


async def test_a_connected_account_that_is_not_finished(tables: Any) -> None:
    """Before and after the registration, and when Stripe wants to know more."""
    values = {"collecting": "connect"}
    bench: StripeBench = await tables(lambda tenant: values, platform_connect_secret="whsec_connected")
    assert (await findings(bench))[0][1].startswith("No account is connected yet")
    link = await bench.provider.start_onboarding(bench.ctx, "https://t.example/a", "https://t.example/b")
    await bench.set(NORTH, **values, **link.settings)
    assert ("error", "Stripe does not let this account take payments.") in await findings(bench)
    bench.stripe.onboard(link.settings["connect_account"])
    assert [text for level, text in await findings(bench) if "account" in text] == []
    bench.stripe.restrict(link.settings["connect_account"])
    assert ("error", "Stripe does not let this account take payments.") in await findings(bench)


async def test_events_come_twice_late_and_in_any_order(tables: Any) -> None:
    """Delivered by the stand-in to the endpoint it was given: whatever comes when, a look-up never goes back."""
    bench: StripeBench = await tables(lambda tenant: {})
    await bench.set(NORTH, secret_key="sk_test_north")
    made = await bench.provider.create_endpoint(bench.ctx, URL)
    await bench.set(NORTH, secret_key="sk_test_north", **made)
    heard: list[tuple[str, EventKind]] = []
    seen: dict[str, list[Outcome]] = {}

    async def endpoint(request: httpx.Request) -> httpx.Response:
        event = await bench.provider.verify_event(bench.ctx, request.headers, request.content)
        heard.append((event.id, event.kind))
        if event.kind is EventKind.PAYMENT:
            result = await bench.provider.look_up(bench.ctx, event.key, event.provider_ref)
            seen.setdefault(event.key, []).append(result.outcome)
        return httpx.Response(200)

    bench.stripe.outbound = httpx.MockTransport(endpoint)
    bench.stripe.chaos = Chaos(seed=7, duplicate=1, shuffle=True, delay=0.5, longest=200)
    keys = []
    for token in ("pm_card_visa", "pm_successDelayed_de", "pm_failedDelayed_de"):
        request = bench.checkout()
        session = await bench.provider.create_checkout(bench.ctx, request)
        bench.stripe.pay(session.provider_ref, token)
        keys.append(request.key)
    bench.later(minutes=4)
    await bench.stripe.deliver_all()
    ids = [identifier for identifier, _ in heard]
    assert len(ids) > len(set(ids)) >= 6
    assert EventKind.IGNORED not in {kind for _, kind in heard}
    last = [(await bench.provider.look_up(bench.ctx, key)).outcome for key in keys]
    assert last == [Outcome.SETTLED, Outcome.SETTLED, Outcome.DECLINED]
    assert {outcome for one in seen.values() for outcome in one} <= {Outcome.SETTLED, Outcome.DECLINED}


async def test_nobody_hears_of_a_connected_account(tables: Any) -> None:
    """Payouts and direct charges tell only the endpoint of connected accounts: without its secret nobody knows."""
    missing = "There is no signing secret for events of connected accounts: make the endpoint."
    for charges in ("direct", "transfers"):
        for secret, said in (({}, True), ({"platform_connect_secret": "whsec_connected"}, False)):
            values = {"connect_charges": charges, **secret}
            bench: StripeBench = await tables(lambda tenant: {"collecting": "connect"}, **values)
            assert (missing in [text for _, text in await findings(bench)]) is said

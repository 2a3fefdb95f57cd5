"""The Stripe stand-in's events: signed, repeated, reordered, late and lost, and the end is the same."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
import stripe
from stripe_spec import Bench, card_payment

from askpro.testing.stripe import API_VERSION, Chaos, StripeStandIn, signature
from askpro.testing.stripe.hooks.delivery import BACKOFF

pytestmark = pytest.mark.anyio


@pytest.fixture
def bench() -> Bench:
    return Bench(seed=5)


async def test_events_reach_their_endpoint(bench: Bench) -> None:
    """Signed so that stripe-python accepts them, in order, once, and counted off when taken."""
    await bench.listen()
    await bench.api.payment_intents.create_async(card_payment())
    assert {event["pending_webhooks"] for event in bench.standin.events()} == {1}

    sent = await bench.standin.deliver_due()

    assert bench.endpoint.kinds == ["payment_intent.created", "charge.succeeded", "payment_intent.succeeded"]
    assert all(one.taken and one.attempt == 1 for one in sent)
    assert {event["pending_webhooks"] for event in bench.standin.events()} == {0}
    assert await bench.standin.deliver_due() == []


async def test_only_what_was_asked_for(bench: Bench) -> None:
    """By type, by mode, while enabled, and not after the endpoint is deleted."""
    endpoint = await bench.listen("charge.succeeded", metadata={"tenant": "nordstern"}, api_version=API_VERSION)
    live = bench.client(bench.standin.keys.live)
    await live.customers.create_async()
    await bench.api.payment_intents.create_async(card_payment())
    await bench.standin.deliver_due()
    assert bench.endpoint.kinds == ["charge.succeeded"]

    await bench.api.webhook_endpoints.update_async(endpoint, {"disabled": True})
    await bench.api.payment_intents.create_async(card_payment())
    await bench.api.webhook_endpoints.update_async(
        endpoint, {"disabled": False, "enabled_events": ["customer.created"]}
    )
    await bench.api.customers.create_async()
    await bench.standin.deliver_due()
    assert bench.endpoint.kinds == ["charge.succeeded", "customer.created"]

    await bench.api.customers.create_async()
    await bench.api.webhook_endpoints.delete_async(endpoint)
    assert await bench.standin.deliver_due() == []
    assert (await bench.api.webhook_endpoints.list_async()).data == []


async def test_the_secret_is_told_once(bench: Bench) -> None:
    """Reading an endpoint does not show its secret; a message signed with another one is refused."""
    endpoint = await bench.listen()
    shown = await bench.api.webhook_endpoints.retrieve_async(endpoint)
    assert "secret" not in shown.to_dict()
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(b"{}", signature(b"{}", "whsec_other", 2_000_000_000), "whsec_own")

    bench.endpoint.secrets["/hook"] = "whsec_other"
    await bench.api.customers.create_async()
    with pytest.raises(stripe.SignatureVerificationError):
        await bench.standin.deliver_due()


@pytest.mark.parametrize(
    "params",
    [
        {"url": "ftp://askpro.test", "enabled_events": ["*"]},
        {"url": "https://askpro.test"},
        {"url": "https://askpro.test", "enabled_events": ["Nonsense!"]},
    ],
)
async def test_endpoints_that_cannot_be(bench: Bench, params: Any) -> None:
    """An address nobody can reach, no event, no event type."""
    with pytest.raises(stripe.InvalidRequestError):
        await bench.api.webhook_endpoints.create_async(params)


async def test_an_event_comes_again_until_it_is_taken(bench: Bench) -> None:
    """At growing intervals, until Stripe gives up after about three days; once taken, never again."""
    await bench.listen("customer.created")
    await bench.api.customers.create_async()
    bench.endpoint.status = 500
    [first] = await bench.standin.deliver_due()
    assert (first.attempt, first.status, await bench.standin.deliver_due()) == (1, 500, [])
    bench.standin.advance(BACKOFF[0] - 1)
    assert await bench.standin.deliver_due() == []
    bench.standin.advance(1)
    [second] = await bench.standin.deliver_due()
    assert second.attempt == 2

    rest = await bench.standin.deliver_all()

    assert [one.attempt for one in rest] == list(range(3, len(BACKOFF) + 2))
    assert 2 <= sum(BACKOFF) / 86_400 <= 3
    assert (await bench.api.events.list_async({"delivery_success": False})).data[0].type == "customer.created"


async def test_events_can_be_looked_up(bench: Bench) -> None:
    """By id, by type, by group of types, by time: what a janitor reads when nothing was delivered."""
    await bench.api.payment_intents.create_async(card_payment())
    bench.standin.advance(60)
    customer = await bench.api.customers.create_async()

    groups = await bench.api.events.list_async({"type": "charge.*"})
    two = await bench.api.events.list_async({"types": ["customer.created", "payment_intent.succeeded"]})
    late = await bench.api.events.list_async({"created": {"gte": customer.created}})
    one = await bench.api.events.retrieve_async(two.data[0].id)

    assert [event.type for event in groups.data] == ["charge.succeeded"]
    assert [event.type for event in two.data] == ["customer.created", "payment_intent.succeeded"]
    assert [event.id for event in late.data] == [one.id]
    assert one.api_version == API_VERSION


async def test_events_that_never_come(bench: Bench) -> None:
    """What was lost for good is still in the list of events."""
    await bench.listen()
    await bench.api.customers.create_async()

    assert bench.standin.lose_events() == 1
    assert await bench.standin.deliver_all() == []
    assert [event.type for event in (await bench.api.events.list_async()).data] == ["customer.created"]


async def test_an_event_shows_the_moment(bench: Bench) -> None:
    """The object as it was then, and what it was before, whatever became of it since."""
    customer = await bench.api.customers.create_async({"name": "Ada"})
    await bench.api.customers.update_async(customer.id, {"name": "Ada Lovelace"})
    await bench.api.customers.update_async(customer.id, {"name": "Ada Lovelace"})

    made, changed = bench.standin.events()

    assert made["data"] == {"object": {**made["data"]["object"], "name": "Ada"}}
    assert changed["data"]["previous_attributes"] == {"name": "Ada"}


async def test_chaos_on_the_way(bench: Bench) -> None:
    """Twice, in any order, hours late, lost and found again: every event arrives, and some more than once."""
    await bench.listen()
    bench.standin.chaos = Chaos(seed=1, duplicate=0.5, shuffle=True, delay=0.5, longest=7200, lose=0.3, forget=0.2)
    for number in range(10):
        await bench.api.payment_intents.create_async(card_payment(1000 + number))
    made = [event["id"] for event in bench.standin.events()]

    sent = await bench.standin.deliver_all()

    came = [event["id"] for event in bench.endpoint.events]
    assert set(came) == set(made)
    assert len(came) > len(made)
    assert list(dict.fromkeys(came)) != made
    assert any(one.status == 0 for one in sent)
    assert {event["pending_webhooks"] for event in bench.standin.events()} == {0}


async def test_chaos_repeats_itself() -> None:
    """One seed, one story: the same attempts in the same order; another seed, another story."""

    async def story(seed: int) -> list[tuple[str, int, int]]:
        bench = Bench(chaos=Chaos(seed=seed, duplicate=0.5, shuffle=True, delay=0.5, lose=0.3))
        await bench.listen()
        for _ in range(5):
            await bench.api.payment_intents.create_async(card_payment())
        return [(one.kind, one.attempt, one.status) for one in await bench.standin.deliver_all()]

    assert await story(1) == await story(1) != await story(2)


async def _pay(api: stripe.V1Services, number: int) -> None:
    """A payment, and now and then a refund, with keys of their own and as many tries as it takes."""
    for step in range(2 if number % 4 == 0 else 1):
        key = f"order-{number}-{step}"
        while True:
            try:
                if step:
                    found = await api.payment_intents.list_async({"limit": 100})
                    paid = next(one for one in found.data if one.metadata and one.metadata["order"] == str(number))
                    await api.refunds.create_async({"payment_intent": paid.id, "amount": 100}, {"idempotency_key": key})
                else:
                    await api.payment_intents.create_async(
                        card_payment(1000 + number, metadata={"order": str(number)}), {"idempotency_key": key}
                    )
                break
            except (stripe.APIConnectionError, stripe.RateLimitError):
                continue


@pytest.mark.parametrize("seed", range(5))
async def test_keys_make_the_end_the_same(seed: int) -> None:
    """A third of all requests get lost on either side: with stable keys the books end as if nothing had happened."""
    clean, rough = Bench(seed=1), Bench(seed=1, chaos=Chaos(seed=seed, unsent=0.1, unanswered=0.15, limited=0.1))
    for number in range(12):
        await _pay(clean.api, number)
        await _pay(rough.api, number)

    assert rough.standin.end_state() == clean.standin.end_state()
    assert len(rough.standin.log) > len(clean.standin.log)
    assert json.loads(json.dumps(rough.standin.snapshot())) == rough.standin.snapshot()


async def test_without_keys_the_end_differs() -> None:
    """The comparison can fail: one charge more, and the end states are no longer the same."""
    clean, twice = Bench(seed=1), Bench(seed=1)
    for bench, times in ((clean, 1), (twice, 2)):
        for _ in range(times):
            await bench.api.payment_intents.create_async(card_payment())

    assert clean.standin.end_state() != twice.standin.end_state()


async def test_an_endpoint_that_is_not_there() -> None:
    """A dead address is a failed attempt, not a failure of the stand-in."""

    def dead(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("nobody there", request=request)

    standin = StripeStandIn(outbound=httpx.MockTransport(dead))
    await standin.client().v1.webhook_endpoints.create_async({"url": "https://gone.test/", "enabled_events": ["*"]})
    await standin.client().v1.customers.create_async()

    assert [one.status for one in await standin.deliver_due()] == [0]

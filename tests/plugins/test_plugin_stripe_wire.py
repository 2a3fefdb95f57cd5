"""What failures of the connection and of Stripe mean, told apart by whether something may have been done."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from askpro.errors import AskProError, Conflict, InvalidInput, NotAllowed, Unavailable
from askpro.pluginhost.http import LimitedClient
from askpro.sdk import NotSent, Secret
from askpro.testing import make_context
from askpro_stripe.client import API_VERSION, Declined, Gone, Stale, ask, connect, every, newest
from askpro_stripe.scope import Scope
from askpro_stripe.settings import StripeSettings

pytestmark = pytest.mark.anyio

OWN = Scope(Secret("sk_test_x"), "own", False)


def api(answer: Callable[[httpx.Request], Any], scope: Scope = OWN, host: str = "api.stripe.com") -> Any:
    """Stripe through the host's own client, answered by a function."""
    client = LimitedClient(frozenset({host}), transport=httpx.MockTransport(answer))
    return connect(make_context("stripe", settings=StripeSettings(), net=client), scope)


def fault(status: int, **error: Any) -> Callable[[httpx.Request], httpx.Response]:
    return lambda _: httpx.Response(status, json={"error": {"message": "no", **error}})


def broken(kind: type[Exception]) -> Callable[[httpx.Request], httpx.Response]:
    def answer(_: httpx.Request) -> httpx.Response:
        raise kind("broken")

    return answer


@pytest.mark.parametrize(
    ("answer", "kind", "code"),
    [
        (broken(httpx.ConnectError), NotSent, "not_reached"),
        (broken(httpx.ConnectTimeout), NotSent, "not_reached"),
        (broken(httpx.ReadTimeout), Unavailable, "no_answer"),
        (broken(httpx.WriteError), Unavailable, "no_answer"),
        (broken(httpx.RemoteProtocolError), Unavailable, "no_answer"),
        (broken(ConnectionResetError), Unavailable, "no_answer"),
        (fault(500, type="api_error"), Unavailable, "no_answer"),
        (
            fault(409, type="invalid_request_error", code="idempotency_key_in_use"),
            Unavailable,
            "idempotency_key_in_use",
        ),
        (lambda _: httpx.Response(200, content=b"<html>"), Unavailable, "no_answer"),
        (lambda _: httpx.Response(502, content=b"<html>"), Unavailable, "no_answer"),
        (fault(401, type="invalid_request_error"), NotSent, "provider_key_refused"),
        (fault(403, type="invalid_request_error"), NotSent, "provider_key_refused"),
        (fault(429, type="invalid_request_error", code="rate_limit"), NotSent, "provider_busy"),
        (fault(400, type="invalid_request_error", code="balance_insufficient"), NotSent, "balance_insufficient"),
        (fault(400, type="invalid_request_error", code="amount_too_small"), InvalidInput, "amount_too_small"),
        (fault(400, type="idempotency_error"), Conflict, "key_reused"),
        (fault(404, type="invalid_request_error", code="resource_missing"), Gone, "not_at_stripe"),
        (
            fault(400, type="invalid_request_error", code="resource_missing", param="customer"),
            Stale,
            "customer_gone",
        ),
    ],
)
async def test_meaning_of_failures(
    answer: Callable[[httpx.Request], httpx.Response], kind: type[AskProError], code: str
) -> None:
    """NotSent only with proof that nothing was done; what may have been done is Unavailable, which becomes UNKNOWN."""
    with pytest.raises(AskProError) as failed:
        await ask(api(answer).payment_intents.create_async({"amount": 1, "currency": "eur"}))
    assert (type(failed.value), failed.value.code) == (kind, code)


async def test_a_decline_is_no_failure() -> None:
    """A bank's no carries Stripe's own object with the payment in it."""
    error = {"type": "card_error", "code": "card_declined", "payment_intent": {"id": "pi_1"}}
    with pytest.raises(Declined) as declined:
        await ask(api(fault(402, **error)).payment_intents.create_async({"amount": 1, "currency": "eur"}))
    assert declined.value.error["payment_intent"] == {"id": "pi_1"}


async def test_another_host_is_not_reached() -> None:
    """Without the capability for Stripe's host nothing leaves the house, and that is proof enough."""
    with pytest.raises(NotSent) as refused:
        await ask(api(fault(500), host="example.com").balance.retrieve_async())
    assert isinstance(refused.value.__cause__, NotAllowed)


async def test_what_is_sent() -> None:
    """The pinned version, our key, the connected account; no word about this machine, and only one try."""
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(500, json={"error": {"message": "again?"}})

    connected = Scope(Secret("sk_test_x"), "acct_7", False)
    with pytest.raises(Unavailable):
        await ask(
            api(answer, connected).customers.create_async({"metadata": {"a": "b"}}, {"idempotency_key": "askpro:1"})
        )
    (request,) = seen
    assert (request.method, str(request.url)) == ("POST", "https://api.stripe.com/v1/customers")
    assert request.content == b"metadata[a]=b"
    assert request.headers["stripe-version"] == API_VERSION
    assert request.headers["stripe-account"] == "acct_7"
    assert request.headers["idempotency-key"] == "askpro:1"
    assert request.headers["authorization"] == "Bearer sk_test_x"
    assert [name for name in request.headers if name.startswith("x-stripe")] == []
    assert request.headers["user-agent"] == "AskPro"


async def test_lists_are_read_to_the_end() -> None:
    """Page after page, up to a bound: beyond it the whole cannot be had, and the newest can."""

    def answer(request: httpx.Request) -> httpx.Response:
        first = int(request.url.params.get("starting_after", "r_0").removeprefix("r_"))
        data = [{"id": f"r_{first + n}", "object": "refund"} for n in (1, 2)]
        body = {"object": "list", "url": "/v1/refunds", "has_more": first < 4, "data": data}
        return httpx.Response(200, content=json.dumps(body).encode())

    assert [one["id"] for one in await every(api(answer).refunds.list_async())] == [f"r_{n}" for n in range(1, 7)]
    with pytest.raises(Unavailable) as cut:
        await every(api(answer).refunds.list_async(), most=3)
    assert cut.value.code == "list_too_long"
    assert len(await newest(api(answer).refunds.list_async(), 3)) == 3

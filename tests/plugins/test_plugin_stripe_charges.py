"""Pages and charges: what is sent, what gets lost on the way, and what never happens twice."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import parse_qsl

import pytest
from stripe_bench import ANNA, NORTH, StripeBench, line, move, own, stripe, tables

from askpro.errors import InvalidInput, Unavailable
from askpro.ids import new_id
from askpro.money import Money
from askpro.sdk import NotSent, Outcome, RefundRequest, Waiting
from askpro.testing.stripe import Chaos, Fault
from askpro_stripe.outcomes import refusal

__all__ = ("line", "move", "stripe", "tables")

pytestmark = pytest.mark.anyio

INTENTS, SESSIONS = "/v1/payment_intents", "/v1/checkout/sessions"


@pytest.fixture
async def bench(tables: Any) -> StripeBench:
    bench: StripeBench = await tables(own)
    return bench


def form(request: Any) -> dict[str, str]:
    return dict(parse_qsl(request.content.decode()))


async def test_what_a_page_is_told(bench: StripeBench) -> None:
    """Tenant, order and key go with it; the language is the customer's; the account chooses the kinds of payment."""
    request = bench.checkout(customer=ANNA, metadata={"order": "o-1"}, save_method=True, consent="Charge me.")
    session = await bench.provider.create_checkout(bench.ctx, request)
    (sent,) = bench.line.posted(SESSIONS)
    said = form(sent)
    assert sent.headers["idempotency-key"] == f"askpro:{NORTH.id}:payment:{request.key}:1"
    assert {name: value for name, value in said.items() if name.startswith("metadata")} == {
        "metadata[askpro_tenant]": str(NORTH.id),
        "metadata[askpro_key]": request.key,
        "metadata[askpro_order]": "o-1",
    }
    assert said["payment_intent_data[metadata][askpro_key]"] == request.key
    assert (said["client_reference_id"], said["locale"]) == (request.key, "de")
    assert said["line_items[0][price_data][unit_amount]"] == "5000"
    assert said["payment_intent_data[setup_future_usage]"] == "off_session"
    assert said["custom_text[submit][message]"] == "Charge me."
    assert [name for name in said if name.startswith("payment_method_types")] == []
    assert session.expires_at.timestamp() == int(request.expires_at.timestamp())
    customer = form(bench.line.posted("/v1/customers")[0])
    assert (customer["email"], customer["metadata[askpro_customer]"]) == (ANNA.email, ANNA.id)


async def test_what_is_known_of_a_payment(bench: StripeBench) -> None:
    """Amount, fee, the card as people know it, and the number by which it can be charged again."""
    request = bench.checkout(customer=ANNA, save_method=True)
    await bench.pay(await bench.provider.create_checkout(bench.ctx, request))
    result = await bench.provider.look_up(bench.ctx, request.key)
    (listed,) = await bench.provider.list_methods(bench.ctx, ANNA)
    assert result.method is not None
    assert (result.method.label, result.method.kind, result.method.ref) == ("Visa •••• 4242", "card", listed.ref)
    assert result.method.fingerprint == listed.fingerprint != ""
    assert result.fee is not None
    assert Money(0, "EUR") < result.fee < request.amount
    assert (result.provider_ref[:3], result.account) == ("pi_", "own")


async def test_kinds_that_are_asked_for(bench: StripeBench) -> None:
    """With methods named only these are offered."""
    await bench.provider.create_checkout(bench.ctx, bench.checkout(methods=("sepa_debit",)))
    said = form(bench.line.posted(SESSIONS)[0])
    assert [value for name, value in said.items() if name.startswith("payment_method_types")] == ["sepa_debit"]


async def test_a_page_whose_address_got_lost(bench: StripeBench) -> None:
    """The answer is lost: the page is found by its key, and asking again brings the same one."""
    request = bench.checkout()
    bench.line.cut_after = request.key
    with pytest.raises(Unavailable) as lost:
        await bench.provider.create_checkout(bench.ctx, request)
    assert not isinstance(lost.value, NotSent)
    bench.line.dark = False
    found = await bench.provider.look_up(bench.ctx, request.key)
    assert (found.outcome, found.waiting) == (Outcome.PENDING, Waiting.CUSTOMER)
    session = await bench.provider.create_checkout(bench.ctx, request)
    assert session.provider_ref == found.provider_ref
    assert session.url
    assert len(bench.line.posted(SESSIONS)) == 1


async def test_a_page_is_asked_for_again_with_the_very_same_words(bench: StripeBench) -> None:
    """Lost before anybody looked: the repetition is the same request, so Stripe answers with the same page."""
    request = bench.checkout()
    bench.line.cut_after = request.key
    with pytest.raises(Unavailable):
        await bench.provider.create_checkout(bench.ctx, request)
    bench.line.dark = False
    bench.later(minutes=5)
    again = bench.checkout(key=request.key, description="another text", expires_at=bench.ctx.now())
    session = await bench.provider.create_checkout(bench.ctx, again)
    first, second = bench.line.posted(SESSIONS)
    assert (first.content, first.headers["idempotency-key"]) == (second.content, second.headers["idempotency-key"])
    await bench.pay(session)
    assert (await bench.provider.look_up(bench.ctx, request.key)).amount == request.amount


async def test_a_lost_answer_charges_once(bench: StripeBench) -> None:
    """One charge, however often it is asked for and whatever is heard of it."""
    request = bench.charge(await bench.save("pm_card_visa"))
    bench.line.cut_after = request.key
    first = await bench.provider.charge(bench.ctx, request)
    bench.line.dark = False
    again = await bench.provider.charge(bench.ctx, request)
    found = await bench.provider.look_up(bench.ctx, request.key)
    assert (first.outcome, again.outcome, found.outcome) == (Outcome.UNKNOWN, Outcome.SETTLED, Outcome.SETTLED)
    assert len(bench.line.posted(INTENTS)) == 1


async def test_not_sent_may_be_sent_again(bench: StripeBench) -> None:
    """A connection that was never made is proof: the same key charges later, under a new number of its own."""
    request = bench.charge(await bench.save("pm_card_visa"))
    for mishap in ("unsent", "limited"):
        bench.stripe.next_call(mishap, INTENTS)
        with pytest.raises(NotSent):
            await bench.provider.charge(bench.ctx, request)
        assert (await bench.provider.look_up(bench.ctx, request.key)).outcome is Outcome.NOT_SENT
    assert (await bench.provider.charge(bench.ctx, request)).outcome is Outcome.SETTLED
    keys = [one.headers["idempotency-key"] for one in bench.line.posted(INTENTS)]
    assert [key.rpartition(":")[2] for key in keys] == ["1", "2", "3"]


async def test_what_never_arrived_is_proved_in_time(bench: StripeBench) -> None:
    """A request that vanished is UNKNOWN while it may be on its way, then NOT_SENT; only then it may be sent again."""
    request = bench.charge(await bench.save("pm_card_visa"))
    bench.line.dark = True
    assert (await bench.provider.charge(bench.ctx, request)).outcome is Outcome.UNKNOWN
    bench.line.dark = False
    assert (await bench.provider.charge(bench.ctx, request)).outcome is Outcome.UNKNOWN
    bench.later(minutes=5)
    assert (await bench.provider.look_up(bench.ctx, request.key)).outcome is Outcome.NOT_SENT
    assert (await bench.provider.charge(bench.ctx, request)).outcome is Outcome.SETTLED


async def test_two_at_once(bench: StripeBench) -> None:
    """Two workers with the same key: one charge, one page."""
    request = bench.charge(await bench.save("pm_card_visa"))
    await asyncio.gather(*(bench.provider.charge(bench.ctx, request) for _ in range(3)))
    found = await bench.provider.look_up(bench.ctx, request.key)
    assert found.outcome is Outcome.SETTLED
    assert len(bench.line.posted(INTENTS)) == 1
    page = bench.checkout()
    made = await asyncio.gather(*(bench.provider.create_checkout(bench.ctx, page) for _ in range(3)))
    assert len({one.provider_ref for one in made}) == 1


async def test_the_bank_wants_the_customer(bench: StripeBench) -> None:
    """No charge waits for somebody who is away: it is refused for good, with a page on which he can pay, once."""
    request = bench.charge(await bench.save("pm_card_authenticationRequired"), return_url="https://t.example/back")
    refused = await bench.provider.charge(bench.ctx, request)
    assert (refused.outcome, refused.code, refused.terminal) == (Outcome.DECLINED, "authentication_required", True)
    assert refused.action_url
    waiting = await bench.provider.look_up(bench.ctx, request.key)
    assert (waiting.outcome, waiting.action_url) == (Outcome.DECLINED, refused.action_url)
    assert bench.stripe.get(refused.provider_ref)["status"] == "canceled"
    page = next(one for one in bench.things("checkout.session") if one["url"] == refused.action_url)
    bench.stripe.pay(page["id"])
    paid = await bench.provider.look_up(bench.ctx, request.key)
    assert (paid.outcome, paid.amount) == (Outcome.SETTLED, request.amount)
    assert paid.provider_ref != refused.provider_ref


async def test_a_page_that_nobody_used(bench: StripeBench) -> None:
    """After a day the page is closed and the charge stays refused; without a way back there is no page at all."""
    method = await bench.save("pm_card_authenticationRequired")
    request = bench.charge(method, return_url="https://t.example/back")
    await bench.provider.charge(bench.ctx, request)
    bench.later(hours=25)
    late = await bench.provider.look_up(bench.ctx, request.key)
    assert (late.outcome, late.code, late.action_url) == (Outcome.DECLINED, "authentication_required", "")
    assert (await bench.provider.charge(bench.ctx, bench.charge(method))).action_url == ""


async def test_direct_debit_takes_days(bench: StripeBench) -> None:
    """A debit is pending, never paid and never failed before the bank has spoken (failure 4)."""
    method = await bench.save("pm_held_de")
    good, bad = bench.charge(method), bench.charge(method)
    for request in (good, bad):
        result = await bench.provider.charge(bench.ctx, request)
        assert (result.outcome, result.waiting, result.amount) == (Outcome.PENDING, Waiting.PROVIDER, None)
        bench.stripe.settle_sepa(result.provider_ref, "succeeded" if request is good else "insufficient_funds")
    settled = await bench.provider.look_up(bench.ctx, good.key)
    failed = await bench.provider.look_up(bench.ctx, bad.key)
    assert (settled.outcome, settled.amount) == (Outcome.SETTLED, good.amount)
    assert settled.method is not None
    assert settled.method.label.startswith("SEPA •••• ")
    assert (failed.outcome, failed.amount) == (Outcome.DECLINED, None)
    assert failed.code


async def test_a_declined_page_may_be_tried_again(bench: StripeBench) -> None:
    """On its page the customer may take another card: a first refusal is not the payment's."""
    request = bench.checkout()
    session = await bench.provider.create_checkout(bench.ctx, request)
    with pytest.raises(Fault):
        bench.stripe.pay(session.provider_ref, "pm_card_chargeDeclined")
    assert (await bench.provider.look_up(bench.ctx, request.key)).outcome is Outcome.PENDING
    bench.stripe.pay(session.provider_ref)
    assert (await bench.provider.look_up(bench.ctx, request.key)).outcome is Outcome.SETTLED


async def test_a_customer_who_was_deleted_at_stripe(bench: StripeBench) -> None:
    """He is made anew, and pays."""
    await bench.provider.create_checkout(bench.ctx, bench.checkout(customer=ANNA))
    ref = bench.things("customer")[0]["id"]
    await bench.stripe.client("sk_test_north").v1.customers.delete_async(ref)
    request = bench.checkout(customer=ANNA)
    await bench.pay(await bench.provider.create_checkout(bench.ctx, request))
    assert (await bench.provider.look_up(bench.ctx, request.key)).outcome is Outcome.SETTLED
    assert await bench.provider.list_methods(bench.ctx, ANNA) == []


async def test_impossible_amounts_never_leave(bench: StripeBench) -> None:
    """An amount that Stripe cannot count is refused before anything is sent."""
    with pytest.raises(InvalidInput):
        await bench.provider.create_checkout(bench.ctx, bench.checkout(Money.of("7.235", "KWD")))
    assert bench.line.posted(SESSIONS) == []


async def test_keys_that_are_gone_say_nothing(bench: StripeBench) -> None:
    """After a change from test to real money nothing is claimed about what was begun before."""
    request = bench.checkout()
    await bench.pay(await bench.provider.create_checkout(bench.ctx, request))
    await bench.set(NORTH, secret_key="sk_live_north", webhook_secret="whsec_nordstern")
    result = await bench.provider.look_up(bench.ctx, request.key)
    assert (result.outcome, result.code) == (Outcome.UNKNOWN, "keys_changed")
    assert bench.provider.capabilities(bench.ctx).live


async def test_whatever_the_wire_does(bench: StripeBench) -> None:
    """A third of all calls go wrong, in every way there is: each key is charged once and paid back once, no more."""
    method = await bench.save("pm_card_visa")
    charges = [bench.charge(method, Money.of(10 + n, "EUR")) for n in range(8)]
    for seed, charge in enumerate(charges):
        bench.stripe.chaos = Chaos(seed=seed, unsent=0.08, unanswered=0.12, broken=0.08, limited=0.08)
        paid = await until_settled(bench, "charge", charge, "look_up")
        refund = RefundRequest(
            key=str(new_id()), payment_key=charge.key, payment_ref=paid.provider_ref, amount=Money.of(5, "EUR")
        )
        await until_settled(bench, "refund", refund, "look_up_refund")
    bench.stripe.chaos = Chaos()
    settled = [one for one in bench.things("payment_intent") if one["status"] == "succeeded"]
    assert sorted(one["metadata"]["askpro_key"] for one in settled) == sorted(one.key for one in charges)
    assert sorted(one["amount_received"] for one in settled) == [1000 + 100 * n for n in range(8)]
    assert [one["amount"] for one in bench.things("refund")] == [500] * len(charges)


async def until_settled(bench: StripeBench, do: str, request: Any, ask: str) -> Any:
    """As the core does it: send, ask as long as nobody knows, send again only what was not sent."""
    result = None
    for _ in range(60):
        if result is None or result.outcome is Outcome.NOT_SENT:
            try:
                result = await getattr(bench.provider, do)(bench.ctx, request)
            except NotSent:
                continue
        if result.outcome is Outcome.SETTLED:
            return result
        bench.later(minutes=2)
        result = await getattr(bench.provider, ask)(bench.ctx, request.key)
    raise AssertionError(f"{do} did not settle: {result}")


@pytest.mark.parametrize(
    ("error", "code", "terminal"),
    [
        ({"code": "card_declined", "decline_code": "generic_decline"}, "card_declined", False),
        ({"code": "card_declined", "decline_code": "insufficient_funds"}, "insufficient_funds", False),
        ({"code": "card_declined", "decline_code": "stolen_card"}, "stolen_card", True),
        ({"code": "card_declined", "decline_code": "lost_card"}, "lost_card", True),
        ({"code": "authentication_required"}, "authentication_required", True),
        ({"code": "expired_card"}, "expired_card", True),
        ({"code": "processing_error"}, "processing_error", False),
        ({}, "card_declined", False),
    ],
)
def test_refusals(error: dict[str, str], code: str, terminal: bool) -> None:
    """The bank's own word where it says more than no; those that asking again cannot mend are terminal (D7)."""
    result = refusal("key", "own", error)
    assert (result.outcome, result.code, result.terminal) == (Outcome.DECLINED, code, terminal)


@pytest.mark.parametrize("mishap", ["broken", "crashed", "unanswered", "unsent", "limited"])
async def test_a_customer_record_that_failed_keeps_nobody_from_paying(bench: StripeBench, mishap: Any) -> None:
    """Stripe repeats a 500 for a day to the same key: the next try uses another, and the page opens."""
    bench.stripe.next_call(mishap, "/v1/customers")
    request = bench.checkout(customer=ANNA)
    for _ in range(2):
        try:
            session = await bench.provider.create_checkout(bench.ctx, request)
        except (NotSent, Unavailable):
            continue
        break
    assert session.url
    await bench.pay(session)
    assert (await bench.provider.look_up(bench.ctx, request.key, session.provider_ref)).outcome is Outcome.SETTLED

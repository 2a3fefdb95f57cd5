"""Refunds and disputes over Stripe: its stand-in, its events through our address, and the API."""

from __future__ import annotations

from typing import Any

import pytest

from askpro import db
from askpro.ids import new_id
from askpro.ledger.proof import prove
from askpro.money import Money
from askpro.payments import disputes, queries, refund_jobs, refunds
from askpro.payments.model import Order
from askpro.payments.refund_model import Dispute, Refund
from askpro.people import keys
from stripe_house import House, house
from web_site import OPERATOR

pytestmark = pytest.mark.anyio
__all__ = ("house",)


async def events(house: House) -> None:
    """Stripe tells, and the worker acts."""
    await house.stripe.deliver_all()
    await house.work("nord")


async def paid(house: House, token: str = "pm_card_visa") -> tuple[Order, str]:
    """50.00 + 9.50 by card; (order, Stripe's payment)."""
    await house.own_stripe("nord")
    order, session = await house.order("nord", "stripe")
    house.stripe.pay(session, token)
    await events(house)
    assert await house.balance("nord") == "50.00"
    attempt = await queries.attempt_of_order(house.tenants["nord"].id, order.id)
    assert attempt is not None
    return order, attempt.provider_ref


async def refund(house: House, order: Order, net: str) -> Refund:
    return await refunds.begin(
        house.tenants["nord"], order.id, Money.of(net, "EUR"), idempotency=str(new_id()), reason="x", by=OPERATOR
    )


async def only(house: House, order: Order) -> Refund:
    [one] = await refunds.of_order(house.tenants["nord"].id, order.id)
    return one


async def case(house: House, order: Order) -> Dispute:
    [one] = await disputes.of_order(house.tenants["nord"].id, order.id)
    return one


async def proven(house: House) -> None:
    assert await prove(house.tenants["nord"].id) == []


async def test_a_refund_and_its_events(house: House) -> None:
    """Part by part, with all events after; Stripe and we agree on what has gone."""
    order, intent = await paid(house)
    first = await refund(house, order, "20")
    await events(house)
    second = await refund(house, order, "30")
    await events(house)

    assert [first.state, second.state, await house.balance("nord")] == ["settled", "settled", "0.00"]
    charge = house.stripe.get(house.stripe.get(intent)["latest_charge"])
    assert charge["amount_refunded"] == charge["amount"] == 5950
    assert len(await refunds.of_order(house.tenants["nord"].id, order.id)) == 2
    await proven(house)


async def test_a_refund_that_the_bank_sends_back(house: House) -> None:
    """Settled, then failed a day later: an event, and the credit is back; it can be tried again."""
    order, _ = await paid(house)
    made = await refund(house, order, "50")
    await events(house)
    assert (made.state, await house.balance("nord")) == ("settled", "0.00")
    house.stripe.settle_refund(made.provider_ref, "lost_or_stolen_card")
    await events(house)

    after = await only(house, order)
    assert (after.state, after.code, await house.balance("nord")) == ("declined", "lost_or_stolen_card", "50.00")
    assert (await refund(house, order, "50")).state == "settled"
    await proven(house)


async def test_a_refund_at_stripes_own_desk(house: House) -> None:
    """Somebody refunds 23.80 in the dashboard: every event of it comes, it is booked once, with its tax."""
    order, intent = await paid(house)
    desk = house.stripe.client("sk_test_nord").v1
    await desk.refunds.create_async({"payment_intent": intent, "amount": 2380})
    await events(house)
    await events(house)

    made = await only(house, order)
    assert (made.origin, made.state, made.net, made.tax) == (
        "provider", "settled", Money.of("20", "EUR"), Money.of("3.80", "EUR"),
    )  # fmt: skip
    assert await house.balance("nord") == "30.00"
    left = await refunds.refundable(house.tenants["nord"].id, order.id)
    assert left.gross == Money.of("35.70", "EUR")
    await proven(house)


@pytest.mark.parametrize(("outcome", "balance", "frozen"), [("won", "50.00", False), ("lost", "0.00", True)])
async def test_a_dispute_from_beginning_to_end(house: House, outcome: str, balance: str, frozen: bool) -> None:
    """The card's bank takes the money at once: frozen; won releases, lost takes."""
    order, intent = await paid(house)
    there = house.stripe.dispute(intent)
    await events(house)
    found = await case(house, order)
    assert (found.state, found.froze, found.amount, await house.balance("nord")) == (
        "withdrawn", True, Money.of("59.50", "EUR"), "50.00",
    )  # fmt: skip
    assert found.fee == Money.of("20", "EUR")
    assert found.answer_by is not None
    house.stripe.close_dispute(there["id"], outcome)
    await events(house)

    after = await case(house, order)
    assert (after.state, after.froze, await house.balance("nord")) == (outcome, frozen, balance)
    await proven(house)


async def test_a_dispute_after_a_part_was_refunded(house: House) -> None:
    """Stripe disputes what is left of the charge; together it is the order and nothing more."""
    order, intent = await paid(house)
    await refund(house, order, "20")
    there = house.stripe.dispute(intent)
    house.stripe.close_dispute(there["id"], "lost")
    await events(house)

    assert ((await case(house, order)).net, await house.balance("nord")) == (Money.of("30", "EUR"), "0.00")
    await proven(house)


# the API


async def api(house: House, slug: str = "nord", *scopes: str) -> Any:
    secret, _ = await keys.create(house.tenants[slug].id, "k", scopes or ["*"], by=OPERATOR)
    return await house.client(slug, headers={"Authorization": f"Bearer {secret}"})


def wants(net: str = "20.00", key: str = "k-1") -> dict[str, Any]:
    return {"json": {"net": {"amount": net, "currency": "EUR"}, "reason": "asked"}, "headers": {"Idempotency-Key": key}}


async def test_a_refund_by_api(house: House) -> None:
    """202 and *new*, the credit gone at once; the worker sends it; a repeat of the request says the same."""
    order, intent = await paid(house)
    client = await api(house)
    path = f"/api/v2/payments/{order.id}"
    asked = await client.post(f"{path}/refunds", **wants())
    again = await client.post(f"{path}/refunds", **wants())

    assert (asked.status_code, asked.json()["state"], asked.json()["gross"]["amount"]) == (202, "new", "23.800000")
    assert (again.json(), again.headers["Idempotent-Replayed"]) == (asked.json(), "true")
    assert await house.balance("nord") == "30.00"
    async with db.shared_unit():
        queued = await db.fetch("select args from jobs.procrastinate_jobs where task_name = $1", refund_jobs.SEND)
    [job] = [dict(row["args"]) for row in queued]
    await refund_jobs.send_job(**job)
    shown = (await client.get(path)).json()
    assert [(one["state"], one["reason"], one["origin"]) for one in shown["refunds"]] == [("settled", "asked", "ours")]
    assert (shown["payment"]["reference"], shown["refundable"]["net"]["amount"]) == (order.reference, "30.000000")
    assert house.stripe.get(house.stripe.get(intent)["latest_charge"])["amount_refunded"] == 2380


async def test_what_the_api_refuses(house: House) -> None:
    """No key, too much, half a coin, the wrong scope, somebody else's payment, and a payment that is none."""
    order, _ = await paid(house)
    client, narrow, far = await api(house), await api(house, "nord", "payments:read"), await api(house, "falke")
    path = f"/api/v2/payments/{order.id}/refunds"
    answers = [
        await client.post(path, json=wants()["json"]),
        await client.post(path, **wants("50.01", "a")),
        await client.post(path, **wants("0.005", "b")),
        await client.post(path, **wants("-1", "c")),
        await narrow.post(path, **wants()),
        await far.post(path, **wants()),
        await client.post(f"/api/v2/payments/{new_id()}/refunds", **wants("1", "d")),
    ]

    assert [(one.status_code, one.json()["code"]) for one in answers] == [
        (400, "idempotency_key_missing"), (409, "exceeds_original"), (422, "amount_too_fine"), (422, "amount_too_fine"),
        (403, "scope_missing"), (404, "not_found"), (404, "not_found"),
    ]  # fmt: skip
    assert await house.balance("nord") == "50.00"
    assert (await far.get(f"/api/v2/payments/{order.id}")).status_code == 404


async def test_payments_are_listed_page_by_page(house: House) -> None:
    """Latest first, by state, customer, reference and name; the cursor leads on; other tenants see nothing of it."""
    order, _ = await paid(house)
    others = [(await house.order("nord", "stripe", "10"))[0] for _ in range(4)]
    client, far = await api(house), await api(house, "falke")

    async def listed(**asked: Any) -> list[str]:
        answer = await client.get("/api/v2/payments", params=asked)
        assert answer.status_code == 200, answer.text
        return [one["id"] for one in answer.json()["items"]]

    everything = [str(one.id) for one in (*reversed(others), order)]
    assert await listed() == everything
    page = (await client.get("/api/v2/payments", params={"limit": 3})).json()
    rest = (await client.get("/api/v2/payments", params={"limit": 3, "cursor": page["next"]})).json()
    assert [one["id"] for one in (*page["items"], *rest["items"])] == everything
    assert rest["next"] is None
    assert await listed(state="settled") == [str(order.id)]
    assert await listed(search=order.reference[-5:]) == [str(order.id)]
    assert await listed(search="praxis", limit=1) == everything[:1]
    assert await listed(search="50%") == await listed(search="T_2") == []
    assert await listed(customer=str(house.customers["nord"].id)) == everything
    assert await listed(customer=str(house.customers["falke"].id)) == []
    assert (await far.get("/api/v2/payments")).json()["items"] == []

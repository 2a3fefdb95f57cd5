"""Bookings by hand: once, with a reason, beyond a limit only with a second person, and never into debt."""

from __future__ import annotations

import asyncio
import base64
import contextvars
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from askpro import clock, db
from askpro.actor import Actor
from askpro.errors import Conflict, InsufficientFunds, InvalidInput, MoneyRefused, NotAllowed, NotFound, WalletFrozen
from askpro.ids import new_id
from askpro.ledger import queries as books
from askpro.ledger import service as ledger
from askpro.money import Money
from askpro.people import keys
from askpro.people.customers import set_customer_status
from askpro.people.model import Customer
from askpro.tenancy import audit
from askpro.tenancy.model import Tenant, TenantSettings
from askpro.tenancy.service import update_tenant
from askpro.tenantfiles.definition import Definition
from askpro.tenantfiles.diffing import compared
from askpro.tenantfiles.reading import read_tenant
from askpro.tenantfiles.writing import write_tenant
from askpro.wallets import adjustments
from askpro.wallets.adjustments import Adjustment
from askpro.wallets.attachments import LARGEST, Attachment
from house import BY, customer, reseller
from support.reports import alarms, credit
from web_site import Site

pytestmark = pytest.mark.anyio

EURO = 1_000_000
LIMIT = 100 * EURO
ANNA, BEN = Actor("person", str(UUID(int=1))), Actor("person", str(UUID(int=2)))


@dataclass
class Office:
    """A reseller, a customer with 50 euros, and short words."""

    tenant: Tenant
    customer: Customer
    count: int = 0

    async def propose(self, units: int, *, by: Actor = ANNA, key: str = "", **more: Any) -> Adjustment:
        self.count += 1
        values: dict[str, Any] = {"reason": "a mistake of ours", "idempotency": key or str(self.count), "by": by}
        amount = Money(units, self.customer.currency)
        return await adjustments.propose(self.tenant, self.customer, amount, **(values | more))

    async def approve(self, one: Adjustment, *, by: Actor = BEN) -> Adjustment:
        return await adjustments.approve(self.tenant, one.id, by=by)

    async def rests(self) -> tuple[int, dict[str, int]]:
        """(posted, what is left by kind)."""
        rest: dict[str, int] = {}
        async with db.unit(self.tenant.id):
            found = await books.wallet(self.tenant.id, self.customer.wallet_id)
            for one in await books.buckets(self.tenant.id, self.customer.wallet_id):
                rest[one.kind] = rest.get(one.kind, 0) + one.rest
        return found.posted, rest

    async def events(self) -> list[tuple[str, int]]:
        async with db.unit(self.tenant.id):
            rows = await db.fetch(
                "select kind, payload from events.outbox where kind like 'adjustment.%' order by id",
            )
        return [(row["kind"].removeprefix("adjustment."), row["payload"]["amount"]) for row in rows]


@pytest.fixture
async def office(database: object) -> Office:
    tenant = await reseller()
    made = await customer(tenant.id)
    await credit(tenant, made, 50 * EURO)
    return Office(tenant, made)


async def test_within_the_limit_it_is_booked_at_once(office: Office) -> None:
    """A credit is goodwill, used first and never paid back; a debit takes it; balances before and after are told."""
    up = await office.propose(30 * EURO)
    assert (up.state, up.decided_by, up.by) == ("booked", "", str(ANNA))
    assert (up.balance_before, up.balance_after) == (Money(50 * EURO, "EUR"), Money(80 * EURO, "EUR"))
    assert await office.rests() == (80 * EURO, {"promo": 30 * EURO, "paid": 50 * EURO})
    down = await office.propose(-40 * EURO)
    assert down.balance_after == Money(40 * EURO, "EUR")
    assert await office.rests() == (40 * EURO, {"paid": 40 * EURO})
    assert await office.events() == [("booked", 30 * EURO), ("booked", -40 * EURO)]
    assert await alarms(office.tenant.id) == []


async def test_beyond_the_limit_it_waits_for_a_second_person(office: Office) -> None:
    """One unit more than the limit: nothing moves until somebody else approves; then it is booked once."""
    waiting = await office.propose(LIMIT + 1)
    assert (waiting.state, waiting.balance_after, waiting.decided_at) == ("waiting", None, None)
    assert (await office.rests())[0] == 50 * EURO
    assert await adjustments.of_tenant(office.tenant.id, waiting_only=True) == [waiting]
    done = await office.approve(waiting)
    assert (done.state, done.decided_by, done.balance_after) == (
        "booked",
        str(BEN),
        Money(LIMIT + 1 + 50 * EURO, "EUR"),
    )
    assert await office.approve(waiting) == done
    with pytest.raises(Conflict):
        await office.approve(waiting, by=Actor("operator", "console"))
    assert await adjustments.of_tenant(office.tenant.id, waiting_only=True) == []
    assert await office.events() == [("waiting", LIMIT + 1), ("booked", LIMIT + 1)]
    said = [one.action for one in await audit.entries(office.tenant.id) if one.action.startswith("adjustment.")]
    assert said == ["adjustment.booked", "adjustment.proposed"]
    async with db.unit(office.tenant.id):
        [line] = await books.statement(office.tenant.id, office.customer.wallet_id, kinds=("adjustment",))
    assert (line.id, line.reason) == (done.transfer_id, "a mistake of ours")


async def test_the_same_person_does_not_count_twice(office: Office) -> None:
    """Not the proposer, not a key the proposer made, not a key made by such a key; nor jobs, plugins, unknown keys."""
    tenant = office.tenant.id

    async def key(by: Actor) -> Actor:
        _, made = await keys.create(tenant, "machine", ["*"], by=by)
        return made.actor

    annas = await key(ANNA)
    grandchild = await key(annas)
    bens = await key(BEN)
    consoles = await key(Actor("operator", "console"))
    nobody = [
        Actor.system("job"),
        Actor("plugin", "sandbox"),
        Actor("key", str(new_id())),
        await key(Actor.system("x")),
    ]
    for proposer, same in ((ANNA, (ANNA, annas, grandchild)), (annas, (ANNA, annas, grandchild)),
                           (consoles, (consoles, Actor("operator", "console")))):  # fmt: skip
        waiting = await office.propose(LIMIT * 2, by=proposer)
        for one in (*same, *nobody):
            with pytest.raises(NotAllowed) as refused:
                await office.approve(waiting, by=one)
            assert refused.value.code == "second_person_needed"
        assert (await adjustments.one(tenant, waiting.id)).state == "waiting"
        assert (await office.approve(waiting, by=bens)).decided_by == str(bens)


async def test_small_steps_do_not_get_around_the_limit(office: Office) -> None:
    """What one person books alone for a customer in a civil day adds up, whatever its sign; others have their own."""
    at = datetime(2026, 3, 24, 22, 30, tzinfo=UTC)  # half past eleven in Berlin
    with clock.frozen(at):
        assert (await office.propose(60 * EURO)).state == "booked"
        assert (await office.propose(-30 * EURO)).state == "booked"
        assert (await office.propose(11 * EURO)).state == "waiting"
        assert (await office.propose(10 * EURO)).state == "booked"
        assert (await office.propose(1)).state == "waiting"
        _, machine = await keys.create(office.tenant.id, "machine", ["*"], by=ANNA)
        assert (await office.propose(1, by=machine.actor)).state == "waiting"
        assert (await office.propose(LIMIT, by=BEN)).state == "booked"
    with clock.frozen(at + timedelta(minutes=31)):
        assert (await office.propose(LIMIT)).state == "booked", "a new day"


async def test_at_once_they_are_counted_one_by_one(office: Office) -> None:
    """Twenty proposals of a quarter of the limit at the same moment: four are booked, the others wait."""
    made = await asyncio.gather(*(office.propose(LIMIT // 4) for _ in range(20)))
    assert sorted(one.state for one in made) == ["booked"] * 4 + ["waiting"] * 16
    assert (await office.rests())[0] == 50 * EURO + LIMIT


async def test_the_limit_is_the_tenants(office: Office) -> None:
    """Per currency; where nothing is said: 100 of its own, nothing of others, so a foreign wallet needs two people."""
    pounds = await customer(office.tenant.id, "GB-1", currency="GBP")
    office.tenant = await update_tenant(
        office.tenant.id, by=BY, settings=TenantSettings(adjustment_limits={"EUR": "5.5"})
    )
    assert (await office.propose(5_500_001)).state == "waiting"
    assert (await office.propose(5_500_000)).state == "booked"
    office.customer = pounds
    assert (await office.propose(1)).state == "waiting"
    office.tenant = await update_tenant(
        office.tenant.id, by=BY, settings=TenantSettings(adjustment_limits={"GBP": "1000000"})
    )
    assert (await office.propose(1_000_000 * EURO)).state == "booked"
    for wrong in ({"EUR": "-1"}, {"EUR": "NaN"}, {"euro": "1"}, {"EUR": "1,50"}, {"EUR": "0.0000001"}):
        with pytest.raises(InvalidInput, match=r"amounts are written|ISO 4217"):
            await update_tenant(office.tenant.id, by=BY, settings=TenantSettings(adjustment_limits=wrong))


async def test_a_debit_cannot_overdraw(office: Office) -> None:
    """Neither at once nor when it is approved; a refused one leaves nothing, a waiting one waits on."""
    with pytest.raises(InsufficientFunds):
        await office.propose(-50 * EURO - 1)
    assert await adjustments.of_tenant(office.tenant.id) == []
    await credit(office.tenant, office.customer, 100 * EURO)
    waiting = await office.propose(-150 * EURO)
    assert (await office.propose(-1, by=BEN)).state == "booked"
    with pytest.raises(InsufficientFunds):
        await office.approve(waiting)
    assert (await adjustments.one(office.tenant.id, waiting.id)).state == "waiting"
    await credit(office.tenant, office.customer, 1)
    assert (await office.approve(waiting)).balance_after == Money(0, "EUR")
    await ledger.set_terms(office.tenant.id, office.customer.wallet_id, frozen=True)
    with pytest.raises(WalletFrozen):
        await office.propose(-1)
    assert (await office.propose(1)).state == "booked", "a locked wallet may be given something"
    assert await alarms(office.tenant.id) == []


async def test_nothing_is_booked_for_a_customer_who_was_closed_meanwhile(office: Office) -> None:
    """What waits can only be rejected then."""
    up, down = await office.propose(2 * LIMIT), await office.propose(-2 * LIMIT)
    await set_customer_status(office.tenant.id, office.customer.id, "closed", by=BY)
    for waiting in (up, down):
        with pytest.raises(Conflict) as refused:
            await office.approve(waiting)
        assert refused.value.code == "closed"
    assert (await office.rests())[0] == 50 * EURO
    done = await adjustments.reject(office.tenant, up.id, reason="the account is closed", by=BEN)
    assert done.state == "rejected"


async def test_closing_waits_for_an_approval_under_way(office: Office) -> None:
    """Two connections: while an approval is not committed, the customer is not closed."""
    waiting = await office.propose(2 * LIMIT)
    async with db.unit(office.tenant.id):
        await office.approve(waiting)
        closing = asyncio.create_task(
            set_customer_status(office.tenant.id, office.customer.id, "closed", by=BY), context=contextvars.Context()
        )
        await asyncio.sleep(0.2)
        assert not closing.done()
    await closing
    assert (await office.rests())[0] == 50 * EURO + 2 * LIMIT


async def test_rejected_with_a_reason_and_for_good(office: Office) -> None:
    """The proposer may take it back as well; nothing is booked, and nobody can approve it any more."""
    first, second = await office.propose(2 * LIMIT), await office.propose(-2 * LIMIT)
    with pytest.raises(InvalidInput):
        await adjustments.reject(office.tenant, first.id, reason="no", by=BEN)
    done = await adjustments.reject(office.tenant, first.id, reason="not ours to pay", by=BEN)
    assert (done.state, done.decision, done.decided_by) == ("rejected", "not ours to pay", str(BEN))
    assert await adjustments.reject(office.tenant, first.id, reason="not ours to pay", by=BEN) == done
    assert (await adjustments.reject(office.tenant, second.id, reason="by mistake", by=ANNA)).state == "rejected"
    for action in (office.approve(first), adjustments.reject(office.tenant, first.id, reason="again", by=ANNA)):
        with pytest.raises(Conflict):
            await action
    booked = await office.propose(EURO)
    with pytest.raises(Conflict):
        await adjustments.reject(office.tenant, booked.id, reason="too late", by=BEN)
    assert (await office.rests())[0] == 51 * EURO
    assert [kind for kind, _ in await office.events()] == ["waiting", "waiting", "rejected", "rejected", "booked"]


async def test_the_same_key_is_the_same_adjustment(office: Office) -> None:
    """Ten times at once: one booking. With another amount, reason or paper it is refused."""
    made = await asyncio.gather(*(office.propose(EURO, key="k") for _ in range(10)))
    assert len({one.id for one in made}) == 1
    assert (await office.rests())[0] == 51 * EURO
    for change in ({"reason": "another"}, {"attachment": Attachment("a", b"text")}):
        with pytest.raises(InvalidInput) as refused:
            await office.propose(EURO, key="k", **change)
        assert refused.value.code == "idempotency_key_reused"
    with pytest.raises(InvalidInput):
        await office.propose(2 * EURO, key="k")


async def test_twenty_approvals_at_once_book_once(office: Office) -> None:
    """From many people at the same moment, on real connections: one is the second person, one transfer is booked."""
    waiting = await office.propose(3 * LIMIT)
    people = [Actor("person", str(UUID(int=n))) for n in range(2, 12)]
    answers = await asyncio.gather(
        *(office.approve(waiting, by=one) for one in people for _ in range(2)), return_exceptions=True
    )
    booked = [one for one in answers if isinstance(one, Adjustment)]
    assert len({one.decided_by for one in booked}) == 1
    assert all(isinstance(one, Conflict) for one in answers if not isinstance(one, Adjustment))
    assert (await office.rests())[0] == 50 * EURO + 3 * LIMIT
    assert [kind for kind, _ in await office.events()] == ["waiting", "booked"]
    assert await alarms(office.tenant.id) == []


async def test_approvals_and_rejections_race(office: Office) -> None:
    """Both at once: one of them decides, and the money agrees with what was decided."""
    total = 50 * EURO
    for n in range(6):
        waiting = await office.propose(2 * LIMIT + n)
        await asyncio.gather(
            office.approve(waiting), adjustments.reject(office.tenant, waiting.id, reason="no, no", by=ANNA),
            return_exceptions=True,
        )  # fmt: skip
        done = await adjustments.one(office.tenant.id, waiting.id)
        assert done.state in ("booked", "rejected")
        total += done.amount.units if done.state == "booked" else 0
    assert (await office.rests())[0] == total


@pytest.mark.parametrize("seed", range(4))
async def test_any_sequence_of_adjustments(office: Office, seed: int) -> None:
    """Random proposals and decisions: the balance is what was booked, never below zero, and the proof is green."""
    dice, people = Random(seed), [ANNA, BEN, Actor("operator", "console")]
    expected = 50 * EURO
    waiting: list[Adjustment] = []
    for _ in range(60):
        who = dice.choice(people)
        if waiting and dice.random() < 0.5:
            one = waiting.pop(dice.randrange(len(waiting)))
            if str(who) == one.by:
                with pytest.raises(NotAllowed):
                    await office.approve(one, by=who)
                waiting.append(one)
            elif expected + one.amount.units < 0:
                with pytest.raises(MoneyRefused):
                    await office.approve(one, by=who)
                waiting.append(one)
            elif dice.random() < 0.3:
                await adjustments.reject(office.tenant, one.id, reason="at random", by=who)
            else:
                done = await office.approve(one, by=who)
                expected += one.amount.units
                assert done.balance_after == Money(expected, "EUR")
            continue
        units = dice.choice((1, -1)) * dice.choice((1, 7 * EURO, 60 * EURO, 300 * EURO))
        try:
            made = await office.propose(units, by=who)
        except InsufficientFunds:
            assert expected + units < 0
            continue
        if made.state == "waiting":
            waiting.append(made)
        else:
            assert abs(units) <= LIMIT
            expected += units
    posted, rest = await office.rests()
    assert posted == sum(rest.values()) == expected >= 0
    assert await alarms(office.tenant.id) == []


async def test_the_database_keeps_four_eyes_by_itself(office: Office) -> None:
    """Past every service: nobody decides on the own proposal, no decision is changed, nothing proposed is edited."""
    waiting = await office.propose(2 * LIMIT)
    booked = await office.propose(EURO)
    tenant = office.tenant.id

    async def past(sql: str, *values: Any) -> None:
        async with db.unit(tenant):
            await db.execute(sql, *values)

    decide = (
        "update wallets.adjustment set state = 'booked', decided_at = now(), transfer_id = $2, balance_after = 1,"
        " decided_by = $3, decider = $3 where id = $1"
    )
    for who in (str(ANNA), ""):
        with pytest.raises(asyncpg.CheckViolationError):
            await past(decide, waiting.id, new_id(), who)
    for change in ("amount = 1", "reason = 'another'", "proposer = 'person:x'", "alone = 1000000000"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await past(f"update wallets.adjustment set {change} where id = $1", waiting.id)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await past("update wallets.adjustment set state = 'waiting', decided_at = null where id = $1", booked.id)
    for sql in ("delete from wallets.adjustment where id = $1", "delete from wallets.attachment where id = $1"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await past(sql, booked.id)


async def test_papers_are_kept_as_they_came(office: Office) -> None:
    """The same bytes come back, under a harmless name with their real type; the wrong tenant has none."""
    made = await office.propose(EURO, attachment=Attachment("../../secret/plan.html", "Grüße".encode()))
    assert made.attachment_name == "plan.txt"
    paper = await adjustments.attachment(office.tenant.id, made.id)
    assert (paper.name, paper.data, paper.media_type) == (
        "plan.txt", "Grüße".encode(), "text/plain; charset=utf-8",
    )  # fmt: skip
    large = b"x" * LARGEST
    assert (
        await adjustments.attachment(office.tenant.id, (await office.propose(1, attachment=Attachment("l", large))).id)
    ).data == large
    with pytest.raises(NotFound):
        await adjustments.attachment(office.tenant.id, (await office.propose(1)).id)
    for bad in (b"", b"<html>", b"x" * (LARGEST + 1)):
        with pytest.raises(InvalidInput):
            await office.propose(EURO, attachment=Attachment("picture.png", bad))
    assert len(await adjustments.of_tenant(office.tenant.id)) == 3


async def test_what_is_no_adjustment_is_refused(office: Office) -> None:
    """Nothing, no reason, another currency, a closed customer."""
    wrong: tuple[dict[str, Any], ...] = ({"reason": ""}, {"reason": "\n \t"}, {"reason": "y" * 501})
    for change in (*wrong, {"idempotency": "z" * 256}):
        with pytest.raises(InvalidInput):
            await office.propose(EURO, **change)
    with pytest.raises(InvalidInput):
        await office.propose(0)
    with pytest.raises(InvalidInput):
        await adjustments.propose(
            office.tenant,
            office.customer,
            Money(1, "USD"),
            reason="a mistake",
            attachment=None,
            idempotency="1",
            by=ANNA,
        )
    await set_customer_status(office.tenant.id, office.customer.id, "closed", by=BY)
    with pytest.raises(Conflict):
        await office.propose(EURO)
    assert (await office.rests())[0] == 50 * EURO


async def test_another_tenant_knows_nothing_of_it(office: Office) -> None:
    """With the ids in hand: not found, whatever is tried; and nothing has moved."""
    waiting = await office.propose(2 * LIMIT, attachment=Attachment("a", b"text"))
    other = await reseller("two")
    for action in (
        adjustments.approve(other, waiting.id, by=BEN),
        adjustments.reject(other, waiting.id, reason="not mine", by=BEN),
        adjustments.one(other.id, waiting.id),
        adjustments.attachment(other.id, waiting.id),
    ):
        with pytest.raises(NotFound):
            await action
    assert await adjustments.of_tenant(other.id) == []
    with pytest.raises(Conflict):
        await adjustments.propose(
            other, office.customer, Money(1, "EUR"), reason="a mistake", attachment=None, idempotency="1", by=ANNA
        )
    assert (await adjustments.one(office.tenant.id, waiting.id)).state == "waiting"


# the API


def _key() -> dict[str, str]:
    return {"Idempotency-Key": str(new_id())}


async def test_the_whole_way_over_the_api(site: Site) -> None:
    """Proposed with a paper, listed, refused to its own proposer, approved by a key of somebody else, booked once."""
    tenant, payer = site.tenants["nord"], site.customers["nord/C-1"]

    async def api(by: Actor, *scopes: str) -> Any:
        secret, _ = await keys.create(tenant.id, "machine", scopes, by=by)
        return await site.client("nord", secret)

    anna = await api(ANNA, "adjustments:write", "adjustments:read", "adjustments:approve")
    ben = await api(BEN, "adjustments:approve", "adjustments:read")
    wanted = {
        "customer_id": str(payer.id), "amount": {"amount": "250.5", "currency": "EUR"}, "reason": "a large mistake",
        "attachment": {"name": "../letter.html", "content": base64.b64encode(b"Dear all").decode()},
    }  # fmt: skip
    once = _key()
    first = await anna.post("/api/v2/adjustments", json=wanted, headers=once)
    again = await anna.post("/api/v2/adjustments", json=wanted, headers=once)
    assert (first.status_code, again.json()) == (201, first.json())
    made = first.json()
    assert (made["state"], made["attachment_name"], made["amount"]["amount"]) == ("waiting", "letter.txt", "250.500000")
    where = first.headers["location"]
    paper = (await ben.get(f"{where}/attachment")).json()
    assert base64.b64decode(paper["content"]) == b"Dear all"
    assert (paper["name"], paper["media_type"]) == ("letter.txt", "text/plain; charset=utf-8")
    refused = await anna.post(f"{where}/approve")
    assert (refused.status_code, refused.json()["code"]) == (403, "second_person_needed")
    done = await asyncio.gather(*(ben.post(f"{where}/approve") for _ in range(5)))
    assert {one.status_code for one in done} == {200}
    assert done[0].json()["balance_after"]["amount"] == "250.500000"
    assert (await ben.post(f"{where}/reject", json={"reason": "too late"})).status_code == 409
    listed = (await ben.get("/api/v2/adjustments", params={"state": "booked", "customer": str(payer.id)})).json()
    assert [one["id"] for one in listed["items"]] == [made["id"]]
    assert (await ben.post("/api/v2/adjustments", json=wanted, headers=_key())).status_code == 403
    assert await alarms(tenant.id) == []


async def test_what_the_api_refuses(site: Site) -> None:
    """Money that is not there, bad papers, unknown customers and things, no key: each in its own way."""
    api, stranger = await site.client("nord"), await site.client("falke")
    path = "/api/v2/adjustments"
    wanted: dict[str, Any] = {
        "customer_id": str(site.customers["nord/C-1"].id), "amount": {"amount": "1", "currency": "EUR"},
        "reason": "a mistake",
    }  # fmt: skip
    fake = {"name": "picture.png", "content": base64.b64encode(b"<html><script>").decode()}
    huge = {"name": "a.txt", "content": base64.b64encode(b"a" * (LARGEST + 1)).decode()}
    for change, status in (
        ({"amount": {"amount": "-1", "currency": "EUR"}}, 402),
        ({"amount": {"amount": "0", "currency": "EUR"}}, 422),
        ({"customer_id": str(site.customers["falke/C-1"].id)}, 404),
        ({"reason": "  "}, 422),
        ({"attachment": fake}, 422),
        ({"attachment": {"name": "a", "content": ""}}, 422),
        ({"attachment": {"name": "a", "content": "no base64!"}}, 422),
        ({"attachment": huge}, 422),
        ({"attachment": {"name": "a.txt", "content": base64.b64encode(b"a" * (LARGEST + 99_999)).decode()}}, 413),
    ):
        answer = await api.post(path, json={**wanted, **change}, headers=_key())
        assert answer.status_code == status, f"{str(change)[:80]}: {answer.text}"
    assert (await api.post(path, json=wanted)).status_code == 400
    assert (await api.get(path)).json()["items"] == []
    made = (await api.post(path, json=wanted, headers=_key())).json()
    assert made["state"] == "booked"
    for url in (f"{path}/{made['id']}", f"{path}/{made['id']}/attachment"):
        assert (await stranger.get(url)).status_code == 404
    assert (await api.get(f"{path}/{made['id']}/attachment")).status_code == 404
    assert (await stranger.post(f"{path}/{made['id']}/approve")).status_code == 404
    for n in range(3):
        await api.post(path, json={**wanted, "reason": f"mistake {n}"}, headers=_key())
    page = (await api.get(path, params={"limit": "3"})).json()
    rest = (await api.get(path, params={"limit": "3", "cursor": page["next"]})).json()
    assert [len(page["items"]), len(rest["items"])] == [3, 1]


def test_the_limit_travels_with_the_tenants_files(tmp_path: Path) -> None:
    """Written, read again, compared: the same; a wrong amount is pointed at by its line."""
    settings = TenantSettings(adjustment_limits={"EUR": "250", "USD": "12.50"}, promo_notice_days=3)
    wanted = Definition("one", "One", "EUR", "de", "Europe/Berlin", settings=settings)
    folder = write_tenant(wanted, tmp_path)
    assert read_tenant(folder) == wanted
    plainer = Definition("one", "One", "EUR", "de", "Europe/Berlin")
    assert [str(change) for change in compared(plainer, wanted)] == [
        "+ settings.adjustment_limits.EUR = 250",
        "+ settings.adjustment_limits.USD = 12.50",
        "+ settings.promo_notice_days = 3",
    ]
    file = folder / "tenant.toml"
    file.write_text(file.read_text().replace('USD = "12.50"', 'USD = "-1"'))
    with pytest.raises(InvalidInput, match=r"tenant\.toml:\d+: settings\.adjustment_limits\.USD: amounts are written"):
        read_tenant(folder)


async def test_a_repeat_after_the_stored_answers_are_gone_books_nothing_more(site: Site, empty_database: Any) -> None:
    """Answers are kept for a day; the key is the money's own as well, and that is kept with it."""
    api, payer = await site.client("nord"), site.customers["nord/C-1"]
    amount = {"amount": "1", "currency": "EUR"}
    deeds = (
        ("/api/v2/adjustments", {"customer_id": str(payer.id), "amount": amount, "reason": "a mistake"}),
        (f"/api/v2/customers/{payer.id}/credits", {"amount": amount, "reason": "welcome", "expires_on": None}),
    )
    for path, wanted in deeds:
        once = _key()
        first = await api.post(path, json=wanted, headers=once)
        admin = await asyncpg.connect(empty_database.admin_dsn)
        await admin.execute("delete from web.idempotency")
        await admin.close()
        again = await api.post(path, json=wanted, headers=once)
        assert (first.status_code, again.status_code) == (201, 201)
        assert again.json()["id"] == first.json()["id"]
    balance = (await api.get(f"/api/v2/customers/{payer.id}/balance")).json()
    assert balance["available"]["amount"] == "2.000000"

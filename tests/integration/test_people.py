"""Customers with their wallets, and the people who sign in."""

from __future__ import annotations

import pytest
from argon2 import PasswordHasher

from askpro import db
from askpro.actor import Actor
from askpro.errors import Conflict, DuplicateKey, InvalidInput, NotAuthenticated, NotFound
from askpro.ids import new_id
from askpro.people import queries, sessions
from askpro.people.service import (
    add_person,
    create_customer,
    disable_person,
    set_customer_status,
    set_password,
    set_plan,
    set_preferences,
    sign_in,
    update_customer,
)
from askpro.tariffs.service import create_plan
from askpro.tenancy import audit
from house import BY, customer, reseller

pytestmark = pytest.mark.anyio
GOOD = "correct horse battery"


async def test_a_customer_comes_with_a_wallet(database: object) -> None:
    """In the reseller's currency unless another is asked for, with the accounts that booking needs."""
    one = await reseller()
    made = await customer(one.id, "NO-00001", email="Info@Firma.Example", credit_line=5_000_000)
    pounds = await customer(one.id, "NO-00002", currency="GBP")

    assert (made.currency, pounds.currency, made.email) == ("EUR", "GBP", "info@firma.example")
    assert await queries.customer(one.id, made.id) == made == await queries.customer_by_number(one.id, "NO-00001")
    async with db.unit(one.id):
        wallet = await db.fetchrow("select * from ledger.wallet where id = $1", made.wallet_id)
        kinds = await db.fetch("select distinct kind from ledger.account where currency = 'EUR'")
    assert (wallet["customer_id"], wallet["posted"], wallet["credit_line"]) == (made.id, 0, 5_000_000)
    assert {"wallet", "revenue", "overrun", "commission_payable"} <= {row["kind"] for row in kinds}


@pytest.mark.parametrize(
    ("number", "more", "field"),
    [
        ("", {}, "number"),
        ("NO 1", {}, "number"),
        ("NO-1\n", {}, "number"),
        ("NO-1", {"email": "nobody"}, "email"),
        ("NO-1", {"currency": "EURO"}, "currency"),
        ("NO-1", {"locale": "klingon"}, "locale"),
        ("NO-1", {"credit_line": -1}, "credit_line"),
    ],
)
async def test_nonsense_makes_no_customer(database: object, number: str, more: dict[str, object], field: str) -> None:
    """Refused with the field, and no wallet is left behind."""
    one = await reseller()
    with pytest.raises(InvalidInput) as caught:
        await customer(one.id, number, **more)

    assert caught.value.field == field
    async with db.unit(one.id):
        assert await db.fetchval("select count(*) from ledger.wallet") == 0


async def test_a_number_is_taken_once_a_reseller(database: object) -> None:
    """Two resellers may both have a NO-1; one may not."""
    one, two = await reseller("one"), await reseller("two")
    first, other = await customer(one.id, "NO-1"), await customer(two.id, "NO-1")
    with pytest.raises(DuplicateKey):
        await customer(one.id, "NO-1")

    assert first.id != other.id
    assert (await queries.customer_by_number(two.id, "NO-1")).id == other.id


async def test_nobody_reaches_another_resellers_customer(database: object) -> None:
    """Every verb and every query answers as if the customer did not exist, and nothing changes."""
    one, two = await reseller("one"), await reseller("two")
    mine = await customer(one.id, "NO-1")
    person = await add_person(one.id, "a@one.example", by=BY, customer_id=mine.id, password=GOOD)
    plan = await create_plan(one.id, "gold", "Gold", by=BY)

    for attempt in (
        lambda: queries.customer(two.id, mine.id),
        lambda: queries.customer_by_number(two.id, "NO-1"),
        lambda: queries.person(two.id, person.id),
        lambda: update_customer(two.id, mine.id, by=BY, name="Stolen"),
        lambda: set_customer_status(two.id, mine.id, "closed", by=BY),
        lambda: set_plan(two.id, mine.id, None, by=BY),
        lambda: add_person(two.id, "x@two.example", by=BY, customer_id=mine.id),
        lambda: set_password(two.id, person.id, "another long password", by=BY),
        lambda: disable_person(two.id, person.id, by=BY),
        lambda: create_customer(two.id, "NO-9", "Nine", plan_id=plan.id, by=BY),
    ):
        with pytest.raises(NotFound):
            await attempt()
    with pytest.raises(NotAuthenticated):
        await sign_in(two.id, "a@one.example", GOOD)

    assert (await queries.customers(two.id)).items == ()
    assert await queries.people_of(two.id, mine.id) == []
    assert await queries.customers_by_number(two.id, ["NO-1"]) == {}
    assert await queries.customer(one.id, mine.id) == mine
    assert (await sign_in(one.id, "a@one.example", GOOD)).id == person.id


async def test_customers_are_paged_and_searched(database: object) -> None:
    """Pages follow each other without gap or repeat; a search text is no pattern."""
    one = await reseller()
    for number in range(1, 8):
        await customer(one.id, f"NO-{number}", email=f"c{number}@firma.example" if number % 2 else "")
    found, cursor = [], ""
    while cursor is not None:
        page = await queries.customers(one.id, after=cursor, limit=3)
        found += [item.number for item in page.items]
        cursor = page.cursor  # type: ignore[assignment]

    assert found == [f"NO-{number}" for number in range(1, 8)]
    assert [c.number for c in (await queries.customers(one.id, search="C3@FIRMA")).items] == ["NO-3"]
    assert [c.number for c in (await queries.customers(one.id, search="customer no-5")).items] == ["NO-5"]
    assert (await queries.customers(one.id, search="%")).items == ()
    assert (await queries.customers(one.id, search="NO\0", after="\0")).items == ()
    assert (await queries.customers(one.id, search="NO_1")).items == ()


async def test_customers_by_status(database: object) -> None:
    """A closed customer stays closed and is found by its status."""
    one = await reseller()
    made = await customer(one.id)
    await set_customer_status(one.id, made.id, "suspended", by=BY)
    await set_customer_status(one.id, made.id, "active", by=BY)
    await set_customer_status(one.id, made.id, "closed", by=BY)

    assert [c.number for c in (await queries.customers(one.id, status="closed")).items] == ["NO-1"]
    assert (await queries.customers(one.id, status="active")).items == ()
    with pytest.raises(Conflict):
        await set_customer_status(one.id, made.id, "active", by=BY)
    assert len(await audit.entries(one.id, action="customer.status")) == 3


async def test_a_customer_is_changed(database: object) -> None:
    """Name, e-mail and language; the number and the currency are for ever."""
    one = await reseller()
    made = await customer(one.id)
    changed = await update_customer(one.id, made.id, by=BY, name="New GmbH", locale="en")

    assert (changed.name, changed.locale, changed.email) == ("New GmbH", "en", "")
    with pytest.raises(InvalidInput):
        await update_customer(one.id, made.id, by=BY, number="NO-2")


async def test_sign_in(database: object) -> None:
    """The right password of an open person only; all failures look the same."""
    one = await reseller()
    made = await customer(one.id)
    person = await add_person(one.id, "Ada@Firma.example", by=BY, customer_id=made.id, password=GOOD, name="Ada")
    await add_person(one.id, "later@firma.example", by=BY, customer_id=made.id)

    signed = await sign_in(one.id, " ADA@firma.example ", GOOD)
    assert (signed.id, signed.last_sign_in is not None) == (person.id, True)
    told = set()
    for email, password in (
        ("ada@firma.example", "wrong"),
        ("nobody@firma.example", GOOD),
        ("later@firma.example", ""),
        ("later@firma.example", "nobody has this password"),
        ("ada@firma.example\0", GOOD),
        ("ada@firma.example", GOOD + "\0"),
        ("ada@firma.example" * 1000, GOOD * 1000),
    ):
        with pytest.raises(NotAuthenticated) as caught:
            await sign_in(one.id, email, password)
        told.add((caught.value.code, caught.value.detail))
    assert told == {("wrong_credentials", "")}

    await set_customer_status(one.id, made.id, "closed", by=BY)
    with pytest.raises(NotAuthenticated):
        await sign_in(one.id, "ada@firma.example", GOOD)


async def test_a_disabled_person_is_out_at_once(database: object) -> None:
    """No sign-in, and the open sessions have ended."""
    one = await reseller()
    person = await add_person(one.id, "staff@one.example", by=BY, role="reseller", password=GOOD)
    token, _ = await sessions.issue(one.id, person.id)
    await disable_person(one.id, person.id, by=BY)

    assert await sessions.load(one.id, token) is None
    with pytest.raises(NotAuthenticated):
        await sign_in(one.id, "staff@one.example", GOOD)


async def test_a_new_password_ends_every_session(database: object) -> None:
    """Whoever had stolen one is out."""
    one = await reseller()
    person = await add_person(one.id, "staff@one.example", by=BY, role="reseller", password=GOOD)
    tokens = [(await sessions.issue(one.id, person.id))[0] for _ in range(3)]
    await set_password(one.id, person.id, "a wholly other one", by=Actor("person", str(person.id)))

    assert [await sessions.load(one.id, token) for token in tokens] == [None, None, None]
    with pytest.raises(NotAuthenticated):
        await sign_in(one.id, "staff@one.example", GOOD)
    assert (await sign_in(one.id, "staff@one.example", "a wholly other one")).id == person.id


async def test_an_outdated_hash_is_made_anew_at_sign_in(database: object) -> None:
    """Stronger parameters reach everybody who signs in; the password stays right."""
    one = await reseller()
    person = await add_person(one.id, "staff@one.example", by=BY, role="reseller", password=GOOD)
    weak = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(GOOD)
    async with db.unit(one.id):
        await db.execute("update people.person set password_hash = $1 where id = $2", weak, person.id)
    await sign_in(one.id, "staff@one.example", GOOD)

    async with db.unit(one.id):
        stored = await db.fetchval("select password_hash from people.person where id = $1", person.id)
    assert stored != weak
    assert "m=19456,t=2,p=1" in stored
    assert (await sign_in(one.id, "staff@one.example", GOOD)).id == person.id


async def test_an_address_signs_in_once_a_reseller(database: object) -> None:
    """The same person may be with two resellers, with two passwords."""
    one, two = await reseller("one"), await reseller("two")
    for tenant, password in ((one.id, GOOD), (two.id, "the second password")):
        await add_person(tenant, "a@b.example", by=BY, role="reseller", password=password)
    with pytest.raises(DuplicateKey):
        await add_person(one.id, "A@b.example", by=BY, role="reseller")

    with pytest.raises(NotAuthenticated):
        await sign_in(two.id, "a@b.example", GOOD)
    with pytest.raises(InvalidInput):
        await add_person(one.id, "c@b.example", by=BY, role="customer")
    with pytest.raises(InvalidInput):
        await add_person(one.id, "c@b.example", by=BY, role="reseller", customer_id=new_id())


async def test_preferences(database: object) -> None:
    """Language and colour scheme, each by itself."""
    one = await reseller()
    person = await add_person(one.id, "staff@one.example", by=BY, role="reseller")
    await set_preferences(one.id, person.id, scheme="dark")
    await set_preferences(one.id, person.id, locale="en")

    found = await queries.person(one.id, person.id)
    assert (found.scheme, found.locale) == ("dark", "en")
    with pytest.raises(InvalidInput):
        await set_preferences(one.id, person.id, scheme="pink")

"""Session tokens and API keys: bound to a tenant, hashed, ending when they should."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest

from askpro import clock, db
from askpro.errors import InvalidInput, NotAuthenticated, NotFound
from askpro.ids import new_id
from askpro.people import keys, sessions
from askpro.people.service import add_person
from askpro.tenancy import audit
from house import BY, reseller

pytestmark = pytest.mark.anyio
NOW = datetime(2026, 5, 4, 8, tzinfo=UTC)


async def test_a_session_is_known_by_its_token_and_to_its_tenant(database: object) -> None:
    """Another tenant, another token, an invented token: nobody. The token itself is not stored."""
    one, two = await reseller("one"), await reseller("two")
    person = await add_person(one.id, "a@one.example", by=BY, role="reseller")
    token, made = await sessions.issue(one.id, person.id, {"lang": "de"})

    assert await sessions.load(one.id, token) == made
    assert (made.person_id, made.data) == (person.id, {"lang": "de"})
    for tenant, tried in ((two.id, token), (one.id, token[:-1]), (one.id, ""), (one.id, "chosen-by-the-visitor")):
        assert await sessions.load(tenant, tried) is None
    async with db.unit(one.id):
        assert await db.fetchval("select token_hash from people.session") == sha256(token.encode()).digest()


async def test_a_session_ends_when_nobody_comes_back(database: object) -> None:
    """30 minutes after it was last seen, and 12 hours after it began however often it was seen."""
    one = await reseller()
    with clock.frozen(NOW):
        idle, _ = await sessions.issue(one.id)
        busy, _ = await sessions.issue(one.id)
    moment = NOW
    while moment < NOW + timedelta(hours=12) - timedelta(minutes=29):
        moment += timedelta(minutes=29)
        with clock.frozen(moment):
            assert await sessions.load(one.id, busy) is not None
    with clock.frozen(NOW + timedelta(minutes=29, seconds=59)):
        alive, _ = await sessions.issue(one.id)
        assert await sessions.load(one.id, alive) is not None
    with clock.frozen(NOW + timedelta(minutes=30)):
        assert await sessions.load(one.id, idle) is None
    with clock.frozen(NOW + timedelta(hours=12)):
        assert await sessions.load(one.id, busy) is None
        assert await sessions.purge() == 3


async def test_signing_in_rotates(database: object) -> None:
    """The token from before is worth nothing; what the session held comes along."""
    one = await reseller()
    person = await add_person(one.id, "a@one.example", by=BY, role="reseller")
    planted, _ = await sessions.issue(one.id, data={"basket": 1})
    token, signed = await sessions.rotate(one.id, planted, person.id)

    assert await sessions.load(one.id, planted) is None
    assert signed.data == {"basket": 1}
    assert (await sessions.load(one.id, token)) == signed
    stale, empty = await sessions.rotate(one.id, planted)
    assert (empty.person_id, empty.data) == (None, {})
    await sessions.set_data(one.id, stale, {"x": 2})
    assert (await sessions.load(one.id, stale)).data == {"x": 2}  # type: ignore[union-attr]


async def test_sessions_are_ended_one_by_one_and_all_together(database: object) -> None:
    """And only those of that person with that tenant."""
    one = await reseller()
    ada, bob = [await add_person(one.id, f"{name}@one.example", by=BY, role="reseller") for name in ("ada", "bob")]
    tokens = [(await sessions.issue(one.id, person.id))[0] for person in (ada, ada, ada, bob)]
    await sessions.revoke(one.id, tokens[0])
    await sessions.revoke(one.id, tokens[0])

    assert await sessions.revoke_all(one.id, ada.id) == 2
    assert [await sessions.load(one.id, token) is None for token in tokens] == [True, True, True, False]
    with pytest.raises(NotAuthenticated):
        await sessions.set_data(one.id, tokens[0], {})


async def test_a_key_opens_its_tenant_only(database: object) -> None:
    """Shown once, stored hashed, recognisable, and unknown to every other tenant."""
    one, two = await reseller("one"), await reseller("two")
    secret, made = await keys.create(one.id, "Exchange", ["usage:write", "balance:read"], by=BY)

    found = await keys.authenticate(one.id, secret)
    assert (found.id, found.scopes, str(found.actor)) == (made.id, ("balance:read", "usage:write"), f"key:{made.id}")
    assert (found.allows("usage:write"), found.allows("customers:write")) == (True, False)
    assert secret.startswith(made.prefix)
    assert made.prefix.startswith("ask_live_")
    with pytest.raises(NotAuthenticated):
        await keys.authenticate(two.id, secret)
    async with db.unit(one.id):
        stored = await db.fetchrow("select key_hash, used_at from people.api_key")
    assert stored["key_hash"] == sha256(secret.encode()).digest()
    assert stored["used_at"] is not None
    assert secret not in str(await audit.entries(one.id))


async def test_a_mistyped_key_is_refused_without_the_database(database: object) -> None:
    """Every single wrong character breaks the checksum."""
    one = await reseller()
    secret, _ = await keys.create(one.id, "Exchange", ["*"], by=BY, live=False)
    assert secret.startswith("ask_test_")
    await db.stop()  # from here on, asking the database would fail otherwise
    try:
        for position in range(9, len(secret)):
            other = "a" if secret[position] != "a" else "b"
            with pytest.raises(NotAuthenticated):
                await keys.authenticate(one.id, secret[:position] + other + secret[position + 1 :])
        for tried in ("", secret[:-1], secret + "0", "Bearer " + secret, "ask_live_" + "é" * 49):
            with pytest.raises(NotAuthenticated):
                await keys.authenticate(one.id, tried)
    finally:
        await db.start(database.dsn)  # type: ignore[attr-defined]


async def test_a_key_ends(database: object) -> None:
    """When it expires, also where it is remembered, and when it is revoked."""
    one = await reseller()
    with clock.frozen(NOW):
        secret, made = await keys.create(one.id, "Short", ["*"], by=BY, expires_at=NOW + timedelta(days=1))
        assert (await keys.authenticate(one.id, secret)).id == made.id
    with clock.frozen(NOW + timedelta(days=1)), pytest.raises(NotAuthenticated):
        await keys.authenticate(one.id, secret)

    secret, made = await keys.create(one.id, "Long", ["*"], by=BY)
    await keys.authenticate(one.id, secret)
    await keys.revoke(one.id, made.id, by=BY)
    await keys.revoke(one.id, made.id, by=BY)
    with pytest.raises(NotAuthenticated):
        await keys.authenticate(one.id, secret)
    assert len(await audit.entries(one.id, action="key.revoked")) == 1
    assert [(key.name, key.revoked_at is not None) for key in await keys.keys(one.id)] == [
        ("Long", True),
        ("Short", False),
    ]


async def test_nobody_sees_or_ends_another_tenants_key(database: object) -> None:
    """As if it were not there."""
    one, two = await reseller("one"), await reseller("two")
    secret, made = await keys.create(one.id, "Mine", ["*"], by=BY)

    assert await keys.keys(two.id) == []
    with pytest.raises(NotFound):
        await keys.revoke(two.id, made.id, by=BY)
    assert (await keys.authenticate(one.id, secret)).id == made.id


@pytest.mark.parametrize(
    ("name", "scopes", "days"), [("", ["*"], 1), ("x", [], 1), ("x", ["everything"], 1), ("x", ["*"], -1)]
)
async def test_a_key_is_made_of_sense(database: object, name: str, scopes: list[str], days: int) -> None:
    """A name, known scopes, an end that lies ahead."""
    with pytest.raises(InvalidInput):
        await keys.create(new_id(), name, scopes, by=BY, expires_at=clock.now() + timedelta(days=days))

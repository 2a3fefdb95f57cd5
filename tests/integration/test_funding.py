"""What a reseller pays in advance: credited once by the operator, and calls are made out of it."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from typing import Any

import pytest

from askpro.errors import Conflict, InsufficientFunds, InvalidInput
from askpro.money import Money
from askpro.tenancy import audit
from askpro.wallets import funding
from house import BY
from support.calling import Desk, open_desk
from support.reports import alarms

pytestmark = pytest.mark.anyio


@pytest.fixture
async def desk(database: object) -> Desk:
    return await open_desk(1_000_000)


async def fund(desk: Desk, amount: str, key: str = "1", currency: str = "EUR") -> int:
    done = await funding.credit(desk.tenant, Money.of(amount, currency), reason="transfer of 1 March", key=key, by=BY)
    return done.posted


async def test_calls_are_made_out_of_it(desk: Desk) -> None:
    """Without it none, with it as many as it pays for; the books prove it."""
    await desk.own_wallet(0)
    assert (await desk.start("a")).reason == "reseller_funds"
    assert await fund(desk, "0.05") == 50_000
    assert (await desk.start("b")).allowed
    assert (await desk.start("c")).seconds_left == 15
    await desk.end("b", 60)
    await desk.end("c", 10)
    assert await alarms(desk.tenant.id) == []
    [entry] = await audit.entries(desk.tenant.id, action="reseller.funded")
    assert (entry.detail["amount"], entry.detail["key"]) == (50_000, "1")


async def test_a_payment_is_booked_once(desk: Desk) -> None:
    """Twenty at once under one key: once. The same key for another amount is refused, another key another payment."""
    await desk.own_wallet(0)
    assert set(await asyncio.gather(*(fund(desk, "10") for _ in range(20)))) == {10_000_000}
    assert len(await audit.entries(desk.tenant.id, action="reseller.funded")) == 1
    for other in ("11", "-10"):
        with pytest.raises(InvalidInput) as refused:
            await fund(desk, other)
        assert refused.value.code == "idempotency_key_reused"
    assert await fund(desk, "2.5", "2") == 12_500_000
    assert await fund(desk, "-12", "3") == 500_000
    with pytest.raises(InsufficientFunds):
        await fund(desk, "-1", "4")


async def test_what_cannot_be_credited(desk: Desk) -> None:
    """Who pays afterwards has no such wallet; a reason, an amount and the right currency are needed."""
    with pytest.raises(Conflict, match="pays afterwards"):
        await fund(desk, "1")
    await desk.own_wallet(0)
    for amount, currency in (("0", "EUR"), ("1", "GBP")):
        with pytest.raises(InvalidInput):
            await fund(desk, amount, currency=currency)
    with pytest.raises(InvalidInput):
        await funding.credit(desk.tenant, Money.of("1", "EUR"), reason=" ", key="1", by=BY)


async def test_the_operator_credits_at_the_console(desk: Desk, database: Any) -> None:
    """``askpro tenants credit``: the balance is printed, a repeat changes nothing."""
    await desk.own_wallet(0)
    own = {name: value for name, value in os.environ.items() if not name.startswith("ASKPRO_")}
    own |= {"ASKPRO_DATABASE_URL": database.dsn, "ASKPRO_SECRET_KEY": "test-key-test-key-test-key-test-key"}

    async def console(*words: str) -> tuple[int, str]:
        program = [sys.executable, "-c", "from askpro.cli import main; main()", "tenants", "credit"]
        command = [*program, "--reason", "transfer of 1 March", *words]
        done = await asyncio.to_thread(
            subprocess.run, command, env=own, capture_output=True, text=True, timeout=60, check=False
        )
        return done.returncode, done.stdout + done.stderr

    for _ in range(2):
        done = await console("--key", "bank-1", "one", "99.50")
        assert done == (0, "one: balance 99.500000 EUR, 0.000000 held\n")
    back = await console("--key", "bank-2", "--take-back", "one", "0.50")
    assert back == (0, "one: balance 99.000000 EUR, 0.000000 held\n")
    for wrong in ("-1", "NaN"):
        code, said = await console("--key", "bank-3", "--", "one", wrong)
        assert (code, "is no amount" in said) == (2, True)
    code, said = await console("one", "1")
    assert (code, "--key" in said) == (2, True)

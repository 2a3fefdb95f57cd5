"""What was sent and not answered: a list that was not read to its end proves nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from stripe_bench import StripeBench, line, move, own, stripe, tables

from askpro import clock
from askpro.errors import Unavailable
from askpro.sdk import Outcome
from askpro_stripe.client import each, every, newest

__all__ = ("line", "move", "stripe", "tables")

pytestmark = pytest.mark.anyio


@pytest.fixture
async def bench(tables: Any) -> StripeBench:
    bench: StripeBench = await tables(own)
    return bench


def crowd(bench: StripeBench, kind: str, count: int, **after: float) -> None:
    """So many more objects like the newest of a kind, all of them somebody else's, made that much later."""
    [home] = [book for book in bench.stripe.world.books.values() if any(book.every(kind))]
    known = list(home.every(kind))[-1]
    made = known["created"] + int(timedelta(**after).total_seconds())
    for _ in range(count):
        home.add({**known, "id": home.new_id(known["id"].partition("_")[0]), "created": made, "metadata": {}})


async def test_a_list_that_was_cut_proves_nothing(bench: StripeBench) -> None:
    """A charge was made, its answer lost, and behind it stand more payments than are read: nobody knows, and it is not
    charged again.
    """
    method = await bench.saved_method(bench.charge("").customer, "lose")
    request = bench.charge(method)
    assert (await bench.provider.charge(bench.ctx, request)).outcome is Outcome.UNKNOWN
    crowd(bench, "payment_intent", 501, minutes=5)
    await bench.wait()
    for _ in range(2):
        found = await bench.provider.look_up(bench.ctx, request.key)
        assert (found.outcome, found.code) == (Outcome.UNKNOWN, "list_too_long")
        assert (await bench.provider.charge(bench.ctx, request)).outcome is Outcome.UNKNOWN
    assert len(bench.line.posted("/v1/payment_intents")) == 1


async def test_what_came_later_does_not_hide_it(bench: StripeBench) -> None:
    """However much a customer pays afterwards: only the time in which the charge can have been made is searched."""
    method = await bench.saved_method(bench.charge("").customer, "lose")
    request = bench.charge(method)
    await bench.provider.charge(bench.ctx, request)
    crowd(bench, "payment_intent", 501, minutes=30)
    await bench.wait()
    found = await bench.provider.look_up(bench.ctx, request.key)
    assert (found.outcome, found.amount) == (Outcome.SETTLED, request.amount)


@pytest.mark.parametrize("hours", [1, 22.9])
async def test_a_page_that_was_asked_for_again_late(bench: StripeBench, hours: float) -> None:
    """The request is lost on its way, its repetition is heard and its answer lost: the page is found all the same, at
    whatever hour Stripe may still make it.
    """
    await bench.provider.create_checkout(bench.ctx, bench.checkout())  # so that the customer is known
    request = bench.checkout(expires_at=clock.now() + timedelta(hours=23, minutes=59))
    bench.line.dark = True
    with pytest.raises(Unavailable):
        await bench.provider.create_checkout(bench.ctx, request)
    bench.line.dark = False
    bench.later(hours=hours)
    bench.line.cut_after = request.key
    with pytest.raises(Unavailable):
        await bench.provider.create_checkout(bench.ctx, request)
    bench.line.dark = False
    bench.later(minutes=10)
    page = bench.things("checkout.session")[-1]
    bench.stripe.pay(page["id"])
    assert (await bench.provider.look_up(bench.ctx, request.key)).outcome is Outcome.SETTLED


async def test_the_end_of_a_list() -> None:
    """A list that just fits is whole; one more is said, by whoever needs all of it, and not by who wants the newest."""

    class Thing:
        def __init__(self, number: int) -> None:
            self.number = number

        def to_dict(self) -> dict[str, int]:
            return {"number": self.number}

    class Page:
        def __init__(self, length: int) -> None:
            self.length = length

        async def auto_paging_iter(self) -> AsyncIterator[Thing]:
            for number in range(self.length):
                yield Thing(number)

    async def listed(length: int) -> Page:
        return Page(length)

    assert len(await every(listed(3), most=3)) == 3
    with pytest.raises(Unavailable) as cut:
        await every(listed(4), most=3)
    assert cut.value.code == "list_too_long"
    assert [one["number"] for one in await newest(listed(4), 3)] == [0, 1, 2]
    assert await newest(listed(0), 3) == []
    seen = []
    with pytest.raises(Unavailable):
        async for one in each(listed(4), most=3):
            seen.append(one["number"])
    assert seen == [0, 1, 2]

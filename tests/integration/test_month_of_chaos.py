"""A month with Stripe in which nothing goes as it should ends like one in which everything does.

Every event comes twice, shuffled and late; a tenth of our requests get no answer, executed or not. The same people do
the same things, as far as one can under such circumstances: in the end every account holds the same, to the unit.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from askpro import clock
from askpro.app import plugin_host
from askpro.pluginhost import migrate_plugins
from askpro.testing.stripe import Chaos
from support.month import FIRST, TROUBLE, life, story
from web_site import settings_for

pytestmark = pytest.mark.anyio

SEEDS = 50
STORIES = 10
"""Different months; each goes wrong in five ways. How a month goes when nothing does is lived once."""

_smooth: dict[int, dict[str, Any]] = {}


@pytest.fixture
def move(monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], None]:
    """Everybody's clock, beginning with the month."""
    moved = [timedelta()]
    monkeypatch.setattr(clock, "now", lambda: FIRST + moved[0])

    def by(time: timedelta) -> None:
        moved[0] = moved[0] + time if time else timedelta()

    return by


@pytest.mark.parametrize("seed", range(SEEDS))
async def test_the_same_end(seed: int, empty_database: Any, move: Callable[[timedelta], None]) -> None:
    """Accounts, buckets, payments, refunds, disputes and rules agree; the books are proved; Stripe owes what we say."""
    host = plugin_host(settings_for(empty_database, plugins=("stripe",)))
    host.load()
    await migrate_plugins(empty_database.admin_dsn, host.migrations())
    month = seed % STORIES

    async def lived(slug: str, trouble: Chaos) -> dict[str, Any]:
        move(timedelta())
        async with life(empty_database, slug, trouble, move, month) as one:
            await one.live(story(month))
            end = await one.end_state()
            assert await one.sound() == []
        clearing = next(balance for kind, _, balance in end["accounts"] if kind == "clearing")
        assert -clearing == end["stripe"]["owed"] * 10_000
        assert [order for order in end["orders"] if order[3]] == []
        return end

    if month not in _smooth:
        _smooth[month] = await lived("smooth", Chaos())
    assert await lived("stormy", TROUBLE(seed)) == _smooth[month]

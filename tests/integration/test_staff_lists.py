"""Lists of the staff that grow: nothing falls off their end, and what is counted is counted to the last."""

from __future__ import annotations

import re
from html import unescape
from typing import Any
from uuid import UUID

import pytest

from askpro import clock, db
from askpro.actor import Actor
from askpro.ids import new_id
from askpro.money import Money
from askpro.payments import inbox, providers
from askpro.payments.autotopup import Draft, save
from askpro.payments.consent import Consent
from askpro.people.service import create_customer
from askpro.sdk.payments import EventKind, ProviderEvent
from askpro.wallets.adjustments import propose
from askpro.web.portal.filters import PAGE
from askpro_sandbox.provider import open_book
from portal_house import Browser, House, Portal, portal
from staff_house import disputed, paid, send, staff, words
from web_site import OPERATOR

pytestmark = pytest.mark.anyio
__all__ = ("portal",)

MANY = 2 * PAGE + 3


async def copied(house: House, table: str, times: int, **columns: str) -> None:
    """The latest row of a table so many times more: with new ids, and ``columns`` as SQL over the number ``n``."""
    changed = ", ".join(["'id', made.id", *(f"'{name}', {value}" for name, value in columns.items())])
    async with db.unit(house.tenant.id):
        await db.execute(
            f"insert into {table} select (jsonb_populate_record(t, jsonb_build_object({changed}))).*"
            f" from {table} t, unnest($1::uuid[]) with ordinality as made (id, n)"
            f" where t.id = (select id from {table} order by id desc limit 1)",
            [new_id() for _ in range(times)],
        )


async def walked(browser: Browser, url: str, kind: str) -> tuple[list[str], list[str]]:
    """The ids on every page of a list by its links to the next one, and on the way back."""

    async def ids(url: str) -> tuple[list[str], str, str]:
        page = (await browser.get(url)).text
        found = re.findall(rf'(?:href|action)="/staff/{kind}/([0-9a-f-]{{36}})', page)
        assert len(found) <= PAGE
        links = {name: unescape(to) for name, to in re.findall(r'rel="(next|prev)" href="([^"]+)"', page)}
        return found, links.get("next", ""), links.get("prev", "")

    there: list[str] = []
    seen, following, before = await ids(url)
    there += seen
    while following:
        seen, following, before = await ids(following)
        there += seen
    back = [seen]
    while before:
        seen, following, before = await ids(before)
        back.append(seen)
    return there, [one for page in reversed(back) for one in page]


async def given_up(house: House, provider: str = "sandbox", type: str = "odd.one") -> UUID:
    """An event of a provider that could not be processed."""
    event = ProviderEvent(id=str(new_id()), kind=EventKind.PAYMENT, occurred_at=clock.now(), key="k", type=type)
    identifier = await inbox.accept(house.tenant.id, provider, event)
    async with db.unit(house.tenant.id):
        await db.execute(
            "update payments.inbox set dead_at = now(), last_error = 'TimeoutError: it never came'"
            " where tenant_id = $1 and id = $2", house.tenant.id, identifier,
        )  # fmt: skip
    return identifier


async def test_a_dead_letter_is_seen_however_much_came_after(portal: Portal) -> None:
    """Another provider's events, dead and alive, do not push a provider's own off its page."""
    house = portal.houses["falke"]
    await given_up(house, "another")
    await copied(house, "payments.inbox", 230, event_id="'e' || made.n", provider="'another'")
    lost = await given_up(house)
    await copied(house, "payments.inbox", 1, event_id="'f' || made.n")  # a neighbour, so that both are looked for
    await copied(house, "payments.inbox", 230, event_id="'g' || made.n", provider="'another'")
    browser = await staff(portal, "falke")

    assert f"/staff/events/{lost}/replay" in (await browser.get("/staff/providers/sandbox")).text


async def test_events_are_paged_and_narrowed(portal: Portal) -> None:
    """Every event of the provider, page after page and back; only those given up; none of another provider."""
    house = portal.houses["falke"]
    await given_up(house)
    await copied(house, "payments.inbox", MANY - 1, event_id="'e' || made.n")
    await given_up(house, "another")
    event = ProviderEvent(id="alive", kind=EventKind.PAYMENT, occurred_at=clock.now(), key="k", type="still.waiting")
    await inbox.accept(house.tenant.id, "sandbox", event)
    browser = await staff(portal, "falke")
    mine = [str(one.id) for one in await inbox.events(house.tenant.id, state="dead", limit=500, providers=["sandbox"])]

    here = "/staff/providers/sandbox/events"
    assert await walked(browser, here, "events") == (mine, mine)
    assert await walked(browser, f"{here}?kind=dead", "events") == (mine, mine)
    assert "still.waiting" in (await browser.get(f"{here}?kind=waiting")).text
    assert "odd.one" not in (await browser.get(f"{here}?kind=waiting")).text
    assert "No message matches." in words((await browser.get(f"{here}?kind=done")).text)
    assert here in (await browser.get("/staff/providers/sandbox")).text
    assert (await browser.get("/staff/providers/nobody/events")).status_code == 404


async def test_a_replay_that_comes_too_late_is_explained(portal: Portal) -> None:
    """Somebody else was faster: a page says so. What never was, or is another's, is still not found."""
    house = portal.houses["falke"]
    identifier = await given_up(house)
    theirs = await given_up(portal.houses["nordstern"])
    browser = await staff(portal, "falke")
    assert (await send(browser, f"/staff/events/{identifier}/replay")).status_code == 303

    late = await send(browser, f"/staff/events/{identifier}/replay")

    assert late.status_code == 303
    said = words((await browser.get(late.headers["location"])).text)
    assert "This message is no longer among those given up" in said
    assert (await send(browser, f"/staff/events/{new_id()}/replay")).status_code == 404
    assert (await send(browser, f"/staff/events/{theirs}/replay")).status_code == 404


async def test_a_message_of_a_provider_that_is_gone_is_replayed(portal: Portal) -> None:
    """Its plugin has no page any more, so the list of providers says that it is tried again."""
    identifier = await given_up(portal.houses["falke"], "vanished")
    browser = await staff(portal, "falke")

    answer = await send(browser, f"/staff/events/{identifier}/replay")

    assert answer.status_code == 303
    assert "The event is tried again." in words((await browser.get(answer.headers["location"])).text)


async def test_what_waits_is_counted_to_the_last(portal: Portal) -> None:
    """The start page counts every adjustment that waits, not those of a page."""
    house = portal.houses["falke"]
    me = Actor("person", str(house.people["staff@example.org"].id))
    await propose(house.tenant, house.customers["C-1"], Money.of("400", "GBP"), reason="a week without service",
                  idempotency="1", by=me)  # fmt: skip
    await copied(house, "wallets.adjustment", MANY - 1, idempotency="'k' || made.n")

    said = words((await (await staff(portal, "falke")).get("/staff")).text)

    assert f"{MANY} adjustments wait for a second person" in said


async def test_adjustments_are_paged(portal: Portal) -> None:
    """All that wait and all there are, page after page and back, the switch between them kept."""
    house = portal.houses["falke"]
    me = Actor("person", str(house.people["staff@example.org"].id))
    await propose(house.tenant, house.customers["C-1"], Money.of("400", "GBP"), reason="a week without service",
                  idempotency="1", by=me)  # fmt: skip
    await copied(house, "wallets.adjustment", MANY - 1, idempotency="'k' || made.n")
    await propose(house.tenant, house.customers["C-1"], Money.of("1", "GBP"), reason="a wrong number",
                  idempotency="2", by=me)  # fmt: skip
    browser = await staff(portal, "falke")

    waiting, back = await walked(browser, "/staff/adjustments", "adjustments")
    every, all_back = await walked(browser, "/staff/adjustments?view=all", "adjustments")

    assert (len(waiting), len({*waiting}), waiting) == (MANY, MANY, back)
    assert (len(every), every[1:], every) == (MANY + 1, waiting, all_back)


async def test_a_list_of_one_page_has_no_pager(portal: Portal) -> None:
    """Where nobody counted and nothing follows there is nothing to say."""
    await disputed(portal, await paid(portal, "50", "falke"), slug="falke")
    browser = await staff(portal, "falke")

    for path in ("/staff/disputes", "/staff/payments", "/staff/customers"):
        page = (await browser.get(path)).text
        assert '<table class="table">' in page
        assert 'class="pager"' not in page


async def test_disputes_are_paged(portal: Portal) -> None:
    """All that are open and all there are, page after page and back, the switch between them kept."""
    house = portal.houses["falke"]
    await disputed(portal, await paid(portal, "50", "falke"), slug="falke")
    await copied(house, "payments.dispute", MANY - 1, ref="'d' || made.n")
    won = await disputed(portal, await paid(portal, "60", "falke"), "won", slug="falke")
    browser = await staff(portal, "falke")

    still, back = await walked(browser, "/staff/disputes", "disputes")
    every, all_back = await walked(browser, "/staff/disputes?view=all", "disputes")

    assert (len(still), len({*still}), still) == (MANY, MANY, back)
    assert every == [str(won.id), *still]
    assert all_back == every


async def paused(house: House, number: str) -> None:
    """A customer whose automatic top-up has stopped."""
    customer = house.customers[number]
    provider = await providers.provider(house.tenant.id, "sandbox")
    async with open_book(provider.ctx) as book:
        card = (await book.add_method(str(customer.id), "decline")).public.ref

    def money(amount: str) -> Money:
        return Money.of(amount, "GBP")

    draft = Draft(money("5"), "fixed", money("25"), money("100"), "sandbox", card)
    await save(house.tenant, customer, draft, consent=Consent("Charge me.", "1", "en"), by=OPERATOR)
    async with db.unit(house.tenant.id):
        await db.execute(
            "update payments.rule set state = 'paused', reason = 'declined', paused_at = now(), declines = 3"
            " where tenant_id = $1", house.tenant.id,
        )  # fmt: skip


async def test_paused_customers_are_all_found(portal: Portal) -> None:
    """As many as the start page counts, page after page and back; and by a part of the name."""
    house = portal.houses["falke"]
    await paused(house, "C-1")
    made: list[Any] = [
        await create_customer(house.tenant.id, f"P-{n}", f"Kanzlei {n}", by=OPERATOR) for n in range(102)
    ]
    async with db.unit(house.tenant.id):
        await db.execute(
            "insert into payments.rule select (jsonb_populate_record(t, jsonb_build_object("
            "'wallet_id', made.wallet, 'customer_id', made.customer))).*"
            " from payments.rule t, unnest($1::uuid[], $2::uuid[]) as made (wallet, customer)",
            [one.wallet_id for one in made],
            [one.id for one in made],
        )
    browser = await staff(portal, "falke")
    assert "103 automatic top-ups are paused" in words((await browser.get("/staff")).text)

    there, back = await walked(browser, "/staff/customers?kind=paused", "customers")

    assert {*there} == {str(one.id) for one in (house.customers["C-1"], *made)}
    assert (len(there), there) == (103, back)
    assert await walked(browser, "/staff/customers?kind=paused&q=kanzlei+77", "customers") == ([str(made[77].id)],) * 2

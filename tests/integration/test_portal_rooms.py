"""The rooms of the portal as their customers see them, and only theirs."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta
from html import unescape

import asyncpg
import pytest

from askpro import clock, db
from askpro.errors import NotFound
from askpro.ids import new_id
from askpro.ledger.accounts import AccountKind
from askpro.ledger.queries import statement
from askpro.ledger.queries import wallet as read_wallet
from askpro.ledger.service import ensure_account, post_many, set_terms
from askpro.ledger.transfer import Transfer
from askpro.payments import queries as payments
from askpro.pluginhost.service import disable
from askpro.sdk.context import TenantRef
from askpro.tenancy import tax
from askpro.wallets import queries
from askpro.wallets.service import set_notices
from askpro.web.portal import overview
from askpro.web.portal.glance import glance
from portal_house import Browser, Portal, portal, ring
from support.listening import listening
from web_site import OPERATOR

pytestmark = pytest.mark.anyio
__all__ = ("portal",)


def words(html: str) -> str:
    """What a reader sees, in one line."""
    body = html.partition("<body>")[2]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).replace("\N{NO-BREAK SPACE}", " ").split())


async def guest(portal: Portal, slug: str = "nordstern", email: str = "anna@example.org") -> Browser:
    browser = await portal.browser(slug)
    assert (await browser.sign_in(email)).status_code == 303
    return browser


async def review(browser: Browser, amount: str = "50.00") -> dict[str, str]:
    """From the form to the check page; the fields of its form."""
    await browser.get("/topup")
    answer = await browser.post("/topup/review", {"amount": amount, "method": "sandbox"})
    assert answer.status_code == 303, answer.text
    page = (await browser.get(answer.headers["location"])).text
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
    assert set(fields) == {"_csrf", "idempotency_key", "amount", "method", "gross"}
    return fields


async def pay(browser: Browser, choice: str, amount: str = "50.00") -> tuple[str, str]:
    """The whole way with one choice at the provider: (order's address, words of its page)."""
    answer = await browser.post("/topup/pay", await review(browser, amount))
    checkout = answer.headers["location"]
    assert checkout.startswith("/x/sandbox/checkout/")
    await browser.get(checkout)
    answer = await browser.post(checkout, {"choice": choice})
    base = str(browser.client.base_url).rstrip("/")
    assert answer.headers["location"].startswith(f"{base}/topup/")
    order = answer.headers["location"].removeprefix(base)
    return order.removesuffix("?back=1"), words((await browser.get(order)).text)


# top-up


async def test_a_top_up_from_the_form_to_the_balance(portal: Portal) -> None:
    """50.00 of credit cost 59.50; the check page says so, the provider is paid that, the wallet gets 50.00."""
    browser = await guest(portal)
    await review(browser)
    shown = words(browser.page)
    assert "59,50 € zahlungspflichtig aufladen" in shown
    assert all(text in shown for text in ("50,00 €", "19 %", "9,50 €", "Guthaben danach"))

    order, said = await pay(browser, "succeed")

    assert "50,00 € wurden Ihrem Guthaben gutgeschrieben." in said
    assert await portal.balance() == 50_000_000
    assert "+50,00 €" in words((await browser.get("/transactions")).text)
    assert order in browser.page


async def test_in_another_brand_money_and_words_are_others(portal: Portal) -> None:
    """Falke: pounds, English, 20 per cent; the customer of the same name at Nordstern has nothing of it."""
    browser = await guest(portal, "falke")
    _, said = await pay(browser, "succeed", "25.00")

    assert "£25.00 has been added to your credit." in said
    assert "£30.00" in said
    assert (await portal.balance("falke"), await portal.balance("nordstern")) == (25_000_000, 0)


@pytest.mark.parametrize(
    ("choice", "said", "state"),
    [
        ("decline", "Die Zahlung wurde abgelehnt", "Fehlgeschlagen"),
        ("cancel", "Sie haben die Zahlung abgebrochen.", ""),
        ("pending", "Ihre Zahlung ist unterwegs", "Ausstehend"),
        ("timeout", "Bitte zahlen Sie nicht noch einmal.", "Wird geprüft"),
    ],
)
async def test_what_is_not_paid_is_said_and_not_credited(portal: Portal, choice: str, said: str, state: str) -> None:
    """Declined, cancelled, pending and unknown each have their words, their line, and no credit."""
    browser = await guest(portal)
    order, page = await pay(browser, choice)
    lines = words((await browser.get("/transactions")).text)

    assert said in page
    assert await portal.balance() == 0
    assert (state in lines and order in browser.page) if state else order not in browser.page


async def test_a_page_that_waits_asks_again_by_itself_and_a_finished_one_does_not(portal: Portal) -> None:
    """Only while something is to be expected, and not for days."""
    browser = await guest(portal)
    order, _ = await pay(browser, "pending")
    assert (await browser.get(order)).headers["refresh"] == f"5; url={order}"

    with clock.frozen(clock.now() + timedelta(seconds=20)):
        assert "refresh" in (await browser.get(order)).headers
    with clock.frozen(clock.now() + timedelta(minutes=11)):
        done = await browser.get(order)
    assert "refresh" not in done.headers
    assert "wurden Ihrem Guthaben gutgeschrieben" in words(done.text)
    assert await portal.balance() == 50_000_000


async def test_three_d_secure_asks_once_more(portal: Portal) -> None:
    """The bank's question is asked on the provider's page; yes leads to credit."""
    browser = await guest(portal)
    answer = await browser.post("/topup/pay", await review(browser))
    checkout = answer.headers["location"]
    await browser.get(checkout)
    assert (await browser.post(checkout, {"choice": "challenge"})).headers["location"] == checkout
    await browser.get(checkout)
    await browser.post(checkout, {"choice": "confirm"})

    assert await portal.balance() == 50_000_000


async def test_the_button_makes_one_payment(portal: Portal) -> None:
    """The same form sent five times leads to one order and one page of the provider (failure 5)."""
    browser = await guest(portal)
    fields = await review(browser)
    found = {(await browser.post("/topup/pay", fields)).headers["location"] for _ in range(5)}

    assert len(found) == 1
    async with db.unit(portal.houses["nordstern"].tenant.id):
        assert await db.fetchval("select count(*) from payments.orders") == 1

    again = await browser.post("/topup/pay", {**fields, "amount": "60.00"})
    assert again.headers["location"] == "/topup/review?amount=60.00&method=sandbox&done=changed"


async def test_nobody_pays_a_price_that_was_not_shown(portal: Portal) -> None:
    """When the tax changed between check page and button, the check page comes back with a word about it."""
    browser = await guest(portal)
    fields = await review(browser)
    tenant = portal.houses["nordstern"].tenant
    today = clock.civil_day(clock.now(), tenant.timezone)
    await tax.set_rate(tenant.id, today, tax.Decimal("0.16"), by=OPERATOR)
    answer = await browser.post("/topup/pay", fields)

    assert answer.headers["location"] == "/topup/review?amount=50.00&method=sandbox&done=changed"
    onward = (await browser.get(answer.headers["location"])).headers["location"]
    assert "58,00 € zahlungspflichtig aufladen" in words((await browser.get(onward)).text)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"amount": "other", "other": "4,99", "method": "sandbox"}, "Geben Sie einen Betrag von 5,00 € bis"),
        ({"amount": "other", "other": "12,345", "method": "sandbox"}, "Dieser Betrag hat zu viele Nachkommastellen"),
        ({"amount": "other", "other": "<b>x", "method": "sandbox"}, "Geben Sie einen Betrag von"),
        ({"amount": "1000.01", "method": "sandbox"}, "Geben Sie einen Betrag von"),
        ({"amount": "50.00", "method": "stripe"}, "Wählen Sie eine Zahlungsart"),
        ({}, "Geben Sie einen Betrag von"),
    ],
)
async def test_a_wrong_entry_is_explained_and_kept(portal: Portal, fields: dict[str, str], said: str) -> None:
    """What is wrong is said on top and at the field; what was typed is still there, as text."""
    browser = await guest(portal)
    await browser.get("/topup")
    answer = await browser.post("/topup/review", fields)

    assert answer.status_code == 422
    assert words(answer.text).count(said) == 2
    assert "<title>Fehler:" in answer.text
    assert 'role="alert"' in answer.text
    assert "<b>x" not in answer.text
    if typed := fields.get("other", "").replace("<b>x", ""):
        assert f'value="{typed}"' in answer.text


async def test_an_amount_is_typed_in_the_readers_way(portal: Portal) -> None:
    """12,50 in German, 12.50 in English; the check page can go back to what was chosen."""
    german, english = await guest(portal), await guest(portal, "falke")
    for browser, typed in ((german, "12,50"), (english, "12.50")):
        await browser.get("/topup")
        answer = await browser.post("/topup/review", {"amount": "other", "other": typed, "method": "sandbox"})
        assert answer.headers["location"].startswith("/topup/review?amount=12.50&method=sandbox&key=")
    back = await german.get("/topup?amount=12.50&method=sandbox")
    assert 'value="12.50"' in back.text


async def test_a_house_without_a_provider_says_so(portal: Portal) -> None:
    """No form, no dead end: an explanation on the page, none on the overview."""
    tenant = portal.houses["nordstern"].tenant
    await disable(portal.app.litestar.state["host"], TenantRef(tenant.id), "sandbox", by="tests")
    browser = await guest(portal)

    assert "Zurzeit ist keine Zahlungsart" in words((await browser.get("/topup")).text)
    assert "/topup/review" not in (await browser.get("/")).text
    await browser.get("/settings")
    assert (await browser.post("/topup/pay", {"amount": "50.00"})).headers["location"] == "/topup"


async def test_an_unfinished_payment_can_be_continued(portal: Portal) -> None:
    """Going back from the provider's page: nothing was charged, and the way on is there."""
    browser = await guest(portal)
    answer = await browser.post("/topup/pay", await review(browser))
    async with db.unit(portal.houses["nordstern"].tenant.id):
        order = await db.fetchval("select id from payments.orders")
    page = await browser.get(f"/topup/{order}")

    assert "Diese Zahlung ist noch nicht abgeschlossen" in words(page.text)
    assert f'href="{answer.headers["location"]}"' in page.text
    assert str(order) not in (await browser.get("/transactions")).text


# whose is it


async def test_customers_see_their_own_things_only(portal: Portal) -> None:
    """Orders and calls of a neighbour in the house, and of the other house, do not exist."""
    house = portal.houses["nordstern"]
    await ring(house, "C-1")
    anna = await guest(portal)
    order, _ = await pay(anna, "succeed")
    call = re.search(r'href="(/calls/[0-9a-f-]{36})"', (await anna.get("/calls")).text)
    assert call
    assert (await anna.get(call[1])).status_code == 200

    for other in (await guest(portal, email="ben@example.org"), await guest(portal, "falke")):
        for path in (order, call[1]):
            assert (await other.get(path)).status_code == 404
        assert re.search("Noch keine Anrufe|No calls yet", words((await other.get("/calls")).text))
        assert order not in (await other.get("/transactions")).text


async def test_an_error_page_speaks_to_people(portal: Portal) -> None:
    """What is written for those who program, in English, stands on no page; machines are told as before."""
    anna = await guest(portal)
    path = f"/calls/{new_id()}"

    page = await anna.get(path)
    problem = await anna.client.get(path, headers={"Accept": "application/json"})

    assert "Das gibt es nicht." in words(page.text)
    assert "there is no such call" not in page.text
    assert problem.json()["detail"] == "there is no such call"


# lists


async def test_calls_are_listed_narrowed_and_explained(portal: Portal) -> None:
    """By direction, number and day; each with its price step by step, adding up to what was booked."""
    house = portal.houses["nordstern"]
    await ring(house, days=2, calls=4)
    browser = await guest(portal)
    page = (await browser.get("/calls")).text
    assert page.count('href="/calls/') == 8
    assert "Nicht angenommen" in words(page)
    assert (await browser.get("/calls?kind=outbound")).text.count('href="/calls/') == 4
    assert (await browser.get("/calls?q=%2B4989")).text.count('href="/calls/') == 4
    assert "Kein Anruf passt dazu." in words((await browser.get("/calls?q=000000")).text)
    day = (clock.civil_day(clock.now(), "Europe/Berlin") - timedelta(days=2)).isoformat()
    assert (await browser.get(f"/calls?start={day}&end={day}")).text.count('href="/calls/') == 4
    assert (await browser.get("/calls?start=nonsense&kind=x&after=rubbish")).status_code == 200

    decimals = {len(one) for one in re.findall(r'<td class="figure">[^<]*,(\d+)\xa0€</td>', unescape(page))}
    assert decimals == {4}, "a column's figures have as many decimals as its finest"
    for path in re.findall(r'href="(/calls/[0-9a-f-]{36})"', page):
        text = words((await browser.get(path)).text)
        steps = re.findall(r'<td class="figure">[^<]*,(\d+)\xa0€</td>', unescape(browser.page))
        assert len(set(map(len, steps))) == 1
        assert "So entsteht der Preis" in text
        assert "gültig am" in text or "Niemand hat abgenommen" in text
        assert "/ 60 ×" in text or "Niemand hat abgenommen" in text


async def test_long_lists_are_paged_there_and_back(portal: Portal) -> None:
    """60 calls on three pages, none twice, none missing; back leads to the very same pages."""
    house = portal.houses["nordstern"]
    await ring(house, days=3, calls=20)
    browser = await guest(portal)
    seen: list[str] = []
    first = page = (await browser.get("/calls")).text
    pages = 1
    for _ in range(5):
        seen += re.findall(r'href="(/calls/[0-9a-f-]{36})"', page)
        onward = re.search(r'rel="next" href="([^"]+)"', page)
        if not onward:
            break
        page, pages = (await browser.get(unescape(onward[1]))).text, pages + 1
    assert (len(seen), len(set(seen)), pages) == (60, 60, 3)
    assert "51–60 von 60" in words(page)

    for _ in range(2):
        back = re.search(r'rel="prev" href="([^"]+)"', page)
        assert back
        page = (await browser.get(unescape(back[1]))).text
    assert re.findall(r'href="(/calls/[^"?]+)"', page) == re.findall(r'href="(/calls/[^"?]+)"', first)


async def test_transactions_mix_bookings_and_what_is_not_booked(portal: Portal) -> None:
    """In the order in which things happened, with sums of the booked lines only, over page borders."""
    browser, house = await guest(portal), portal.houses["nordstern"]
    await pay(browser, "succeed", "10.00")
    await pay(browser, "decline", "25.00")
    await pay(browser, "succeed", "50.00")
    tenant, wallet = house.tenant.id, house.customers["C-1"].wallet_id
    clearing = await ensure_account(tenant, AccountKind.ADJUSTMENT, "EUR")
    now = clock.now()
    await post_many([
        Transfer(tenant=tenant, debit=wallet, credit=clearing, amount=100_000, kind="adjustment", key=str(new_id()),
                 day=now.date(), occurred_at=now, actor="t", reason=f"=cmd|{n}")
        for n in range(24)
    ])  # fmt: skip
    await pay(browser, "pending", "100.00")
    page = words((await browser.get("/transactions")).text)
    assert page.index("+100,00 €") < page.index("−0,10 €") < page.index("+50,00 €")
    assert "+25,00 €" not in page  # between the last two bookings: it belongs to the next page
    assert "+57,60 €" in page  # of all pages

    onward = re.search(r'rel="next" href="([^"]+)"', browser.page)
    assert onward
    rest = words((await browser.get(unescape(onward[1]))).text)
    assert rest.index("+25,00 €") < rest.index("+10,00 €")
    assert "+100,00 €" not in rest
    assert "Erneut versuchen" in rest

    only = words((await browser.get("/transactions?kind=topup")).text)
    assert "−0,10 €" not in only
    assert "+60,00 €" in only
    assert "Filter löschen" in words((await browser.get("/transactions?kind=calls")).text)


async def test_downloads_hold_what_the_page_shows_and_no_formula(portal: Portal) -> None:
    """CSV of the current filter, for a German spreadsheet; what somebody wrote stays text."""
    browser, house = await guest(portal), portal.houses["nordstern"]
    await pay(browser, "succeed", "10.00")
    tenant, wallet = house.tenant.id, house.customers["C-1"].wallet_id
    clearing = await ensure_account(tenant, AccountKind.ADJUSTMENT, "EUR")
    now = clock.now()
    await post_many([
        Transfer(tenant=tenant, debit=wallet, credit=clearing, amount=123_456, kind="adjustment", key="k",
                 day=now.date(), occurred_at=now, actor="t", reason='=HYPERLINK("http://evil.example")')
    ])  # fmt: skip
    answer = await browser.get("/transactions.csv")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")), delimiter=";"))

    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.headers["content-disposition"] == 'attachment; filename="nordstern-transactions.csv"'
    assert [(row["kind"], row["amount"], row["balance"]) for row in rows] == [
        ("adjustment", "-0,123456", "9,876544"),
        ("topup", "10,000000", "10,000000"),
    ]
    assert rows[0]["reference"].startswith("'=")
    only = (await browser.get("/transactions.csv?kind=topup")).content.decode("utf-8-sig")
    assert len(only.splitlines()) == 2

    await ring(house, days=1)
    calls = list(csv.DictReader(io.StringIO((await browser.get("/calls.csv")).text.lstrip("\ufeff")), delimiter=";"))
    assert len(calls) == 4
    assert {row["number"] for row in calls} == {"'+49895550101", "'+49305550142"}


# overview


async def test_the_overview_rounds_down_and_tells_what_is_left(portal: Portal) -> None:
    """0.129 EUR are shown as 0,12 €, a balance below the customer's threshold is mentioned, a lock is too."""
    browser, house = await guest(portal), portal.houses["nordstern"]
    tenant, wallet = house.tenant.id, house.customers["C-1"].wallet_id
    await pay(browser, "succeed", "50.00")
    await ring(house, days=3)
    page = words((await browser.get("/")).text)
    assert "Guten Tag, Anna Wagner-Rösch" in page
    units = await portal.balance()
    assert units % 10_000, "the sample balance should not be a whole cent"
    assert f"Verfügbares Guthaben {units // 1_000_000},{units // 10_000 % 100:02} €" in page
    assert "Ihr Guthaben wird knapp" not in page

    await set_notices(tenant, wallet, thresholds=[100_000_000])
    assert "Ihr Guthaben wird knapp" in words((await browser.get("/")).text)
    await set_terms(tenant, wallet, frozen=True)
    assert "Ihr Konto ist gesperrt" in words((await browser.get("/")).text)


@pytest.mark.parametrize("days", [7, 30, 90])
async def test_the_chart_has_every_day_and_adds_up(portal: Portal, days: int) -> None:
    """As many bars as days; its total is that of the parts and what the wallet paid."""
    browser, house = await guest(portal), portal.houses["nordstern"]
    await pay(browser, "succeed", "50.00")
    await ring(house, days=3)
    page = (await browser.get(f"/?days={days}")).text
    paid = 50_000_000 - await portal.balance()

    assert page.count('class="chart-slot"') == days
    total = f"{(paid + 5_000) // 10_000 / 100:.2f}".replace(".", ",")
    assert f"Letzte {days} Tage: {total} €" in words(page)
    assert f"Summe {total} €" in words(page)


async def test_one_slow_section_leaves_the_rest(portal: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    """Costs that cannot be had are said to be missing; balance and transactions are there."""
    browser = await guest(portal)
    await pay(browser, "succeed", "50.00")

    async def slow(*_: object) -> None:
        await db.call("select pg_sleep(5)")

    monkeypatch.setattr(overview, "_PATIENCE", 0.05)
    monkeypatch.setattr(queries, "costs", slow)
    page = words((await browser.get("/")).text)

    assert "Ihre Kosten können gerade nicht angezeigt werden." in page
    assert "50,00 €" in page


async def test_the_overview_takes_three_round_trips(portal: Portal) -> None:
    """Visitor, wallet with its bookings, costs: however many calls there are."""
    browser, house = await guest(portal), portal.houses["nordstern"]
    await pay(browser, "succeed", "50.00")
    await browser.get("/")
    heard: list[str] = []
    found = []
    for days in (1, 4):
        await ring(house, days=days, calls=10)
        await browser.get("/")  # what is asked once in some seconds is known now
        heard.clear()
        with listening(heard):
            await browser.get("/")
        found.append([sql for sql in heard if "tenancy.stamp()" not in sql])

    assert [len(one) for one in found] == [3, 3], found


async def test_the_glance_is_what_the_long_way_gives(portal: Portal) -> None:
    """One function in the database and the queries of ledger and payments tell the same, and only their own tenant."""
    browser, house = await guest(portal), portal.houses["nordstern"]
    tenant, wallet = house.tenant.id, house.customers["C-1"].wallet_id
    for choice, amount in (("succeed", "10.00"), ("decline", "25.00"), ("pending", "50.00"), ("succeed", "100.00")):
        await pay(browser, choice, amount)
    await ring(house, days=4)
    for limit in (1, 3, 20):
        seen = await glance(tenant, wallet, limit)
        async with db.unit(tenant):
            lines = await statement(tenant, wallet, limit=limit)
            since = lines[-1].booked_at if limit < 6 else None
            assert await read_wallet(tenant, wallet) == seen.wallet
            assert tuple(lines) == seen.lines
            assert tuple(await payments.unbooked(tenant, wallet, since=since, limit=limit)) == seen.orders
            assert await payments.by_transfer(tenant, wallet, [line.id for line in lines]) == seen.paid
            assert (await glance(tenant, wallet, limit)) == seen
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with db.unit(portal.houses["falke"].tenant.id):
                await glance(tenant, wallet, limit)
    with pytest.raises(NotFound):
        await glance(portal.houses["falke"].tenant.id, wallet, 3)


# settings


async def test_the_language_is_switched_by_a_link_and_by_the_settings(portal: Portal) -> None:
    """A link for this browser; the form for the person, in every browser from then on."""
    browser = await guest(portal)
    answer = await browser.get("/language/en?next=/calls")
    assert answer.headers["location"] == "/calls"
    assert '<html lang="en"' in (await browser.get("/")).text
    assert (await browser.get("/language/xx")).status_code == 404

    other = await guest(portal)
    assert '<html lang="de"' in (await other.get("/settings")).text
    await other.post("/settings/language", {"language": "en"})
    assert '<html lang="en"' in (await other.get("/")).text
    third = await guest(portal)
    assert '<html lang="en"' in (await third.get("/")).text


async def test_the_colours_are_kept_without_script(portal: Portal) -> None:
    """``data-scheme`` follows the choice, from a cookie; nonsense is refused."""
    browser = await guest(portal)
    for scheme in ("dark", "light", "auto"):
        await browser.get("/settings")
        assert (await browser.post("/settings/appearance", {"scheme": scheme})).status_code == 303
        assert f'data-scheme="{scheme}"' in (await browser.get("/settings")).text
    assert (await browser.post("/settings/appearance", {"scheme": "x"})).status_code == 422


async def test_a_password_is_changed_with_the_old_one(portal: Portal) -> None:
    """Wrong old one, unequal or weak new ones change nothing; a change ends every other session."""
    browser, other = await guest(portal), await guest(portal)
    old, new = "correct horse battery 7", "another long sentence 8"
    await browser.get("/settings")
    for fields, field in (
        ({"current": "wrong", "new": new, "repeat": new}, "f-current-fault"),
        ({"current": old, "new": new, "repeat": new + "x"}, "f-repeat-fault"),
        ({"current": old, "new": "password1", "repeat": "password1"}, "f-new-fault"),
        ({"current": old, "new": "short", "repeat": "short"}, "f-new-fault"),
    ):
        answer = await browser.post("/settings/password", fields)
        assert (answer.status_code, field in answer.text, new not in answer.text) == (422, True, True)
    assert (await other.get("/settings")).status_code == 200

    before = browser.session
    answer = await browser.post("/settings/password", {"current": old, "new": new, "repeat": new})
    assert (answer.status_code, browser.session != before) == (303, True)
    assert (await browser.get("/settings")).status_code == 200
    assert (await other.get("/settings")).status_code == 303
    fresh = await portal.browser()
    assert (await fresh.sign_in(password=old)).status_code == 422
    assert (await fresh.sign_in(password=new)).status_code == 303


async def test_each_house_has_its_own_sheet_and_files(portal: Portal) -> None:
    """Style sheets differ and are kept for a year; robots are kept out; a neighbour's sheet is not served."""
    sheets = {}
    for slug in ("nordstern", "falke"):
        browser = await portal.browser(slug)
        page = (await browser.get("/sign-in")).text
        url = re.search(r'href="(/theme/[^"]+\.css)"', page)
        assert url
        sheets[slug] = url[1]
        answer = await browser.get(url[1])
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
        assert "Disallow: /" in (await browser.get("/robots.txt")).text
        assert (await browser.get("/favicon.ico")).status_code == 204
    browser = await portal.browser("falke")
    assert (await browser.get(sheets["nordstern"])).status_code == 404

"""Direct debit in the real house: the customer's and the staff's pages, and the core's books behind them."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sepa_bench import IBAN, SETTINGS, camt, entry

from askpro import clock, db
from askpro.app import create_app
from askpro.ids import new_id
from askpro.ledger.proof import prove
from askpro.money import Money
from askpro.payments import disputes, methods, providers, queries
from askpro.payments.charges import Source
from askpro.payments.consent import Consent
from askpro.payments.model import Order
from askpro.payments.topup import begin_checkout, create_order
from askpro.pluginhost import Host, migrate_plugins
from askpro.pluginhost.service import enable, offer, save_settings
from askpro.sdk.context import TenantRef
from askpro_sepa.inspecting import inspect
from paying import debited, with_sandbox
from portal_house import Browser, House, Portal, furnish, ring
from web_site import OPERATOR, running, settings_for

pytestmark = pytest.mark.anyio
EURO = Money.of(50, "EUR")
AGREED = Consent("Ihr Konto darf später belastet werden.", "1", "de")


@pytest.fixture
async def portal(empty_database: Any) -> AsyncIterator[Portal]:
    """Both brands with direct debit, the German one in euro and the British one in pounds."""
    app = create_app(settings_for(empty_database, plugins=("sandbox", "sepa")))
    host: Host = app.litestar.state["host"]
    await migrate_plugins(empty_database.admin_dsn, host.migrations())
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(running(app))
        await with_sandbox(host, empty_database.admin_dsn)
        await offer(host, "sepa", by="tests")
        houses = await furnish(host)
        for house in houses.values():
            ref = TenantRef(house.tenant.id)
            await save_settings(host, ref, "sepa", {**SETTINGS, "notice_days": "3"}, by="tests")
            await enable(host, ref, "sepa", by="tests")
        yield Portal(app, stack, houses)


@pytest.fixture
def move(monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], None]:
    """Moves the clock of everybody."""
    moved, real = [timedelta()], clock.now
    monkeypatch.setattr(clock, "now", lambda: real() + moved[0])

    def by(time: timedelta) -> None:
        moved[0] += time

    return by


async def customer_of(portal: Portal, email: str = "anna@example.org") -> Browser:
    browser = await portal.browser()
    assert (await browser.sign_in(email)).status_code == 303
    return browser


async def staff_of(portal: Portal, slug: str = "nordstern") -> Browser:
    browser = await portal.browser(slug)
    assert (await browser.sign_in("staff@example.org")).status_code == 303
    return browser


async def ordered(house: House, net: Money = EURO, number: str = "C-1") -> tuple[Order, str]:
    """An order and the address of its page."""
    customer = house.customers[number]
    order = await create_order(house.tenant, customer, net, "sepa", idempotency=str(new_id()), by=OPERATOR)
    return await begin_checkout(
        house.tenant, customer, order.id, by=OPERATOR, description=f"Guthaben, Auftrag {order.reference}",
        return_url=f"/topup/{order.id}", cancel_url=f"/topup/{order.id}", locale="de",
    )  # fmt: skip


def fields_of(page: str) -> dict[str, str]:
    """The hidden fields of the form that gives a new mandate."""
    form = page[page.rindex('name="use" value="new"') - 400 :]
    return {name: re.search(rf'name="{name}" value="([^"]*)"', form)[1] for name in ("day", "text")}  # type: ignore[index]


async def agree(browser: Browser, url: str, **changes: str) -> Any:
    """Give a mandate on the page."""
    assert (await browser.get(url)).status_code == 200
    filled = {"use": "new", "name": "Anna Wagner-Rösch", "iban": "DE89 3704 0044 0532 0130 00", "consent": "1",
              "choice": "agree", **fields_of(browser.page), **changes}  # fmt: skip
    return await browser.post(url, filled)


async def state_of(house: House, order: Order) -> str:
    return (await queries.order(house.tenant.id, order.id)).state


async def end_to_end(house: House, order: Order) -> str:
    attempt = await queries.attempt_of_order(house.tenant.id, order.id)
    assert attempt is not None
    async with db.unit(house.tenant.id):
        found: UUID = await db.fetchval(
            "select id from plug_sepa.debit where tenant_id = $1 and key = $2", house.tenant.id, str(attempt.id)
        )
    return f"AP{found.hex.upper()}"


async def write_file(staff: Browser) -> tuple[str, bytes]:
    """Write the queue into a file on the staff's page; its address and its bytes."""
    await staff.get("/x/sepa/staff")
    answer = await staff.post("/x/sepa/staff/export", {"until": ""})
    place = answer.headers["location"]
    assert re.fullmatch(r"/x/sepa/staff/files/[0-9a-f-]{36}", place), place
    data = await staff.get(f"{place}/download")
    assert data.headers["content-type"].startswith("application/xml")
    assert re.fullmatch(r'attachment; filename="NORD-[\w-]+\.xml"', data.headers["content-disposition"])
    return place, data.content


async def hand_in(staff: Browser, data: bytes) -> str:
    """Upload what the bank sent; the report's page."""
    await staff.get("/x/sepa/staff")
    files = {"statement": ("auszug.xml", data, "application/xml")}
    answer = await staff.post("/x/sepa/staff/upload", files=files)
    page = await staff.get(answer.headers["location"])
    assert page.status_code == 200
    return page.text


async def test_a_topup_by_direct_debit(portal: Portal) -> None:
    """Page → pending → file → statement → credited once, also when the statement comes twice; the books agree."""
    house = portal.houses["nordstern"]
    order, url = await ordered(house)
    anna = await customer_of(portal)
    answer = await agree(anna, url)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/topup/{order.id}")
    assert await state_of(house, order) == "pending"
    assert (await anna.get(url)).status_code == 200
    assert "Diese Seite ist erledigt." in anna.page
    assert (await portal.balance()) == 0

    staff = await staff_of(portal)
    _, data = await write_file(staff)
    seen = inspect(data)
    assert (seen.faults, seen.cents) == ((), order.gross.units // 10_000)
    assert b"<SeqTp>OOFF</SeqTp>" in data
    assert order.reference.encode() in data

    statement = camt([entry(order.gross, await end_to_end(house, order))])
    await hand_in(staff, statement)
    await hand_in(staff, statement)
    assert await state_of(house, order) == "settled"
    assert await portal.balance() == EURO.units
    assert await prove(house.tenant.id) == []


async def test_a_saved_mandate_is_charged_and_the_money_comes_back(portal: Portal) -> None:
    """Mandate → charge while away → file → credit → spent or not, a return takes it all back: the wallet goes below
    zero, the mandate is closed, nothing is taken twice, and the books agree."""
    house = portal.houses["nordstern"]
    tenant, customer = house.tenant, house.customers["C-1"]
    anna = await customer_of(portal)
    url = await methods.begin_setup(
        tenant, customer, "sepa", consent=AGREED, by=OPERATOR, return_url="/settings", cancel_url="/", locale="de"
    )
    assert (await agree(anna, url)).status_code == 303
    (view,) = await methods.of_customer(tenant, customer, locale="de")
    assert (view.title, view.method.label) == ("SEPA-Lastschrift", "DE•• •••• 3000")

    source = Source("sepa", view.method.ref, view.method.label, view.method.mandate)
    order = await debited(tenant, customer, EURO, source)
    assert order.state == "pending"
    staff = await staff_of(portal)
    _, data = await write_file(staff)
    assert b"<SeqTp>RCUR</SeqTp>" in data
    number = await end_to_end(house, order)
    await hand_in(staff, camt([entry(order.gross, number)]))
    assert await portal.balance() == EURO.units
    await ring(house)
    spent = EURO.units - await portal.balance()
    assert spent > 0

    fee = Money.of("3.50", "EUR")
    back = camt([entry(order.gross + fee, number, credit=False, reason="MD01", charges=fee)])
    for _ in range(2):
        page = await hand_in(staff, back)
    assert "Nach der Gutschrift zurückgegeben" in page
    (case,) = await disputes.of_order(tenant.id, order.id)
    assert (case.state, case.net, case.amount, case.reason) == ("lost", EURO, order.gross, "MD01")
    assert await portal.balance() == -spent
    assert await prove(tenant.id) == []
    assert await methods.of_customer(tenant, customer, locale="de") == []
    refused = await debited(tenant, customer, EURO, source)
    assert (refused.state, refused.reason) == ("declined", "mandate_revoked")


async def test_what_is_wrong_is_said_at_the_field(portal: Portal) -> None:
    """IBAN, name, agreement, another day or text than was shown: the page again with 422, and nothing is agreed."""
    house = portal.houses["nordstern"]
    order, url = await ordered(house)
    anna = await customer_of(portal)
    for changes, said in (
        ({"iban": "DE89370400440532013001"}, "keine gültige IBAN"),
        ({"iban": "GB29NWBK60161331926819"}, "Europäischen Wirtschaftsraum"),
        ({"name": "🚀"}, "Namen des Kontoinhabers"),
        ({"consent": ""}, "stimmen Sie dem Mandat zu"),
        ({"day": "2026-01-01"}, "hat sich inzwischen geändert"),
        ({"text": "0" * 16}, "hat sich inzwischen geändert"),
    ):
        answer = await agree(anna, url, **changes)
        assert (answer.status_code, said in answer.text) == (422, True), changes
        assert 'aria-invalid="true"' in answer.text
        assert await state_of(house, order) == "new"
    async with db.unit(house.tenant.id):
        assert await db.fetchval("select count(*) from plug_sepa.mandate") == 0
    await anna.get(url)
    answer = await anna.post(url, {"choice": "cancel"})
    assert answer.status_code == 303
    assert await state_of(house, order) == "declined"


async def test_paying_again_by_the_mandate_one_has(portal: Portal) -> None:
    """Nobody types an IBAN twice: an active mandate of the customer's own is offered and used."""
    house = portal.houses["nordstern"]
    tenant, customer = house.tenant, house.customers["C-1"]
    anna, ben = await customer_of(portal), await customer_of(portal, "ben@example.org")
    url = await methods.begin_setup(
        tenant, customer, "sepa", consent=AGREED, by=OPERATOR, return_url="/", cancel_url="/", locale="de"
    )
    await agree(anna, url)
    order, url = await ordered(house)
    await anna.get(url)
    ref = re.search(r'name="use" value="([^"]+)"', anna.page)
    day = re.search(r'name="day" value="([^"]+)"', anna.page)
    assert ref is not None
    assert day is not None
    assert "DE•• •••• 3000" in anna.page
    assert IBAN not in anna.page
    answer = await anna.post(url, {"use": ref[1], "day": day[1], "choice": "agree"})
    assert answer.status_code == 303
    assert await state_of(house, order) == "pending"
    await anna.get("/x/sepa/mine")
    assert "Angekündigte Einzüge" in anna.page
    assert order.reference in anna.page
    place = re.search(r"/x/sepa/mine/[0-9a-f-]{36}", anna.page)
    assert place is not None
    assert (await ben.get(place[0])).status_code == 404
    assert (await ben.get(url)).status_code == 404
    await anna.get(place[0])
    assert "acht Wochen" in anna.page
    assert (await anna.post(place[0], {})).status_code == 303
    assert await state_of(house, order) == "declined"
    assert await methods.of_customer(tenant, customer, locale="de") == []


async def test_only_for_euro(portal: Portal) -> None:
    """A house whose wallets are in pounds does not offer it."""
    falke, north = portal.houses["falke"].tenant, portal.houses["nordstern"].tenant
    assert "sepa" in {way.key for way in await providers.ways(north.id, EURO, locale="de")}
    assert "sepa" not in {way.key for way in await providers.ways(falke.id, Money.of(50, "GBP"), locale="en")}


STAFF_PAGES = ("/staff", "/staff/collections", "/staff/returns", "/staff/mandates", "/staff/collections.csv",
               "/staff/mandates.csv")  # fmt: skip


async def test_who_may_see_what(portal: Portal) -> None:
    """Staff pages are the staff's, the customer's pages the customer's; another house's files do not exist."""
    house = portal.houses["nordstern"]
    _, url = await ordered(house)
    anna, staff = await customer_of(portal), await staff_of(portal)
    await agree(anna, url)
    place, _ = await write_file(staff)
    stranger, falke = await portal.browser(), await staff_of(portal, "falke")
    for path in STAFF_PAGES:
        assert (await staff.get(f"/x/sepa{path}")).status_code == 200, path
        assert (await anna.get(f"/x/sepa{path}")).status_code == 403
        assert (await stranger.get(f"/x/sepa{path}")).status_code == 303
    assert (await staff.get("/x/sepa/mine")).status_code == 403
    for path in (place, f"{place}/download"):
        assert (await falke.get(path)).status_code == 404
    await falke.get("/x/sepa/staff")
    for path in (f"{place}/unsent", f"{place}/collected"):
        assert (await falke.post(path, {"sure": "1"})).status_code == 404


async def test_the_staffs_day(portal: Portal, move: Callable[[timedelta], None]) -> None:
    """Queue with sums, file, taken back, written anew, collected by hand, register, revocation with a reason, CSV."""
    house = portal.houses["nordstern"]
    staff, anna = await staff_of(portal), await customer_of(portal)
    await staff.get("/x/sepa/staff")
    assert "Es wartet nichts." in staff.page
    assert "Noch keine Datei." in staff.page
    assert "Lastschriften" in staff.page
    order, url = await ordered(house)
    await agree(anna, url, name='=HYPERLINK("x")')
    await staff.get("/x/sepa/staff")
    assert "59,50\N{NO-BREAK SPACE}€" in staff.page
    place, first = await write_file(staff)
    await staff.get(place)
    assert "Nur falls Sie keine elektronischen Auszüge haben" not in staff.page  # it is not due yet
    assert (await staff.post(f"{place}/collected", {"sure": "1"})).headers["location"] == f"{place}?note=sepa_early"
    assert (await staff.post(f"{place}/unsent", {})).headers["location"] == "/x/sepa/staff"
    assert (await staff.post(f"{place}/unsent", {"sure": "1"})).headers["location"] == "/x/sepa/staff?note=undone"
    again, second = await write_file(staff)
    assert inspect(first).message_id != inspect(second).message_id
    move(timedelta(days=10))
    staff = await staff_of(portal)
    await staff.get(again)
    assert (await staff.post(f"{again}/collected", {"sure": "1"})).headers["location"] == f"{again}?note=collected"
    assert await state_of(house, order) == "settled"

    listed = (await staff.get("/x/sepa/staff/collections.csv?state=settled")).text
    assert listed.startswith("\ufeffnumber;created;")
    assert "59.50;EUR" in listed
    register = (await staff.get("/x/sepa/staff/mandates.csv")).text
    assert '"\'=HYPERLINK(""x"")"' in register
    assert IBAN not in listed + register
    await staff.get("/x/sepa/staff/mandates?q=hyperlink")
    found = re.search(r"/x/sepa/staff/mandates/[0-9a-f-]{36}", staff.page)
    assert found is not None
    assert (await staff.get(found[0])).status_code == 200
    assert "203.0.113.9" in staff.page
    await staff.get("/x/sepa/staff")
    for answer, note in (
        (await staff.post("/x/sepa/staff/upload", files={"statement": ("a.xml", b"hello", "text/xml")}), "unreadable"),
        (await staff.post("/x/sepa/staff/upload", {}), "no_file"),
        (await staff.post("/x/sepa/staff/export", {"until": ""}), "nothing"),
    ):
        assert answer.headers["location"] == f"/x/sepa/staff?note={note}"
        await staff.get(answer.headers["location"])
        assert 'role="status"' in staff.page


async def test_staff_enter_a_return(portal: Portal) -> None:
    """What no statement says in a way that can be believed unseen: with the tick and once, the credit goes back."""
    house = portal.houses["nordstern"]
    staff, anna = await staff_of(portal), await customer_of(portal)
    order, url = await ordered(house)
    await agree(anna, url)
    await write_file(staff)
    number = await end_to_end(house, order)
    await hand_in(staff, camt([entry(order.gross, number)]))
    page = await hand_in(staff, camt([entry(EURO, number, credit=False, reason="AM04")]))
    assert "Mit anderem Betrag zurückgegeben" in page
    assert await portal.balance() == EURO.units
    await staff.get("/x/sepa/staff/collections?state=settled")
    place = re.search(r"/x/sepa/staff/collections/[0-9a-f-]{36}/returned", staff.page)
    assert place is not None
    assert (await staff.post(place[0], {})).headers["location"] == "/x/sepa/staff/returns"
    assert await portal.balance() == EURO.units
    falke = await staff_of(portal, "falke")
    await falke.get("/x/sepa/staff")
    assert (await falke.post(place[0], {"sure": "1"})).status_code == 404
    await staff.get("/x/sepa/staff")
    assert (await staff.post(place[0], {"sure": "1"})).headers["location"] == "/x/sepa/staff/returns"
    assert await portal.balance() == 0
    await staff.get("/x/sepa/staff")
    again = (await staff.post(place[0], {"sure": "1"})).headers["location"]
    assert again == "/x/sepa/staff?note=sepa_not_sent"
    await staff.get(again)
    assert "kam schon früher zurück" in staff.page
    assert await prove(house.tenant.id) == []


async def test_staff_revoke_with_a_reason_and_withdraw(portal: Portal) -> None:
    """Without a reason nothing happens; a withdrawn collection is declined."""
    house = portal.houses["nordstern"]
    tenant, customer = house.tenant, house.customers["C-1"]
    staff, anna = await staff_of(portal), await customer_of(portal)
    url = await methods.begin_setup(
        tenant, customer, "sepa", consent=AGREED, by=OPERATOR, return_url="/", cancel_url="/", locale="de"
    )
    await agree(anna, url)
    (view,) = await methods.of_customer(tenant, customer, locale="de")
    source = Source("sepa", view.method.ref, view.method.label)
    order = await debited(tenant, customer, EURO, source)
    await staff.get("/x/sepa/staff/collections?state=queued")
    place = re.search(r"/x/sepa/staff/collections/[0-9a-f-]{36}/withdraw", staff.page)
    assert place is not None
    assert (await staff.post(place[0], {})).status_code == 303
    assert await state_of(house, order) == "declined"
    await staff.get("/x/sepa/staff/mandates")
    found = re.search(r"/x/sepa/staff/mandates/[0-9a-f-]{36}", staff.page)
    assert found is not None
    await staff.get(found[0])
    assert (await staff.post(found[0], {"reason": " "})).headers["location"].endswith("?note=reason")
    assert await methods.of_customer(tenant, customer, locale="de") != []
    await staff.post(found[0], {"reason": "Kunde am Telefon"})
    await staff.get(found[0])
    assert "Kunde am Telefon" in staff.page
    assert "widerrufen" in staff.page
    assert await methods.of_customer(tenant, customer, locale="de") == []

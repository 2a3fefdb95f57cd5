"""Reference rates: read without trust, stored, crossed through the euro, last rate on or before the day."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from askpro import clock
from askpro.errors import InvalidInput, NotAllowed, PluginUnavailable, Unavailable
from askpro.pluginhost import Host
from askpro.sdk import RateMissing
from askpro_ecb.feed import read_feed
from askpro_ecb.rates import cross

pytestmark = pytest.mark.anyio

TODAY = date(2026, 3, 24)
HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?><gesmes:Envelope xmlns:gesmes="http://www.gesmes.org/xml/2002-08-01"'
    ' xmlns="http://www.ecb.int/vocabulary/2002-08-01/eurofxref">'
)

DOCTYPE = "<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>"


def xml(cubes: str, head: str = HEAD) -> bytes:
    return f"{head}<Cube>{cubes}</Cube></gesmes:Envelope>".encode()


def day(of: str, **rates: str) -> str:
    return f"<Cube time='{of}'>" + "".join(f"<Cube currency='{c}' rate='{r}'/>" for c, r in rates.items()) + "</Cube>"


def zipped(*files: tuple[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return target.getvalue()


HISTORY = b"Date,USD,JPY,HRK,\n2026-03-23,1.10,160.5,N/A,\n2026-03-20,1.09,160.0,N/A,\n2022-12-30,1.05,140.0,7.5365,\n"


def test_xml_csv_and_zip_say_the_same() -> None:
    """The three forms of one day give the same rates."""
    as_xml = read_feed(xml(day("2026-03-23", USD="1.10", JPY="160.5")), today=TODAY)
    as_csv = read_feed(b"Date, USD, JPY, \n2026-03-23, 1.10, 160.5, \n", today=TODAY)
    as_zip = read_feed(zipped(("eurofxref.csv", b"Date,USD,JPY,\n2026-03-23,1.10,160.5,\n")), today=TODAY)
    assert as_xml == as_csv == as_zip == {date(2026, 3, 23): {"USD": Decimal("1.10"), "JPY": Decimal("160.5")}}


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (xml(day("2026-03-23", USD="1,10")), "the rate '1,10'"),
        (xml(day("2026-03-23", USD="0")), "the rate '0'"),
        (xml(day("2026-03-23", USD="-1")), "the rate"),
        (xml(day("2026-03-23", USD="1e5")), "the rate"),
        (xml(day("2026-03-23", USD="NaN")), "the rate"),
        (xml(day("2026-03-23", USD="\u0661.1")), "the rate"),
        (xml(day("2026-03-23", usd="1.1")), "the currency"),
        (xml(day("2026-03-23", EUR="1.1")), "the currency"),
        (xml(day("23.03.2026", USD="1.1")), "the day"),
        (xml(day("2026-02-30", USD="1.1")), "the day"),
        (xml(day("2026-03-25", USD="1.1")), "a rate of 2026-03-25"),
        (xml(day("1998-03-25", USD="1.1")), "a rate of 1998-03-25"),
        (xml("<Cube currency='USD' rate='1.1'/>"), "a rate without a day"),
        (xml(day("2026-03-23", USD="1.1") * 2), "USD twice"),
        (xml(""), "no rates"),
        (xml(day("2026-03-23", USD="1.1"))[:-5], "not a file"),
        (b"<html><body>Sorry</body></html>", "another root element"),
        (xml(day("2026-03-23", USD="1.1"), HEAD.replace("?>", f"?>{DOCTYPE}", 1)), "a document type"),
        (b"", "no header"),
        (b"Datum;USD\n2026-03-23;1,10\n", "no header"),
        (b"Date,USD,\n2026-03-23,1,10,\n", "a row of 4 cells"),
        (b"Date,USD,JPY,\n2026-03-23,1.1,\n", "a row of 3 cells"),
        (b"\xff\xfe\x00", "no text"),
        (zipped(("a.csv", HISTORY), ("b.csv", HISTORY)), "something else"),
        (zipped(("a.csv", HISTORY))[:40], "damaged"),
    ],
)  # fmt: skip
def test_what_looks_wrong_is_refused_whole(content: bytes, why: str) -> None:
    """One wrong cell, a document type, a decimal comma, a day to come: the file is refused, and said why."""
    with pytest.raises(InvalidInput, match=why):
        read_feed(content, today=TODAY)


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    """No input ends in anything but rates or a refusal."""
    try:
        read_feed(content, today=TODAY)
    except InvalidInput:
        return


@given(
    st.decimals(min_value="0.0001", max_value=100000, places=4),
    st.decimals(min_value="0.0001", max_value=100000, places=4),
)
def test_cross_rates_are_consistent(base: Decimal, quote: Decimal) -> None:
    """There and back is one, to 15 digits; from the euro the published rate is passed on untouched."""
    assert abs(cross(base, quote) * cross(quote, base) - 1) < Decimal("1e-15")
    assert cross(Decimal(1), quote) is quote


class Feed:
    """The ECB's server: ``httpx.MockTransport`` is the network's edge."""

    def __init__(self) -> None:
        self.daily = xml(day("2026-03-24", USD="1.11", JPY="161"))
        self.history = zipped(("eurofxref-hist.csv", HISTORY))
        self.asked: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url.path.rsplit("-", 1)[1])
        return httpx.Response(200, content=self.daily if "daily" in request.url.path else self.history)


@pytest.fixture
def feed() -> Feed:
    return Feed()


@pytest.fixture
async def host(house: Any, feed: Feed) -> Host:
    with clock.frozen(datetime(2026, 3, 24, 17, tzinfo=UTC)):
        host: Host = await house("ecb", services={"transport": httpx.MockTransport(feed)})
        assert await host.run_job("ecb", "fetch") is True
    return host


async def test_history_first_then_daily(host: Host, feed: Feed) -> None:
    """An empty table takes the history; the next day the daily file is enough; after a gap the history again."""
    assert feed.asked == ["hist.zip"]
    with clock.frozen(datetime(2026, 3, 24, 19, tzinfo=UTC)):
        await host.run_job("ecb", "fetch")
    assert feed.asked == ["hist.zip", "daily.xml"]
    feed.daily = xml(day("2026-03-27", USD="1.12"))
    with clock.frozen(datetime(2026, 3, 27, 19, tzinfo=UTC)):
        await host.run_job("ecb", "fetch")
    assert feed.asked[2:] == ["daily.xml", "hist.zip"]
    newest = await host.rates("ecb").rate("EUR", "USD", date(2026, 3, 27))
    assert newest.day_used == date(2026, 3, 27)  # the history had not caught up yet


async def test_weekends_are_no_gap(host: Host, feed: Feed) -> None:
    """From Friday to Monday the daily file is enough."""
    for stamp in ("2026-03-24", "2026-03-25", "2026-03-26", "2026-03-27", "2026-03-30"):
        feed.daily = xml(day(stamp, USD="1.12"))
        with clock.frozen(datetime.fromisoformat(f"{stamp}T19:00+00:00")):
            await host.run_job("ecb", "fetch")
    assert feed.asked == ["hist.zip"] + ["daily.xml"] * 5


async def test_last_rate_on_or_before_the_day(host: Host) -> None:
    """The day itself, the Friday for a Sunday, and nothing that is too old or was never quoted."""
    rates = host.rates("ecb")
    monday = await rates.rate("EUR", "USD", date(2026, 3, 23))
    assert (monday.value, monday.day_used) == (Decimal("1.10"), date(2026, 3, 23))
    sunday = await rates.rate("EUR", "USD", date(2026, 3, 22))
    assert (sunday.value, sunday.day, sunday.day_used) == (Decimal("1.09"), date(2026, 3, 22), date(2026, 3, 20))
    assert (await rates.rate("USD", "USD", date(2026, 3, 22))).value == 1
    for missing in (("EUR", "HRK", date(2026, 3, 23)), ("EUR", "USD", date(2026, 3, 19)), ("EUR", "XAU", TODAY)):
        with pytest.raises(RateMissing):
            await rates.rate(*missing)


async def test_cross_rates_go_through_the_euro(host: Host) -> None:
    """Dollar to yen is yen per euro by dollars per euro, both of one day; into the euro it is the reciprocal."""
    rates = host.rates("ecb")
    across = await rates.rate("USD", "JPY", date(2026, 3, 23))
    assert across.value.quantize(Decimal("1e-12")) == Decimal("145.909090909091")
    back = await rates.rate("USD", "EUR", date(2026, 3, 23))
    assert back.value.quantize(Decimal("1e-12")) == Decimal("0.909090909091")


async def test_a_correction_replaces_the_rate(host: Host, feed: Feed) -> None:
    """The ECB corrects a day: the new rate counts."""
    feed.daily = xml(day("2026-03-23", USD="1.20"))
    with clock.frozen(datetime(2026, 3, 24, 19, tzinfo=UTC)):
        await host.run_job("ecb", "fetch")
    assert (await host.rates("ecb").rate("EUR", "USD", date(2026, 3, 23))).value == Decimal("1.20")


async def test_a_broken_feed_changes_nothing(host: Host, feed: Feed) -> None:
    """A refused file leaves the stored rates as they were, and the failure is shown."""
    feed.daily = xml(day("2026-03-24", USD="1,11"))
    with clock.frozen(datetime(2026, 3, 24, 19, tzinfo=UTC)), pytest.raises(InvalidInput):
        await host.run_job("ecb", "fetch")
    assert (await host.rates("ecb").rate("EUR", "USD", TODAY)).day_used == date(2026, 3, 23)


async def test_only_the_ecb_is_asked(host: Host) -> None:
    """The client knows the hosts of the operator's two addresses and no other; plain HTTP only outside production."""
    ctx = host.contexts.for_platform(host.records["ecb"])
    for url in (
        "https://evil.example/",
        "ftp://www.ecb.europa.eu/",
        "https://www.ecb.europa.eu.evil.example/",
        "https://www.ecb.europa.eu@evil.example/",
        "https://evil.example\\@www.ecb.europa.eu/",
        "https://[",
    ):
        with pytest.raises(NotAllowed):
            await ctx.http.request("GET", url)


async def test_the_address_is_the_operators(house: Any) -> None:
    """Another address by setting: that host is allowed, and a missing page is Unavailable."""
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return httpx.Response(404)

    settings = {"ecb": {"history_url": "https://mirror.example/h.zip"}}
    host = await house("ecb", services={"transport": httpx.MockTransport(answer)}, settings=settings)
    with pytest.raises(Unavailable, match="404"):
        await host.run_job("ecb", "fetch")
    assert asked == ["https://mirror.example/h.zip"]


async def test_a_server_that_is_gone(house: Any) -> None:
    """No connection is Unavailable, and counted."""

    def gone(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no route", request=request)

    host = await house("ecb", services={"transport": httpx.MockTransport(gone)})
    with pytest.raises(Unavailable):
        await host.run_job("ecb", "fetch")
    assert host.caller("ecb").total.failed == 1
    assert not issubclass(Unavailable, PluginUnavailable)

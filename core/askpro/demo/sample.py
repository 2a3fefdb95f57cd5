"""Who the demo's customers are and when their phones ring. Invented, and the same on every machine."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from askpro.calls.events import UsageEvent

__all__ = ("CUSTOMERS", "PASSWORD", "SampleCustomer", "calls_of_day")

PASSWORD = "demo-askpro-2026"  # noqa: S105 - printed on the terminal, good for the demo on loopback only


@dataclass(frozen=True, slots=True)
class SampleCustomer:
    """A company with an AI at its phone. ``busy``: answered calls on an ordinary working day."""

    number: str
    company: str
    person: str
    email: str
    line: str
    busy: float
    plan: str = ""
    saturday: float = 0.1


CUSTOMERS: dict[str, tuple[SampleCustomer, ...]] = {
    "nordstern": (
        SampleCustomer(
            "NO-1001",
            "Zahnarztpraxis Wagner-Rösch",
            "Dr. Ilse Wagner-Rösch",
            "praxis@wagner-roesch.example",
            "+493023125101",
            14,
            "praxis",
        ),
        SampleCustomer(
            "NO-1002",
            "Autohaus Petersen GmbH",
            "Jan Petersen",
            "buero@autohaus-petersen.example",
            "+494023125102",
            22,
            "vielsprecher",
            0.6,
        ),
        SampleCustomer(
            "NO-1003", "Kanzlei Brandt & Yılmaz", "Ayşe Yılmaz", "office@brandt-yilmaz.example", "+496923125103", 9
        ),
        SampleCustomer(
            "NO-1004",
            "Physiotherapie am Markt",
            "Sönke Holm",
            "termine@physio-markt.example",
            "+494523125104",
            12,
            "praxis",
        ),
        SampleCustomer(
            "NO-1005", "Hausverwaltung Lindenhof", "Marlies Kreutz", "service@lindenhof-hv.example", "+493023125105", 7
        ),
        SampleCustomer(
            "NO-1006", "Pizzeria Da Enzo", "Enzo Ferraro", "ciao@da-enzo.example", "+493023125106", 11, "", 1.4
        ),
        SampleCustomer(
            "NO-1007",
            "Tierklinik Weserbogen",
            "Dr. Nele Ahrens",
            "empfang@weserbogen.example",
            "+494223125107",
            16,
            "vielsprecher",
            0.5,
        ),
        SampleCustomer("NO-1008", "Malerbetrieb Krause", "Uwe Krause", "info@maler-krause.example", "+495123125108", 3),
    ),
    "falke": (
        SampleCustomer(
            "FA-2001", "Harbour Dental Care", "Priya Nair", "desk@harbour-dental.example", "+442079460201", 15
        ),
        SampleCustomer(
            "FA-2002",
            "Whitmore & Sons Plumbing",
            "Jack Whitmore",
            "jobs@whitmore-plumbing.example",
            "+441614960202",
            10,
            "",
            0.7,
        ),
        SampleCustomer(
            "FA-2003", "The Copper Kettle", "Moira Reid", "hello@copper-kettle.example", "+441314960203", 8, "", 1.5
        ),
        SampleCustomer(
            "FA-2004", "Ashdown Solicitors LLP", "Owen Ashdown", "office@ashdown-llp.example", "+442079460204", 11
        ),
        SampleCustomer(
            "FA-2005",
            "Greenway Vets",
            "Dr Hannah Cole",
            "reception@greenway-vets.example",
            "+441174960205",
            13,
            "",
            0.5,
        ),
        SampleCustomer(
            "FA-2006",
            "Bramble Cottage Lettings",
            "Tom Ellery",
            "stay@bramble-lettings.example",
            "+441234960206",
            4,
            "",
            0.8,
        ),
    ),
    "rosenheim": (
        SampleCustomer(
            "RO-3001", "Hotel Alpenrose", "Vroni Huber", "empfang@alpenrose.example", "+498031231301", 18, "", 1.2
        ),
        SampleCustomer(
            "RO-3002", "Elektro Stadler", "Korbinian Stadler", "auftrag@elektro-stadler.example", "+498031231302", 6
        ),
        SampleCustomer(
            "RO-3003",
            "Gemeinschaftspraxis Dr. Moser",
            "Dr. Franz Moser",
            "anmeldung@praxis-moser.example",
            "+498031231303",
            17,
        ),
        SampleCustomer(
            "RO-3004", "Radlwerkstatt Inntal", "Lena Auer", "servus@radl-inntal.example", "+498031231304", 5, "", 1.1
        ),
    ),
}

_FOREIGN = ("+4366", "+4313", "+4179", "+33142", "+3906", "+3120")


def calls_of_day(slug: str, customer: SampleCustomer, day: date, zone: str, until: datetime) -> Iterator[UsageEvent]:
    """The calls of one civil day that had ended by ``until`` (UTC), in the order in which they began.

    Telephones ring by the hour of the day, less on Saturdays, hardly on Sundays; one in twelve is not answered.
    """
    random = Random(f"{slug}/{customer.number}/{day}")  # noqa: S311 - the same on every machine
    weekday = (1.15, 1.05, 1.0, 1.0, 0.9, customer.saturday, customer.saturday * 0.2)[day.weekday()]
    season = 1 + 0.15 * math.sin(day.toordinal() / 9)
    expected = customer.busy * weekday * season
    count = max(0, round(random.gauss(expected, math.sqrt(expected + 0.1))))
    begins = sorted(_minute(random) for _ in range(count))
    for index, minute in enumerate(begins):
        local = datetime.combine(day, time(), ZoneInfo(zone)) + timedelta(minutes=minute)
        event = _call(slug, customer, index, local.astimezone(UTC), random)
        if event.ended_at is not None and event.ended_at <= until:
            yield event


def _minute(random: Random) -> float:
    """Minutes after midnight: a morning peak, an afternoon one, a few at night."""
    if random.random() < 0.06:
        return random.uniform(0, 1439)
    peak = 10.2 if random.random() < 0.6 else 15.3
    return min(1430.0, max(1.0, random.gauss(peak, 1.6) * 60))


def _call(slug: str, customer: SampleCustomer, index: int, began: datetime, random: Random) -> UsageEvent:
    outbound = random.random() < 0.22
    other = _number(slug, random)
    ring = timedelta(milliseconds=random.randint(900, 9_000))
    answered = random.random() > 1 / 12
    talk = timedelta(milliseconds=int(min(1_800, random.lognormvariate(4.6, 0.8)) * 1000)) if answered else timedelta(0)
    seconds = talk.total_seconds()
    return UsageEvent(
        id=f"{customer.number}-{began:%Y%m%dT%H%M%S}-{index}",
        customer=customer.number,
        direction="outbound" if outbound else "inbound",
        from_number=customer.line if outbound else other,
        to_number=other if outbound else customer.line,
        started_at=began,
        answered_at=began + ring if answered else None,
        ended_at=began + ring + talk,
        disposition="ANSWERED" if answered else random.choice(("NO_ANSWER", "BUSY")),
        tokens=int(seconds * random.uniform(9, 16)) if answered else 0,
        bookings=int(answered and not outbound and random.random() < 0.18),
        source="demo",
    )


def _number(slug: str, random: Random) -> str:
    if random.random() < 0.07:
        prefix = random.choice(_FOREIGN)
    elif slug == "falke":
        prefix = random.choice(("+4420", "+44161", "+44131", "+447700", "+447911"))
    else:
        prefix = random.choice(("+4930", "+4989", "+4940", "+49151", "+49171", "+49160"))
    return prefix + "".join(random.choice("0123456789") for _ in range(12 - len(prefix)))

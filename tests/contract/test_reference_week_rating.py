"""A week of calls that somebody else priced: our rating arrives at the same units, leg by leg."""

from __future__ import annotations

import csv
import gzip
import json
import os
import tomllib
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from askpro.commissions.scheme import Scheme, commission
from askpro.ids import named_id
from askpro.tariffs.card import Direction, Level, TariffVersion
from askpro.tariffs.chain import Chain, Refusal
from askpro.tariffs.increments import Increments
from askpro.tariffs.rating import Call, Rating, rate

REFERENCE = Path(os.environ.get("ASKPRO_REFERENCE", Path(__file__).parents[2].parent / "shared" / "reference"))
FOLDER = REFERENCE / "telephony"
CALLS, TARIFFS, EXPECTED = (
    FOLDER / name for name in ("calls-2026-03-23.csv.gz", "tariffs.toml", "expected-2026-03-23.json")
)

pytestmark = pytest.mark.skipif(
    not (CALLS.exists() and TARIFFS.exists() and EXPECTED.exists()),
    reason=f"no reference data in {FOLDER}; ASKPRO_REFERENCE names another folder",
)

COMPARED = ("rated", "billed_seconds", "retail_units", "wholesale_units", "commission_units", "sold_below_wholesale")


def test_the_reference_week_is_priced_to_the_unit() -> None:
    """Calls rated, seconds, retail, wholesale, commission, losses, refusals and each customer's sum equal the file."""
    tariffs, expected = tomllib.loads(TARIFFS.read_text()), json.loads(EXPECTED.read_text())
    blocked = frozenset(tariffs["blocked"]["prefixes"])
    retail = {
        name: _chain(table, Level.RESELLER, table["currency"], blocked) for name, table in tariffs["resellers"].items()
    }
    wholesale = {
        currency: _chain(table, Level.PLATFORM, currency, blocked) for currency, table in tariffs["platform"].items()
    }
    schemes = {
        name: Scheme(table["commission"]["scheme"], Decimal(table["commission"]["value"]))
        for name, table in tariffs["resellers"].items()
    }
    sums = {name: Counter(dict.fromkeys(COMPARED, 0)) for name in retail}
    refused, customers = Counter[str](), Counter[str]()

    for reseller, customer, call in _answered_calls():
        sold = rate(retail[reseller], call)
        cost = rate(wholesale[tariffs["resellers"][reseller]["currency"]], call)
        if not (isinstance(sold, Rating) and isinstance(cost, Rating)):
            refusal = sold if isinstance(sold, Refusal) else cost
            assert isinstance(refusal, Refusal)
            refused[refusal.reason] += 1
            continue
        earned = commission(schemes[reseller], sold.units, cost.units, sold.billed_seconds)
        figures = (1, sold.billed_seconds, sold.units, cost.units, earned, sold.units < cost.units)
        sums[reseller].update(dict(zip(COMPARED, figures, strict=True)))
        customers[f"{reseller}/{customer}"] += sold.units

    wanted = {name: {figure: table[figure] for figure in COMPARED} for name, table in expected["resellers"].items()}
    assert {name: dict(counted) for name, counted in sums.items()} == wanted
    assert refused == {reason: expected["not_booked"][reason] for reason in ("rate_missing", "destination_blocked")}
    assert customers == expected["customers_retail_units"]


def _chain(table: dict[str, Any], level: Level, currency: str, blocked: frozenset[str]) -> Chain:
    version = TariffVersion(
        id=named_id(level, json.dumps(table, sort_keys=True)),
        level=level,
        currency=currency,
        effective_from=datetime(2026, 1, 1, tzinfo=UTC),
        increments=Increments.parse(table["increments"]),
        free_seconds=table.get("free_seconds", 0),
        connect_fee=Decimal(table.get("connect_fee", "0")),
        inbound=Decimal(table["inbound"]),
        outbound={prefix: Decimal(rate_) for prefix, rate_ in table["outbound"].items()},
        items={"token": Decimal(table["token"]), "booking": Decimal(table["booking"])},
        blocked=blocked,
    )
    return Chain([version])


def _answered_calls() -> Iterator[tuple[str, str, Call]]:
    """Good answered calls, each once. Which rows are good is another test's matter: bad ones are named ``bad-``."""
    seen = set[tuple[str, str]]()
    with gzip.open(CALLS, "rt", newline="") as file:
        for row in csv.DictReader(file):
            key = (row["reseller"], row["call_id"])
            if key in seen:  # also where the first row with this id was no answered call
                continue
            seen.add(key)
            if row["call_id"].startswith("bad-") or row["disposition"] != "ANSWERED" or not row["answered_at"]:
                continue
            length = datetime.fromisoformat(row["ended_at"]) - datetime.fromisoformat(row["answered_at"])
            items = (("token", int(row["llm_tokens"])), ("booking", int(row["bookings"])))
            direction: Direction = "inbound" if row["direction"] == "inbound" else "outbound"
            call = Call(direction, row["to_number"], length // timedelta(milliseconds=1), items)
            yield row["reseller"], row["customer"], call

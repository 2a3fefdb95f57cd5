"""The table ``[limits]`` of tenant.toml: what the calls of all the reseller's customers together may come to."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from msgspec import structs

from askpro.calls.control.limits import Caps
from askpro.tenantfiles.source import Source

__all__ = ("limits_plain", "read_limits")

_AMOUNT = re.compile(r"[0-9]{1,9}(\.[0-9]{1,6})?", re.ASCII)
_MOST = 1_000_000


def read_limits(source: Source) -> Caps | None:
    """Counts are whole numbers, amounts exact texts of the reseller's currency. None: the file does not speak of it."""
    if "limits" not in source.data:
        return None
    table = source.table(source.data, (), "limits")
    source.known(table, ("limits",), *Caps.__struct_fields__)
    found: dict[str, int] = {}
    for name in Caps.__struct_fields__:
        value = table.get(name)
        if value is None:
            continue
        if name.endswith(("_soft", "_hard")):
            if isinstance(value, str) and _AMOUNT.fullmatch(value):
                found[name] = int(Decimal(value).scaleb(6))
            else:
                source.wrong(("limits", name), 'is an amount in quotes, like "250" or "99.50"')
        elif type(value) is int and (1 if name == "longest" else 0) <= value <= _MOST:
            found[name] = value
        else:
            source.wrong(("limits", name), "is a whole number without quotes")
    for period in ("day", "week", "month"):
        if found.get(f"{period}_soft", 0) > found.get(f"{period}_hard", 2**63):
            source.wrong(("limits", f"{period}_soft"), "lies above the hard limit")
    return Caps(**found)


def limits_plain(caps: Caps | None) -> dict[str, Any]:
    """As it stands in the file."""
    if caps is None:
        return {}
    return {
        name: f"{Decimal(value).scaleb(-6).normalize():f}" if name.endswith(("_soft", "_hard")) else value
        for name, value in structs.asdict(caps).items()
        if value is not None
    }

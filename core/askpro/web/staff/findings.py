"""What is wrong with the ways to pay, as lines of a page."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import structlog

from askpro.payments import doctor
from askpro.payments.doctor import ProviderFinding
from askpro.web.portal.visit import Visit
from askpro.web.staff.labels import badge
from askpro.web.staff.provider_views import FindingRow

__all__ = ("findings", "troubled")

log = structlog.get_logger("askpro.web.staff")

_PATIENCE = 3.0
"""Seconds for the start page; after that it goes out without."""


async def findings(visit: Visit, keys: Sequence[str]) -> tuple[FindingRow, ...]:
    """Everything that a check of these providers finds; they are asked, so it takes a moment."""
    found: list[ProviderFinding] = []
    for key in keys:
        found += await doctor.findings(visit.tenant, key, locale=visit.reader.locale)
    return tuple(FindingRow(badge("finding", one.level), one.text) for one in found)


async def troubled(visit: Visit) -> list[str] | None:
    """The providers with something that is not in order, by key; None when that could not be found out in time."""
    try:
        async with asyncio.timeout(_PATIENCE):
            found = await doctor.findings(visit.tenant, locale=visit.reader.locale)
    except TimeoutError:
        log.warning("the check of the payment providers took too long")
        return None
    return sorted({one.provider for one in found if one.level != "ok" and one.code not in _COUNTED})


_COUNTED = ("dead_letters", "flagged_payments")
"""What the start page counts by itself."""

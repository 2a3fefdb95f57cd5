"""The ledger watches itself: proof and verification at night, the days' roots as soon as a day is over."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from uuid import UUID

from askpro import db
from askpro.events.outbox import emit
from askpro.jobs.tasks import task
from askpro.ledger import proof, roots
from askpro.ledger.findings import Finding

__all__ = ("PLATFORM", "RedBooksError", "prove", "seal", "verify")

log = logging.getLogger("askpro.ledger")

PLATFORM = UUID(int=0)


class RedBooksError(Exception):
    """The books are not what they must be. Makes the job a failed one, so that it is seen there as well."""


@task("ledger.prove", cron="15 2 * * *", retry=None)
async def prove() -> None:
    """Prove all books; red ones are an event (``ledger.red``) of the platform and a failed job."""
    found: list[Finding] = []
    for ledger in await proof.tenants(reason="nightly proof of the ledger"):
        found += await proof.prove(ledger.tenant)
    await _tell("proof", found)


@task("ledger.verify", cron="45 2 * * *", retry=None)
async def verify() -> None:
    """Compare all sealed days with their roots; a changed booking is told like a red proof."""
    found: list[Finding] = []
    for ledger in await proof.tenants(reason="nightly verification of the ledger"):
        found += await roots.verify(ledger.tenant)
    await _tell("roots", found)


@task("ledger.seal", cron="20 * * * *")
async def seal() -> None:
    """Write the roots of finished days. Hourly, so that a machine that sleeps at night does it as well."""
    for ledger in await proof.tenants(reason="sealing finished days of the ledger"):
        await roots.seal(ledger.tenant)


async def _tell(what: str, found: Sequence[Finding]) -> None:
    for finding in found:
        log.log(logging.ERROR if finding.alarm else logging.WARNING, "tenant %s: %s", finding.tenant, finding)
    red = [finding for finding in found if finding.alarm]
    if not red:
        return
    listed = [{"tenant": str(one.tenant), "text": str(one)} for one in red[:20]]
    async with db.unit(PLATFORM):
        await emit("ledger.red", {"what": what, "count": len(red), "findings": listed}, tenant=PLATFORM)
    raise RedBooksError(f"{what}: {len(red)} findings, the first: {red[0]}")

"""The staff's first room: what waits for somebody, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator

from litestar import Response

from askpro import db
from askpro.ledger.queries import own_wallet
from askpro.money import Money
from askpro.payments.attention import Attention, attention
from askpro.wallets.queries import waiting_adjustments
from askpro.web.portal.visit import Visit
from askpro.web.staff.findings import troubled
from askpro.web.staff.labels import badge
from askpro.web.staff.views import OwnFunds, StartPage, Task

__all__ = ("show",)


async def show(visit: Visit) -> Response[bytes]:
    """``GET /staff``."""
    counts = await attention(visit.tenant.id)
    async with db.unit(visit.tenant.id):
        waiting = await waiting_adjustments(visit.tenant.id)
    troubles = await troubled(visit)
    tasks = (*_payments(visit, counts), *_others(visit, counts, waiting, len(troubles or ())))
    page = StartPage(visit.person.name, tasks, unsure=troubles is None, funds=await _funds(visit))
    return visit.page("staff/start.html", page, "staff")


async def _funds(visit: Visit) -> OwnFunds | None:
    async with db.unit(visit.tenant.id):
        purse = await own_wallet(visit.tenant.id)
    if purse is None:
        return None
    available, balance, held = (Money(units, purse.currency) for units in (purse.available, purse.posted, purse.held))
    return OwnFunds(available, balance, held, low=purse.available <= 0)


def _payments(visit: Visit, counts: Attention) -> Iterator[Task]:
    ngettext = visit.reader.ngettext
    if counts.flagged:
        text = ngettext("%(num)s payment does not fit its order", "%(num)s payments do not fit their orders",
                    counts.flagged)  # fmt: skip
        yield _task(visit, counts.flagged, text, "/staff/payments?kind=flagged", "task.urgent",
                    visit.gettext("The money came and has not been credited."))  # fmt: skip
    if counts.disputes:
        text = ngettext("%(num)s disputed payment is open", "%(num)s disputed payments are open", counts.disputes)
        due = ""
        if counts.answer_by is not None:
            due = visit.gettext("Answer the first one by %(day)s.") % {"day": visit.reader.date(counts.answer_by)}
        yield _task(visit, counts.disputes, text, "/staff/disputes", "task.urgent", due)


def _others(visit: Visit, counts: Attention, waiting: int, troubled: int) -> Iterator[Task]:
    ngettext, _ = visit.reader.ngettext, visit.gettext
    if waiting:
        text = ngettext("%(num)s adjustment waits for a second person", "%(num)s adjustments wait for a second person",
                    waiting)  # fmt: skip
        yield _task(visit, waiting, text, "/staff/adjustments", "task.open")
    if troubled:
        text = ngettext(
            "%(num)s payment provider is not in order", "%(num)s payment providers are not in order", troubled
        )
        yield _task(visit, troubled, text, "/staff/providers", "task.open",
                    _("Its check says what is missing."))  # fmt: skip
    if counts.dead_events:
        text = ngettext("%(num)s message of a provider could not be processed",
                    "%(num)s messages of providers could not be processed", counts.dead_events)  # fmt: skip
        yield _task(visit, counts.dead_events, text, "/staff/providers", "task.open",
                    _("It can be tried again on the provider's page."))  # fmt: skip
    if counts.paused_rules:
        text = ngettext(
            "%(num)s automatic top-up is paused", "%(num)s automatic top-ups are paused", counts.paused_rules
        )
        yield _task(visit, counts.paused_rules, text, "/staff/customers?kind=paused", "task.open",
                    _("The customer has been told by email."))  # fmt: skip


def _task(visit: Visit, count: int, text: str, url: str, state: str, detail: str = "") -> Task:
    return Task(count, text % {"num": visit.reader.number(count)}, url, badge(*state.split(".")), detail)

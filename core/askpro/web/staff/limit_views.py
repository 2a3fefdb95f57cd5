"""What pages say of limits: how much of each is used, and the form in which they are set."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from askpro.calls.control.standing import Standing
from askpro.money import Money
from askpro.web.portal.frame import FieldError
from askpro.web.portal.visit import Visit

__all__ = ("LimitFields", "LimitsPage", "PeriodFields", "Use", "uses")


@dataclass(frozen=True, slots=True)
class Use:
    """What is used of a limit, in words and, where there is a limit, as a meter from 0 to ``most``.

    Beyond ``notice`` the meter warns, beyond ``stop`` nothing is left. Figures: calls, or 10⁻⁶ of the currency.
    """

    label: str
    text: str
    note: str = ""
    value: int = 0
    notice: int = 0
    stop: int = 0
    most: int | None = None


@dataclass(frozen=True, slots=True)
class PeriodFields:
    """The two amounts of a period, as they were typed. ``soft`` and ``hard`` are (name of the field, value)."""

    legend: str
    soft: tuple[str, str]
    hard: tuple[str, str]


@dataclass(frozen=True, slots=True)
class LimitFields:
    """As they were typed; empty: no limit."""

    concurrent: str
    per_second: str
    longest: str
    periods: tuple[PeriodFields, ...]


@dataclass(frozen=True, slots=True)
class LimitsPage:
    """Of a customer, or of all of them together (``customer`` empty)."""

    action: str
    back_url: str
    customer: str
    symbol: str
    currency: str
    uses: tuple[Use, ...]
    fields: LimitFields
    errors: tuple[FieldError, ...] = ()


def uses(visit: Visit, standing: Standing, *, capped_only: bool = False) -> tuple[Use, ...]:
    """One for each limit; without ``capped_only`` also for what is only counted."""
    found = (*_calls(visit, standing), *_spending(visit, standing), *_rules(visit, standing))
    return tuple(one for one in found if not capped_only or one.most is not None or one.note)


def _calls(visit: Visit, standing: Standing) -> Iterator[Use]:
    _, number = visit.gettext, visit.reader.number
    label, now, cap = _("Calls in progress"), standing.calls, standing.caps.concurrent
    if cap is None:
        yield Use(label, number(now))
    else:
        text = _("%(used)s of %(limit)s") % {"used": number(now), "limit": number(cap)}
        yield Use(label, text, "", now, max(0, cap - 1), cap, max(cap, now, 1))


def _spending(visit: Visit, standing: Standing) -> Iterator[Use]:
    _ = visit.gettext
    labels = {"day": _("Spent today"), "week": _("Spent this week"), "month": _("Spent this month")}

    def money(units: int) -> str:
        return visit.reader.money(Money(units, standing.currency))

    for period, label in labels.items():
        counted = getattr(standing.spent, period)
        if counted is None:
            continue
        soft, hard = (getattr(standing.caps, f"{period}_{name}") for name in ("soft", "hard"))
        spent = counted + standing.held
        note = "" if soft is None else _("Notice at %(amount)s") % {"amount": money(soft)}
        if soft is None and hard is None:
            yield Use(label, money(spent))
            continue
        text = money(spent)
        if hard is not None:
            text = _("%(used)s of %(limit)s") % {"used": text, "limit": money(hard)}
        most = max(spent, soft or 0, hard or 0, 1)
        stop = most if hard is None else max(0, hard - 1)
        yield Use(label, text, note, spent, stop if soft is None else min(soft, stop), stop, most)


def _rules(visit: Visit, standing: Standing) -> Iterator[Use]:
    """Limits that nothing is used up of."""
    _, number, caps = visit.gettext, visit.reader.number, standing.caps
    if caps.per_second is not None:
        yield Use(_("Calls that begin in a second"), _("at most %(number)s") % {"number": number(caps.per_second)},
                  note=" ")  # fmt: skip
    if caps.longest is not None:
        yield Use(_("Length of a call"), _("at most %(number)s seconds") % {"number": number(caps.longest)}, note=" ")

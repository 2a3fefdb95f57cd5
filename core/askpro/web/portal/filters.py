"""What a list is narrowed down to: read from the address, and written back into links (UI patterns 25, 26)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

import msgspec

from askpro import clock
from askpro.errors import InvalidInput
from askpro.web.pagination import decode_cursor, encode_cursor, scope_of
from askpro.web.portal.frame import Filter, Link, Option, Pager
from askpro.web.portal.visit import Visit

__all__ = ("PAGE", "Cut", "Paged", "read_cut", "read_page")

PAGE = 25
_TRAIL = 20  # pages one can go back; before that the first page comes next


@dataclass(frozen=True, slots=True)
class Cut:
    """A filter as it was asked for: civil days, ``end`` included; nonsense was left out.

    ``kept`` goes along with every link and the form, and is nothing that could be chosen: whose list it is, for one.
    """

    path: str
    kind: str = ""
    q: str = ""
    start: date | None = None
    end: date | None = None
    kept: tuple[tuple[str, str], ...] = ()

    @property
    def until(self) -> date | None:
        """The first day that is out again."""
        return self.end + timedelta(days=1) if self.end else None

    @property
    def active(self) -> bool:
        return bool(self.kind or self.q or self.start or self.end)

    def params(self) -> dict[str, str]:
        """For an address that asks for the same."""
        every = {
            **dict(self.kept),
            "kind": self.kind,
            "q": self.q,
            "start": self.start.isoformat() if self.start else "",
            "end": self.end.isoformat() if self.end else "",
        }
        return {name: value for name, value in every.items() if value}

    def url(self, path: str = "", **more: str) -> str:
        """The address of this cut, or of ``path`` with it."""
        query = urlencode({**self.params(), **more})
        return f"{path or self.path}?{query}" if query else path or self.path

    def form(self, visit: Visit, kinds: Mapping[str, str], *, dated: bool = True) -> Filter:
        """The form, its chips and presets. ``kinds``: value → label, the empty one for all; none: no choice."""
        _ = visit.gettext
        chips = []
        if self.kind and self.kind in kinds:
            chips.append(Link(kinds[self.kind], replace(self, kind="").url()))
        if self.q:
            chips.append(Link(f"“{self.q}”", replace(self, q="").url()))
        if self.start or self.end:
            chips.append(Link(self._period(visit), replace(self, start=None, end=None).url()))
        today = clock.civil_day(clock.now(), visit.tenant.timezone)
        week = today - timedelta(days=today.weekday())
        spans = ((_("Today"), today), (_("This week"), week), (_("This month"), clock.month_start(today)))
        return Filter(
            action=self.path,
            kinds=tuple(Option(label, value, current=value == self.kind) for value, label in kinds.items()),
            presets=tuple(
                Option(
                    label,
                    url=replace(self, start=first, end=today).url(),
                    current=(self.start, self.end) == (first, today),
                )
                for label, first in spans
                if dated
            ),
            chips=tuple(chip for chip in chips if self.active),
            q=self.q,
            start=self.start.isoformat() if self.start else "",
            end=self.end.isoformat() if self.end else "",
            clear_url=Cut(self.path, kept=self.kept).url(),
            dated=dated,
            kept=self.kept,
        )

    def _period(self, visit: Visit) -> str:
        day = visit.reader.date
        if self.start and self.end:
            return day(self.start) if self.start == self.end else f"{day(self.start)} – {day(self.end)}"
        if self.start:
            return visit.gettext("from %(day)s") % {"day": day(self.start)}
        return visit.gettext("until %(day)s") % {"day": day(self.end or date.min)}


def read_cut(visit: Visit, path: str, kinds: Sequence[str] = (), *, kept: tuple[tuple[str, str], ...] = ()) -> Cut:
    """From the address; what cannot be read is as if it were not there."""
    kind = visit.query("kind", 40)
    start, end = _day(visit.query("start", 10)), _day(visit.query("end", 10))
    if start and end and end < start:
        start, end = end, start
    return Cut(path, kind if kind in kinds else "", visit.query("q", 80), start, end, kept)


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if 1990 <= day.year <= 2200 else None


class Paged(msgspec.Struct, frozen=True, array_like=True):
    """Where a page begins: how many rows came before, after which row, and how the pages before it began."""

    skipped: int = 0
    after: Any = None
    trail: tuple[tuple[int, Any], ...] = ()


def read_page(visit: Visit, cut: Cut) -> tuple[Paged, Callable[[int, Any, int | None], Pager]]:
    """This page, and what makes its pager of (rows shown, position of the last if there are more, total).

    A cursor that was not made for this list begins at the beginning.
    """
    whose = visit.visitor.customer.wallet_id if visit.visitor.customer else "staff"
    scope = scope_of(visit.tenant.id, whose, cut.path, *sorted(cut.params().items()))
    try:
        page = decode_cursor(visit.query("after", 4000), Paged, scope)
    except InvalidInput:
        page = Paged()

    def url(skipped: int, after: Any, trail: Sequence[tuple[int, Any]]) -> str:
        return cut.url(after=encode_cursor((skipped, after, tuple(trail)[-_TRAIL:]), scope)) if skipped else cut.url()

    def pager(shown: int, last: Any, total: int | None) -> Pager:
        end = page.skipped + shown
        before, row = page.trail[-1] if page.trail else (0, None)
        return Pager(
            page.skipped + 1 if shown else 0,
            end,
            total,
            url(before, row, page.trail[:-1]) if page.skipped else "",
            url(end, last, (*page.trail, (page.skipped, page.after))) if last is not None else "",
        )

    return page, pager

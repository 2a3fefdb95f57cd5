"""The verbs of calls in progress: authorize, extend, finish, cancel. Each call is known by the id of its booking."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from askpro import clock
from askpro.actor import Actor
from askpro.calls.check import problem
from askpro.calls.control import soft_caps
from askpro.calls.control.admission import Admitted, Asked, admit
from askpro.calls.control.convoy import Convoy
from askpro.calls.control.ending import finish as end_call
from askpro.calls.control.extension import Alive, go_on
from askpro.calls.control.model import Beat, CallEnd, CallStart, Cancelled, Decision, Settled
from askpro.calls.control.progress import InProgress, look_up
from askpro.calls.events import Reason, UsageEvent
from askpro.calls.train import Train
from askpro.errors import Conflict, InvalidInput, NotFound
from askpro.ledger import holds

__all__ = ("Control",)

_LATE = timedelta(days=1)
"""A call that began so long ago is not about to begin."""


class Control:
    """Call control of one process: the convoys of its requests. Made once an application, inside its event loop."""

    def __init__(self, train: Train) -> None:
        self._train = train
        self._starts: Convoy[Asked, Admitted] = Convoy(admit)
        self._beats: Convoy[Alive, Decision | None] = Convoy(go_on)
        self._looks: Convoy[tuple[UUID, UUID], InProgress | None] = Convoy(look_up)
        self._cancels: Convoy[tuple[UUID, UUID], str] = Convoy(_cancel)

    async def authorize(self, tenant: UUID, zone: str, start: CallStart, *, by: Actor) -> Decision:
        """Whether a call may begin, and for how long the money does. Asked again, it holds nothing more.

        ``zone``: the tenant's IANA zone. A refusal is a decision with its reason. Raises InvalidInput for what is no
        call (as ``calls.check`` says), Unavailable.
        """
        at = clock.now()
        wrong = problem(_as_event(start), at)
        if wrong is None and at - start.started_at > _LATE:
            wrong = Reason.TOO_OLD, start.started_at.isoformat()
        if wrong is not None:
            raise InvalidInput(wrong[1] or wrong[0].value, code=wrong[0].value)
        admitted = await self._starts.send(Asked(tenant, zone, start, at, str(by)))
        if admitted.decision.soft and admitted.wallet is not None:
            await soft_caps.tell(tenant, admitted.wallet, admitted.day, admitted.decision.soft)
        return admitted.decision

    async def extend(self, tenant: UUID, call: UUID, beat: Beat) -> Decision:
        """A sign of life: the next quantum is held when the last is nearly over.

        A number that came before holds nothing more. Raises NotFound, InvalidInput, Unavailable.
        """
        at = clock.now()
        if beat.answered_at is not None and beat.answered_at.tzinfo is None:
            raise InvalidInput("an instant needs an offset", field="answered_at")
        decision = await self._beats.send(Alive(tenant, call, beat, at))
        if decision is None:
            raise NotFound("no such call is under control")
        return decision

    async def finish(self, tenant: UUID, call: UUID, end: CallEnd, *, by: Actor) -> Settled:
        """Book the call and free what was held. Raises NotFound, and what ``ending.finish`` does."""
        found = await self._looks.send((tenant, call))
        if found is None:
            raise NotFound("no such call is under control")
        return await end_call(tenant, call, found, end, train=self._train, by=by)

    async def cancel(self, tenant: UUID, call: UUID) -> Cancelled:
        """The call did not come about. Asked again: the same.

        Raises NotFound, Conflict (``answered``, ``call_over``).
        """
        status = await self._cancels.send((tenant, call))
        if status == "unknown":
            raise NotFound("no such call is under control")
        if status != "cancelled":
            raise Conflict(f"the call is {status}", code="answered" if status == "answered" else "call_over")
        return Cancelled(call)


async def _cancel(calls: Sequence[tuple[UUID, UUID]]) -> list[str]:
    return await holds.cancel(calls)


def _as_event(start: CallStart) -> UsageEvent:
    """A call that has begun and is over at once: as much as can be checked."""
    return UsageEvent(
        id=start.id,
        customer=start.customer,
        direction=start.direction,
        to_number=start.to_number,
        from_number=start.from_number,
        started_at=start.started_at,
        ended_at=start.started_at,
        disposition="STARTED",
        source=start.source,
    )

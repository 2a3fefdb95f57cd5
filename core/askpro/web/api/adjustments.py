"""Bookings by hand: propose, list, look at, approve, reject. Beyond a limit a second person has to approve."""

from __future__ import annotations

from typing import Any

from askpro.people import queries
from askpro.wallets import adjustments
from askpro.wallets.attachments import LARGEST
from askpro.web.api.adjustment_schemas import (
    Adjustment,
    AdjustmentNew,
    AdjustmentPage,
    AdjustmentQuery,
    AdjustmentRejection,
    AttachmentContent,
    adjustment_of,
)
from askpro.web.api.endpoint import PREFIX, Call, Nothing, Reply, endpoint
from askpro.web.api.listing import page_of
from askpro.web.api.schemas import given

__all__ = ("HANDLERS",)

_ROOM = LARGEST * 4 // 3 + 16_384  # a paper in base64, and what stands around it


@endpoint(
    "POST", "/adjustments", permission="adjustments:write", query=Nothing, body=AdjustmentNew, answer=Adjustment,
    status=201, idempotent=True, refusals=(402, 404, 409), largest=_ROOM,
)  # fmt: skip
async def propose_adjustment(call: Call[Nothing, AdjustmentNew]) -> Reply[Adjustment]:
    """Book by hand, or propose it.

    Within the reseller's limit (what one person books for a customer in a day) it is booked at once; beyond it the
    state is `waiting` until a second person approves: not who proposed it, and no key that person has made. A credit
    is goodwill: used before paid money, and never paid back. A debit takes what is there and nothing more.
    """
    asked = call.body
    customer = await queries.customer(call.tenant.id, asked.customer_id)
    made = await adjustments.propose(
        call.tenant, customer, asked.amount.value, reason=asked.reason,
        attachment=asked.attachment.value if asked.attachment else None,
        idempotency=call.once(),
        by=call.actor,
    )  # fmt: skip
    return Reply(adjustment_of(made), {"Location": f"{PREFIX}/adjustments/{made.id}"})


@endpoint(
    "GET", "/adjustments", permission="adjustments:read", query=AdjustmentQuery, body=Nothing, answer=AdjustmentPage
)
async def list_adjustments(call: Call[AdjustmentQuery, Nothing]) -> Reply[AdjustmentPage]:
    """List bookings by hand, and promotional credit beyond the limit, latest first."""
    asked, tenant = call.query, call.tenant.id
    kept: dict[str, Any] = {"customer": given(asked.customer), "state": given(asked.state)}
    page = await page_of(
        call, f"{PREFIX}/adjustments", kept,
        lambda before, limit: adjustments.of_tenant(
            tenant, customer=kept["customer"], state=kept["state"] or "", before=before, limit=limit
        ),
    )  # fmt: skip
    return Reply(AdjustmentPage([adjustment_of(one) for one in page.items], page.next), page.headers)


@endpoint(
    "GET", "/adjustments/{adjustment_id:uuid}", permission="adjustments:read", query=Nothing, body=Nothing,
    answer=Adjustment, refusals=(404,),
)  # fmt: skip
async def get_adjustment(call: Call[Nothing, Nothing]) -> Adjustment:
    """Look at a booking by hand."""
    return adjustment_of(await adjustments.one(call.tenant.id, call.id("adjustment_id")))


@endpoint(
    "GET", "/adjustments/{adjustment_id:uuid}/attachment", permission="adjustments:read", query=Nothing, body=Nothing,
    answer=AttachmentContent, refusals=(404,),
)  # fmt: skip
async def get_adjustment_attachment(call: Call[Nothing, Nothing]) -> AttachmentContent:
    """Read the paper of a booking by hand."""
    paper = await adjustments.attachment(call.tenant.id, call.id("adjustment_id"))
    return AttachmentContent(paper.name, paper.media_type, paper.digest.hex(), paper.data)


@endpoint(
    "POST", "/adjustments/{adjustment_id:uuid}/approve", permission="adjustments:approve", query=Nothing, body=Nothing,
    answer=Adjustment, refusals=(402, 404, 409),
)  # fmt: skip
async def approve_adjustment(call: Call[Nothing, Nothing]) -> Adjustment:
    """Approve a booking by hand, as the second person.

    It is booked once, however often this is sent. Whoever made this key is the person who approves; that must not be
    the one who proposed, or who made the key it was proposed with (403 `second_person_needed`).
    """
    return adjustment_of(await adjustments.approve(call.tenant, call.id("adjustment_id"), by=call.actor))


@endpoint(
    "POST", "/adjustments/{adjustment_id:uuid}/reject", permission="adjustments:approve", query=Nothing,
    body=AdjustmentRejection, answer=Adjustment, refusals=(404, 409),
)  # fmt: skip
async def reject_adjustment(call: Call[Nothing, AdjustmentRejection]) -> Adjustment:
    """Reject a booking by hand, with a reason."""
    done = await adjustments.reject(call.tenant, call.id("adjustment_id"), reason=call.body.reason, by=call.actor)
    return adjustment_of(done)


HANDLERS = (
    propose_adjustment, list_adjustments, get_adjustment, get_adjustment_attachment, approve_adjustment,
    reject_adjustment,
)  # fmt: skip

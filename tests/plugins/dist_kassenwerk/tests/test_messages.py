"""Messages are believed when they are signed, fresh and about this reseller."""

from __future__ import annotations

from base64 import b64decode
from typing import Any

import pytest
from askpro.sdk import EventKind, EventRefused
from kassenwerk_service import OTHER_SECRET, SECRET

from askpro_kassenwerk.book import Book
from askpro_kassenwerk.events import sign
from askpro_kassenwerk.settings import settings_of

pytestmark = pytest.mark.anyio


async def test_the_published_example_of_standard_webhooks() -> None:
    """Our signature of it is the one that its own libraries test themselves against."""
    secret = b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    signature = sign(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert signature == "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


async def test_an_old_message_is_refused(bench: Any) -> None:
    """Rightly signed, but for another time."""
    payment = await bench.paid()
    headers, body = await bench.signed_event(bench.ctx, payment.key)
    old = int(headers["webhook-timestamp"]) - 600
    signature = sign(settings_of(bench.ctx).signing_key, headers["webhook-id"], old, body)
    with pytest.raises(EventRefused):
        await bench.provider.verify_event(
            bench.ctx, {**headers, "webhook-timestamp": str(old), "webhook-signature": f"v1,{signature}"}, body
        )


async def test_a_message_about_another_reseller_is_not_ours(bench: Any) -> None:
    """Who shares an account hears of the other's payments, and learns nothing."""
    payment = await bench.paid()
    thing = bench.service.by_reference(Book(bench.ctx).reference(payment.key))
    delivery = bench.service.message(thing, "payment.updated", OTHER_SECRET)
    event = await bench.provider.verify_event(bench.other, *delivery)
    assert (event.kind, event.key, event.provider_ref) == (EventKind.IGNORED, "", "")


async def test_a_refund_is_named(bench: Any) -> None:
    """A message about a refund says which, and of which payment."""
    thing = {"id": "ref_1", "reference": Book(bench.ctx).reference("r-1"), "payment": "pay_1", "status": "done"}
    delivery = bench.service.message(thing, "refund.updated", SECRET)
    event = await bench.provider.verify_event(bench.ctx, *delivery)
    assert (event.kind, event.key, event.provider_ref, event.payment_ref) == (
        EventKind.REFUND, "r-1", "ref_1", "pay_1"
    )  # fmt: skip

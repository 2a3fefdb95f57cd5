"""/v1/disputes"""

from __future__ import annotations

from askpro.testing.stripe.acts.disputes import EVIDENCE, close_dispute, submit_evidence
from askpro.testing.stripe.hooks.events import change
from askpro.testing.stripe.wire.lists import CREATED, page
from askpro.testing.stripe.wire.routes import Call, Obj, route

__all__ = ()

_EVIDENCE = " ".join(f"evidence.{name}" for name in EVIDENCE)


@route("GET", "/v1/disputes", f"{CREATED} charge payment_intent")
def search(call: Call) -> Obj:
    wanted = {name: call.params.text(name) for name in ("charge", "payment_intent") if name in call.params}
    found = [one for one in call.book.every("dispute") if all(one[name] == value for name, value in wanted.items())]
    return page(call, found, "/v1/disputes")


@route("GET", "/v1/disputes/{id}")
def retrieve(call: Call) -> Obj:
    return call.book.need("dispute", call.id)


@route("POST", "/v1/disputes/{id}", f"{_EVIDENCE} metadata.* submit")
def update(call: Call) -> Obj:
    dispute, params = call.book.need("dispute", call.id), call.params
    if "metadata" in params:
        change(call.book, "charge.dispute.updated", dispute, metadata=params.metadata(dispute["metadata"]))
    given = params.inner("evidence")
    if given.values:
        evidence = {name: given.text(name, longest=20_000) for name in given.values}
        submit_evidence(call.book, dispute, evidence, submit=params.flag("submit", True))
    return dispute


@route("POST", "/v1/disputes/{id}/close")
def close(call: Call) -> Obj:
    return close_dispute(call.book, call.book.need("dispute", call.id), "lost")

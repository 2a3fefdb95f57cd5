"""/v1/webhook_endpoints"""

from __future__ import annotations

import re

from askpro.testing.stripe.state.world import API_VERSION
from askpro.testing.stripe.wire.faults import invalid, missing
from askpro.testing.stripe.wire.lists import PAGE, page
from askpro.testing.stripe.wire.params import Params
from askpro.testing.stripe.wire.routes import Call, Obj, route

__all__ = ()

_WRITES = "url enabled_events[] description metadata.*"
_MOST = 16
"""Endpoints an account may have in test mode; Stripe's limit."""


def _url(call: Call, params: Params) -> str:
    url = params.need("url")
    if not re.match(r"https?://\w", url):
        raise invalid(
            "Invalid URL: An explicit scheme (such as https) must be provided.", param="url", code="url_invalid"
        )
    if call.book.livemode and not url.startswith("https://"):
        raise invalid("Invalid URL: URLs must begin with https in live mode.", param="url", code="url_invalid")
    return url


def _kinds(params: Params) -> list[str]:
    kinds = params.strings("enabled_events")
    if not kinds:
        raise missing("enabled_events")
    for kind in kinds:
        if kind != "*" and not re.fullmatch(r"[a-z0-9_]+(\.[a-z0-9_]+)+", kind):
            raise invalid(f"Invalid enabled_events: {kind}", param="enabled_events")
    return kinds


@route("POST", "/v1/webhook_endpoints", f"{_WRITES} api_version connect")
def create(call: Call) -> Obj:
    book, params = call.book, call.params
    url, kinds = _url(call, params), _kinds(params)
    version = params.text("api_version")
    if version is not None and not re.fullmatch(r"\d{4}-\d\d-\d\d(\.[a-z]+)?", version):
        raise invalid(f"Invalid API version: {version}", param="api_version")
    if len(list(book.every("webhook_endpoint"))) >= _MOST:
        raise invalid(f"You have reached the maximum of {_MOST} test webhook endpoints.")
    endpoint = book.add(
        {
            "id": book.new_id("we"),
            "object": "webhook_endpoint",
            "api_version": version,
            "application": None,
            "created": book.now,
            "description": params.text("description"),
            "enabled_events": kinds,
            "livemode": book.livemode,
            "metadata": params.metadata(),
            "status": "enabled",
            "url": url,
        }
    )
    secret = book.new_id("whsec", 32)
    book.hidden[endpoint["id"]].update(secret=secret, connect=params.flag("connect"), version=version or API_VERSION)
    return {**endpoint, "secret": secret}  # told once, here


@route("GET", "/v1/webhook_endpoints", PAGE)
def search(call: Call) -> Obj:
    return page(call, call.book.every("webhook_endpoint"), "/v1/webhook_endpoints")


@route("GET", "/v1/webhook_endpoints/{id}")
def retrieve(call: Call) -> Obj:
    return call.book.need("webhook_endpoint", call.id)


@route("POST", "/v1/webhook_endpoints/{id}", f"{_WRITES} disabled")
def update(call: Call) -> Obj:
    endpoint, params = call.book.need("webhook_endpoint", call.id), call.params
    if "url" in params:
        endpoint["url"] = _url(call, params)
    if "enabled_events" in params:
        endpoint["enabled_events"] = _kinds(params)
    if "description" in params:
        endpoint["description"] = params.text("description")
    if "disabled" in params:
        endpoint["status"] = "disabled" if params.flag("disabled") else "enabled"
    endpoint["metadata"] = params.metadata(endpoint["metadata"])
    return endpoint


@route("DELETE", "/v1/webhook_endpoints/{id}")
def delete(call: Call) -> Obj:
    return call.book.remove(call.book.need("webhook_endpoint", call.id))

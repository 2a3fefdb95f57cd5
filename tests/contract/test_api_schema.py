"""The API against its own OpenAPI document: generated requests, good and bad, to a server started as in production."""

from __future__ import annotations

import json
import time
import urllib.request
from itertools import count
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.parameters import ParameterLocation
from schemathesis.generation.modes import GenerationMode
from schemathesis.specs.openapi import checks

from askpro.web.openapi import document
from served import Served

pytestmark = pytest.mark.slow

HOST = "nord.askpro.localhost"
CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.negative_data_rejection,
    checks.missing_required_header,
    checks.unsupported_method,
    checks.ignored_auth,
]


schema: Any = schemathesis.openapi.from_dict(json.loads(document()))


addresses = count(1)


def not_limited(_: Any, response: Any, __: Any) -> None:
    """What is answered by the limiter has not been tried at all."""
    assert response.status_code != 429


CHECKS.append(not_limited)


def _beside_the_point(case: Any) -> list[Any]:
    """On the wire every header is a text, so a number for one is nothing that could be refused.

    A batch of reports is accepted although some of them make no sense: each has a result of its own.
    """
    if case.operation.path == "/api/v2/usage":
        return [checks.negative_data_rejection]
    broken = [place for place, one in case.meta.components.items() if one.mode is GenerationMode.NEGATIVE]
    return [checks.negative_data_rejection] if broken == [ParameterLocation.HEADER] else []


@schema.parametrize()
@settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_every_operation_keeps_its_word(case: Any, served: Served) -> None:
    """Statuses, types, headers and bodies are those of the document; what it forbids is refused; nothing is a 500."""
    # an address of its own for each, and keys by turns: both are limited, and the checks send many
    turn = next(addresses)
    headers = {
        "Host": HOST,
        "Authorization": f"Bearer {served.keys[turn % len(served.keys)]}",
        "X-Forwarded-For": f"2001:db8::{turn:x}",
    }
    case.call_and_validate(base_url=served.url, headers=headers, checks=CHECKS, excluded_checks=_beside_the_point(case))


def test_workers_answer_as_one(served: Served) -> None:
    """/metrics adds up what both workers counted."""
    for _ in range(20):
        with urllib.request.urlopen(f"{served.url}/health/live") as answer:
            assert answer.status == 200
    for _ in range(50):  # a request is counted once its answer is out
        with urllib.request.urlopen(f"{served.url}/metrics") as answer:
            shown = answer.read().decode().splitlines()
        [line] = [one for one in shown if one.startswith("askpro_requests_total") and '"/health/live"' in one]
        if float(line.rpartition(" ")[2]) == 20:
            return
        time.sleep(0.1)
    raise AssertionError(line)

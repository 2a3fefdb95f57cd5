"""Nothing secret gets into the logs, and nobody writes lines of his own (V14.2.1, V16.4.1)."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from askpro import logs

SECRETS = (
    "Bearer ask_live_0123456789abcdef",
    "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "postgresql://app:hunter2hunter2@db/x",
)


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    root = logging.getLogger()
    kept, level = list(root.handlers), root.level
    yield
    root.handlers[:], root.level = kept, level
    structlog.reset_defaults()


def _lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_values_under_telling_names_are_hidden(capsys: pytest.CaptureFixture[str]) -> None:
    """However deep they lie, and whatever they look like."""
    logs.configure(json=True)
    structlog.get_logger("t").info(
        "x", headers={"Authorization": "abc", "cookie": ["a"], "accept": "*/*"}, api_key="k", n=[{"password": 1}]
    )
    [line] = _lines(capsys)
    assert line["headers"] == {"Authorization": logs.HIDDEN, "cookie": logs.HIDDEN, "accept": "*/*"}
    assert (line["api_key"], line["n"]) == (logs.HIDDEN, [{"password": logs.HIDDEN}])


@pytest.mark.parametrize("secret", SECRETS)
def test_credentials_inside_texts_are_hidden(secret: str, capsys: pytest.CaptureFixture[str]) -> None:
    """In the message, in values, in arguments of the standard library's loggers and in tracebacks."""
    logs.configure(json=True)
    log = structlog.get_logger("t")
    log.info(f"said {secret}", detail=secret)
    logging.getLogger("other").warning("said %s", secret)
    try:
        raise ValueError(secret)
    except ValueError:
        log.exception("failed")
    written = capsys.readouterr().err
    telling = (
        secret.replace("Bearer ask_live_", "")
        .replace("whsec_", "")
        .replace("postgresql://app:", "")
        .removesuffix("@db/x")
    )
    assert telling not in written
    assert written.count(logs.HIDDEN) >= 4
    assert "ValueError" in written


@pytest.mark.parametrize("as_json", [True, False])
def test_a_line_stays_one_line(as_json: bool, capsys: pytest.CaptureFixture[str]) -> None:
    """CR and LF from outside cannot fake an entry."""
    logs.configure(json=as_json)
    structlog.get_logger("t").info("name", name="x\r\n2026-01-01 [info] forged")
    logging.getLogger("other").warning("name %s", "x\nforged")
    assert len(capsys.readouterr().err.splitlines()) == 2


def test_request_and_tenant_are_in_every_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Ours and the standard library's."""
    logs.configure(json=True)
    one, two = logs.request_id.set("r-1"), logs.tenant_slug.set("nord")
    structlog.get_logger("t").info("a")
    logging.getLogger("other").error("b")
    logs.request_id.reset(one)
    logs.tenant_slug.reset(two)
    structlog.get_logger("t").info("c")
    assert [(line.get("request_id"), line.get("tenant")) for line in _lines(capsys)] == [
        ("r-1", "nord"),
        ("r-1", "nord"),
        (None, None),
    ]

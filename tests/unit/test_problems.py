"""Which failures mean that something we need is down: come again, not: we are broken."""

from __future__ import annotations

import asyncpg
import pytest

from askpro.web.problems import from_exception


@pytest.mark.parametrize(
    "error",
    [
        asyncpg.ConnectionDoesNotExistError("gone"),
        asyncpg.TooManyConnectionsError("full"),
        asyncpg.AdminShutdownError("terminated"),
        asyncpg.InternalClientError("cannot switch to state 11; another operation (2) is in progress"),
        ConnectionResetError("cut"),
    ],
)
def test_what_is_down_is_503_and_says_when_to_come_again(error: Exception) -> None:
    """A database that is away, however asyncpg puts it."""
    problem, headers = from_exception(error, str)
    assert (problem.status, problem.code) == (503, "unavailable")
    assert {name.lower() for name in headers} >= {"retry-after"}


def test_a_mistake_of_ours_is_500() -> None:
    """Anything else is nobody's temporary trouble."""
    problem, _ = from_exception(KeyError("x"), str)
    assert problem.status == 500

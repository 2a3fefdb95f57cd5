"""What the conformance kit says of a provider, test by test."""

from __future__ import annotations

import inspect
from collections.abc import Callable

import pytest

from askpro.testing.providers import Bench, PaymentProviderContract

__all__ = ("promises", "verdicts")


def promises() -> list[str]:
    """The names of all tests of the kit."""
    return [name for name, _ in inspect.getmembers(PaymentProviderContract, inspect.isfunction) if name[:5] == "test_"]


async def verdicts(bench: Callable[[], Bench]) -> dict[str, str]:
    """Each test on a bench of its own: kept, skipped, broken (an assertion failed), or what it crashed with."""
    found = {}
    for name in promises():
        try:
            await getattr(PaymentProviderContract(), name)(bench())
        except pytest.skip.Exception:
            found[name] = "skipped"
        except (AssertionError, pytest.fail.Exception):
            found[name] = "broken"
        except Exception as error:
            found[name] = f"{type(error).__name__}: {error}"
        else:
            found[name] = "kept"
    return found

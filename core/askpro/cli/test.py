"""``askpro test``: the test suite of the checkout this installation came from."""

from __future__ import annotations

import importlib.util
import os
import sys

import click

from askpro import paths
from askpro.errors import Misconfigured

__all__ = ("test",)


@click.command(
    context_settings={"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []},
    add_help_option=False,
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def test(arguments: tuple[str, ...]) -> None:
    """Run the tests. What follows is pytest's: ``askpro test -k ledger -x``.

    The whole suite is shared among the processors; a selection runs in one process, where ``--pdb`` and ``-s`` work.

    The process becomes pytest, so its exit code and signals are the command's own. Raises Misconfigured where
    there is no checkout or the test tools are missing.
    """
    checkout = paths.data_root()
    if not (checkout / "tests" / "conftest.py").is_file():
        raise Misconfigured("The tests are part of a checkout, not of an installation.")
    if importlib.util.find_spec("pytest") is None:
        raise Misconfigured("The test tools are missing: use ./askpro test, or install the extra 'test'.")
    os.chdir(checkout)
    shared = _workers() if not _chosen(arguments) else []
    os.execv(sys.executable, [sys.executable, "-m", "pytest", *shared, *arguments])  # noqa: S606 - no shell is meant


def _chosen(arguments: tuple[str, ...]) -> bool:
    """Whether something else than the whole suite is wanted, or a way to run it."""
    alone = ("-k", "-m", "-n", "-s", "-x", "--pdb", "--lf", "--last-failed", "--sw", "--version", "--help", "-h")
    return any(not one.startswith("-") or one.startswith(alone) for one in arguments)


def _workers() -> list[str]:
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    # in the order of collection, which begins with what takes longest (tests/conftest.py)
    shared = ["-n", str(min(processors, 4)), "--dist", "loadfile", "--no-loadscope-reorder"]
    return shared if processors > 1 else []

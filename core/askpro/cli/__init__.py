"""The ``askpro`` command. Each command lives in its own module, loaded when it is called."""

from __future__ import annotations

import sys
from importlib import import_module

import click

from askpro.errors import AskProError

__all__ = ("cli", "main")

_COMMANDS = {
    "calls": "askpro.cli.calls:calls",
    "db": "askpro.cli.database:db_group",
    "demo": "askpro.cli.demo:demo",
    "keys": "askpro.cli.keys:keys",
    "ledger": "askpro.cli.ledger:ledger",
    "messages": "askpro.cli.messages:messages",
    "migrate": "askpro.cli.database:migrate_command",
    "payments": "askpro.cli.payments:payments",
    "plugins": "askpro.cli.plugins:plugins",
    "rate": "askpro.cli.rate:rate",
    "serve": "askpro.cli.serve:serve",
    "tenants": "askpro.cli.tenants:tenants",
    "test": "askpro.cli.test:test",
    "week": "askpro.cli.week:week",
    "worker": "askpro.cli.worker:worker",
}
_HIDDEN = {"week", "test"}  # tools of the project, not of an installation


class _Lazy(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module, _, name = _COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(import_module(module), name)
        command.hidden = cmd_name in _HIDDEN
        return command


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="askpro")
def cli() -> None:
    """Prepaid billing for AI telephony: platform, resellers, customers."""


def main() -> None:
    """Run, and tell an expected failure in one line instead of a stack trace."""
    try:
        cli()
    except AskProError as error:
        click.secho(error.title, fg="red", err=True)
        if error.detail:
            click.echo(error.detail, err=True)
        sys.exit(2)

"""``python -m askpro.testing.stripe``: the stand-in by itself, for a demo or another program's tests."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import click

from askpro.testing.stripe.hooks.loopback import LoopbackTransport
from askpro.testing.stripe.serving import delivering, served
from askpro.testing.stripe.standin import StripeStandIn

__all__ = ("main",)


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=12111, show_default=True, type=click.IntRange(1, 65535), help="Port to listen on.")
@click.option("--seed", default=0, show_default=True, help="The same seed gives the same ids.")
@click.option(
    "--account", "accounts", multiple=True, help="A further account; its keys are sk_test_NAME and sk_live_NAME."
)
def main(host: str, port: int, seed: int, accounts: tuple[str, ...]) -> None:
    """Serve a stand-in for Stripe until interrupted. It keeps nothing."""
    standin = StripeStandIn(seed=seed, outbound=LoopbackTransport())
    keys = [standin.keys, *(standin.open_account(name) for name in accounts)]
    with suppress(KeyboardInterrupt):
        asyncio.run(_run(standin, host, port, [f"{one.account}  {one.test}  {one.live}" for one in keys]))


async def _run(standin: StripeStandIn, host: str, port: int, lines: list[str]) -> None:
    async with served(standin, host=host, port=port) as address:
        click.echo(f"Stripe stand-in at {address}, its desk at {address}/_standin")
        for line in lines:
            click.echo(line)
        await delivering(standin)


if __name__ == "__main__":
    main()

"""``askpro rate``: a price, step by step, for a call that was made or one that might be."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from uuid import UUID

import click

from askpro import clock
from askpro.cli.runtime import with_database
from askpro.commissions.scheme import commission
from askpro.commissions.service import explain_call, scheme_of
from askpro.errors import InvalidInput
from askpro.people.queries import customer_by_number
from askpro.settings import Settings
from askpro.tariffs import chains
from askpro.tariffs.card import Direction
from askpro.tariffs.chains import CommissionTerms
from askpro.tariffs.explain import Step, explain, plain, render
from askpro.tariffs.rating import Call, Rating
from askpro.tariffs.rating import rate as priced
from askpro.tenancy.queries import tenant_by_slug

__all__ = ("rate",)


@click.group()
def rate() -> None:
    """Prices of calls."""


@rate.command("explain")
@click.option("--tenant", "slug", required=True, help="The reseller's short name.")
@click.option("--call", "usage", type=click.UUID, help="A booked call: compute it again from what is stored.")
@click.option("--customer", "number", default="", help="The customer's number, for a call that was not made.")
@click.option("--direction", type=click.Choice(["outbound", "inbound"]), default="outbound", show_default=True)
@click.option("--to", "callee", default="", help="Destination in E.164, like +493012345.")
@click.option("--seconds", type=click.FloatRange(min=0), default=60, show_default=True, help="From answer to end.")
@click.option("--tokens", type=click.IntRange(min=0), default=0)
@click.option("--bookings", type=click.IntRange(min=0), default=0)
@click.option("--used", type=click.IntRange(min=0), default=0, help="Seconds billed in the month before.")
@click.option("--at", default="", help="When it was answered (ISO 8601 with offset); default: now.")
def explain_command(
    slug: str, usage: UUID | None, number: str, direction: Direction, callee: str, seconds: float, tokens: int,
    bookings: int, used: int, at: str,
) -> None:  # fmt: skip
    """Say how a price comes about: the customer's, the reseller's cost, and the commission."""
    instant = _instant(at)
    # Decimal of the text: the option's float is what the user typed, to the millisecond
    milliseconds = int(Decimal(str(seconds)) * 1000)
    items = tuple((name, count) for name, count in (("token", tokens), ("booking", bookings)) if count)

    async def work(settings: Settings) -> None:
        tenant = await tenant_by_slug(slug)
        if usage is not None:
            found = await explain_call(tenant.id, usage)
            _tell("Customer", found.steps)
            _tell("Reseller's cost", found.cost_steps)
            _earned(found.terms, found.commission, found.currency)
            click.secho("The stored amounts are what the stored prices say.", fg="green")
            return
        if not number:
            raise InvalidInput("--customer or --call is needed")
        customer = await customer_by_number(tenant.id, number)
        cards = await chains.load(tenant.id)
        card = cards.chain_for(customer.id, customer.plan_id, customer.currency, instant)
        if card is None:
            raise InvalidInput(f"no price list in {customer.currency} is in force at {instant:%Y-%m-%d %H:%M} UTC")
        call = Call(direction, callee, milliseconds, items)
        sold, cost = priced(card.retail, call, used), priced(card.wholesale, call)
        _tell("Customer", explain(sold))
        _tell("Reseller's cost", explain(cost))
        if isinstance(sold, Rating) and isinstance(cost, Rating) and card.commission is not None:
            amount = commission(scheme_of(card.commission), sold.units, cost.units, sold.billed_seconds)
            _earned(card.commission, amount, card.currency)

    with_database(work)


def _instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text) if text else clock.now()
    except ValueError as error:
        raise InvalidInput(f"--at: {text!r} is no time") from error
    if instant.tzinfo is None:
        raise InvalidInput("--at needs an offset, like 2026-03-23T10:00:00+01:00")
    return instant


def _tell(title: str, steps: tuple[Step, ...] | list[Step]) -> None:
    click.secho(title, bold=True)
    for step in steps:
        click.echo(f"  {render(step, lambda text: text)}")


def _earned(terms: CommissionTerms | None, units: int, currency: str) -> None:
    if terms is not None:
        amount = plain(Decimal(units).scaleb(-6))
        click.secho("Commission", bold=True)
        click.echo(f"  {terms.kind} {plain(terms.value)}: {amount} {currency}.")

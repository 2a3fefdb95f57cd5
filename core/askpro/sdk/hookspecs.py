"""Every hook there is, one line each; ``docs/plugins/`` has a page for each.

``register_*`` is asked once, at start, and must be a plain function. ``on_*`` are notices. ``may_*`` are
decisions: when one cannot be had, the answer is no. The rest collects values while the house runs.
A hook takes the context first and may leave out arguments it does not need.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import pluggy

from askpro.sdk.context import Context
from askpro.sdk.jobs import JobSpec
from askpro.sdk.notices import ChargeQuestion, Finding, Notice, Refusal
from askpro.sdk.providers import PaymentProvider
from askpro.sdk.rates import Currency, RateSource
from askpro.sdk.routes import RouteSpec

__all__ = ("PROJECT", "HookSpecs", "hookimpl", "hookspec")

PROJECT = "askpro"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


class HookSpecs:
    """The contract. Adding an argument is compatible; removing one takes a release that warns."""

    @hookspec
    def register_settings(self, ctx: Context) -> type[msgspec.Struct]:  # type: ignore[empty-body]
        """Give the schema of the plugin's settings."""

    @hookspec
    def register_payment_providers(self, ctx: Context) -> Sequence[PaymentProvider]:  # type: ignore[empty-body]
        """Give payment providers, each with a key of its own."""

    @hookspec
    def register_rate_sources(self, ctx: Context) -> Sequence[RateSource]:  # type: ignore[empty-body]
        """Give sources of exchange rates, each with a key of its own."""

    @hookspec
    def register_currencies(self, ctx: Context) -> Sequence[Currency]:  # type: ignore[empty-body]
        """Give currencies with their minor units."""

    @hookspec
    def register_routes(self, ctx: Context) -> Sequence[RouteSpec]:  # type: ignore[empty-body]
        """Give pages that live under /x/<plugin>/."""

    @hookspec
    def register_jobs(self, ctx: Context) -> Sequence[JobSpec]:  # type: ignore[empty-body]
        """Give work to be done by the clock."""

    @hookspec
    def on_ready(self, ctx: Context) -> None:
        """Everything is up: migrations are in, settings are valid, the database answers."""

    @hookspec
    def on_enable(self, ctx: Context) -> None:
        """A tenant has enabled this plugin; runs inside the tenant's unit and may refuse by raising."""

    @hookspec
    def on_disable(self, ctx: Context) -> None:
        """A tenant has disabled this plugin; runs inside the tenant's unit."""

    @hookspec
    def on_event(self, ctx: Context, event: Notice) -> None:
        """Something has happened: a fact from the outbox, after commit, at least once."""

    @hookspec
    def check_settings(self, ctx: Context) -> Sequence[Finding]:  # type: ignore[empty-body]
        """Try the tenant's settings out ("Test connection") and say what was found."""

    @hookspec
    def may_charge(self, ctx: Context, question: ChargeQuestion) -> Refusal | None:
        """Decide whether a payment may be begun: None lets it pass, no answer is a refusal."""

    @hookspec
    def top_of_page(self, ctx: Context, page: str) -> str | None:
        """Give a line of plain text to show at the top of a page."""

"""Well behaved: implements every hook and writes down what it is told."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

import msgspec

from askpro.sdk import (
    Currency,
    Finding,
    Guard,
    JobSpec,
    Rate,
    RateMissing,
    Refusal,
    Reply,
    RouteSpec,
    Secret,
    Setting,
    hookimpl,
)


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    api_key: Annotated[Secret[str], Setting("API key", help="From the dashboard.")]
    mode: Annotated[Literal["test", "live"], Setting("Mode", choices={"test": "Test", "live": "Live"})] = "test"
    greeting: Annotated[str, msgspec.Meta(max_length=20), Setting("Greeting")] = "hello"
    loud: Annotated[bool, Setting("Loud")] = False
    retries: Annotated[int, msgspec.Meta(ge=0, le=9), Setting("Retries")] = 3
    base_url: Annotated[str, Setting("Address", level="platform")] = "https://good.example/api"


class Rates:
    key = "good"
    title = "Good rates"

    async def rate(self, ctx, base, quote, day):
        if base == "QQX":
            raise RateMissing("no such rate")
        if base == "QQL":
            return Rate(base, quote, day, date(2999, 1, 1), Decimal("1.5"), self.key)
        return Rate(base, quote, day, day, Decimal("1.5"), self.key)


async def page(ctx, request):
    if request.method == "POST":
        return Reply.redirect(f"{ctx.root}/page/{request.form['to']}")
    return ctx.render("good/page.html", name=request.path["name"], query=dict(request.query))


def plain_page(ctx, request):
    text = f"{ctx.tenant.slug} {ctx.actor}"
    return Reply(text.encode(), content_type="text/plain; charset=utf-8", headers={"Set-Cookie": "mine=1"})


async def lying_page(ctx, request):
    return "not a reply"


async def failing_page(ctx, request):
    raise KeyError("nothing")


class Plugin:
    def __init__(self):
        self.told = []

    @hookimpl
    def register_settings(self, ctx):
        return Settings

    @hookimpl
    def register_payment_providers(self, ctx):
        return []

    @hookimpl
    def register_rate_sources(self, ctx):
        return [Rates()]

    @hookimpl
    def register_currencies(self, ctx):
        return [Currency("QQG", "Good coins", 3)]

    @hookimpl
    def register_routes(self, ctx):
        return [
            RouteSpec("/page/{name:str}", page),
            RouteSpec("/go", page, method="POST", name="go"),
            RouteSpec("/plain", plain_page, guard=Guard.ANYONE),
            RouteSpec("/lie", lying_page, guard=Guard.ANYONE),
            RouteSpec("/fail", failing_page, guard=Guard.ANYONE),
        ]

    @hookimpl
    def register_jobs(self, ctx):
        return [JobSpec("daily", "0 3 * * *", self._daily), JobSpec("once", "0 4 * * 1", self._daily, per_tenant=False)]

    async def _daily(self, ctx):
        self.told.append(("daily", ctx.tenant))

    @hookimpl
    def on_ready(self, ctx):
        self.told.append(("ready", ctx.tenant))

    @hookimpl
    async def on_enable(self, ctx):
        if ctx.settings.greeting == "refuse":
            raise ValueError("not like this")
        self.told.append(("enable", ctx.tenant))

    @hookimpl
    async def on_disable(self, ctx):
        if ctx.settings.greeting == "stay":
            raise ValueError("I will not go")
        self.told.append(("disable", ctx.tenant))

    @hookimpl
    async def on_event(self, ctx, event):
        self.told.append((event.kind, ctx.tenant))

    @hookimpl
    def check_settings(self, ctx):
        return [Finding("ok", f"key of {len(ctx.settings.api_key.reveal())} letters in mode {ctx.settings.mode}")]

    @hookimpl
    def may_charge(self, ctx, question):
        return Refusal("too_much", "Too much.") if question.amount.units > 100_000_000 else None

    @hookimpl
    def top_of_page(self, ctx, page):
        return f"{ctx.settings.greeting} from {ctx.tenant.slug} on {page}" if ctx.tenant else None


plugin = Plugin()

"""Saved methods: the list, the default, removing one on a page of its own, adding one on the provider's page."""

from __future__ import annotations

from urllib.parse import urlencode

from litestar import Response

from askpro import clock
from askpro.errors import AskProError, NotFound
from askpro.payments import autotopup, methods
from askpro.payments.consent import Consent
from askpro.payments.methods import MethodView, Overview
from askpro.web import limits
from askpro.web.limits import Policy
from askpro.web.portal.frame import FieldError, Notice
from askpro.web.portal.leaving import onward
from askpro.web.portal.saving_views import (
    MethodAddPage,
    MethodDesk,
    MethodRemovePage,
    MethodRow,
    MethodsPage,
)
from askpro.web.portal.visit import Visit

__all__ = (
    "PAGES",
    "add",
    "add_form",
    "make_default",
    "open_portal",
    "remove",
    "remove_form",
    "saving_consent",
    "show",
    "until",
)

PAGES = Policy("setups", 20, 600)
"""Pages of providers opened by one person in ten minutes."""

_HERE = "/payment-methods"
_VERSION = "method-1"


async def show(visit: Visit) -> Response[bytes]:
    """``GET /payment-methods``."""
    found = await methods.overview(visit.tenant, visit.customer, locale=visit.reader.locale)
    rule = await autotopup.rule(visit.tenant.id, visit.customer.wallet_id)
    used = (rule.provider, rule.method_ref) if rule is not None and rule.state != "off" else None
    several = {view.provider for view in found.methods if not view.method.default}
    page = MethodsPage(
        rows=tuple(_row(visit, one, used, several) for one in found.methods),
        desks=tuple(
            MethodDesk(
                desk.provider,
                desk.title,
                f"{_HERE}/add?{urlencode({'provider': desk.provider})}" if desk.setup else "",
                f"{_HERE}/portal" if desk.portal else "",
            )
            for desk in found.desks
        ),
        silent=found.silent,
        auto_url="/auto-topup",
        topup_url="/topup",
    )
    return visit.page("payment_methods.html", page, "topup", notices=_notices(visit))


async def make_default(visit: Visit) -> Response[bytes]:
    """``POST /payment-methods/default``: provider, ref."""
    form = await visit.form()
    provider, ref = form.get("provider", ""), form.get("ref", "")
    try:
        await methods.make_default(visit.tenant, visit.customer, provider, ref, by=visit.actor)
    except AskProError:
        return visit.redirect(_HERE, done="failed")
    return visit.redirect(_HERE, done="default")


async def remove_form(visit: Visit) -> Response[bytes]:
    """``GET /payment-methods/remove?provider=…&ref=…``. Raises NotFound for a method that is not the customer's."""
    one = await _mine(visit, visit.query("provider", 40), visit.query("ref"))
    rule = await autotopup.rule(visit.tenant.id, visit.customer.wallet_id)
    in_use = rule is not None and rule.state != "off" and (rule.provider, rule.method_ref) == _key(one)
    page = MethodRemovePage(f"{_HERE}/remove", one.method.label, one.title, _fields(one), _HERE, in_use)
    return visit.page("payment_method_remove.html", page, "topup")


async def remove(visit: Visit) -> Response[bytes]:
    """``POST /payment-methods/remove``: provider, ref. Doing it twice does no harm."""
    form = await visit.form()
    provider, ref = form.get("provider", ""), form.get("ref", "")
    try:
        await methods.remove(visit.tenant, visit.customer, provider, ref, by=visit.actor)
    except AskProError:
        return visit.redirect(_HERE, done="failed")
    return visit.redirect(_HERE, done="removed")


async def add_form(visit: Visit) -> Response[bytes]:
    """``GET /payment-methods/add?provider=…``. Raises NotFound where none can be added."""
    return await _add_page(visit, visit.query("provider", 40))


async def add(visit: Visit) -> Response[bytes]:
    """``POST /payment-methods/add``: provider, consent; on to the provider's page. Raises RateLimited."""
    form = await visit.form()
    provider = form.get("provider", "")
    if not form.get("consent"):
        error = FieldError("consent", visit.gettext("Please agree, or go back."))
        return await _add_page(visit, provider, (error,))
    await limits.enforce(visit.request.scope["state"], (PAGES, str(visit.person.id)))
    consent = saving_consent(visit, await _title(visit, provider))
    here = visit.origin() + _HERE
    try:
        url = await methods.begin_setup(
            visit.tenant, visit.customer, provider, consent=consent, by=visit.actor, return_url=f"{here}?done=saved",
            cancel_url=here, locale=visit.reader.locale,
        )  # fmt: skip
    except AskProError:
        return visit.redirect(_HERE, done="failed")
    return onward(visit, await _title(visit, provider), url, _HERE)


async def open_portal(visit: Visit) -> Response[bytes]:
    """``POST /payment-methods/portal``: provider; on to its own pages. Raises RateLimited."""
    provider = (await visit.form()).get("provider", "")
    await limits.enforce(visit.request.scope["state"], (PAGES, str(visit.person.id)))
    try:
        url = await methods.open_portal(
            visit.tenant, visit.customer, provider, return_url=visit.origin() + _HERE, locale=visit.reader.locale
        )
    except AskProError:
        return visit.redirect(_HERE, done="failed")
    return onward(visit, await _title(visit, provider), url, _HERE)


def until(visit: Visit, expires: tuple[int, int] | None) -> tuple[str, bool]:
    """How long a method is good, in words, and whether that is over."""
    if expires is None:
        return "", False
    year, month = expires
    today = clock.civil_day(clock.now(), visit.tenant.timezone)
    over = (today.year, today.month) > (year, month)
    text = visit.gettext("expired %(month)s") if over else visit.gettext("valid until %(month)s")
    return text % {"month": f"{month:02}/{year}"}, over


async def _overview(visit: Visit) -> Overview:
    return await methods.overview(visit.tenant, visit.customer, locale=visit.reader.locale)


async def _mine(visit: Visit, provider: str, ref: str) -> MethodView:
    for one in (await _overview(visit)).methods:
        if _key(one) == (provider, ref):
            return one
    raise NotFound("there is no such method")


async def _title(visit: Visit, provider: str) -> str:
    return next((desk.title for desk in (await _overview(visit)).desks if desk.provider == provider), provider)


async def _add_page(visit: Visit, provider: str, errors: tuple[FieldError, ...] = ()) -> Response[bytes]:
    found = [desk for desk in (await _overview(visit)).desks if desk.provider == provider and desk.setup]
    if not found:
        raise NotFound("no method can be added there")
    page = MethodAddPage(
        f"{_HERE}/add",
        found[0].title,
        saving_consent(visit, found[0].title).text,
        (("provider", provider),),
        _HERE,
        errors,
    )
    return visit.page("payment_method_add.html", page, "topup", status=422 if errors else 200)


def saving_consent(visit: Visit, title: str) -> Consent:
    """The words that are shown where a method is saved, and kept as they were shown."""
    text = visit.gettext(
        "I allow %(house)s to keep this payment method with the payment service “%(keeper)s” and to charge it for"
        " top-ups that I order, and for automatic top-ups if I switch them on. I can remove it at any time."
    )
    return Consent(text % {"house": visit.tenant.name, "keeper": title}, _VERSION, visit.reader.locale)


def _row(visit: Visit, one: MethodView, used: tuple[str, str] | None, several: set[str]) -> MethodRow:
    text, over = until(visit, one.method.expires)
    return MethodRow(
        label=one.method.label,
        keeper=one.title,
        remove_url=f"{_HERE}/remove?{urlencode({'provider': one.provider, 'ref': one.method.ref})}",
        fields=_fields(one),
        until=text,
        over=over,
        default=one.method.default and one.provider in several,
        default_action="" if one.method.default else f"{_HERE}/default",
        in_use=used == _key(one),
    )


def _key(one: MethodView) -> tuple[str, str]:
    return one.provider, one.method.ref


def _fields(one: MethodView) -> tuple[tuple[str, str], ...]:
    return ("provider", one.provider), ("ref", one.method.ref)


def _notices(visit: Visit) -> list[Notice]:
    _ = visit.gettext
    match visit.query("done", 10):
        case "saved":
            return [Notice("ok", _("Your payment method is saved. It may take a moment until it is in the list."))]
        case "default":
            return [Notice("ok", _("Saved."))]
        case "removed":
            return [Notice("ok", _("The payment method is removed."))]
        case "failed":
            return [Notice("bad", _("The payment service could not do that just now. Please try again later."))]
    return []

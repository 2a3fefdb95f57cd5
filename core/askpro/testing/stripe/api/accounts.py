"""/v1/account, /v1/accounts, /v1/account_links, login links"""

from __future__ import annotations

from askpro.testing.stripe.acts.accounts import connected
from askpro.testing.stripe.hooks.events import change
from askpro.testing.stripe.state.world import Owner
from askpro.testing.stripe.wire.faults import Fault, invalid, missing, refused
from askpro.testing.stripe.wire.lists import CREATED, page
from askpro.testing.stripe.wire.params import Params
from askpro.testing.stripe.wire.routes import Call, Obj, route

__all__ = ()

_PROFILE = ("mcc", "name", "product_description", "support_email", "support_phone", "support_url", "url")
_CAPABILITIES = ("card_payments", "sepa_debit_payments", "transfers", "link_payments")
_KINDS = ("company", "government_entity", "individual", "non_profit")
_WRITES = " ".join(
    (
        "email business_type metadata.* default_currency",
        *(f"business_profile.{name}" for name in _PROFILE),
        *(f"capabilities.{name}.requested" for name in _CAPABILITIES),
        "settings.payouts.schedule.interval settings.payouts.schedule.delay_days",
        "settings.payments.statement_descriptor",
    )
)
_CONTROLLER = "controller.fees.payer controller.losses.payments controller.requirement_collection"
_LINK_LIVES = 300
"""Seconds until an onboarding link is stale."""


def _owner(call: Call) -> Owner:
    """An account of this platform, or oneself. Raises Fault 403 as Stripe does, whoever else's it may be."""
    owner = call.world.owners.get(call.id)
    mine = owner is not None and owner.parent == call.book.account and owner.livemode == call.book.livemode
    if owner is None or not (mine or call.id == call.book.account) or owner.thing.get("deleted"):
        raise Fault(
            403,
            "invalid_request_error",
            f"The provided key does not have access to account '{call.id}' (or that account does not exist)."
            " Application access may have been revoked.",
            code="account_invalid",
        )
    return owner


def _values(params: Params, old: Obj | None = None) -> Obj:
    values: Obj = {name: params.text(name) for name in ("email", "default_currency") if name in params}
    if "business_type" in params:
        values["business_type"] = params.choice("business_type", _KINDS)
    values["metadata"] = params.metadata(old["metadata"] if old else None)
    wanted = params.inner("capabilities")
    known = dict(old["capabilities"]) if old else {}
    state = "active" if old and old["details_submitted"] else "inactive"
    for name in wanted.values:
        if wanted.inner(name).flag("requested"):
            known.setdefault(name, state)
        else:
            known.pop(name, None)
    values["capabilities"] = known
    return values


def _profile(params: Params, known: Obj) -> Obj:
    given = params.inner("business_profile")
    return {**known, **{name: given.text(name) for name in given.values}}


def _controller(params: Params) -> tuple[Obj, str]:
    """Who answers for what, and the old name of that arrangement."""
    given = params.inner("controller")
    dashboard = given.inner("stripe_dashboard").choice("type", ("express", "full", "none"), "full")
    payer = given.inner("fees").choice("payer", ("account", "application"), "account")
    losses = given.inner("losses").choice("payments", ("application", "stripe"), "stripe")
    collects = given.choice("requirement_collection", ("application", "stripe"), "stripe")
    if collects == "application" and (losses, dashboard) != ("application", "none"):
        raise refused(
            "When `controller[requirement_collection]` is `application`, losses must be the application's and the"
            " dashboard `none`.",
            param="controller",
        )
    arrangement = {
        "fees": {"payer": payer},
        "is_controller": True,
        "losses": {"payments": losses},
        "requirement_collection": collects,
        "stripe_dashboard": {"type": dashboard},
        "type": "application",
    }
    old = {"express": "express", "full": "standard", "none": "custom"}[dashboard or "full"]
    return arrangement, old if (dashboard == "full") == (payer == "account" and losses == "stripe") else "none"


@route("POST", "/v1/accounts", f"{_WRITES} country type {_CONTROLLER} controller.stripe_dashboard.type")
def create(call: Call) -> Obj:
    params = call.params
    if call.acting or call.world.owners[call.book.account].parent is not None:
        raise refused("Only a platform can create accounts.")
    if "type" in params and "controller" in params:
        raise invalid("You may not specify both type and controller.", param="type")
    kind = params.choice("type", ("custom", "express", "standard"))
    words = {"express": ("express", "application"), "custom": ("none", "application"), "standard": ("full", "stripe")}
    if kind is not None:
        dashboard, losses = words[kind]
        values = {"stripe_dashboard": {"type": dashboard}, "losses": {"payments": losses}}
        params = Params({**params.values, "controller": values})
    controller, named = _controller(params)
    profile = params.inner("business_profile")
    thing = connected(call.book, profile.text("name") or "", **_values(params), controller=controller)
    thing.update(country=params.text("country", "DE"), type=kind or named)
    thing["business_profile"] = _profile(params, thing["business_profile"])
    return thing


@route("GET", "/v1/account")
def own(call: Call) -> Obj:
    return call.world.owners[call.book.account].thing


@route("GET", "/v1/accounts", CREATED)
def search(call: Call) -> Obj:
    book = call.book
    found = [
        one.thing
        for one in call.world.owners.values()
        if one.parent == book.account and one.livemode == book.livemode and not one.thing.get("deleted")
    ]
    return page(call, found, "/v1/accounts")


@route("GET", "/v1/accounts/{id}")
def retrieve(call: Call) -> Obj:
    return _owner(call).thing


@route("POST", "/v1/accounts/{id}", _WRITES)
def update(call: Call) -> Obj:
    owner, params = _owner(call), call.params
    thing = owner.thing
    values = _values(params, thing)
    if "business_profile" in params:
        values["business_profile"] = _profile(params, thing["business_profile"])
    if "settings" in params:
        values["settings"] = _settings(params.inner("settings"), thing["settings"])
    return change(call.world.book(call.id, call.book.livemode), "account.updated", thing, **values)


def _settings(params: Params, known: Obj) -> Obj:
    schedule = dict(known["payouts"]["schedule"])
    given = params.inner("payouts").inner("schedule")
    if "interval" in given:
        schedule["interval"] = given.choice("interval", ("daily", "manual", "monthly", "weekly"))
    if "delay_days" in given:
        schedule["delay_days"] = given.whole("delay_days")
    payments = dict(known["payments"])
    if "payments" in params:
        payments["statement_descriptor"] = params.inner("payments").text("statement_descriptor")
    return {**known, "payments": payments, "payouts": {**known["payouts"], "schedule": schedule}}


@route("DELETE", "/v1/accounts/{id}")
def delete(call: Call) -> Obj:
    owner = _owner(call)
    if owner.parent is None:
        raise refused("You cannot delete your own account through the API.")
    owner.thing = {"id": call.id, "object": "account", "deleted": True}
    return owner.thing


@route("POST", "/v1/account_links", "account type return_url refresh_url collection_options.fields "
       "collection_options.future_requirements")  # fmt: skip
def link(call: Call) -> Obj:
    params, world = call.params, call.world
    owner = world.owners.get(params.need("account"))
    if owner is None or owner.parent != call.book.account or owner.livemode != call.book.livemode:
        raise invalid(f"No such account: '{params.text('account')}'", param="account", code="resource_missing")
    kind = params.text("type")
    if kind not in ("account_onboarding", "account_update"):
        raise missing("type")
    identifier = call.book.new_id("alink")
    call.book.hidden[identifier].update(
        account=params.need("account"),
        return_url=params.need("return_url"),
        refresh_url=params.need("refresh_url"),
        expires=call.book.now + _LINK_LIVES,
    )
    return {
        "object": "account_link",
        "created": call.book.now,
        "expires_at": call.book.now + _LINK_LIVES,
        "url": f"{world.base_url}/setup/{identifier}",
    }


@route("POST", "/v1/accounts/{id}/login_links")
def login_link(call: Call) -> Obj:
    thing = _owner(call).thing
    if not thing["details_submitted"] or thing["type"] != "express":
        raise refused("Cannot create a login link for an account that has not completed onboarding.")
    return {"object": "login_link", "created": call.book.now, "url": f"{call.world.base_url}/express/{call.id}"}

"""/v1/billing_portal: sessions and configurations"""

from __future__ import annotations

from askpro.testing.stripe.hooks.events import change, emit
from askpro.testing.stripe.state.book import Book
from askpro.testing.stripe.wire.faults import invalid, refused
from askpro.testing.stripe.wire.lists import PAGE, page
from askpro.testing.stripe.wire.params import Params
from askpro.testing.stripe.wire.routes import Call, Obj, route

__all__ = ()

_UPDATES = ("address", "email", "name", "phone", "shipping", "tax_id")
_FEATURES = """
    features.customer_update.enabled features.customer_update.allowed_updates[] features.invoice_history.enabled
    features.payment_method_update.enabled
"""
_WRITES = f"""
    business_profile.headline business_profile.privacy_policy_url business_profile.terms_of_service_url
    default_return_url metadata.* name {_FEATURES}
"""


def _profile(params: Params) -> Obj:
    given = params.inner("business_profile")
    return {name: given.text(name) for name in ("headline", "privacy_policy_url", "terms_of_service_url")}


def _features(params: Params) -> Obj:
    given = params.inner("features")
    updates = given.inner("customer_update")
    allowed = updates.strings("allowed_updates") or []
    if any(one not in _UPDATES for one in allowed):
        raise invalid("Invalid features[customer_update][allowed_updates]", param="features")
    return {
        "customer_update": {"allowed_updates": allowed, "enabled": updates.flag("enabled")},
        "invoice_history": {"enabled": given.inner("invoice_history").flag("enabled")},
        "payment_method_update": {
            "enabled": given.inner("payment_method_update").flag("enabled"),
            "payment_method_configuration": None,
        },
        "subscription_cancel": {
            "cancellation_reason": {"enabled": False, "options": []},
            "enabled": False,
            "mode": "at_period_end",
            "proration_behavior": "none",
        },
        "subscription_update": {
            "billing_cycle_anchor": None,
            "default_allowed_updates": [],
            "enabled": False,
            "proration_behavior": "none",
            "schedule_at_period_end": {"conditions": []},
            "trial_update_behavior": "end_trial",
        },
    }


def _configuration(book: Book, params: Params, *, default: bool) -> Obj:
    return book.add(
        {
            "id": book.new_id("bpc"),
            "object": "billing_portal.configuration",
            "active": True,
            "application": None,
            "business_profile": _profile(params),
            "created": book.now,
            "default_return_url": params.text("default_return_url"),
            "features": _features(params),
            "is_default": default,
            "livemode": book.livemode,
            "login_page": {"enabled": False, "url": None},
            "metadata": params.metadata(),
            "name": params.text("name"),
            "updated": book.now,
        }
    )


def _default(book: Book) -> Obj:
    known = next((one for one in book.every("billing_portal.configuration") if one["is_default"]), None)
    on = {"enabled": "true"}
    settings = Params({"features": {"payment_method_update": on, "invoice_history": on}})
    return known or _configuration(book, settings, default=True)


@route("POST", "/v1/billing_portal/configurations", _WRITES)
def create_configuration(call: Call) -> Obj:
    if "features" not in call.params:
        raise invalid("Missing required param: features.", param="features", code="parameter_missing")
    thing = _configuration(call.book, call.params, default=False)
    emit(call.book, "billing_portal.configuration.created", thing)
    return thing


@route("GET", "/v1/billing_portal/configurations", f"{PAGE} active is_default")
def configurations(call: Call) -> Obj:
    wanted = {name: call.params.flag(name) for name in ("active", "is_default") if name in call.params}
    found = [
        one
        for one in call.book.every("billing_portal.configuration")
        if all(one[name] == value for name, value in wanted.items())
    ]
    return page(call, found, "/v1/billing_portal/configurations")


@route("GET", "/v1/billing_portal/configurations/{id}")
def configuration(call: Call) -> Obj:
    return call.book.need("billing_portal.configuration", call.id)


@route("POST", "/v1/billing_portal/configurations/{id}", f"{_WRITES} active")
def update_configuration(call: Call) -> Obj:
    thing, params = call.book.need("billing_portal.configuration", call.id), call.params
    values: Obj = {"updated": call.book.now, "metadata": params.metadata(thing["metadata"])}
    if "features" in params:
        values["features"] = _features(params)
    if "business_profile" in params:
        values["business_profile"] = _profile(params)
    if "active" in params:
        values["active"] = params.flag("active")
    values |= {name: params.text(name) for name in ("name", "default_return_url") if name in params}
    return change(call.book, "billing_portal.configuration.updated", thing, **values)


@route("POST", "/v1/billing_portal/sessions", "customer return_url configuration locale flow_data.type "
       "flow_data.after_completion.type flow_data.after_completion.redirect.return_url")  # fmt: skip
def create_session(call: Call) -> Obj:
    book, params = call.book, call.params
    customer = book.need("customer", params.need("customer"), param="customer")
    chosen = params.text("configuration")
    settings = book.need("billing_portal.configuration", chosen, param="configuration") if chosen else _default(book)
    return_url = params.text("return_url") or settings["default_return_url"]
    if return_url is None:
        raise refused("A return_url is required, or a default_return_url in the portal's configuration.")
    identifier = book.new_id("bps")
    session = book.add(
        {
            "id": identifier,
            "object": "billing_portal.session",
            "configuration": settings["id"],
            "created": book.now,
            "customer": customer["id"],
            "customer_account": None,
            "flow": _flow(params.inner("flow_data")),
            "livemode": book.livemode,
            "locale": params.text("locale"),
            "on_behalf_of": None,
            "return_url": return_url,
            "url": f"{book.world.base_url}/p/session/{identifier}",
        }
    )
    emit(book, "billing_portal.session.created", session)
    return session


def _flow(params: Params) -> Obj | None:
    kind = params.choice("type", ("payment_method_update",))
    if kind is None:
        return None
    after = params.inner("after_completion")
    done: Obj = {"type": after.choice("type", ("portal_homepage", "redirect"), "portal_homepage")}
    done["hosted_confirmation"] = None
    url = after.inner("redirect").text("return_url")
    done["redirect"] = {"return_url": url} if url else None
    return {
        "after_completion": done,
        "subscription_cancel": None,
        "subscription_update": None,
        "subscription_update_confirm": None,
        "type": kind,
    }

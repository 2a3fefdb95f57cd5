"""The rooms of the staff: every route, in one table. All need the permission ``staff``."""

from __future__ import annotations

from typing import Literal

from litestar import Router

from askpro.wallets.attachments import LARGEST
from askpro.web.portal.routes import Asks, Page, Route, portal_router
from askpro.web.staff import (
    adjust,
    adjustments,
    customer,
    customers,
    disputes,
    events,
    limits,
    payment,
    payments,
    promo,
    provider_acts,
    providers,
    refunds,
    start,
)

__all__ = ("ROUTES", "staff_router")

_UPLOAD = LARGEST + 256 * 1024
"""A form with a paper in it: more than the application takes elsewhere."""


def _room(method: Literal["GET", "POST"], path: str, page: Page, *, most: int | None = None, asks: Asks = "") -> Route:
    return Route(method, f"/staff{path}", page, "staff", most, asks)


ROUTES = (
    _room("GET", "", start.show),
    _room("GET", "/payments", payments.index),
    _room("GET", "/payments.csv", payments.as_csv),
    _room("GET", "/payments/{order:uuid}", payment.show),
    _room("POST", "/payments/{order:uuid}/ask", payment.ask, asks="always"),
    _room("GET", "/payments/{order:uuid}/refund", refunds.form),
    _room("POST", "/payments/{order:uuid}/refund/check", refunds.check),
    _room("POST", "/payments/{order:uuid}/refund/pay", refunds.pay),
    _room("GET", "/disputes", disputes.index),
    _room("GET", "/disputes/{dispute:uuid}", disputes.show),
    _room("POST", "/disputes/{dispute:uuid}/release", disputes.release),
    _room("GET", "/customers", customers.index),
    _room("GET", "/customers/{customer:uuid}", customer.show),
    _room("GET", "/customers/{customer:uuid}/adjust", adjust.form),
    _room("POST", "/customers/{customer:uuid}/adjust/check", adjust.check, most=_UPLOAD),
    _room("POST", "/customers/{customer:uuid}/adjust/book", adjust.book, most=_UPLOAD),
    _room("GET", "/customers/{customer:uuid}/promo", promo.form),
    _room("POST", "/customers/{customer:uuid}/promo/check", promo.check),
    _room("POST", "/customers/{customer:uuid}/promo/grant", promo.grant),
    _room("POST", "/customers/{customer:uuid}/resume", customer.resume),
    _room("GET", "/customers/{customer:uuid}/limits", limits.of_customer),
    _room("POST", "/customers/{customer:uuid}/limits", limits.save_customer),
    _room("GET", "/limits", limits.own),
    _room("POST", "/limits", limits.save_own),
    _room("GET", "/adjustments", adjustments.index),
    _room("GET", "/adjustments/{adjustment:uuid}", adjustments.show),
    _room("GET", "/adjustments/{adjustment:uuid}/attachment", adjustments.attachment),
    _room("POST", "/adjustments/{adjustment:uuid}/approve", adjustments.approve),
    _room("POST", "/adjustments/{adjustment:uuid}/reject", adjustments.reject),
    _room("GET", "/providers", providers.index),
    _room("GET", "/providers/{plugin:str}", providers.show, asks="check"),
    _room("GET", "/providers/{plugin:str}/events", events.index),
    _room("POST", "/providers/{plugin:str}/switch", provider_acts.switch),
    _room("POST", "/providers/{plugin:str}/settings", provider_acts.save),
    _room("POST", "/providers/{plugin:str}/endpoint", provider_acts.connect, asks="always"),
    _room("POST", "/providers/{plugin:str}/onboarding", provider_acts.register, asks="always"),
    _room("POST", "/events/{event:uuid}/replay", events.replay),
)
"""All of them."""


def staff_router() -> Router:
    """The staff's rooms, to be mounted at the root."""
    return portal_router(ROUTES)

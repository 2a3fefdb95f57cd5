"""Limits on calls and spending: of the reseller, of a customer, of a number. Call control keeps them."""

from __future__ import annotations

from typing import Any

from askpro.calls.control import standing
from askpro.calls.control.limits import Caps, is_number, set_caps
from askpro.errors import NotFound
from askpro.people.model import Customer
from askpro.people.queries import customer
from askpro.web.api.endpoint import Call, Nothing, endpoint
from askpro.web.api.limit_schemas import (
    Limits,
    LimitsPut,
    NumberLimits,
    NumberLimitsPut,
    call_caps,
    caps_given,
    limits_of,
    number_limits_of,
)

__all__ = ("HANDLERS",)

_OWN = "/limits"
_CUSTOMER = "/customers/{customer_id:uuid}/limits"
_NUMBER = "/numbers/{number:str}/limits"


@endpoint("GET", _OWN, permission="limits:read", query=Nothing, body=Nothing, answer=Limits)
async def get_limits(call: Call[Nothing, Nothing]) -> Limits:
    """Look at the reseller's own limits.

    They count the calls of all customers, and what those spend whose currency is the reseller's.
    """
    return limits_of(await standing.of_reseller(call.tenant))


@endpoint("PUT", _OWN, permission="limits:write", query=Nothing, body=LimitsPut, answer=Limits)
async def put_limits(call: Call[Nothing, LimitsPut]) -> Limits:
    """Set the reseller's own limits.

    They hold for the next call and the next sign of life of those in progress. All of them are replaced.
    """
    caps = caps_given(call.body, call.tenant.currency)
    await set_caps(call.tenant.id, "reseller", "", caps, by=call.actor)
    return limits_of(await standing.of_reseller(call.tenant))


@endpoint("GET", _CUSTOMER, permission="limits:read", query=Nothing, body=Nothing, answer=Limits, refusals=(404,))
async def get_customer_limits(call: Call[Nothing, Nothing]) -> Limits:
    """Look at a customer's limits."""
    return limits_of(await standing.of_customer(call.tenant, await _customer(call)))


@endpoint("PUT", _CUSTOMER, permission="limits:write", query=Nothing, body=LimitsPut, answer=Limits, refusals=(404,))
async def put_customer_limits(call: Call[Nothing, LimitsPut]) -> Limits:
    """Set a customer's limits.

    They hold for the next call and the next sign of life of those in progress. All of them are replaced. Amounts are
    of the customer's currency.
    """
    one = await _customer(call)
    await set_caps(call.tenant.id, "customer", one.id, caps_given(call.body, one.currency), by=call.actor)
    return limits_of(await standing.of_customer(call.tenant, one))


@endpoint("DELETE", _CUSTOMER, permission="limits:write", query=Nothing, body=Nothing, answer=Limits, refusals=(404,))
async def lift_customer_limits(call: Call[Nothing, Nothing]) -> Limits:
    """Lift all limits of a customer.

    Those of the reseller go on to hold.
    """
    one = await _customer(call)
    await set_caps(call.tenant.id, "customer", one.id, Caps(), by=call.actor)
    return limits_of(await standing.of_customer(call.tenant, one))


@endpoint("GET", _NUMBER, permission="limits:read", query=Nothing, body=Nothing, answer=NumberLimits, refusals=(404,))
async def get_number_limits(call: Call[Nothing, Nothing]) -> NumberLimits:
    """Look at a number's limits.

    The number is a customer's own, in E.164 (`+4930123456`); one that nobody has limited has none.
    """
    return await _number_shown(call, _number(call))


@endpoint(
    "PUT", _NUMBER, permission="limits:write", query=Nothing, body=NumberLimitsPut, answer=NumberLimits,
    refusals=(404,),
)  # fmt: skip
async def put_number_limits(call: Call[Nothing, NumberLimitsPut]) -> NumberLimits:
    """Set a number's limits.

    They count a customer's calls that come in on this number or show it. Spending is limited for customers and for
    the reseller.
    """
    number = _number(call)
    await set_caps(call.tenant.id, "number", number, Caps(**call_caps(call.body)), by=call.actor)
    return await _number_shown(call, number)


@endpoint(
    "DELETE", _NUMBER, permission="limits:write", query=Nothing, body=Nothing, answer=NumberLimits, refusals=(404,)
)
async def lift_number_limits(call: Call[Nothing, Nothing]) -> NumberLimits:
    """Lift all limits of a number."""
    number = _number(call)
    await set_caps(call.tenant.id, "number", number, Caps(), by=call.actor)
    return await _number_shown(call, number)


async def _customer(call: Call[Nothing, Any]) -> Customer:
    return await customer(call.tenant.id, call.id("customer_id"))


def _number(call: Call[Nothing, Any]) -> str:
    """From the path. Raises NotFound for what is no telephone number."""
    number = str(call.path["number"])
    if not is_number(number):
        raise NotFound("a number is written like +4930123456")
    return number


async def _number_shown(call: Call[Nothing, Any], number: str) -> NumberLimits:
    return number_limits_of(number, await standing.of_number(call.tenant, number))


HANDLERS = (
    get_limits, put_limits, get_customer_limits, put_customer_limits, lift_customer_limits, get_number_limits,
    put_number_limits, lift_number_limits,
)  # fmt: skip

"""REST API v2: customers, balances, transactions, calls, reports of finished calls, limits, payments and refunds."""

from __future__ import annotations

from litestar import Router
from litestar.handlers import HTTPRouteHandler

from askpro.web.api import (
    adjustments,
    auto_topup,
    balance,
    balance_notices,
    calls,
    control,
    credits,
    customers,
    limits,
    payments,
    transactions,
    usage,
)
from askpro.web.api.endpoint import PREFIX
from askpro.web.auth import admit

__all__ = ("HANDLERS", "api_router")

HANDLERS: tuple[HTTPRouteHandler, ...] = (
    *customers.HANDLERS,
    *balance.HANDLERS,
    *balance_notices.HANDLERS,
    *transactions.HANDLERS,
    *usage.HANDLERS,
    *calls.HANDLERS,
    *control.HANDLERS,
    *limits.HANDLERS,
    *payments.HANDLERS,
    *auto_topup.HANDLERS,
    *credits.HANDLERS,
    *adjustments.HANDLERS,
)


def api_router() -> Router:
    """All endpoints, each behind the one check of keys and scopes."""
    return Router(PREFIX, route_handlers=list(HANDLERS), before_request=admit)

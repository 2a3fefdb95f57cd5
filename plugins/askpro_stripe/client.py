"""Speaking with Stripe: its own library over the HTTP client that the host lends, one API version, no retries.

Retrying is the core's business: it knows what has been asked already. Every failure becomes one of the house's
errors, and only those that prove that Stripe did nothing become ``NotSent``.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Mapping
from contextlib import aclosing
from typing import Any

import httpx
import stripe

from askpro.errors import Conflict, InvalidInput, NotAllowed, NotFound, Unavailable
from askpro.sdk import Context, HttpClient, NotSent
from askpro_stripe.scope import Scope, settings_of

__all__ = ("API_VERSION", "Declined", "Gone", "NoAccess", "Stale", "ask", "connect", "each", "every", "newest")

API_VERSION = "2026-05-27.dahlia"
"""The shape of objects and events that this plugin was written for."""

stripe.enable_telemetry = False  # no word about this machine leaves it

_KEPT = ("authorization", "content-type", "idempotency-key", "stripe-account", "stripe-version")
_BEFORE_SENDING = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)


class Declined(Exception):  # noqa: N818 - reads as what happened
    """A bank said no. ``error`` is Stripe's object, ``payment_intent`` in it where there is one."""

    def __init__(self, error: Mapping[str, Any]) -> None:
        self.error = error
        super().__init__(str(error.get("code")))


class Gone(NotFound):
    """Stripe has no such object in this account and mode."""

    code = "not_at_stripe"


class NoAccess(NotSent):
    """The account that is asked for is not, or no longer, under the platform whose key it is."""


class Stale(InvalidInput):
    """A customer that we knew is no longer there."""

    code = "customer_gone"


class _Wire(stripe.HTTPClient):
    """stripe-python's way out, through the host's client."""

    name = "askpro"

    def __init__(self, http: HttpClient) -> None:
        super().__init__()
        self._http = http

    async def request_async(
        self, method: str, url: str, headers: Mapping[str, str], post_data: Any = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        sent = {name: value for name, value in headers.items() if name.lower() in _KEPT}
        body = post_data.encode() if isinstance(post_data, str) else post_data
        try:
            reply = await self._http.request(
                method.upper(), url, headers={**sent, "User-Agent": "AskPro"}, content=body or None
            )
        except (httpx.HTTPError, OSError, Unavailable) as error:
            raise stripe.APIConnectionError("no answer") from error  # type: ignore[no-untyped-call] # stripe's own
        return reply.content, reply.status_code, reply.headers

    def close(self) -> None:
        return None


def connect(ctx: Context, scope: Scope) -> Any:
    """Stripe's services as that account sees them.

    Their typed parameters are of another API version than ours; what we send is checked against the specification of
    our own in the tests.
    """
    return stripe.StripeClient(
        scope.key.reveal(),
        base_addresses={"api": settings_of(ctx).api_base},
        stripe_account=scope.header,
        stripe_version=API_VERSION,
        http_client=_Wire(ctx.http),
        max_network_retries=0,
    ).v1


async def ask(call: Awaitable[Any]) -> dict[str, Any]:
    """Stripe's answer as plain data.

    Raises Declined (a bank's no), InvalidInput (it can never work), Gone, Stale, Conflict (the key was used with other
    parameters), NotSent (nothing was done, it may be asked again), Unavailable (nobody knows).
    """
    try:
        answer: dict[str, Any] = (await call).to_dict()
    except stripe.StripeError as error:
        raise _meaning(error) from error
    except NotAllowed as error:
        raise NotSent(error.detail, code=error.code) from error
    return answer


async def each(call: Awaitable[Any], *, most: int = 500) -> AsyncGenerator[dict[str, Any]]:
    """The objects of a list, page after page, newest first.

    Errors as ``ask``; after ``most`` objects Unavailable (``list_too_long``) when there are more, because what was not
    read is not absent.
    """
    read = 0
    try:
        page = await call
        async for one in page.auto_paging_iter():
            if read == most:
                raise Unavailable(f"more than {most} objects", code="list_too_long")
            read += 1
            yield one.to_dict()
    except stripe.StripeError as error:
        raise _meaning(error) from error
    except NotAllowed as error:
        raise NotSent(error.detail, code=error.code) from error


async def every(call: Awaitable[Any], *, most: int = 500) -> list[dict[str, Any]]:
    """The whole list. Errors as ``each``: a part of it is never taken for the whole."""
    return [one async for one in each(call, most=most)]


async def newest(call: Awaitable[Any], most: int) -> list[dict[str, Any]]:
    """The newest objects of a list, ``most`` of them; there may be more. Errors as ``ask``."""
    found: list[dict[str, Any]] = []
    async with aclosing(each(call, most=most)) as things:
        async for one in things:
            found.append(one)
            if len(found) == most:
                break
    return found


def _meaning(error: stripe.StripeError) -> Exception:
    body = error.json_body if isinstance(error.json_body, Mapping) else {}
    said: Mapping[str, Any] = body.get("error") or {}
    detail, code = error.user_message or "", said.get("code") or ""
    match error:
        case stripe.APIConnectionError():
            if _before_sending(error):
                return NotSent("Stripe could not be reached", code="not_reached")
            return Unavailable("no answer from Stripe", code="no_answer")
        case stripe.CardError():
            return Declined(said)
        case stripe.IdempotencyError():
            return Conflict("this key belongs to another request", code="key_reused")
        case stripe.RateLimitError():
            return NotSent("Stripe is busy", code="provider_busy")
        case stripe.PermissionError() if code == "account_invalid":  # the key is right, the account is not under it
            return NoAccess(detail, code="provider_key_refused")
        case stripe.AuthenticationError() | stripe.PermissionError():
            return NotSent(detail, code="provider_key_refused")
        case stripe.InvalidRequestError() if code == "balance_insufficient":
            return NotSent(detail, code=code)  # it may work when there is money again
        case stripe.InvalidRequestError() if code == "resource_missing" and said.get("param") == "customer":
            return Stale(detail)
        case stripe.InvalidRequestError() if error.http_status == 404 or code == "resource_missing":
            return Gone(detail, field=said.get("param"))
        case stripe.InvalidRequestError():
            return InvalidInput(detail, code=code or "refused_by_stripe", field=said.get("param"))
    return Unavailable(detail, code=code or "no_answer")  # 409, 5xx, an unreadable body: it may have been done


def _before_sending(error: BaseException) -> bool:
    """Whether the connection failed before a byte of the request was sent: the only proof there is."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, _BEFORE_SENDING):
            return True
        cause = cause.__cause__
    return False

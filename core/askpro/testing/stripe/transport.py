"""Ways in for Python: an httpx transport, and a client for stripe-python."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import anyio.lowlevel
import httpx

from askpro.testing.stripe.asgi import Application
from askpro.testing.stripe.chaos import LostAnswerError, LostRequestError

if TYPE_CHECKING:
    import stripe

__all__ = ("StandInTransport", "stripe_http_client")


class StandInTransport(httpx.AsyncBaseTransport):
    """Sends every request to the stand-in, whatever its host. What gets lost is a timeout, as on a wire."""

    def __init__(self, app: Application) -> None:
        self._inner = httpx.ASGITransport(app=app, raise_app_exceptions=True)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        try:
            return await self._inner.handle_async_request(request)
        except LostRequestError as lost:
            raise httpx.ConnectTimeout(str(lost), request=request) from lost
        except LostAnswerError as lost:
            raise httpx.ReadTimeout(str(lost), request=request) from lost


def stripe_http_client(transport: httpx.AsyncBaseTransport) -> stripe.HTTPClient:
    """An asynchronous HTTP client for stripe-python (which must be installed) over any transport.

    stripe-python's own one takes no transport, and hands httpx a form in a way that httpx deprecates.
    """
    import stripe

    class Client(stripe.HTTPClient):
        name = "standin"

        def __init__(self) -> None:
            super().__init__()
            self._client = httpx.AsyncClient(transport=transport)

        async def request_async(
            self, method: str, url: str, headers: Mapping[str, str], post_data: Any = None
        ) -> tuple[bytes, int, Mapping[str, str]]:
            try:
                answer = await self._client.request(method, url, headers=dict(headers), content=post_data or None)
            except httpx.HTTPError as error:
                lost = stripe.APIConnectionError(str(error), should_retry=True)  # type: ignore[no-untyped-call]
                raise lost from error
            return answer.content, answer.status_code, answer.headers

        async def sleep_async(self, secs: float) -> None:
            await anyio.lowlevel.checkpoint()  # retries need not wait for anybody here

        async def close_async(self) -> None:
            await self._client.aclose()

        def close(self) -> None:
            """Nothing is open."""

    return Client()

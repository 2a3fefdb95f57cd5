"""Speaking with Kassenwerk: JSON over the HTTP client that the host lends. Nothing is ever tried twice here."""

from __future__ import annotations

from typing import Any, TypeVar
from urllib.parse import urlencode

import msgspec
from askpro.errors import InvalidInput, NotAllowed, NotFound, Unavailable
from askpro.sdk import Context, HttpReply, NotSent

from askpro_kassenwerk.settings import settings_of

__all__ = ("Gone", "ask")

T = TypeVar("T")


class Gone(NotFound):
    """Kassenwerk has no such thing in this account."""

    code = "not_at_kassenwerk"


class _Error(msgspec.Struct, frozen=True):
    code: str = ""
    message: str = ""


async def ask(
    ctx: Context, method: str, path: str, kind: type[T], *, json: Any = None, key: str = "", **query: str
) -> T:
    """The answer. ``key``: Kassenwerk's idempotency key, for what must happen once.

    Raises NotSent (nothing was done, and that is sure), InvalidInput (it can never work, nothing was done), Gone, and
    Unavailable for everything of which nobody knows whether it was done.
    """
    settings = settings_of(ctx)
    headers = {"Authorization": f"Bearer {settings.api_key.reveal()}", "Accept": "application/json"}
    if key:
        headers["Idempotency-Key"] = key
    url = f"{settings.api_base.rstrip('/')}/v1/{path}" + (f"?{urlencode(query)}" if query else "")
    try:
        reply = await ctx.http.request(method, url, headers=headers, json=json)
    except NotAllowed as error:  # the host does not let it out
        raise NotSent(error.detail, code=error.code) from error
    _refuse(reply)
    try:
        return msgspec.json.decode(reply.content, type=kind)
    except msgspec.DecodeError as error:
        raise Unavailable("an answer that cannot be read", code="answer_unreadable") from error


def _refuse(reply: HttpReply) -> None:
    status = reply.status_code
    if 200 <= status < 300:
        return
    try:
        said = msgspec.json.decode(reply.content, type=_Error)
    except msgspec.DecodeError:
        said = _Error()
    match status:
        case 401 | 403:
            raise NotSent(said.message, code="provider_key_refused")
        case 429:
            raise NotSent(said.message, code="provider_busy")
        case 404:
            raise Gone(said.message)
        case 400 | 422:
            raise InvalidInput(said.message, code=said.code or "refused_by_kassenwerk")
    # 409 as well: the key is known there with other particulars, so an earlier request has arrived after all
    raise Unavailable(said.message, code="no_answer")

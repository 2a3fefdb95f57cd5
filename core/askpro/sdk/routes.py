"""Pages of a plugin, under ``/x/<plugin>/``. The host brings session, tenant, CSRF, guard and layout.

A handler knows nothing of the web framework: it takes a ``PageContext`` and a ``PageRequest`` and returns a
``Reply``. It may be ``async`` or plain; a plain one runs in a thread.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

from askpro.sdk.context import Context

__all__ = ("LARGEST_BODY", "LONGEST_WAIT", "Guard", "PageContext", "PageRequest", "Reply", "RouteSpec", "UploadedFile")

LARGEST_BODY = 32 * 1024 * 1024
"""What a route may ask for at most, in bytes."""
LONGEST_WAIT = 60.0
"""Seconds that a route may ask for at most."""


class Guard(StrEnum):
    """Who may come in."""

    CUSTOMER = "customer"
    """A signed-in customer of this tenant."""
    STAFF = "staff"
    """Signed-in staff of this tenant."""
    OPERATOR = "operator"
    """The platform's own staff."""
    ANYONE = "anyone"
    """No sign-in at all: say so only where the page itself checks something better."""


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """A file that came with a form. Name and type are the browser's word: believe neither."""

    name: str
    content_type: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class PageRequest:
    """What the browser sent. Form fields that came twice hold the last value."""

    method: str
    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    files: Mapping[str, UploadedFile] = field(default_factory=dict)
    """By form field, of a form with ``enctype="multipart/form-data"``; a field without a chosen file is not in it."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes back; ``ctx.render`` makes one from a template.

    Of the headers the host passes on Location, Content-Disposition, Content-Language, Cache-Control and
    Retry-After; cookies and policies are the house's.
    """

    body: bytes = b""
    status: int = 200
    content_type: str = "text/html; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def redirect(cls, url: str) -> Reply:
        """See other: the browser follows with GET, so a reload posts nothing again."""
        return cls(status=303, headers={"Location": url})


@dataclass(frozen=True, kw_only=True)
class PageContext(Context):
    """A ``Context`` with a page around it."""

    renderer: Callable[[str, Mapping[str, Any]], Reply] | None = field(default=None, repr=False)
    csrf_input: Any = ""
    """A hidden input for every form that posts; markup, safe to put into a template as it is."""
    root: str = ""
    """``/x/<plugin>``: where the plugin's own paths begin."""
    customer: str = ""
    """The ``CustomerRef.id`` of the customer for whom somebody has signed in; empty for staff and strangers."""
    address: str = ""
    """The address the request came from, for what needs proof of who agreed to it. Personal data."""

    def render(self, template: str, **values: Any) -> Reply:
        """A page in the tenant's layout. ``template`` lies under ``<plugin>/`` in the plugin's templates folder.

        In the template, ``ctx`` is this context, ``t`` its ``gettext`` and ``layout`` what to extend.
        """
        if self.renderer is None:
            raise RuntimeError("no page is being made")
        return self.renderer(template, values)


Handler = Callable[[PageContext, PageRequest], Reply | Awaitable[Reply]]


@dataclass(frozen=True, slots=True)
class RouteSpec:
    """One route. ``path`` begins below ``/x/<plugin>``: ``"/checkout/{id:uuid}"``."""

    path: str
    handler: Handler
    method: Literal["GET", "POST"] = "GET"
    guard: Guard = Guard.CUSTOMER
    name: str = ""
    """For the API document; the handler's own name when empty."""
    menu: str = ""
    """What the page is called in the menu of those its guard lets in, as a msgid; empty: it is reached by a link only.

    Only for a GET without parameters. At present the staff's menu shows such pages, those with ``Guard.STAFF``.
    """
    largest: int | None = None
    """Bytes that a request may bring along, for pages that take files; None: what the house allows everywhere, 1 MB.

    At most ``LARGEST_BODY``.
    """
    deadline: float | None = None
    """Seconds after which a request is given up, for pages with much to do; None: what the house allows everywhere, 5.

    At most ``LONGEST_WAIT``.
    """

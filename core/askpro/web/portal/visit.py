"""One request to the portal: who, where, in which words; and the ways to answer it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote, urlencode

from babel import Locale
from litestar import Request, Response
from litestar.datastructures import Cookie, UploadFile

from askpro.actor import Actor
from askpro.errors import NotAuthenticated
from askpro.i18n import Reader, languages, reader
from askpro.people.model import Customer, Person
from askpro.pluginhost import menu
from askpro.sdk.context import TenantRef
from askpro.sdk.routes import Guard
from askpro.settings import Settings
from askpro.tenancy.hosts import normalised
from askpro.tenancy.model import Tenant
from askpro.web import csrf
from askpro.web.looks import Look
from askpro.web.portal import rooms
from askpro.web.portal.frame import NavItem, Notice, Option, Room, Site
from askpro.web.portal.mode import money_remark
from askpro.web.portal_auth import ROLES, WalletMissing
from askpro.web.proxies import Peer
from askpro.web.sessions import Visitor, visit_cookie

__all__ = ("Visit",)


@dataclass(frozen=True)
class Visit:
    """Made anew for every request."""

    request: Request[Any, Any, Any]
    tenant: Tenant
    visitor: Visitor
    peer: Peer
    look: Look
    reader: Reader
    settings: Settings
    pages: tuple[NavItem, ...] = ()
    """Plugins' pages for this visitor's menu."""
    test_money: str = ""
    """The message id that says that money is not real here."""

    @classmethod
    def of(cls, request: Request[Any, Any, Any]) -> Visit:
        """After the portal's guard has let it in."""
        state, app = request.scope["state"], request.app.state
        tenant: Tenant = state["tenant"]
        return cls(
            request,
            tenant,
            state["visitor"],
            state["peer"],
            app["looks"].of(tenant),
            reader(state["locale"], tenant.timezone),
            app["settings"],
        )

    @classmethod
    async def arrive(cls, request: Request[Any, Any, Any]) -> Visit:
        """Like ``of``, with what plugins put into the staff's menu, and whether money is real here."""
        visit = cls.of(request)
        if visit.visitor.person is not None:
            visit = replace(visit, test_money=await money_remark(visit.tenant.id))
        if visit.visitor.role not in ROLES[str(Guard.STAFF)]:
            return visit
        host, ref = request.app.state["host"], TenantRef(visit.tenant.id, visit.tenant.slug)
        here = request.scope["path"]
        found = await menu.entries(host, ref, Guard.STAFF, locale=visit.reader.locale)
        return replace(visit, pages=tuple(NavItem(one.title, one.url, here == one.url) for one in found))

    @property
    def person(self) -> Person:
        """Who has signed in. Raises NotAuthenticated where nobody needs to."""
        if self.visitor.person is None:
            raise NotAuthenticated
        return self.visitor.person

    @property
    def customer(self) -> Customer:
        """For whom. Raises NotAuthenticated for staff, WalletMissing."""
        if self.visitor.customer is None:
            raise WalletMissing if self.visitor.role == "customer" else NotAuthenticated
        return self.visitor.customer

    @property
    def home(self) -> str:
        """Where this visitor begins."""
        return rooms.home_of(self.visitor.role)

    @property
    def actor(self) -> Actor:
        return Actor("person", str(self.person.id), self.peer.address)

    def query(self, name: str, longest: int = 200) -> str:
        """A parameter of the address, as far as it is text of a sensible length."""
        return _storable(str(self.request.query_params.get(name, "")))[:longest].strip()

    async def form(self) -> dict[str, str]:
        """The fields of the form, by name; files and what is too long are left out."""
        sent = await self.request.form()
        texts = ((name, value) for name, value in sent.multi_items() if isinstance(value, str) and len(value) <= 2000)
        return {name: _storable(value) for name, value in texts}

    async def upload(self, name: str) -> tuple[str, bytes] | None:
        """The file of a form's field as it was named and sent, both to be believed by nobody; None: none was chosen."""
        sent = (await self.request.form()).get(name)
        if not isinstance(sent, UploadFile):
            return None
        content = await sent.read()
        return (sent.filename, content) if sent.filename or content else None

    def origin(self) -> str:
        """``https://portal.example``: from the tenant and the settings, never from the request.

        Of the tenant's hosts the one that was asked, because the session lives there.
        """
        own = (self.tenant.host(self.settings.base_domain), f"{self.tenant.slug}.{self.settings.base_domain}")
        asked = normalised(self.peer.host or "")
        host = asked if asked in own else own[0]
        if self.settings.production:
            return f"https://{host}"
        return f"http://{host}:{self.settings.port}"

    # answers

    def site(self, room: Room | None = None, notices: Sequence[Notice] = (), binding: str = "") -> Site:
        """What surrounds a page; ``binding`` where the visit begins with this very answer."""
        here = self.request.scope["path"]
        if query := self.request.scope["query_string"].decode("latin-1"):
            here += f"?{query}"
        back = f"?next={quote(here, safe='')}" if self.request.method == "GET" else ""
        language, staff = self.reader.language, self.visitor.role in ROLES["staff"]
        return Site(
            brand=replace(self.look.brand, home_url=self.home),
            nav=_menu(rooms.CUSTOMER if self.visitor.customer else rooms.STAFF if staff else (), room),
            more=(*self.pages, *_menu(rooms.STAFF_MORE, room)) if staff else (),
            languages=tuple(
                Option(_own_name(code), code, f"/language/{code}{back}", code == language) for code in languages()
            ),
            scheme=self.scheme,
            csrf=csrf.token_for(self.tenant.id, binding or self.visitor.binding),
            notices=tuple(notices),
            test_money=self.test_money,
        )

    @property
    def scheme(self) -> Any:
        """``light``, ``dark`` or ``auto``: what this browser was told, else what the person prefers."""
        chosen = self.visitor.scheme or (self.visitor.person.scheme if self.visitor.person else "")
        return chosen if chosen in ("light", "dark") else "auto"

    def page(
        self,
        template: str,
        page: Any,
        room: Room | None = None,
        *,
        status: int = 200,
        notices: Sequence[Notice] = (),
        headers: Mapping[str, str] | None = None,
    ) -> Response[bytes]:
        """A page; where nobody has signed in, the cookie that its form is bound to comes along."""
        cookies: list[Cookie] = []
        binding = self.visitor.binding
        if not binding:
            fresh = csrf.new_visit(self.tenant.id)
            binding = csrf.visit_of(fresh, self.tenant.id)
            cookies.append(visit_cookie(self.peer, fresh))
        html = self.look.theme.render(template, self.reader, site=self.site(room, notices, binding), page=page)
        return Response(
            html.encode(),
            status_code=status,
            media_type="text/html",  # the framework adds the charset
            headers={"Content-Language": self.reader.language, **(headers or {})},
            cookies=cookies,
        )

    def redirect(self, url: str, *, cookies: Sequence[Cookie] = (), **query: str) -> Response[bytes]:
        """See other: the browser follows with GET, so a reload posts nothing again."""
        target = f"{url}?{urlencode(query)}" if query else url
        return Response(
            b"", status_code=303, media_type="text/html", headers={"Location": target}, cookies=list(cookies)
        )

    def gettext(self, message: str) -> str:
        """``message`` in the reader's language."""
        return self.reader.gettext(message)


def _menu(places: Sequence[rooms.Place], room: Room | None) -> tuple[NavItem, ...]:
    return tuple(NavItem(place.label, place.url, place.name == room) for place in places)


def _storable(text: str) -> str:
    """Without the one character that PostgreSQL cannot keep; nobody types it."""
    return text.replace("\0", "")


def _own_name(code: str) -> str:
    name = Locale.parse(code).get_language_name(code) or code
    return name[:1].upper() + name[1:]

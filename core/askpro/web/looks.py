"""How each tenant looks: its theme, its style sheet and its logo, made once for each version of the tenant."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from uuid import UUID

from askpro.tenancy.model import Brand as BrandChoice
from askpro.tenancy.model import Tenant
from askpro.web.portal.frame import Brand, Link
from askpro.web.theme.assets import content_hash
from askpro.web.theme.css import sheet_path, tenant_css
from askpro.web.theme.environment import BASE, Theme, Themes
from askpro.web.theme.tokens import validated

__all__ = ("Look", "Looks")

_REMEMBERED = 1000


@dataclass(frozen=True, slots=True)
class Look:
    """A tenant's theme with its own tokens. ``files`` are what it serves beside the theme's: path → (type, content)."""

    theme: Theme
    brand: Brand
    files: dict[str, tuple[str, bytes]]


class Looks:
    """The looks of one process; tenant None is the platform's own, for hosts nobody answers to."""

    def __init__(self, themes: Themes, name: str = "AskPro") -> None:
        self.themes = themes
        self._name = name
        self._made: OrderedDict[tuple[UUID | None, int], Look] = OrderedDict()

    def of(self, tenant: Tenant | None) -> Look:
        """Falls back to the default look where a tenant's choice is not installed any more."""
        key = (tenant.id, tenant.version) if tenant else (None, 0)
        look = self._made.get(key)
        if look is None:
            look = self._made[key] = self._make(tenant)
            if len(self._made) > _REMEMBERED:
                self._made.popitem(last=False)
        return look

    def _make(self, tenant: Tenant | None) -> Look:
        choice = tenant.brand if tenant else BrandChoice()
        slug = tenant.slug if tenant else "platform"
        try:
            theme = self.themes[choice.theme]
        except FileNotFoundError:
            theme = self.themes[BASE]
        tokens = validated(theme.file, brand=choice.colour, font=choice.font, radius=choice.radius)
        css = tenant_css(tokens, theme.file, theme.assets.url)
        files = {sheet_path(slug, css): ("text/css; charset=utf-8", css.encode())}
        logo_url = None
        if choice.logo:
            content = choice.logo.encode()
            logo_url = f"/theme/{slug}.{content_hash(content)}.svg"
            files[logo_url] = ("image/svg+xml", content)
        brand = Brand(
            name=tenant.name if tenant else self._name,
            sheet_url=sheet_path(slug, css),
            logo_url=logo_url,
            legal=tuple(Link(link.label, link.url) for link in choice.legal),
        )
        return Look(theme, brand, files)

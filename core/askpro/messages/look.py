"""What a tenant's mails look like: its name, its colours as plain hex, the particulars at the foot."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import lru_cache

from askpro import paths
from askpro.palette import Palette, derive
from askpro.tenancy.model import Link, Tenant

__all__ = ("Look", "look_of")


@dataclass(frozen=True, slots=True)
class Look:
    """``particulars``: what the law wants at the foot of a business letter, in lines; ``legal``: links."""

    name: str
    palette: Palette
    radius: int
    particulars: tuple[str, ...]
    legal: tuple[Link, ...]

    @property
    def initial(self) -> str:
        """Stands for the logo: no mail program shows an SVG, and a picture from outside would tell who reads."""
        return next((letter.upper() for letter in self.name if letter.isalnum()), "•")


def look_of(tenant: Tenant) -> Look:
    """The tenant's own choices over its theme's defaults; the default theme's where that is not installed any more."""
    brand, contact = tenant.brand, tenant.settings.contact
    colour, radius = _defaults(brand.theme)
    reach = " · ".join(part for part in (contact.email, contact.phone) if part)
    return Look(
        name=tenant.name,
        palette=derive(brand.colour or colour),
        radius=radius if brand.radius is None else brand.radius,
        particulars=tuple(line for line in (contact.imprint or tenant.name, reach) if line),
        legal=brand.legal,
    )


@lru_cache(maxsize=64)
def _defaults(theme: str) -> tuple[str, int]:
    file = paths.themes() / theme / "theme.toml"
    if not theme.replace("-", "").isalnum() or not file.is_file():
        file = paths.themes() / "default" / "theme.toml"
    chosen = tomllib.loads(file.read_text(encoding="utf-8"))["defaults"]
    return str(chosen["brand"]), int(chosen["radius"])

"""What a plugin says about itself in ``askpro-plugin.toml``, read before a line of it is imported.

The file lies inside the plugin's package. One ``id`` names the plugin everywhere: entry point, settings,
routes ``/x/<id>/``, tables ``plug_<id>``, templates ``<id>/``, catalogue ``<id>.po``.
"""

from __future__ import annotations

import re
import tomllib
from typing import Annotated

import msgspec

from askpro.errors import InvalidInput
from askpro.sdk.version import accepts, parse_version

__all__ = ("CAPABILITIES", "FILE_NAME", "Manifest", "parse_manifest")

FILE_NAME = "askpro-plugin.toml"

CAPABILITIES = {
    "money.charge": "takes payments from customers",
    "money.refund": "pays back what customers paid",
    "payout.send": "sends money to resellers",
    "people.read": "is told who the customer is",
    "mail.send": "writes mails to customers",
    "events.emit": "reports events of its provider",
    "store": "keeps tables of its own",
    "pages": "shows pages of its own",
}
"""What a plugin may be given, in words for the operator; ``net:<host>`` is one kind more, one a host name."""

_NET = re.compile(r"net:(settings\.[a-z][a-z0-9_]*|[a-z0-9]([a-z0-9.-]*[a-z0-9])?)")
_Id = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9]{1,30}$")]
_Folder = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9_]{0,40}$")]


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The contents of ``askpro-plugin.toml``. Folders are names of folders inside the package."""

    id: _Id
    title: str
    version: str
    sdk: str
    """The range of SDK versions it works with, ``">=1.0,<2"``."""
    summary: str = ""
    capabilities: tuple[str, ...] = ()
    """What the host shall give it; the operator sees the list."""
    production_ok: bool = True
    """False: the host refuses it where real money may be at stake."""
    locales: _Folder | None = None
    templates: _Folder | None = None
    static: _Folder | None = None
    migrations: _Folder | None = None
    """Folder of ``NNN_name.sql``; the tables live in the schema ``plug_<id>``."""

    @property
    def schema(self) -> str:
        """The PostgreSQL schema that belongs to this plugin."""
        return f"plug_{self.id}"

    def may(self, capability: str) -> bool:
        """Whether the manifest asks for this capability."""
        return capability in self.capabilities


def parse_manifest(text: str) -> Manifest:
    """Read and check a manifest. Raises InvalidInput whose detail names what is wrong."""
    try:
        manifest = msgspec.convert(tomllib.loads(text), Manifest)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise InvalidInput(f"{FILE_NAME}: {error}", code="manifest_unreadable") from error
    parse_version(manifest.version)
    accepts(manifest.sdk)
    for capability in manifest.capabilities:
        if capability not in CAPABILITIES and not _NET.fullmatch(capability):
            raise InvalidInput(f"{FILE_NAME}: unknown capability {capability!r}", code="capability_unknown")
    if manifest.migrations and not manifest.may("store"):
        raise InvalidInput(f"{FILE_NAME}: migrations need the capability store", code="capability_missing")
    return manifest

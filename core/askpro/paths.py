"""Where data lies: beside the code in a checkout, inside the package in a wheel."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

__all__ = ("data_root", "locales", "state", "tenants", "themes")

_HERE = Path(__file__).resolve().parent


@cache
def data_root() -> Path:
    """The folder that holds ``themes``, ``locales`` and ``tenants``.

    Raises FileNotFoundError when an installation lost them.
    """
    for candidate in (_HERE / "_data", _HERE.parent.parent):
        if (candidate / "themes" / "default").is_dir() and (candidate / "locales").is_dir():
            return candidate
    raise FileNotFoundError("this installation has no themes and locales")


def themes() -> Path:
    """The installed themes, one folder each."""
    return data_root() / "themes"


def locales() -> Path:
    """The message catalogues of the core, ``<language>/LC_MESSAGES/askpro.po``."""
    return data_root() / "locales"


def tenants() -> Path:
    """The sample resellers that ``askpro demo`` applies."""
    return data_root() / "tenants"


def state() -> Path:
    """Where a demo or development run keeps its database: ``ASKPRO_DATA``, else the user's state folder."""
    if chosen := os.environ.get("ASKPRO_DATA"):
        return Path(chosen).expanduser()
    if base := os.environ.get("XDG_STATE_HOME"):
        return Path(base).expanduser() / "askpro"
    if os.geteuid() == 0:  # PostgreSQL never runs as root, and nobody else may look into root's home
        return Path("/var/lib/askpro")
    return Path("~/.local/state/askpro").expanduser()

"""Finding plugins and reading their manifests without importing a line of them.

Every distribution and every entry point is looked at in a ``try`` of its own. The house's own plugins come
first, then by distribution and name, so that a stranger can never push a known plugin aside.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from importlib.machinery import PathFinder
from importlib.metadata import EntryPoint, distributions
from importlib.util import find_spec
from pathlib import Path

from askpro.errors import AskProError
from askpro.pluginhost.records import PluginRecord, Quarantined
from askpro.sdk.manifest import FILE_NAME, parse_manifest
from askpro.sdk.version import SDK_VERSION, accepts

__all__ = ("GROUP", "check_version", "discover", "installed", "package_folder")

log = logging.getLogger("askpro.pluginhost")

GROUP = "askpro.plugins"
_HOUSE = "askpro"


def installed() -> list[EntryPoint]:
    """Every entry point of the group; a distribution whose metadata cannot be read is passed over."""
    found: list[EntryPoint] = []
    for distribution in distributions():
        try:
            found += [point for point in distribution.entry_points if point.group == GROUP]
        except Exception as error:  # one broken installation must not hide the others
            log.warning("an installed distribution cannot be read: %s", error)
    return found


def discover(points: Iterable[EntryPoint], only: tuple[str, ...] | None) -> list[PluginRecord]:
    """One record an entry point, in a fixed order; duplicates and unreadable ones are quarantined already."""
    seen: dict[str, PluginRecord] = {}
    records: list[PluginRecord] = []
    for point in sorted(points, key=_order):
        if only is not None and point.name not in only:
            continue
        record = PluginRecord(id=point.name, entry_point=point, distribution=_distribution(point))
        if earlier := seen.get(point.name):
            if earlier.entry_point is not None and earlier.entry_point.value == point.value:
                continue  # the same installation, found twice on the path
            record.reason = f"the name is taken by {earlier.distribution or 'another distribution'}"
        else:
            seen[point.name] = record
        records.append(record)
    for name in only or ():
        if name not in seen:
            records.append(PluginRecord(id=name, reason="it is asked for, but not installed"))
    return records


def _order(point: EntryPoint) -> tuple[bool, str, str, str]:
    owner = _distribution(point)
    return (owner != _HOUSE, owner, point.name, point.value)


def _distribution(point: EntryPoint) -> str:
    try:
        return point.dist.name if point.dist is not None else ""
    except Exception:  # broken metadata
        return ""


def check_version(record: PluginRecord, *, production: bool) -> None:
    """Read the manifest and hold it against this host. Raises Quarantined."""
    if record.entry_point is None:
        raise Quarantined("it is asked for, but not installed")
    record.folder = package_folder(record.entry_point.module)
    file = record.folder / FILE_NAME
    if not file.is_file():
        raise Quarantined(f"its package has no {FILE_NAME}")
    try:
        manifest = parse_manifest(file.read_text("utf-8"))
    except (AskProError, UnicodeDecodeError, OSError) as error:
        raise Quarantined(str(error)) from error
    record.manifest = manifest
    if manifest.id != record.id:
        raise Quarantined(f"its manifest says {manifest.id!r}, its entry point {record.id!r}")
    if not accepts(manifest.sdk):
        raise Quarantined(f"it needs SDK {manifest.sdk}, this is {SDK_VERSION}")
    if production and not manifest.production_ok:
        raise Quarantined("not for production")


def package_folder(module: str) -> Path:
    """The folder of the package that holds ``module``, found without importing anything.

    ``find_spec`` of a dotted name would import the parents, so only the first name is given to it.
    """
    first, *rest = module.split(".")
    spec = find_spec(first)
    if spec is None:
        raise Quarantined(f"its module {first} cannot be found")
    if not spec.submodule_search_locations:
        raise Quarantined(f"{first} is a single file; a plugin is a package")
    places = list(spec.submodule_search_locations)
    for depth, name in enumerate(rest):
        inner = PathFinder.find_spec(".".join([first, *rest[: depth + 1]]), places)
        if inner is None:
            raise Quarantined(f"its module {module} has no part {name}")
        if not inner.submodule_search_locations:
            break
        places = list(inner.submodule_search_locations)
    for place in places:
        if (Path(place) / FILE_NAME).is_file():
            return Path(place)
    return Path(places[0])

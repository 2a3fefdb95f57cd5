#!/usr/bin/env python3
"""Copy a few files out of npm packages into the repository, and prove that they are still those files.

``frontend.json`` says what is wanted, ``package-lock.json`` pins every tarball by its sha512, and
``themes/default/static/vendor/MANIFEST.json`` keeps version, licence, tarball integrity and the sha256 of each
copied file. ``update`` needs npm and the network; ``check`` needs neither and is run by the tests, so a byte that
was changed by hand is found.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
from hashlib import sha256
from pathlib import Path
from typing import Any

__all__ = ("MANIFEST", "REPOSITORY", "check", "update")

REPOSITORY = Path(__file__).resolve().parent.parent
MANIFEST = Path("themes/default/static/vendor/MANIFEST.json")
LICENCES = frozenset({"0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "MPL-2.0", "OFL-1.1"})
_NPM = ("--ignore-scripts", "--no-audit", "--no-fund")
_SYMBOL = (
    '<symbol id="{name}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.75" '
    'stroke-linecap="round" stroke-linejoin="round">{drawing}</symbol>'
)


def update(repository: Path = REPOSITORY) -> None:
    """Fetch the wanted versions, copy the wanted files, write lock and manifest.

    Raises SystemExit for a licence that is not on the list or a package without a licence text.
    """
    wanted = _read(repository / "frontend.json")["packages"]
    dependencies = {name: spec["version"] for name, spec in wanted.items()}
    package = {"name": "askpro-assets", "private": True, "dependencies": dependencies}
    _write(repository / "package.json", package)
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        for name in ("package.json", "package-lock.json"):
            if (repository / name).exists():
                shutil.copy(repository / name, work)
        for step in (("install", "--package-lock-only"), ("ci",)):  # ci verifies each tarball's sha512
            subprocess.run(["npm", *step, *_NPM], cwd=work, check=True)  # noqa: S603, S607 - the developer's own npm
        lock = _read(work / "package-lock.json")
        for entry in lock["packages"].values():
            entry.pop("resolved", None)  # where a copy was fetched from is nobody's business but the fetcher's
        _write(repository / "package-lock.json", lock)
        _empty(repository, _read(repository / "frontend.json")["roots"])
        manifest = {
            name: _take(repository, name, spec, work / "node_modules" / name, lock) for name, spec in wanted.items()
        }
    _write(repository / MANIFEST, manifest)


def _take(repository: Path, name: str, spec: dict[str, Any], source: Path, lock: dict[str, Any]) -> dict[str, Any]:
    meta = _read(source / "package.json")
    if meta["license"] not in LICENCES:
        raise SystemExit(f"{name}: licence {meta['license']!r} is not on the list")
    licence = next((f for f in sorted(source.iterdir()) if f.name.upper().startswith(("LICENSE", "LICENCE"))), None)
    if licence is None:
        raise SystemExit(f"{name}: no licence text in the package")
    target = repository / spec["into"]
    target.mkdir(parents=True, exist_ok=True)
    copied = [Path(shutil.copy(licence, target / f"{_short(name)}.LICENSE"))]
    copied += [Path(shutil.copy(source / theirs, target / ours)) for theirs, ours in spec.get("files", {}).items()]
    if "icons" in spec:
        sprite = target / "sprite.svg"
        sprite.write_text(_sprite(source / "icons" / "outline", spec["icons"]), encoding="utf-8")
        copied.append(sprite)
    return {
        "version": meta["version"],
        "licence": meta["license"],
        "integrity": lock["packages"][f"node_modules/{name}"]["integrity"],
        "files": {str(path.relative_to(repository)): _sha256(path) for path in sorted(copied)},
    }


def _sprite(outlines: Path, names: list[str]) -> str:
    symbols = []
    for name in names:
        found = re.search(r"<svg[^>]*>(.*)</svg>", (outlines / f"{name}.svg").read_text(encoding="utf-8"), re.DOTALL)
        if found is None:
            raise SystemExit(f"icon {name} is not drawn as expected")
        symbols.append(_SYMBOL.format(name=name, drawing=" ".join(found.group(1).split())))
    return "\n".join(['<svg xmlns="http://www.w3.org/2000/svg">', *symbols, "</svg>", ""])


def check(repository: Path = REPOSITORY) -> list[str]:
    """What differs between the wish list, the lock, the manifest and the files; empty when all agree."""
    frontend = _read(repository / "frontend.json")
    manifest = _read(repository / MANIFEST)
    lock = _read(repository / "package-lock.json")["packages"]
    faults = [f"{name}: wanted or vendored, not both" for name in set(manifest) ^ set(frontend["packages"])]
    known = {str(MANIFEST)}
    for name in sorted(set(manifest) & set(frontend["packages"])):
        entry = manifest[name]
        if frontend["packages"][name]["version"] != entry["version"]:
            faults.append(f"{name}: another version is wanted")
        if lock[f"node_modules/{name}"].get("integrity") != entry["integrity"]:
            faults.append(f"{name}: the lock file names another tarball")
        for file, digest in entry["files"].items():
            known.add(file)
            path = repository / file
            if not path.is_file() or _sha256(path) != digest:
                faults.append(f"{name}: {file} is missing or was changed")
    present = {str(p.relative_to(repository)) for p in _vendored(repository, frontend["roots"])}
    faults += [f"{file}: belongs to no package" for file in sorted(present - known)]
    faults += [f"{name}: the lock file names a host" for name, entry in lock.items() if "resolved" in entry]
    return faults


def _vendored(repository: Path, roots: list[str]) -> list[Path]:
    return [path for root in roots for path in (repository / root).rglob("*") if path.is_file()]


def _empty(repository: Path, roots: list[str]) -> None:
    for root in roots:
        shutil.rmtree(repository / root, ignore_errors=True)


def _short(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def _sha256(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()


def _read(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def _write(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")


def main(arguments: list[str]) -> int:
    if arguments == ["update"]:
        update()
    elif arguments != ["check"]:
        sys.stderr.write("usage: vendor_assets.py update|check\n")
        return 2
    faults = check()
    sys.stdout.write(("\n".join(faults) or "every vendored file is as its package shipped it") + "\n")
    return 1 if faults else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

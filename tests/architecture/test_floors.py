"""The floors of docs/ARCHITECTURE.md hold, and the check that says so can fail."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
PACKAGES = ("askpro", "askpro_sandbox", "askpro_ecb", "askpro_stripe", "askpro_sepa", "askpro_banktransfer")


def _lint(cwd: Path, *search: Path) -> subprocess.CompletedProcess[str]:
    script = (
        f"import sys; sys.path[:0] = {[str(one) for one in search]!r};"
        "from importlinter.cli import lint_imports_command; lint_imports_command()"
    )
    command = [sys.executable, "-P", "-c", script, "--no-cache", "--config", str(REPOSITORY / "pyproject.toml")]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


def test_imports_point_down() -> None:
    """Every contract in pyproject.toml is kept by the code as it stands."""
    result = _lint(REPOSITORY)

    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize(
    ("file", "line", "contract"),
    [
        ("askpro/money.py", "from askpro.ledger import service", "floors"),
        ("askpro/tenancy/__init__.py", "import askpro.web", "floors"),
        ("askpro/upstairs.py", "", "floors"),
        ("askpro/ledger/transfer.py", "import asyncpg", "pure"),
        ("askpro_ecb/__init__.py", "from askpro import db", "plugins"),
        ("askpro_ecb/__init__.py", "import askpro_sandbox", "neighbours"),
        ("askpro/pluginhost/__init__.py", "import askpro_sandbox", "strangers"),
        ("askpro/errors.py", "import askpro.money", "circles"),
    ],
)
def test_a_wrong_import_is_found(tmp_path: Path, file: str, line: str, contract: str) -> None:
    """One forbidden import (or a package on no floor) breaks its contract."""
    for package in PACKAGES:
        root = "core" if package == "askpro" else "plugins"
        shutil.copytree(
            REPOSITORY / root / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__", "*.sql")
        )
    target = tmp_path / file
    target.touch()
    target.write_text(f"{target.read_text(encoding='utf-8')}\n{line}\n", encoding="utf-8")
    names = {one["id"]: one["name"] for one in _contracts()}

    result = _lint(tmp_path, tmp_path)

    assert result.returncode != 0
    said = " ".join(result.stdout.split())
    assert f"{names[contract]} BROKEN" in said, result.stdout


def _contracts() -> list[dict[str, str]]:
    with (REPOSITORY / "pyproject.toml").open("rb") as source:
        found: list[dict[str, str]] = tomllib.load(source)["tool"]["importlinter"]["contracts"]
    return found


def test_every_plugin_is_under_contract() -> None:
    """A new plugin folder is one of the checked packages, or this fails."""
    folders = {path.parent.name for path in (REPOSITORY / "plugins").glob("*/__init__.py")}

    assert folders | {"askpro"} == set(PACKAGES)
    for contract in _contracts():
        if contract["id"] in ("plugins", "neighbours", "strangers"):
            named = (
                {*contract.get("source_modules", ()), *contract.get("modules", ()), *contract["forbidden_modules"]}
                if "forbidden_modules" in contract
                else set(contract["modules"])
            )
            assert folders <= named, contract["id"]

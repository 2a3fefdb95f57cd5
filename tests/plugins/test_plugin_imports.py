"""Who may import whom: plugins the SDK and the ground, the SDK the ground alone."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GROUND = {"askpro.errors", "askpro.money", "askpro.clock", "askpro.ids", "askpro.i18n", "askpro"}


def imported(folder: Path) -> set[str]:
    """Every module of ours that a folder imports."""
    found: set[str] = set()
    for file in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module == "askpro":
                found |= {f"askpro.{alias.name}" for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                found.add(node.module)
            elif isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
    return {name for name in found if name.split(".")[0].startswith("askpro")}


@pytest.mark.parametrize("plugin", [one.parent.name for one in sorted((ROOT / "plugins").glob("*/askpro-plugin.toml"))])
def test_plugins_import_the_sdk_and_the_ground_only(plugin: str) -> None:
    """`from askpro.sdk import …`, the ground, and themselves."""
    names = imported(ROOT / "plugins" / plugin)
    assert {name for name in names if not name.startswith(plugin)} <= GROUND | {"askpro.sdk"}


def test_the_sdk_imports_the_ground_only() -> None:
    """Contracts stand on nothing but the ground."""
    names = imported(ROOT / "core" / "askpro" / "sdk")
    assert {name for name in names if not name.startswith("askpro.sdk")} <= GROUND


def test_the_sdk_shows_all_it_has() -> None:
    """Every public name of the SDK's contract modules can be imported from askpro.sdk."""
    import askpro.sdk as sdk
    from askpro.sdk import context, jobs, notices, payments, providers, rates, routes

    public = {
        name for module in (context, jobs, notices, payments, providers, rates, routes) for name in module.__all__
    }
    assert public - {"FEATURE_PROTOCOLS"} <= set(sdk.__all__)
    assert all(hasattr(sdk, name) for name in sdk.__all__)

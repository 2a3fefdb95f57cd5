"""What a module offers stands in its ``__all__``, and nothing else is meant to be imported from it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
MARKERS = {"N_"}
"""Gettext's own name for marking a text; a module that needs it may define it."""
PLAIN = {"asynccontextmanager", "cache", "contextmanager", "dataclass", "lru_cache", "overload", "total_ordering"}
"""Decorators that leave a function what it is. Any other hands it to a registry (a command group, the task list)."""


def _modules() -> list[Path]:
    """All modules of the house, without migrations: there Piccolo reads ``ID`` and ``forwards``."""
    roots = (REPOSITORY / "core", REPOSITORY / "plugins")
    return [path for root in roots for path in sorted(root.rglob("*.py")) if "migrations" not in path.parent.name]


def _offered(tree: ast.Module) -> list[str] | None:
    """The names in ``__all__``; None where there is none."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == "__all__" for t in node.targets):
            return list(ast.literal_eval(node.value))
    return None


def _defined(tree: ast.Module) -> tuple[set[str], set[str]]:
    """Public names that must be offered, and all names that may be: those a module only imports or aliases."""
    must: set[str] = set()
    may: set[str] = set()
    for node in _statements(tree.body):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            (may if _registered(node) else must).add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for name in (one.id for target in targets for one in ast.walk(target) if isinstance(one, ast.Name)):
                # a constant is offered; a type variable, a type alias or a module's own logger need not be
                (must if name.isupper() and len(name) > 1 else may).add(name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            may |= {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
    must = {name for name in must if not name.startswith("_")} - MARKERS
    return must, must | may


def _registered(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> bool:
    """Whether a function reaches its users through a registry, so that nobody imports it by name."""
    called = [one.func if isinstance(one, ast.Call) else one for one in node.decorator_list]
    names = {
        one.attr if isinstance(one, ast.Attribute) else one.id
        for one in called
        if isinstance(one, ast.Attribute | ast.Name)
    }
    return not isinstance(node, ast.ClassDef) and bool(names - PLAIN)


def _statements(body: list[ast.stmt]) -> list[ast.stmt]:
    """Top-level statements, those under ``if`` and ``try`` included."""
    found: list[ast.stmt] = []
    for node in body:
        found.append(node)
        if isinstance(node, ast.If | ast.Try):
            found += _statements([*node.body, *node.orelse])
    return found


def _fault(source: str, *, package: bool) -> str:
    """What is wrong with a module's public names, as a sentence; empty when nothing is."""
    tree = ast.parse(source)
    offered = _offered(tree)
    must, may = _defined(tree)
    if offered is None:
        return "has no __all__" if must or (package and may - {"annotations"}) else ""
    missing, unknown = must - set(offered), set(offered) - may
    if missing or unknown:
        return f"__all__ lacks {sorted(missing)} and has unknown {sorted(unknown)}"
    return "" if len(offered) == len(set(offered)) else "__all__ names something twice"


@pytest.mark.parametrize("path", _modules(), ids=lambda path: path.relative_to(REPOSITORY).as_posix())
def test_all_is_what_is_public(path: Path) -> None:
    """``__all__`` has every public function, class and constant, and no name that does not exist."""
    assert _fault(path.read_text(encoding="utf-8"), package=path.name == "__init__.py") == ""


@pytest.mark.parametrize(
    "source",
    [
        "def loose() -> None: ...",
        "__all__ = ('a',)\ndef a(): ...\nclass B: ...",
        "__all__ = ('a', 'gone')\ndef a(): ...",
        "__all__ = ('a', 'a')\ndef a(): ...",
        "__all__ = ()\nLIMIT = 3",
    ],
)
def test_a_wrong_all_is_found(source: str) -> None:
    """The check notices a missing list, a missing name, an unknown one and one named twice."""
    assert _fault(source, package=False)

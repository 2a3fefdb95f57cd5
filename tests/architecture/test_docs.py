"""The documentation speaks of what is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from askpro.cli import cli

REPOSITORY = Path(__file__).parents[2]
UNBUILT: dict[str, str] = {}
"""Rules that are cited before their part of the house stands → where."""
PAGES = [*sorted(REPOSITORY.glob("*.md")), *sorted((REPOSITORY / "docs").rglob("*.md"))]


def _name(path: Path) -> str:
    return path.relative_to(REPOSITORY).as_posix()


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_links_lead_somewhere(page: Path) -> None:
    """Every relative link and picture is a file of the repository, every anchor a heading of its page."""
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.S)
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        file, _, anchor = target.partition("#")
        place = (page.parent / file).resolve() if file else page
        if not place.exists() or (anchor and anchor not in _anchors(place)):
            broken.append(target)

    assert broken == []


def _anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub and its kind make them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.M)
    return {re.sub(r"[^\w\- ]", "", one.lower()).replace(" ", "-") for one in headings}


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_commands_exist(page: Path) -> None:
    """``askpro word`` in code is a command, and ``askpro word word`` one of its subcommands."""
    context = cli.make_context("askpro", [], resilient_parsing=True)
    unknown = []
    for first, second in re.findall(
        r"(?:`|^|/)askpro ([a-z][a-z-]*)(?: ([a-z][a-z-]*))?", page.read_text("utf-8"), re.M
    ):
        command = cli.get_command(context, first)
        names = getattr(command, "commands", None)
        if command is None or (names is not None and second and second not in names):
            unknown.append(f"{first} {second}".strip())

    assert unknown == []


def test_the_map_is_complete() -> None:
    """docs/ARCHITECTURE.md has a row for every package and module of the core, and for no other."""
    page = (REPOSITORY / "docs" / "ARCHITECTURE.md").read_text(encoding="utf-8")
    rows = set(re.findall(r"^\| `([a-z0-9_]+)` \|", page, re.M))
    core = REPOSITORY / "core" / "askpro"
    there = {path.parent.name for path in core.glob("*/__init__.py")} | {path.stem for path in core.glob("*.py")}

    assert rows == there - {"__init__"}


def test_decisions_are_numbered_and_listed() -> None:
    """ADRs count from one without a gap, and the list has each under its own title."""
    folder = REPOSITORY / "docs" / "adr"
    pages = sorted(folder.glob("[0-9]*.md"))
    listed = re.findall(r"^\| \[(\d+)\]\(([\w.-]+)\) \| (.+) \|$", (folder / "README.md").read_text("utf-8"), re.M)

    assert [int(page.name[:4]) for page in pages] == list(range(1, len(pages) + 1))
    titles = [page.read_text("utf-8").splitlines()[0] for page in pages]
    assert titles == [f"# {number}. {title}" for number, _, title in listed]
    assert [page.name for page in pages] == [file for _, file, _ in listed]


def test_cited_rules_are_stated() -> None:
    """A rule that the code cites by its number is in docs/rules.md, if its part is built."""
    stated = set(re.findall(r"^## (D\d+) ", (REPOSITORY / "docs" / "rules.md").read_text("utf-8"), re.M))
    cited = set()
    for root in ("core", "plugins", "themes"):
        for path in (REPOSITORY / root).rglob("*"):
            if path.suffix in (".py", ".sql", ".html") and "vendor" not in path.parts:
                cited |= set(re.findall(r"[(`, ](D\d{1,2})\b(?=[):;,. `])", path.read_text("utf-8")))

    assert {"D0", "D1", "D2", "D3", "D4", "D5", "D12", "D15"} <= stated
    assert cited - stated == UNBUILT.keys()

"""The repository's texts: nothing of the machine they were written on, and every sentence in every language."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po

REPOSITORY = Path(__file__).parents[2]
VENDORED = ("themes/default/static/vendor/", "tests/assets/")  # other people's files, pinned by their digests
REGISTRIES = {"pypi.org", "files.pythonhosted.org", "registry.npmjs.org"}
LANGUAGES = {"de", "en"}

_PATH = re.compile(r"(?<![\w.$}/-])/(?:root|work|home/[a-z][\w-]*|Users/[A-Za-z][\w-]*)/[\w.~-]")
_URL = re.compile(r"https?://(?:[^\s/@\"']*@)?([\w.-]+)(?::\d+)?[^\s\"')>]*", re.ASCII)
_REGISTRY = re.compile(r"pypi|pythonhosted|npm|artifactory|nexus|devpi|registry|/simple/?$", re.I)


def _files() -> list[str]:
    """What is or may be committed: git's answer, or everything outside the folders that are ignored."""
    asked = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    if asked.returncode == 0:
        names = asked.stdout.splitlines()
    else:
        hidden = {".venv", ".git", "node_modules", "dist", "build", "data", "__pycache__"}
        names = [
            path.relative_to(REPOSITORY).as_posix()
            for path in sorted(REPOSITORY.rglob("*"))
            if path.is_file() and not any(p in hidden or p.endswith("_cache") for p in path.parts)
        ]
    return [name for name in names if not name.startswith(VENDORED) and (REPOSITORY / name).is_file()]


def _faults(name: str, text: str) -> Iterator[str]:
    for number, line in enumerate(text.splitlines(), 1):
        if found := _PATH.search(line):
            yield f"{name}:{number}: path of a machine: {found[0]}…"
        for url in _URL.finditer(line):
            if _REGISTRY.search(url[0]) and url[1].lower() not in REGISTRIES:
                yield f"{name}:{number}: package registry: {url[1]}"


def test_no_trace_of_a_machine() -> None:
    """No tracked text names a developer's folder or a private package registry."""
    faults: list[str] = []
    for name in _files():
        data = (REPOSITORY / name).read_bytes()
        if b"\0" not in data[:4096]:
            faults += _faults(name, data.decode("utf-8"))

    assert faults == []


@pytest.mark.parametrize(
    ("line", "place"),  # two halves, or this file itself would be found
    [
        ("cd /{}/main", "work"),
        ("cache = '/{}/.cache'", "root"),
        ("see /{}/askpro for more", "home/anna"),
        ('url = "https://{}/simple"', "pypi.example.net"),
    ],
)
def test_a_trace_is_found(line: str, place: str) -> None:
    """The check notices a developer's folder and a mirror."""
    assert list(_faults("a file", line.format(place)))


def test_every_text_is_translated() -> None:
    """Every text of the core and its themes stands translated in each catalogue, and the catalogues are there."""
    sys.path.insert(0, str(REPOSITORY / "tools"))
    try:
        messages = import_module("messages")  # tools are scripts, not a package
    finally:
        sys.path.pop(0)
    there = {path.parent.parent.name for path in (REPOSITORY / "locales").glob("*/LC_MESSAGES/askpro.po")}

    assert there >= LANGUAGES
    assert messages.check() == []


@pytest.mark.parametrize(
    "folder", sorted((REPOSITORY / "plugins").glob("*/locales")), ids=lambda path: path.parent.name
)
def test_plugins_are_translated(folder: Path) -> None:
    """A plugin that has catalogues has a German one with every text it shows; its message ids are English."""
    used = {
        message if isinstance(message, str) else message[0]
        for _file, _line, message, _comments, _context in extract_from_dir(
            folder.parent,
            method_map=[("**.py", "python"), ("**.html", "jinja2.ext.babel_extract")],
            options_map={"**.html": {"trimmed": "true", "silent": "false"}},
            keywords={**DEFAULT_KEYWORDS, "N_": None},
        )
        if message
    }
    assert used, "no texts were found"
    (file,) = (folder / "de" / "LC_MESSAGES").glob("*.po")
    with file.open("rb") as source:
        catalogue = read_po(source, locale="de")
    lacking = {text for text in used if not (entry := catalogue.get(text)) or not entry.string or entry.fuzzy}

    assert lacking == set()

"""Vendored files are what their packages shipped; static files have names made of their content."""

from __future__ import annotations

import json
import re
import shutil
import sys
from pathlib import Path

import pytest

from askpro import paths
from askpro.web.theme.assets import Assets

REPOSITORY = Path(__file__).parents[2]
sys.path.insert(0, str(REPOSITORY / "tools"))
import vendor_assets  # noqa: E402 - tools are scripts, not a package


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A repository with nothing in it but the vendored files and what describes them."""
    for name in ("frontend.json", "package-lock.json"):
        shutil.copy(REPOSITORY / name, tmp_path)
    for entry in json.loads((REPOSITORY / vendor_assets.MANIFEST).read_text(encoding="utf-8")).values():
        for file in entry["files"]:
            (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(REPOSITORY / file, tmp_path / file)
    shutil.copy(REPOSITORY / vendor_assets.MANIFEST, tmp_path / vendor_assets.MANIFEST)
    return tmp_path


def test_vendored_files_are_unchanged() -> None:
    """Every copied file has the checksum it had when it was taken out of its package, and none is unknown."""
    assert vendor_assets.check() == []


def test_a_changed_byte_is_found(copy: Path) -> None:
    """One byte more in a font, and the check names the file."""
    font = copy / "themes/default/static/vendor/inter/inter-latin.woff2"
    font.write_bytes(font.read_bytes() + b"\0")

    assert [fault for fault in vendor_assets.check(copy) if "inter-latin.woff2" in fault]


def test_a_smuggled_file_is_found(copy: Path) -> None:
    """A file that no package brought is named."""
    (copy / "themes/default/static/vendor/extra.js").write_text("1", encoding="utf-8")

    assert vendor_assets.check(copy) == ["themes/default/static/vendor/extra.js: belongs to no package"]


def test_another_lock_is_found(copy: Path) -> None:
    """Manifest and lock file must name the same tarball, and the lock no host."""
    lock = json.loads((copy / "package-lock.json").read_text(encoding="utf-8"))
    lock["packages"]["axe-core"] = {}
    lock["packages"]["node_modules/axe-core"] |= {"integrity": "sha512-other", "resolved": "somewhere"}
    (copy / "package-lock.json").write_text(json.dumps(lock), encoding="utf-8")

    assert len(vendor_assets.check(copy)) == 2


def test_every_icon_that_is_used_is_drawn() -> None:
    """Icons are named in templates; the sprite has each of them."""
    sprite = (paths.themes() / "default/static/vendor/icons/sprite.svg").read_text(encoding="utf-8")
    drawn = set(re.findall(r'<symbol id="([\w-]+)"', sprite))
    templates = "".join(f.read_text(encoding="utf-8") for f in (paths.themes() / "default/templates").glob("*.html"))
    looks = re.search(r"set look_icons = \{(.*?)\}", templates)
    assert looks is not None
    used = set(re.findall(r'icon\("([\w-]+)"\)', templates)) | set(re.findall(r': "([\w-]+)"', looks.group(1)))

    assert used
    assert used <= drawn


def test_names_change_with_the_content(tmp_path: Path) -> None:
    """Another content is another address, and only addresses that were handed out lead to a file."""
    (tmp_path / "a.css").write_text("one", encoding="utf-8")
    first = Assets([tmp_path]).url("a.css")
    (tmp_path / "a.css").write_text("two", encoding="utf-8")
    assets = Assets([tmp_path])

    assert first != assets.url("a.css")
    assert assets.file(assets.url("a.css").removeprefix("/static/")) == tmp_path / "a.css"
    assert assets.file(first.removeprefix("/static/")) is None
    assert assets.file("a.css") is None
    assert assets.file("../theme.toml") is None


def test_a_themes_own_file_goes_first(tmp_path: Path) -> None:
    """A theme replaces a file of the default theme by having one of that name."""
    for folder in ("own", "base"):
        (tmp_path / folder / "sub").mkdir(parents=True)
        (tmp_path / folder / "sub" / "x.svg").write_text(folder, encoding="utf-8")
    assets = Assets([tmp_path / "own", tmp_path / "base"], "/s/")
    found = assets.file(assets.url("sub/x.svg").removeprefix("/s/"))

    assert found is not None
    assert found.read_text(encoding="utf-8") == "own"


def test_an_unknown_name_fails() -> None:
    """A page that asks for a file that is not there does not render with a dead link."""
    with pytest.raises(KeyError):
        Assets([]).url("nothing.css")

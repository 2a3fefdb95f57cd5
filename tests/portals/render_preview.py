"""Every page of the portal with made-up content, as files, on a local server, and as pictures to look at.

``python tests/portals/render_preview.py DIR`` writes pages and screenshots to ``DIR``. The server answers with the
policy that the product sends, so a page that needs an inline style or a foreign host fails here as it would there.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from preview_samples import BRANDS, HOUSES, NOW, House, pages, site

from askpro import clock
from askpro.web.theme.environment import Theme, Themes

__all__ = ("CHROMIUM", "POLICY", "render", "served")

POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; font-src 'self'; script-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
CHROMIUM = {
    "executable_path": "/usr/bin/chromium",
    "args": [
        "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
        "--disable-sync", "--host-resolver-rules=MAP *.localhost 127.0.0.1",
    ],
}  # fmt: skip
_TYPES = {".css": "text/css", ".svg": "image/svg+xml", ".woff2": "font/woff2", ".html": "text/html; charset=utf-8"}


def render(theme: Theme, house: House, scheme: str = "auto", only: str = "") -> dict[str, str]:
    """Address → page of that house, all of them or only one."""
    found = {}
    with clock.frozen(NOW):
        for name, (template, room, page) in pages(house).items():
            if only not in ("", name):
                continue
            around = site(house, theme, room, scheme, nav=template not in ("sign_in.html", "unknown_host.html"))
            html = theme.render(template, house.reader, site=around, page=page)
            found[f"/{house.slug}/{scheme}/{name}"] = html
    return found


def _everything(theme: Theme) -> dict[str, str]:
    content: dict[str, str] = {}
    for house in (*HOUSES, *BRANDS):
        for scheme in ("light", "dark"):
            content |= render(theme, house, scheme, "" if house in HOUSES else "components.html")
        path, css = house.sheet(theme)
        content[path] = css
        content[f"/logo/{house.slug}.svg"] = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">{house.logo}</svg>'
        )
    return content


@contextmanager
def served() -> Iterator[str]:
    """The address of a server on this machine that has all pages of all houses; gone afterwards."""
    theme = Themes()["default"]
    content = _everything(theme)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            body: bytes | None = content[path].encode() if path in content else None
            if path.startswith(theme.assets.prefix) and (file := theme.assets.file(path[len(theme.assets.prefix) :])):
                body = file.read_bytes()
            self.send_response(200 if body is not None else 404)
            self.send_header("Content-Type", _TYPES.get(Path(path).suffix, "application/octet-stream"))
            self.send_header("Content-Security-Policy", POLICY)
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def main(target: Path, only: list[str]) -> None:
    from playwright.sync_api import sync_playwright

    target.mkdir(parents=True, exist_ok=True)
    with served() as base, sync_playwright() as playwright:
        browser = playwright.chromium.launch(**CHROMIUM)  # type: ignore[arg-type]  # a plain dict of its options
        for width in (1280, 390):
            page = browser.new_page(viewport={"width": width, "height": 900})
            for house in HOUSES:
                for scheme in ("light", "dark"):
                    for name in only or pages(house):
                        page.goto(f"{base}/{house.slug}/{scheme}/{name}")
                        shot = target / f"{name.removesuffix('.html')}-{house.slug}-{scheme}-{width}.png"
                        page.screenshot(path=shot, full_page=True)
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])

"""Take the README's pictures anew: needs a running demo (``./askpro demo``) and Chromium.

.venv/bin/python tools/pictures.py [--port 8000] [--out docs/pictures]
"""

from __future__ import annotations

import argparse
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from askpro.demo.sample import CUSTOMERS, PASSWORD
from askpro.demo.staff import STAFF

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP *.localhost 127.0.0.1",
]
SHOTS = [  # reseller, colours, width, who signs in, pages by name
    ("nordstern", "light", 1280, "customer", {"overview": "/", "topup": "/topup", "calls": "/calls"}),
    ("nordstern", "light", 1280, "staff", {"staff": "/staff", "payments": "/staff/payments"}),
    ("falke", "dark", 1280, "customer", {"overview": "/", "transactions": "/transactions"}),
    ("falke", "dark", 1280, "staff", {"staff": "/staff", "providers": "/staff/providers"}),
    ("rosenheim", "light", 390, "customer", {"overview": "/"}),
]


def main() -> None:
    """One picture a page, brand, scheme and width."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--out", type=Path, default=Path("docs/pictures"))
    wanted = parser.parse_args()
    wanted.out.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        for slug, scheme, width, who, pages in SHOTS:
            context = browser.new_context(
                viewport={"width": width, "height": 900},
                color_scheme=scheme,  # type: ignore[arg-type]
                locale="en-GB" if slug == "falke" else "de-DE",
            )
            page = context.new_page()
            home = f"http://{slug}.askpro.localhost:{wanted.port}"
            sign_in(page, home, STAFF[slug][0][0] if who == "staff" else CUSTOMERS[slug][0].email)
            for name, path in pages.items():
                page.goto(home + path)
                whole = width > 600 and who == "customer"
                page.screenshot(path=wanted.out / f"{name}-{slug}-{scheme}-{width}.png", full_page=whole)
            if "calls" in pages:
                page.locator("main a[href^='/calls/']").first.click()
                page.screenshot(path=wanted.out / f"call-{slug}-{scheme}-{width}.png", full_page=True)
            context.close()
        browser.close()


def sign_in(page: Page, home: str, email: str) -> None:
    """As anybody would."""
    page.goto(home + "/sign-in")
    page.fill("input[name=email]", email)
    page.fill("input[name=password]", PASSWORD)
    page.locator("main button").first.click()
    page.wait_for_url(lambda url: "/sign-in" not in url)


if __name__ == "__main__":
    main()

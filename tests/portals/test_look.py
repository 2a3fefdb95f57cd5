"""The pages in a real browser: readable by everyone, at every width, under the policy that is sent."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from preview_samples import BRANDS, HOUSES, House, pages
from render_preview import CHROMIUM, served

pytestmark = pytest.mark.browser

AXE = Path(__file__).parents[1] / "assets" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_RUN = "rules => axe.run(document, {runOnly: {type: 'tag', values: rules}}).then(r => r.violations.map(v =>" \
       " [v.id, v.nodes.map(n => n.html.slice(0, 120) + ' ' + n.failureSummary).slice(0, 3)]))"  # fmt: skip
_WIDER = "() => document.documentElement.scrollWidth - window.innerWidth"
NAMES = sorted(pages(HOUSES[0]))


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    with served() as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(**CHROMIUM)  # type: ignore[arg-type]  # a plain dict of its options
        yield started
        started.close()


_faults: list[str] = []


@pytest.fixture(scope="module")
def watched(browser: Browser, base: str) -> Iterator[Page]:
    """A page that notes each message on its console and each request that fails or leaves this machine."""
    faults = _faults
    opened = browser.new_page(reduced_motion="reduce")
    opened.on("console", lambda message: faults.append(message.text))
    opened.on("request", lambda sent: None if sent.url.startswith((base, "data:")) else faults.append(sent.url))
    opened.on("response", lambda got: faults.append(f"{got.status} {got.url}") if got.status >= 400 else None)
    yield opened
    opened.close()


@pytest.fixture
def page(watched: Page) -> Iterator[Page]:
    """The watched page; what it noted while a test ran fails that test."""
    _faults.clear()
    yield watched
    assert _faults == []


def _findings(page: Page) -> list[Any]:
    page.evaluate(AXE.read_text(encoding="utf-8"))
    page.evaluate("document.querySelectorAll('details.chart-data').forEach(d => d.open = true)")
    found: list[Any] = page.evaluate(_RUN, RULES)
    return found


GERMAN, ENGLISH = HOUSES
CASES = [
    *((house, scheme, 1280, "components.html") for house in BRANDS for scheme in ("light", "dark")),
    *((GERMAN, "dark", 320, name) for name in NAMES),  # long words, little room
    *((ENGLISH, "light", 1280, name) for name in NAMES),
]


@pytest.mark.parametrize(
    ("house", "scheme", "width", "name"),
    CASES,
    ids=[f"{name.removesuffix('.html')}-{house.slug}-{scheme}-{width}" for house, scheme, width, name in CASES],
)
def test_everyone_can_read_it(page: Page, base: str, house: House, scheme: str, width: int, name: str) -> None:
    """axe finds nothing, nothing sticks out sideways, no message on the console, no foreign request."""
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{base}/{house.slug}/{scheme}/{name}")

    assert page.evaluate(_WIDER) <= 0
    assert _findings(page) == []


def test_the_menu_opens_without_script(browser: Browser, base: str) -> None:
    """On a phone, with JavaScript off, the menu opens and holds every room and both languages."""
    context = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 800})
    opened = context.new_page()
    opened.goto(f"{base}/nordstern/light/overview.html")
    opened.locator("details.menu summary").click()

    assert opened.locator(".menu-sheet a:visible").count() == 7
    context.close()


def test_other_amount_opens_without_script(browser: Browser, base: str) -> None:
    """The field for another amount is hidden until it is chosen, with JavaScript off."""
    context = browser.new_context(java_script_enabled=False)
    opened = context.new_page()
    opened.goto(f"{base}/nordstern/light/topup.html")
    field = opened.locator("#f-other")

    assert not field.is_visible()
    opened.locator("input[value=other]").check(force=True)
    assert field.is_visible()
    context.close()


def test_a_choice_is_seen_with_forced_colours(browser: Browser, base: str) -> None:
    """With forced colours the chosen tile differs from the others in its ground."""
    context = browser.new_context(forced_colors="active")
    opened = context.new_page()
    opened.goto(f"{base}/nordstern/light/topup.html")
    grounds = opened.locator(".tile span").evaluate_all("all => all.map(s => getComputedStyle(s).backgroundColor)")

    assert len({*grounds}) == 2
    assert grounds.count(grounds[1]) == 1  # 25 is chosen
    context.close()

"""Swagger UI in a real browser: it shows every operation and asks nobody but us."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import sync_playwright

from askpro.web.openapi import document
from served import Served

pytestmark = [pytest.mark.slow, pytest.mark.browser]

CHROMIUM = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP *.localhost 127.0.0.1",
]


def test_the_page_works_under_the_policy_and_makes_no_foreign_request(served: Served) -> None:
    """All operations are there, nothing is blocked, nothing is fetched from elsewhere."""
    home = f"nord.askpro.localhost:{urlsplit(served.url).port}"
    asked: list[str] = []
    said: list[str] = []
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
        page = browser.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(f"http://{home}/api/v2/docs")
        page.wait_for_selector(".opblock")
        shown = page.locator(".opblock").count()
        page.locator(".opblock-summary-control").first.click()
        page.wait_for_selector(".opblock.is-open .parameters-container")
        browser.close()
    operations = sum(len(methods) for methods in json.loads(document())["paths"].values())
    assert shown == operations
    assert said == []
    assert {urlsplit(url).netloc for url in asked if not url.startswith("data:")} == {home}

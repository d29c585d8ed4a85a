"""The loop as a newcomer sees it: the real bot, the playground's page, a real browser, three people."""

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from tests.scenarios.process import ROOT
from tests.scenarios.world import World

pytestmark = pytest.mark.page

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PICTURES = ROOT / "test-results"


@pytest.fixture
def page(world: World) -> Iterator[Page]:
    """Open the page as alice and fail on anything that the browser complains of."""
    browser_path = os.environ.get("CHROMIUM") or shutil.which("chromium")
    complaints: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=FLAGS)
        opened = browser.new_page(viewport={"width": 1280, "height": 860})
        opened.set_default_timeout(1000 * world.patience_seconds)
        expect.set_options(timeout=1000 * world.patience_seconds)
        opened.on("pageerror", lambda error: complaints.append(str(error)))
        opened.goto(f"{world.page_url}/?as=alice&channel=deploys")
        yield opened
        browser.close()
    assert complaints == []


def type_line(page: Page, text: str) -> None:
    box = page.get_by_role("textbox").last
    box.fill(text)
    box.press("Enter")


def become(page: Page, name: str) -> None:
    page.get_by_role("radio", name=re.compile(rf"^{name}")).click()


def picture(page: Page, name: str) -> Path:
    PICTURES.mkdir(exist_ok=True)
    path = PICTURES / f"{name}.png"
    page.screenshot(path=path)
    assert path.stat().st_size > 10_000
    return path


def test_alice_deploys_eve_is_refused_and_bob_promotes_on_the_page(page: Page) -> None:
    type_line(page, "/deploy shop v1.2 canary because the checkout is broken")
    expect(page.get_by_text("waits for a promote").first).to_be_visible()
    become(page, "eve")
    page.get_by_role("button", name="20 % → 50 %").click()
    expect(page.get_by_text("needs the role").first).to_be_visible()
    become(page, "bob")
    picture(page, "canary-waits")
    page.get_by_role("button", name="20 % → 50 %").click()
    expect(page.get_by_text(re.compile("50 % on v1.2")).first).to_be_visible()
    page.get_by_role("button", name="Advance now").click()
    expect(page.get_by_text(re.compile("done in")).first).to_be_visible()
    page.get_by_text(re.compile(r"\d+ replies")).first.click()
    expect(page.get_by_text("advanced to 50 %").first).to_be_visible()
    picture(page, "canary-done")

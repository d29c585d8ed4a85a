from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from playwright.async_api import Error, async_playwright

from tests.page.demo_bot import CLUSTER, DemoBot
from tests.playground.slack.rig import Rig, running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from playwright.async_api import Browser, ConsoleMessage, Page, Request

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
WIDE = (1280, 800)


def chromium() -> str:
    """Find Chromium: the one that CHROMIUM names, else the system's."""
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        pytest.fail("No Chromium was found: install the package chromium, or name one in CHROMIUM.", pytrace=False)
    return found


# One browser serves all tests, so they share its loop; each test gets a stand-in and a browser context of its own.
@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        path, why = chromium(), ""
        try:
            launched = await playwright.chromium.launch(executable_path=path, args=FLAGS)
        except Error as exc:
            why = exc.message.splitlines()[0]
        if why:
            # Outside of the handler, so that the sentence stands alone.
            pytest.fail(
                f"Chromium at {path} does not start ({why}): mend it, or name another in CHROMIUM.", pytrace=False
            )
        yield launched
        await launched.close()


@pytest_asyncio.fixture(loop_scope="session")
async def rig() -> AsyncIterator[Rig]:
    async with running(cluster=lambda: CLUSTER) as it:
        yield it


@pytest_asyncio.fixture(loop_scope="session")
async def bot(rig: Rig) -> DemoBot:
    app = rig.bolt()
    made = DemoBot(app)
    await rig.connect(app)
    return made


@dataclass(frozen=True, slots=True)
class Visit:
    """The page as one visitor has it open, with what it complained of and where it went."""

    page: Page
    complaints: list[str]
    requests: list[str]


async def visit_as(browser: Browser, rig: Rig, *, size: tuple[int, int] = WIDE, query: str = "") -> Visit:
    context = await browser.new_context(viewport={"width": size[0], "height": size[1]}, reduced_motion="reduce")
    context.set_default_timeout(15_000)
    page = await context.new_page()
    seen = Visit(page, [], [])

    def listen(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            seen.complaints.append(message.text)

    def follow(request: Request) -> None:
        seen.requests.append(request.url)

    page.on("console", listen)
    page.on("pageerror", lambda error: seen.complaints.append(str(error)))
    page.on("request", follow)
    await page.goto(rig.standin.page_url + query)
    await page.wait_for_selector("#messages > li")
    return seen


@pytest_asyncio.fixture(loop_scope="session")
async def visit(browser: Browser, rig: Rig, bot: DemoBot) -> Visit:
    return await visit_as(browser, rig)

"""The gallery in Chromium: it fits a screen and a phone, and its theme can be chosen without a script."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from integrations.slack.gallery.page import page as write
from integrations.slack.gallery.pictures import pictures

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.async_api import Browser

pytestmark = [pytest.mark.page, pytest.mark.asyncio(loop_scope="session")]
SIZES = ((1280, 800), (390, 844))
DARK = "rgb(16, 18, 20)"


@pytest.mark.parametrize("size", SIZES)
async def test_the_gallery_fits_the_window_and_can_be_dark(
    browser: Browser, tmp_path: Path, size: tuple[int, int]
) -> None:
    path = tmp_path / "gallery.html"
    path.write_text(write(pictures()), encoding="utf-8")
    context = await browser.new_context(viewport={"width": size[0], "height": size[1]}, java_script_enabled=True)
    page = await context.new_page()
    await page.goto(path.as_uri())
    wide = await page.evaluate("document.documentElement.scrollWidth")
    assert wide <= size[0], "nothing sticks out to the right"
    hidden = await page.evaluate(
        "[...document.querySelectorAll('.message')].filter(each => each.scrollWidth > each.clientWidth + 1).length"
    )
    assert hidden == 0, "no message is wider than its frame"
    await page.get_by_label("dark", exact=True).check()
    assert await page.evaluate("getComputedStyle(document.body).backgroundColor") == DARK
    await context.close()

"""The page in Chromium: what a visitor sees and can do, with a real bolt app behind it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import Page, expect

from tests.page.conftest import Visit, visit_as

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.async_api import Browser

    from tests.page.demo_bot import DemoBot
    from tests.playground.slack.rig import Rig

pytestmark = [pytest.mark.page, pytest.mark.asyncio(loop_scope="session")]
PHONE = (390, 844)


async def say(page: Page, words: str) -> None:
    await page.get_by_label("Message", exact=True).fill(words)
    await page.keyboard.press("Enter")


async def deploy(page: Page) -> None:
    """Send the line that the demo bot answers with a card, and wait for all of it."""
    await say(page, "/deploy shop v1.2 canary")
    await expect(page.get_by_text("The card is in this channel.")).to_be_visible()
    await expect(page.get_by_role("button", name="2 replies")).to_be_visible()


async def test_the_hint_of_the_empty_channel_leads_to_a_card(visit: Visit, tmp_path: Path) -> None:
    page = visit.page
    await page.get_by_role("button", name="/deploy shop v1.2 canary").click()
    await expect(page.get_by_label("Message", exact=True)).to_have_value("/deploy shop v1.2 canary")
    await page.get_by_role("button", name="Send", exact=True).click()
    await expect(page.get_by_text("shop v1.2 → production")).to_be_visible()
    await expect(page.get_by_text("Only visible to you")).to_be_visible()
    await expect(page.get_by_text("Deploy something")).to_have_count(0)
    shot = await page.screenshot(path=tmp_path / "card.png")
    assert len(shot) > 20_000


async def test_mark_up_is_drawn_and_markup_of_others_is_not(visit: Visit) -> None:
    page = visit.page
    await deploy(page)
    card = page.locator("#messages > li").first
    await expect(card.locator("strong", has_text="shop v1.2 → production")).to_be_visible()
    await expect(card.locator(".mention")).to_have_text("@alice")
    await expect(card.locator("code")).to_have_text("v1.2")
    await expect(card.locator("time").last).to_have_text(re.compile(r"^\d{1,2}:\d{2}"))
    await expect(card.locator("blockquote")).to_contain_text("quota is 50 GiB")
    await expect(card.get_by_role("link", name="the run")).to_have_attribute("href", "https://example.com/a?b=1&c=2")
    await expect(card.get_by_text("Running now: v1.1 <b>not bold</b>")).to_be_visible()


async def test_a_press_edits_the_card_in_place_for_the_person_chosen(visit: Visit, bot: DemoBot) -> None:
    page = visit.page
    await deploy(page)
    await page.get_by_role("radio", name="bob").click()
    await page.get_by_role("button", name="20 % → 50 %").click()
    await expect(page.get_by_text("advanced by @bob")).to_be_visible()
    await expect(page.get_by_role("button", name="20 % → 50 %")).to_have_count(0)
    assert bot.pressed == ["bob: 20 % → 50 %"]


async def test_ephemerals_are_hidden_from_other_people(visit: Visit) -> None:
    page = visit.page
    await deploy(page)
    await page.get_by_role("radio", name="bob").click()
    await expect(page.get_by_text("Only visible to you")).to_have_count(0)
    await page.get_by_role("radio", name="alice").click()
    await expect(page.get_by_text("Only visible to you")).to_be_visible()


async def test_a_button_with_confirm_asks_first(visit: Visit, bot: DemoBot) -> None:
    page = visit.page
    await deploy(page)
    await page.get_by_role("button", name="Abort, back to v1.1").click()
    dialog = page.get_by_role("dialog", name="Abort shop v1.2?")
    await expect(dialog.get_by_text("Traffic goes back to v1.1.")).to_be_visible()
    await dialog.get_by_role("button", name="Keep going").click()
    await expect(dialog).to_be_hidden()
    await page.get_by_role("button", name="Abort, back to v1.1").click()
    await dialog.get_by_role("button", name="Abort", exact=True).click()
    await expect(dialog).to_be_hidden()
    await expect(page.locator(".busy")).to_have_count(0)
    assert bot.pressed == ["alice: Abort, back to v1.1"]


async def test_the_overflow_menu_works_with_the_keyboard(visit: Visit, bot: DemoBot) -> None:
    page = visit.page
    await deploy(page)
    more = page.get_by_role("button", name="More actions")
    await more.focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("menuitem", name="Details")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("menu")).to_have_count(0)
    await expect(more).to_be_focused()
    await page.keyboard.press("Enter")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await expect(page.locator(".busy")).to_have_count(0)
    assert bot.pressed == ["alice: Pause"]


async def test_a_thread_opens_at_the_side_and_takes_replies(visit: Visit) -> None:
    page = visit.page
    await deploy(page)
    await page.get_by_role("button", name="2 replies").click()
    thread = page.get_by_role("tabpanel", name="Thread")
    await expect(thread.get_by_text("Canary at 20 %")).to_be_visible()
    await thread.get_by_role("textbox", name="Reply").fill("looks good")
    await page.keyboard.press("Enter")
    await expect(thread.get_by_text("looks good")).to_be_visible()
    await expect(page.get_by_role("button", name="3 replies")).to_be_visible()
    await page.get_by_role("button", name="Close").click()
    await expect(page.get_by_role("tabpanel", name="Cluster")).to_be_visible()


async def test_a_form_shows_its_errors_and_closes_when_accepted(visit: Visit, bot: DemoBot) -> None:
    page = visit.page
    await say(page, "/deploy")
    form = page.get_by_role("dialog", name="Deploy")
    await form.get_by_label("App").select_option("shop")
    await form.get_by_label("Version").click()
    await form.get_by_role("option", name="v1.1").click()
    await form.get_by_role("button", name="Deploy it").click()
    await expect(form.get_by_text("Say why, for the record.")).to_be_visible()
    await form.get_by_label("Reason").fill("the fix")
    await form.get_by_role("button", name="Deploy it").click()
    await expect(form).to_be_hidden()
    (values,) = bot.submitted
    assert values["app"]["v"]["selected_option"]["value"] == "shop"
    assert values["version"]["versions"]["selected_option"]["value"] == "v1.1"
    assert values["reason"]["v"]["value"] == "the fix"


async def test_an_incomplete_form_says_what_is_missing_and_escape_closes_it(visit: Visit, bot: DemoBot) -> None:
    page = visit.page
    await say(page, "/deploy")
    form = page.get_by_role("dialog", name="Deploy")
    await form.get_by_role("button", name="Deploy it").click()
    await expect(form.get_by_text("Please complete this required field.")).to_have_count(2)
    await page.keyboard.press("Escape")
    await expect(form).to_be_hidden()
    assert bot.submitted == []


async def test_a_channel_with_news_is_marked_until_it_is_opened(visit: Visit, rig: Rig) -> None:
    page = visit.page
    await rig.web.chat_postMessage(channel="C0RANDOM", text="news")
    marked = page.get_by_role("button", name="random unread")
    await expect(marked).to_be_visible()
    await marked.click()
    await expect(page.locator("#messages").get_by_text("news")).to_be_visible()
    await expect(marked).to_have_count(0)


async def test_direct_messages_show_to_their_person_only(visit: Visit, rig: Rig) -> None:
    page = visit.page
    await rig.web.chat_postMessage(channel="U0BOB", text="for bob")
    await page.get_by_role("radio", name="bob").click()
    channels = page.get_by_role("list", name="Channels")
    await channels.get_by_role("button", name="Slipway").click()
    await expect(page.locator("#messages").get_by_text("for bob")).to_be_visible()
    await page.get_by_role("radio", name="alice").click()
    await expect(channels.get_by_role("button", name="Slipway")).to_have_count(0)


async def test_the_composer_hints_at_commands_and_remembers_lines(visit: Visit) -> None:
    page = visit.page
    line = page.get_by_label("Message", exact=True)
    await line.fill("/de")
    await expect(page.get_by_role("listbox", name="Commands")).to_contain_text("<app> <version>")
    await page.keyboard.press("Tab")
    await expect(line).to_have_value("/deploy ")
    await say(page, "first words")
    await say(page, "second words")
    await expect(page.locator("#messages").get_by_text("second words")).to_be_visible()
    await expect(line).to_have_value("")
    await page.keyboard.press("ArrowUp")
    await page.keyboard.press("ArrowUp")
    await expect(line).to_have_value("first words")
    await page.keyboard.press("ArrowDown")
    await expect(line).to_have_value("second words")


async def test_the_cluster_panel_shows_rollouts_pods_weights_and_steps(visit: Visit) -> None:
    shop = visit.page.get_by_role("article", name="shop in production")
    await expect(shop).to_contain_text("canary · v1.2 · step 2 of 3: pause until a promote")
    await expect(shop.get_by_role("img", name="20 % on the new version, 80 % on the stable one")).to_be_visible()
    await expect(shop.get_by_role("img", name="1 of 2 pods ready")).to_be_visible()
    await expect(shop.get_by_role("img", name="4 of 4 pods ready").locator(".pod.ready")).to_have_count(4)
    await expect(shop.get_by_title("shop-new1-b: ImagePullBackOff")).to_be_visible()
    await expect(shop.get_by_text("v1.0")).to_have_count(0)
    run = visit.page.get_by_role("article", name="shop-production-142")
    await expect(run.get_by_role("listitem").first).to_contain_text("fetch-artifact")
    await expect(run.get_by_role("listitem").first).to_contain_text("2 s")


async def test_a_press_that_nobody_answers_is_said(browser: Browser, rig: Rig) -> None:
    blocks = [{"type": "actions", "elements": [{"type": "button", "text": {"type": "plain_text", "text": "Go"}}]}]
    await rig.web.chat_postMessage(channel="C0DEPLOYS", text="x", blocks=blocks)
    page = (await visit_as(browser, rig)).page
    await expect(page.get_by_text("Slipway is not connected")).to_be_visible()
    await page.get_by_role("button", name="Go", exact=True).click()
    await expect(page.get_by_text("did not answer this press (dispatch_failed)")).to_be_visible()


async def test_person_and_channel_can_be_named_in_the_address(browser: Browser, rig: Rig, bot: DemoBot) -> None:
    page = (await visit_as(browser, rig, query="/?as=bob&channel=random")).page
    await expect(page.get_by_role("radio", name="bob")).to_have_attribute("aria-checked", "true")
    await expect(page.get_by_role("heading", name="random", exact=False, level=1)).to_be_visible()


async def test_when_the_playground_stops_the_page_says_so(visit: Visit, rig: Rig) -> None:
    await rig.standin.stop()
    await expect(visit.page.get_by_text("The playground does not answer. Trying again")).to_be_visible()


@pytest.mark.parametrize("size", [PHONE, (1280, 800)], ids=["phone", "wide"])
async def test_nothing_overflows_and_nothing_complains(
    browser: Browser, rig: Rig, bot: DemoBot, size: tuple[int, int]
) -> None:
    visit = await visit_as(browser, rig, size=size)
    await deploy(visit.page)
    assert await visit.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    overflowing = await visit.page.evaluate(
        "[...document.querySelectorAll('.main *')].filter((n) => n.getBoundingClientRect().right > innerWidth).length"
    )
    assert overflowing == 0
    assert visit.complaints == []
    assert {url.split("/")[2] for url in visit.requests} == {rig.standin.page_url.split("/")[2]}


async def test_on_a_phone_people_and_cluster_are_one_press_away(browser: Browser, rig: Rig, bot: DemoBot) -> None:
    page = (await visit_as(browser, rig, size=PHONE)).page
    await expect(page.get_by_role("radio", name="bob")).to_be_hidden()
    await page.get_by_role("button", name="You are alice. Change").click()
    await page.get_by_role("radio", name="bob").click()
    await expect(page.get_by_role("button", name="You are bob. Change")).to_be_visible()
    await page.get_by_role("button", name="Cluster").click()
    await expect(page.get_by_role("article", name="shop in production")).to_be_visible()
    await page.get_by_role("button", name="Close").click()
    await expect(page.get_by_role("article", name="shop in production")).to_be_hidden()


async def test_everything_that_can_be_pressed_or_filled_has_a_name(visit: Visit) -> None:
    page = visit.page
    await deploy(page)
    await page.get_by_role("button", name="2 replies").click()
    await expect(page.get_by_role("tabpanel", name="Thread").get_by_text("Canary at 20 %")).to_be_visible()
    nameless = await page.evaluate(
        """[...document.querySelectorAll('button, input, textarea, select')].filter((node) =>
            !(node.textContent.trim() || node.getAttribute('aria-label') || node.labels?.length)).length"""
    )
    assert nameless == 0

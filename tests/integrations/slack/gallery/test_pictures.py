"""Every state of the gallery: drawn as agreed, within Slack's limits at every size, and none left out."""

import json
from collections.abc import Callable

import pytest

from commands.core.card import Headline
from commands.core.reasons import MilestoneCode, ReasonCode
from integrations.catalog import words as catalog_words
from integrations.slack import thread_words, word_facts
from integrations.slack.gallery import largest, looks, replies
from integrations.slack.gallery.pictures import FORM, Picture, messages, pictures
from integrations.slack.gallery.states import every_card
from playground.slack.limits import view_problems
from tests.integrations.slack.hostile import assert_harmless
from tests.integrations.slack.limits import assert_fits
from tests.integrations.slack.readable import readable

SHOWN = {picture.name: picture for picture in messages()}
CARDS = every_card()
FOLDERS = {"Lists": "lists", "Behind the dots": "looks", "Replies": "replies", "Threads": "threads"}


def test_every_card_reply_and_line_of_a_thread_is_in_the_gallery() -> None:
    cards = {name for name, picture in SHOWN.items() if picture.part not in FOLDERS}
    assert cards == set(CARDS)
    assert {card.headline for card in CARDS.values()} == set(Headline)
    assert {f"reply-{code}" for code in set(ReasonCode) - replies.LISTED - looks.LOOKS} <= SHOWN.keys()
    assert {f"thread-{code}" for code in MilestoneCode} <= SHOWN.keys()
    assert {each.code for pair in replies.lists().values() for each in pair} == replies.LISTED
    assert {each.code for pair in looks.looks().values() for each in pair} == looks.LOOKS


def test_every_fact_of_a_text_has_an_example() -> None:
    own = {(code, fact) for code, facts in replies.OWN_FACTS.items() for fact in facts}
    needed = {(code, fact) for code, facts in word_facts.FACTS.items() for fact in facts} - own
    spoken = {(code, fact) for code, facts in thread_words.MILESTONE_FACTS.items() for fact in facts}
    assert {(code, fact) for code, fact in needed | spoken if fact not in replies.FACTS} == set()


@pytest.mark.parametrize("picture", SHOWN.values(), ids=SHOWN.keys())
def test_a_state_fits_slack_and_is_harmless_at_every_size(picture: Picture) -> None:
    for message in (picture.message, picture.largest):
        assert_fits(message)
        assert_harmless(message)


@pytest.mark.parametrize("name", [name for name, picture in SHOWN.items() if picture.part in FOLDERS])
def test_a_list_reply_or_line_is_drawn_as_agreed(name: str, golden: Callable[[str, str], None]) -> None:
    picture = SHOWN[name]
    message, folder = picture.message, FOLDERS[picture.part]
    name = name.removeprefix("reply-").removeprefix("thread-")
    content = {"text": message.text, "blocks": list(message.blocks)}
    golden(f"{folder}/{name}.json", json.dumps(content, ensure_ascii=False, indent=2) + "\n")
    golden(f"{folder}/{name}.txt", readable(message))


def test_a_full_page_of_the_longest_rows_is_shown_whole() -> None:
    for name, rows in (("status-of-two-hundred-apps", 25), ("in-motion", 15), ("status-of-an-app", 8)):
        assert readable(SHOWN[name].largest).count(largest.ENVIRONMENT) == rows, name
    assert readable(SHOWN["history"].largest).count(largest.ENVIRONMENT) == 10


def test_the_form_fits_slack_at_every_size() -> None:
    (form,) = (picture for picture in pictures() if picture.part == FORM)
    for message in (form.message, form.largest):
        view = {"type": "modal", "title": {"type": "plain_text", "text": "x"}, "blocks": list(message.blocks)}
        view["submit"] = {"type": "plain_text", "text": "x"}
        assert view_problems(view) == []


def test_the_largest_is_as_large_as_can_be() -> None:
    assert catalog_words.name(largest.APP) == largest.APP
    assert catalog_words.name(largest.ENVIRONMENT) == largest.ENVIRONMENT
    assert (len(largest.APP), len(largest.ENVIRONMENT), len(largest.REASON)) == (40, 40, 300)
    assert len(largest.VERSION) == len(largest.RUNNING) == 128
    waiting = largest.card(CARDS["waits-for-promote-canary"]).deployment
    assert waiting.pipeline is not None
    assert waiting.rollout is not None
    assert len(waiting.pipeline.steps) == 40
    assert len(waiting.rollout.steps) == 20
    assert len(waiting.rollout.analyses[0].metrics) == 12
    unhealthy = largest.card(CARDS["unhealthy-canary"]).deployment
    assert unhealthy.rollout is not None
    assert len(unhealthy.rollout.problems) == 20


@pytest.mark.parametrize("name", CARDS)
def test_a_card_says_the_same_at_its_largest(name: str) -> None:
    ordinary, large = CARDS[name], largest.card(CARDS[name])
    assert large.headline is ordinary.headline
    assert [act.action for act in large.buttons] == [act.action for act in ordinary.buttons]

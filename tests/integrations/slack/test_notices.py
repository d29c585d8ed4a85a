import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands.core.reasons import Choice, Fact, Label, Milestone, MilestoneCode, Notice, Offer, ReasonCode
from integrations.slack import milestones, notices, thread_words, word_facts
from tests.integrations.slack.hostile import HOSTILE, assert_harmless, texts
from tests.integrations.slack.limits import assert_fits, buttons
from tests.integrations.slack.readable import readable
from tests.make import NOON

OUTSIDE = st.one_of(st.text(max_size=300), st.sampled_from(HOSTILE))


def notice(code: ReasonCode, outside: str, *, rows: int = 0, choices: int = 0) -> Notice:
    return Notice(
        code=code,
        facts=dict.fromkeys(word_facts.FACTS[code], outside),
        rows=(outside,) * rows,
        choices=tuple(Choice(label=outside, command=f"/deploy shop {n}") for n in range(choices)),
        offers=(Offer(version=outside, published_at=NOON, is_built=True, high=1, running=(outside,)),)
        * min(choices, 3),
    )


@pytest.mark.parametrize("outside", HOSTILE)
def test_hostile_text_in_every_fact_row_and_choice_is_harmless_and_fits(outside: str) -> None:
    for code in ReasonCode:
        message = notices.render(notice(code, outside, rows=400 if code is ReasonCode.HELP else 2, choices=30))
        assert_harmless(message)
        assert_fits(message)


@pytest.mark.parametrize("outside", HOSTILE)
def test_hostile_text_in_every_milestone_is_harmless_and_fits(outside: str) -> None:
    for code in MilestoneCode:
        facts = dict.fromkeys(thread_words.MILESTONE_FACTS[code], outside)
        message = milestones.render(Milestone(key="k", code=code, facts=facts, lines=(outside,) * 50))
        assert_harmless(message)
        assert_fits(message)


@given(st.sampled_from(list(ReasonCode)), OUTSIDE, st.integers(0, 60), st.integers(0, 12))
def test_no_text_at_all_escapes_from_a_notice(code: ReasonCode, outside: str, rows: int, choices: int) -> None:
    message = notices.render(notice(code, outside, rows=rows, choices=choices))
    assert_harmless(message)
    assert_fits(message)


def test_notice_reads_the_same_without_its_blocks() -> None:
    message = notices.render(Notice(code=ReasonCode.UNKNOWN_APP, facts={"word": "shpo", "guess": "shop"}))
    assert message.text == "Nothing was done. No app `shpo`. Did you mean `shop`?"
    assert readable(message) == message.text + "\n"


def test_choices_become_buttons_that_carry_their_line() -> None:
    lines = (
        Choice(label="Deploy shop v1.2", command="/deploy shop v1.2"),
        Choice(label="Help", command="/deploy help"),
    )
    message = notices.render(Notice(code=ReasonCode.STALE, choices=lines))
    assert [(button["action_id"], button["value"]) for button in buttons(message)] == [
        ("slipway:choice:0", "/deploy shop v1.2"),
        ("slipway:choice:1", "/deploy help"),
    ]
    assert "style" not in buttons(message)[0]


def test_a_button_that_turns_the_page_is_named_by_a_word_of_ours() -> None:
    turn = Choice(label=Label.NEXT, command="/rollout status all page 2")
    (button,) = buttons(notices.render(Notice(code=ReasonCode.STALE, choices=(turn,))))
    assert (button["text"]["text"], button["value"]) == ("Next", "/rollout status all page 2")


def test_answer_to_a_question_is_told_apart_from_a_shortcut() -> None:
    line = Choice(
        label="Deploy shop v1.2 to production", command="/deploy shop v1.2 to production", is_confirmation=True
    )
    button = buttons(notices.render(Notice(code=ReasonCode.STALE, choices=(line,))))[0]
    assert button["style"] == "primary"
    assert notices.is_confirmation(button["action_id"])
    assert not notices.is_confirmation("slipway:choice:0")


def test_choice_whose_line_is_too_long_or_empty_is_left_out() -> None:
    lines = (
        Choice(label="long", command="x" * 2001),
        Choice(label="none", command=""),
        Choice(label="ok", command="x"),
    )
    message = notices.render(Notice(code=ReasonCode.STALE, choices=lines))
    assert [button["text"]["text"] for button in buttons(message)] == ["ok"]


def test_rows_that_do_not_fit_are_counted() -> None:
    rows = tuple(f"verb-{n}: " + "what it does, " * 6 for n in range(200))
    message = notices.render(Notice(code=ReasonCode.HELP, facts={"verb": ""}, rows=rows))
    assert_fits(message)
    shown = readable(message).splitlines()
    listed = [line for line in shown if line.startswith("verb-")]
    assert shown[-1] == f"and {200 - len(listed)} more"
    assert 90 < len(listed) < 200


def test_what_is_known_of_the_versions_offered_stands_above_their_buttons() -> None:
    facts: dict[str, Fact] = {"app": "shop", "version": "v1.22", "guess": "v1.2", "silent": ""}
    offers = (
        Offer(version="v1.2", published_at=NOON, is_built=True, critical=2, high=5, running=("staging", "production")),
        Offer(version="v1.1", is_built=True, is_only_built=True),
        Offer(version="v1.0"),
    )
    choices = (Choice(label="Deploy shop v1.2", command="/deploy shop v1.2"),)
    message = notices.render(Notice(code=ReasonCode.UNKNOWN_VERSION, facts=facts, choices=choices, offers=offers))
    assert readable(message) == (
        "Nothing was started. No version `v1.22` of shop. Did you mean `v1.2`?\n"
        "`v1.2` · from 2026-11-02 · built · 2 critical, 5 high · running in staging, production\n"
        "`v1.1` · built, its artifact is gone\n"
        "`v1.0`\n"
        "[Deploy shop v1.2]\n"
    )


def test_few_rows_are_all_shown() -> None:
    message = notices.render(Notice(code=ReasonCode.HELP, facts={"verb": ""}, rows=("`/deploy <app>`: deploy", "two")))
    assert readable(message) == "*What Slipway understands*\n`/deploy <app>`: deploy\ntwo\n"


def test_rows_without_anything_to_see_are_left_out() -> None:
    message = notices.render(Notice(code=ReasonCode.HELP, facts={"verb": ""}, rows=("", "\u200b")))
    assert len(message.blocks) == 1
    assert_fits(message)


def test_milestone_shows_its_log_as_a_block() -> None:
    facts = {"step": "build-image", "detail": "quota exceeded"}
    message = milestones.render(
        Milestone(key="outcome", code=MilestoneCode.FAILED, facts=facts, lines=("one", "  two <b>"))
    )
    assert readable(message) == "Failed at Image: quota exceeded\n```\none\n  two <b>\n```\n"
    assert message.text == "Failed at Image: quota exceeded"


def test_every_markup_is_taken_literally() -> None:
    message = milestones.render(Milestone(key="k", code=MilestoneCode.PAUSED_UNTIL, facts={"at": NOON}))
    assert json.dumps(message.blocks).count('"verbatim": true') == 1
    assert len(list(texts(message))) == 2

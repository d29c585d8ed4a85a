import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.slack import text
from integrations.slack.text import Mrkdwn
from tests.integrations.slack.hostile import HOSTILE

RAW = re.compile(r"[<>]|&(?!(?:amp|lt|gt);)")
ANY_TEXT = st.one_of(st.text(), st.sampled_from(HOSTILE), st.text(alphabet="<>&`|!@#*_\n\u202e\u200b a"))


@given(ANY_TEXT)
def test_escaped_text_has_no_raw_angle_bracket_or_ampersand(outside: str) -> None:
    assert not RAW.search(text.escape(outside))


@given(ANY_TEXT)
def test_escaping_loses_nothing_visible_of_a_short_line(outside: str) -> None:
    line = " ".join(text.clean(outside).split())[:300]
    assert text.unescape(text.escape(line)) == " ".join(line.split()).replace("`", "'")


@given(ANY_TEXT)
def test_nothing_unseen_and_no_line_break_survives_cleaning(outside: str) -> None:
    cleaned = text.clean(outside)
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ud800-\udfff]", cleaned)
    assert text.clean(cleaned) == cleaned


@given(ANY_TEXT, st.integers(1, 400))
def test_clipping_keeps_within_its_limit_and_marks_the_cut(outside: str, limit: int) -> None:
    clipped = text.clip(outside, limit)
    assert len(clipped) <= limit
    assert clipped == outside or clipped.endswith("…")


@given(ANY_TEXT, st.integers(1, 200))
def test_cutting_markup_cuts_no_entity_and_no_reference(outside: str, limit: int) -> None:
    markup = Mrkdwn(text.escape(outside) + text.mention("U0ALICE") + text.escape(outside))
    shortened = text.cut(markup, limit)
    assert len(shortened) <= limit
    assert not RAW.search(shortened.replace("<@U0ALICE>", ""))


@given(ANY_TEXT)
def test_a_code_span_cannot_be_ended_from_within(outside: str) -> None:
    span = text.code(outside)
    assert span.count("`") == 2
    assert span.startswith("`")
    assert span.endswith("`")
    assert len(span) > 2


@given(st.lists(ANY_TEXT, max_size=30).map(tuple), st.integers(20, 600))
def test_preformatted_lines_fit_and_cannot_end_their_block(lines: tuple[str, ...], limit: int) -> None:
    block = text.preformatted(lines, limit=limit)
    assert len(block) <= limit
    assert block.count("`") in {0, 6}
    assert not RAW.search(block)


def test_a_long_line_is_clipped_later_where_that_is_wanted() -> None:
    assert text.preformatted(("x" * 300,), limit=400) == f"```\n{'x' * 199}…\n```"
    assert text.preformatted(("x" * 300,), limit=400, longest=250) == f"```\n{'x' * 249}…\n```"


def test_of_too_many_lines_the_newest_are_kept() -> None:
    assert text.preformatted(("one", "two", "three"), limit=18) == "```\ntwo\nthree\n```"
    assert text.quote(("one", "two"), limit=7) == "> two"


def test_indentation_of_log_lines_is_kept() -> None:
    assert text.preformatted(("  at line 3",), limit=100) == "```\n  at line 3\n```"


@given(ANY_TEXT)
def test_labels_have_no_character_that_some_client_would_unescape(outside: str) -> None:
    label = text.plain(outside, limit=75)
    assert len(label) <= 75
    assert not set("<>&") & set(label)


@pytest.mark.parametrize("user", ["U0ALICE", "W12345678"])
def test_a_user_id_becomes_a_mention(user: str) -> None:
    assert text.mention(user) == f"<@{user}>"


@pytest.mark.parametrize("user", ["", "alice", "U0ALICE>", "U1|<!channel>", "C0DEPLOYS", "U0ALICE\n"])
def test_what_is_no_user_id_notifies_nobody(user: str) -> None:
    assert "<" not in text.mention(user)


def test_channels_and_plain_addresses_become_links() -> None:
    assert text.link("C0DEPLOYS") == "<#C0DEPLOYS>"
    assert text.link("https://shop.example.com/a?b=c", label="shop | <1>") == (
        "<https://shop.example.com/a?b=c|shop / &lt;1&gt;>"
    )


@pytest.mark.parametrize("target", ["javascript:alert(1)", "https://a|b", "https://a>b", "", "http://a b", "//a"])
def test_other_addresses_are_shown_as_text(target: str) -> None:
    assert not text.link(target).startswith("<")


def test_code_in_a_line_of_help_stays_code() -> None:
    assert text.prose("Deploy: `/deploy <app>` & more.") == "Deploy: `/deploy &lt;app&gt;` &amp; more."


@given(ANY_TEXT)
def test_a_line_of_help_leaves_no_code_span_open(outside: str) -> None:
    line = text.prose(outside)
    assert line.count("`") % 2 == 0
    assert "```" not in line
    assert not RAW.search(line)

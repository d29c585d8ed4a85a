from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands.core.card import Headline
from commands.core.model import Action, Stage
from commands.core.reasons import Fact, Label, MilestoneCode, ReasonCode
from integrations.slack import card_words, names, phrases, thread_words, word_facts, words
from integrations.slack.gallery.looks import LOOKS
from integrations.slack.gallery.replies import FACTS, LISTED
from integrations.slack.phrases import fill
from tests.integrations.slack.hostile import HOSTILE

NOON = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
LISTS = {*LISTED, *LOOKS, ReasonCode.HELP}


def said(code: ReasonCode, **changes: Fact) -> str:
    saying = words.SAYINGS[code]
    facts = {**FACTS, **changes}
    return " ".join(filled for part in (saying.what, saying.why, saying.next) if (filled := fill(part, facts).strip()))


@pytest.mark.parametrize("code", list(ReasonCode))
def test_every_reply_has_words_that_need_exactly_its_facts(code: ReasonCode) -> None:
    saying = words.SAYINGS[code]
    needed = phrases.needs(saying.what) | phrases.needs(saying.why) | phrases.needs(saying.next)
    assert needed == word_facts.FACTS[code]


@pytest.mark.parametrize("code", list(MilestoneCode))
def test_every_milestone_has_words_that_need_exactly_its_facts(code: MilestoneCode) -> None:
    assert phrases.needs(thread_words.MILESTONES[code]) == thread_words.MILESTONE_FACTS[code]


def test_every_act_stage_and_headline_has_a_name() -> None:
    assert set(names.DOING) == set(names.DONE) == set(Action)
    assert set(names.LABELS) == set(Label)
    assert set(names.STAGES) == {stage.value for stage in Stage}
    assert set(card_words.HEADLINES) == set(Headline)


@pytest.mark.parametrize("code", list(ReasonCode))
def test_replies_are_calm_whole_sentences(code: ReasonCode) -> None:
    sentence = said(code)
    assert "!" not in sentence.replace("<!date", "")
    assert "  " not in sentence
    assert "{" not in sentence.replace("{time}", "")
    assert sentence.endswith((".", "?")) or code in LISTS


_REFUSALS = sorted(
    set(ReasonCode) - LISTS - {ReasonCode.ALREADY_DONE, ReasonCode.STARTED, ReasonCode.REQUESTED, ReasonCode.PLAN}
)


@pytest.mark.parametrize("code", _REFUSALS)
def test_every_refusal_says_what_why_and_what_next(code: ReasonCode) -> None:
    saying = words.SAYINGS[code]
    assert saying.what
    assert saying.why
    assert saying.next


def test_the_sentences_that_people_meet_most() -> None:
    assert said(ReasonCode.ROLE_MISSING).startswith(
        "Advancing shop in production needs the role `approver`; you have `deployer`."
    )
    assert said(ReasonCode.ALREADY_DONE) == "Already advanced by <@U0CAROL> 3 s ago."
    assert said(ReasonCode.BUSY, by="U0DAVE").startswith(
        "shop in production is busy: #141 v1.1.9 by <@U0DAVE>, rolling out."
    )
    assert said(ReasonCode.RIGHTS_UNKNOWN, hint="In an emergency call the desk.") == (
        "I cannot check your rights right now (the login server does not answer), so nothing was done. "
        "Try again in a minute. In an emergency call the desk."
    )
    assert said(ReasonCode.UNKNOWN_APP) == "Nothing was done. No app `shpo`. Did you mean `shop`?"
    assert said(ReasonCode.UNKNOWN_VERSION, guess="").endswith("then try again.")
    assert said(ReasonCode.UNKNOWN_VERSION, silent="Nexus").startswith(
        "Nothing was started. No version `v1.2` of shop among those I can see: Nexus gives no answer."
    )
    assert said(ReasonCode.MOTION, count=0, page=0, pages=0) == (
        "Nothing is in motion. `/rollout status all` lists what runs where."
    )
    assert said(ReasonCode.FLEET, environment="", count=400) == (
        "*What runs where* 400 places, 3 in motion, 1 not healthy. Page 2 of 16"
    )
    assert said(ReasonCode.HISTORY, count=0, environment="", page=0) == (
        "*Deployments of shop* None yet: `/deploy` starts the first."
    )


def test_several_roles_are_listed_and_none_is_said() -> None:
    sentence = said(ReasonCode.ROLE_MISSING, role="approver, admin", roles="")
    assert "needs the role `approver` or `admin`; you have none." in sentence
    assert "is open to no role" in said(ReasonCode.ROLE_MISSING, role="")


def test_whom_to_ask_is_named_where_it_is_known() -> None:
    assert said(ReasonCode.ROLE_MISSING).endswith("Ask somebody who has it, or your admin for the role.")
    assert said(ReasonCode.ROLE_MISSING, people="U0BOB, U0CAROL").endswith(
        "Ask <@U0BOB> or <@U0CAROL>, or your admin for the role."
    )


def test_a_reminder_names_those_who_may_act_or_else_the_role() -> None:
    template = thread_words.MILESTONES[MilestoneCode.REMINDER]
    assert fill(template, seconds=1800, people="U0BOB", role="") == "Paused for 30 min: <@U0BOB> may go on with it"
    assert fill(template, seconds=1800, people="", role="approver, admin") == (
        "Paused for 30 min: whoever has the role `approver` or `admin` may go on with it"
    )
    assert fill(template, seconds=1800, people="", role="") == "Paused for 30 min"


def test_milestones_read_as_in_a_log() -> None:
    lines = {code: fill(thread_words.MILESTONES[code], FACTS) for code in MilestoneCode}
    assert lines[MilestoneCode.ADVANCED] == "<@U0CAROL> advanced to 50 %"
    assert lines[MilestoneCode.IMAGE_BUILT] == "Image sha256:abababababa… built in 12 min 4 s · 2 critical · 5 high"
    clean = fill(thread_words.MILESTONES[MilestoneCode.IMAGE_REUSED], {**FACTS, "critical": 0, "high": 0})
    assert clean == "Image sha256:abababababa… was already built"
    assert lines[MilestoneCode.ABORTED] == "Aborted by <@U0CAROL>, traffic is back on v1.1"
    assert lines[MilestoneCode.FAILED] == "Failed at Image: quota exceeded"
    assert lines[MilestoneCode.DONE] == "Done in 12 min 4 s"


@pytest.mark.parametrize(("count", "text"), [(0, "0 characters"), (1, "1 character"), (2, "2 characters")])
def test_a_number_agrees_with_its_noun(count: int, text: str) -> None:
    assert f"than {text}." in said(ReasonCode.TOO_LONG, count=count)


def test_a_language_with_one_form_has_one_form() -> None:
    assert fill("{n:plural|# x}", n=1) == "1 x"
    assert fill("{n:plural|# x}", n=2) == "2 x"


def test_times_are_shown_in_the_readers_zone() -> None:
    assert fill("{at:time}", at=NOON) == "<!date^1793620800^{time}|12:00 UTC>"
    assert fill("{at:day}", at=NOON) == "<!date^1793620800^{date_short_pretty}|2026-11-02>"
    assert fill("{at}", at=NOON) == fill("{at:time}", at=NOON)
    assert fill("{at:time}", at="soon") == "soon"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-1, "0 s"), (0, "0 s"), (59, "59 s"), (60, "1 min"), (724, "12 min 4 s"), (3600, "1 h"), (7500, "2 h 5 min"),
     (90_000, "1 d 1 h"), (172_800, "2 d")],
)  # fmt: skip
def test_durations_are_written_with_their_two_largest_units(seconds: int, text: str) -> None:
    assert phrases.span(timedelta(seconds=seconds)) == text


def test_a_missing_fact_leaves_a_hole_and_a_trace(caplog: pytest.LogCaptureFixture) -> None:
    assert fill("{app} in {environment}", app="shop") == "shop in "
    assert "environment" in caplog.text


def test_unknown_names_are_shown_as_they_are() -> None:
    assert fill("{action:doing} {stage:stage} {step:step}", action="dance", stage="x<", step="my-step") == (
        "dance x&lt; my-step"
    )


@given(st.one_of(st.text(), st.sampled_from(HOSTILE)))
def test_a_fact_cannot_reach_the_formatter(outside: str) -> None:
    """Neither braces nor bars nor signs of a fact are read as a template."""
    assert fill("{x}", x=outside) == fill("{x:if|#}", x=outside) or not outside
    assert "{" not in fill("{x}", x="{app}").replace("{app}", "")


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("result >= 0.99", "≥ 0.99"),
        ("result[0] <= 5", "≤ 5"),
        ("result == 1", "= 1"),
        ("len(result) == 0 || isNaN(result[0]) || result[0] >= 0.99", "≥ 0.99"),
        ("len(result) > 0 && !isNaN(result[0]) && result[0] <= 0.5", "≤ 0.5"),
        ("result!=0", "≠ 0"),
        ("result < 0.01", "&lt; 0.01"),
        ("result[0] > 0.9 && result[0] < 1", "`result[0] &gt; 0.9 &amp;&amp; result[0] &lt; 1`"),
        ('result == "ok"', '`result == "ok"`'),
    ],
)
def test_a_condition_is_shortened_only_where_it_is_a_plain_comparison(written: str, shown: str) -> None:
    assert phrases.fill("{x:condition}", x=written) == shown


@pytest.mark.parametrize(
    ("written", "shown"), [("[0.972]", "0.972"), ("0.5", "0.5"), ("[1,2]", "[1,2]"), ("NaN", "NaN")]
)
def test_a_value_is_shown_as_the_cluster_writes_it(written: str, shown: str) -> None:
    assert phrases.fill("{x:value}", x=written) == shown
    assert phrases.fill("{x:if-times|#}", x=1) == "once"
    assert phrases.fill("{x:if-times|#}", x=3) == "3 times"


def test_an_abort_by_an_analysis_is_one_line() -> None:
    facts: dict[str, Fact] = {"metric": "success-rate", "value": "[0.972]", "needs": "result[0] >= 0.99"}
    more: dict[str, Fact] = {"refuses": "", "measured": 3, "detail": "", "running": "v1.1"}
    assert phrases.fill(thread_words.MILESTONES[MilestoneCode.ABORTED_BY_ANALYSIS], {**facts, **more}) == (
        "Aborted by its analysis: success-rate 0.972 (needs ≥ 0.99), measured 3 times. Traffic is back on v1.1"
    )

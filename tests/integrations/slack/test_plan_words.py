"""What a plan reads like, and that no chart can make more of its lines than lines."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands.core.reasons import Fact, Notice, PlanCode, PlanLine, ReasonCode
from integrations.slack import notices, phrases, plan_words
from integrations.slack.phrases import fill
from tests.integrations.slack.hostile import HOSTILE, assert_harmless
from tests.integrations.slack.limits import assert_fits
from tests.integrations.slack.readable import readable

PLAIN: dict[str, Fact] = {
    "role": "deployer, admin", "roles": "approver", "environment": "production", "count": 3, "windows": "Mon-Fri",
    "number": 141, "version": "v1.2", "by": "U0CAROL", "stage": "rolling_out", "why": "Gitea: no answer",
    "running": "v1.1", "system": "Nexus", "digest": "sha256:" + "ab" * 32, "image": "harbor.example.com/shop/shop",
    "path": "spec.replicas", "ref": "v1.4.0", "commit": "c" * 40, "pin": "d" * 40, "before": "4", "after": "5",
    "strategy": "canary", "seconds": 724, "object": "Rollout shop",
}  # fmt: skip


def said(code: PlanCode, **changes: Fact) -> str:
    return fill(plan_words.LINES[code], {**PLAIN, **changes})


def notice(*lines: PlanLine) -> Notice:
    facts = {"app": "shop", "version": "v1.2", "environment": "staging", "strategy": "canary"}
    return Notice(code=ReasonCode.PLAN, facts=facts, lines=lines)


@pytest.mark.parametrize("code", list(PlanCode))
def test_every_line_has_words_that_need_exactly_its_facts(code: PlanCode) -> None:
    assert phrases.needs(plan_words.LINES[code]) == plan_words.FACTS[code]


@pytest.mark.parametrize("code", list(PlanCode))
def test_lines_are_calm(code: PlanCode) -> None:
    for line in (said(code), said(code, **dict.fromkeys(("role", "roles", "running"), ""))):
        assert "!" not in line
        assert "  " not in line
        assert "{" not in line


def test_the_lines_that_people_meet_most() -> None:
    assert said(PlanCode.REPLACES) == "Version: v1.1 → v1.2"
    assert said(PlanCode.IMAGE_BUILT, running="") == "Image: sha256:abababababa…, built already"
    assert said(PlanCode.CHART, path="app", running="d" * 40) == "Chart: app v1.4.0, commit dddddddddddd → cccccccccccc"
    assert said(PlanCode.CHART, path="app", running="") == "Chart: app v1.4.0, commit cccccccccccc"
    assert said(PlanCode.FIELD_CHANGED) == "• Rollout shop: `spec.replicas` `4` → `5`"
    assert said(PlanCode.DURATION) == ("Duration: about 12 min 4 s, pauses included (median of the last 3 with canary)")
    assert said(PlanCode.DURATION, count=1).endswith("(median of the last one with canary)")
    assert said(PlanCode.NOT_ALLOWED, roles="") == (
        "You may not deploy it yourself: that needs the role `deployer` or `admin`; you have none."
    )
    assert said(PlanCode.BUSY) == "It would be refused now: #141 v1.2 by <@U0CAROL> is there, rolling out."
    assert said(PlanCode.FIELD_TEXT) == "• Rollout shop: `spec.replicas` changes, 4 → 5 lines"


def test_a_plan_reads_as_a_headline_and_its_lines() -> None:
    drawn = notices.render(notice(PlanLine(code=PlanCode.ALLOWED), PlanLine(code=PlanCode.OUTAGE)))
    assert readable(drawn).splitlines() == [
        "*Plan: shop `v1.2` to staging, canary.* Nothing was changed.",
        "You may deploy it.",
        "Every old pod stops before the first new one starts: a short outage.",
    ]


@pytest.mark.parametrize("count", [41, 300])
@pytest.mark.parametrize("path", ["spec.a", "x" * 290, "<" * 290])
def test_what_does_not_fit_is_counted(count: int, path: str) -> None:
    changed = PlanLine(code=PlanCode.FIELD_REMOVED, facts={"object": "Rollout shop", "path": path})
    drawn = notices.render(notice(*(changed,) * count))
    assert_fits(drawn)
    lines = readable(drawn).splitlines()
    shown = sum(1 for line in lines if "Rollout shop" in line)
    assert 0 < shown <= 40
    assert lines[-1] == f"and {count - shown} more"


@given(st.sampled_from(list(PlanCode)), st.one_of(st.text(max_size=300), st.sampled_from(HOSTILE)), st.integers(0, 60))
def test_no_text_at_all_escapes_from_a_plan(code: PlanCode, outside: str, count: int) -> None:
    line = PlanLine(code=code, facts=dict.fromkeys(plan_words.FACTS[code], outside))
    drawn = notices.render(notice(*(line,) * count))
    assert_harmless(drawn)
    assert_fits(drawn)

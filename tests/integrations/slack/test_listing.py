"""The lines of lists, one by one; whole lists are among the gallery's pictures."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands.core.model import CardRef
from commands.core.observed import Replicas, RolloutPhase, Strategy
from commands.core.reading import HistoryRow, StatusRow
from commands.core.reasons import Fact, Notice, ReasonCode
from integrations.slack import listing, notices
from integrations.slack.gallery.replies import WAITING
from integrations.slack.gallery.states import building, green, moving, rolling_out
from tests.integrations.slack.hostile import HOSTILE, assert_harmless
from tests.integrations.slack.limits import assert_fits
from tests.make import deployment, healthy, rollout

HOME = "https://acme.slack.com/"
CARD = CardRef(channel="C0DEPLOYS", ts="1762084800.000100")


def test_the_list_of_all_says_less_of_each() -> None:
    assert listing.brief(WAITING, home="") == (
        "🟡 *shop* · production · #142 `v1.2` · waits for a promote · 20 % · step 2 of 4"
    )
    assert listing.brief(StatusRow(app="a", environment="e"), home="") == "⚪ *a* · e · nothing runs"


def test_without_the_address_of_the_workspace_a_number_is_only_a_number() -> None:
    assert "#142 `v1.2`" in listing.line(WAITING, home="")
    assert "<https" not in listing.line(WAITING, home="")


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (StatusRow(app="a", environment="e", is_known=False), "⚪ *a* · e · not known, its cluster does not answer"),
        (
            StatusRow(app="a", environment="e", running="v1.1", rollout=rollout(deployment=None)),
            "🟡 *a* · e · runs `v1.1` · `v1.2` paused · 20 % · step 2 of 4 · moved outside Slipway",
        ),
        (
            StatusRow(
                app="a",
                environment="e",
                rollout=moving(strategy=Strategy.ROLLING, steps=(), step_index=None, new=Replicas(2, 3)),
            ),
            "🟡 *a* · e · `v1.2` rolling out · 2/5 ready · moved outside Slipway",
        ),
        (
            StatusRow(app="a", environment="e", rollout=moving(step_index=None)),
            "🟡 *a* · e · `v1.2` rolling out · 20 % · moved outside Slipway",
        ),
        (
            StatusRow(
                app="a",
                environment="e",
                running="v1.2",
                rollout=rollout(phase=RolloutPhase.DEGRADED, is_aborted=True),
            ),
            "🔴 *a* · e · `v1.2` aborted",
        ),
        (
            StatusRow(app="a", environment="e", running="v1.2", rollout=healthy(image="h/shop:x"), is_changed=True),
            "🟢 *a* · e · `v1.2` · canary · 5/5 ready · ↗ changed outside Slipway, runs the image shop:x",
        ),
        (
            StatusRow(app="a", environment="e", moving=building(way_back=None)),
            "🔵 *a* · e · #142 `v1.2` · canary · building · by <@U0ALICE>",
        ),
        (
            StatusRow(app="a", environment="e", moving=rolling_out(green())),
            "🟢 *a* · e · #142 `v1.2` · blue-green · green is ready · 5/5 ready · by <@U0ALICE>",
        ),
    ],
)
def test_a_place_is_told_in_one_line(row: StatusRow, said: str) -> None:
    assert listing.line(row, home="") == said


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (StatusRow(app="a", environment="e", moving=building()), "🔵 *e* · nothing ran here before\n"),
        (
            StatusRow(app="a", environment="e", is_known=False, moving=building()),
            "🔵 *e* · not known, its cluster does not answer\n",
        ),
        (
            StatusRow(app="a", environment="e", running="v1.1", moving=building()),
            "🔵 *e* · runs `v1.1`\n",
        ),
        (
            StatusRow(app="a", environment="e", running="v1.1", rollout=healthy(version="v1.1"), moving=building()),
            "🔵 *e* · `v1.1` · canary · 5/5 ready\n",
        ),
    ],
)
def test_what_is_served_is_told_apart_from_what_moves(row: StatusRow, said: str) -> None:
    assert listing.detail(row, home="").startswith(said)


@given(st.one_of(st.text(max_size=300), st.sampled_from(HOSTILE)))
def test_no_text_escapes_from_a_list(outside: str) -> None:
    row = deployment(app=outside, environment=outside, version=outside, reason=outside, card=CARD)
    status = StatusRow(
        app=outside, environment=outside, running=outside, rollout=rollout(version=outside), waits_for=(outside,)
    )
    moves = StatusRow(app=outside, environment=outside, running=outside, moving=row, waits_for=(outside,))
    facts: dict[str, Fact] = {"app": outside, "environment": outside, "count": 2, "page": 1, "pages": 2}
    for code in (ReasonCode.STATUS, ReasonCode.MOTION):
        message = notices.render(Notice(code=code, facts=facts, status=(status, moves)), home=HOME)
        assert_harmless(message)
        assert_fits(message)
    past = notices.render(Notice(code=ReasonCode.HISTORY, facts=facts, history=(HistoryRow(deployment=row),)))
    assert_harmless(past)
    assert_fits(past)

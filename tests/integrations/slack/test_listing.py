"""What runs where and what was deployed, as people read it."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands.core.model import CardRef, Content, Deployment, Failure, Stage
from commands.core.observed import PauseReason, Replicas, RolloutPhase, Strategy
from commands.core.reading import HistoryRow, StatusRow
from commands.core.reasons import Fact, Notice, ReasonCode
from integrations.slack import listing, notices
from integrations.slack.blocks import Message
from tests.integrations.slack.cards import building, ended, green, moving, paused, rolling_out
from tests.integrations.slack.hostile import HOSTILE, assert_harmless
from tests.integrations.slack.limits import assert_fits
from tests.integrations.slack.readable import readable
from tests.make import DIGEST, NOON, deployment, healthy, rollout

HOME = "https://acme.slack.com/"
CARD = CardRef(channel="C0DEPLOYS", ts="1762084800.000100")
WAITING = StatusRow(
    app="shop",
    environment="production",
    running="v1.1",
    since=NOON,
    rollout=paused(PauseReason.STEP),
    moving=rolling_out(paused(PauseReason.STEP), stage=Stage.PAUSED, card=CARD),
    waits_for=("approver", "admin"),
)


def lists(*rows: StatusRow, code: ReasonCode = ReasonCode.STATUS) -> Message:
    facts: dict[str, Fact] = {
        "app": "shop",
        "environment": "",
        "count": len(rows),
        "moving": 1,
        "unwell": 0,
        "page": 2,
        "pages": 16,
    }
    return notices.render(Notice(code=code, facts=facts, status=rows), home=HOME)


def test_an_app_is_told_with_what_is_served_and_what_moves() -> None:
    quiet = StatusRow(app="shop", environment="staging", running="v1.2", since=NOON, rollout=healthy())
    assert readable(lists(quiet, WAITING, StatusRow(app="shop", environment="dev"))) == (
        "*What runs where: shop* Page 2 of 16\n"
        "🟢 *staging* · `v1.2` · canary · 5/5 ready · since 2026-11-02 12:00 UTC\n"
        "🟡 *production* · runs `v1.1` · since 2026-11-02 12:00 UTC\n"
        "<https://acme.slack.com/archives/C0DEPLOYS/p1762084800000100|#142> `v1.2` · canary · waits for a promote"
        " · 20 % · step 2 of 4 · by @alice · waits for `approver` or `admin`\n"
        "⚪ *dev* · nothing runs\n"
    )


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


def test_history_tells_version_outcome_who_when_why_and_what_can_come_back() -> None:
    failed = ended(
        Stage.FAILED, Strategy.CANARY, reason="", failure=Failure(step="build-image", message="no"), content=Content()
    )
    rows = (
        HistoryRow(
            deployment=ended(Stage.SUCCEEDED, Strategy.CANARY, card=CARD, content=Content(digest=DIGEST)),
            can_return=True,
        ),
        HistoryRow(deployment=failed),
    )
    facts: dict[str, Fact] = {"app": "shop", "environment": "production", "count": 2, "page": 0}
    message = notices.render(Notice(code=ReasonCode.HISTORY, facts=facts, history=rows), home=HOME)
    assert readable(message) == (
        "*Deployments of shop to production*\n"
        "✅ <https://acme.slack.com/archives/C0DEPLOYS/p1762084800000100|#142> `v1.2` · production · canary"
        " · done in 12 min 4 s · by @alice · 2026-11-02 12:00 UTC\n"
        "“fix the checkout” · sha256:abababababa… · ↩ can be rolled back to\n"
        "🔴 #142 `v1.2` · production · canary · failed at Image · by @alice · 2026-11-02 12:00 UTC\n"
    )


LONGEST = {"app": "a" * 40, "environment": "e" * 40, "version": "v" * 128, "number": 1_000_000}


def longest(**changes: object) -> Deployment:
    reason = ("🚀 & <b> مرحبا " * 30)[:300]
    return deployment(
        **{**LONGEST, "reason": reason, "card": CARD, "rollout": rollout(deployment=1_000_000), **changes}
    )


@pytest.mark.parametrize(("code", "size"), [(ReasonCode.FLEET, 25), (ReasonCode.MOTION, 15), (ReasonCode.STATUS, 8)])
def test_a_page_of_the_longest_rows_is_shown_whole(code: ReasonCode, size: int) -> None:
    row = StatusRow(
        app="a" * 40,
        environment="e" * 40,
        running="v" * 128,
        since=NOON,
        rollout=rollout(),
        moving=longest(stage=Stage.PAUSED),
        waits_for=("r" * 40,) * 9,
    )
    message = lists(*[row] * size, code=code)
    assert_fits(message)
    assert readable(message).count("e" * 40) == size


def test_a_page_of_the_longest_history_is_shown_whole() -> None:
    row = HistoryRow(deployment=longest(stage=Stage.SUCCEEDED, finished_at=NOON + timedelta(days=400)), can_return=True)
    facts: dict[str, Fact] = {"app": "a" * 40, "environment": "", "count": 11, "page": 1}
    message = notices.render(Notice(code=ReasonCode.HISTORY, facts=facts, history=(row,) * 10), home=HOME)
    assert_fits(message)
    assert readable(message).count("↩") == 10


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

"""Promote and abort, typed and pressed: rights at every click, one effect, and an answer to each."""

from dataclasses import replace
from datetime import timedelta

import pytest
from typing_extensions import override

from commands import abort, pause, promote, restart, resume
from commands.core.acts import gate_of, is_waiting, possible
from commands.core.catalog import Grant
from commands.core.model import (
    Action,
    ActState,
    ChatUser,
    Content,
    Deployment,
    Expected,
    Later,
    Place,
    Restart,
    Stage,
    Takeover,
)
from commands.core.observed import (
    Analysis,
    AnalysisKind,
    AnalysisPhase,
    Pause,
    PauseReason,
    RolloutPhase,
    RolloutSnapshot,
    Strategy,
)
from commands.core.ports import PatchOutcome
from commands.core.reasons import MilestoneCode, Notice, ReasonCode
from commands.core.requests import AbortRequest, PauseRequest, PromoteRequest, RestartRequest, ResumeRequest
from tests import make
from tests.commands.desk import ALICE, BOB, EVE, NOBODY, TEAM, Desk
from tests.fakes.rollouts import FakeRollouts


def waiting(desk: Desk, **changes: object) -> Deployment:
    row = make.deployment(stage=Stage.PAUSED, content=Content(digest=make.DIGEST), rollout=make.rollout(), **changes)
    desk.rollouts.put(row.place, make.rollout())
    return desk.deployments.put(row)


async def press(
    desk: Desk, row: Deployment, action: Action, *, user: ChatUser = BOB, gate: str | None = None
) -> Notice:
    notice = await desk.ask.on(row, action=action, gate=gate or gate_of(row, action), user=user, catalog=desk.catalog)
    await desk.chat.whisper(channel="C0DEPLOYS", user=user.id, notice=notice)
    return notice


Typed = PromoteRequest | AbortRequest | PauseRequest | ResumeRequest | RestartRequest


async def typed(desk: Desk, request: Typed, *, user: ChatUser = BOB) -> Notice:
    ports = {"user": user, "catalog": desk.catalog, "deployments": desk.deployments, "ask": desk.ask}
    match request:
        case PromoteRequest():
            notice = await promote.run(request, **ports)  # type: ignore[arg-type]  # the same ports for all of them
        case AbortRequest():
            notice = await abort.run(request, **ports)  # type: ignore[arg-type]  # as above
        case PauseRequest():
            notice = await pause.run(request, **ports)  # type: ignore[arg-type]  # as above
        case RestartRequest():
            notice = await restart.run(request, **ports)  # type: ignore[arg-type]  # as above
        case ResumeRequest():
            notice = await resume.run(request, **ports)  # type: ignore[arg-type]  # as above
    await desk.chat.whisper(channel="C0DEPLOYS", user=user.id, notice=notice)
    return notice


@pytest.mark.parametrize("action", [Action.PROMOTE, Action.FULL, Action.ABORT])
async def test_a_press_is_recorded_with_what_the_person_saw(action: Action) -> None:
    desk = Desk()
    row = waiting(desk)
    assert (await press(desk, row, action)).code is ReasonCode.REQUESTED
    (act,) = await desk.deployments.acts(row.id)
    assert (act.action, act.by.name) == (action, "bob")
    assert act.expected is not None
    assert act.expected.current_hash == "bbbb"
    assert (act.expected.pause_since != "") is (action is Action.PROMOTE)


async def test_a_second_press_finds_the_first() -> None:
    desk = Desk()
    row = waiting(desk)
    await press(desk, row, Action.PROMOTE)
    desk.clock.pass_by(3)
    notice = await press(desk, row, Action.PROMOTE)
    assert notice.code is ReasonCode.ALREADY_DONE
    assert (notice.facts["by"], notice.facts["ago"]) == ("U0BOB", 3)
    assert len(await desk.deployments.acts(row.id)) == 1


async def test_a_press_on_a_card_of_the_past_names_who_moved_it() -> None:
    desk = Desk()
    row = waiting(desk)
    old = gate_of(row, Action.PROMOTE)
    await press(desk, row, Action.PROMOTE)
    later = Pause(reason=PauseReason.STEP, since=make.NOON + timedelta(minutes=1), since_text="later")
    desk.rollouts.put(row.place, make.rollout(step_index=3, weight=50, pause=later))
    assert (await press(desk, row, Action.PROMOTE, gate=old)).code is ReasonCode.ALREADY_DONE
    assert (await press(desk, row, Action.PROMOTE, gate="0" * 12)).code is ReasonCode.STALE


async def test_rights_are_read_again_at_every_press() -> None:
    desk = Desk()
    row = waiting(desk)
    denied = await press(desk, row, Action.PROMOTE, user=EVE)
    assert denied.code is ReasonCode.ROLE_MISSING
    assert (denied.facts["role"], denied.facts["roles"]) == ("approver, admin", "")
    assert (await press(desk, row, Action.PROMOTE, user=NOBODY)).code is ReasonCode.NOT_LINKED
    desk.people.accounts["bob"] = replace(desk.people.accounts["bob"], roles=frozenset())
    assert (await press(desk, row, Action.PROMOTE)).code is ReasonCode.ROLE_MISSING
    assert await desk.deployments.acts(row.id) == ()


async def test_who_may_promote_may_go_to_the_end_and_nobody_without_it() -> None:
    desk = Desk()
    row = waiting(desk)
    assert (await press(desk, row, Action.FULL, user=ALICE)).code is ReasonCode.ROLE_MISSING
    assert (await press(desk, row, Action.FULL)).code is ReasonCode.REQUESTED


async def test_a_deployment_that_is_gone_is_a_stale_button() -> None:
    desk = Desk()
    notice = await desk.ask.on(None, action=Action.PROMOTE, gate="x", user=BOB, catalog=desk.catalog)
    assert notice.code is ReasonCode.STALE


async def test_nothing_moves_after_the_end() -> None:
    desk = Desk()
    row = waiting(desk)
    gate = gate_of(row, Action.ABORT)
    done = desk.deployments.put(replace(row, stage=Stage.SUCCEEDED, rollout=make.healthy()))
    assert (await press(desk, done, Action.ABORT, gate=gate)).code is ReasonCode.NOTHING_TO_ABORT
    assert (await press(desk, done, Action.PROMOTE)).code is ReasonCode.ALREADY_FINISHED


async def test_promote_of_what_does_not_wait_and_cancel_of_what_is_released_explain_themselves() -> None:
    desk = Desk()
    moving = make.rollout(pause=None, phase=RolloutPhase.PROGRESSING)
    row = waiting(desk)
    desk.rollouts.put(row.place, moving)
    assert (await typed(desk, PromoteRequest(app="shop"))).code is ReasonCode.NOT_WAITING
    assert (await press(desk, row, Action.CANCEL)).code is ReasonCode.NOT_REVERSIBLE
    releasing = desk.deployments.put(replace(row, stage=Stage.RELEASING))
    assert (await press(desk, releasing, Action.ABORT)).code is ReasonCode.STILL_RELEASING


async def test_cancel_is_for_who_may_abort_and_for_who_asked_for_it() -> None:
    desk = Desk()
    row = desk.deployments.put(make.deployment())
    assert (await press(desk, row, Action.CANCEL, user=EVE)).code is ReasonCode.ROLE_MISSING
    assert (await press(desk, row, Action.CANCEL, user=ALICE)).code is ReasonCode.REQUESTED
    desk.people.accounts["alice"] = replace(desk.people.accounts["alice"], roles=frozenset())
    assert (await press(desk, row, Action.CANCEL, user=ALICE)).code is ReasonCode.ROLE_MISSING
    assert (await press(desk, row, Action.CANCEL, user=BOB)).code is ReasonCode.ALREADY_DONE


async def test_typed_acts_find_what_is_in_motion() -> None:
    desk = Desk()
    assert (await typed(desk, PromoteRequest(app="shop"))).code is ReasonCode.NOTHING_IN_MOTION
    assert (await typed(desk, AbortRequest(app="gone"))).code is ReasonCode.UNKNOWN_APP
    assert (await typed(desk, AbortRequest(app="shop"))).code is ReasonCode.NOTHING_TO_ABORT
    for request in (PauseRequest(app="shop"), ResumeRequest(app="shop")):
        assert (await typed(desk, request)).code is ReasonCode.NOTHING_IN_MOTION
    row = waiting(desk)
    assert (await typed(desk, PromoteRequest(app="store", is_full=True))).code is ReasonCode.REQUESTED
    assert (await typed(desk, AbortRequest(app="shop", environment="staging"))).code is ReasonCode.REQUESTED
    assert [act.action for act in await desk.deployments.acts(row.id)] == [Action.FULL, Action.ABORT]
    desk.deployments.put(replace(make.deployment(), id="d9", number=9, environment="production"))
    assert (await typed(desk, PromoteRequest(app="shop"))).code is ReasonCode.ENVIRONMENT_NEEDED


async def test_abort_while_it_builds_is_a_cancel() -> None:
    desk = Desk()
    row = desk.deployments.put(make.deployment())
    assert (await typed(desk, AbortRequest(app="shop"), user=ALICE)).code is ReasonCode.REQUESTED
    (act,) = await desk.deployments.acts(row.id)
    assert (act.action, act.expected) == (Action.CANCEL, None)


HELD_BETWEEN: dict[str, object] = {"pause": Pause(reason=PauseReason.MANUAL), "is_held": True}
UNDECIDED: dict[str, object] = {"pause": Pause(reason=PauseReason.INCONCLUSIVE, since=make.NOON, since_text="x")}
STEP_ANALYSIS = Analysis(name="a", kind=AnalysisKind.STEP, phase=AnalysisPhase.INCONCLUSIVE)
BESIDE = Analysis(name="b", kind=AnalysisKind.BACKGROUND, phase=AnalysisPhase.INCONCLUSIVE)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, [Action.PROMOTE, Action.PAUSE, Action.FULL, Action.ABORT]),
        ({"steps": make.STEPS[:2]}, [Action.PROMOTE, Action.PAUSE, Action.ABORT]),
        ({"pause": None}, [Action.PAUSE, Action.FULL, Action.ABORT]),
        ({"pause": None, "is_full": True}, [Action.PAUSE, Action.ABORT]),
        (HELD_BETWEEN, [Action.RESUME, Action.FULL, Action.ABORT]),
        (HELD_BETWEEN | {"stable_hash": "bbbb"}, [Action.RESUME]),
        ({"strategy": Strategy.ROLLING, "pause": None, "steps": ()}, [Action.PAUSE, Action.ABORT]),
        ({"strategy": Strategy.RECREATE, "pause": None, "steps": ()}, [Action.ABORT]),
        (
            {"strategy": Strategy.BLUE_GREEN, "pause": Pause(reason=PauseReason.GREEN)},
            [Action.PROMOTE, Action.PAUSE, Action.ABORT],
        ),
        (
            UNDECIDED | {"analyses": (STEP_ANALYSIS,)},
            [Action.PROMOTE, Action.REANALYSE, Action.PAUSE, Action.FULL, Action.ABORT],
        ),
        (UNDECIDED | {"analyses": (BESIDE,)}, [Action.REANALYSE, Action.PAUSE, Action.FULL, Action.ABORT]),
        (
            UNDECIDED | {"strategy": Strategy.BLUE_GREEN, "steps": ()},
            [Action.REANALYSE, Action.PAUSE, Action.FULL, Action.ABORT],
        ),
        ({"stable_hash": "bbbb"}, []),
    ],
)
def test_only_what_would_work_is_offered(changes: dict[str, object], expected: list[Action]) -> None:
    row = make.deployment(stage=Stage.PAUSED, rollout=make.rollout(**changes))
    assert [act.action for act in possible(row)] == [*expected, Action.RESTART]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (HELD_BETWEEN | {"is_aborted": True}, [Action.RESUME]),
        (HELD_BETWEEN | {"is_current": False}, []),
        ({"restarting_since": "x"}, [Action.PROMOTE, Action.PAUSE, Action.FULL, Action.ABORT]),
        ({"is_current": False}, []),
        ({"is_aborted": True}, []),
        ({"deployment": 143}, []),
    ],
)
def test_what_is_not_settled_is_not_restarted(changes: dict[str, object], expected: list[Action]) -> None:
    row = make.deployment(stage=Stage.PAUSED, rollout=make.rollout(**changes))
    assert [act.action for act in possible(row)] == expected


def test_what_is_not_current_waits_for_nobody() -> None:
    assert not is_waiting(make.rollout(is_current=False))
    assert is_waiting(make.rollout())


NEWER = Later(number=143, version="v1.3", action=Action.DEPLOY, by=make.ALICE, at=make.NOON)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, [Action.RESTART]),
        ({"later": NEWER}, []),
        ({"later": replace(NEWER, state=Takeover.NOTHING)}, [Action.RESTART]),
        ({"restart": Restart(at=make.NOON, by=make.BOB)}, []),
        ({"rollout": None}, []),
        ({"rollout": make.healthy(deployment=143)}, []),
        ({"stage": Stage.ABORTED}, []),
    ],
)
def test_what_runs_can_be_restarted_long_after_its_end(changes: dict[str, object], expected: list[Action]) -> None:
    row = make.deployment(**{"stage": Stage.SUCCEEDED, "rollout": make.healthy(), **changes})
    assert [act.action for act in possible(row) if act.action is Action.RESTART] == expected


def test_a_button_names_its_effect() -> None:
    row = make.deployment(stage=Stage.PAUSED, rollout=make.rollout(), way_back=None)
    assert [act.effect for act in possible(row)] == ["50", "", "100", "", ""]
    green = make.rollout(strategy=Strategy.BLUE_GREEN, pause=Pause(reason=PauseReason.GREEN))
    assert [act.effect for act in possible(make.deployment(stage=Stage.PAUSED, rollout=green))] == ["", "", "v1.1", ""]


def test_what_is_held_at_a_step_can_be_advanced_all_the_same() -> None:
    row = make.deployment(stage=Stage.PAUSED, rollout=make.held())
    free = make.deployment(stage=Stage.PAUSED, rollout=make.rollout())
    assert [act.action for act in possible(row)] == [
        *(Action.RESUME, Action.PROMOTE, Action.FULL, Action.ABORT, Action.RESTART)
    ]
    assert gate_of(row, Action.PROMOTE) == gate_of(free, Action.PROMOTE), "it ends the same pause"


async def test_a_hold_is_asked_for_once_and_the_next_one_is_another() -> None:
    desk = Desk()
    row = waiting(desk)
    assert (await press(desk, row, Action.PAUSE)).code is ReasonCode.REQUESTED
    assert (await typed(desk, PauseRequest(app="shop"))).code is ReasonCode.ALREADY_DONE
    await desk.advance.run(row.id)
    desk.clock.pass_by(3)
    second = await press(desk, row, Action.PAUSE)
    assert (second.code, second.facts["ago"]) == (ReasonCode.ALREADY_DONE, 3)
    await typed(desk, ResumeRequest(app="shop"))
    await desk.advance.run(row.id)
    assert (await typed(desk, PauseRequest(app="shop"))).code is ReasonCode.REQUESTED
    await desk.advance.run(row.id)
    await desk.advance.run(row.id)
    assert desk.rollouts.patches == [(row.place, each) for each in (Action.PAUSE, Action.RESUME, Action.PAUSE)]
    (newest,) = [each for each in [(await desk.row(row)).hold] if each]
    assert (newest.count, newest.by, newest.is_over) == (2, make.BOB, False)


async def test_who_may_only_hold_cannot_let_go_by_advancing() -> None:
    desk = Desk()
    brake = Grant(role="brake", may=frozenset({"pause", "promote"}))
    desk.catalog = replace(desk.catalog, grants=(*desk.catalog.grants, brake))
    desk.people.add("carl", chat_ids=["U0CARL"], roles=["brake"])
    carl = ChatUser(id="U0CARL", team=TEAM)
    row = waiting(desk)
    assert (await press(desk, row, Action.PAUSE, user=carl)).code is ReasonCode.REQUESTED
    await desk.advance.run(row.id)
    for request in (ResumeRequest(app="shop"), PromoteRequest(app="shop"), PromoteRequest(app="shop", is_full=True)):
        denied = await typed(desk, request, user=carl)
        assert (denied.code, denied.facts["action"]) == (ReasonCode.ROLE_MISSING, "resume")


def test_a_rollout_in_its_first_moment_has_nothing_to_go_back_to_and_no_buttons() -> None:
    new = make.rollout(phase=RolloutPhase.PROGRESSING, pause=None, stable_hash="")
    assert possible(make.deployment(stage=Stage.ROLLING_OUT, rollout=new)) == ()


# --- restarts


def ran_well(desk: Desk, **changes: object) -> Deployment:
    known = {"stage": Stage.SUCCEEDED, "content": Content(digest=make.DIGEST), "rollout": make.healthy()}
    row = make.deployment(**{**known, **changes})
    desk.rollouts.put(row.place, make.healthy())
    desk.people.set_roles("bob", ["admin"])
    return desk.deployments.put(row)


async def settled(desk: Desk, row: Deployment) -> Deployment:
    await desk.advance.run(row.id)
    return await desk.row(row)


async def test_what_runs_is_restarted_and_seen_through_without_leaving_its_stage() -> None:
    desk = Desk()
    row = ran_well(desk)
    assert (await typed(desk, RestartRequest(app="shop"))).code is ReasonCode.REQUESTED
    assert await desk.deployments.unfinished() == (row.id,)
    outcome = await desk.advance.run(row.id)
    assert not outcome.is_over
    begun = await desk.row(row)
    assert (begun.stage, begun.restart, begun.restarts) == (*(Stage.SUCCEEDED, Restart(at=make.NOON, by=make.BOB), 1),)
    assert (await typed(desk, RestartRequest(app="shop"))).code is ReasonCode.RESTARTING
    known = desk.rollouts.known[row.place]
    assert (known.restart_at, known.restarting_since) == ("2026-11-02T12:00:00Z", "2026-11-02T12:00:00Z")
    desk.rollouts.put(row.place, replace(known, restarting_since="", phase=RolloutPhase.HEALTHY))
    outcome = await desk.advance.run(row.id)
    assert outcome.is_over
    over = await desk.row(row)
    assert (over.stage, over.restart, over.restarts) == (Stage.SUCCEEDED, None, 1)
    assert await desk.said(over) == [MilestoneCode.RESTARTED, MilestoneCode.RESTART_FINISHED]
    assert await desk.deployments.unfinished() == ()
    desk.clock.pass_by(60)
    assert (await typed(desk, RestartRequest(app="shop"))).code is ReasonCode.REQUESTED
    assert (await settled(desk, row)).restarts == 2


async def test_two_presses_restart_once() -> None:
    desk = Desk()
    row = ran_well(desk)
    assert (await press(desk, row, Action.RESTART)).code is ReasonCode.REQUESTED
    assert (await press(desk, row, Action.RESTART)).code is ReasonCode.ALREADY_DONE
    await settled(desk, row)
    assert (await press(desk, row, Action.RESTART)).code is ReasonCode.ALREADY_DONE
    assert desk.rollouts.patches == [(row.place, Action.RESTART)]


async def test_a_restart_that_was_sent_before_a_crash_is_not_sent_again() -> None:
    desk = Desk()
    row = ran_well(desk)
    await press(desk, row, Action.RESTART)
    (act,) = await desk.deployments.acts(row.id)
    assert act.expected is not None
    await desk.rollouts.patch(row.place, action=Action.RESTART, expected=act.expected)
    begun = await settled(desk, row)
    assert (begun.restart, begun.restarts) == (Restart(at=make.NOON, by=make.BOB), 1)
    assert desk.rollouts.patches == [(row.place, Action.RESTART)]
    assert [each.state for each in await desk.deployments.acts(row.id)] == [ActState.APPLIED]


async def test_what_is_in_motion_can_be_restarted_as_well() -> None:
    desk = Desk()
    row = waiting(desk)
    desk.people.set_roles("bob", ["admin"])
    assert (await typed(desk, RestartRequest(app="shop", environment="staging"))).code is ReasonCode.REQUESTED
    begun = await settled(desk, row)
    assert (begun.stage, begun.restarts) == (Stage.PAUSED, 1)
    known = desk.rollouts.known[row.place]
    desk.rollouts.put(row.place, replace(known, restarting_since=""))
    assert (await settled(desk, row)).restart is None
    assert MilestoneCode.RESTART_FINISHED in await desk.said(row)


@pytest.mark.parametrize("taken", [None, make.healthy(deployment=143), make.healthy(restart_at="2027-01-01T00:00:00Z")])
async def test_a_restart_that_was_overtaken_is_forgotten_without_a_word(taken: RolloutSnapshot | None) -> None:
    desk = Desk()
    row = ran_well(desk, restart=Restart(at=make.NOON, by=make.BOB), restarts=1)
    desk.rollouts.remove(row.place)
    if taken is not None:
        desk.rollouts.put(row.place, taken)
    outcome = await desk.advance.run(row.id)
    assert (outcome.is_over, (await desk.row(row)).restart) == (True, None)
    assert await desk.said(row) == []


async def test_a_restart_that_the_watch_does_not_show_yet_is_waited_for() -> None:
    desk = Desk()
    row = ran_well(desk, restart=Restart(at=make.NOON, by=make.BOB), restarts=1)
    assert (await settled(desk, row)).restart is not None


async def test_where_nothing_of_ours_runs_there_is_nothing_to_restart() -> None:
    desk = Desk()
    assert (await typed(desk, RestartRequest(app="shop"))).code is ReasonCode.NOTHING_TO_RESTART
    assert (await typed(desk, RestartRequest(app="gone"))).code is ReasonCode.UNKNOWN_APP
    assert (await typed(desk, RestartRequest(app="desk"))).code is ReasonCode.ENVIRONMENT_NEEDED
    row = ran_well(desk)
    desk.rollouts.put(row.place, make.healthy(deployment=143))
    assert (await typed(desk, RestartRequest(app="shop"))).code is ReasonCode.NOTHING_TO_RESTART
    desk.rollouts.unsynced.add(row.place)
    assert (await typed(desk, RestartRequest(app="shop"))).code is ReasonCode.CLUSTER_UNREACHABLE


async def test_a_restart_is_refused_where_something_else_runs_by_the_time_it_is_sent() -> None:
    desk = Desk()
    row = ran_well(desk)
    await press(desk, row, Action.RESTART)
    desk.rollouts.put(row.place, make.healthy(deployment=143))
    await settled(desk, row)
    assert [each.state for each in await desk.deployments.acts(row.id)] == [ActState.REFUSED]
    assert desk.rollouts.patches == []


async def test_an_act_that_no_end_can_take_is_refused_afterwards() -> None:
    desk = Desk()
    row = waiting(desk)
    await press(desk, row, Action.PROMOTE)
    desk.deployments.put(replace(await desk.row(row), stage=Stage.SUCCEEDED))
    await settled(desk, row)
    assert [each.state for each in await desk.deployments.acts(row.id)] == [ActState.REFUSED]


# --- what an analysis could not decide


def undecided(desk: Desk, **changes: object) -> Deployment:
    rollout = make.rollout(**{**UNDECIDED, "analyses": (STEP_ANALYSIS,), **changes})
    row = make.deployment(
        stage=Stage.PAUSED, content=Content(digest=make.DIGEST), rollout=rollout, strategy=rollout.strategy
    )
    desk.rollouts.put(row.place, rollout)
    return desk.deployments.put(row)


@pytest.mark.parametrize(
    ("action", "code"), [(Action.PROMOTE, MilestoneCode.WENT_ON), (Action.REANALYSE, MilestoneCode.REANALYSED)]
)
async def test_a_person_decides_what_an_analysis_could_not(action: Action, code: MilestoneCode) -> None:
    desk = Desk()
    row = undecided(desk)
    assert (await press(desk, row, action)).code is ReasonCode.REQUESTED
    (act,) = await desk.deployments.acts(row.id)
    assert act.expected is not None
    assert (act.expected.is_undecided, act.expected.step_index, act.expected.pause_since) == (True, 1, "x")
    moved = await settled(desk, row)
    assert desk.rollouts.patches == [(row.place, action)]
    await settled(desk, row)
    assert code in await desk.said(moved)
    assert MilestoneCode.MOVED_OUTSIDE not in await desk.said(moved)


async def test_what_an_analysis_holds_up_on_blue_green_is_switched_all_the_same() -> None:
    desk = Desk()
    row = undecided(desk, strategy=Strategy.BLUE_GREEN, steps=(), step_index=None)
    assert (await press(desk, row, Action.FULL)).code is ReasonCode.REQUESTED
    assert MilestoneCode.SWITCHED in await desk.said(await settled(desk, row))


# --- what is held and promoted


class Impatient(FakeRollouts):
    """A cluster in which the pause of a step has ended while it was held: let go of, it goes on."""

    @override
    async def patch(self, place: Place, *, action: Action, expected: Expected) -> PatchOutcome:
        now = replace(self.known[place], is_held=False, step_index=2, pause=None, phase=RolloutPhase.PROGRESSING)
        self.known[place] = now
        return PatchOutcome.CHANGED


async def test_a_pause_that_ended_while_it_was_held_counts_as_promoted_once_it_is_let_go_of() -> None:
    desk = Desk(rollouts=Impatient())
    row = waiting(desk)
    desk.rollouts.put(row.place, make.held())
    held = await settled(desk, row)
    await press(desk, held, Action.PROMOTE)
    moved = await settled(desk, row)
    assert [each.state for each in await desk.deployments.acts(row.id)] == [ActState.APPLIED]
    assert MilestoneCode.ADVANCED in await desk.said(moved)


async def test_a_line_that_was_not_written_before_a_crash_is_written_after_it() -> None:
    desk = Desk()
    row = waiting(desk)
    await press(desk, row, Action.PROMOTE)
    (act,) = await desk.deployments.acts(row.id)
    assert act.expected is not None
    await desk.rollouts.patch(row.place, action=Action.PROMOTE, expected=act.expected)
    moved = await settled(desk, row)
    assert [each.state for each in await desk.deployments.acts(row.id)] == [ActState.APPLIED]
    assert MilestoneCode.ADVANCED in await desk.said(moved)

"""Promote and abort, typed and pressed: rights at every click, one effect, and an answer to each."""

from dataclasses import replace
from datetime import timedelta

import pytest

from commands import abort, pause, promote, resume
from commands.core.acts import gate_of, possible
from commands.core.catalog import Grant
from commands.core.model import Action, ChatUser, Content, Deployment, Stage
from commands.core.observed import Pause, PauseReason, RolloutPhase, Strategy
from commands.core.reasons import Notice, ReasonCode
from commands.core.requests import AbortRequest, PauseRequest, PromoteRequest, ResumeRequest
from tests import make
from tests.commands.desk import ALICE, BOB, EVE, NOBODY, TEAM, Desk


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


Typed = PromoteRequest | AbortRequest | PauseRequest | ResumeRequest


async def typed(desk: Desk, request: Typed, *, user: ChatUser = BOB) -> Notice:
    ports = {"user": user, "catalog": desk.catalog, "deployments": desk.deployments, "ask": desk.ask}
    match request:
        case PromoteRequest():
            notice = await promote.run(request, **ports)  # type: ignore[arg-type]  # the same ports for all of them
        case AbortRequest():
            notice = await abort.run(request, **ports)  # type: ignore[arg-type]  # as above
        case PauseRequest():
            notice = await pause.run(request, **ports)  # type: ignore[arg-type]  # as above
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
    assert (await press(desk, done, Action.ABORT, gate=gate)).code is ReasonCode.ALREADY_FINISHED


async def test_promote_of_what_does_not_wait_and_cancel_of_what_is_released_explain_themselves() -> None:
    desk = Desk()
    moving = make.rollout(pause=None, phase=RolloutPhase.PROGRESSING)
    row = waiting(desk)
    desk.rollouts.put(row.place, moving)
    assert (await typed(desk, PromoteRequest(app="shop"))).code is ReasonCode.NOT_WAITING
    assert (await press(desk, row, Action.CANCEL)).code is ReasonCode.NOT_REVERSIBLE
    releasing = desk.deployments.put(replace(row, stage=Stage.RELEASING))
    assert (await press(desk, releasing, Action.ABORT)).code is ReasonCode.NOT_WAITING


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


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, [Action.PROMOTE, Action.PAUSE, Action.FULL, Action.ABORT]),
        ({"steps": make.STEPS[:2]}, [Action.PROMOTE, Action.PAUSE, Action.ABORT]),
        ({"pause": None}, [Action.PAUSE, Action.FULL, Action.ABORT]),
        ({"pause": None, "is_full": True}, [Action.PAUSE, Action.ABORT]),
        (HELD_BETWEEN, [Action.RESUME, Action.FULL, Action.ABORT]),
        (HELD_BETWEEN | {"is_aborted": True}, [Action.RESUME]),
        (HELD_BETWEEN | {"stable_hash": "bbbb"}, [Action.RESUME]),
        (HELD_BETWEEN | {"is_current": False}, []),
        ({"strategy": Strategy.ROLLING, "pause": None, "steps": ()}, [Action.PAUSE, Action.ABORT]),
        ({"strategy": Strategy.RECREATE, "pause": None, "steps": ()}, [Action.ABORT]),
        (
            {"strategy": Strategy.BLUE_GREEN, "pause": Pause(reason=PauseReason.GREEN)},
            [Action.PROMOTE, Action.PAUSE, Action.ABORT],
        ),
        ({"is_current": False}, []),
        ({"is_aborted": True}, []),
        ({"stable_hash": "bbbb"}, []),
        ({"deployment": 143}, []),
    ],
)
def test_only_what_would_work_is_offered(changes: dict[str, object], expected: list[Action]) -> None:
    row = make.deployment(stage=Stage.PAUSED, rollout=make.rollout(**changes))
    assert [act.action for act in possible(row)] == expected


def test_a_button_names_its_effect() -> None:
    row = make.deployment(stage=Stage.PAUSED, rollout=make.rollout(), way_back=None)
    assert [act.effect for act in possible(row)] == ["50", "", "100", ""]
    green = make.rollout(strategy=Strategy.BLUE_GREEN, pause=Pause(reason=PauseReason.GREEN))
    assert [act.effect for act in possible(make.deployment(stage=Stage.PAUSED, rollout=green))] == ["", "", "v1.1"]


def test_what_is_held_at_a_step_can_be_advanced_all_the_same() -> None:
    row = make.deployment(stage=Stage.PAUSED, rollout=make.held())
    free = make.deployment(stage=Stage.PAUSED, rollout=make.rollout())
    assert [act.action for act in possible(row)] == [Action.RESUME, Action.PROMOTE, Action.FULL, Action.ABORT]
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

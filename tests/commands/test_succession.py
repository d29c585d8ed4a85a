"""The cards of the past: what came later is written on them, once, and taken back when it came to nothing."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from typing_extensions import override

from commands.core.errors import Permanent
from commands.core.model import Action, CardRef, Content, Deployment, Failure, Source, Stage, Takeover
from commands.core.observed import PipelinePhase, Replicas, RolloutPhase, StepPhase, Strategy
from commands.core.reasons import Milestone, MilestoneCode
from commands.flow.succession import Succession
from tests import make
from tests.commands.desk import Desk
from tests.fakes.chat import FakeChat
from tests.fakes.deployments import FakeDeployments

BACK = Source(action=Action.ROLLBACK, number=140)


def succeeded(desk: Desk, **changes: object) -> Deployment:
    content = Content(digest=make.DIGEST, chart_commit="c" * 40)
    known = {"id": "d150", "number": 150, "stage": Stage.SUCCEEDED, "content": content}
    return desk.deployments.put(make.deployment(**{**known, **changes}))


def begun(desk: Desk, **changes: object) -> Deployment:
    return desk.deployments.put(make.deployment(**{"id": "d151", "number": 151, "version": "v1.3", **changes}))


async def test_a_finished_deployment_learns_what_came_later_and_that_it_took_over() -> None:
    desk = Desk()
    before, row = succeeded(desk), begun(desk)
    outcome = await desk.advance.run(row.id)
    assert outcome.touched == (before.id,)
    later = (await desk.row(before)).later
    assert later is not None
    assert (later.number, later.version, later.state) == (151, "v1.3", Takeover.UNDERWAY)
    assert (await desk.advance.run(row.id)).touched == ()
    desk.pipelines.put(row.place, make.pipeline(owner=row.id, name=row.workflow))
    desk.rollouts.put(row.place, make.healthy(deployment=151))
    assert (await desk.advance.run(row.id)).touched == (before.id,)
    later = (await desk.row(before)).later
    assert later is not None
    assert later.state is Takeover.DONE
    assert (await desk.row(before)).stage is Stage.SUCCEEDED


async def test_one_that_came_to_nothing_gives_the_past_its_buttons_back() -> None:
    desk = Desk()
    before, row = succeeded(desk), begun(desk)
    await desk.advance.run(row.id)
    failed = make.pipeline(
        owner=row.id,
        name=row.workflow,
        phase=PipelinePhase.FAILED,
        steps=(make.step("build-image", StepPhase.FAILED),),
    )
    desk.pipelines.put(row.place, failed)
    assert (await desk.advance.run(row.id)).touched == (before.id,)
    later = (await desk.row(before)).later
    assert later is not None
    assert later.state is Takeover.NOTHING
    again = begun(desk, id="d152", number=152, workflow="shop-staging-152")
    await desk.advance.run(again.id)
    later = (await desk.row(before)).later
    assert later is not None
    assert (later.number, later.state) == (152, Takeover.UNDERWAY)


async def test_one_that_can_never_start_comes_to_nothing() -> None:
    desk = Desk()
    desk.pipelines.templates = set()
    before, row = succeeded(desk), begun(desk)
    assert (await desk.advance.run(row.id)).touched == (before.id, before.id)
    later = (await desk.row(before)).later
    assert later is not None
    assert later.state is Takeover.NOTHING


async def test_going_back_is_said_where_one_went_back_from_and_heard_in_the_channel() -> None:
    desk = Desk()
    before = succeeded(desk, card=None)
    restored = desk.deployments.put(
        make.deployment(id="d149", number=149, stage=Stage.ABORTED, restore=make.restore(finished_at=make.NOON))
    )
    row = begun(desk, version="v1.1", requester=make.BOB, source=BACK)
    succession = Succession(deployments=desk.deployments)
    assert await succession.begin(row) == (before.id, restored.id)
    assert await succession.begin(row) == ()
    ended = replace(row, stage=Stage.SUCCEEDED)
    assert await succession.end(ended) == (before.id, restored.id)
    assert await succession.end(ended) == ()
    assert await desk.said(before) == [MilestoneCode.ROLLED_BACK]
    assert await desk.said(restored) == []
    card = (await desk.row(before)).card
    assert card is not None
    (line,) = desk.chat.said(card)
    assert line.is_broadcast
    assert line.facts == {"version": "v1.1", "by": make.BOB.chat_id, "deployment": 151}


async def test_a_rollback_that_did_not_arrive_is_not_called_one() -> None:
    desk = Desk()
    before, row = succeeded(desk), begun(desk, source=BACK)
    succession = Succession(deployments=desk.deployments)
    await succession.begin(row)
    broken = replace(row, stage=Stage.FAILED, rollout=make.rollout(phase=RolloutPhase.DEGRADED))
    await succession.end(replace(broken, failure=Failure(step="", message="no pods")))
    later = (await desk.row(before)).later
    assert later is not None
    assert (later.state, later.action) == (Takeover.DONE, Action.DEPLOY)
    assert await desk.said(before) == []


class Contested(FakeDeployments):
    """Rows that somebody else saves first, or takes away."""

    lost = 1
    is_gone = False

    @override
    async def save(self, deployment: Deployment, *, milestones: Sequence[Milestone]) -> Deployment | None:
        if self.lost > 0:
            self.lost -= 1
            return None
        return await super().save(deployment, milestones=milestones)

    @override
    async def load(self, deployment: str) -> Deployment | None:
        return None if self.is_gone else await super().load(deployment)


async def test_what_is_written_at_the_same_time_is_written_again() -> None:
    desk = Desk(deployments=Contested())
    before, row = succeeded(desk), begun(desk)
    assert await Succession(deployments=desk.deployments).begin(row) == (before.id,)
    assert desk.deployments.rows[before.id].later is not None


async def test_what_vanished_meanwhile_is_left_alone() -> None:
    store = Contested()
    store.is_gone = True
    desk = Desk(deployments=store)
    succeeded(desk)
    assert await Succession(deployments=store).begin(begun(desk)) == ()


async def test_the_old_version_of_a_switch_is_watched_after_the_end_and_forgotten_with_its_time() -> None:
    desk = Desk()
    row = begun(desk, strategy=Strategy.BLUE_GREEN, pipeline=make.pipeline(owner="d151"), stage=Stage.ROLLING_OUT)
    desk.pipelines.put(row.place, make.pipeline(owner=row.id, name=row.workflow))
    until = desk.clock.now() + timedelta(minutes=5)
    switched = make.healthy(
        deployment=151, strategy=Strategy.BLUE_GREEN, steps=(), step_index=None, old=Replicas(5, 5), active_hash="bbbb"
    )
    desk.rollouts.put(row.place, switched)
    assert not (await desk.advance.run(row.id)).is_over
    desk.rollouts.put(row.place, replace(switched, old_until=until))
    outcome = await desk.advance.run(row.id)
    assert (outcome.is_over, outcome.wake) == (False, until)
    assert row.id in await desk.deployments.unfinished()
    desk.clock.pass_by(300)
    assert (await desk.advance.run(row.id)).is_over
    assert (await desk.row(row)).watched_until is None


async def test_a_card_of_the_past_that_somebody_deleted_is_not_posted_anew() -> None:
    desk = Desk()
    before, row = succeeded(desk), begun(desk, version="v1.1", source=BACK)
    await desk.show.run(before.id)
    desk.chat.cards.clear()
    succession = Succession(deployments=desk.deployments)
    await succession.begin(row)
    await succession.end(replace(row, stage=Stage.SUCCEEDED))
    await desk.show.run(before.id)
    assert desk.chat.cards == {}
    assert before.id not in await desk.deployments.unfinished()


class Deaf(FakeChat):
    """A chat whose threads take no lines."""

    @override
    async def say(self, ref: CardRef, milestone: Milestone) -> None:
        raise Permanent("Slack", "thread_not_found")


async def test_a_thread_of_the_present_that_does_not_take_its_lines_is_tried_again() -> None:
    desk = Desk(chat=Deaf())
    row = begun(desk)
    said = (Milestone(key="x", code=MilestoneCode.PAUSED),)
    assert await desk.deployments.save(row, milestones=said) is not None
    with pytest.raises(Permanent):
        await desk.show.run(row.id)
    assert await desk.deployments.unsaid(row.id) == said


async def test_a_thread_of_the_past_that_takes_no_lines_is_left_alone() -> None:
    desk = Desk(chat=Deaf())
    before, row = succeeded(desk), begun(desk, version="v1.1", source=BACK)
    await Succession(deployments=desk.deployments).begin(row)
    past = await desk.row(before)
    said = (Milestone(key="x", code=MilestoneCode.PAUSED),)
    assert await desk.deployments.save(past, milestones=said) is not None
    await desk.show.run(before.id)
    assert await desk.deployments.unsaid(before.id) == ()

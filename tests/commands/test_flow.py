"""Moving and showing: from the first click to the last line, once each, through conflicts, failures and crashes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from typing_extensions import override

from commands.core.acts import gate_of
from commands.core.card import Headline
from commands.core.errors import Temporary
from commands.core.model import Action, ActState, Content, Deployment, Place, Stage
from commands.core.observed import (
    Pause,
    PauseReason,
    PipelinePhase,
    PipelineSnapshot,
    Replicas,
    RolloutPhase,
    RolloutSnapshot,
    Scan,
    StepPhase,
    Strategy,
)
from commands.core.reasons import Milestone, MilestoneCode, ReasonCode
from tests import make
from tests.commands.desk import BOB, Desk
from tests.fakes.deployments import FakeDeployments
from tests.fakes.images import FakeImages
from tests.fakes.pipelines import FakePipelines
from tests.fakes.rollouts import FakeRollouts


@dataclass(slots=True)
class LateWatch(FakeRollouts):
    """A watch that still shows `late` while the cluster has moved on; with `restless`, it moves at every look."""

    late: RolloutSnapshot | None = None
    restless: bool = False

    @override
    def snapshot(self, place: Place) -> RolloutSnapshot | None:
        return self.late

    @override
    async def read(self, place: Place) -> RolloutSnapshot | None:
        now = self.known.get(place)
        if self.restless and now is not None:
            self.known[place] = replace(now, generation=now.generation + 1)
        return now


class LatePipelines(FakePipelines):
    """A watch that does not show yet what the cluster has."""

    @override
    def snapshot(self, place: Place, *, name: str) -> PipelineSnapshot | None:
        return None


class Contested(FakeDeployments):
    """Rows that somebody else saves first, `lost` times."""

    lost = 1

    @override
    async def save(self, deployment: Deployment, *, milestones: Sequence[Milestone]) -> Deployment | None:
        if self.lost > 0:
            self.lost -= 1
            return None
        return await super().save(deployment, milestones=milestones)


def late(desk: Desk, row: Deployment, *, now: RolloutSnapshot | None, restless: bool = False) -> LateWatch:
    """Let the cluster move on to `now` while the watch still shows what the row holds."""
    watch = LateWatch(late=row.rollout, restless=restless)
    if now is not None:
        watch.known[row.place] = now
    desk.rollouts = watch
    return watch


async def asked(desk: Desk, row: Deployment, action: Action) -> None:
    notice = await desk.ask.on(row, action=action, gate=gate_of(row, action), user=BOB, catalog=desk.catalog)
    assert notice.code is ReasonCode.REQUESTED


def waiting(desk: Desk, **changes: object) -> Deployment:
    rollout = make.rollout(**changes)
    strategy = rollout.strategy
    row = make.deployment(stage=Stage.PAUSED, content=Content(digest=make.DIGEST), rollout=rollout, strategy=strategy)
    desk.rollouts.put(row.place, rollout)
    return desk.deployments.put(row)


async def test_a_deploy_goes_from_the_command_to_done() -> None:
    desk = Desk()
    row = await desk.started()
    await desk.advance.run(row.id)
    (order,) = desk.pipelines.orders
    assert (order.name, order.template, order.owner) == ("shop-staging-142", "slipway-deploy", row.id)
    assert dict(order.parameters)["deployment"] == "142"
    desk.pipelines.put(row.place, make.pipeline(owner=row.id))
    desk.rollouts.put(row.place, make.rollout())
    await desk.advance.run(row.id)
    paused = await desk.row(row)
    assert paused.stage is Stage.PAUSED
    await asked(desk, paused, Action.PROMOTE)
    await desk.advance.run(row.id)
    desk.rollouts.put(row.place, make.healthy())
    outcome = await desk.advance.run(row.id)
    assert outcome.is_over
    assert (await desk.row(row)).stage is Stage.SUCCEEDED
    assert await desk.said(row) == [
        MilestoneCode.IMAGE_BUILT,
        MilestoneCode.RELEASED,
        MilestoneCode.CANARY_AT,
        MilestoneCode.PAUSED,
        MilestoneCode.ADVANCED,
        MilestoneCode.DONE,
    ]


SCAN = Scan(critical=2, high=5)


@pytest.mark.parametrize(
    ("digest", "scan", "failure", "told"),
    [
        (make.DIGEST, SCAN, None, (2, 5)),
        (make.DIGEST, None, None, (0, 0)),
        ("sha256:" + "0" * 64, SCAN, None, (0, 0)),
        (make.DIGEST, SCAN, Temporary("Harbor", "no answer"), (0, 0)),
    ],
)
async def test_the_line_of_an_image_tells_what_a_scan_found_and_asks_once(
    digest: str, scan: Scan | None, failure: Temporary | None, told: tuple[int, int]
) -> None:
    image = "harbor.example.com/shop/shop"
    images = FakeImages(failure=failure)
    images.push(image, "v1.2", digest=digest, scan=scan)
    desk = Desk(images=images)
    row = await desk.started()
    await desk.advance.run(row.id)
    assert images.asked == []
    desk.pipelines.put(row.place, make.pipeline(owner=row.id))
    for _ in range(2):
        await desk.advance.run(row.id)
    assert images.asked == [image]
    await desk.show.run(row.id)
    card = (await desk.row(row)).card
    assert card is not None
    (line,) = [each for each in desk.chat.said(card) if each.key == "image"]
    assert (line.facts["critical"], line.facts["high"]) == told


async def test_where_images_are_kept_elsewhere_nothing_is_said_of_scans() -> None:
    desk = Desk(images=FakeImages(host="other.example.com"))
    row = await desk.started()
    desk.pipelines.put(row.place, make.pipeline(owner=row.id))
    await desk.advance.run(row.id)
    assert MilestoneCode.IMAGE_BUILT in await desk.said(row)


async def test_running_again_changes_and_says_nothing() -> None:
    desk = Desk()
    row = await desk.started()
    for _ in range(3):
        await desk.advance.run(row.id)
    assert len(desk.pipelines.orders) == 1
    desk.pipelines.put(row.place, make.pipeline(owner=row.id))
    desk.rollouts.put(row.place, make.rollout())
    for _ in range(3):
        await desk.advance.run(row.id)
    before = await desk.row(row)
    heard = await desk.said(row)
    await desk.advance.run(row.id)
    assert await desk.said(row) == heard
    assert (await desk.row(row)).revision == before.revision
    assert before.card is None
    shown = await desk.row(row)
    assert shown.card is not None
    assert len(desk.chat.cards[shown.card.channel, shown.card.ts]) == 1


async def test_the_card_is_edited_in_place_and_only_when_it_changed() -> None:
    desk = Desk()
    row = await desk.started()
    await desk.show.run(row.id)
    await desk.show.run(row.id)
    desk.pipelines.put(row.place, make.pipeline(owner=row.id, phase=PipelinePhase.RUNNING))
    await desk.advance.run(row.id)
    await desk.show.run(row.id)
    ((_, cards),) = desk.chat.cards.items()
    assert len(cards) == 2


async def test_a_card_that_somebody_deleted_is_posted_anew() -> None:
    desk = Desk()
    row = await desk.started()
    await desk.show.run(row.id)
    lost = (await desk.row(row)).card
    assert lost is not None
    desk.chat.cards.clear()
    desk.pipelines.put(row.place, make.pipeline(owner=row.id, phase=PipelinePhase.RUNNING))
    await desk.advance.run(row.id)
    await desk.show.run(row.id)
    found = (await desk.row(row)).card
    assert found is not None
    assert len(desk.chat.cards[found.channel, found.ts]) == 1


async def test_a_card_whose_channel_is_closed_to_us_goes_to_the_requester() -> None:
    desk = Desk()
    row = await desk.started()
    desk.chat.channels.clear()
    await desk.show.run(row.id)
    shown = (await desk.row(row)).card
    assert shown is not None
    assert shown.channel == "DU0ALICE"


async def test_nothing_is_decided_before_the_cluster_was_listed() -> None:
    desk = Desk()
    row = await desk.started()
    desk.rollouts.unsynced.add(row.place)
    await desk.advance.run(row.id)
    assert desk.pipelines.orders == []
    desk.rollouts.unsynced.clear()
    desk.pipelines.unsynced.add(row.place)
    await desk.advance.run(row.id)
    assert desk.pipelines.orders == []


async def test_a_deployment_that_does_not_exist_is_over() -> None:
    desk = Desk()
    assert (await desk.advance.run("nothing")).is_over
    await desk.show.run("nothing")


async def test_a_template_that_is_missing_ends_the_deployment_with_the_reason() -> None:
    desk = Desk()
    desk.pipelines.templates = set()
    row = await desk.started()
    await desk.advance.run(row.id)
    ended = await desk.row(row)
    assert ended.stage is Stage.FAILED
    assert ended.failure is not None
    assert "no workflow template slipway-deploy" in ended.failure.message
    assert await desk.said(row) == [MilestoneCode.FAILED]


async def test_a_cluster_that_does_not_answer_is_asked_again_later() -> None:
    desk = Desk()
    row = await desk.started()
    desk.pipelines.failure = Temporary("Kubernetes", "no answer")
    try:
        await desk.advance.run(row.id)
    except Temporary:
        failed = True
    assert failed
    assert (await desk.row(row)).stage is Stage.BUILDING
    await desk.advance.run(row.id)
    assert len(desk.pipelines.orders) == 1


async def test_a_failed_step_is_explained_with_its_log_or_without() -> None:
    for log, expected in (((), "main: Error (exit code 12)"), (('{"evidence": "quota exceeded"}',), "quota exceeded")):
        desk = Desk()
        row = await desk.started()
        failed = make.step("build-image", StepPhase.FAILED, message="main: Error (exit code 12)", exit_code=12)
        desk.pipelines.put(row.place, make.pipeline(owner=row.id, phase=PipelinePhase.FAILED, steps=(failed,)))
        desk.pipelines.logs[row.workflow, "build-image"] = log
        await desk.advance.run(row.id)
        ended = await desk.row(row)
        assert ended.failure is not None
        assert ended.failure.message == expected


async def test_a_log_that_cannot_be_read_keeps_nothing_from_ending() -> None:
    desk = Desk()
    row = await desk.started()
    failed = make.step("release", StepPhase.FAILED, message="main: Error (exit code 1)")
    desk.pipelines.put(row.place, make.pipeline(owner=row.id, phase=PipelinePhase.FAILED, steps=(failed,)))
    desk.pipelines.failure = Temporary("Kubernetes", "no answer")
    await desk.advance.run(row.id)
    assert (await desk.row(row)).stage is Stage.FAILED


async def test_a_pipeline_that_stands_still_is_looked_at_in_time_and_said_to_stand_once() -> None:
    desk = Desk()
    row = await desk.started()
    await desk.advance.run(row.id)
    held = make.step("fetch-artifact", StepPhase.PENDING, message="ErrImagePull")
    standing = make.pipeline(owner=row.id, phase=PipelinePhase.RUNNING, steps=(held,), finished_at=None)
    desk.pipelines.put(row.place, standing)
    wake = (await desk.advance.run(row.id)).wake
    assert wake is not None
    desk.clock.at = wake
    for _ in range(3):
        assert (await desk.advance.run(row.id)).wake is None
        desk.clock.pass_by(60)
    assert [each.code for each in await desk.deployments.unsaid(row.id)] == [MilestoneCode.STALLED]
    shown = (await desk.row(row)).stall
    assert shown is not None
    assert (shown.step, shown.detail) == ("fetch-artifact", "ErrImagePull")


async def test_cancel_stops_the_pipeline() -> None:
    desk = Desk()
    row = await desk.started()
    await desk.advance.run(row.id)
    desk.pipelines.put(row.place, make.pipeline(owner=row.id, phase=PipelinePhase.RUNNING, steps=()))
    await desk.advance.run(row.id)
    await asked(desk, await desk.row(row), Action.CANCEL)
    await desk.advance.run(row.id)
    assert desk.pipelines.stopped == [row.workflow]
    await desk.advance.run(row.id)
    assert (await desk.row(row)).stage is Stage.CANCELLED


async def test_cancel_of_a_pipeline_that_was_started_and_not_yet_seen_stops_it() -> None:
    desk = Desk()
    row = await desk.started()
    await desk.advance.run(row.id)
    (started,) = desk.pipelines.known.values()
    await asked(desk, row, Action.CANCEL)
    late = LatePipelines(known=desk.pipelines.known)
    desk.pipelines = late
    await desk.advance.run(row.id)
    assert late.stopped == [started.name]
    assert (await desk.row(row)).stage is Stage.CANCELLED


async def test_cancel_before_anything_was_started_starts_nothing() -> None:
    desk = Desk()
    row = await desk.started()
    await asked(desk, row, Action.CANCEL)
    await desk.advance.run(row.id)
    assert (await desk.row(row)).stage is Stage.CANCELLED
    assert (desk.pipelines.orders, desk.pipelines.stopped) == ([], [])


async def test_acts_are_carried_out_and_said_by_name() -> None:
    for action, code in ((Action.PROMOTE, MilestoneCode.ADVANCED), (Action.FULL, MilestoneCode.PROMOTED)):
        desk = Desk()
        row = waiting(desk)
        await asked(desk, row, action)
        await desk.advance.run(row.id)
        assert desk.rollouts.patches == [(row.place, action)]
        assert code in await desk.said(row)
        assert (await desk.deployments.acts(row.id))[0].state is ActState.APPLIED


async def test_an_act_that_worked_just_before_a_crash_is_not_sent_again_and_is_said() -> None:
    desk = Desk()
    row = waiting(desk)
    await asked(desk, row, Action.PROMOTE)
    later = Pause(reason=PauseReason.STEP, since=make.NOON, since_text="later")
    desk.rollouts.put(row.place, make.rollout(step_index=3, weight=50, pause=later))
    await desk.advance.run(row.id)
    assert desk.rollouts.patches == []
    assert MilestoneCode.ADVANCED in await desk.said(row)
    assert MilestoneCode.MOVED_OUTSIDE not in await desk.said(row)


async def test_switching_to_green_is_said_as_that() -> None:
    desk = Desk()
    pause = Pause(reason=PauseReason.GREEN, since=make.NOON, since_text="s")
    row = waiting(desk, strategy=Strategy.BLUE_GREEN, pause=pause, steps=(), step_index=None)
    await asked(desk, row, Action.PROMOTE)
    await desk.advance.run(row.id)
    assert MilestoneCode.SWITCHED in await desk.said(row)


async def test_an_abort_is_said_only_when_it_has_worked() -> None:
    desk = Desk()
    row = waiting(desk)
    await asked(desk, row, Action.ABORT)
    await desk.advance.run(row.id)
    assert MilestoneCode.ABORTED not in await desk.said(row)
    back = make.rollout(is_aborted=True, phase=RolloutPhase.DEGRADED, pause=None, new=Replicas())
    desk.rollouts.put(row.place, back)
    await desk.advance.run(row.id)
    assert (await desk.said(row))[-1] is MilestoneCode.ABORTED


async def test_a_scale_between_click_and_patch_does_not_lose_the_click() -> None:
    desk = Desk()
    row = waiting(desk)
    await asked(desk, row, Action.PROMOTE)
    desk.rollouts.put(row.place, make.rollout(generation=5, observed_generation="5", desired=6))
    await desk.advance.run(row.id)
    assert desk.rollouts.patches == [(row.place, Action.PROMOTE)]


async def test_what_changed_outside_between_click_and_patch_is_not_touched_and_the_person_is_told() -> None:
    desk = Desk()
    row = waiting(desk)
    await asked(desk, row, Action.PROMOTE)
    await desk.show.run(row.id)
    late(desk, row, now=make.rollout(step_index=3, pause=None))
    await desk.advance.run(row.id)
    assert desk.rollouts.patches == []
    assert [whisper.code for whisper in desk.chat.whispers] == [ReasonCode.CHANGED_OUTSIDE]
    assert (await desk.deployments.acts(row.id))[0].state is ActState.REFUSED


@pytest.mark.parametrize(
    ("then", "state", "is_sent"),
    [("bbbb", ActState.APPLIED, True), ("cccc", ActState.REFUSED, False)],
)
async def test_an_act_waits_until_a_newer_spec_was_looked_at_and_is_never_lost(
    then: str, state: ActState, *, is_sent: bool
) -> None:
    desk = Desk()
    row = waiting(desk)
    await asked(desk, row, Action.ABORT)
    unseen = make.rollout(generation=5, is_current=False, phase=RolloutPhase.PROGRESSING, pause=None)
    desk.rollouts.put(row.place, unseen)
    await desk.advance.run(row.id)
    assert desk.rollouts.patches == []
    assert [act.state for act in await desk.deployments.acts(row.id)] == [ActState.REQUESTED]
    desk.rollouts.put(row.place, make.rollout(generation=5, observed_generation="5", current_hash=then))
    await desk.advance.run(row.id)
    assert bool(desk.rollouts.patches) is is_sent
    assert [act.state for act in await desk.deployments.acts(row.id)] == [state]


async def test_an_act_that_meets_a_newer_spec_on_its_way_is_sent_later() -> None:
    desk = Desk()
    row = waiting(desk)
    await asked(desk, row, Action.ABORT)
    late(desk, row, now=make.rollout(generation=5, is_current=False, pause=None))
    await desk.advance.run(row.id)
    assert [act.state for act in await desk.deployments.acts(row.id)] == [ActState.REQUESTED]


async def test_a_rollout_that_is_gone_refuses_the_act_even_when_the_chat_is_down() -> None:
    desk = Desk()
    row = waiting(desk)
    await asked(desk, row, Action.FULL)
    late(desk, row, now=None)
    desk.chat.trouble = Temporary("Slack", "no answer")
    await desk.advance.run(row.id)
    assert (await desk.deployments.acts(row.id))[0].state is ActState.REFUSED


async def test_an_act_that_never_stops_being_refused_gives_up() -> None:
    desk = Desk()
    row = waiting(desk)
    await asked(desk, row, Action.PROMOTE)
    late(desk, row, now=make.rollout(generation=9), restless=True)
    await desk.advance.run(row.id)
    assert (await desk.deployments.acts(row.id))[0].state is ActState.REFUSED


async def test_a_save_that_lost_the_race_is_made_again_from_the_new_row() -> None:
    desk = Desk(deployments=Contested(first_number=142))
    row = await desk.started()
    desk.pipelines.put(row.place, make.pipeline(owner=row.id, phase=PipelinePhase.RUNNING, steps=()))
    await desk.advance.run(row.id)
    assert (await desk.row(row)).pipeline is not None


async def test_the_line_of_an_act_is_not_lost_in_a_race() -> None:
    desk = Desk(deployments=(rows := Contested(first_number=142)))
    rows.lost = 0
    row = waiting(desk)
    await desk.advance.run(row.id)
    await asked(desk, row, Action.PROMOTE)
    rows.lost = 1
    await desk.advance.run(row.id)
    assert MilestoneCode.ADVANCED in await desk.said(row)


async def test_a_row_that_can_never_be_saved_is_tried_again_later_and_not_for_ever() -> None:
    desk = Desk(deployments=(rows := Contested(first_number=142)))
    rows.lost = 1000
    row = await desk.started()
    desk.pipelines.put(row.place, make.pipeline(owner=row.id, phase=PipelinePhase.RUNNING, steps=()))
    outcome = await desk.advance.run(row.id)
    assert outcome.wake == desk.clock.now()


async def test_a_click_that_is_being_carried_out_shows_on_the_card_without_buttons() -> None:
    desk = Desk()
    row = waiting(desk)
    await asked(desk, row, Action.PROMOTE)
    await desk.show.run(row.id)
    shown = (await desk.row(row)).card
    assert shown is not None
    card = desk.chat.shown(shown)
    assert card.pending is not None
    assert card.buttons == ()
    assert card.headline is Headline.WAITS_FOR_PROMOTE


async def test_a_wait_for_the_rollout_wakes_at_its_end() -> None:
    desk = Desk()
    row = await desk.started()
    desk.pipelines.put(row.place, make.pipeline(owner=row.id))
    outcome = await desk.advance.run(row.id)
    assert outcome.wake is not None
    desk.clock.at = outcome.wake
    assert (await desk.advance.run(row.id)).is_over


async def test_what_a_crashing_pod_wrote_is_on_the_row_before_the_pod_goes() -> None:
    desk = Desk()
    problem = make.problem()
    row = waiting(desk, phase=RolloutPhase.PROGRESSING, pause=None, problems=(problem,))
    desk.rollouts.logs[row.place, problem.pod, problem.container] = ("starting", "boom")
    await desk.advance.run(row.id)
    seen = (await desk.row(row)).rollout
    assert seen is not None
    assert seen.pod_log == ("starting", "boom")


async def test_a_pod_whose_log_cannot_be_read_holds_nothing_up() -> None:
    desk = Desk()
    row = waiting(desk, phase=RolloutPhase.PROGRESSING, pause=None, problems=(make.problem(),))
    desk.rollouts.failure = Temporary("Kubernetes", "no answer")
    await desk.advance.run(row.id)
    after = await desk.row(row)
    assert (after.stage, after.rollout) == (Stage.ROLLING_OUT, row.rollout)


async def test_a_probe_is_looked_at_again_when_its_time_is_over() -> None:
    desk = Desk()
    slow = make.problem(cause="probe-failing", since=make.NOON, exit_code=None)
    row = waiting(desk, phase=RolloutPhase.PROGRESSING, pause=None, problems=(slow,))
    outcome = await desk.advance.run(row.id)
    assert outcome.wake == make.NOON + timedelta(seconds=60)

"""An abort from the press to the release of what ran before, through conflicts, failures and crashes."""

from dataclasses import replace

import pytest

from commands.core.acts import gate_of
from commands.core.model import Action, Content, Deployment, Stage, WayBack
from commands.core.observed import PipelinePhase, Replicas, RolloutPhase, StepPhase
from commands.core.reasons import MilestoneCode
from tests import make
from tests.commands.desk import BOB, Desk

ABORTED = make.rollout(is_aborted=True, phase=RolloutPhase.DEGRADED, pause=None, new=Replicas(), weight=0)


async def aborted(desk: Desk, **changes: object) -> Deployment:
    """Let bob abort a canary whose traffic then goes back."""
    desk.deployments.put(make.earlier())
    row = make.deployment(
        **{
            "stage": Stage.PAUSED,
            "content": Content(digest=make.DIGEST),
            "pipeline": make.pipeline(),
            "rollout": make.rollout(),
            "pod_hash": "bbbb",
            **changes,
        }
    )
    desk.rollouts.put(row.place, make.rollout())
    desk.deployments.put(row)
    gate = gate_of(row, Action.ABORT)
    await desk.ask.on(row, action=Action.ABORT, gate=gate, user=BOB, catalog=desk.catalog)
    await desk.advance.run(row.id)
    desk.rollouts.put(row.place, ABORTED)
    return row


async def test_an_abort_is_followed_by_the_release_of_what_ran_before() -> None:
    desk = Desk()
    row = await aborted(desk)
    await desk.advance.run(row.id)
    (order,) = desk.pipelines.orders
    assert (order.name, order.template, order.owner) == ("shop-staging-142-restore", "slipway-release", row.id)
    arguments = dict(order.parameters)
    assert (arguments["deployment"], arguments["digest"], arguments["version"]) == ("140", make.OLD_DIGEST, "v1.1")
    assert (await desk.row(row)).stage is Stage.RESTORING
    ended = make.pipeline(name=order.name, steps=(make.step("release"),))
    desk.pipelines.put(row.place, ended)
    desk.rollouts.put(row.place, make.restored())
    assert (await desk.advance.run(row.id)).is_over
    assert (await desk.row(row)).stage is Stage.ABORTED
    assert await desk.said(row) == [MilestoneCode.ABORTED, MilestoneCode.RESTORED]


async def test_a_restore_goes_on_wherever_it_was_left() -> None:
    desk = Desk()
    row = await aborted(desk)
    for _ in range(3):
        await desk.advance.run(row.id)
    assert len(desk.pipelines.orders) == 1
    # It died after the row was written and before the workflow was there.
    desk.pipelines.known.clear()
    desk.pipelines.orders.clear()
    unseen = await desk.row(row)
    assert unseen.restore is not None
    desk.deployments.put(replace(unseen, restore=replace(unseen.restore, pipeline=None)))
    await desk.advance.run(row.id)
    assert [order.name for order in desk.pipelines.orders] == ["shop-staging-142-restore"]


async def test_what_slipway_never_released_cannot_be_restored() -> None:
    desk = Desk()
    row = await aborted(desk, way_back=WayBack(version="v1.1", digest="sha256:" + "99" * 32))
    assert (await desk.advance.run(row.id)).is_over
    assert ((await desk.row(row)).stage, desk.pipelines.orders) == (Stage.ABORTED, [])


async def test_a_failed_restore_shows_its_own_log() -> None:
    desk = Desk()
    row = await aborted(desk)
    await desk.advance.run(row.id)
    failed = make.step("release", StepPhase.FAILED, exit_code=14)
    name = "shop-staging-142-restore"
    desk.pipelines.put(row.place, make.pipeline(name=name, phase=PipelinePhase.FAILED, steps=(failed,)))
    desk.pipelines.logs[name, "release"] = ("helm: no", '{"cause": "quota-exceeded", "evidence": "no room"}')
    await desk.advance.run(row.id)
    ended = await desk.row(row)
    assert ended.stage is Stage.ABORTED
    assert ended.restore is not None
    assert ended.restore.failure is not None
    assert (ended.restore.failure.message, ended.restore.failure.lines) == ("no room", ("helm: no",))
    assert await desk.said(row) == [MilestoneCode.ABORTED, MilestoneCode.NOT_RESTORED]


@pytest.mark.parametrize(("reason", "stage"), [("", Stage.ABORTED), ("the analysis failed", Stage.FAILED)])
async def test_a_restore_that_can_never_start_ends_with_the_reason(reason: str, stage: Stage) -> None:
    desk = Desk()
    desk.pipelines.templates = set()
    row = await aborted(desk)
    if reason:
        # Nobody here aborted it.
        row = desk.deployments.put(replace(row, id="d143", number=143))
        desk.rollouts.put(row.place, replace(ABORTED, deployment=143, abort_reason=reason))
    await desk.advance.run(row.id)
    ended = await desk.row(row)
    assert ended.stage is stage
    assert ended.restore is not None
    assert ended.restore.failure is not None
    assert "no workflow template slipway-release" in ended.restore.failure.message
    assert (await desk.said(row))[-1] is MilestoneCode.NOT_RESTORED

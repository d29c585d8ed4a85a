"""Moves one deployment on: look, decide, write, act; called by the worker whenever anything may have changed.

Repeatable at any moment: what it does follows from the row and the newest observations alone.
"""

import logging
from dataclasses import dataclass, replace
from datetime import datetime
from typing import assert_never

from commands.core import plan, progress, reminding, restarts
from commands.core.acts import expected_of, gate_of, has_gone_on, is_ours
from commands.core.errors import Permanent, SystemFailure
from commands.core.lifecycle import step
from commands.core.model import Act, Action, ActState, Deployment, Failure, Restore, Stage
from commands.core.moves import (
    CloseAct,
    PassGate,
    PatchRollout,
    ReadLog,
    ReadPodLog,
    Remind,
    Seen,
    Step,
    StopPipeline,
    SubmitPipeline,
    SubmitRestore,
    Wake,
)
from commands.core.observed import PipelineSnapshot, RolloutSnapshot, Scan
from commands.core.owners import Owners
from commands.core.ports import Catalogs, Chat, Clock, Deployments, Images, PatchOutcome, Pipelines, Rollouts
from commands.core.reasons import Milestone, Notice, ReasonCode
from commands.flow.listed import image_of
from commands.flow.succession import Succession
from commands.flow.whom import Reminders

log = logging.getLogger(__name__)
ROUNDS = 8
PATCH_TRIES = 3

Deed = SubmitPipeline | SubmitRestore | StopPipeline | PatchRollout | PassGate | CloseAct | Remind


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What the worker has to do next: look again at `wake`; forget the deployment when it `is_over`.

    `touched` are the deployments of the past whose cards have changed with it.
    """

    is_over: bool = False
    wake: datetime | None = None
    touched: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Logs:
    """What was read on the way, for the next look; None was not asked for."""

    step: tuple[str, ...] | None = None
    pod: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Advance:
    """The ports that moving a deployment takes."""

    deployments: Deployments
    rollouts: Rollouts
    pipelines: Pipelines
    chat: Chat
    clock: Clock
    reminders: Reminders
    catalogs: Catalogs
    images: Images | None
    """Where scans are told; without it nothing is said of them."""

    async def run(self, deployment_id: str) -> Outcome:
        """Move a deployment as far as it goes now; nothing happens while the cluster has not been listed."""
        logs = _Logs()
        wake: datetime | None = None
        touched: tuple[str, ...] = ()
        for _ in range(ROUNDS):
            row = await self.deployments.load(deployment_id)
            if row is None:
                return Outcome(is_over=True)
            if not (self.rollouts.is_synced(row.place) and self.pipelines.is_synced(row.place)):
                return Outcome()
            acts = await self.deployments.acts(deployment_id)
            move = await self._step(row, acts, logs)
            touched += await self._succeed(row, move)
            if move.deployment != row:
                saved = await self.deployments.save(move.deployment, milestones=move.milestones)
                if saved is None:
                    continue
                row = saved
            has_more = False
            for effect in move.effects:
                if isinstance(effect, Wake):
                    wake = min(effect.at, wake or effect.at)
                elif isinstance(effect, ReadLog | ReadPodLog):
                    logs, has_more = await self._read(row, effect, logs), True
                else:
                    touched += await self._carry_out(row, effect)
                    has_more = has_more or isinstance(effect, StopPipeline | Remind) or _restarts(effect)
            if not has_more:
                is_over = row.stage.is_terminal and row.watched_until is None and row.restart is None
                return Outcome(is_over=is_over, wake=wake, touched=touched)
        return Outcome(wake=self.clock.now(), touched=touched)

    async def _succeed(self, row: Deployment, move: Step) -> tuple[str, ...]:
        """Tell the deployments of the past that one begins, or how it ends."""
        succession = Succession(deployments=self.deployments)
        if SubmitPipeline() in move.effects:
            return await succession.begin(row)
        has_ended = move.deployment.stage.is_terminal and not row.stage.is_terminal
        return await succession.end(move.deployment) if has_ended else ()

    async def _step(self, row: Deployment, acts: tuple[Act, ...], logs: _Logs) -> Step:
        now = self.clock.now()
        moved = step(row, seen=await self._seen(row, logs), acts=acts, now=now)
        return reminding.remind(moved, after=self.reminders.after(row), acts=acts, now=now)

    async def _remind(self, row: Deployment) -> None:
        """Say it and remember that it was said, in one transaction; whoever saved in between makes us look again."""
        line = await self.reminders.line(row, now=self.clock.now())
        await self.deployments.save(replace(row, reminded=reminding.pause_of(row)), milestones=(line,))

    async def _seen(self, row: Deployment, logs: _Logs) -> Seen:
        pipeline, rollout = self.pipelines.snapshot(row.place, name=row.workflow), self.rollouts.snapshot(row.place)
        restore = row.restore
        return Seen(
            pipeline=pipeline,
            rollout=rollout,
            log=logs.step,
            pod_log=logs.pod,
            scan=await self._scan(row, pipeline),
            owners=Owners.from_catalog(self.catalogs.current, row.app),
            before=await self._before(row, rollout),
            restore=self.pipelines.snapshot(row.place, name=restore.workflow) if restore is not None else None,
        )

    async def _before(self, row: Deployment, rollout: RolloutSnapshot | None) -> Deployment | None:
        """Look up whose content ran before, when an abort is about to need it."""
        is_needed = rollout is not None and rollout.is_aborted and row.restore is None and row.way_back is not None
        if not is_needed or row.way_back is None or row.stage.is_terminal:
            return None
        succeeded = await self.deployments.recent(app=row.app, environment=row.environment, stage=Stage.SUCCEEDED)
        return plan.content_of(row.way_back, succeeded)

    async def _scan(self, row: Deployment, pipeline: PipelineSnapshot | None) -> Scan | None:
        """Ask what was found in an image, once, when its line in the thread is due; it holds nothing up."""
        digest = pipeline.output("digest") if pipeline is not None else None
        if not digest or digest == row.content.digest:
            return None
        image = await image_of(row, digest, self.images)
        return image.scan if image is not None else None

    async def _read(self, row: Deployment, effect: ReadLog | ReadPodLog, logs: _Logs) -> _Logs:
        """Read a log that was asked for; one that cannot be read is an empty one, and nothing waits for it."""
        try:
            if isinstance(effect, ReadLog):
                workflow = row.restore.workflow if row.restore is not None else row.workflow
                return replace(logs, step=await self.pipelines.log(row.place, name=workflow, step=effect.step))
            found = await self.rollouts.log(row.place, pod=effect.pod, container=effect.container)
            return replace(logs, pod=found)
        except SystemFailure as failure:
            log.warning("%s of #%d cannot be done: %s", effect, row.number, failure.message)
            return replace(logs, step=()) if isinstance(effect, ReadLog) else replace(logs, pod=())

    async def _carry_out(self, row: Deployment, effect: Deed) -> tuple[str, ...]:
        """Do what is to be done; return the deployments of the past whose cards have changed with it."""
        match effect:
            case SubmitPipeline():
                return await self._submit(row)
            case SubmitRestore(restore):
                return await self._submit_restore(row, restore)
            case StopPipeline(act):
                await self.pipelines.stop(row.place, name=row.workflow)
                await self.deployments.close(act.id, state=ActState.APPLIED)
            case PatchRollout(act):
                await self._patch(row, act)
            case PassGate(action, expected):
                # What came of it is seen: where it was lost, the gate still stands at the next look.
                await self.rollouts.patch(row.place, action=action, expected=expected)
            case CloseAct(act, state):
                await self._close(row, act, state)
            case Remind():
                await self._remind(row)
            case _:
                assert_never(effect)
        return ()

    async def _submit(self, row: Deployment) -> tuple[str, ...]:
        """Start the pipeline; what can never start ends the deployment with the reason."""
        try:
            await self.pipelines.submit(plan.order(row))
        except Permanent as failure:
            message = f"The workflow could not be started: {failure.message}"
            return await self._finish(replace(row, stage=Stage.FAILED, failure=Failure(step="", message=message)))
        return ()

    async def _finish(self, row: Deployment) -> tuple[str, ...]:
        """End a deployment whose next move is impossible."""
        ended = replace(row, finished_at=self.clock.now())
        touched = await Succession(deployments=self.deployments).end(ended)
        await self.deployments.save(ended, milestones=(progress.outcome(ended, by=None),))
        return touched

    async def _submit_restore(self, row: Deployment, restore: Restore) -> tuple[str, ...]:
        """Start the release of what ran before; what can never start leaves the Rollout as it is, with the reason."""
        try:
            await self.pipelines.submit(plan.restore_order(row, restore))
        except Permanent as failure:
            reason = Failure(step="", message=f"The workflow could not be started: {failure.message}")
            over = replace(restore, finished_at=self.clock.now(), failure=reason)
            stage = Stage.FAILED if row.failure is not None else Stage.ABORTED
            return await self._finish(replace(row, stage=stage, restore=over))
        return ()

    async def _patch(self, row: Deployment, act: Act) -> None:
        expected = act.expected
        for _ in range(PATCH_TRIES):
            if expected is None:
                break
            outcome = await self.rollouts.patch(row.place, action=act.action, expected=expected)
            if outcome is PatchOutcome.APPLIED:
                await self._close(row, act, ActState.APPLIED)
                return
            fresh = await self.rollouts.read(row.place) if outcome is PatchOutcome.CHANGED else None
            if fresh is not None and not fresh.is_current and is_ours(row, fresh):
                return  # It is sent when the controller has looked at the newer spec: until then it would be lost.
            if has_gone_on(fresh, act.action, expected):
                await self._close(row, act, ActState.APPLIED)
                return
            same_gate = is_ours(row, fresh) and gate_of(replace(row, rollout=fresh), act.action) == act.gate
            expected = expected_of(fresh, act.action, at=act.at) if fresh is not None and same_gate else None
        await self._close(row, act, ActState.REFUSED)

    async def _close(self, row: Deployment, act: Act, state: ActState) -> None:
        """Write down what became of an act, last: whoever dies before that does the rest again, which adds nothing."""
        milestone = progress.acted(act, row) if state is ActState.APPLIED else None
        if milestone is not None:
            await self._append(row, act, milestone)
        await self.deployments.close(act.id, state=state)
        if state is ActState.REFUSED:
            facts = {"app": row.app, "environment": row.environment}
            await self._whisper(row, act, Notice(code=ReasonCode.CHANGED_OUTSIDE, facts=facts))

    async def _append(self, row: Deployment, act: Act, milestone: Milestone) -> None:
        while await self.deployments.save(restarts.begun(row, act), milestones=(milestone,)) is None:
            row = await self.deployments.load(row.id) or row

    async def _whisper(self, row: Deployment, act: Act, notice: Notice) -> None:
        channel = row.card.channel if row.card else row.channel
        try:
            await self.chat.whisper(channel=channel, user=act.by.chat_id, notice=notice)
        except SystemFailure as failure:
            log.warning("%s could not be told about a refused act: %s", act.by.name, failure.message)


def _restarts(effect: Deed) -> bool:
    """Say whether a restart has just been asked for or found: the row knows of it now and follows it."""
    return isinstance(effect, PatchRollout | CloseAct) and effect.act.action is Action.RESTART

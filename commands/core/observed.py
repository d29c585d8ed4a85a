"""What the cluster says, in our own words: pipelines and rollouts as they were last seen.

Written by `integrations.kubernetes`, read by everything that decides or renders. Knows nothing of vendors' JSON.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Strategy(StrEnum):
    """How a new version takes over from the old one."""

    ROLLING = "rolling"
    BLUE_GREEN = "blue-green"
    CANARY = "canary"
    RECREATE = "recreate"


class StepPhase(StrEnum):
    """Where one step of the pipeline stands."""

    PENDING = "pending"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    SKIPPED = "skipped"


class PipelinePhase(StrEnum):
    """Where the pipeline stands, judged by its root node (a terminated workflow may call itself succeeded)."""

    WAITING = "waiting"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class StepSnapshot:
    """One step; `outputs` are its output parameters, `exit_code` is that of its main container when it failed.

    `cause` names what Argo or Kubernetes says of it, when it failed or cannot begin, by one of `failure.Cause`.
    """

    name: str
    phase: StepPhase
    message: str = ""
    started_at: datetime | None = None
    finished_at: datetime | None = None
    exit_code: int | None = None
    cause: str = ""
    outputs: tuple[tuple[str, str], ...] = ()

    @property
    def duration(self) -> timedelta | None:
        if self.started_at is None or self.finished_at is None:
            return None
        return self.finished_at - self.started_at


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineSnapshot:
    """One workflow; `owner` is the id of the deployment it was submitted for, from its annotation."""

    name: str
    uid: str
    owner: str
    phase: PipelinePhase
    message: str = ""
    waits_for: str = ""
    """The workflow that holds the lock that this one waits for."""
    steps: tuple[StepSnapshot, ...] = ()
    started_at: datetime | None = None
    finished_at: datetime | None = None

    def step(self, name: str) -> StepSnapshot | None:
        return next((step for step in self.steps if step.name == name), None)

    def output(self, name: str) -> str | None:
        """Return the named output parameter of whichever step has it."""
        return next((value for step in self.steps for key, value in step.outputs if key == name), None)

    @property
    def held_step(self) -> StepSnapshot | None:
        """Return the step that should begin and cannot."""
        return next((step for step in self.steps if step.phase is StepPhase.PENDING and step.cause), None)

    @property
    def failed_step(self) -> StepSnapshot | None:
        return next((step for step in self.steps if step.phase is StepPhase.FAILED), None)


class RolloutPhase(StrEnum):
    """The four phases of Argo Rollouts, after the client-side rules were applied."""

    HEALTHY = "Healthy"
    PROGRESSING = "Progressing"
    PAUSED = "Paused"
    DEGRADED = "Degraded"


class PauseReason(StrEnum):
    """Why a rollout stands still."""

    STEP = "step"
    GREEN = "green"
    INCONCLUSIVE = "inconclusive"
    MANUAL = "manual"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """A pause; `until` is None when only a person ends it; `since_text` is the cluster's own spelling of `since`.

    Held by hand, the pause of the step goes on `beneath`, and so does its clock: then the times are its times.
    """

    reason: PauseReason
    beneath: PauseReason | None = None
    since: datetime | None = None
    until: datetime | None = None
    since_text: str = ""


@dataclass(frozen=True, slots=True)
class Replicas:
    """Pods of one side: ready of total."""

    ready: int = 0
    total: int = 0


class CanaryStepKind(StrEnum):
    """The kinds of canary step that Slipway tells apart."""

    WEIGHT = "weight"
    PAUSE = "pause"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class CanaryStep:
    """One step of a canary; `weight` in percent, `duration` None for a pause that a person ends."""

    kind: CanaryStepKind
    weight: int | None = None
    duration: timedelta | None = None
    label: str = ""


class AnalysisKind(StrEnum):
    """When an analysis runs: at a step, beside the steps, before or after the switch."""

    STEP = "step"
    BACKGROUND = "background"
    PRE_PROMOTION = "pre-promotion"
    POST_PROMOTION = "post-promotion"


class AnalysisPhase(StrEnum):
    """What an analysis, or one of its metrics, has come to."""

    PENDING = "pending"
    RUNNING = "running"
    SUCCESSFUL = "successful"
    FAILED = "failed"
    ERROR = "error"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One metric of an analysis: its newest value and the conditions it is held to, as the cluster writes them.

    `condition` is what must hold, `failure_condition` what must not; either may be empty. `measured` counts its
    measurements.
    """

    name: str
    phase: AnalysisPhase
    value: str = ""
    condition: str = ""
    failure_condition: str = ""
    measured: int = 0
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    """One AnalysisRun that the Rollout's status names."""

    name: str
    kind: AnalysisKind
    phase: AnalysisPhase
    message: str = ""
    metrics: tuple[Metric, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PodProblem:
    """Why pods of the new template are not ready: `cause` is one of `failure.Cause`, `pods` counts those it holds.

    `pod` and `container` are those that speak for all of them, empty where the trouble is the whole release's. `since`
    is given where it is a trouble only after a while.
    """

    cause: str
    message: str
    pod: str
    container: str = ""
    exit_code: int | None = None
    restarts: int = 0
    pods: int = 1
    since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutSnapshot:
    """One Argo Rollout with its ReplicaSets, as of one moment.

    `is_current` says that the controller has seen the newest spec *and* that `current_hash` belongs to the template
    now in the spec: only then do phase, step and pause speak of the newest release. `weight` is what the steps ask
    for, `actual_weight` what the pods or the traffic router give, both in percent.
    """

    namespace: str
    name: str
    uid: str
    generation: int
    observed_generation: str
    is_current: bool
    phase: RolloutPhase
    message: str
    strategy: Strategy
    deployment: int | None
    version: str
    image: str
    current_hash: str
    stable_hash: str
    step_index: int | None = None
    steps: tuple[CanaryStep, ...] = ()
    weight: int = 0
    actual_weight: int = 0
    desired: int = 0
    new: Replicas = Replicas()
    old: Replicas = Replicas()
    pause: Pause | None = None
    is_aborted: bool = False
    abort_reason: str = ""
    """Why the cluster aborted it by itself; empty where somebody did."""
    is_full: bool = False
    active_hash: str = ""
    preview_hash: str = ""
    old_until: datetime | None = None
    """When the version that ran before the switch is taken away (blue-green); None where nothing says so."""
    kept_images: tuple[str, ...] = ()
    """The images of the ReplicaSets that still exist, the newest first: what can come back without a pull or build."""
    has_router: bool = False
    """A traffic router gives the canary its weight, not the number of its pods."""
    was_retried: bool = False
    """An abort was taken back in words: the status says that it is false, which is no lack of it to a test."""
    may_surge: bool = True
    """There may be one pod more than wanted while the canary moves, so that its share comes closer to what is asked."""
    restarting_since: str = ""
    """The restart that is under way, in the cluster's own spelling; empty where none is."""
    restart_at: str = ""
    """The last restart that was ever asked for, in the cluster's own spelling; empty where none was."""
    is_held: bool = False
    """Somebody paused the rollout itself: no step, no switch and no way back until it is resumed."""
    analyses: tuple[Analysis, ...] = ()
    problems: tuple[PodProblem, ...] = ()
    pod_log: tuple[str, ...] = ()
    """The decisive lines of the pod that is in trouble, put in once they were read: they go with the pod."""

    @property
    def is_done(self) -> bool:
        """Say whether the newest template is released in full."""
        return self.is_current and self.phase is RolloutPhase.HEALTHY and self.current_hash == self.stable_hash

    @property
    def next_weight(self) -> int:
        """Return the weight that the next promote leads to; 100 when nothing but the end is left."""
        later = self.steps[(self.step_index or 0) :]
        return next((step.weight for step in later if step.weight is not None), 100)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """What a scan for vulnerabilities counted of the severities that people are told."""

    critical: int = 0
    high: int = 0

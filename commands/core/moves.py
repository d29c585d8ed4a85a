"""What a move of a deployment is made of: what was seen, what it becomes, and what is to be done outside.

The lifecycle makes them, `commands.flow.advance` carries them out. Data only.
"""

from dataclasses import dataclass
from datetime import datetime

from commands.core.model import Act, Action, ActState, Deployment, Expected, Restore
from commands.core.observed import PipelineSnapshot, RolloutSnapshot, Scan
from commands.core.owners import NOBODY, Owners
from commands.core.reasons import Milestone


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """The newest observations; `log` is the failed step's log once it was read, None before; `pod_log` that of a pod.

    `scan` is what was found in the image when the pipeline has just told its digest, None where nobody knows. `owners`
    are those whom the catalog names now.
    `before` is the deployment whose content ran before, looked up once an abort needs it; `restore` is the pipeline
    that releases it again.
    """

    pipeline: PipelineSnapshot | None = None
    rollout: RolloutSnapshot | None = None
    log: tuple[str, ...] | None = None
    pod_log: tuple[str, ...] | None = None
    scan: Scan | None = None
    owners: Owners = NOBODY
    before: Deployment | None = None
    restore: PipelineSnapshot | None = None


@dataclass(frozen=True, slots=True)
class SubmitPipeline:
    """Start the pipeline; harmless when it runs already."""


@dataclass(frozen=True, slots=True)
class SubmitRestore:
    """Start the release of what ran before; harmless when it runs already."""

    restore: Restore


@dataclass(frozen=True, slots=True)
class StopPipeline:
    """Stop the pipeline because of an act."""

    act: Act


@dataclass(frozen=True, slots=True)
class PatchRollout:
    """Carry out an act on the rollout, if it is still what the person saw."""

    act: Act


@dataclass(frozen=True, slots=True)
class PassGate:
    """Go past the gate that a deployment stands at, which nobody has to be asked about; harmless when it is open."""

    action: Action
    expected: Expected


@dataclass(frozen=True, slots=True)
class CloseAct:
    """Write down what became of an act."""

    act: Act
    state: ActState


@dataclass(frozen=True, slots=True)
class ReadLog:
    """Fetch the log of a failed step, then look again."""

    step: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadPodLog:
    """Fetch what a container of the new version has written, then look again."""

    pod: str
    container: str


@dataclass(frozen=True, slots=True)
class Wake:
    """Look again at a time, whatever happens."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Remind:
    """Remind those who may act of the pause it stands at, and write down that they were."""


Effect = (
    SubmitPipeline
    | SubmitRestore
    | StopPipeline
    | PatchRollout
    | PassGate
    | CloseAct
    | ReadLog
    | ReadPodLog
    | Wake
    | Remind
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One move: the row as it should be, what the thread hears, what to do outside.

    Milestones follow from what the row now holds, so they count only where the row has changed.
    """

    deployment: Deployment
    milestones: tuple[Milestone, ...] = ()
    effects: tuple[Effect, ...] = ()

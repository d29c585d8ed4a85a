"""What a deployment is: its row, the acts people asked for, the people themselves. Frozen data that is only read.

The database stores exactly this; the card is drawn from exactly this.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from commands.core.observed import PipelineSnapshot, RolloutSnapshot, Strategy


class Stage(StrEnum):
    """Where a deployment stands. There is no way out of a terminal stage."""

    AWAITING_APPROVAL = "awaiting_approval"
    QUEUED = "queued"
    BUILDING = "building"
    RELEASING = "releasing"
    ROLLING_OUT = "rolling_out"
    PAUSED = "paused"
    RESTORING = "restoring"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    ABORTED = "aborted"
    ROLLED_BACK = "rolled_back"
    CANCELLED = "cancelled"
    REJECTED = "rejected"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"

    @property
    def is_terminal(self) -> bool:
        return self in TERMINAL


TERMINAL = frozenset(
    {
        Stage.SUCCEEDED,
        Stage.FAILED,
        Stage.ABORTED,
        Stage.ROLLED_BACK,
        Stage.CANCELLED,
        Stage.REJECTED,
        Stage.EXPIRED,
        Stage.SUPERSEDED,
    }
)


class Action(StrEnum):
    """What a person may do; the words of the catalog's grants, so that a grant names what a button does."""

    DEPLOY = "deploy"
    APPROVE = "approve"
    PROMOTE = "promote"
    FULL = "full"
    ABORT = "abort"
    CANCEL = "cancel"
    RETRY = "retry"
    PAUSE = "pause"
    RESUME = "resume"
    RESTART = "restart"
    ROLLBACK = "rollback"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatUser:
    """Who spoke, as the chat says it: untrusted until People finds the person. `team` is the user's own team."""

    id: str
    team: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who it is, as the login server says it; `roles` are effective (composites and groups included)."""

    id: str
    name: str
    chat_id: str
    roles: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who did something, as remembered: the login server's id and name, and the chat id to mention."""

    id: str
    name: str
    chat_id: str

    @classmethod
    def from_person(cls, person: Person) -> "Actor":
        return cls(id=person.id, name=person.name, chat_id=person.chat_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an app runs: the key of every observation."""

    cluster: str
    namespace: str
    app: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """Exactly what was released; empty strings are not known yet. `digest` is `sha256:…`, `chart_commit` 40 hex."""

    digest: str = ""
    chart_commit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WayBack:
    """What ran before: the version to return to and since when it ran; None where nothing ran."""

    version: str
    digest: str = ""
    since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CardRef:
    """The one message of a deployment; `sent` is the hash of what it shows now."""

    channel: str
    ts: str
    sent: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why it ended badly: the step (empty for the rollout), one sentence, the exit code and the decisive log lines."""

    step: str
    message: str
    exit_code: int | None = None
    cause: str = ""
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """One deployment: what was asked, by whom, how far it came and what was last seen of it.

    `revision` counts saves (compare-and-set). `channel` is where its card belongs. `parameters` are the pipeline's
    arguments, fixed when it was asked for, so that a catalog edited meanwhile cannot change what was agreed.
    """

    id: str
    number: int
    app: str
    environment: str
    place: Place
    version: str
    strategy: Strategy
    requester: Actor
    channel: str
    created_at: datetime
    reason: str = ""
    stage: Stage = Stage.BUILDING
    revision: int = 0
    workflow: str = ""
    parameters: tuple[tuple[str, str], ...] = ()
    content: Content = Content()
    way_back: WayBack | None = None
    pipeline: PipelineSnapshot | None = None
    rollout: RolloutSnapshot | None = None
    failure: Failure | None = None
    moved_outside_at: datetime | None = None
    card: CardRef | None = None
    finished_at: datetime | None = None

    @property
    def ran_before(self) -> str:
        """Name the version to return to; empty where nothing ran."""
        return self.way_back.version if self.way_back else ""


class ActState(StrEnum):
    """How far an act came: asked for, accepted by the cluster, or refused by it."""

    REQUESTED = "requested"
    APPLIED = "applied"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What the person saw, tested by the cluster before anything changes; `pause_since` is the cluster's spelling."""

    uid: str
    generation: int
    observed_generation: str
    current_hash: str
    stable_hash: str
    step_index: int | None = None
    pause_since: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One thing a person asked of a running deployment.

    `gate` names what it moves (this pause of this step of this template): one deployment holds at most one act of an
    action per gate, so a second click finds the first. `label` says the effect ("50 %") for later answers.
    """

    id: str
    deployment: str
    action: Action
    gate: str
    by: Actor
    at: datetime
    expected: Expected | None = None
    label: str = ""
    state: ActState = ActState.REQUESTED

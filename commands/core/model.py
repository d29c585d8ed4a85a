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
    REANALYSE = "reanalyse"
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
    """What ran before: the version to return to and since when it ran; None where nothing ran.

    `number` is the deployment whose exact content it was, 0 where Slipway did not release it; only that content can
    come back without a build. `is_built` says whether its image was in the registry when the deployment began, None
    where nobody could say; `seconds` is how long going back took the last time, 0 where it was never done.
    """

    version: str
    digest: str = ""
    since: datetime | None = None
    number: int = 0
    strategy: Strategy | None = None
    is_built: bool | None = None
    seconds: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CardRef:
    """The one message of a deployment; `sent` is the hash of what it shows now."""

    channel: str
    ts: str
    sent: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why it ended badly: the step (empty for the rollout), one sentence, the exit code and the decisive log lines.

    `tail` is the end of the log, for whoever wants to read more. `owner` is who can mend it, as the catalog says it.
    """

    step: str
    message: str
    exit_code: int | None = None
    cause: str = ""
    lines: tuple[str, ...] = ()
    tail: tuple[str, ...] = ()
    owner: str = ""


class StallKind(StrEnum):
    """Where a pipeline has stopped moving."""

    LOCKED = "locked"  # Another workflow holds the lock; its name is the detail.
    NOT_BEGUN = "not-begun"
    CANNOT_BEGIN = "cannot-begin"
    TOO_LONG = "too-long"
    NOT_CLOSED = "not-closed"  # All steps have ended, and the workflow has not.


@dataclass(frozen=True, slots=True, kw_only=True)
class Stall:
    """A pipeline that has stopped moving: since when, at which step (empty: at none), and who keeps that step."""

    kind: StallKind
    since: datetime
    step: str = ""
    detail: str = ""
    owner: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The earlier deployment that this one repeats: to go back to its content, or to try it again."""

    action: Action
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Restore:
    """The release of what ran before, after an abort: whose content it is and how far it has come.

    `number`, `version`, `digest` and `parameters` are those of the earlier deployment, so that the release of the
    chart becomes the very one that it was. `failure` says why it did not come about.
    """

    number: int
    version: str
    digest: str
    workflow: str
    parameters: tuple[tuple[str, str], ...]
    began_at: datetime
    pipeline: PipelineSnapshot | None = None
    finished_at: datetime | None = None
    failure: Failure | None = None


class Takeover(StrEnum):
    """What became of a later deployment of the same app to the same environment."""

    UNDERWAY = "underway"
    DONE = "done"
    NOTHING = "nothing"  # It ended without taking over.


@dataclass(frozen=True, slots=True, kw_only=True)
class Later:
    """The newest deployment that was begun after this one; `action` says whether it went back from here."""

    number: int
    version: str
    action: Action
    by: Actor
    at: datetime
    state: Takeover = Takeover.UNDERWAY


class OutsideKind(StrEnum):
    """What somebody can do to a rollout without Slipway."""

    PROMOTED = "promoted"
    ABORTED = "aborted"
    RETRIED = "retried"
    PAUSED = "paused"
    RESUMED = "resumed"
    RESTARTED = "restarted"
    SCALED = "scaled"
    EDITED = "edited"
    IMAGE_CHANGED = "image-changed"
    RELEASED = "released"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideChange:
    """One thing that was done outside Slipway, and when it was seen; `detail` says to what, where there is one."""

    kind: OutsideKind
    at: datetime
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """The newest hold of a rollout, the `count`th of its deployment; `by` is None for one from outside Slipway."""

    count: int
    at: datetime
    by: Actor | None = None
    is_over: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Restart:
    """A restart that was asked for and is not through yet; its time is its name."""

    at: datetime
    by: Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """One deployment: what was asked, by whom, how far it came and what was last seen of it.

    `revision` counts saves (compare-and-set). `channel` is where its card belongs. `parameters` are the pipeline's
    arguments, fixed when it was asked for, so that a catalog edited meanwhile cannot change what was agreed.
    `watched_until` is set on a finished deployment while something of it is still to change. `reminded` names the
    pause that people were last reminded of.
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
    stall: Stall | None = None
    outside: tuple[OutsideChange, ...] = ()
    pod_hash: str = ""
    """The template that it released, by the name that the cluster gives it; empty until it was seen."""
    hold: Hold | None = None
    restart: Restart | None = None
    restarts: int = 0
    card: CardRef | None = None
    finished_at: datetime | None = None
    source: Source | None = None
    restore: Restore | None = None
    later: Later | None = None
    watched_until: datetime | None = None
    reminded: str | None = None

    @property
    def seconds(self) -> int:
        """How many seconds it took, at least one; 0 as long as it has not ended."""
        return max(1, int((self.finished_at - self.created_at).total_seconds())) if self.finished_at else 0

    @property
    def goes_straight_through(self) -> bool:
        """Say whether it passes every gate by itself: whoever goes back wants to be back."""
        return self.source is not None and self.source.action is Action.ROLLBACK

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
    """What the person saw, tested by the cluster before anything changes; times are in the cluster's spelling.

    `is_undecided` says that it waited at an analysis that could not decide, `restart_at` is the last restart before
    this one and `restart_to` the restart that is asked for.
    """

    uid: str
    generation: int
    observed_generation: str
    current_hash: str
    stable_hash: str
    step_index: int | None = None
    pause_since: str = ""
    is_held: bool = False
    is_undecided: bool = False
    restart_at: str = ""
    restart_to: str = ""
    was_retried: bool = False


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

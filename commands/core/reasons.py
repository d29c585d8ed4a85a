"""What Slipway can say, as codes and facts: replies, refusals and milestones. The words live with the chat adapter.

One closed list serves replies, audit rows, metrics and tests, so that a text can change and a meaning cannot.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from commands.core.reading import Details, HistoryRow, Link, StatusRow

Fact = str | int | datetime


class ReasonCode(StrEnum):
    """Why Slipway answers as it does."""

    # Understanding
    EMPTY = "empty"
    UNKNOWN_VERB = "unknown-verb"
    UNKNOWN_WORD = "unknown-word"
    MISSING_APP = "missing-app"
    MISSING_VERSION = "missing-version"
    MALFORMED_VERSION = "malformed-version"
    UNKNOWN_APP = "unknown-app"
    UNKNOWN_VERSION = "unknown-version"
    UNKNOWN_ENVIRONMENT = "unknown-environment"
    WRONG_ENVIRONMENT = "wrong-environment"
    ENVIRONMENT_NEEDED = "environment-needed"
    STRATEGY_NEEDED = "strategy-needed"
    TOO_LONG = "too-long"
    # Rights
    NOT_LINKED = "not-linked"
    LINKED_TWICE = "linked-twice"
    ACCOUNT_DISABLED = "account-disabled"
    OUTSIDE_TEAM = "outside-team"
    ROLE_MISSING = "role-missing"
    RIGHTS_UNKNOWN = "rights-unknown"
    APPROVAL_NEEDED = "approval-needed"
    WINDOW_NEEDED = "window-needed"
    # State
    CONFIRM = "confirm"
    CONFIRM_BACK = "confirm-back"
    CONFIRM_RESTART = "confirm-restart"
    BUSY = "busy"
    REPEATED = "repeated"
    NOTHING_IN_MOTION = "nothing-in-motion"
    NOT_WAITING = "not-waiting"
    STILL_BUILDING = "still-building"
    STILL_RELEASING = "still-releasing"
    SETTLING = "settling"
    ARRIVING = "arriving"
    GOING_BACK = "going-back"
    GOING_FULL = "going-full"
    LAST_STEP = "last-step"
    NO_STEPS = "no-steps"
    UNDECIDED = "undecided"
    ALREADY_HELD = "already-held"
    HELD_BETWEEN = "held-between"
    NOT_HELD = "not-held"
    CANNOT_HOLD = "cannot-hold"
    RESTARTING = "restarting"
    NOTHING_TO_RESTART = "nothing-to-restart"
    NOTHING_TO_ABORT = "nothing-to-abort"
    ALREADY_DONE = "already-done"
    ALREADY_FINISHED = "already-finished"
    STALE = "stale"
    CHANGED_OUTSIDE = "changed-outside"
    NOT_REVERSIBLE = "not-reversible"
    RUNS_ALREADY = "runs-already"
    NO_WAY_BACK = "no-way-back"
    NEVER_RELEASED = "never-released"
    NOTHING_TO_RETRY = "nothing-to-retry"
    TAKEN_OVER = "taken-over"
    NO_LINKS = "no-links"
    NO_LOG = "no-log"
    # Systems
    VERSIONS_UNKNOWN = "versions-unknown"
    CLUSTER_UNREACHABLE = "cluster-unreachable"
    OVERLOADED = "overloaded"
    INTERNAL = "internal"
    # Good news
    STARTED = "started"
    REQUESTED = "requested"
    PLAN = "plan"
    STATUS = "status"
    FLEET = "fleet"
    MOTION = "motion"
    HISTORY = "history"
    DETAILS = "details"
    LINKS = "links"
    COMMAND = "command"
    LOG = "log"
    HELP = "help"


class MilestoneCode(StrEnum):
    """What the thread of a card hears, once each."""

    IMAGE_BUILT = "image-built"
    IMAGE_REUSED = "image-reused"
    RELEASED = "released"
    CANARY_AT = "canary-at"
    GREEN_READY = "green-ready"
    PAUSED = "paused"
    PAUSED_UNTIL = "paused-until"
    REMINDER = "reminder"
    ADVANCED = "advanced"
    PROMOTED = "promoted"
    SWITCHED = "switched"
    MOVED_OUTSIDE = "moved-outside"
    HELD = "held"
    HELD_OUTSIDE = "held-outside"
    RESUMED = "resumed"
    RESUMED_OUTSIDE = "resumed-outside"
    WENT_ON = "went-on"
    REANALYSED = "reanalysed"
    RESTARTED = "restarted"
    RESTART_FINISHED = "restart-finished"
    ABORTED = "aborted"
    ABORTED_OUTSIDE = "aborted-outside"
    RESTORED = "restored"
    NOT_RESTORED = "not-restored"
    ABORTED_BY_ANALYSIS = "aborted-by-analysis"
    ABORTED_BY_DEADLINE = "aborted-by-deadline"
    INCONCLUSIVE = "inconclusive"
    ROLLED_BACK = "rolled-back"
    CANCELLED = "cancelled"
    FAILED = "failed"
    STALLED = "stalled"
    UNHEALTHY = "unhealthy"
    SUPERSEDED = "superseded"
    DONE = "done"


class PlanCode(StrEnum):
    """What a plan says, a line each."""

    # Whether it may be done
    ALLOWED = "allowed"
    NOT_ALLOWED = "not-allowed"
    MUST_BE_NAMED = "must-be-named"
    MUST_BE_CONFIRMED = "must-be-confirmed"
    APPROVALS = "approvals"
    WINDOWS = "windows"
    BUSY = "busy"
    RECORDS_UNKNOWN = "records-unknown"
    # What would change
    FIRST = "first"
    REPLACES = "replaces"
    RUNS_ALREADY = "runs-already"
    RUNS_UNFINISHED = "runs-unfinished"
    RUNS_UNKNOWN = "runs-unknown"
    VERSION_UNCHECKED = "version-unchecked"
    IMAGE_BUILT = "image-built"
    IMAGE_NOT_BUILT = "image-not-built"
    IMAGE_UNKNOWN = "image-unknown"
    CHART = "chart"
    CHART_SAME = "chart-same"
    CHART_UNKNOWN = "chart-unknown"
    CHART_MOVED = "chart-moved"
    STRATEGY_CHANGES = "strategy-changes"
    TWO_PHASES = "two-phases"
    NO_TWO_PHASES = "no-two-phases"
    OUTAGE = "outage"
    DURATION = "duration"
    NO_HISTORY = "no-history"
    # The manifest
    SAME_MANIFEST = "same-manifest"
    MANIFEST = "manifest"
    NOT_COMPARED = "not-compared"
    NEW_OBJECT = "new-object"
    SECRET_OBJECT = "secret-object"  # noqa: S105  # no secret, the kind of object
    UNREAD_OBJECT = "unread-object"
    FIELD_CHANGED = "field-changed"
    FIELD_ADDED = "field-added"
    FIELD_REMOVED = "field-removed"
    FIELD_HIDDEN = "field-hidden"
    FIELD_TEXT = "field-text"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanLine:
    """One line of a plan."""

    code: PlanCode
    facts: Mapping[str, Fact] = field(default_factory=dict)


class Label(StrEnum):
    """A button under a reply whose label is a word of ours."""

    PREVIOUS = "previous"
    NEXT = "next"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A button under a reply: its label's facts are the app's own words; `command` is the line it stands for.

    `confirm` marks a choice that commits to something: it is the answer to a question that was just asked.
    """

    label: str | Label
    command: str
    is_confirmation: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A version that can be chosen: how old it is, whether its image is built, and where it runs.

    `is_only_built` says that its artifact is no longer there, only the image; `critical` and `high` count what a scan
    found in it.
    """

    version: str
    published_at: datetime | None = None
    is_built: bool = False
    is_only_built: bool = False
    critical: int = 0
    high: int = 0
    running: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One reply: a code, the facts that its words need, the next steps offered and, for help, its own text in `rows`.

    `offers` are the versions that the next steps are about, `lines` is what a plan says, the dearest first; `status`
    and `history` are the page of a list. `commands` are lines to be copied, `log` lines of a log, oldest first.
    """

    code: ReasonCode
    facts: Mapping[str, Fact] = field(default_factory=dict)
    choices: tuple[Choice, ...] = ()
    rows: tuple[str, ...] = ()
    offers: tuple[Offer, ...] = ()
    lines: tuple[PlanLine, ...] = ()
    status: tuple[StatusRow, ...] = ()
    history: tuple[HistoryRow, ...] = ()
    details: Details | None = None
    links: tuple[Link, ...] = ()
    commands: tuple[str, ...] = ()
    log: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Milestone:
    """One line of a thread; `key` makes it unique within its deployment; `is_broadcast` shows it in the channel too."""

    key: str
    code: MilestoneCode
    facts: Mapping[str, Fact] = field(default_factory=dict)
    is_broadcast: bool = False
    lines: tuple[str, ...] = ()

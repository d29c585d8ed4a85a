"""The English names of what other words speak of: acts, stages, steps, units. The formats of `phrases` look them up."""

from commands.core.model import Action
from commands.core.reasons import Label

DOING: dict[Action, str] = {
    Action.DEPLOY: "Deploying",
    Action.APPROVE: "Approving",
    Action.PROMOTE: "Advancing",
    Action.FULL: "Going to 100 % with",
    Action.ABORT: "Aborting",
    Action.CANCEL: "Cancelling",
    Action.RETRY: "Retrying",
    Action.PAUSE: "Holding",
    Action.RESUME: "Resuming",
    Action.RESTART: "Restarting",
    Action.REANALYSE: "Running the analysis again for",
    Action.ROLLBACK: "Rolling back",
}
DONE: dict[Action, str] = {
    Action.DEPLOY: "deployed",
    Action.APPROVE: "approved",
    Action.PROMOTE: "advanced",
    Action.FULL: "taken to 100 %",
    Action.ABORT: "aborted",
    Action.CANCEL: "cancelled",
    Action.RETRY: "retried",
    Action.PAUSE: "held",
    Action.RESUME: "resumed",
    Action.RESTART: "restarted",
    Action.REANALYSE: "sent back to its analysis",
    Action.ROLLBACK: "rolled back",
}
STAGES: dict[str, str] = {
    "awaiting_approval": "waits for approval",
    "queued": "queued",
    "building": "building",
    "releasing": "being released",
    "rolling_out": "rolling out",
    "paused": "paused",
    "restoring": "going back",
    "succeeded": "done",
    "failed": "failed",
    "aborted": "aborted",
    "cancelled": "cancelled",
    "rejected": "rejected",
    "expired": "expired",
    "superseded": "superseded",
}
CHANGES: dict[str, str] = {
    "promoted": "promoted",
    "aborted": "aborted",
    "retried": "tried again",
    "paused": "held",
    "resumed": "resumed",
    "restarted": "restarted",
    "scaled": "scaled",
    "edited": "edited",
    "image-changed": "image changed",
    "released": "released",
    "deleted": "deleted",
}
STALLS: dict[str, str] = {
    "locked": "Waits for another workflow",
    "not-begun": "Argo Workflows has not begun it",
    "cannot-begin": "No progress",
    "too-long": "No progress",
    "not-closed": "All steps have ended, but the workflow has not",
}
STEPS: dict[str, str] = {
    "fetch-artifact": "Artifact",
    "build-image": "Image",
    "resolve-image": "Digest",
    "fetch-chart": "Chart",
    "release": "Release",
    "rollout": "Rollout",
}

LABELS: dict[Label, str] = {Label.PREVIOUS: "Previous", Label.NEXT: "Next"}

SOMEBODY = "somebody"
ONCE, TIMES = "once", "{count} times"
OR = "or"
SECOND, MINUTE, HOUR, DAY = "s", "min", "h", "d"
AND_MORE = "{count:plural|and # more|and # more}"

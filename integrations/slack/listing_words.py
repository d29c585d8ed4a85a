"""The English words of lists, what runs where and what was deployed: templates over facts; `words` explains formats."""

from commands.core.model import Action
from commands.core.observed import RolloutPhase

PLACE = "{emoji} *{app}* · {environment}"
ENVIRONMENT = "{emoji} *{environment}*"
RUNS = "{version:code}"
STRATEGY = "{strategy}"
READY = "{ready}/{total} ready"
SINCE = "since {since:moment}"
NOTHING_RUNS = "nothing runs"
NOT_KNOWN = "not known, its cluster does not answer"
FIRST = "nothing ran here before"
SERVES = "runs {version:code}"
UNFINISHED = "{version:code} {phase}"
ABORTED = "aborted"
OUTSIDE = "moved outside Slipway"
CHANGED = "↗ changed outside Slipway{image:if|, runs the image #|}"
PHASES: dict[RolloutPhase, str] = {
    RolloutPhase.HEALTHY: "released",
    RolloutPhase.PROGRESSING: "rolling out",
    RolloutPhase.PAUSED: "paused",
    RolloutPhase.DEGRADED: "not healthy",
}
NUMBER = "#{number}"
WEIGHT = "{weight} %"
BY = "by {by:person}"
WAITS_FOR = "waits for {roles:anyof}"
AT = "{at:moment}"
REASON = "“{reason}”"
DIGEST = "{digest:digest}"
CAN_RETURN = "↩ can be rolled back to"
RUNS_NOW = "runs now"
SOURCES: dict[Action, str] = {Action.ROLLBACK: "goes back to #{number}", Action.RETRY: "repeats #{number}"}

BELOW = "↳"
WELL, UNWELL, IDLE, MOVES = "🟢", "🔴", "⚪", "🟡"

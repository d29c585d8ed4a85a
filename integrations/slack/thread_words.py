"""The English words of a card's thread, a template over facts for each milestone; `words` explains formats.

MILESTONE_FACTS says what each needs.
"""

from commands.core.reasons import MilestoneCode as M
from integrations.slack import card_words

MILESTONES: dict[M, str] = {
    M.IMAGE_BUILT: "Image {digest:digest} built in {seconds:span}{critical:if| · # critical|}{high:if| · # high|}",
    M.IMAGE_REUSED: "Image {digest:digest} was already built{critical:if| · # critical|}{high:if| · # high|}",
    M.RELEASED: "{version} released to {environment}, the rollout begins",
    M.CANARY_AT: "Canary at {weight} %",
    M.GREEN_READY: "Green ({version}) is ready{running:if|, live is still #|}",
    M.PAUSED: "Paused: waits for a promote",
    M.PAUSED_UNTIL: "Paused until {at:time}",
    M.REMINDER: (
        "Paused for {seconds:span}{people:if-people|: # may go on with it|}"
        "{role:if-anyof|: whoever has the role # may go on with it|}"
    ),
    M.ADVANCED: "{by:person} advanced to {weight} %",
    M.PROMOTED: "{by:person} went to 100 %, past the remaining steps",
    M.SWITCHED: "{by:person} switched traffic to {version}",
    M.MOVED_OUTSIDE: "↗ {change:change} outside Slipway at {at:time}{detail:if| (#)|}",
    M.HELD: "Held by {by:person}",
    M.HELD_OUTSIDE: "Held outside Slipway",
    M.RESUMED: "Resumed by {by:person}",
    M.RESUMED_OUTSIDE: "Resumed outside Slipway",
    M.WENT_ON: "{by:person} went on past the analysis that could not decide",
    M.REANALYSED: "{by:person} had the analysis run again",
    M.RESTARTED: "Restarted by {by:person}, pod by pod",
    M.RESTART_FINISHED: "Restart finished",
    M.ABORTED: "Aborted by {by:person}{running:if|, traffic is back on #|}",
    M.ABORTED_OUTSIDE: "Aborted outside Slipway{running:if|, traffic is back on #|}",
    M.RESTORED: "{running} is released again, after {seconds:span}",
    M.NOT_RESTORED: "{running} was not released again{detail:if|: #|}",
    M.ABORTED_BY_ANALYSIS: f"Aborted by its analysis: {card_words.MEASURED}{{running:if|. Traffic is back on #|}}",
    M.ABORTED_BY_DEADLINE: "Aborted: {cause:meaning}{detail:if|: #|}{running:if|. Traffic is back on #|}",
    M.INCONCLUSIVE: f"The analysis could not decide: {card_words.MEASURED}. A person has to",
    M.ROLLED_BACK: "Rolled back to {version} by {by:person} (#{deployment})",
    M.CANCELLED: "Cancelled by {by:person}, nothing was released",
    M.FAILED: "Failed{step:if-step| at #|}{detail:if|: #|}",
    M.STALLED: "{kind:stall}{step:if-step| at #|} since {at:time}{detail:if|: #|}{owner:if| · owner: #|}",
    M.UNHEALTHY: "Not healthy{detail:if|: #|}",
    M.SUPERSEDED: "Superseded{version:if| by #|}: this is no longer what is being rolled out",
    M.DONE: "Done in {seconds:span}",
}

MILESTONE_FACTS: dict[M, frozenset[str]] = {
    M.IMAGE_BUILT: frozenset({"digest", "seconds", "critical", "high"}),  # Counts of a scan, 0 without one.
    M.IMAGE_REUSED: frozenset({"digest", "critical", "high"}),
    M.RELEASED: frozenset({"version", "environment"}),
    M.CANARY_AT: frozenset({"weight"}),
    M.GREEN_READY: frozenset({"version", "running"}),  # `running` may be empty everywhere.
    M.PAUSED: frozenset(),
    M.PAUSED_UNTIL: frozenset({"at"}),
    M.REMINDER: frozenset({"seconds", "people", "role"}),  # Chat ids "U1, U2" or empty; then roles "a, b" or empty.
    M.ADVANCED: frozenset({"by", "weight"}),
    M.PROMOTED: frozenset({"by"}),  # To the end, past the remaining steps.
    M.SWITCHED: frozenset({"by", "version"}),
    M.MOVED_OUTSIDE: frozenset({"change", "at", "detail"}),  # The detail may be empty.
    M.HELD: frozenset({"by"}),
    M.HELD_OUTSIDE: frozenset(),
    M.RESUMED: frozenset({"by"}),
    M.RESUMED_OUTSIDE: frozenset(),
    M.WENT_ON: frozenset({"by"}),
    M.REANALYSED: frozenset({"by"}),
    M.RESTARTED: frozenset({"by"}),
    M.RESTART_FINISHED: frozenset(),
    M.ABORTED: frozenset({"by", "running"}),
    M.ABORTED_OUTSIDE: frozenset({"running"}),
    M.RESTORED: frozenset({"running", "seconds"}),
    M.NOT_RESTORED: frozenset({"running", "detail"}),
    M.ABORTED_BY_ANALYSIS: frozenset(
        {"metric", "value", "needs", "refuses", "measured", "detail", "running"}
    ),  # As the cluster writes them; `metric` may be its words for all of it.
    M.ABORTED_BY_DEADLINE: frozenset({"cause", "detail", "running"}),
    M.INCONCLUSIVE: frozenset({"metric", "value", "needs", "refuses", "measured", "detail"}),
    M.ROLLED_BACK: frozenset({"version", "by", "deployment"}),
    M.CANCELLED: frozenset({"by"}),
    M.FAILED: frozenset({"step", "detail"}),  # `step` is the pipeline's name of it, empty for the rollout.
    M.STALLED: frozenset({"kind", "step", "at", "detail", "owner"}),  # All but kind and at may be empty.
    M.UNHEALTHY: frozenset({"detail"}),
    M.SUPERSEDED: frozenset({"version"}),  # What is rolled out now, or empty.
    M.DONE: frozenset({"seconds"}),
}

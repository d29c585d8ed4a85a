"""The English words of a plan, a template over facts for each line; `words` explains formats, FACTS the needs."""

from commands.core.reasons import PlanCode as P

LINES: dict[P, str] = {
    # Whether it may be done
    P.ALLOWED: "You may deploy it.",
    P.NOT_ALLOWED: (
        "You may not deploy it yourself: that {role:if-anyof|needs the role #|is open to no role};"
        " {roles:if-codes|you have #|you have none}."
    ),
    P.MUST_BE_NAMED: "{environment} is protected: the command has to name it, as `to {environment}`.",
    P.MUST_BE_CONFIRMED: "{environment} is protected: it asks once more before it starts.",
    P.APPROVALS: (
        "It would be refused: {environment} needs {count:plural|# approval|# approvals}{roles:if-anyof| of #|},"
        " which this version of Slipway cannot ask for yet."
    ),
    P.WINDOWS: (
        "It would be refused: {environment} has deploy windows ({windows}), which this version of Slipway"
        " cannot keep yet."
    ),
    P.BUSY: "It would be refused now: #{number} {version} by {by:person} is there, {stage:stage}.",
    P.RECORDS_UNKNOWN: "Whether somebody deploys there now, and how long it takes, is not known: {why}",
    # What would change
    P.FIRST: "Version: {version}; nothing of it runs there yet",
    P.REPLACES: "Version: {running:if|#|one that is not known} → {version}",
    P.RUNS_ALREADY: "Version: {version}, which runs there already",
    P.RUNS_UNFINISHED: "Version: {running:if|#|one that is not known}, whose rollout has not finished → {version}",
    P.RUNS_UNKNOWN: "Version: {version}; what runs there is not known, its cluster does not answer",
    P.VERSION_UNCHECKED: "Whether {version} exists is not known: {system} does not answer.",
    P.IMAGE_BUILT: "Image: {running:if-digest|# → |}{digest:digest}, built already",
    P.IMAGE_NOT_BUILT: "Image: {running:if-digest|# → |}built anew as {image}",
    P.IMAGE_UNKNOWN: "Image: {running:if-digest|# → |}{image}, built unless it is there already",
    P.CHART: "Chart: {path} {ref}, commit {running:if-commit|# → |}{commit:commit}",
    P.CHART_SAME: "Chart: {path} {ref}, commit {commit:commit} as in what runs",
    P.CHART_UNKNOWN: "Chart: {path} {ref}; so the manifest was not compared: {why}",
    P.CHART_MOVED: "It would fail: {ref} is not the commit {pin:commit} that the catalog pins it to.",
    P.STRATEGY_CHANGES: "Strategy: {before} → {after}",
    P.TWO_PHASES: "Two phases: first {running:if|#|what runs} becomes blue as it is, then green comes beside it.",
    P.NO_TWO_PHASES: "It would fail: the rollout {running:if|of #|under way} has to finish or go back before that.",
    P.OUTAGE: "Every old pod stops before the first new one starts: a short outage.",
    P.DURATION: (
        "Duration: about {seconds:span}, pauses included (median of the last {count:plural|one|#} with {strategy})"
    ),
    P.NO_HISTORY: "Duration: not known, no {strategy} has succeeded there yet",
    # The manifest
    P.SAME_MANIFEST: "Manifest: {count:plural|# object|# objects} compared, no difference",
    P.MANIFEST: "Manifest, {count:plural|# object|# objects} compared:",
    P.NOT_COMPARED: "Manifest: not compared: {why}",
    P.NEW_OBJECT: "• {object}: new",
    P.SECRET_OBJECT: "• {object}: not compared, secrets are never read",
    P.UNREAD_OBJECT: "• {object}: not compared: {why}",
    P.FIELD_CHANGED: "• {object}: {path:code} {before:code} → {after:code}",
    P.FIELD_ADDED: "• {object}: {path:code} set to {after:code}",
    P.FIELD_REMOVED: "• {object}: {path:code} removed",
    P.FIELD_HIDDEN: "• {object}: {path:code} changes, not shown because it looks like a secret",
    P.FIELD_TEXT: "• {object}: {path:code} changes, {before} → {after:plural|# line|# lines}",
}

FACTS: dict[P, frozenset[str]] = {
    P.ALLOWED: frozenset(),
    P.NOT_ALLOWED: frozenset({"role", "roles"}),  # "a, b"; either may be empty.
    P.MUST_BE_NAMED: frozenset({"environment"}),
    P.MUST_BE_CONFIRMED: frozenset({"environment"}),
    P.APPROVALS: frozenset({"environment", "count", "roles"}),  # Roles: "a, b", or empty.
    P.WINDOWS: frozenset({"environment", "windows"}),
    P.BUSY: frozenset({"number", "version", "by", "stage"}),
    P.RECORDS_UNKNOWN: frozenset({"why"}),  # A sentence of whoever failed; so everywhere.
    P.FIRST: frozenset({"version"}),
    P.REPLACES: frozenset({"version", "running"}),  # Running may be empty; so everywhere.
    P.RUNS_ALREADY: frozenset({"version"}),
    P.RUNS_UNFINISHED: frozenset({"version", "running"}),
    P.RUNS_UNKNOWN: frozenset({"version"}),
    P.VERSION_UNCHECKED: frozenset({"version", "system"}),
    P.IMAGE_BUILT: frozenset({"digest", "running"}),  # Running: another digest, or empty; so in the next two.
    P.IMAGE_NOT_BUILT: frozenset({"image", "running"}),
    P.IMAGE_UNKNOWN: frozenset({"image", "running"}),
    P.CHART: frozenset({"path", "ref", "commit", "running"}),  # Running: another commit, or empty.
    P.CHART_SAME: frozenset({"path", "ref", "commit"}),
    P.CHART_UNKNOWN: frozenset({"path", "ref", "why"}),
    P.CHART_MOVED: frozenset({"ref", "pin"}),
    P.STRATEGY_CHANGES: frozenset({"before", "after"}),
    P.TWO_PHASES: frozenset({"running"}),
    P.NO_TWO_PHASES: frozenset({"running"}),
    P.OUTAGE: frozenset(),
    P.DURATION: frozenset({"seconds", "count", "strategy"}),
    P.NO_HISTORY: frozenset({"strategy"}),
    P.SAME_MANIFEST: frozenset({"count"}),  # Of the objects that were compared.
    P.MANIFEST: frozenset({"count"}),
    P.NOT_COMPARED: frozenset({"why"}),
    P.NEW_OBJECT: frozenset({"object"}),
    P.SECRET_OBJECT: frozenset({"object"}),
    P.UNREAD_OBJECT: frozenset({"object", "why"}),
    P.FIELD_CHANGED: frozenset({"object", "path", "before", "after"}),
    P.FIELD_ADDED: frozenset({"object", "path", "after"}),
    P.FIELD_REMOVED: frozenset({"object", "path"}),
    P.FIELD_HIDDEN: frozenset({"object", "path"}),
    P.FIELD_TEXT: frozenset({"object", "path", "before", "after"}),  # Numbers of lines.
}

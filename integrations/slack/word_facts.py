"""Which facts the words of a reply need: one entry for each code of `words`.

Held against the words in tests; the gallery gives each fact a value. It knows no words.
"""

from commands.core.reasons import ReasonCode as R

FACTS: dict[R, frozenset[str]] = {
    R.EMPTY: frozenset(),
    R.UNKNOWN_VERB: frozenset({"word", "guess"}),  # A guess may be empty everywhere.
    R.UNKNOWN_WORD: frozenset({"word", "guess"}),
    R.MISSING_APP: frozenset({"verb"}),
    R.MISSING_VERSION: frozenset({"app"}),
    R.MALFORMED_VERSION: frozenset({"word"}),
    R.UNKNOWN_APP: frozenset({"word", "guess"}),
    R.UNKNOWN_VERSION: frozenset({"app", "version", "guess", "silent"}),  # A system that does not answer, or empty.
    R.UNKNOWN_ENVIRONMENT: frozenset({"word", "guess"}),
    R.WRONG_ENVIRONMENT: frozenset({"app", "environment", "environments"}),  # "staging, production" or empty.
    R.ENVIRONMENT_NEEDED: frozenset(
        {"app", "version", "environment"}
    ),  # Version; environment: what it would be, or empty.
    R.STRATEGY_NEEDED: frozenset({"app", "version", "environment"}),
    R.TOO_LONG: frozenset({"count"}),  # The most characters that are allowed.
    R.NOT_LINKED: frozenset({"hint"}),  # The team's own text, or empty; so everywhere.
    R.LINKED_TWICE: frozenset({"hint"}),
    R.ACCOUNT_DISABLED: frozenset({"hint"}),
    R.OUTSIDE_TEAM: frozenset({"hint"}),
    # Roles: "a, b"; `roles` or empty. `people`: chat ids "U1, U2" of some who hold one, or empty.
    R.ROLE_MISSING: frozenset({"action", "app", "environment", "role", "roles", "people"}),
    R.RIGHTS_UNKNOWN: frozenset({"hint"}),
    R.APPROVAL_NEEDED: frozenset({"app", "version", "environment"}),
    R.WINDOW_NEEDED: frozenset({"app", "version", "environment"}),
    R.CONFIRM: frozenset({"app", "version", "environment", "strategy", "running"}),  # `running` may be empty.
    R.CONFIRM_BACK: frozenset({"app", "version", "environment", "strategy", "running"}),
    R.CONFIRM_RESTART: frozenset({"deployment", "app", "version", "environment"}),
    R.RUNS_ALREADY: frozenset({"app", "version", "environment"}),
    R.NO_WAY_BACK: frozenset({"app", "version", "environment"}),  # The version that ran before, or empty.
    R.NEVER_RELEASED: frozenset({"app", "version", "environment"}),
    R.NOTHING_TO_RETRY: frozenset({"app", "environment"}),
    R.TAKEN_OVER: frozenset({"app", "version", "environment", "deployment"}),  # Of what was begun since.
    R.NO_LINKS: frozenset({"deployment", "app", "version", "environment", "cluster"}),
    R.NO_LOG: frozenset({"deployment", "app", "version", "environment"}),
    R.BUSY: frozenset({"app", "environment", "holder_number", "holder_version", "by", "holder_stage"}),
    R.REPEATED: frozenset({"deployment", "app", "version", "environment"}),
    R.NOTHING_IN_MOTION: frozenset({"app", "environment"}),
    R.NOT_WAITING: frozenset({"deployment", "app", "version", "environment"}),
    R.STILL_BUILDING: frozenset({"deployment", "app", "version", "environment"}),
    R.STILL_RELEASING: frozenset({"deployment", "app", "version", "environment"}),
    R.SETTLING: frozenset({"deployment", "app", "version", "environment"}),
    R.ARRIVING: frozenset({"deployment", "app", "version", "environment"}),
    R.GOING_BACK: frozenset({"deployment", "app", "version", "environment"}),
    R.GOING_FULL: frozenset({"deployment", "app", "version", "environment"}),
    R.LAST_STEP: frozenset({"deployment", "app", "version", "environment"}),
    R.NO_STEPS: frozenset({"deployment", "app", "version", "environment"}),
    R.UNDECIDED: frozenset({"deployment", "app", "version", "environment"}),
    R.HELD_BETWEEN: frozenset({"deployment", "app", "version", "environment"}),
    R.NOT_HELD: frozenset({"deployment", "app", "version", "environment"}),
    R.ALREADY_HELD: frozenset({"deployment", "app", "version", "environment", "by"}),  # `by` is empty for outside.
    R.CANNOT_HOLD: frozenset({"deployment", "app", "environment"}),
    R.RESTARTING: frozenset({"deployment", "app", "environment"}),
    R.NOTHING_TO_ABORT: frozenset({"app", "environment"}),
    R.NOTHING_TO_RESTART: frozenset({"app", "environment"}),
    R.ALREADY_DONE: frozenset({"action", "by", "ago"}),  # `ago`: seconds as a number, or a text like "3 s".
    R.ALREADY_FINISHED: frozenset({"deployment", "app", "version", "environment"}),
    R.STALE: frozenset(),
    R.CHANGED_OUTSIDE: frozenset({"app", "environment"}),
    R.NOT_REVERSIBLE: frozenset({"deployment", "app", "version", "environment"}),
    R.VERSIONS_UNKNOWN: frozenset({"app", "system"}),
    R.CLUSTER_UNREACHABLE: frozenset({"app", "environment"}),
    R.OVERLOADED: frozenset(),
    R.INTERNAL: frozenset({"error"}),
    R.STARTED: frozenset(
        {"deployment", "app", "version", "environment", "strategy", "link"}
    ),  # A channel id, or empty.
    R.REQUESTED: frozenset({"action", "app", "environment", "deployment"}),
    R.PLAN: frozenset({"app", "version", "environment", "strategy"}),
    R.STATUS: frozenset({"app", "page", "pages"}),  # Numbers of pages: 0 where there is only one; so everywhere.
    R.FLEET: frozenset({"environment", "count", "moving", "unwell", "page", "pages"}),  # Environment may be empty.
    R.MOTION: frozenset({"count", "page", "pages"}),
    # Environment may be empty; count: at least; back: the line that goes back to one of them, or empty.
    R.HISTORY: frozenset({"app", "environment", "count", "page", "back"}),
    R.DETAILS: frozenset({"deployment"}),
    R.LINKS: frozenset({"deployment", "app", "version", "environment"}),
    R.COMMAND: frozenset({"deployment", "app", "version", "environment"}),
    # The step that wrote it, or empty for an app's pod; `is_kept`: "yes" where the cluster has it no more, or empty.
    R.LOG: frozenset({"deployment", "app", "version", "environment", "step", "is_kept"}),
    R.HELP: frozenset({"verb"}),  # Empty for the overview.
}

"""Makes docs/failures.md: every cause of a failure, who can mend it, what to do, and where it was recorded."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Final

from commands.core.failure import Cause as ClusterCause
from commands.core.owners import OF_THE_APP
from integrations.slack.phrases import label
from integrations.slack.remedies import REMEDIES
from steps.outcome import EXIT_CODES, Cause

STEP_CASES: Final[Mapping[str, tuple[str, ...]]] = {
    "artifact-not-found": ("artifact-missing",),
    "base-image-not-found": ("base-missing",),
    "chart-moved": ("chart-moved",),
    "chart-not-found": ("chart-ref-missing",),
    "checksum-mismatch": ("checksum-wrong",),
    "deadline-exceeded": ("deadline",),
    "disk-full": ("disk-full",),
    "pod-evicted": ("evicted",),
    "credentials-refused": ("gitea-401", "nexus-401", "registry-401"),
    "access-denied": ("gitea-403", "nexus-403"),
    "image-conflict": ("image-conflict",),
    "step-image-pull": ("image-pull",),
    "immutable-field": ("immutable-field",),
    "kind-unknown": ("kind-unknown",),
    "manifest-refused": ("manifest-refused",),
    "name-taken": ("name-taken",),
    "unreachable": ("nexus-unreachable",),
    "out-of-memory": ("out-of-memory",),
    "pod-deleted": ("pod-deleted",),
    "quota-exceeded": ("pods-quota", "rollouts-quota"),
    "webhook-refused": ("policy-refused", "webhook-silent"),
    "rbac-refused": ("rbac-refused",),
    "server-failed": ("registry-500",),
    "cancelled": ("stopped", "terminated"),
    "too-large": ("too-large",),
    "unschedulable": ("unschedulable",),
    "chart-values": ("values-contradict", "values-refused"),
    "bad-arguments": ("argument-unknown",),
    "bad-settings": ("settings-wrong",),
    "builds-not-allowed": ("builds-refused",),
    "image-not-found": ("image-gone",),
    "source-not-found": ("source-missing",),
    "source-unusable": ("source-linked",),
    "containerfile-failed": ("containerfile-fails",),
    "image-runs-as-root": ("image-of-root",),
    "namespace-not-found": ("namespace-missing",),
    "chart-unusable": ("chart-broken",),
    "artifact-unreadable": ("artifact-torn",),
    "checksum-missing": ("checksum-none",),
    "release-failed": ("hook-fails",),
    "release-pending": ("release-pending",),
    "timeout": ("hook-endless",),
    "unexpected-answer": ("gitea-login-page", "nexus-login-page"),
}
"""By cause: the recorded pipelines (tests/data/failures) that ended with it."""
ROLLOUT_CASES: Final[Mapping[str, tuple[str, ...]]] = {
    "app-out-of-memory": ("canary-out-of-memory",),
    "crash-loop": (
        *("canary-crashloop", "canary-crashloop-deadline-abort", "canary-crashloop-first-deploy"),
        "canary-init-failing",
    ),
    "cannot-start": ("canary-cannot-start",),
    "config-error": ("canary-config-error",),
    "app-image-pull": ("canary-image-never-pull", "canary-image-pull-failure"),
    "app-unschedulable": ("canary-unschedulable",),
    "probe-failing": ("canary-late-ready", "canary-probe-failure", "canary-readiness-gate"),
    "app-quota": ("canary-quota",),
    "pods-refused": ("canary-pods-refused",),
    "invalid-spec": ("invalid-spec",),
    "analysis-failed": (
        *("canary-analysis-failed", "canary-analysis-job-failed", "canary-background-analysis-failed"),
        *("bluegreen-prepromotion-analysis-failed", "bluegreen-postpromotion-analysis-failed"),
    ),
    "analysis-error": ("canary-analysis-error",),
    "progress-deadline": ("canary-crashloop-deadline-abort", "canary-late-ready"),
}
"""By cause: the recorded rollouts (tests/data/recordings) in which it shows."""
NOT_RECORDED: Final[Mapping[str, str]] = {"unexpected": "it is a fault that nobody knows of"}
"""By cause: why there is no recording of it."""

HEAD: Final = """# What can fail, and what to do

Every cause that a failed card can name, made by `make docs`. The owner is the step's (`steps` in the catalog) or the
app's (`owners`); what to do is the line on the card. A step ends with the exit code; only 75 is tried again by itself.
The recorded cases lie in tests/data/failures and tests/data/recordings; tests replay them up to the card.

"""


def page() -> str:
    """Make the page."""
    return HEAD + "\n".join(chain(_steps(), _cluster(), _apps())) + "\n"


def _steps() -> Iterator[str]:
    yield "## Said by a step\n"
    yield "| cause | exit code | owner | what to do | recorded |"
    yield "|---|---|---|---|---|"
    for cause in Cause:
        if cause.value not in _OF_CLUSTER:
            yield _row(cause.value, str(EXIT_CODES[cause]))
    yield ""


def _cluster() -> Iterator[str]:
    yield "## Said by the cluster of a step\n"
    yield from _table(cause.value for cause in ClusterCause if cause.value not in _OF_APPS)


def _apps() -> Iterator[str]:
    yield "## Said of a rollout\n"
    yield from _table(cause.value for cause in ClusterCause if cause.value in _OF_APPS)


def _table(causes: Iterable[str]) -> Iterator[str]:
    yield "| cause | owner | what to do | recorded |"
    yield "|---|---|---|---|"
    for cause in causes:
        yield _row(cause)
    yield ""


def _row(cause: str, *more: str) -> str:
    owner = "app" if cause in OF_THE_APP or cause in _OF_APPS else "step"
    remedy = label(REMEDIES[cause], app="shop", version="v1.2", environment="production")
    cases = (*STEP_CASES.get(cause, ()), *ROLLOUT_CASES.get(cause, ()))
    recorded = ", ".join(cases) if cases else f"no: {NOT_RECORDED[cause]}"
    cells = (f"`{cause}`", *more, owner, remedy, recorded)
    return f"| {' | '.join(cells)} |"


_OF_APPS: Final = frozenset(ROLLOUT_CASES)
_OF_CLUSTER: Final = frozenset(cause.value for cause in ClusterCause)

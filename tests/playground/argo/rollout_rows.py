"""What of a Rollout's events two runs are compared by: rows of meaning, and counts apart from them."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from tests.playground.argo.letters import Letters
from tests.recordings import Obj


class Row(NamedTuple):
    """One state of a Rollout, without counts and times."""

    phase: str | None
    message: str
    generation: str
    step: int | None
    current: str | None
    stable: str | None
    pauses: tuple[str, ...]
    controller_pause: bool
    abort: bool
    promote_full: bool
    active: str | None
    preview: str | None
    analyses: tuple[str, ...]


Counts = tuple[int, int, int, int]
Sizes = tuple[int, int, int]
Condition = tuple[str, str, str]


def row(rollout: Obj, letters: Letters) -> Row:
    status, meta = rollout.get("status") or {}, rollout["metadata"]
    switch: Obj = status.get("blueGreen") or {}
    current = letters.name(status.get("currentPodHash"))
    return Row(
        phase=status.get("phase"),
        message=letters.text(status.get("message", "")),
        generation=f"{meta['generation']}/{status.get('observedGeneration', '-')}",
        step=status.get("currentStepIndex"),
        current=current,
        stable=letters.name(status.get("stableRS")),
        pauses=tuple(pause["reason"] for pause in status.get("pauseConditions") or ()),
        controller_pause=bool(status.get("controllerPause")),
        abort=bool(status.get("abort")),
        promote_full=bool(status.get("promoteFull")),
        active=letters.name(switch.get("activeSelector")),
        preview=letters.name(switch.get("previewSelector")),
        analyses=tuple(_analyses(status, letters)),
    )


def _analyses(status: Obj, letters: Letters) -> Iterator[str]:
    """Each analysis that the status speaks of, as `role run: phase message`."""
    for part in ("canary", "blueGreen"):
        for key, told in sorted((status.get(part) or {}).items()):
            if key.endswith("AnalysisRunStatus") and told:
                role = key.removesuffix("AnalysisRunStatus")
                yield f"{role} {letters.text(told['name'])}: {told['status']} {told.get('message', '')}".strip()


class AnalysisRow(NamedTuple):
    """One state of an AnalysisRun, without times: of each metric its phase and its counts."""

    phase: str
    message: str
    role: str
    metrics: tuple[tuple[Any, ...], ...]


def analysis_row(run: Obj) -> AnalysisRow:
    status = run.get("status") or {}
    counted = ("phase", "count", "successful", "failed", "inconclusive", "error", "consecutiveError")
    return AnalysisRow(
        phase=status.get("phase", ""),
        message=status.get("message", ""),
        role=run["metadata"]["labels"]["rollout-type"],
        metrics=tuple(
            (result["name"], *(result.get(key) for key in counted)) for result in status.get("metricResults") or ()
        ),
    )


def counts(rollout: Obj) -> Counts:
    status = rollout.get("status") or {}
    replicas, updated, ready, available = (
        int(status.get(key, 0)) for key in ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas")
    )
    return replicas, updated, ready, available


def conditions(rollout: Obj) -> frozenset[Condition]:
    entries = (rollout.get("status") or {}).get("conditions") or ()
    return frozenset((entry["type"], entry["status"], entry["reason"]) for entry in entries)


def unique(replica_set: Obj) -> str:
    return str(replica_set["metadata"]["labels"]["rollouts-pod-template-hash"])


def sizes(replica_set: Obj) -> Sizes:
    """What a ReplicaSet is told to have, has, and has available."""
    status = replica_set.get("status") or {}
    return int(replica_set["spec"]["replicas"]), int(status.get("replicas", 0)), int(status.get("availableReplicas", 0))


def without_repeats(rows: list[Any]) -> list[Any]:
    return [entry for index, entry in enumerate(rows) if index == 0 or rows[index - 1] != entry]

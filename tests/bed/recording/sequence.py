"""What two recordings of a scenario are compared by: the order of each object's states, no times, no counts on the way.

Used by the command; the rows are those by which the playground's controllers are held to the recordings.
"""

import re
from pathlib import Path
from typing import Any, Final

from tests.playground.argo.letters import Letters
from tests.playground.argo.rollout_rows import analysis_row, conditions, counts, row, sizes, unique, without_repeats
from tests.playground.argo.workflow_rows import row as workflow_row
from tests.recordings import Obj, load

Sequence = dict[str, list[Any]]
"""The states of each object in their order, and the requests with their answers' codes."""

_NAMESPACE: Final = re.compile(r"\b(?:argo|rec-[a-z-]+)/(?=Mutex|web\b)")


def sequence_of(name: str, folder: Path) -> Sequence:
    """Read a recording as far as it is to be the same in each run."""
    letters, found, last = Letters(), _Found(), {}
    for line in load(name, folder):
        if "act" in line:
            found.add("requests", _request(line["act"], letters))
        elif "object" in line:
            kind, obj = line["kind"], line["object"]
            last[kind, obj["metadata"]["name"]] = obj
            found.take(kind, line["type"], obj, letters)
    for (kind, _), obj in last.items():
        if kind == "rollouts":
            found.add("the Rollout in the end", (counts(obj), sorted(conditions(obj))))
        elif kind == "replicasets":
            found.add(f"ReplicaSet {letters.name(unique(obj))} in the end", sizes(obj))
    return {key: without_repeats(states) for key, states in found.states.items()}


def differences(before: Sequence, now: Sequence) -> list[str]:
    """One line per object whose states are not the same: the first that differs."""
    told = []
    for key in sorted({*before, *now}):
        old, new = before.get(key, []), now.get(key, [])
        if old != new:
            at = next((i for i, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
            was, is_ = (str(states[at]) if at < len(states) else "nothing" for states in (old, new))
            told.append(f"{key}, state {at + 1} of {len(new)} (before {len(old)}): was {was}, is {is_}")
    return told


class _Found:
    def __init__(self) -> None:
        self.states: Sequence = {}

    def add(self, key: str, state: Any) -> None:
        self.states.setdefault(key, []).append(state)

    def take(self, kind: str, event: str, obj: Obj, letters: Letters) -> None:
        """Sort an event in; pods, Services and the events of Kubernetes are kept but not compared."""
        name = obj["metadata"]["name"]
        if kind == "rollouts":
            self.add("the Rollout", event if event == "DELETED" else row(obj, letters))
        elif kind == "analysisruns":
            self.add(f"AnalysisRun {letters.text(name)}", analysis_row(obj))
        elif kind == "workflows":
            self._take_workflow(name, obj)

    def _take_workflow(self, name: str, workflow: Obj) -> None:
        """Node by node: which of two pods that start together runs first is chance."""
        state = workflow_row(workflow)
        head = state._replace(nodes=(), message=_NAMESPACE.sub("", state.message))
        self.add(f"Workflow {name}", head)
        for node in state.nodes:
            self.add(f"node {node.name}", node)


def _request(act: Obj, letters: Letters) -> tuple[str, str, int]:
    path = act["path"].split("/namespaces/")[1].partition("/")[2].split("?")[0]
    return act["method"], re.sub(r"^pods/.*", "pods", letters.text(path)), act["code"]

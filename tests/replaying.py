"""Recordings of the real controllers, replayed event by event through the product: from the objects to the card.

Every release of a recording (every new template) is a deployment of its own, whose row follows what is seen as the
bot's would; the recorder's own acts come from outside, as kubectl's do.
"""

import copy
import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TypeVar

from commands.core.card import Card, draw
from commands.core.lifecycle import step
from commands.core.model import Deployment, Stage
from commands.core.moves import ReadPodLog, Seen
from commands.core.observed import RolloutSnapshot
from commands.core.reasons import Milestone
from integrations.kubernetes.analyses import RunView, project_run
from integrations.kubernetes.pods import PodView, project_pod
from integrations.kubernetes.rollouts import ReplicaSetView, project_replica_set, project_rollout, snapshot_of
from tests.make import deployment
from tests.recordings import Obj, load, names, with_env

ROLLOUTS = [name for name in names() if not name.startswith("workflow-")]
LOG = ("starting", "boom")
View = TypeVar("View")


@dataclass
class Cluster:
    """What exists at one moment of a recording; `template` counts the releases so far."""

    rollout: Obj | None = None
    sets: dict[str, ReplicaSetView] = field(default_factory=dict)
    raw_sets: dict[str, Obj] = field(default_factory=dict)
    pods: dict[str, PodView] = field(default_factory=dict)
    runs: dict[str, RunView] = field(default_factory=dict)
    template: int = 0
    _newest: str = ""

    def take(self, kind: str, change: str, obj: Obj) -> bool:
        """Take an event in; say whether it is of a kind that is watched."""
        name, is_gone = obj["metadata"]["name"], change == "DELETED"
        match kind:
            case "rollouts":
                self.rollout = None if is_gone else self._numbered(obj)
            case "replicasets":
                obj = with_env(obj, self.rollout)
                self.raw_sets.pop(name, None)
                self.raw_sets |= {} if is_gone else {name: obj}
                _put(self.sets, name, None if is_gone else project_replica_set(obj))
            case "pods":
                _put(self.pods, name, None if is_gone else project_pod(obj))
            case "analysisruns":
                _put(self.runs, name, None if is_gone else project_run(obj))
            case _:
                return False
        return True

    def _numbered(self, obj: Obj) -> Obj:
        """Label the Rollout with the number of its deployment, which comes with its template in one request."""
        # What the controller's own types print for nothing is no other release (facts, surprise 1).
        template = json.dumps([each.get("image") for each in obj["spec"]["template"]["spec"]["containers"]])
        template += json.dumps([each.get("env") for each in obj["spec"]["template"]["spec"]["containers"]])
        if template != self._newest:
            self.template, self._newest = self.template + 1, template
        labelled = copy.deepcopy(obj)
        labelled["metadata"]["labels"] = {"slipway/deployment": str(self.template)}
        return labelled

    @property
    def snapshot(self) -> RolloutSnapshot | None:
        if self.rollout is None:
            return None
        return snapshot_of(
            project_rollout(self.rollout), self.sets.values(), pods=self.pods.values(), runs=list(self.runs.values())
        )


def _put(kept: dict[str, View], name: str, view: View | None) -> None:
    kept.pop(name, None)
    if view is not None:
        kept[name] = view


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One event of a recording: the Rollout as it was written, what is seen of it, and the row and card after it.

    `fresh` is the card of somebody who looks for the first time; `said` are the lines that this event brings.
    """

    t: float
    rollout: Obj | None
    sets: dict[str, Obj]
    seen: RolloutSnapshot | None
    row: Deployment
    card: Card
    fresh: Card
    said: tuple[Milestone, ...]


def replay(name: str) -> Iterator[Moment]:
    """Yield every moment of a recording that the product hears of."""
    cluster, row, heard = Cluster(), _row(0), set[str]()
    began: datetime | None = None
    for line in load(name):
        if "object" not in line or not cluster.take(line["kind"], line["type"], line["object"]):
            continue
        if began is None:
            began = datetime.fromisoformat(line["object"]["metadata"]["creationTimestamp"])
        if cluster.template == 0:
            continue  # What is measured later is made before the Rollout.
        if cluster.template != row.number:
            if row.number and not row.stage.is_terminal:
                yield _moment(line["t"], cluster, *_moved(row, cluster, began, line["t"], heard))
            row, heard = _row(cluster.template), set()
        row, said = _moved(row, cluster, began, line["t"], heard)
        yield _moment(line["t"], cluster, row, said)


def _row(number: int) -> Deployment:
    return deployment(id=f"d{number}", number=number, stage=Stage.ROLLING_OUT, way_back=None)


def _moved(
    row: Deployment, cluster: Cluster, began: datetime, t: float, heard: set[str]
) -> tuple[Deployment, tuple[Milestone, ...]]:
    """Let the row follow as `flow.advance` does, and leave out the lines that were said already."""
    now = began + timedelta(seconds=t)
    row = replace(row, created_at=min(row.created_at, now) if heard else now)
    move = step(row, seen=Seen(rollout=cluster.snapshot), acts=(), now=now)
    said = move.milestones
    if any(isinstance(effect, ReadPodLog) for effect in move.effects):
        move = step(move.deployment, seen=Seen(rollout=cluster.snapshot, pod_log=LOG), acts=(), now=now)
        said += move.milestones
    new = {each.key: each for each in reversed(said) if each.key not in heard}
    heard.update(new)
    return move.deployment, tuple(reversed(new.values()))


def _moment(t: float, cluster: Cluster, row: Deployment, said: tuple[Milestone, ...]) -> Moment:
    first_look = replace(_row(cluster.template), rollout=cluster.snapshot)
    return Moment(
        t=t,
        rollout=cluster.rollout,
        sets=dict(cluster.raw_sets),
        seen=cluster.snapshot,
        row=row,
        card=draw(row, ()),
        fresh=draw(first_look, ()),
        said=said,
    )

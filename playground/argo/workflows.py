"""The Workflows controller: resolves, locks, starts steps as tasks, and writes the tree of nodes into the status.

Started by cluster.Controllers. What follows from what is workflow_tree's; what a step does is steps'.
"""

import asyncio
from typing import TYPE_CHECKING, Final

from playground.argo.depends import DONE
from playground.argo.locks import Locks
from playground.argo.names import Obj, dig, owned_by, owner_key, timestamp
from playground.argo.replica_sets import NODE
from playground.argo.runner import Key, Runner
from playground.argo.step_runs import StepRuns
from playground.argo.workflow_nodes import Start
from playground.argo.workflow_pods import GROUP, new_pod
from playground.argo.workflow_progress import progress
from playground.argo.workflow_spec import Refused, mutexes, resolve
from playground.argo.workflow_tree import Tree

if TYPE_CHECKING:
    from collections.abc import Callable

    from playground.kubernetes.store import Store, WatchEvent
    from playground.pace import Pace

ENDED: Final = frozenset({"Succeeded", "Failed", "Error"})


class WorkflowsController:
    """Runs every Workflow of the store."""

    def __init__(self, store: "Store", pace: "Pace", runs: StepRuns) -> None:
        self._store = store
        self._pace = pace
        self._runs = runs
        self._runner = Runner(self._pass, pace)
        self._locks = Locks()
        self._clocks: dict[tuple[str, str], float] = {}
        self._wakes: list[float] = []
        self._unsubscribe: Callable[[], None] | None = None

    async def start(self) -> None:
        self._runner.start()
        self._unsubscribe = self._store.subscribe(self._heard)
        for workflow in self._store.list("Workflow"):
            self._runner.add(_key(workflow))

    async def stop(self) -> None:
        if self._unsubscribe:
            self._unsubscribe()
            self._unsubscribe = None
        self._runner.stop()
        await self._runs.stop()

    def _heard(self, event: "WatchEvent") -> None:
        if event.object["kind"] == "Workflow":
            self._runner.add(_key(event.object))
            if event.type == "DELETED":
                uid = event.object["metadata"]["uid"]
                self._clocks = {mark: began for mark, began in self._clocks.items() if mark[0] != uid}
        elif event.object["kind"] == "Pod" and (key := owner_key(event.object, "Workflow")):
            if event.type == "DELETED":
                self._runs.forget(event.object)
            self._runner.add(key)

    def _pass(self, key: Key) -> None:
        self._wakes = []
        self._look(key)
        self._runner.wake(key, min(self._wakes, default=None))

    def _look(self, key: Key) -> None:
        workflow = self._store.get("Workflow", *key)
        phase = dig(workflow, "status", "phase")
        if workflow is None or phase in ENDED:
            self._free(key)
            self._after_end(key, workflow)
            return
        stored = dig(workflow, "status", "storedWorkflowTemplateSpec")
        spec = self._stored(workflow, stored) if stored else resolve(workflow, self._template(workflow))
        if isinstance(spec, Refused):
            self._end(workflow, spec.phase, spec.message)
        elif phase in {None, "", "Pending"} and not self._begin(workflow, spec):
            return
        else:
            self._run(workflow, spec)

    def _template(self, workflow: Obj) -> Obj | None:
        reference = dig(workflow, "spec", "workflowTemplateRef") or {}
        name = reference.get("name")
        if name and reference.get("clusterScope"):
            return self._store.get("ClusterWorkflowTemplate", "", name)
        return self._store.get("WorkflowTemplate", _key(workflow)[0], name) if name else None

    def _stored(self, workflow: Obj, stored: Obj) -> Obj:
        """The spec as it was resolved, with what people may change while it runs."""
        return {**stored, **{key: workflow["spec"].get(key) for key in ("shutdown", "suspend")}}

    # Times

    def _left(self, workflow: Obj, what: str, seconds: float) -> float:
        """Stand-in seconds left of a time that began when this was first asked; there is a pass at its end."""
        now = asyncio.get_running_loop().time()
        began = self._clocks.setdefault((workflow["metadata"]["uid"], what), now)
        left = seconds - (now - began) * self._pace.speed
        if left > 0:
            self._wakes.append(left)
        return left

    def _is_late(self, workflow: Obj, spec: Obj) -> bool:
        seconds = spec.get("activeDeadlineSeconds")
        return seconds is not None and self._left(workflow, "deadline", float(seconds)) <= 0

    def _after_end(self, key: Key, workflow: Obj | None) -> None:
        """Remove a workflow whose time to live is over."""
        phase = str(dig(workflow, "status", "phase") or "")
        strategy = dig(workflow, "status", "storedWorkflowTemplateSpec", "ttlStrategy")
        strategy = strategy or dig(workflow, "spec", "ttlStrategy") or {}
        own = "secondsAfterSuccess" if phase == "Succeeded" else "secondsAfterFailure"
        seconds = strategy.get(own, strategy.get("secondsAfterCompletion"))
        if workflow is None or seconds is None:
            return
        if self._left(workflow, "ttl", float(seconds)) <= 0:
            self._store.delete("Workflow", *key)

    def _tree(self, workflow: Obj, spec: Obj, pods: dict[str, Obj]) -> Tree:
        def left(what: str, seconds: float) -> float:
            return self._left(workflow, what, seconds)

        late = self._is_late(workflow, spec)
        return Tree(workflow, spec, pods, self._runs.outputs(pods), self._pace.now(), left, late=late)

    # Before the first step

    def _begin(self, workflow: Obj, spec: Obj) -> bool:
        """Take the locks. False while waiting for one; a stop of a waiting workflow shows when its turn comes."""
        held = self._locks.take(mutexes(workflow, spec), _key(workflow))
        if held is None:
            return True
        if spec.get("shutdown") == "Terminate":
            self._terminate_waiting(workflow, spec)
        elif not dig(workflow, "status", "phase"):
            name, holder = held
            waiting = [{"holder": "/".join(holder), "mutex": name}]
            status = self._status(workflow, "Pending", f"Waiting for {name} lock. Lock status: 0/1")
            status |= {"progress": "0/0", "startedAt": None, "synchronization": {"mutex": {"waiting": waiting}}}
            self._write(workflow, status)
        return False

    def _terminate_waiting(self, workflow: Obj, spec: Obj) -> None:
        """Recorded: the controller trips over itself here, and the workflow ends Succeeded with a Failed root."""
        tree = self._tree(workflow, spec, {})
        tree.run()
        status = self._status(workflow, "Succeeded", "")
        self._write(workflow, status | {"nodes": tree.nodes, "progress": progress(list(tree.nodes.values()))})

    # While it runs

    def _run(self, workflow: Obj, spec: Obj) -> None:
        pods = self._pods(workflow)
        tree = self._tree(workflow, spec, pods)
        tree.run()
        for node in tree.stops:
            self._runs.kill(pods.get(node))
        status = self._status(workflow, "Running", "")
        status |= {"nodes": tree.nodes, "progress": progress(list(tree.nodes.values())), "finishedAt": None}
        self._hold(workflow, spec, status)
        # A shutdown of running steps is written in two, as recorded: first the nodes, then the end.
        if tree.ended and not tree.ends_running:
            status |= {"phase": tree.root["phase"], "finishedAt": timestamp(self._pace.now())}
            if tree.shutdown:
                status["message"] = f"Stopped with strategy '{tree.shutdown}'"
        status["conditions"] = self._conditions(tree, ended=status["phase"] in ENDED)
        if "workflowTemplateRef" in workflow["spec"]:
            status["storedWorkflowTemplateSpec"] = {
                key: spec[key] for key in spec if key not in {"shutdown", "suspend"}
            }
        self._write(workflow, status)
        for start in tree.starts:
            self._start(workflow, start)
        self._label_pods(workflow, tree)

    def _hold(self, workflow: Obj, spec: Obj, status: Obj) -> None:
        if names := mutexes(workflow, spec):
            holding = [{"holder": "/".join(_key(workflow)), "mutex": name} for name in names]
            mutex = {**(dig(status, "synchronization", "mutex") or {}), "holding": holding}
            status["synchronization"] = {"mutex": mutex}

    def _pods(self, workflow: Obj) -> dict[str, Obj]:
        label = {f"{GROUP}/workflow": workflow["metadata"]["name"]}
        pods = self._store.list("Pod", workflow["metadata"]["namespace"], label)
        return {pod["metadata"]["annotations"][f"{GROUP}/node-id"]: pod for pod in pods if owned_by(pod, workflow)}

    def _start(self, workflow: Obj, start: Start) -> None:
        pod = self._store.create(new_pod(workflow, start, NODE))
        self._runs.start(workflow, start, pod)

    def _label_pods(self, workflow: Obj, tree: Tree) -> None:
        label = {"metadata": {"labels": {f"{GROUP}/completed": "true"}}}
        for node, pod in self._pods(workflow).items():
            if tree.nodes.get(node, {}).get("phase") in DONE:
                self._store.merge_patch("Pod", *_key(pod), label)

    def _conditions(self, tree: Tree, *, ended: bool) -> list[Obj]:
        running = any(node["type"] == "Pod" and node["phase"] == "Running" for node in tree.nodes.values())
        told = [{"status": str(running), "type": "PodRunning"}]
        return [*told, {"status": "True", "type": "Completed"}] if ended else told

    # Writing

    def _status(self, workflow: Obj, phase: str, message: str) -> Obj:
        now = timestamp(self._pace.now())
        status: Obj = {**(workflow.get("status") or {}), "phase": phase, "message": message, "finishedAt": None}
        status["startedAt"] = status.get("startedAt") or now
        if phase in ENDED:
            status |= {"finishedAt": now, "conditions": [{"status": "True", "type": "Completed"}]}
        return status

    def _end(self, workflow: Obj, phase: str, message: str) -> None:
        self._write(workflow, self._status(workflow, phase, message) | {"progress": "0/0"})

    def _write(self, workflow: Obj, status: Obj) -> None:
        """Write status and labels together, as the real controller does; an empty message is left out."""
        if not status.get("message"):
            status.pop("message", None)
        ended = status["phase"] in ENDED
        if ended:
            status.pop("synchronization", None)
        meta = workflow["metadata"]
        labels = {f"{GROUP}/phase": status["phase"], f"{GROUP}/completed": str(ended).lower()}
        meta["labels"] = {**(meta.get("labels") or {}), **labels}
        if status.get("nodes"):
            meta["annotations"] = {**(meta.get("annotations") or {}), f"{GROUP}/pod-name-format": "v2"}
        self._store.replace({**workflow, "metadata": meta, "status": status})
        if ended:
            self._free(_key(workflow))

    def _free(self, key: Key) -> None:
        for waiting in self._locks.free(key):
            self._runner.add(waiting)


def _key(obj: Obj) -> Key:
    return obj["metadata"]["namespace"], obj["metadata"]["name"]

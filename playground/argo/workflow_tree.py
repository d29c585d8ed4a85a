"""One pass over a running workflow's nodes: what its pods tell, which steps start, end or are left out. Pure.

Called by workflows. A workflow is one container or a DAG of containers; id of the root node is the workflow's name.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from playground.argo.depends import DONE, is_due, is_met, parents
from playground.argo.names import Obj, dig, fnv32a, timestamp
from playground.argo.workflow_spec import fill, find_template, inputs_of, workflow_values

BAD: Final = frozenset({"Failed", "Error"})
KILLED: Final = 143


@dataclass(frozen=True, slots=True)
class Start:
    """A step to start."""

    node_id: str
    node_name: str
    pod: str
    template: Obj
    parameters: Mapping[str, str]


def node_id(workflow: str, name: str) -> str:
    return name if name == workflow else f"{workflow}-{fnv32a(name)}"


def pod_name(workflow: str, name: str, template: str) -> str:
    return name if name == workflow else f"{workflow}-{template}-{fnv32a(name)}"


@dataclass
class Tree:
    """The nodes of one workflow. `pods` are by node id, `outputs` what steps have written as parameters."""

    workflow: Obj
    spec: Obj
    pods: Mapping[str, Obj]
    outputs: Mapping[str, Mapping[str, str]]
    now: datetime
    nodes: dict[str, Obj] = field(default_factory=dict)
    starts: list[Start] = field(default_factory=list)
    stops: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.name: str = self.workflow["metadata"]["name"]
        known = dig(self.workflow, "status", "nodes") or {}
        self.nodes = {key: dict(node) for key, node in known.items()}
        self.shutdown: str | None = self.spec.get("shutdown") or None

    @property
    def root(self) -> Obj:
        return self.nodes[self.name]

    @property
    def ended(self) -> bool:
        return self.root["phase"] in DONE and all(node["phase"] in DONE for node in self.nodes.values())

    def run(self) -> None:
        for key, node in self.nodes.items():
            if node["type"] == "Pod" and node["phase"] not in DONE:
                self._follow(key, node)
        template = find_template(self.spec, self.spec["entrypoint"]) or {}
        if "dag" in template:
            self._dag(template)
        elif self.name not in self.nodes:
            self._step(self.name, self.name, template, None, hooked=False)
        self._exit()
        self._progress()

    # Pods tell of their steps

    def _follow(self, key: str, node: Obj) -> None:
        pod = self.pods.get(key)
        # A shutdown ends what runs; the exit handler of a stopped workflow still may.
        if self.shutdown and not node.get("nodeFlag"):
            self.stops.append(key)
            self._finish(node, "Failed", f"workflow shutdown with strategy:  {self.shutdown}")
            return
        phase = "Failed" if pod is None else dig(pod, "status", "phase")
        if phase in {"Succeeded", "Failed"}:
            self._take_result(key, node, KILLED if pod is None else exit_code(pod))
            return
        node["phase"], node["hostNodeName"] = phase, "playground"
        _set(node, "message", waiting_reason(pod))

    def _take_result(self, key: str, node: Obj, code: int) -> None:
        template = find_template(self.spec, node["templateName"]) or {}
        written, outputs = self.outputs.get(key, {}), {"exitCode": str(code)}
        declared = [entry for entry in dig(template, "outputs", "parameters") or () if entry["name"] in written]
        values = [{**entry, "value": written[entry["name"]]} for entry in declared]
        node["outputs"] = outputs | ({"parameters": values} if values else {})
        message = f"main: Error (exit code {code})" if code else ""
        self._finish(node, "Failed" if code else "Succeeded", message)

    def _finish(self, node: Obj, phase: str, message: str = "") -> None:
        node["phase"], node["finishedAt"] = phase, timestamp(self.now)
        _set(node, "message", message)

    # The graph

    def _dag(self, template: Obj) -> None:
        tasks: list[Obj] = template["dag"]["tasks"]
        if self.name not in self.nodes:
            self.nodes[self.name] = self._node(self.name, self.name, "DAG", template["name"]) | {"phase": "Running"}
        if self.root["phase"] in DONE:
            return
        while any(self._consider(task, self._phases(tasks)) for task in tasks):
            pass
        self._link(tasks)
        self._conclude(tasks, template)

    def _task(self, task: Obj) -> Obj | None:
        return self.nodes.get(self._task_id(task["name"]))

    def _task_id(self, name: str) -> str:
        return node_id(self.name, f"{self.name}.{name}")

    def _phases(self, tasks: list[Obj]) -> dict[str, str]:
        return {task["name"]: node["phase"] for task in tasks if (node := self._task(task))}

    def _consider(self, task: Obj, phases: Mapping[str, str]) -> bool:
        """Start or omit a task whose time has come. True when it then has ended already."""
        if task["name"] in phases or not is_due(task, phases):
            return False
        full, template_name = f"{self.name}.{task['name']}", task["template"]
        if is_met(task, phases):
            template = find_template(self.spec, template_name) or {"name": template_name}
            self._step(full, task["name"], template, task.get("arguments"), hooked=False)
            return False
        if not self.shutdown:
            node = self._node(full, task["name"], "Skipped", template_name) | {"boundaryID": self.name, "nodeFlag": {}}
            self._finish(node, "Omitted", "omitted: depends condition not met")
            self.nodes[node["id"]] = node
        return not self.shutdown

    def _step(self, full: str, shown: str, template: Obj, arguments: Obj | None, *, hooked: bool) -> None:
        node = self._node(full, shown, "Pod", template["name"]) | {"phase": "Pending", "taskResultSynced": True}
        if hooked:
            node["nodeFlag"] = {"hooked": True}
        elif full != self.name:
            node["boundaryID"] = self.name
        inputs = inputs_of(template, arguments, self._values())
        if inputs:
            node["inputs"] = {"parameters": [{"name": key, "value": value} for key, value in inputs.items()]}
        self.nodes[node["id"]] = node
        if self.shutdown and not hooked:
            self._finish(node, "Failed", f"workflow shutdown with strategy: {self.shutdown}")
            return
        pod = pod_name(self.name, full, template["name"])
        self.starts.append(Start(node["id"], full, pod, template, self._parameters(inputs)))

    def _node(self, full: str, shown: str, kind: str, template: str) -> Obj:
        return {
            "id": node_id(self.name, full),
            "name": full,
            "displayName": shown,
            "type": kind,
            "templateName": template,
            "templateScope": f"local/{'' if 'workflowTemplateRef' in self.spec else self.name}",
            "startedAt": timestamp(self.now),
            "finishedAt": None,
        }

    def _values(self) -> dict[str, str]:
        """What references may name: the workflow's parameters, its status, the outputs of ended tasks."""
        values = workflow_values(self.workflow, self.spec)
        values["workflow.status"] = self.nodes.get(self.name, {}).get("phase", "Running")
        for node in self.nodes.values():
            for entry in dig(node, "outputs", "parameters") or ():
                values[f"tasks.{node['displayName']}.outputs.parameters.{entry['name']}"] = entry["value"]
        return values

    def _parameters(self, inputs: Mapping[str, str]) -> dict[str, str]:
        """A step's parameters by their short names; inputs win over the workflow's of the same name."""
        prefix = "workflow.parameters."
        values = self._values().items()
        return {key.removeprefix(prefix): value for key, value in values if key.startswith(prefix)} | dict(inputs)

    def _link(self, tasks: list[Obj]) -> None:
        """Children of the root are the tasks that wait for none, of a task those that name it."""
        followers = {task["name"]: [other for other in tasks if task["name"] in parents(other)] for task in tasks}
        self._adopt(self.root, [task for task in tasks if not parents(task)])
        for name, children in followers.items():
            self._adopt(self.nodes.get(self._task_id(name)), children)

    def _adopt(self, node: Obj | None, tasks: list[Obj]) -> None:
        ids = [self._task_id(task["name"]) for task in tasks if self._task(task)]
        if node and ids:
            node["children"] = ids

    def _conclude(self, tasks: list[Obj], template: Obj) -> None:
        phases = self._phases(tasks)
        if any(phase not in DONE for phase in phases.values()) or (len(phases) < len(tasks) and not self.shutdown):
            return
        self._finish(self.root, "Failed" if self.shutdown or BAD & set(phases.values()) else "Succeeded")
        if len(phases) == len(tasks):
            named = {parent for task in tasks for parent in parents(task)}
            self.root["outboundNodes"] = [self._task_id(task["name"]) for task in tasks if task["name"] not in named]
        self._take_outputs(template)

    def _take_outputs(self, template: Obj) -> None:
        values, taken = self._values(), []
        for entry in dig(template, "outputs", "parameters") or ():
            value = fill(dig(entry, "valueFrom", "parameter") or "", values)
            if value and "{{" not in value:
                taken.append({"name": entry["name"], "value": value})
        if taken:
            self.root["outputs"] = {"parameters": taken}

    def _exit(self) -> None:
        """Run the exit handler when the rest is over, unless terminated."""
        handler, full = self.spec.get("onExit"), f"{self.name}.onExit"
        ready = self.root["phase"] in DONE and node_id(self.name, full) not in self.nodes
        if handler and ready and self.shutdown != "Terminate":
            template = find_template(self.spec, handler) or {"name": handler}
            self._step(full, full, template, None, hooked=True)

    def _progress(self) -> None:
        for node in self.nodes.values():
            if node["type"] == "Pod":
                node["progress"] = f"{int(node['phase'] == 'Succeeded')}/1"
        if self.root["type"] != "Pod":
            inner = [node for node in self.nodes.values() if node.get("boundaryID") == self.name]
            self.root["progress"] = progress(inner)


def progress(nodes: list[Obj]) -> str:
    pods = [node for node in nodes if node["type"] == "Pod"]
    return f"{sum(node['phase'] == 'Succeeded' for node in pods)}/{len(pods)}"


def _set(node: Obj, key: str, value: str) -> None:
    if value:
        node[key] = value
    else:
        node.pop(key, None)


def _main_state(pod: Obj | None) -> Obj:
    entries = dig(pod, "status", "containerStatuses") or ()
    return next((entry["state"] for entry in entries if entry["name"] == "main"), {})


def exit_code(pod: Obj) -> int:
    return int(dig(_main_state(pod), "terminated", "exitCode") or 0)


def waiting_reason(pod: Obj | None) -> str:
    return dig(_main_state(pod), "waiting", "reason") or ""

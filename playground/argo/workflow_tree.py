"""One pass over a running workflow's nodes: what its pods tell, which steps start, end or are left out. Pure.

Called by workflows. A workflow is one container or a DAG of containers; id of the root node is the workflow's name.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from playground.argo.depends import DONE, is_due, is_met, parents
from playground.argo.names import Obj, dig, timestamp
from playground.argo.workflow_nodes import KILLED, Start, exit_code, node_id, pod_name, waiting_reason
from playground.argo.workflow_progress import write_progress
from playground.argo.workflow_retries import backoff_message, backoff_seconds, verdict
from playground.argo.workflow_spec import fill, find_template, holds, inputs_of, workflow_values

BAD: Final = frozenset({"Failed", "Error"})
TOO_LATE: Final = "Step exceeded its deadline"


@dataclass
class Tree:
    """The nodes of one workflow. `pods` are by node id, `outputs` what steps have written as parameters.

    `late` says that the workflow's deadline has passed; `left` how many stand-in seconds are left of a time, by its
    name and length, that began when it was first asked for.
    """

    workflow: Obj
    spec: Obj
    pods: Mapping[str, Obj]
    outputs: Mapping[str, Mapping[str, str]]
    now: datetime
    left: Callable[[str, float], float]
    late: bool = False
    nodes: dict[str, Obj] = field(default_factory=dict)
    starts: list[Start] = field(default_factory=list)
    stops: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.name: str = self.workflow["metadata"]["name"]
        known = dig(self.workflow, "status", "nodes") or {}
        self.nodes = {key: dict(node) for key, node in known.items()}
        self.shutdown: str | None = self.spec.get("shutdown") or None
        self.ends_running = False

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
            elif node["type"] == "Suspend" and node["phase"] not in DONE:
                self._end_wait(node)
        if not self.spec.get("suspend"):
            self._go_on()
        write_progress(self.nodes)

    def _go_on(self) -> None:
        """Start and end whatever follows from what the nodes say now; a suspended workflow does neither."""
        template = find_template(self.spec, self.spec["entrypoint"]) or {}
        if "dag" in template:
            self._dag(template)
        elif self.name not in self.nodes:
            self._step(self.name, self.name, template, None)
        self._exit()

    # Pods tell of their steps

    def _follow(self, key: str, node: Obj) -> None:
        pod = self.pods.get(key)
        # A shutdown ends what runs; the exit handler of a stopped workflow still may.
        if (self.shutdown or self.late) and not (node.get("nodeFlag") or {}).get("hooked"):
            self.stops.append(key)
            self.ends_running |= bool(self.shutdown) and node["phase"] == "Running"
            why = f"workflow shutdown with strategy:  {self.shutdown}" if self.shutdown else TOO_LATE
            self._finish(node, "Failed", why)
            return
        phase = "Failed" if pod is None else dig(pod, "status", "phase")
        if phase in {"Succeeded", "Failed"}:
            self._take_result(key, node, KILLED if pod is None else exit_code(pod))
            return
        node["phase"], node["hostNodeName"] = phase, "playground"
        _set(node, "message", waiting_reason(pod))

    def _end_wait(self, node: Obj) -> None:
        """A node that waits for a person ends with the workflow."""
        if self.shutdown:
            self._finish(node, "Failed", f"Stopped with strategy '{self.shutdown}'")
        elif self.late:
            self._finish(node, "Failed", TOO_LATE)

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
        for task in tasks:
            self._try_again(task)
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
        condition = fill(str(task.get("when", "")), self._values())
        if is_met(task, phases) and holds(condition):
            self._begin(task)
            return False
        # What comes behind steps that a shutdown has killed is not even listed.
        if self.shutdown and self.stops:
            return False
        if is_met(task, phases):
            self._leave_out(task, "Skipped", f"when '{condition}' evaluated false")
        else:
            self._leave_out(task, "Omitted", "omitted: depends condition not met")
        return True

    def _leave_out(self, task: Obj, phase: str, why: str) -> None:
        full = f"{self.name}.{task['name']}"
        node = self._node(full, task["name"], "Skipped", task["template"]) | {"boundaryID": self.name, "nodeFlag": {}}
        self._finish(node, phase, why)
        self.nodes[node["id"]] = node

    def _begin(self, task: Obj) -> None:
        """Start a task: a wait for a person, the first of several attempts, or a step."""
        full, template = f"{self.name}.{task['name']}", self._template_of(task)
        kind = "Suspend" if "suspend" in template else "Retry" if "retryStrategy" in template else "Pod"
        if kind != "Pod":
            node = self._node(full, task["name"], kind, template["name"])
            self.nodes[node["id"]] = node | {"boundaryID": self.name, "phase": "Running"}
        if kind == "Retry":
            self._attempt(task, 0)
        elif kind == "Pod":
            self._step(full, task["name"], template, task.get("arguments"))

    def _template_of(self, task: Obj) -> Obj:
        return find_template(self.spec, task["template"]) or {"name": task["template"]}

    def _attempt(self, task: Obj, number: int) -> None:
        """Start one attempt at a task under its node of type Retry."""
        name, parent = f"{task['name']}({number})", self.nodes[self._task_id(task["name"])]
        full = f"{self.name}.{name}"
        self._step(full, name, self._template_of(task), task.get("arguments"), attempt=number)
        parent["children"] = [*(parent.get("children") or ()), node_id(self.name, full)]

    def _try_again(self, task: Obj) -> None:
        """Let a task end with its last attempt, or start the next as far as its limit allows."""
        parent = self._task(task)
        if parent is None or parent["type"] != "Retry" or parent["phase"] in DONE:
            return
        attempts = [self.nodes[key] for key in parent["children"]]
        last = attempts[-1]
        if last["phase"] not in DONE:
            return
        if last["phase"] not in BAD:
            self._finish(parent, last["phase"])
            parent["outputs"] = last["outputs"]
        elif self.shutdown or self.late:
            why = f"Stopped with strategy '{self.shutdown}'" if self.shutdown else TOO_LATE
            self._finish(parent, last["phase"], why)
        else:
            self._follow_failure(task, parent, attempts)

    def _follow_failure(self, task: Obj, parent: Obj, attempts: list[Obj]) -> None:
        """Wait, and then make another attempt or let the task fail."""
        strategy, made = self._template_of(task)["retryStrategy"], len(attempts)
        wait = backoff_seconds(strategy, made)
        if wait and self.left(f"backoff:{attempts[-1]['id']}", wait) > 0:
            _set(parent, "message", backoff_message(wait))
        elif over := verdict(strategy, attempts):
            self._finish(parent, attempts[-1]["phase"], over.why)
        else:
            _set(parent, "message", "")
            self._attempt(task, made)

    def _step(
        self,
        full: str,
        shown: str,
        template: Obj,
        arguments: Obj | None,
        *,
        hooked: bool = False,
        attempt: int | None = None,
    ) -> None:
        node = self._node(full, shown, "Pod", template["name"]) | {"phase": "Pending", "taskResultSynced": True}
        if hooked:
            node["nodeFlag"] = {"hooked": True}
        elif full != self.name:
            node["boundaryID"] = self.name
        if attempt is not None:
            node["nodeFlag"] = {"retried": True}
        inputs = inputs_of(template, arguments, self._values())
        if inputs:
            node["inputs"] = {"parameters": [{"name": key, "value": value} for key, value in inputs.items()]}
        self.nodes[node["id"]] = node
        if self.shutdown and not hooked:
            self._finish(node, "Failed", f"workflow shutdown with strategy: {self.shutdown}")
            return
        pod = pod_name(self.name, full, template["name"])
        count = {} if attempt is None else {"retries": str(attempt)}
        self.starts.append(Start(node["id"], full, pod, template, self._parameters(inputs) | count))

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
            self._adopt(self._last_of(self.nodes.get(self._task_id(name))), children)

    def _last_of(self, node: Obj | None) -> Obj | None:
        """What the followers of a task are linked to: of several attempts the last."""
        return self.nodes[node["children"][-1]] if node and node["type"] == "Retry" else node

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


def _set(node: Obj, key: str, value: str) -> None:
    if value:
        node[key] = value
    else:
        node.pop(key, None)

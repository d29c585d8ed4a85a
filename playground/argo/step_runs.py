"""Runs the steps of workflows: one task per pod, which plays the pod's life and calls what its template does.

Used by workflows and, for logs, by cluster.Controllers. What the steps do is in steps; here are faults, log and exit.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from playground.argo import workflow_pods
from playground.argo.names import Obj, dig
from playground.argo.pod_status import pulls
from playground.argo.workflow_nodes import KILLED, Start
from playground.faults import Fault, Faults
from playground.kubernetes.store import Store
from playground.pace import Pace

Key = tuple[str, str]
UNKNOWN_STEP_SECONDS: Final = 1.0
FOREVER: Final = 86_400.0


@dataclass(frozen=True, slots=True)
class StepContext:
    """What one step may know and do. `outputs` are its output parameters, `lines` its log."""

    template: str
    workflow: str
    namespace: str
    parameters: Mapping[str, str]
    pace: Pace
    node: str = ""
    outputs: dict[str, str] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)

    def log(self, line: str) -> None:
        self.lines.append(line)

    def finish(self, outcome: str, cause: str, evidence: str, **more: Any) -> None:
        """Write the last line: what happened, for whoever reads logs by machine."""
        self.log(json.dumps({"outcome": outcome, "cause": cause, "evidence": evidence, **more}))


StepBehaviour = Callable[[StepContext], Awaitable[int]]
"""What a template does; returns its exit code."""


async def unknown_step(context: StepContext) -> int:
    """Stand for a template of which nothing is known: it takes a second and succeeds."""
    await context.pace.sleep(UNKNOWN_STEP_SECONDS)
    context.log(f"{context.template} done")
    return 0


class StepRuns:
    """The steps under way, and what those that ran have left: logs and output parameters by pod."""

    def __init__(
        self,
        store: Store,
        pace: Pace,
        faults: Faults,
        behaviours: Mapping[str, StepBehaviour],
        *,
        step_start_seconds: float = 0.2,
    ) -> None:
        self.behaviours: dict[str, StepBehaviour] = dict(behaviours)
        self._store = store
        self._pace = pace
        self._faults = faults
        self._start_seconds = step_start_seconds
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._outputs: dict[str, dict[str, str]] = {}
        self._logs: dict[Key, list[str]] = {}

    def outputs(self, pods: Mapping[str, Obj]) -> dict[str, dict[str, str]]:
        """Output parameters by the keys of `pods`."""
        return {node: self._outputs.get(pod["metadata"]["uid"], {}) for node, pod in pods.items()}

    def log(self, namespace: str, pod: str) -> str | None:
        lines = self._logs.get((namespace, pod))
        return None if lines is None else "".join(f"{line}\n" for line in lines)

    def start(self, workflow: Obj, start: Start, pod: Obj) -> None:
        meta = workflow["metadata"]
        context = StepContext(
            template=start.template["name"],
            workflow=meta["name"],
            namespace=meta["namespace"],
            parameters=start.parameters,
            pace=self._pace,
            node=start.node_name,
        )
        uid = pod["metadata"]["uid"]
        self._tasks[uid] = task = asyncio.get_running_loop().create_task(self._live(pod, context))
        task.add_done_callback(lambda _: self._tasks.pop(uid, None))

    def cancel(self, uid: str) -> None:
        if task := self._tasks.pop(uid, None):
            task.cancel()

    def forget(self, pod: Obj) -> None:
        """Drop everything about a pod that is gone."""
        uid = pod["metadata"]["uid"]
        self.cancel(uid)
        self._outputs.pop(uid, None)
        self._logs.pop(_key(pod), None)

    def kill(self, pod: Obj | None) -> None:
        """End a step from outside, as a shutdown does."""
        if pod is not None:
            self.cancel(pod["metadata"]["uid"])
            self._end(pod, KILLED)

    async def stop(self) -> None:
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _live(self, pod: Obj, context: StepContext) -> None:
        self._write(pod, workflow_pods.initializing(pod))
        await self._pace.sleep(self._start_seconds)
        if fault := self._fault("image-pull", context):
            await self._pull(pod, str(fault.options.get("message", "")))
        self._write(pod, workflow_pods.running(pod, self._pace.now()))
        self._outputs[pod["metadata"]["uid"]] = context.outputs
        self._logs[_key(pod)] = context.lines
        context.log(workflow_pods.log_line(self._pace.now(), "waiting for signals"))
        code = await self._do(context)
        self._close_log(context, code)
        self._end(pod, code)

    async def _pull(self, pod: Obj, why: str) -> None:
        """Fail to get the image until somebody ends the step."""
        for reason, message, seconds in pulls(main_image(pod), why):
            self._write(pod, workflow_pods.initializing(pod, reason, message))
            await self._pace.sleep(seconds)
        await self._faults.wait(FOREVER)

    async def _do(self, context: StepContext) -> int:
        if fault := self._fault("step-fails", context):
            await self._pace.sleep(UNKNOWN_STEP_SECONDS)
            return _fail(context, fault)
        if self._fault("step-hangs", context):
            context.log("waiting for an answer")
            await self._faults.wait(FOREVER)
        behaviour = self.behaviours.get(context.template, unknown_step)
        return await behaviour(context)

    def _fault(self, kind: str, context: StepContext) -> Fault | None:
        """The fault that concerns this step; one for another app is left alone."""
        for fault in self._faults.active():
            if (fault.system, fault.kind) == ("workflows", kind) and fault.match in context.template:
                if fault.options.get("app") in {None, context.parameters.get("app")}:
                    return self._faults.take("workflows", kind, context.template)
                return None
        return None

    def _close_log(self, context: StepContext, code: int) -> None:
        more = f' error="exit status {code}"' if code else " error=<nil>"
        context.log(workflow_pods.log_line(self._pace.now(), "sub-process exited", more))
        if code:
            context.log(f"Error: exit status {code}")

    def _end(self, pod: Obj, code: int) -> None:
        known = self._store.get("Pod", *_key(pod))
        entries = dig(known, "status", "containerStatuses") or ()
        started = next((dig(entry, "state", "running", "startedAt") for entry in entries), None)
        self._write(pod, workflow_pods.finished(pod, code, started, self._pace.now()))

    def _write(self, pod: Obj, status: Obj) -> None:
        known = self._store.get("Pod", *_key(pod))
        if known and known["metadata"]["uid"] == pod["metadata"]["uid"]:
            self._store.merge_patch("Pod", *_key(pod), {"status": status}, subresource="status")


def main_image(pod: Obj) -> str:
    return next((str(entry["image"]) for entry in pod["spec"]["containers"] if entry["name"] == "main"), "")


def _fail(context: StepContext, fault: Fault) -> int:
    """Fail as the fault says: its own log lines, and the closing one unless the last is JSON already."""
    lines = [str(line) for line in fault.options.get("log") or (f"{context.template} failed",)]
    for line in lines:
        context.log(line)
    if not lines[-1].startswith("{"):
        cause = str(fault.options.get("cause", "step-failed"))
        context.finish("failed", cause, lines[-1], seconds=UNKNOWN_STEP_SECONDS)
    return int(fault.options.get("exit_code", 1))


def _key(pod: Obj) -> Key:
    return pod["metadata"]["namespace"], pod["metadata"]["name"]

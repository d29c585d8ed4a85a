"""Runs failing deployments on the bed, each in a namespace of its own, and keeps what the bot would see of them."""

import contextlib
import json
import subprocess
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from integrations.kubernetes.orders import workflow_of
from integrations.kubernetes.workflows import pipeline_of
from tests.bed.failures.cases import Act, Case, cases
from tests.bed.failures.setting import Setting, sound
from tests.bed.failures.spoils import AT_WORK
from tests.bed.failures.surroundings import surroundings
from tests.bed.places import Places
from tests.failures import Recorded

AT_ONCE: Final = 6
PATIENCE_SECONDS: Final = 240
LOOK_AGAIN_SECONDS: Final = 0.5
ENDED: Final = frozenset({"Succeeded", "Failed", "Error"})
KEPT_METADATA: Final = ("name", "annotations", "labels")
KEPT_STATUS: Final = ("phase", "message", "startedAt", "finishedAt")
LOST_OF_NODES: Final = ("inputs", "resourcesDuration", "templateScope", "progress", "hostNodeName", "memoizationStatus")

Obj = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Running:
    """One case on its way; `recorded.result()` waits for what the bot would see, or raises why there is none."""

    case: Case
    recorded: Future[Recorded]


@contextlib.contextmanager
def run_all(places: Places, names: tuple[str, ...] = ()) -> Iterator[Mapping[str, Running]]:
    """Run the cases of these names, or all, some at a time; each ends or fails by itself."""
    with TemporaryDirectory() as folder, surroundings(Path(folder)) as around:
        known = cases(places, around)
        with ThreadPoolExecutor(AT_ONCE) as pool:
            yield {name: Running(known[name], pool.submit(_run, places, name, known[name])) for name in names or known}


def _run(places: Places, name: str, case: Case) -> Recorded:
    setting = sound(places, name)
    case.spoil(setting)
    kubectl = _Kubectl(places, setting.namespace)
    # What a run before this one has left may still be on its way out.
    _remove_namespace(kubectl, setting, wait=True)
    try:
        return _go_through(kubectl, setting, case)
    finally:
        _remove_namespace(kubectl, setting, wait=False)
        for each in setting.everywhere:
            kubectl.ask("delete", each["kind"], each["metadata"]["name"], "--ignore-not-found")


def _remove_namespace(kubectl: "_Kubectl", setting: Setting, *, wait: bool) -> None:
    """Remove it with all that is in it, also what holds on to its place."""
    for each in setting.objects:
        if each["metadata"].get("finalizers"):
            kubectl.let_go(each["kind"], each["metadata"]["name"])
    kubectl.ask("delete", "namespace", setting.namespace, f"--wait={str(wait).lower()}", "--ignore-not-found")


def _go_through(kubectl: "_Kubectl", setting: Setting, case: Case) -> Recorded:
    kubectl.apply([*setting.objects, *setting.everywhere])
    workflow = workflow_of(setting.order())
    kubectl.apply([workflow])
    name = workflow["metadata"]["name"]
    before = _act(kubectl, name, case) if case.act else None
    _until(lambda: _has_ended(kubectl, name, case), f"{name} ended")
    ended = kubectl.workflow(name)
    return Recorded(workflow=_trimmed(ended), log=kubectl.log(name, case.step), before=before)


def _has_ended(kubectl: "_Kubectl", name: str, case: Case) -> bool:
    """Look whether it has ended; a pod that is to be deleted and is at work is deleted, however often it comes back.

    The controller that sees a pod's removal before its failure starts it again under the same name.
    """
    if case.act is Act.DELETE_POD and (pod := kubectl.pod_at_work(name, case.step)):
        kubectl.ask("delete", "pod", pod, "--ignore-not-found")
    return kubectl.workflow(name).get("status", {}).get("phase") in ENDED


def _act(kubectl: "_Kubectl", name: str, case: Case) -> Obj | None:
    """Wait until the step is as far as the act needs it, then do it; return how it stood while it waited."""
    if case.act is Act.WAIT_AND_STOP:
        _until(lambda: pipeline_of(kubectl.workflow(name)).held_step, f"{case.step} of {name} says why it waits")
        before = _trimmed(kubectl.workflow(name))
        kubectl.shut_down(name, Act.STOP)
        return before
    _until(lambda: kubectl.pod_at_work(name, case.step), f"{case.step} of {name} is at work")
    if case.act is not None and case.act is not Act.DELETE_POD:
        kubectl.shut_down(name, case.act)
    return None


def _until(holds: Any, what: str) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < end, f"not within {PATIENCE_SECONDS} s: {what}"
        time.sleep(LOOK_AGAIN_SECONDS)


class _Kubectl:
    """The cluster as its administrator sees one namespace."""

    def __init__(self, places: Places, namespace: str) -> None:
        self._command = [places.program("kubectl"), f"--kubeconfig={places.kubeconfig}", f"--namespace={namespace}"]

    def ask(self, *arguments: str, text: str | None = None) -> str:
        done = subprocess.run([*self._command, *arguments], input=text, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"kubectl {arguments[0]} failed: {done.stderr.strip()}"
        return done.stdout

    def apply(self, objects: list[Obj]) -> None:
        for each in objects:
            self.ask("apply", "--server-side", "--filename=-", text=json.dumps(each))

    def let_go(self, kind: str, name: str) -> None:
        """Remove what keeps an object from being deleted."""
        if self.ask("get", kind, name, "--ignore-not-found"):
            self.ask("patch", kind, name, "--type=merge", '--patch={"metadata": {"finalizers": null}}')

    def workflow(self, name: str) -> Obj:
        found: Obj = json.loads(self.ask("get", "workflow", name, "--output=json"))
        return found

    def shut_down(self, name: str, act: Act) -> None:
        patch = json.dumps({"spec": {"shutdown": act.value.capitalize()}})
        self.ask("patch", "workflow", name, "--type=merge", f"--patch={patch}")

    def pod(self, workflow: str, step: str) -> Obj:
        """Return the newest pod of a step; nothing where it has none."""
        selector = f"--selector=workflows.argoproj.io/workflow={workflow}"
        pods: list[Obj] = json.loads(self.ask("get", "pod", selector, "--output=json"))["items"]
        named = "workflows.argoproj.io/node-name"
        own = [pod for pod in pods if pod["metadata"]["annotations"][named].partition("(")[0].endswith(f".{step}")]
        return max(own, key=lambda pod: pod["metadata"]["creationTimestamp"], default={})

    def pod_at_work(self, workflow: str, step: str) -> str:
        """Name the newest pod of a step if its program, one that sleeps, has begun; empty where it has not."""
        pod = self.pod(workflow, step)
        statuses = pod.get("status", {}).get("containerStatuses", ())
        is_running = any("running" in each["state"] for each in statuses if each["name"] == "main")
        return str(pod["metadata"]["name"]) if is_running and AT_WORK in self.log(workflow, step) else ""

    def log(self, workflow: str, step: str) -> str:
        pod = self.pod(workflow, step)
        if not pod:
            return ""
        with contextlib.suppress(AssertionError):
            return self.ask("logs", pod["metadata"]["name"], "--container=main", "--tail=200")
        return ""


def _trimmed(workflow: Obj) -> Obj:
    """Keep what tells how it ended."""
    status = workflow.get("status", {})
    stored = status.get("storedWorkflowTemplateSpec", {})
    templates = [{key: each[key] for key in ("name", "dag") if key in each} for each in stored.get("templates", ())]
    for template in templates:
        for task in template.get("dag", {}).get("tasks", ()):
            task.pop("arguments", None)
    nodes = {
        name: {key: value for key, value in node.items() if key not in LOST_OF_NODES}
        for name, node in status.get("nodes", {}).items()
    }
    spec = {"entrypoint": stored.get("entrypoint", ""), "templates": templates}
    return {
        "metadata": {key: workflow["metadata"][key] for key in KEPT_METADATA if key in workflow["metadata"]},
        "spec": {key: value for key, value in workflow["spec"].items() if key == "shutdown"},
        "status": {
            **{key: status[key] for key in KEPT_STATUS if key in status},
            "nodes": nodes,
            "storedWorkflowTemplateSpec": spec,
        },
    }

"""What is recorded of Workflows: the words of their scenarios, and each scenario in them. Read by scenarios."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

from tests.bed.recording.cluster import JSON_PATCH, MERGE
from tests.bed.recording.objects import ARGO, dag, main, referring, shell, task
from tests.bed.recording.recording import EXECUTOR, Recording
from tests.bed.recording.steps import Step, is_equal, note, settle

Obj = dict[str, Any]

ENDED: Final = frozenset({"Succeeded", "Failed", "Error"})
LONG: Final = 240.0


def _node(workflow: Obj | None, name: str) -> Obj:
    nodes = ((workflow or {}).get("status") or {}).get("nodes") or {}
    return next((node for node in nodes.values() if node["displayName"] == name), {})


def _template(recording: Recording, *templates: Obj) -> Obj:
    parameters = [{"name": "app"}, {"name": "env", "enum": ["test", "prod"]}, {"name": "version", "value": "1.0.0"}]
    return {
        "apiVersion": ARGO,
        "kind": "WorkflowTemplate",
        "metadata": {"name": recording.name, "labels": {"recording": "1"}},
        "spec": {
            **main(*templates),
            "serviceAccountName": EXECUTOR,
            "arguments": {"parameters": parameters},
        },
    }


# Steps


def template(*templates: Obj) -> Step:
    """Make the WorkflowTemplate of the scenario's name."""

    async def step(recording: Recording) -> None:
        await recording.act("POST", "workflowtemplates", _template(recording, *templates))

    return step


def submit(spec: Obj, suffix: str = "") -> Step:
    async def step(recording: Recording) -> None:
        labels = {"slipway/app": "web", "recording": "1"}
        meta = {"name": recording.name + suffix, "labels": labels}
        body = {"serviceAccountName": EXECUTOR, **spec}
        workflow = {"apiVersion": ARGO, "kind": "Workflow", "metadata": meta, "spec": body}
        await recording.act("POST", "workflows", workflow)

    return step


def submit_reference(suffix: str = "", **parameters: str) -> Step:
    """Submit by reference to the template of the scenario's name."""

    async def step(recording: Recording) -> None:
        await submit(referring(recording.name, **parameters), suffix)(recording)

    return step


def until(what: str, holds: Callable[[Obj], bool], suffix: str = "", *, then: float = 0) -> Step:
    async def step(recording: Recording) -> None:
        name = recording.name + suffix
        await recording.until(lambda obj: obj is not None and holds(obj), what, "workflows", name, seconds=LONG)
        await asyncio.sleep(then)

    return step


def ended(suffix: str = "", *, then: float = 0) -> Step:
    return until(f"{suffix} ended", lambda workflow: _phase(workflow) in ENDED, suffix, then=then)


def _phase(workflow: Obj) -> str:
    return str((workflow.get("status") or {}).get("phase") or "")


def running(name: str, *, then: float = 0) -> Step:
    """Wait until a step really runs: its container too."""

    def holds(workflow: Obj) -> bool:
        node = _node(workflow, name)
        return node.get("phase") == "Running" and (node["type"] == "Suspend" or not node.get("message"))

    return until(f"{name} runs", holds, then=then)


def spec(suffix: str = "", **changed: Any) -> Step:
    async def step(recording: Recording) -> None:
        resource = f"workflows/{recording.name}{suffix}"
        await recording.act("PATCH", resource, {"spec": changed}, content_type=MERGE)

    return step


def decide(verdict: str, message: str) -> Step:
    """End the waiting node `approve` as a person would."""

    async def step(recording: Recording) -> None:
        workflow = await recording.get("workflows", recording.name)
        path = f"/status/nodes/{_node(workflow, 'approve')['id']}"
        body = [
            is_equal(f"{path}/phase", "Running"),
            {"op": "replace", "path": f"{path}/phase", "value": verdict},
            {"op": "add", "path": f"{path}/finishedAt", "value": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")},
            {"op": "add", "path": f"{path}/message", "value": message},
        ]
        await recording.act("PATCH", f"workflows/{recording.name}", body, content_type=JSON_PATCH)

    return step


async def delete_pod(recording: Recording) -> None:
    pod = next(iter(recording.pods()))
    await recording.act("DELETE", f"pods/{pod['metadata']['name']}?gracePeriodSeconds=1")


def logs_of(name: str) -> Step:
    """Ask for what the containers of a step have written."""

    async def step(recording: Recording) -> None:
        wanted = _node(await recording.get("workflows", recording.name), name)["id"]
        for pod in recording.pods():
            if pod["metadata"]["annotations"]["workflows.argoproj.io/node-id"] == wanted:
                for container in ("main", "wait"):
                    path = f"pods/{pod['metadata']['name']}/log?container={container}&tailLines=20"
                    await recording.act("GET", path)

    return step


# Scenarios

DIGEST: Final = {"name": "digest", "valueFrom": {"path": "/tmp/digest"}}  # noqa: S108  # a path inside a container
TAKEN: Final = {"name": "digest", "valueFrom": {"parameter": "{{tasks.publish.outputs.parameters.digest}}"}}
PIPELINE: Final = (
    dag(
        *(task("checkout"), task("build", "checkout"), task("test", "checkout"), task("publish", "build", "test")),
        outputs={"parameters": [TAKEN]},
    ),
    *(shell("checkout", "echo checkout {{workflow.parameters.app}}"), shell("build", "echo build; sleep 2")),
    shell("test", "echo test"),
    shell("publish", "echo -n sha256:0123 >/tmp/digest; echo published", outputs={"parameters": [DIGEST]}),
)
FAILING: Final = main(
    dag(task("build"), task("test", "build"), task("publish", "test")),
    shell("build", "echo built"),
    shell("test", "echo running; echo 3 tests failed >&2; exit 12"),
    shell("publish", "echo never"),
)
FLAKY: Final = main(
    dag(task("flaky"), task("after", "flaky")),
    shell(
        "flaky",
        "[ {{retries}} -ge 2 ] || { echo flaky >&2; exit 3; }",
        retryStrategy={"limit": "2", "retryPolicy": "Always"},
    ),
    shell("after", "echo after"),
)
LASTING: Final = main(
    dag(task("build"), task("deploy", "build"), task("check", "deploy")),
    *(shell("build", "echo built"), shell("deploy", "echo started; sleep 60"), shell("check", "echo never")),
    shell("bye", "echo {{workflow.status}}"),
    onExit="bye",
)
LOCKED: Final = main(
    dag(task("deploy")),
    shell("deploy", "sleep 12"),
    synchronization={"mutexes": [{"name": "deploy-{{workflow.parameters.app}}"}]},
    arguments={"parameters": [{"name": "app", "value": "workflow-mutex-wait"}]},
)
APPROVED: Final = main(
    dag(task("build"), task("approve", "build"), task("deploy", "approve")),
    *(shell("build", "echo built"), {"name": "approve", "suspend": {}}, shell("deploy", "echo deployed")),
)
UNTIL_APPROVAL: Final = (submit(APPROVED), running("approve", then=3))
SKIPPING: Final = main(
    dag(
        *(task("build"), task("approve", "build", when="{{workflow.parameters.env}} == prod")),
        task("deploy", "approve"),
    ),
    *(shell("build", "echo built"), {"name": "approve", "suspend": {}}, shell("deploy", "echo deployed")),
    arguments={"parameters": [{"name": "env", "value": "test"}]},
)
LONG_WORK: Final = (dag(task("work"), task("next", "work")), shell("work", "sleep 60"), shell("next", "echo next"))
NO_IMAGE: Final = {"name": "build", "container": {"image": "registry.local/nope:1", "command": ["/bin/true"]}}


def _shut_down(how: str) -> tuple[Step, ...]:
    after = note("spec.shutdown cleared after the end")
    stopped = (spec(shutdown=how), ended(then=3), after, spec(shutdown=None), settle(4))
    return submit(LASTING), running("deploy", then=1), *stopped


WORKFLOWS: Final[dict[str, tuple[Step, ...]]] = {
    "workflow-happy": (
        *(template(*PIPELINE), submit_reference(app="web", env="test"), note("the same POST again")),
        *(submit_reference(app="web", env="test"), ended(then=2), note("the same POST after the end")),
        submit_reference(app="web", env="test"),
    ),
    "workflow-step-fails": (submit(FAILING), ended(then=2), logs_of("test")),
    "workflow-retry": (submit(FLAKY), ended(then=2)),
    "workflow-stop": _shut_down("Stop"),
    "workflow-terminate": _shut_down("Terminate"),
    "workflow-mutex-wait": (
        *(step for suffix in ("-a", "-b", "-c", "-d") for step in (submit(LOCKED, suffix), settle(1.1))),
        *(settle(1), note("-c waits: Stop"), spec("-c", shutdown="Stop")),
        *(note("-d waits: Terminate"), spec("-d", shutdown="Terminate")),
        *(ended(suffix) for suffix in ("-d", "-a", "-b", "-c")),
        settle(2),
    ),
    "workflow-suspend-resume": (
        *(*UNTIL_APPROVAL, decide("Succeeded", "approved by U1")),
        *(note("second click"), decide("Succeeded", "approved by U2"), ended(then=2)),
    ),
    "workflow-suspend-reject": (*UNTIL_APPROVAL, decide("Failed", "rejected by U1"), ended(then=2)),
    "workflow-suspend-stop": (*UNTIL_APPROVAL, spec(shutdown="Stop"), ended(then=2)),
    "workflow-suspend-spec": (
        submit(main(dag(task("a"), task("b", "a")), shell("a", "sleep 3"), shell("b", "echo b"))),
        *(running("a"), spec(suspend=True), settle(12), spec(suspend=None), ended(then=2)),
    ),
    # Wrong types (`entrypoint: 5`) are left out on purpose: with the minimal CRDs they are accepted and end the
    # controller's process; workflow-wrong-type.jsonl was recorded once.
    "workflow-invalid-parameters": (
        template(shell("main", "echo {{workflow.parameters.app}} {{workflow.parameters.env}}")),
        *(submit_reference("-missing", env="test"), ended("-missing")),
        *(submit_reference("-enum", app="web", env="moon"), ended("-enum")),
        *(submit_reference("-extra", app="web", env="test", extra="x"), ended("-extra")),
        *(submit({"workflowTemplateRef": {"name": "no-such-template"}}, "-no-template"), ended("-no-template")),
        submit({"entrypoint": "nope", "templates": [shell("main", "true")]}, "-entrypoint"),
        ended("-entrypoint", then=2),
    ),
    "workflow-image-pull-failure": (
        submit(main(dag(task("build")), NO_IMAGE)),
        until("pull fails", lambda workflow: "Image" in _node(workflow, "build").get("message", ""), then=20),
        *(spec(shutdown="Terminate"), ended(then=2)),
    ),
    "workflow-when-skipped": (submit(SKIPPING), ended(then=2)),
    "workflow-ttl-delete": (
        submit(main(shell("main", "echo done"), ttlStrategy={"secondsAfterCompletion": 3})),
        until("deleted", lambda workflow: bool(workflow["deleted"]), then=3),
    ),
    "workflow-pod-deleted": (submit(main(*LONG_WORK)), running("work", then=1), delete_pod, ended(then=2)),
    "workflow-deadline": (submit(main(*LONG_WORK, activeDeadlineSeconds=8)), ended(then=3)),
}

"""A Workflow of Argo, translated into one PipelineSnapshot. Pure; called by the watch once per change.

Judged by its root node, never by status.phase alone: a workflow that is terminated while it waits for a lock calls
itself Succeeded. Knows nothing of HTTP or watches.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from commands.core.observed import PipelinePhase, PipelineSnapshot, StepPhase, StepSnapshot
from commands.core.redaction import mask
from integrations.kubernetes.causes import cause_of
from integrations.kubernetes.fields import Obj, annotation, at, flag, label, mappings, moment, text
from integrations.kubernetes.nodes import nodes_of

OWNER = "slipway/id"
APP_LABEL = "slipway/app"

_EXIT_CODE = re.compile(r"\(exit code (\d{1,4})\)")
_EXECUTABLE = frozenset({"Pod", "Container", "HTTP", "Plugin", "Suspend", "Skipped", "Retry"})
_ENDED_BADLY = frozenset({"Failed", "Error"})
_ENDED = _ENDED_BADLY | {"Succeeded"}
_UNWELL = frozenset({StepPhase.PENDING, StepPhase.FAILED})
_STEP_PHASES = {
    "Pending": StepPhase.PENDING,
    "Running": StepPhase.RUNNING,
    "Succeeded": StepPhase.SUCCEEDED,
    "Failed": StepPhase.FAILED,
    "Error": StepPhase.FAILED,
    "Skipped": StepPhase.SKIPPED,
    "Omitted": StepPhase.SKIPPED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowView:
    """What is kept of a Workflow: which app it is for, and its snapshot."""

    app: str
    pipeline: PipelineSnapshot


def project_workflow(obj: Obj) -> WorkflowView:
    """Keep what matters of a Workflow."""
    return WorkflowView(app=label(obj, APP_LABEL), pipeline=pipeline_of(obj))


def pipeline_of(obj: Obj) -> PipelineSnapshot:
    """Translate a Workflow."""
    nodes, problem = nodes_of(obj)
    root = nodes.get(text(obj, "metadata", "name"), {})
    return PipelineSnapshot(
        name=text(obj, "metadata", "name"),
        uid=text(obj, "metadata", "uid"),
        owner=annotation(obj, OWNER),
        phase=_phase(obj, root),
        message=_tidy(text(obj, "status", "message") or _last_word(root)) or problem,
        waits_for=_waits_for(obj),
        steps=_steps(obj, nodes, root),
        started_at=moment(obj, "status", "startedAt"),
        finished_at=moment(obj, "status", "finishedAt"),
    )


def _phase(obj: Obj, root: Obj) -> PipelinePhase:
    said = text(obj, "status", "phase")
    if said in _ENDED_BADLY:
        return PipelinePhase.FAILED
    if said == "Succeeded":
        # Without a readable root, somebody's stop is the one thing that makes the word doubtful.
        verdict = text(root, "phase") or ("Failed" if text(obj, "spec", "shutdown") else said)
        return PipelinePhase.SUCCEEDED if verdict == "Succeeded" else PipelinePhase.FAILED
    return PipelinePhase.RUNNING if said == "Running" else PipelinePhase.WAITING


def _waits_for(obj: Obj) -> str:
    """Name the workflow that holds the lock; what is written of it stays behind when the lock has been given."""
    if text(obj, "status", "phase") not in {"", "Pending"}:
        return ""
    waits = next(mappings(obj, "status", "synchronization", "mutex", "waiting"), {})
    return text(waits, "holder").rpartition("/")[2]


def _last_word(root: Obj) -> str:
    return text(root, "message") if text(root, "phase") in _ENDED_BADLY else ""


def _steps(obj: Obj, nodes: dict[str, Obj], root: Obj) -> tuple[StepSnapshot, ...]:
    """Return the tasks in the order of the template where it is known, else in the order in which they ran."""
    ran = {step.name: step for step in (_step(node, nodes) for node in _executables(nodes, root))}
    planned = _planned(obj)
    # What has no node when all is over will not get one.
    phase = StepPhase.SKIPPED if text(obj, "status", "phase") in _ENDED else StepPhase.PENDING
    first = [ran.get(name) or StepSnapshot(name=name, phase=phase) for name in planned]
    return (*first, *(step for name, step in ran.items() if name not in planned))


def _planned(obj: Obj) -> list[str]:
    """Return the names of the entrypoint's DAG tasks; a task that is itself a DAG is left to its own nodes."""
    spec = at(obj, "status", "storedWorkflowTemplateSpec") or at(obj, "spec")
    templates = {text(each, "name"): each for each in mappings(spec, "templates")}
    tasks = mappings(templates.get(text(spec, "entrypoint")), "dag", "tasks")
    return [text(task, "name") for task in tasks if not _is_nested(templates.get(text(task, "template"), {}))]


def _is_nested(template: Obj) -> bool:
    return "dag" in template or "steps" in template


def _executables(nodes: dict[str, Obj], root: Obj) -> Iterator[Obj]:
    """Walk from the root in execution order; attempts of a retry are passed through, their parent stands for them."""
    queue, seen = [root], {text(root, "id")}
    while queue:
        node = queue.pop(0)
        if text(node, "type") in _EXECUTABLE and not flag(node, "nodeFlag", "retried"):
            yield node
        for child in _children(node, nodes):
            if text(child, "id") not in seen:
                seen.add(text(child, "id"))
                queue.append(child)


def _children(node: Obj, nodes: dict[str, Obj]) -> list[Obj]:
    names = at(node, "children")
    return [nodes[name] for name in names if name in nodes] if _is_names(names) else []


def _is_names(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _step(node: Obj, nodes: dict[str, Obj]) -> StepSnapshot:
    attempts = [each for each in _children(node, nodes) if flag(each, "nodeFlag", "retried")]
    last = attempts[-1] if attempts and text(node, "type") == "Retry" else node
    is_root = "boundaryID" not in node and text(node, "displayName") == text(node, "id")
    # A step that may be retried counts as running from the start; whether it has begun is known of its first attempt.
    has_begun = len(attempts) != 1 or text(last, "phase") != "Pending"
    phase = _STEP_PHASES.get(text(node, "phase"), StepPhase.PENDING) if has_begun else StepPhase.PENDING
    message = _tidy(text(last, "message") or text(node, "message"))
    step = StepSnapshot(
        name=text(node, "templateName") if is_root else text(node, "displayName"),
        phase=phase,
        message=message,
        cause=cause_of(message) if phase in _UNWELL else "",
        started_at=moment(node, "startedAt"),
        finished_at=moment(node, "finishedAt"),
        outputs=_outputs(node) or _outputs(last),
    )
    return replace(step, exit_code=_exit_code(last)) if phase is StepPhase.FAILED else step


def _exit_code(node: Obj) -> int | None:
    found = _EXIT_CODE.search(text(node, "message"))
    return int(found[1]) if found is not None else None


def _outputs(node: Obj) -> tuple[tuple[str, str], ...]:
    parameters = mappings(node, "outputs", "parameters")
    return tuple((text(each, "name"), text(each, "value")) for each in parameters if "value" in each)


def _tidy(message: str) -> str:
    return mask(" ".join(message.split()))

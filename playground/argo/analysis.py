"""What a pass over a Rollout does about analysis: makes runs, takes over their phases, aborts or pauses by them. Pure.

Called by canary and blue_green, which say when a run is wanted; analysis_runs measures.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from playground.argo.metrics import BAD, ENDED
from playground.argo.names import HASH, REVISION, Obj, dig, owner_reference
from playground.argo.view import View, annotation, hash_of, revision
from playground.argo.work import Create, Work

INCONCLUSIVE: Final = "InconclusiveAnalysisRun"


@dataclass(frozen=True, slots=True)
class Role:
    """One of the runs that a Rollout may have at a time: where its status says so, and the words for it."""

    field: str
    kind: str
    shown: str
    words: str


STEP: Final = Role("currentStepAnalysisRunStatus", "Step", "Step", "Step-based analysis")
BACKGROUND: Final = Role("currentBackgroundAnalysisRunStatus", "Background", "Background", "Background analysis")
PRE: Final = Role("prePromotionAnalysisRunStatus", "PrePromotion", "PrePromotion", "Blue/green pre-promotion analysis")
POST: Final = Role(
    "postPromotionAnalysisRunStatus", "PostPromotion", "PostPromotion", "Blue/green post-promotion analysis"
)


def told(view: View, role: Role) -> Obj | None:
    """What the status says of a role's run."""
    for part in ("canary", "blueGreen"):
        if found := dig(view.status, part, role.field):
            return dict(found)
    return None


def phase_of(view: View, role: Role) -> str:
    """The phase of a role's run as it is now, "" when there is none or it has not begun."""
    known = told(view, role)
    return str(dig(_run(view, known), "status", "phase") or "")


def _run(view: View, known: Obj | None) -> Obj | None:
    return view.analysis_runs.get(known["name"]) if known else None


def run(work: Work, role: Role, wanted: Obj, suffix: str = "") -> None:
    """Keep a role's run going: make it, or take over its phase and do what follows from that."""
    known = told(work.view, role)
    found = _run(work.view, known)
    if known is None or found is None or _is_over_for_good(work, known, str(dig(found, "status", "phase") or "")):
        _begin(work, role, wanted, suffix)
        return
    phase, message = (str(dig(found, "status", key) or "") for key in ("phase", "message"))
    work.analyses[role.field] = {"name": known["name"], "status": phase, **({"message": message} if message else {})}
    if phase != known["status"]:
        change = f"Status New: '{phase}' Previous: '{known['status']}'"
        bad = phase in {*BAD, "Inconclusive"}
        work.emit(f"AnalysisRun{phase}", f"{role.shown} Analysis Run '{known['name']}' {change}", warning=bad)
    if phase in BAD:
        work.abort_message = f"{role.words} phase error/failed: {message}"
    elif phase == "Inconclusive" and work.view.pause(INCONCLUSIVE) is None:
        work.new_pauses.append(INCONCLUSIVE)


def _is_over_for_good(work: Work, known: Obj, phase: str) -> bool:
    """Whether a bad end was acted on before: then a promote or a retry asks for another run."""
    status = work.view.status
    if phase == "Inconclusive":
        return bool(status.get("controllerPause")) and work.view.pause(INCONCLUSIVE) is None
    return phase in BAD and known["status"] == phase and not status.get("abort")


def keep(work: Work, *roles: Role) -> None:
    """Let the status go on speaking of runs, whatever becomes of them."""
    for role in roles:
        if known := told(work.view, role):
            found = dig(_run(work.view, known), "status") or {"phase": known["status"]}
            message = found.get("message")
            said = {"name": known["name"], "status": found["phase"], **({"message": message} if message else {})}
            work.analyses[role.field] = said


def is_of_another_step(view: View) -> bool:
    """Whether the run that the status names was made for a step that a person has left."""
    found = _run(view, told(view, STEP))
    return found is not None and dig(found, "metadata", "labels", "step-index") != str(view.index)


def end(work: Work, *roles: Role) -> None:
    """End runs that are of no use any more; the status speaks of them no longer."""
    for role in roles:
        found = _run(work.view, told(work.view, role))
        if found and dig(found, "status", "phase") not in ENDED and not found["spec"].get("terminate"):
            work.patch("AnalysisRun", found["metadata"]["name"], {"spec": {"terminate": True}})


def write(work: Work, status: Obj, part: str, *roles: Role) -> None:
    """Put what this pass knows of runs into the status."""
    status[part] = {key: value for key, value in status[part].items() if key not in {role.field for role in roles}}
    for role in roles:
        if role.field in work.analyses:
            status[part][role.field] = work.analyses[role.field]


def named_templates(view: View) -> Iterator[tuple[str, str]]:
    """Each analysis template that the strategy names, behind the field that names it."""
    switch, steps = view.blue_green or {}, view.canary or {}
    fields = [(f"blueGreen.{key}", switch.get(key)) for key in ("prePromotionAnalysis", "postPromotionAnalysis")]
    fields += [(f"canary.steps[{number}].analysis", step.get("analysis")) for number, step in enumerate(view.steps)]
    fields.append(("canary.analysis", steps.get("analysis")))
    for where, wanted in fields:
        for entry in (wanted or {}).get("templates") or ():
            if not entry.get("clusterScope"):
                yield f"spec.strategy.{where}.templates", entry["templateName"]


# Making runs


def _begin(work: Work, role: Role, wanted: Obj, suffix: str) -> None:
    view = work.view
    base = f"{view.name}-{hash_of(view.new)}-{revision(view.new)}{suffix}"
    name, count = base, 0
    while name in view.analysis_runs:
        count += 1
        name = f"{base}.{count}"
    work.effects.append(Create(_new_run(view, role, wanted, name)))
    work.analyses[role.field] = {"name": name, "status": ""}


def _new_run(view: View, role: Role, wanted: Obj, name: str) -> Obj:
    labels = {**(dig(view.spec, "selector", "matchLabels") or {}), HASH: hash_of(view.new), "rollout-type": role.kind}
    if role is STEP:
        labels["step-index"] = str(view.index)
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "AnalysisRun",
        "metadata": {
            "name": name,
            "namespace": view.rollout["metadata"]["namespace"],
            "labels": labels,
            "annotations": {REVISION: annotation(view.new, REVISION)},
            "ownerReferences": [owner_reference(view.rollout)],
        },
        "spec": {"args": _arguments(view, wanted), "metrics": _metrics(view, wanted)},
        "status": {"phase": "", "runSummary": {}},
    }


def _templates(view: View, wanted: Obj) -> list[Obj]:
    names = [entry["templateName"] for entry in wanted.get("templates") or ()]
    return [view.analysis_templates[name] for name in names if name in view.analysis_templates]


def _metrics(view: View, wanted: Obj) -> list[Obj]:
    return [metric for template in _templates(view, wanted) for metric in template["spec"].get("metrics") or ()]


def _arguments(view: View, wanted: Obj) -> list[Obj]:
    """The templates' arguments, with the values that the Rollout gives."""
    given = {entry["name"]: _value(view, entry) for entry in wanted.get("args") or ()}
    declared = [entry for template in _templates(view, wanted) for entry in template["spec"].get("args") or ()]
    values = {entry["name"]: given.get(entry["name"], entry.get("value")) for entry in declared}
    return [{"name": name, **({} if value is None else {"value": value})} for name, value in values.items()]


def _value(view: View, argument: Obj) -> str | None:
    if which := dig(argument, "valueFrom", "podTemplateHashValue"):
        return hash_of(view.stable if which == "Stable" else view.new)
    value = argument.get("value")
    return None if value is None else str(value)

"""One pass over a Rollout: spec valid, revision known, pause told, then the strategy. Called by rollouts; pure.

Each early return stands for a write after which the real controller too starts anew; the order of these writes is
what its watchers see.
"""

import json
from typing import Final

from playground.argo import blue_green, canary, conditions
from playground.argo.analysis import named_templates
from playground.argo.canonical import canonical, rewritten
from playground.argo.conditions import Condition
from playground.argo.names import DESIRED, HASH, HISTORY, MANAGED_BY, REVISION, Obj, dig, moment, owner_reference
from playground.argo.view import View, actual, annotation, available, revision, wanted
from playground.argo.work import REPLICA_SET, ROLLOUT, Create, Delete, Work

SERVICES: Final = ("activeService", "previewService")
RECHECK_RESTART: Final = 30.0
DEFAULT_HISTORY: Final = 10


def reconcile(view: View) -> Work:
    """Decide everything that follows from what is to be seen now."""
    work = Work(view)
    _release_services(work)
    if "replicas" not in view.spec:
        work.patch(ROLLOUT, view.name, {"spec": {"replicas": 1}})
    elif view.blue_green is not None and not view.blue_green.get("activeService"):
        return work  # Recorded: an empty activeService is accepted and then never observed.
    elif why := validation_error(view):
        _write_invalid(work, why)
    elif not (_sync_revision(work) or _tell_pause(work)):
        _run_strategy(work)
    return work


def validation_error(view: View) -> str | None:
    """The message of an InvalidSpec condition, as recorded."""
    labels = dig(view.spec, "template", "metadata", "labels") or {}
    if not (dig(view.spec, "selector", "matchLabels") or {}).items() <= labels.items():
        shown = json.dumps(labels, sort_keys=True, separators=(",", ":"))
        fault = f"spec.template.metadata.labels: Invalid value: {shown}: `selector` does not match template `labels`"
        return f'The Rollout "{view.name}" is invalid: {fault}'
    for role in SERVICES:
        name = (view.blue_green or {}).get(role)
        if name and name not in view.services:
            fault = f'spec.strategy.blueGreen.{role}: Invalid value: "{name}": service "{name}" not found'
            return f'The Rollout "{view.name}" is invalid: {fault}'
    for where, name in named_templates(view):
        if name not in view.analysis_templates:
            fault = f"{where}: Invalid value: \"{name}\": AnalysisTemplate '{name}' not found"
            return f'The Rollout "{view.name}" is invalid: {fault}'
    return None


def _write_invalid(work: Work, message: str) -> None:
    status = {**work.view.status}
    conditions.drop(status, conditions.INVALID)
    old = conditions.find(work.view.status, conditions.INVALID)
    if old and old["message"] == message:
        status["conditions"] = [*work.view.status["conditions"]]
    else:
        work.condition(status, Condition(conditions.INVALID, "True", conditions.INVALID, message))
    work.observe(status)


def _release_services(work: Work) -> None:
    """Take the hash out of Services that this Rollout switched once and names no longer."""
    named = {(work.view.blue_green or {}).get(role) for role in SERVICES}
    for name, service in work.view.services.items():
        if annotation(service, MANAGED_BY) == work.view.name and name not in named:
            note = {"annotations": {MANAGED_BY: None}}
            work.patch("Service", name, {"metadata": note, "spec": {"selector": {HASH: None}}})


def _sync_revision(work: Work) -> bool:
    """Make the ReplicaSet of a new template, or number an old one anew. True when one was made."""
    view = work.view
    latest = max((revision(rs) for rs in view.replica_sets if rs is not view.new), default=0)
    if view.new is None:
        _create_replica_set(work, latest + 1)
        return True
    _copy_annotations(work, view.new)
    number = revision(view.new)
    if number <= latest:
        past = [text for text in (annotation(view.new, HISTORY), str(number)) if text]
        notes = {REVISION: str(latest + 1), HISTORY: ",".join(past)}
        work.patch(REPLICA_SET, view.new["metadata"]["name"], {"metadata": {"annotations": notes}})
        view.new["metadata"]["annotations"].update(notes)
        number = latest + 1
    _tell_revision(work, number)
    return False


def _tell_revision(work: Work, number: int) -> None:
    if annotation(work.view.rollout, REVISION) != str(number):
        body: Obj = {"metadata": {"annotations": {REVISION: str(number)}}}
        if spec := rewritten(work.view.spec):
            body["spec"] = spec
        work.patch(ROLLOUT, work.view.name, body)
        work.emit("RolloutUpdated", f"Rollout updated to revision {number}")


def _copy_annotations(work: Work, replica_set: Obj) -> None:
    known = replica_set["metadata"].get("annotations") or {}
    own = work.view.rollout["metadata"].get("annotations") or {}
    notes = {key: value for key, value in own.items() if key != REVISION and known.get(key) != value}
    if notes:
        work.patch(REPLICA_SET, replica_set["metadata"]["name"], {"metadata": {"annotations": notes}})


def _create_replica_set(work: Work, number: int) -> None:
    view = work.view
    made = new_replica_set(view, number)
    name = made["metadata"]["name"]
    work.effects.append(Create(made))
    _tell_revision(work, number)
    status: Obj = {"canary": {}, "blueGreen": {}, **view.status}
    created = Condition("Progressing", "True", conditions.CREATED, f'Created new replica set "{name}"')
    work.condition(status, created)
    work.write_status(status)
    work.emit("NewReplicaSetCreated", f"Created ReplicaSet {name} (revision {number})")


def new_replica_set(view: View, number: int) -> Obj:
    """The ReplicaSet of the template as it stands, without pods yet."""
    template, unique = canonical(view.spec["template"]), {HASH: view.template_hash}
    labels = {**(dig(template, "metadata", "labels") or {}), **unique}
    own = view.rollout["metadata"].get("annotations") or {}
    notes = {key: value for key, value in own.items() if key != REVISION}
    return {
        "apiVersion": "apps/v1",
        "kind": REPLICA_SET,
        "metadata": {
            "name": f"{view.name}-{view.template_hash}",
            "namespace": view.rollout["metadata"]["namespace"],
            "labels": labels,
            "annotations": {**notes, DESIRED: str(view.replicas), REVISION: str(number)},
            "ownerReferences": [owner_reference(view.rollout)],
        },
        "spec": {
            "replicas": 0,
            "selector": {"matchLabels": {**(dig(view.spec, "selector", "matchLabels") or {}), **unique}},
            "template": {**template, "metadata": {**(template.get("metadata") or {}), "labels": labels}},
        },
    }


def _tell_pause(work: Work) -> bool:
    """Bring the conditions in line with pause and abort. True when that was written, with all else as it was."""
    view = work.view
    known = conditions.reason(view.status, "Progressing")
    status = {**view.status, "conditions": list(view.status.get("conditions") or ())}
    written = False
    if known == conditions.ABORTED and not view.status.get("abort"):
        written = work.condition(
            status, Condition("Progressing", "Unknown", conditions.RETRY, "Retrying Rollout after abort")
        )
    elif known != conditions.ABORTED:
        written = _tell_progress(work, status, known)
        written |= _tell_paused(work, status)
    if written:
        work.observe(status)
    return written


def _tell_progress(work: Work, status: Obj, known: str | None) -> bool:
    """A Rollout that is fully promoted keeps its last word about progress, also while paused by hand."""
    paused = work.view.paused
    if paused == (known == conditions.PAUSED) or (paused and work.view.fully_promoted):
        return False
    reason, verb = (conditions.PAUSED, "paused") if paused else (conditions.RESUMED, "resumed")
    return work.condition(status, Condition("Progressing", "Unknown", reason, f"Rollout is {verb}"))


def _tell_paused(work: Work, status: Obj) -> bool:
    paused, known = work.view.paused, conditions.find(work.view.status, "Paused")
    if paused == (known is not None and known["status"] == "True"):
        return False
    return work.condition(status, Condition("Paused", str(paused), conditions.PAUSED, "Rollout is paused"))


def _run_strategy(work: Work) -> None:
    view = work.view
    if view.fully_promoted:
        work.unabort = True
    _restart_pods(work)
    _trim_history(work)
    scaling = any(wanted(rs) and annotation(rs, DESIRED) != str(view.replicas) for rs in view.replica_sets)
    if view.spec.get("paused") or scaling:
        _replicas_only(work, scaling=scaling)
    elif view.blue_green is None:
        canary.run(work)
    else:
        blue_green.run(work)


def _replicas_only(work: Work, *, scaling: bool) -> None:
    """Paused by hand, or another number of replicas: steps stand still."""
    if work.view.blue_green is not None:
        if scaling:
            blue_green.scale(work)
        blue_green.sync_status(work)
        return
    if scaling and not canary.scale(work):
        for replica_set in filter(wanted, work.view.replica_sets):
            work.scale(replica_set, wanted(replica_set))
    canary.sync_status(work)


def _restart_pods(work: Work) -> None:
    """Delete pods older than spec.restartAt, as many at a time as may be missing; done at the next look after that."""
    view, asked = work.view, work.view.spec.get("restartAt")
    if not asked or view.status.get("restartedAt") == asked or view.changed:
        return
    if (early := (moment(asked) - view.now).total_seconds()) > 0:
        work.wakes.append(early * view.speed)
        return
    old = [pod for pod in view.pods if pod["metadata"]["creationTimestamp"] < asked]
    began = work.marks.setdefault(f"restart:{asked}", view.now)
    free = sum(map(available, view.replica_sets)) - view.replicas + max(view.limits[1], 1)
    full = sum(map(actual, view.replica_sets)) >= view.replicas
    leaving = [pod for pod in old if not pod["metadata"].get("deletionTimestamp")]
    if full:
        work.effects += [Delete("Pod", pod["metadata"]["name"]) for pod in leaving[: max(free, 0)]]
    left = RECHECK_RESTART - (view.now - began).total_seconds() * view.speed
    if old or left > 0:
        work.wakes.append(max(left, 1.0))
    else:
        work.restarted = True


def _trim_history(work: Work) -> None:
    limit = int(work.view.spec.get("revisionHistoryLimit", DEFAULT_HISTORY))
    idle = [rs for rs in work.view.others if not wanted(rs) and not actual(rs)]
    work.effects += [Delete(REPLICA_SET, rs["metadata"]["name"]) for rs in idle[: max(0, len(idle) - limit)]]

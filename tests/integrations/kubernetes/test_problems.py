"""Why pods are not ready, as the real kubelet and controllers wrote it; crafted where none was recorded."""

import copy
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from commands.core.failure import Cause
from commands.core.observed import PodProblem, RolloutSnapshot
from integrations.kubernetes.pods import PodView, project_pod, trouble_of
from integrations.kubernetes.problems import of_pods
from integrations.kubernetes.rollouts import project_replica_set, project_rollout, snapshot_of
from tests.recordings import objects, with_env

Obj = dict[str, Any]
BROKEN = (
    'failed to pull and unpack image "registry.local/app:v99": failed to resolve reference "registry.local/app:v99": '
    'failed to do request: Head "https://registry.local/v2/app/manifests/v99": dial tcp: lookup registry.local: '
    "Temporary failure in name resolution"
)
NO_ROOM = (
    "0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: 0/1 nodes are available: "
    "1 Preemption is not helpful for scheduling."
)

# What each recording shows of its pods and its Rollout, in the order in which it appears; a probe's time is left out.
RECORDED: dict[str, list[tuple[Cause, str, int | None, int]]] = {
    "canary-crashloop": [
        (Cause.CRASH_LOOP, "", 1, 0),
        (Cause.CRASH_LOOP, "", 1, 1),
        (Cause.PROGRESS_DEADLINE, "timed out progressing", None, 0),
        (Cause.CRASH_LOOP, "", 1, 2),
    ],
    "canary-crashloop-deadline-abort": [
        (Cause.CRASH_LOOP, "", 1, 0),
        (Cause.CRASH_LOOP, "", 1, 1),
        (Cause.PROGRESS_DEADLINE, "timed out progressing", None, 0),
    ],
    "canary-crashloop-first-deploy": [
        (Cause.CRASH_LOOP, "", 1, 0),
        (Cause.CRASH_LOOP, "", 1, 1),
        (Cause.PROGRESS_DEADLINE, "timed out progressing", None, 0),
    ],
    "canary-image-pull-failure": [
        (Cause.APP_IMAGE_PULL, BROKEN, None, 0),
        (Cause.PROGRESS_DEADLINE, "timed out progressing", None, 0),
    ],
    "canary-image-never-pull": [
        (
            Cause.APP_IMAGE_PULL,
            'Container image "registry.local/app:v99" is not present with pull policy of Never',
            None,
            0,
        )
    ],
    "canary-unschedulable": [
        (Cause.APP_UNSCHEDULABLE, NO_ROOM, None, 0),
        (Cause.PROGRESS_DEADLINE, "timed out progressing", None, 0),
    ],
    "canary-out-of-memory": [
        (Cause.APP_OUT_OF_MEMORY, "", 137, 0),
        (Cause.APP_OUT_OF_MEMORY, "", 137, 1),
        (Cause.PROGRESS_DEADLINE, "timed out progressing", None, 0),
    ],
    "canary-config-error": [
        (Cause.CONFIG_ERROR, 'secret "none" not found', None, 0),
        (Cause.PROGRESS_DEADLINE, "timed out progressing", None, 0),
    ],
    "canary-quota": [
        (Cause.APP_QUOTA, "exceeded quota: small, requested: pods=1, used: pods=2, limited: pods=2", None, 0),
        (Cause.PROGRESS_DEADLINE, "timed out progressing", None, 0),
    ],
    "canary-probe-failure": [
        (Cause.PROBE_FAILING, "containers with unready status: [app]", None, 0),
        (Cause.PROGRESS_DEADLINE, "timed out progressing", None, 0),
    ],
    "canary-late-ready": [
        (Cause.PROBE_FAILING, "containers with unready status: [app]", None, 0),
        (Cause.PROGRESS_DEADLINE, "timed out progressing", None, 0),
    ],
    "canary-cannot-start": [
        (Cause.CANNOT_START, 'exec: "/srv/start": stat /srv/start: no such file or directory', 128, 0),
        (Cause.CANNOT_START, 'exec: "/srv/start": stat /srv/start: no such file or directory', 128, 1),
        (Cause.PROGRESS_DEADLINE, "timed out progressing", None, 0),
    ],
    "canary-init-failing": [
        (Cause.CRASH_LOOP, "init container migration", 3, 0),
        (Cause.CRASH_LOOP, "init container migration", 3, 1),
        (Cause.PROGRESS_DEADLINE, "timed out progressing", None, 0),
    ],
    "canary-pods-refused": [
        (Cause.PODS_REFUSED, 'is forbidden: violates PodSecurity "restricted:latest": allowPriv', None, 0),
        (Cause.PROGRESS_DEADLINE, "timed out progressing", None, 0),
    ],
}


SLOW = {"canary-late-ready", "canary-probe-failure"}


def replay(name: str) -> Iterator[RolloutSnapshot]:
    """Yield what is seen of a recording after each event."""
    rollout: Obj | None = None
    sets: dict[str, Obj] = {}
    pods: dict[str, PodView] = {}
    for kind, change, obj in objects(name, "rollouts", "replicasets", "pods"):
        key = obj["metadata"]["name"]
        if kind == "rollouts":
            rollout = None if change == "DELETED" else obj
        elif kind == "replicasets":
            sets.pop(key, None)
            if change != "DELETED":
                sets[key] = with_env(obj, rollout)
        else:
            pods.pop(key, None)
            kept = project_pod(obj) if change != "DELETED" else None
            if kept is not None:
                pods[key] = kept
        if rollout is not None:
            views = [view for each in sets.values() if (view := project_replica_set(each)) is not None]
            yield snapshot_of(project_rollout(rollout), views, pods=pods.values())


def problems(name: str) -> list[PodProblem]:
    """List the different problems of a recording; a probe that passes within two seconds is no problem."""
    told: list[PodProblem] = []
    for seen in replay(name):
        told += [each for each in seen.problems if each not in told]
    return told


@pytest.mark.parametrize("name", RECORDED)
def test_a_recorded_trouble_has_its_cause(name: str) -> None:
    told = [each for each in problems(name) if each.cause != Cause.PROBE_FAILING or name in SLOW]
    shown = [(each.cause, each.message, each.exit_code, each.restarts) for each in told]
    wanted = RECORDED[name]
    distinct = list(dict.fromkeys((cause, code, restarts) for cause, _, code, restarts in shown))
    assert distinct[: len(wanted)] == [(cause, code, restarts) for cause, _, code, restarts in wanted]
    for cause, message, _, _ in wanted:
        assert all(message in said for other, said, _, _ in shown if other == cause)


@pytest.mark.parametrize(
    "name", ["canary-happy", "canary-abort", "rolling", "bluegreen-first-and-upgrade", "canary-superseded"]
)
def test_a_release_that_goes_well_has_no_trouble_but_probes_that_take_a_moment(name: str) -> None:
    assert {each.cause for each in problems(name)} <= {Cause.PROBE_FAILING}


def test_a_gate_that_nobody_opens_is_named_and_no_container_is() -> None:
    *_, last = [each for each in problems("canary-readiness-gate") if each.cause == Cause.PROBE_FAILING]
    assert last.message == 'corresponding condition of pod readiness gate "example.com/traffic" does not exist.'
    assert last.container == ""


def test_an_invalid_spec_says_what_is_wrong_with_it() -> None:
    told = [each for each in problems("invalid-spec") if each.cause == Cause.INVALID_SPEC]
    assert any('service "web-active" not found' in each.message for each in told)
    assert all(not each.message.startswith("InvalidSpec") for each in told)


def test_a_pod_of_the_old_version_is_no_problem_of_the_new_one() -> None:
    for seen in replay("canary-crashloop"):
        assert all(each.pod == "" or seen.current_hash in each.pod for each in seen.problems)


def test_what_is_kept_of_a_pod_is_small() -> None:
    *_, (_, _, pod) = objects("canary-happy", "pods")
    view = project_pod({**pod, "metadata": {**pod["metadata"], "deletionTimestamp": None}})
    assert view is None or len(repr(view)) < 400


# --- shapes that were not recorded: they follow the kubelet's and the API's documentation


def pod(*statuses: Obj, name: str = "web-1-a", **more: Any) -> Obj:
    owner = {"kind": "ReplicaSet", "name": "web-1", "controller": True}
    conditions = [
        {"type": "PodScheduled", "status": "True"},
        {"type": "Ready", "status": "False", "message": "unready"},
    ]
    status = {"phase": "Running", "conditions": conditions, "containerStatuses": list(statuses)}
    return {"metadata": {"name": name, "ownerReferences": [owner]}, "status": {**status, **more}}


def waiting(reason: str, message: str = "", **more: Any) -> Obj:
    return {"name": "app", "ready": False, "state": {"waiting": {"reason": reason, "message": message}}, **more}


def ended(code: int, reason: str, message: str = "") -> Obj:
    return {"terminated": {"exitCode": code, "reason": reason, "message": message}}


def running(*, since: str = "2026-11-23T14:33:36Z", **more: Any) -> Obj:
    return {"name": "app", "ready": False, "state": {"running": {"startedAt": since}}, **more}


def cause(*statuses: Obj, **more: Any) -> Cause | None:
    found = trouble_of(pod(*statuses, **more))
    return found.cause if found else None


def test_a_container_that_took_too_much_memory_says_so_whether_it_waits_or_runs_again() -> None:
    killed = ended(137, "OOMKilled")
    for status in (
        waiting("CrashLoopBackOff", lastState=killed, restartCount=3),
        {"name": "app", "ready": False, "state": killed, "restartCount": 3},
        running(lastState=killed, restartCount=3),
    ):
        found = trouble_of(pod(status))
        assert found is not None
        assert (found.cause, found.exit_code, found.restarts) == (Cause.APP_OUT_OF_MEMORY, 137, 3)


def test_a_container_that_runs_again_after_a_crash_is_in_a_loop_until_it_is_ready() -> None:
    again = running(lastState=ended(1, "Error"), restartCount=1)
    assert cause(again) is Cause.CRASH_LOOP
    assert cause({**again, "ready": True}, conditions=[]) is None


def test_a_command_that_does_not_exist_cannot_start() -> None:
    said = 'exec: "nope": executable file not found in $PATH'
    found = trouble_of(pod(waiting("CrashLoopBackOff", lastState=ended(128, "StartError", said), restartCount=2)))
    assert found is not None
    assert (found.cause, found.message) == (Cause.CANNOT_START, said)
    assert cause(waiting("RunContainerError", said)) is Cause.CANNOT_START


def test_what_the_runtime_puts_around_the_reason_is_left_out() -> None:
    said = 'exec: "/srv/start": stat /srv/start: no such file or directory'
    around = (
        "failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: "
        f"unable to start container process: {said}: unknown"
    )
    for status in (
        waiting("RunContainerError", around),
        waiting("CrashLoopBackOff", lastState=ended(128, "StartError", around)),
    ):
        found = trouble_of(pod(status))
        assert found is not None
        assert found.message == said


def test_a_missing_secret_is_a_matter_of_configuration() -> None:
    found = trouble_of(pod(waiting("CreateContainerConfigError", 'secret "shop" not found')))
    assert found is not None
    assert (found.cause, found.message) == (Cause.CONFIG_ERROR, 'secret "shop" not found')


def test_a_back_off_says_the_same_as_the_error_before_it() -> None:
    bare = trouble_of(pod(waiting("ErrImagePull", "not found")))
    behind = trouble_of(pod(waiting("ImagePullBackOff", 'Back-off pulling image "shop:v1": ErrImagePull: not found')))
    assert bare == behind
    silent = trouble_of(pod(waiting("ImagePullBackOff")))
    assert silent is not None
    assert silent.message == "ImagePullBackOff"


def test_a_probe_that_fails_counts_from_the_last_start() -> None:
    sidecar = running(since="2026-11-23T14:33:40Z") | {"name": "proxy", "ready": True}
    found = trouble_of(pod(running(), sidecar))
    assert found is not None
    assert (found.cause, found.container, found.message) == (Cause.PROBE_FAILING, "app", "unready")
    assert found.since == datetime(2026, 11, 23, 14, 33, 40, tzinfo=UTC)


def test_a_pod_that_waits_for_something_outside_of_it_names_no_container() -> None:
    found = trouble_of(pod(running() | {"ready": True}))
    assert found is not None
    assert (found.cause, found.container) == (Cause.PROBE_FAILING, "")


def test_an_init_container_that_did_its_work_is_no_trouble_and_one_that_crashes_is() -> None:
    done = {"name": "prepare", "ready": False, "state": ended(0, "Completed")}
    creating = waiting("PodInitializing")
    assert cause(creating, initContainerStatuses=[done]) is None
    assert cause(creating, initContainerStatuses=[done | {"state": ended(1, "Error")}]) is Cause.CRASH_LOOP


def test_an_init_container_in_trouble_is_named() -> None:
    creating = waiting("PodInitializing")
    for status, said in (
        ({**creating, "state": ended(3, "Error")}, "init container app"),
        (waiting("CreateContainerConfigError", 'secret "db" not found'), 'init container app: secret "db" not found'),
    ):
        found = trouble_of(pod(creating, initContainerStatuses=[status]))
        assert found is not None
        assert found.message == said


def test_a_pod_that_is_being_made_is_no_trouble() -> None:
    assert cause(waiting("ContainerCreating")) is None
    assert cause() is None


@pytest.mark.parametrize(
    "changes",
    [
        {"metadata": {"deletionTimestamp": "2026-11-23T14:33:36Z"}},
        {"status": {"phase": "Failed"}},
        {"metadata": {"ownerReferences": [{"kind": "Job", "controller": True}]}},
    ],
)
def test_a_pod_that_leaves_has_ended_or_is_not_an_apps_is_left_out(changes: dict[str, Obj]) -> None:
    made = pod(waiting("ErrImagePull"))
    assert project_pod(made) is not None
    assert project_pod({key: {**made[key], **changes.get(key, {})} for key in made}) is None


def refused(message: str, *, by_set: bool = True) -> tuple[PodProblem, ...]:
    """Return the problems of a canary whose first pod may not be made."""
    rollout: Obj = {}
    sets: dict[str, Obj] = {}
    for kind, _, obj in objects("canary-happy", "rollouts", "replicasets"):
        if kind == "rollouts":
            rollout = copy.deepcopy(obj)
        else:
            sets[obj["metadata"]["name"]] = copy.deepcopy(obj)
        if rollout.get("status", {}).get("currentStepIndex") == 0 and len(sets) == 2:
            break
    condition = {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": message}
    newest = sets[f"web-{rollout['status']['currentPodHash']}"]
    newest["spec"]["replicas"], newest["status"] = 1, {"replicas": 0}
    (newest if by_set else rollout).setdefault("status", {}).setdefault("conditions", []).append(condition)
    views = [view for each in sets.values() if (view := project_replica_set(each)) is not None]
    return snapshot_of(project_rollout(rollout), views).problems


@pytest.mark.parametrize("by_set", [True, False])
def test_a_quota_that_is_used_up_is_named(*, by_set: bool) -> None:
    said = 'pods "web-1-x" is forbidden: exceeded quota: small, requested: pods=1, used: pods=4, limited: pods=4'
    (found,) = refused(said, by_set=by_set)
    assert (found.cause, found.message, found.pod, found.pods) == (Cause.APP_QUOTA, said, "", 1)


def test_any_other_refusal_is_told_in_its_own_words() -> None:
    (found,) = refused('pods "web-1-x" is forbidden: violates PodSecurity "restricted:latest"')
    assert found.cause is Cause.PODS_REFUSED


def test_a_condition_that_has_passed_is_no_trouble() -> None:
    status = {"conditions": [{"type": "ReplicaFailure", "status": "False", "message": "once"}]}
    view = project_replica_set(
        {"metadata": {"name": "web-1", "ownerReferences": [{"kind": "Rollout", "controller": True}]}, "status": status}
    )
    assert view is not None
    assert view.refusal == ""


def test_several_pods_with_one_trouble_are_one_problem_and_the_worst_speaks() -> None:
    crashed = [
        pod(waiting("CrashLoopBackOff", lastState=ended(1, "Error"), restartCount=count), name=f"web-1-{name}")
        for name, count in (("a", 1), ("b", 3), ("c", 3))
    ]
    others = [pod(waiting("ErrImagePull", "gone"), name="web-1-d"), pod(running() | {"ready": True}, conditions=[])]
    views = [view for each in (*others, *crashed) if (view := project_pod(each)) is not None]
    first, second = of_pods(views)
    assert (first.cause, first.pod, first.restarts, first.pods) == (Cause.CRASH_LOOP, "web-1-b", 3, 3)
    assert (second.cause, second.pods) == (Cause.APP_IMAGE_PULL, 1)


def test_a_long_message_is_cut() -> None:
    found = trouble_of(pod(waiting("ErrImagePull", "x" * 900)))
    assert found is not None
    assert len(found.message) == 500

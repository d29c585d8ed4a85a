"""The life of pods: start, faults, end, logs."""

import pytest

from playground.argo.names import Obj
from playground.faults import Fault
from tests.playground.argo.beds import PAUSE, SPACE, W50, Cluster, canary, rollout, template
from tests.recordings import objects

STEPS = canary(W50, PAUSE)


def fault(kind: str, match: str = "app:v2", count: int | None = None, **options: object) -> Fault:
    return Fault(system="rollouts", kind=kind, match=match, count=count, options=options)


def new_pods(cluster: Cluster) -> list[Obj]:
    return [pod for pod in cluster.pods() if pod["spec"]["containers"][0]["image"].endswith("v2")]


def state(cluster: Cluster) -> Obj:
    found: Obj = next((pod["status"].get("containerStatuses", [{}])[0] for pod in new_pods(cluster)), {})
    return found


def waits(cluster: Cluster, reason: str) -> bool:
    waiting: Obj = state(cluster).get("state", {}).get("waiting", {})
    return bool(waiting.get("reason") == reason)


async def test_a_pod_is_created_starts_and_becomes_ready() -> None:
    async with Cluster() as cluster:
        seen: list[tuple[str, str]] = []
        cluster.store.subscribe(
            lambda event: (
                seen.append((event.type, event.object["status"]["phase"])) if event.object["kind"] == "Pod" else None
            )
        )
        await cluster.first(rollout(STEPS, replicas=1))

        assert seen[:3] == [("ADDED", "Pending"), ("MODIFIED", "Pending"), ("MODIFIED", "Running")]
        pod = cluster.pods()[0]
        assert pod["metadata"]["labels"]["rollouts-pod-template-hash"] == cluster.status["stableRS"]
        assert "listening" in (cluster.controllers.logs(SPACE, pod["metadata"]["name"], "app") or "")


async def test_a_deleted_pod_is_replaced_at_once_and_leaves_after_its_grace_period() -> None:
    async with Cluster() as cluster:
        await cluster.first(rollout(STEPS))
        gone = cluster.pods()[0]["metadata"]["name"]
        phases: list[str] = []
        cluster.store.subscribe(
            lambda event: (
                phases.append(f"{event.type} {event.object['status']['phase']}")
                if event.object["metadata"]["name"] == gone
                else None
            )
        )

        cluster.store.delete("Pod", SPACE, gone)
        cluster.store.delete("Pod", SPACE, gone)

        await cluster.until(lambda: cluster.store.get("Pod", SPACE, gone) is None, "the pod gone")
        await cluster.healthy()
        assert phases == ["MODIFIED Running", "MODIFIED Failed", "DELETED Failed"]
        assert cluster.web["metadata"]["generation"] == 1
        assert len(cluster.pods()) == 2


async def test_a_crashing_container_backs_off_and_its_log_can_be_read() -> None:
    async with Cluster(fault("crash-loop", log=["panic: no database"])) as cluster:
        await cluster.first(rollout(STEPS))
        cluster.deploy("v2")

        await cluster.until(lambda: waits(cluster, "CrashLoopBackOff"), "CrashLoopBackOff")

        container = state(cluster)
        assert container["restartCount"] == 1
        assert container["lastState"]["terminated"]["exitCode"] == 1
        assert container["state"]["waiting"]["message"].startswith(
            "back-off 10s restarting failed container=app pod=web-"
        )
        name = new_pods(cluster)[0]["metadata"]["name"]
        assert cluster.controllers.logs(SPACE, name, "app") == "panic: no database\n"
        await cluster.until(lambda: state(cluster).get("restartCount") == 2, "the next start")


async def test_an_image_that_cannot_be_pulled_waits_for_ever_without_a_log() -> None:
    async with Cluster(fault("image-pull")) as cluster:
        await cluster.first(rollout(STEPS))
        cluster.deploy("v2")

        await cluster.until(lambda: waits(cluster, "ErrImagePull"), "ErrImagePull")
        await cluster.until(lambda: waits(cluster, "ImagePullBackOff"), "ImagePullBackOff")

        assert cluster.controllers.logs(SPACE, new_pods(cluster)[0]["metadata"]["name"], "app") is None


def recorded_reasons(name: str) -> set[tuple[str, str]]:
    """Why the pods of a recording wait, in the kubelet's and the scheduler's words."""
    return {reason for _, _, pod in objects(name, "pods") for reason in why_it_waits(pod)} - {("ContainerCreating", "")}


def why_it_waits(pod: Obj) -> set[tuple[str, str]]:
    states = [entry["state"].get("waiting") for entry in pod["status"].get("containerStatuses") or ()]
    told = [entry for entry in pod["status"].get("conditions") or () if entry["type"] == "PodScheduled"]
    return {(entry["reason"], entry.get("message", "")) for entry in [*states, *told] if entry and entry.get("reason")}


@pytest.mark.parametrize(
    ("name", "container"),
    [
        ("canary-image-never-pull", {"image": "registry.local/app:v99", "imagePullPolicy": "Never"}),
        ("canary-unschedulable", {"resources": {"requests": {"cpu": "100"}}}),
    ],
)
async def test_a_pod_that_cannot_start_says_why_as_recorded(name: str, container: Obj) -> None:
    async with Cluster(fault("image-pull", match="v99")) as cluster:
        made = template("v2", **container)
        cluster.store.create(rollout(STEPS, replicas=1, template=made))

        def reasons() -> set[tuple[str, str]]:
            found = {reason for pod in cluster.pods() for reason in why_it_waits(pod)}
            return found - {("ContainerCreating", "")}

        await cluster.until(lambda: reasons() == recorded_reasons(name), f"{recorded_reasons(name)}")


async def test_a_pod_without_its_configuration_says_what_is_missing() -> None:
    async with Cluster(fault("config-error", match="app:v1", message='configmap "prices" not found')) as cluster:
        cluster.store.create(rollout(STEPS, replicas=1))

        def reasons() -> set[tuple[str, str]]:
            return {reason for pod in cluster.pods() for reason in why_it_waits(pod)}

        wanted = {("CreateContainerConfigError", 'configmap "prices" not found')}
        await cluster.until(lambda: reasons() == wanted, "CreateContainerConfigError")


async def test_a_container_may_end_as_the_fault_says() -> None:
    async with Cluster(fault("crash-loop", match="app:v1", exit_code=137, reason="OOMKilled")) as cluster:
        cluster.store.create(rollout(STEPS, replicas=1))

        def ends() -> set[tuple[int, str]]:
            statuses = [status for pod in cluster.pods() for status in pod["status"].get("containerStatuses") or ()]
            found = [status["state"].get("terminated") for status in statuses]
            return {(each["exitCode"], each["reason"]) for each in found if each}

        await cluster.until(lambda: ends() == {(137, "OOMKilled")}, "OOMKilled")


async def test_small_requests_find_room() -> None:
    async with Cluster() as cluster:
        requests = {"resources": {"requests": {"cpu": "250m"}}}
        cluster.store.create(rollout(STEPS, replicas=1, template=template("v1", **requests)))

        await cluster.healthy()


async def test_pods_that_never_get_ready_miss_the_deadline_but_stay() -> None:
    async with Cluster(fault("pods-never-ready")) as cluster:
        await cluster.first(rollout(STEPS, progressDeadlineSeconds=5))
        cluster.deploy("v2")

        await cluster.until(lambda: cluster.status["phase"] == "Degraded", "Degraded")

        name = f"web-{cluster.status['currentPodHash']}"
        assert cluster.status["message"] == f'ProgressDeadlineExceeded: ReplicaSet "{name}" has timed out progressing.'
        assert "abort" not in cluster.status
        assert len(new_pods(cluster)) == 1


async def test_pods_that_get_ready_late_go_on_by_themselves() -> None:
    async with Cluster(fault("pods-never-ready", seconds=40)) as cluster:
        await cluster.first(rollout(STEPS, progressDeadlineSeconds=5))
        cluster.deploy("v2")

        await cluster.until(lambda: cluster.status["phase"] == "Degraded", "Degraded")

        await cluster.paused(1)


async def test_a_fault_with_a_count_spares_the_pods_after_it() -> None:
    async with Cluster(fault("crash-loop", match="app:v1", count=1)) as cluster:
        cluster.store.create(rollout(STEPS, replicas=2))

        await cluster.until(lambda: cluster.status.get("availableReplicas") == 1, "one of two")


async def test_a_restart_replaces_one_pod_after_the_other() -> None:
    async with Cluster(speed=100) as cluster:
        await cluster.first(rollout(STEPS, replicas=2))
        old = {pod["metadata"]["name"] for pod in cluster.pods()}
        counts: list[int] = []
        cluster.store.subscribe(
            lambda event: (
                counts.append(event.object.get("status", {}).get("availableReplicas", 0))
                if event.object["kind"] == "Rollout"
                else None
            )
        )

        cluster.patch({"spec": {"restartAt": later(cluster)}})

        await cluster.until(lambda: "restartedAt" in cluster.status, "restartedAt")
        await cluster.healthy()
        assert old.isdisjoint(
            pod["metadata"]["name"] for pod in cluster.pods() if "deletionTimestamp" not in pod["metadata"]
        )
        assert min(counts) == 1


def later(cluster: Cluster) -> str:
    """Timestamps know whole seconds, so the moment after the pods' creation is the next second."""
    from datetime import timedelta

    from playground.argo.names import moment, timestamp

    newest = max(pod["metadata"]["creationTimestamp"] for pod in cluster.pods())
    return timestamp(moment(newest) + timedelta(seconds=1))


@pytest.mark.parametrize("container", ["nope", "main"])
async def test_there_is_no_log_of_a_container_that_does_not_exist(container: str) -> None:
    async with Cluster() as cluster:
        await cluster.first(rollout(STEPS, replicas=1))

        assert cluster.controllers.logs(SPACE, cluster.pods()[0]["metadata"]["name"], container) is None
        assert cluster.controllers.logs(SPACE, "no-such-pod", "app") is None


async def test_a_deleted_rollout_takes_its_pods_along_and_frees_its_service() -> None:
    async with Cluster() as cluster:
        from tests.playground.argo.beds import blue_green

        await cluster.first(rollout(blue_green()))

        cluster.store.delete("Rollout", SPACE, "web")

        await cluster.until(lambda: not cluster.pods(), "no pods")
        await cluster.until(lambda: cluster.get("Service", "web")["spec"]["selector"] == {"app": "web"}, "no hash")
        assert cluster.store.list("ReplicaSet", SPACE) == []

"""The words in which the scenarios of Rollouts are written: each makes a step that acts on a recording or waits.

Waits speak of what the watch has brought after our own last change.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, Final

from tests.bed.recording.cluster import JSON_PATCH, MERGE
from tests.bed.recording.objects import (
    ACTIVE,
    PREVIEW,
    analysis_template,
    metrics_pod,
    service,
    template,
    web_metric,
)
from tests.bed.recording.recording import BAD, NeverCameError, Recording

Obj = dict[str, Any]
Step = Callable[[Recording], Awaitable[object]]

ROLLOUT: Final = "rollouts/web"
STATUS: Final = "rollouts/web/status"
MOMENT: Final = 1.5
LONG: Final = 90.0


# What a Rollout says


def status_of(rollout: Obj | None) -> Obj:
    return (rollout or {}).get("status") or {}


def seen(rollout: Obj | None) -> bool:
    """Whether the controller has observed the generation."""
    if rollout is None or rollout["deleted"]:
        return False
    return bool(status_of(rollout).get("observedGeneration") == str(rollout["metadata"]["generation"]))


def _is_healthy(rollout: Obj | None) -> bool:
    status = status_of(rollout)
    whole = bool(status.get("stableRS")) and status.get("stableRS") == status.get("currentPodHash")
    return seen(rollout) and status.get("phase") == "Healthy" and whole


# Waits


def settle(seconds: float = MOMENT) -> Step:
    async def step(_: Recording) -> None:
        await asyncio.sleep(seconds)

    return step


def until(what: str, holds: Callable[[Obj], bool], *, then: float = MOMENT, within: float = 60) -> Step:
    """Wait until the Rollout, observed, is so; then watch it for a moment longer."""

    async def step(recording: Recording) -> None:
        await recording.until(lambda rollout: seen(rollout) and holds(status_of(rollout)), what, seconds=within)
        await asyncio.sleep(then)

    return step


def paused(index: int | None = None, reason: str | None = None, *, then: float = MOMENT) -> Step:
    """Wait for a pause of the template deployed last: for a moment after it the old one's pause still stands."""

    async def step(recording: Recording) -> None:
        def holds(rollout: Obj | None) -> bool:
            status = status_of(rollout)
            pauses = status.get("pauseConditions") or []
            here = index is None or status.get("currentStepIndex") == index
            why = reason is None or (bool(pauses) and pauses[0]["reason"] == reason)
            new = status.get("currentPodHash") != recording.memory.get("hash before")
            return seen(rollout) and status.get("phase") == "Paused" and bool(pauses) and here and why and new

        await recording.until(holds, f"a pause at {index if reason is None else reason}")
        await asyncio.sleep(then)

    return step


def degraded(*, then: float = 4) -> Step:
    return until("Degraded", lambda status: status.get("phase") == "Degraded", then=then, within=LONG)


def healthy(*, then: float = MOMENT) -> Step:
    async def step(recording: Recording) -> None:
        await recording.until(_is_healthy, "Healthy with the new template", seconds=LONG)
        await asyncio.sleep(then)

    return step


async def no_pods(recording: Recording) -> None:
    await recording.until_no_pods()


def note(text: str) -> Step:
    async def step(recording: Recording) -> None:
        recording.note(text)

    return step


# Acts


def is_equal(path: str, value: Any) -> Obj:
    return {"op": "test", "path": path, "value": value}


def guard(rollout: Obj) -> list[Obj]:
    """The operations that refuse a patch meant for another state."""
    status = status_of(rollout)
    index = [is_equal("/status/currentStepIndex", status["currentStepIndex"])] if "currentStepIndex" in status else []
    return [
        is_equal("/metadata/uid", rollout["metadata"]["uid"]),
        is_equal("/metadata/generation", rollout["metadata"]["generation"]),
        is_equal("/status/observedGeneration", status["observedGeneration"]),
        is_equal("/status/currentPodHash", status["currentPodHash"]),
        *index,
    ]


def first(rollout: Obj, *, services: tuple[str, ...] = ()) -> Step:
    """Make a Rollout and what it needs; it has not come up yet."""

    async def step(recording: Recording) -> None:
        for name in services:
            await recording.act("POST", "services", service(name))
        await recording.act("POST", "rollouts", rollout)

    return step


def up(rollout: Obj, *, services: tuple[str, ...] = ()) -> Step:
    """Make a Rollout and wait until it is Healthy."""

    async def step(recording: Recording) -> None:
        await first(rollout, services=services)(recording)
        await healthy()(recording)

    return step


def up_blue_green(rollout: Obj) -> Step:
    return up(rollout, services=(ACTIVE, PREVIEW))


def deploy(new: str | Obj, **spec: Any) -> Step:
    """Replace the template, and parts of the spec in the same patch."""

    async def step(recording: Recording) -> None:
        rollout = await recording.get()
        recording.memory["hash before"] = status_of(rollout)["currentPodHash"]
        pods = template(new) if isinstance(new, str) else new
        more = [{"op": "add", "path": f"/spec/{key}", "value": value} for key, value in spec.items()]
        body = [
            is_equal("/metadata/generation", rollout["metadata"]["generation"]),
            {"op": "replace", "path": "/spec/template", "value": pods},
            *more,
        ]
        await recording.act("PATCH", ROLLOUT, body, content_type=JSON_PATCH)

    return step


async def deploy_again(recording: Recording) -> None:
    """Replace the template by itself."""
    rollout = await recording.get()
    await deploy(rollout["spec"]["template"])(recording)


def set_image(version: str) -> Step:
    async def step(recording: Recording) -> None:
        rollout = await recording.get()
        body = [
            is_equal("/metadata/generation", rollout["metadata"]["generation"]),
            is_equal("/spec/template/spec/containers/0/name", "app"),
            {
                "op": "replace",
                "path": "/spec/template/spec/containers/0/image",
                "value": f"registry.local/app:{version}",
            },
        ]
        await recording.act("PATCH", ROLLOUT, body, content_type=JSON_PATCH)

    return step


def promote(**status: Any) -> Step:
    """End the pause that stands; with `status` these fields are replaced in the same patch."""

    async def step(recording: Recording) -> None:
        rollout = await recording.get()
        start = status_of(rollout)["pauseConditions"][0]["startTime"]
        body = [
            *guard(rollout),
            is_equal("/status/pauseConditions/0/startTime", start),
            {"op": "remove", "path": "/status/pauseConditions"},
            *({"op": "replace", "path": f"/status/{key}", "value": value} for key, value in status.items()),
        ]
        await recording.act("PATCH", STATUS, body, content_type=JSON_PATCH)

    return step


def flag(name: str, *, value: bool = True) -> Step:
    """Set abort or promoteFull."""

    async def step(recording: Recording) -> None:
        body = [*guard(await recording.get()), {"op": "add", "path": f"/status/{name}", "value": value}]
        await recording.act("PATCH", STATUS, body, content_type=JSON_PATCH)

    return step


def skip_to(index: int) -> Step:
    """Leave the step that runs; the step after it begins."""

    async def step(recording: Recording) -> None:
        body = [
            *guard(await recording.get()),
            is_equal("/status/controllerPause", None),
            {"op": "add", "path": "/status/currentStepIndex", "value": index},
        ]
        recording.memory["patch"] = body
        await recording.act("PATCH", STATUS, body, content_type=JSON_PATCH)

    return step


async def skip_again(recording: Recording) -> None:
    """Send the last skip once more, from the state before it."""
    await recording.act("PATCH", STATUS, recording.memory["patch"], content_type=JSON_PATCH)


def spec(resource: str = ROLLOUT, **changed: Any) -> Step:
    """Merge into the spec."""
    return merge({"spec": changed}, resource)


def merge(body: Obj, resource: str = ROLLOUT) -> Step:
    async def step(recording: Recording) -> None:
        await recording.act("PATCH", resource, body, content_type=MERGE)

    return step


def json_patch(*operations: Obj) -> Step:
    async def step(recording: Recording) -> None:
        await recording.act("PATCH", ROLLOUT, list(operations), content_type=JSON_PATCH)

    return step


async def restart(recording: Recording) -> None:
    await spec(restartAt=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))(recording)


async def delete(recording: Recording) -> None:
    await recording.act("DELETE", ROLLOUT)


def act(method: str, resource: str, body: Obj) -> Step:
    async def step(recording: Recording) -> None:
        await recording.act(method, resource, body)

    return step


async def restrict(recording: Recording) -> None:
    """Have Pod Security admit restricted pods alone from now on, which those of the scenarios are not."""
    label = {"pod-security.kubernetes.io/enforce": "restricted"}
    path = f"/api/v1/namespaces/{recording.namespace}"
    code, answer = await recording.cluster.call("PATCH", path, {"metadata": {"labels": label}}, MERGE)
    recording.note(f"the namespace is labelled {label}: {code}")
    if code >= BAD:
        raise NeverCameError(f"the label was refused with {code}: {answer.get('message', answer)}")


async def logs_of_unready(recording: Recording) -> None:
    """Ask for what a container that is not ready has written, now and before its last end."""
    for pod in recording.pods():
        states = pod["status"].get("containerStatuses") or [{}]
        if not all(state.get("ready") for state in states):
            path = f"pods/{pod['metadata']['name']}/log?container=app&tailLines=20"
            await recording.act("GET", path)
            await recording.act("GET", f"{path}&previous=true")


# Analysis


async def metrics_server(recording: Recording) -> None:
    """A pod that serves the rates which the web metrics read; not recorded as a request."""
    await recording.prepare("POST", "pods", metrics_pod())

    def ready(pod: Obj | None) -> bool:
        states = ((pod or {}).get("status") or {}).get("containerStatuses") or [{}]
        return bool(states[0].get("ready"))

    pod = await recording.until(ready, "the pod that serves rates", "pods", "metrics")
    recording.memory["metrics"] = f"http://{pod['status']['podIP']}:8080"


def analysis(name: str, metric: Obj) -> Step:
    return act("POST", "analysistemplates", analysis_template(name, metric))


def web_analysis(name: str, document: str, **metric: Any) -> Step:
    """A template whose metric reads a document of the metrics server."""

    async def step(recording: Recording) -> None:
        url = f"{recording.memory['metrics']}/{document}.json"
        await analysis(name, web_metric(url, **metric))(recording)

    return step

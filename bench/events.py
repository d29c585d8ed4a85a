"""How soon a change in the cluster reaches Slack: from the change of a ReplicaSet to the edit of the card."""

import asyncio
import time
from typing import Any

from bench.figures import Result, Series, percentile
from bench.plan import Plan
from bench.processes import BenchError, Stage, stage, until

TITLE = "Cluster event to Slack request"
GOALS = {50: 20.0, 99: 100.0}
# The bot lets 20 edits through at once and then one each 1.2 s, as Slack does; this is slower.
SPACING = 1.3
PODS = "/api/v1/namespaces/staging/pods"
LONGEST = 5.0
# The moments are written down by the stand-ins: to look at them meanwhile would only slow down what is measured.
UNDISTURBED = 0.2


async def measure(plan: Plan) -> Result:
    """Bring a canary to its pause, start the bot anew, and take pods in and out of readiness."""
    series = Series()
    samples, spacing = (15, 0.4) if plan.is_quick else (60, SPACING)
    for _ in range(plan.runs):
        async with stage() as world:
            async with world.bot() as bot:
                await world.until_ready(bot)
                await _pause_a_canary(world)
            # A new bot has the whole allowance of edits before it.
            async with world.bot() as bot:
                await world.until_ready(bot)
                await asyncio.sleep(1)
                await _run(world, series, samples=samples, spacing=spacing)
    return Result(
        title=TITLE,
        method=(
            "A pod of a paused canary becomes unready, or ready again, through the stand-in Kubernetes API; the clock "
            "runs from the change of its ReplicaSet that follows, which the bot watches, to the arrival of "
            "`chat.update` at the stand-in Slack. Both moments are taken in the stand-ins' process. One deployment, "
            f"idle otherwise; {samples} changes, {spacing:g} s apart, so that neither Slack's limit of edits nor the "
            "bot's own pace is what is measured."
        ),
        figures=series.figures(),
    )


async def _pause_a_canary(world: Stage) -> None:
    await world.type("/deploy shop v1.2 canary")

    async def is_paused() -> bool:
        messages = (await world.drive("messages", channel="deploys"))["messages"]
        return any("waits for a promote" in message["text_rendered"] for message in messages)

    await until(60, "the canary pauses", is_paused)


async def _run(world: Stage, series: Series, *, samples: int, spacing: float) -> None:
    pod = await _stable_pod(world)
    times, lost = [], 0
    for number in range(samples):
        began = time.monotonic()
        await _set_readiness(world, pod, is_ready=bool(number % 2))
        seconds = await _until_edit(world, pod["metadata"]["ownerReferences"][0]["name"], began)
        if seconds is None:
            lost += 1
        else:
            times.append(seconds * 1000)
        await asyncio.sleep(max(0.0, began + spacing - time.monotonic()))
    if not times:
        raise BenchError("no change reached Slack")
    for percent, goal in GOALS.items():
        series.add(f"p{percent}", percentile(times, percent), "ms", goal=goal)
    series.add("changes that did not reach Slack", lost, "", goal=0)


async def _stable_pod(world: Stage) -> dict[str, Any]:
    """Find a pod of the version that ran before."""
    rollout = await world.kubernetes("GET", "/apis/argoproj.io/v1alpha1/namespaces/staging/rollouts/shop")
    found = await world.kubernetes("GET", PODS, params={"labelSelector": "app.kubernetes.io/name=shop"})
    stable = rollout["status"]["stableRS"]
    pods: list[dict[str, Any]] = found["items"]
    return next(pod for pod in pods if pod["metadata"]["ownerReferences"][0]["name"].endswith(stable))


async def _set_readiness(world: Stage, pod: dict[str, Any], *, is_ready: bool) -> None:
    conditions = [
        {**condition, "status": str(is_ready)} if condition["type"] == "Ready" else condition
        for condition in pod["status"]["conditions"]
    ]
    path = f"{PODS}/{pod['metadata']['name']}/status"
    await world.kubernetes("PATCH", path, json={"status": {"conditions": conditions}})


async def _until_edit(world: Stage, replica_set: str, began: float) -> float | None:
    """Return the seconds from the ReplicaSet's change to the first edit after it; None when none came."""
    await asyncio.sleep(UNDISTURBED)
    seen = (await world.drive("workspace"))["seq"]
    while time.monotonic() < began + LONGEST:
        changes = [change["at"] for change in await world.changes(began) if change["name"] == replica_set]
        edits = [each["at"] for each in (await world.drive("log", method="chat.update"))["requests"]]
        after = [at for at in edits if changes and at > changes[0]]
        if after:
            return float(after[0] - changes[0])
        seen = (await world.drive("events", since=str(seen), wait="0.2"))["seq"]
    return None

"""Many deploys at once: how long until all are in the cluster, at what memory, and whether one is lost or doubled."""

import asyncio
import time

from bench.figures import Result, Series, lost_and_doubled
from bench.plan import Plan
from bench.processes import Child, Stage, peak_of, stage, until

TITLE = "Many deploys at once"
NEW = "v1.1"
DONE = "succeeded"


async def measure(plan: Plan) -> Result:
    """Type all commands in the same moment, each run on a new stage."""
    series = Series()
    apps = 20 if plan.is_quick else 50
    for _ in range(plan.runs):
        async with stage(apps=apps) as world, world.bot() as bot:
            await world.until_ready(bot)
            await _run(world, bot, series)
    return Result(
        title=TITLE,
        method=(
            f"{apps} deploys of {apps} apps, typed in the same moment. In the cluster: its Workflow was created. Done: "
            "the bot has seen the pipeline and the rollout to their ends; most of that is the stand-ins' own "
            "time (twenty times faster than life). Lost and doubled compare the Workflows in the cluster with what was "
            "asked for, when all is done."
        ),
        figures=series.figures(),
    )


async def _run(world: Stage, bot: Child, series: Series) -> None:
    wanted = [app for app, _ in world.apps]

    async def are_done() -> bool:
        return [stage for _, stage in world.stages_of_deployments()].count(DONE) == len(wanted)

    async with peak_of(bot) as peak:
        began, worked = time.monotonic(), bot.cpu_seconds
        commands = (world.type(f"/deploy {app} {NEW} to {where}", user="carol") for app, where in world.apps)
        acknowledged = await asyncio.gather(*commands)
        await until(180, "all deployments are done", are_done)
        done, worked = time.monotonic() - began, bot.cpu_seconds - worked
    changes = await world.changes(began)
    added = [each["at"] - began for each in changes if (each["kind"], each["type"]) == ("Workflow", "ADDED")]
    found = lost_and_doubled(wanted, await _workflows(world))
    series.add("slowest acknowledgement", max(acknowledged), "ms")
    series.add("first in the cluster", min(added), "s")
    series.add("all in the cluster", max(added), "s")
    series.add("all done", done, "s")
    series.add("the bot's share of it on a core", worked, "s")
    series.add("greatest memory of the bot", peak[0], "MB")
    for name, count in found.items():
        series.add(f"workflows {name}", count, "", goal=0)


async def _workflows(world: Stage) -> list[str]:
    """List the apps of all Workflows."""
    found = await world.kubernetes("GET", "/apis/argoproj.io/v1alpha1/workflows")
    return [workflow["metadata"]["labels"]["slipway/app"] for workflow in found["items"]]

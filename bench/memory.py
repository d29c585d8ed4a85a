"""How much memory the bot takes: after its start, and with 200 live rollouts; and whether its watches stay as many."""

import asyncio

from bench.figures import Result, Series
from bench.plan import Plan
from bench.processes import BenchError, Stage, stage, until

TITLE = "Memory and watches"
GOAL = 150.0
BATCH = 50
SETTLED_SECONDS = 2.0
NEW = "v1.1"


async def measure(plan: Plan) -> Result:
    """Start it with a small catalog and with a large one, then bring every app of the large one to a pause."""
    series = Series()
    apps = 10 if plan.is_quick else 200
    for _ in range(plan.runs):
        async with stage() as world, world.bot() as bot:
            await world.until_ready(bot)
            await asyncio.sleep(SETTLED_SECONDS)
            series.add("after start", bot.megabytes, "MB", goal=GOAL)
        await _live(series, apps)
    return Result(
        title=TITLE,
        method=(
            "Resident memory in millions of bytes, a few seconds after the last thing happened. After start: the "
            f"playground's catalog of 4 apps. The other figures: {apps} apps more, 20 to a namespace, each deployed "
            "by a command and paused at the first step of its canary, its ReplicaSets, pipeline and row followed. "
            "Their cards are posted at Slack's pace and not waited for. Watches are counted at the stand-in "
            "Kubernetes API: five for each namespace, however many deployments there are."
        ),
        figures=series.figures(),
    )


async def _live(series: Series, apps: int) -> None:
    async with stage(apps=apps, are_running=True) as world:
        async with world.bot() as bot:
            await world.until_ready(bot)
            await asyncio.sleep(SETTLED_SECONDS)
            series.add(f"after start, {apps} apps in the catalog", bot.megabytes, "MB", goal=GOAL)
            before = await world.watches()
            await _pause_all(world)
            await asyncio.sleep(SETTLED_SECONDS)
            series.add(f"with {apps} live rollouts", bot.megabytes, "MB")
            after = await world.watches()
        async with world.bot() as bot:
            await world.until_ready(bot)
            await asyncio.sleep(SETTLED_SECONDS)
            series.add(f"with {apps} live rollouts, started anew", bot.megabytes, "MB")
    series.add("watches, nothing deployed", before, "")
    series.add(f"watches with {apps} live rollouts", after, "")
    series.add("watches added by deployments", after - before, "", goal=0)


async def _pause_all(world: Stage) -> None:
    """Deploy everything, a few at a time so that the stand-ins keep up, and wait for the pauses."""
    wanted = world.apps
    for start in range(0, len(wanted), BATCH):
        batch = wanted[start : start + BATCH]
        await asyncio.gather(*(world.type(f"/deploy {app} {NEW} to {where}", user="carol") for app, where in batch))

        async def are_paused(count: int = start + len(batch)) -> bool:
            return [stage for _, stage in world.stages_of_deployments()].count("paused") >= count

        await until(120, f"{start + len(batch)} canaries pause", are_paused)
    rows = world.stages_of_deployments()
    if len(rows) != len(wanted):
        raise BenchError(f"{len(wanted)} deployments were asked for and {len(rows)} are there")

"""How long from starting the bot to ready, beside the time that its libraries alone take to be imported."""

import asyncio
import time

from bench.figures import Result, Series
from bench.plan import Plan
from bench.processes import Child, Stage, child, stage

TITLE = "Start to ready"
GOAL = 3.0
STARTS = 3
FLOOR = "import slack_bolt, kubernetes.aio, sqlalchemy, keycloak"


async def measure(plan: Plan) -> Result:
    """Start it again and again on one stage, the floor in between."""
    series = Series()
    async with stage() as world:
        for number in range(plan.runs * (1 if plan.is_quick else STARTS)):
            floor = await _floor(world)
            new = await _start(world, f"run-{number}")
            again = await _start(world, f"run-{number}")
            series.add("bot ready, new database", new, "s", goal=GOAL)
            series.add("bot ready, database of the start before", again, "s", goal=GOAL)
            series.add("floor: only importing the libraries", floor, "s")
            series.add("bot / floor", again / floor, "")
    return Result(
        title=TITLE,
        method=(
            "From starting the process to the first 200 of `/readyz`, asked every 5 ms: Slack connected and every "
            f"namespace listed. All starts are on one stage, {STARTS} of each kind in a run, and take turns. A new "
            f'database is migrated first. The floor is `python -c "{FLOOR}"` to its end.'
        ),
        figures=series.figures(),
    )


async def _start(world: Stage, database: str) -> float:
    async with world.bot(database=database) as bot:
        return await world.until_ready(bot)


async def _floor(world: Stage) -> float:
    async with child("-c", FLOOR, log=world.folder / "floor.log") as importing:
        return await _until_end(importing)


async def _until_end(importing: Child) -> float:
    await asyncio.wait_for(importing.process.wait(), 60)
    return time.monotonic() - importing.began

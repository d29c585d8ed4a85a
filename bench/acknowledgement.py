"""How soon a command is acknowledged: the bot beside a bare slack-bolt handler, interleaved in the same run."""

import asyncio
import itertools

from bench.figures import Result, Series, percentile
from bench.plan import Plan
from bench.processes import Stage, child, stage

TITLE = "Acknowledgement of a command"
BURST = 50
# All do real work after the acknowledgement: the database, the person's roles in Keycloak, the versions in Nexus.
LINES = (("alice", "/rollout status"), ("eve", "/deploy shop v1.2"), ("alice", "/deploy shop v9.9"))
GOAL = 2.0
NAMES = {"bot": "bot", "bare": "bare slack-bolt"}


async def measure(plan: Plan) -> Result:
    """Run it several times, each time with new processes."""
    series = Series()
    samples, gap = (20, 0.1) if plan.is_quick else (100, 0.3)
    for _ in range(plan.runs):
        async with stage() as world, world.bot() as bot:
            api = world.where["yardstick"]["slack"]
            async with child("-m", "bench.bare", api, log=world.folder / "bare.log"):
                await world.until_ready(bot)
                await _run(world, series, samples=samples, gap=gap)
    return Result(
        title=TITLE,
        method=(
            "From the stand-in Slack sending a slash command over Socket Mode to its acknowledgement, by the "
            "stand-in's clock. The bare handler is slack-bolt's AsyncApp with one listener that only acknowledges, in "
            "a process of its own on a second stand-in Slack of the same process; bot and bare take turns. The bot "
            "works for each command (`/rollout status`, a deploy refused for lack of a role, a deploy of an unknown "
            "version). First: the slowest of the first commands, one of each kind, after the start. Idle: "
            f"{samples} commands each, {gap * 2:g} s apart; Slack lets the bot answer 100 times a minute. Burst: "
            f"{BURST} at once, to bare, then to the bot. slack-bolt itself looks for the acknowledgement every 10 ms, "
            "which is the floor of both."
        ),
        figures=series.figures(),
    )


async def _run(world: Stage, series: Series, *, samples: int, gap: float) -> None:
    pages = {"bot": world.where["urls"]["page"], "bare": world.where["yardstick"]["page"]}
    for name, page in pages.items():
        first = [await world.type(line, user=user, page=page) for user, line in LINES]
        series.add(f"first: {NAMES[name]}", max(first), "ms")
    idle: dict[str, list[float]] = {name: [] for name in pages}
    for (user, line), _ in zip(itertools.cycle(LINES), range(samples), strict=False):
        for name, page in pages.items():
            idle[name].append(await world.type(line, user=user, page=page))
            await asyncio.sleep(gap)
    burst = {name: await _burst(world, pages[name]) for name in ("bare", "bot")}
    for label, times in (("idle", idle), ("burst", burst)):
        for percent in (50, 99):
            bot, bare = (percentile(times[name], percent) for name in ("bot", "bare"))
            series.add(f"{label}: {NAMES['bot']}, p{percent}", bot, "ms")
            series.add(f"{label}: {NAMES['bare']}, p{percent}", bare, "ms")
            goal = GOAL if percent == 99 else None
            series.add(f"{label}: bot / bare, p{percent}", bot / bare, "", goal=goal)


async def _burst(world: Stage, page: str) -> list[float]:
    lines = itertools.islice(itertools.cycle(LINES), BURST)
    return await asyncio.gather(*(world.type(line, user=user, page=page) for user, line in lines))

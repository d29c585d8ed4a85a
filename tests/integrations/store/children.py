"""Programs that the tests run beside themselves: `race` and `write`, each on the database file that they are given."""

import asyncio
import json
import sys
from dataclasses import replace
from itertools import count
from pathlib import Path

from commands.core.model import Stage
from commands.core.ports import SlotTaken, Started
from integrations.store import SqlDeployments
from tests.integrations.store.build import milestone, new, opened, settings, started
from tests.make import pipeline, rollout


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


async def race(folder: Path, name: str) -> None:
    """Say that we are ready, wait for a line, then want one slot twenty times at once."""
    say("ready")
    await asyncio.to_thread(sys.stdin.readline)
    async with opened(settings(folder, busy_timeout_seconds=30)) as store:
        answers = await asyncio.gather(*(store.start(new(f"{name}-{index}")) for index in range(20)))
    winners = [answer.deployment.id for answer in answers if isinstance(answer, Started)]
    holders = [answer.holder.id for answer in answers if isinstance(answer, SlotTaken)]
    say(json.dumps({"winners": winners, "holders": holders}))


async def write(folder: Path, name: str) -> None:
    """Deploy over and over; say each row's id and revision once it is written."""
    async with opened(settings(folder)) as store:
        for index in count():
            await deploy(store, f"{name}-{index}")


async def deploy(store: SqlDeployments, key: str) -> None:
    saved = await started(store, new(key))
    for stage in (Stage.BUILDING, Stage.ROLLING_OUT, Stage.PAUSED, Stage.SUCCEEDED):
        say(f"{saved.id} {saved.revision}")
        wanted = replace(saved, stage=stage, pipeline=pipeline(), rollout=rollout())
        after = await store.save(wanted, milestones=[milestone(stage)])
        assert after is not None
        saved = after


if __name__ == "__main__":
    asyncio.run({"race": race, "write": write}[sys.argv[1]](Path(sys.argv[2]), sys.argv[3]))

"""Keeps every deployment moving and every card true, from durable rows; started by `bot.wiring`, hinted by everybody.

A hint only says "look again": what happens follows from the database and the cluster, so a lost hint costs time and
never truth.
"""

import asyncio
import logging
from datetime import timedelta

from bot.keyed import KeyedQueue
from commands.core.errors import SystemFailure
from commands.core.model import Deployment, Place
from commands.core.ports import Clock, Deployments
from commands.flow.advance import Advance
from commands.flow.show import Show

log = logging.getLogger(__name__)

MOVERS = 8
SHOWERS = 8


class Worker:
    """Moves deployments (`advance`) and shows them (`show`), each at its own pace: Slack's outage stops no rollout."""

    def __init__(self, *, deployments: Deployments, advance: Advance, show: Show, clock: Clock) -> None:
        self._deployments = deployments
        self._advance = advance
        self._show = show
        self._clock = clock
        self._places: dict[Place, set[str]] = {}
        self._moving = KeyedQueue("moving", self._move, workers=MOVERS)
        self._showing = KeyedQueue("showing", self._show.run, workers=SHOWERS)

    async def run(self) -> None:
        """Work until cancelled."""
        await self.sweep()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._moving.run())
            group.create_task(self._showing.run())

    async def sweep(self) -> None:
        """Look at everything unfinished: at the start, and now and then in case a hint was lost.

        A database that cannot be read now is asked again by the next sweep; it must not end the bot.
        """
        try:
            for deployment_id in await self._deployments.unfinished():
                row = await self._deployments.load(deployment_id)
                if row is not None:
                    self.track(row)
        except SystemFailure as failure:
            log.warning("not everything unfinished could be looked at: %s", failure)

    def track(self, row: Deployment) -> None:
        """Follow a deployment from now on."""
        self._places.setdefault(row.place, set()).add(row.id)
        self._showing.add(row.id)
        self._moving.add(row.id)

    def hint(self, place: Place) -> None:
        """Look again at what is in motion at a place; cheap, called for every change in the cluster."""
        for deployment_id in self._places.get(place, ()):
            self._moving.add(deployment_id)

    def nudge(self, place: Place) -> None:
        """Look again because a person asked for something: the card says so at once."""
        for deployment_id in self._places.get(place, ()):
            self._showing.add(deployment_id)
        self.hint(place)

    async def _move(self, deployment_id: str) -> None:
        outcome = await self._advance.run(deployment_id)
        for changed in (deployment_id, *outcome.touched):
            self._showing.add(changed)
        if outcome.wake is not None:
            self._moving.add_later(deployment_id, max(timedelta(0), outcome.wake - self._clock.now()))
        if outcome.is_over:
            self._forget(deployment_id)

    def _forget(self, deployment_id: str) -> None:
        for place in [place for place, ids in self._places.items() if deployment_id in ids]:
            self._places[place].discard(deployment_id)
            if not self._places[place]:
                del self._places[place]

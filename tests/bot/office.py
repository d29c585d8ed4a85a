"""A desk with the bot's own parts on it: worker, dispatch and listeners over the fakes of all ports."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from bot.dispatch import Dispatch
from bot.worker import Worker
from commands.core.catalog import Catalog
from commands.core.form import Form
from commands.core.model import ChatUser
from commands.core.reasons import Notice
from commands.core.requests import Origin
from tests.commands.desk import ALICE, TEAM, Desk

HINT = "Ask #platform to link your account."
CHANNEL = "C0DEPLOYS"


@dataclass(slots=True)
class Shelf:
    """Holds the catalog that counts now."""

    current: Catalog


@dataclass(slots=True)
class Office:
    """The bot without its outside."""

    desk: Desk = field(default_factory=Desk)
    keys: int = 0

    def __post_init__(self) -> None:
        desk = self.desk
        self.shelf = Shelf(desk.catalog)
        self.worker = Worker(deployments=desk.deployments, advance=desk.advance, show=desk.show, clock=desk.clock)
        desk.rollouts.on_change = self.worker.hint
        desk.pipelines.on_change = self.worker.hint
        self.dispatch = Dispatch(
            team=TEAM,
            hint=HINT,
            catalogs=self.shelf,
            people=desk.people,
            versions=desk.versions,
            rollouts=desk.rollouts,
            pipelines=desk.pipelines,
            deployments=desk.deployments,
            charts=desk.charts,
            renderer=desk.renderer,
            objects=desk.objects,
            images=desk.images,
            ask=desk.ask,
            again=desk.again,
            worker=self.worker,
            clock=desk.clock,
        )

    shelf: Shelf = field(init=False)
    worker: Worker = field(init=False)
    dispatch: Dispatch = field(init=False)

    def origin(self, user: ChatUser = ALICE, *, channel: str = CHANNEL) -> Origin:
        self.keys += 1
        return Origin(user=user, channel=channel, key=f"command:{self.keys}")

    async def types(
        self, text: str, *, user: ChatUser = ALICE, command: str = "/deploy", channel: str = CHANNEL
    ) -> Notice | None:
        """Send a line and give its answer, which fails where the words lack a fact or the form cannot be drawn."""
        answer = await self.dispatch.command(command=command, text=text, origin=self.origin(user, channel=channel))
        if isinstance(answer, Form):
            await self.desk.chat.open_form(trigger=f"1.{self.keys}.abcdef", channel=channel, form=answer)
            return None
        if answer is not None:
            await self.desk.chat.whisper(channel=channel, user=user.id, notice=answer)
        return answer

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """Let the worker work."""
        task = asyncio.create_task(self.worker.run())
        try:
            yield
            assert not task.done(), "the worker has ended"
        finally:
            task.cancel()
            await asyncio.wait({task})

"""The stand-in Slack as a whole: builds its parts and runs its two servers.

`playground/world.py` and the tests construct it; the bot meets only `api_url`, people and scripts only `page_url`.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aiohttp import web

from playground.faults import Faults
from playground.pace import Pace
from playground.slack.api import Log, SlackApi
from playground.slack.changes import Changes
from playground.slack.driver import Driver
from playground.slack.files import Files
from playground.slack.interactions import Interactions
from playground.slack.model import App
from playground.slack.ratelimits import RateLimits
from playground.slack.sockets import ACK_SECONDS, LEAVE_SECONDS, Sockets
from playground.slack.state import Address, Slack
from playground.slack.triggers import TRIGGER_SECONDS, ResponseUrls, Triggers
from playground.slack.views import Views
from playground.slack.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from playground.faults import Fault
    from playground.slack.model import Channel, Obj, Person

HOST = "127.0.0.1"
CLOSING_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Options:
    """How strict the stand-in is about time: tests shorten or lengthen these, the demonstration keeps them."""

    ack_seconds: float = ACK_SECONDS
    trigger_seconds: float = TRIGGER_SECONDS
    refresh_seconds: float | None = None
    leave_seconds: float = LEAVE_SECONDS
    rate_limits: bool = True


class SlackStandIn:
    """A Slack workspace on loopback: the API that the bot talks to, and the page with the driver.

    `cluster` is shown by `GET /_drive/cluster`; each of `acts` becomes `POST /_drive/<name>`, JSON in and out, where
    a ValueError is answered as a 400 with its words.
    """

    def __init__(
        self,
        *,
        people: Iterable[Person],
        channels: Iterable[Channel],
        app: App | None = None,
        faults: Faults | None = None,
        pace: Pace | None = None,
        cluster: Callable[[], Obj] = dict,
        acts: Mapping[str, Callable[[Obj], Obj]] | None = None,
        options: Options | None = None,
    ) -> None:
        self._options = options or Options()
        self._faults = faults or Faults()
        self._pace = pace or Pace()
        self._cluster = cluster
        self._acts = {"fault": self._faults.drive, **(acts or {})}
        self.log = Log()
        self.changes = Changes()
        self.slack = self._assemble(app or App(), people, channels)
        self._runners: list[web.AppRunner] = []
        self._leaving: set[asyncio.Task[None]] = set()
        self._faults.on_add(self._act_on)

    def _assemble(self, app: App, people: Iterable[Person], channels: Iterable[Channel]) -> Slack:
        options = self._options
        return Slack(
            app=app,
            address=Address(),
            workspace=Workspace(people, channels, self.changes),
            views=Views(app, self.changes),
            triggers=Triggers(seconds=options.trigger_seconds),
            response_urls=ResponseUrls(),
            sockets=Sockets(
                app.app_id,
                self.changes,
                ack_seconds=options.ack_seconds,
                refresh_seconds=options.refresh_seconds,
                leave_seconds=options.leave_seconds,
            ),
            files=Files(),
        )

    @property
    def api_url(self) -> str:
        """Give the base URL for slack_sdk, ending in a slash."""
        return f"{self.slack.address.api}/api/"

    @property
    def page_url(self) -> str:
        return self.slack.address.page

    async def start(self, *, api_port: int = 0, page_port: int = 0) -> None:
        """Listen on loopback; port 0 takes any free one."""
        limits = RateLimits(enforced=self._options.rate_limits, speed=1 / self._pace.scale(1.0))
        api = SlackApi(self.slack, faults=self._faults, limits=limits, log=self.log)
        driver = Driver(
            self.slack,
            interactions=Interactions(self.slack),
            log=self.log,
            cluster=self._cluster,
            acts=self._acts,
        )
        self.slack.address.api = await self._listen(api.web_app(), api_port)
        self.slack.address.page = await self._listen(driver.web_app(), page_port)

    async def _listen(self, app: web.Application, port: int) -> str:
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=CLOSING_SECONDS)
        self._runners.append(runner)
        await runner.setup()
        await web.TCPSite(runner, HOST, port).start()
        return f"http://{HOST}:{runner.addresses[0][1]}"

    async def stop(self) -> None:
        """Close the Socket Mode connections and both servers."""
        for task in tuple(self._leaving):
            task.cancel()
        await asyncio.gather(*self._leaving, return_exceptions=True)
        await self.slack.sockets.disconnect("link_disabled", at_once=True)
        for runner in reversed(self._runners):
            await runner.cleanup()
        self._runners.clear()

    def _act_on(self, fault: Fault) -> None:
        """Close the connections as soon as somebody asks for that fault."""
        if fault.system != "slack" or fault.kind != "disconnect":
            return
        taken = self._faults.take("slack", "disconnect", fault.match)
        reason = str(fault.options.get("reason", "refresh_requested"))
        if taken:
            task = asyncio.get_running_loop().create_task(self.slack.sockets.disconnect(reason))
            self._leaving.add(task)
            task.add_done_callback(self._leaving.discard)

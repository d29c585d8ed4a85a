"""Runs the bot until it is told to stop: watches, worker, timers, probes and Slack, in one group of tasks."""

import asyncio
import contextlib
import gc
import logging
import signal

from bot import health, jobs
from bot.listeners import Listeners, connect
from bot.settings import Settings
from bot.wiring import Bot, connected
from commands.core.errors import SlipwayError
from integrations.slack.socket import SlackSocket, bolt_app

log = logging.getLogger(__name__)


async def run(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT.

    Raises
    ------
    SlipwayError
        Something that the bot cannot do without is not there.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with connected(settings) as bot:
        app = bolt_app(bot.outside.slack, bot.outside.slack_settings)
        connect(app, Listeners(dispatch=bot.dispatch, chat=bot.chat))
        socket = SlackSocket(app, bot.outside.slack_settings)
        _freeze()
        working = asyncio.create_task(_work(bot, socket, settings), name="bot")
        stopping = asyncio.create_task(stop.wait(), name="stop")
        await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        for task in (working, stopping):
            task.cancel()
        try:
            with contextlib.suppress(asyncio.CancelledError):
                await working
        except ExceptionGroup as group:
            raise _known(group) or group from None
        finally:
            await socket.aclose()
    log.info("stopped")


def _known(group: ExceptionGroup[Exception]) -> SlipwayError | None:
    """Find what a person can be told among the failures of tasks; None where a programmer must see all of it."""
    ours, others = group.split(SlipwayError)
    if ours is None or others is not None:
        return None
    first: SlipwayError | ExceptionGroup[SlipwayError] = ours
    while isinstance(first, ExceptionGroup):
        first = first.exceptions[0]
    return first


def _freeze() -> None:
    """Hide all that was loaded from the garbage collector, before anybody waits for us.

    It stays for good, and yet every full collection would go through it, which holds everything up for 0.1 s.
    """
    gc.collect()
    gc.freeze()


async def _work(bot: Bot, socket: SlackSocket, settings: Settings) -> None:
    clusters = bot.outside.clusters
    timers = jobs.schedule(catalog=bot.outside.catalog, clusters=clusters, worker=bot.worker)

    def readiness() -> dict[str, bool]:
        return {"slack": socket.state.is_connected, **{name: part.is_up for name, part in clusters.health().items()}}

    async def catch_up() -> None:
        """Look at everything once the clusters have been listed: what was asked for may have moved meanwhile."""
        await clusters.until_synced()
        await bot.worker.sweep()
        log.info("ready")

    async with asyncio.TaskGroup() as group:
        group.create_task(clusters.run())
        group.create_task(bot.worker.run())
        group.create_task(health.serve(health.application(readiness), host=settings.http.host, port=settings.http.port))
        group.create_task(catch_up())
        await socket.start()
        timers.start()
        try:
            await asyncio.Event().wait()
        finally:
            timers.shutdown(wait=False)

"""What happens by the clock: the catalog is read again when its file changed, unfinished work is looked at again."""

import asyncio
import logging

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot.worker import Worker
from integrations.catalog import CatalogFile
from integrations.kubernetes.cluster import KubernetesClusters

log = logging.getLogger(__name__)

RELOAD_SECONDS = 2
SWEEP_SECONDS = 30


def schedule(*, catalog: CatalogFile, clusters: KubernetesClusters, worker: Worker) -> AsyncIOScheduler:
    """Make the timers; they run once started, and stop with `shutdown`."""
    scheduler = AsyncIOScheduler(timezone="UTC")

    rereading = Rereading(catalog)

    async def reload() -> None:
        if await asyncio.to_thread(rereading.again):
            clusters.use(clusters=catalog.current.clusters, environments=catalog.current.environments.values())

    scheduler.add_job(reload, "interval", seconds=RELOAD_SECONDS, coalesce=True, max_instances=1)
    scheduler.add_job(worker.sweep, "interval", seconds=SWEEP_SECONDS, coalesce=True, max_instances=1)
    return scheduler


class Rereading:
    """Reads the catalog again when its file changed; a bad file keeps the old one and is complained about once.

    It blocks while it reads: called in a thread.
    """

    def __init__(self, catalog: CatalogFile) -> None:
        self._catalog = catalog
        self._said: tuple[str, ...] = ()

    def again(self) -> bool:
        """Say whether there is a new catalog."""
        before = self._catalog.current
        problems = tuple(str(problem) for problem in self._catalog.reload())
        for problem in problems if problems != self._said else ():
            log.warning("the changed catalog is not used: %s", problem)
        self._said = problems
        if self._catalog.current is before:
            return False
        log.info("the catalog was read again: %d apps", len(self._catalog.current.apps))
        return True

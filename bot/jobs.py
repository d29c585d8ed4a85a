"""What happens by the clock: the catalog is read again when its file changed, unfinished work is looked at again."""

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

    async def reload() -> None:
        if reread(catalog):
            clusters.use(clusters=catalog.current.clusters, environments=catalog.current.environments.values())

    scheduler.add_job(reload, "interval", seconds=RELOAD_SECONDS, coalesce=True, max_instances=1)
    scheduler.add_job(worker.sweep, "interval", seconds=SWEEP_SECONDS, coalesce=True, max_instances=1)
    return scheduler


def reread(catalog: CatalogFile) -> bool:
    """Read the catalog again if its file changed; say whether there is a new one. A bad file keeps the old one."""
    before = catalog.current
    for problem in catalog.reload():
        log.warning("the changed catalog is not used: %s", problem)
    if catalog.current is before:
        return False
    log.info("the catalog was read again: %d apps", len(catalog.current.apps))
    return True

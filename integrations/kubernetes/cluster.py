"""The clusters of the catalog: one connection each, one watch per namespace, and the hints of what changed.

Made by the wiring, run by the bot, shared by `KubernetesRollouts` and `KubernetesPipelines`.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence

from commands.core.catalog import Cluster, Environment
from commands.core.errors import Permanent
from commands.core.finding import Finding
from commands.core.model import Place
from integrations.kubernetes.check import check_cluster
from integrations.kubernetes.outage import Outage
from integrations.kubernetes.reflector import PACE, Health, Pace
from integrations.kubernetes.scopes import Scope
from integrations.kubernetes.transport import SYSTEM, Connection
from integrations.kubernetes.watching import NamespaceWatch

Where = tuple[str, str]


class KubernetesClusters:
    """Watches every namespace that an environment of the catalog lies in.

    Parameters
    ----------
    clusters, environments
        Of the catalog; `use` takes newer ones.
    scope
        Where the pipeline's templates are installed.
    """

    def __init__(
        self,
        *,
        clusters: Mapping[str, Cluster],
        environments: Iterable[Environment],
        scope: Scope = Scope.NAMESPACE,
        pace: Pace = PACE,
    ) -> None:
        self.scope = scope
        self._pace = pace
        self._listeners: list[Callable[[Place], None]] = []
        self._clusters: dict[str, Cluster] = {}
        self._connections: dict[str, Connection] = {}
        self._outages: dict[str, Outage] = {}
        self._watches: dict[Where, NamespaceWatch] = {}
        self._retired: list[Connection] = []
        self._renewed = asyncio.Event()
        self.use(clusters=clusters, environments=environments)

    def use(self, *, clusters: Mapping[str, Cluster], environments: Iterable[Environment]) -> None:
        """Watch what the catalog names now; what it named before and did not change goes on undisturbed."""
        for name, cluster in list(self._clusters.items()):
            if clusters.get(name) != cluster:
                self._forget(name)
        for name, cluster in clusters.items():
            if name not in self._clusters:
                self._clusters[name], self._connections[name] = cluster, Connection(cluster)
                self._outages[name] = Outage(name)
        wanted = {(each.cluster, each.namespace) for each in environments if each.cluster in self._clusters}
        kept = {where: watch for where, watch in self._watches.items() if where in wanted}
        self._watches = {where: kept.get(where) or self._watch(where) for where in sorted(wanted)}
        self._renewed.set()

    def on_change(self, callback: Callable[[Place], None]) -> None:
        """Have a callback called, synchronously, with each place where something changed; it must not raise."""
        self._listeners.append(callback)

    async def run(self) -> None:
        """Watch until cancelled. Never fails: what goes wrong is logged once and tried again."""
        async with asyncio.TaskGroup() as group:
            running: dict[NamespaceWatch, asyncio.Task[None]] = {}
            while True:
                self._renewed.clear()
                wanted = set(self._watches.values())
                await _end([running.pop(watch) for watch in running.keys() - wanted])
                for watch in wanted - running.keys():
                    running[watch] = group.create_task(watch.run())
                while self._retired:
                    await self._retired.pop().aclose()
                await self._renewed.wait()

    async def until_synced(self) -> None:
        """Wait until every namespace has been listed once; needs `run`."""
        for watch in list(self._watches.values()):
            await watch.until_synced()

    def connection(self, place: Place) -> Connection:
        """Return the connection of a place's cluster.

        Raises
        ------
        Permanent
            The catalog has no such cluster.
        """
        try:
            return self._connections[place.cluster]
        except KeyError:
            raise Permanent(SYSTEM, f"the catalog has no cluster {place.cluster}") from None

    def watch(self, place: Place) -> NamespaceWatch | None:
        return self._watches.get((place.cluster, place.namespace))

    def health(self) -> Mapping[str, Health]:
        """Return each cluster's health: in touch when all its watches are, as of the watch that heard least."""
        return {name: self._health(name) for name in self._clusters}

    async def check(self, templates: Sequence[str]) -> tuple[Finding, ...]:
        """Try every cluster and namespace as `slipway check` does, and whether the pipeline's templates are there."""
        findings: list[Finding] = []
        for name, connection in self._connections.items():
            namespaces = [namespace for cluster, namespace in self._watches if cluster == name]
            findings += await check_cluster(connection, namespaces, scope=self.scope, templates=templates)
        return tuple(findings)

    async def aclose(self) -> None:
        for connection in (*self._connections.values(), *self._retired):
            await connection.aclose()

    def _watch(self, where: Where) -> NamespaceWatch:
        cluster, namespace = where
        return NamespaceWatch(
            self._connections[cluster], namespace, tell=self._tell, outage=self._outages[cluster], pace=self._pace
        )

    def _forget(self, name: str) -> None:
        del self._clusters[name], self._outages[name]
        self._retired.append(self._connections.pop(name))
        self._watches = {where: watch for where, watch in self._watches.items() if where[0] != name}

    def _tell(self, place: Place) -> None:
        for listener in self._listeners:
            listener(place)

    def _health(self, name: str) -> Health:
        parts = [part for (cluster, _), watch in self._watches.items() if cluster == name for part in watch.health]
        contacts = [part.last_contact for part in parts if part.last_contact is not None]
        return Health(
            is_up=all(part.is_up for part in parts),
            last_contact=min(contacts, default=None) if len(contacts) == len(parts) else None,
            failure=next((part.failure for part in parts if part.failure), ""),
        )


async def _end(tasks: list[asyncio.Task[None]]) -> None:
    """Cancel tasks and wait for them: their connection may be closed next."""
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks)

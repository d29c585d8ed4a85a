"""The product's own eyes and hands on a namespace: every snapshot that its watches lead to, and its acts.

Used where a test asks what the product makes of what the controllers do.
"""

import asyncio
from collections.abc import Callable
from typing import TypeVar

import pytest

from commands.core.acts import expected_of
from commands.core.model import Action, Place
from commands.core.observed import PipelineSnapshot, RolloutSnapshot
from commands.core.ports import PatchOutcome
from integrations.kubernetes.cluster import KubernetesClusters
from integrations.kubernetes.pipelines_port import KubernetesPipelines
from integrations.kubernetes.rollouts_port import KubernetesRollouts
from tests.bed.facts.objects import PATIENCE

T = TypeVar("T")


class Product:
    """The ports on the running watches. `seen` is every snapshot of every app, in the order in which they came."""

    def __init__(self, clusters: KubernetesClusters, namespace: str) -> None:
        self.rollouts, self.pipelines = KubernetesRollouts(clusters), KubernetesPipelines(clusters)
        self.seen: list[RolloutSnapshot] = []
        self._namespace = namespace
        self._heard = asyncio.Event()
        clusters.on_change(self._hear)

    def place(self, app: str) -> Place:
        return Place(cluster="bed", namespace=self._namespace, app=app)

    async def rollout(self, app: str, is_so: Callable[[RolloutSnapshot], bool]) -> RolloutSnapshot:
        """Wait for a snapshot of the watches."""
        return await self._until(lambda: self.rollouts.snapshot(self.place(app)), is_so)

    async def pipeline(self, name: str, is_so: Callable[[PipelineSnapshot], bool]) -> PipelineSnapshot:
        return await self._until(lambda: self.pipelines.snapshot(self.place(name), name=name), is_so)

    async def act(self, action: Action, on: RolloutSnapshot) -> PatchOutcome:
        """Do what a button on a card that shows this snapshot does."""
        return await self.rollouts.patch(self.place(on.name), action=action, expected=expected_of(on, action))

    async def _until(self, look: Callable[[], T | None], is_so: Callable[[T], bool]) -> T:
        try:
            async with asyncio.timeout(PATIENCE):
                while (found := look()) is None or not is_so(found):
                    self._heard.clear()
                    await self._heard.wait()
                return found
        except TimeoutError:
            pytest.fail(f"the product did not come to see it within {PATIENCE:g} s; last: {look()}")

    def _hear(self, place: Place) -> None:
        snapshot = self.rollouts.snapshot(place)
        if snapshot is not None:
            self.seen.append(snapshot)
        self._heard.set()

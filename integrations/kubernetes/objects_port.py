"""The port Objects on Kubernetes: objects of any kind as they are now, got one by one, for a plan. Nothing is watched.

Which resource type a kind is, the API server says. Secrets are left alone, and so is what lies in other namespaces.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from commands.core.errors import Permanent, SystemFailure
from commands.core.manifest import Manifest, Unreadable, read
from commands.core.model import Place
from integrations.kubernetes import paths
from integrations.kubernetes.cluster import KubernetesClusters
from integrations.kubernetes.fields import flag, mappings, text
from integrations.kubernetes.transport import NOT_FOUND, SYSTEM, Connection

AT_ONCE: Final = 5


@dataclass(frozen=True, slots=True)
class ResourceType:
    """How the API server calls a kind in its addresses."""

    plural: str
    is_namespaced: bool


ResourceTypes = Mapping[str, ResourceType]


class KubernetesObjects:
    """Implements `Objects`."""

    def __init__(self, clusters: KubernetesClusters) -> None:
        self._clusters = clusters

    async def read(self, place: Place, wanted: Sequence[Manifest]) -> tuple[Manifest | SystemFailure | None, ...]:
        connection, turns = self._clusters.connection(place), asyncio.Semaphore(AT_ONCE)
        versions = sorted({each.api_version for each in wanted if not each.is_secret})
        listed = await asyncio.gather(*(_types(connection, version) for version in versions))
        types = dict(zip(versions, listed, strict=True))

        async def one(manifest: Manifest) -> Manifest | SystemFailure | None:
            async with turns:
                return await _read(connection, place.namespace, manifest, types[manifest.api_version])

        return tuple(await asyncio.gather(*(_nothing() if each.is_secret else one(each) for each in wanted)))


async def _nothing() -> None:
    """Stand for the reading of a secret."""


async def _types(connection: Connection, version: str) -> ResourceTypes | Permanent:
    """List the kinds of an API version; where it is not installed, none of its objects can be read."""
    try:
        body = (await connection.get(paths.api(version))).body
    except Permanent as failure:
        return failure
    found = ((text(each, "kind"), text(each, "name"), flag(each, "namespaced")) for each in mappings(body, "resources"))
    return {kind: ResourceType(name, is_namespaced) for kind, name, is_namespaced in found if "/" not in name}


async def _read(
    connection: Connection, namespace: str, wanted: Manifest, types: ResourceTypes | Permanent
) -> Manifest | SystemFailure | None:
    if isinstance(types, Permanent):
        return types
    known = types.get(wanted.kind)
    if known is None:
        return Permanent(SYSTEM, f"{wanted.kind} of {wanted.api_version} is not installed")
    if not known.is_namespaced or wanted.namespace not in {"", namespace}:
        return Permanent(SYSTEM, f"it lies outside of the namespace {namespace}")
    try:
        answer = await connection.get(paths.named(wanted.api_version, namespace, known.plural, wanted.name))
        return None if answer.status == NOT_FOUND else read(answer.body)
    except SystemFailure as failure:
        return failure
    except Unreadable as problem:
        return Permanent(SYSTEM, str(problem))

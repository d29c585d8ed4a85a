"""What a node says to the API server, under the account of a kubelet: itself, its pods, what its pods need.

Used by `pods` and `rooms`. A server that does not answer is asked again: a node outlives it.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from commands.core.errors import SystemFailure, Temporary
from integrations.kubernetes.fields import Obj, mapping, mappings, parsed, text
from integrations.kubernetes.paths import CORE
from integrations.kubernetes.transport import CONFLICT, JSON, NOT_FOUND, Answer, Connection
from playground.argo.names import timestamp
from tests.bed.places import ADDRESS

NAME: Final = "bed"
PORT: Final = 10250
HEARTBEAT_SECONDS: Final = 10
AGAIN_SECONDS: Final = 0.5
TOKEN_SECONDS: Final = 3600
_ROOM: Final = {"cpu": "64", "memory": "256Gi", "pods": "1000"}
_WATCH: Final = timedelta(seconds=240)
_SILENCE: Final = timedelta(seconds=150)
_LABELS: Final = {"kubernetes.io/hostname": NAME, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64"}

logger = logging.getLogger(__name__)

Hear = Callable[[str, Obj], None]


class NodeApi:
    """The API server as its node sees it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def stay_ready(self) -> None:
        """Make the node's object, and go on telling that it is ready."""
        node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": NAME, "labels": _LABELS}}
        await _answered(lambda: self._connection.create(f"{CORE}/nodes", node))
        while True:
            await _answered(self._say_ready)
            await asyncio.sleep(HEARTBEAT_SECONDS)

    async def _say_ready(self) -> Answer:
        status = {"status": node_status(datetime.now(UTC))}
        return await self._connection.merge_patch(f"{CORE}/nodes/{NAME}/status", status)

    async def follow_pods(self, hear: Hear) -> None:
        """Tell of each pod of this node as it is, changes and goes: ADDED, MODIFIED, DELETED."""
        known: dict[str, Obj] = {}
        while True:
            try:
                await self._follow_once(known, hear)
            except (SystemFailure, TimeoutError) as failure:
                logger.info("The pods are listed again: %s", failure)
                await asyncio.sleep(AGAIN_SECONDS)

    async def write_status(self, pod: Obj, status: Obj) -> None:
        """Write a pod's status, unless the pod is gone or another one has its name."""
        body = {"metadata": {"uid": pod["metadata"]["uid"]}, "status": status}
        path = f"{pod_path(pod)}/status"
        values = {NOT_FOUND, CONFLICT}
        await _answered(
            lambda: self._connection.request(
                "PATCH", path, body=body, content_type="application/merge-patch+json", values=values
            )
        )

    async def remove(self, pod: Obj) -> None:
        """Let a pod go whose containers have ended."""
        body = {"gracePeriodSeconds": 0, "preconditions": {"uid": pod["metadata"]["uid"]}}
        values = {NOT_FOUND, CONFLICT}
        await _answered(
            lambda: self._connection.request("DELETE", pod_path(pod), body=body, content_type=JSON, values=values)
        )

    async def find(self, namespace: str, collection: str, name: str) -> Obj | None:
        """Return a Secret or a ConfigMap that a pod of this node refers to."""
        answer = await _answered(lambda: self._connection.get(f"{CORE}/namespaces/{namespace}/{collection}/{name}"))
        return None if answer.status == NOT_FOUND else answer.body

    async def token(self, pod: Obj) -> str:
        """Return a token of the pod's service account, good for as long as the pod exists."""
        meta, account = pod["metadata"], pod["spec"].get("serviceAccountName", "default")
        path = f"{CORE}/namespaces/{meta['namespace']}/serviceaccounts/{account}/token"
        bound = {"apiVersion": "v1", "kind": "Pod", "name": meta["name"], "uid": meta["uid"]}
        body = {"spec": {"expirationSeconds": TOKEN_SECONDS, "boundObjectRef": bound}}
        answer = await _answered(lambda: self._connection.create(path, body))
        return text(answer.body, "status", "token")

    async def _follow_once(self, known: dict[str, Obj], hear: Hear) -> None:
        selector = {"fieldSelector": f"spec.nodeName={NAME}"}
        listed = await self._connection.list_page(f"{CORE}/pods", params=selector)
        pods = {text(pod, "metadata", "uid"): pod for pod in mappings(listed.body, "items")}
        for uid in known.keys() - pods.keys():
            hear("DELETED", known.pop(uid))
        for uid, pod in pods.items():
            known[uid] = pod
            hear("ADDED", pod)
        params = {
            **selector,
            "watch": "true",
            "resourceVersion": text(listed.body, "metadata", "resourceVersion"),
            "allowWatchBookmarks": "true",
            "timeoutSeconds": str(round(_WATCH.total_seconds())),
        }
        async with self._connection.stream(f"{CORE}/pods", params=params, silence=_SILENCE) as lines:
            if isinstance(lines, Answer):
                return
            async for line in lines:
                _tell(parsed(line) or {}, known, hear)


def node_status(now: datetime) -> Obj:
    """Return the status of a node that has room for everything and is ready."""
    beats = {"lastHeartbeatTime": timestamp(now)}
    calm = [
        {"type": kind, "status": "False", "reason": "StandIn", "message": "no kubelet runs here", **beats}
        for kind in ("MemoryPressure", "DiskPressure", "PIDPressure")
    ]
    ready = {"type": "Ready", "status": "True", "reason": "StandIn", "message": "a stand-in plays the node", **beats}
    return {
        "capacity": _ROOM,
        "allocatable": _ROOM,
        "addresses": [{"type": "InternalIP", "address": ADDRESS}, {"type": "Hostname", "address": NAME}],
        "conditions": [*calm, ready],
        "daemonEndpoints": {"kubeletEndpoint": {"Port": PORT}},
    }


def pod_path(pod: Obj) -> str:
    return f"{CORE}/namespaces/{pod['metadata']['namespace']}/pods/{pod['metadata']['name']}"


def _tell(event: Obj, known: dict[str, Obj], hear: Hear) -> None:
    kind, pod = text(event, "type"), mapping(event, "object")
    uid = text(pod, "metadata", "uid")
    if kind == "ERROR":
        raise Temporary("Kubernetes", text(pod, "message"))
    if kind == "DELETED":
        known.pop(uid, None)
    elif kind != "BOOKMARK":
        known[uid] = pod
    if kind != "BOOKMARK":
        hear(kind, pod)


async def _answered(ask: Callable[[], Awaitable[Answer]]) -> Answer:
    while True:
        try:
            return await ask()
        except Temporary as failure:
            logger.info("Asking again: %s", failure)
            await asyncio.sleep(AGAIN_SECONDS)

"""The API of the cluster that is recorded: requests and watches, over the certificates of a kubeconfig.

Used by recording and by the command. It knows no scenario and keeps nothing.
"""

import base64
import json
import os
import ssl
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import httpx
import yaml

Obj = dict[str, Any]

JSON: Final = "application/json"
MERGE: Final = "application/merge-patch+json"
JSON_PATCH: Final = "application/json-patch+json"
ARGO: Final = "apis/argoproj.io/v1alpha1"
RBAC: Final = "apis/rbac.authorization.k8s.io/v1"
GROUPS: Final = {
    "rollouts": ARGO,
    "analysisruns": ARGO,
    "analysistemplates": ARGO,
    "workflows": ARGO,
    "workflowtemplates": ARGO,
    "replicasets": "apis/apps/v1",
    "roles": RBAC,
    "rolebindings": RBAC,
}
ANSWER_SECONDS: Final = 30.0


def path_of(namespace: str, resource: str) -> str:
    """The path of `rollouts/web/status` or the like in a namespace."""
    return f"/{GROUPS.get(resource.split('/', maxsplit=1)[0], 'api/v1')}/namespaces/{namespace}/{resource}"


class Cluster:
    """One client for all scenarios; use as an async context manager."""

    def __init__(self, kubeconfig: Path) -> None:
        known = yaml.safe_load(kubeconfig.read_text())
        context = next(entry["context"] for entry in known["contexts"] if entry["name"] == known["current-context"])
        cluster = next(entry["cluster"] for entry in known["clusters"] if entry["name"] == context["cluster"])
        user = next(entry["user"] for entry in known["users"] if entry["name"] == context["user"])
        self._client = httpx.AsyncClient(
            base_url=cluster["server"],
            verify=_tls(cluster, user),
            timeout=httpx.Timeout(ANSWER_SECONDS),
            limits=httpx.Limits(max_connections=None),
            headers={"Authorization": f"Bearer {user['token']}"} if "token" in user else {},
            trust_env=False,
        )

    @classmethod
    def from_environment(cls) -> Self:
        """Take the first file that KUBECONFIG names."""
        return cls(Path(os.environ["KUBECONFIG"].split(os.pathsep)[0]))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, what: object, where: TracebackType | None) -> None:
        await self._client.aclose()

    async def call(self, method: str, path: str, body: Any = None, content_type: str = JSON) -> tuple[int, Obj]:
        """Send one request; an answer that is no JSON comes as {"text"}."""
        content = None if body is None else json.dumps(body)
        headers = {} if body is None else {"Content-Type": content_type}
        response = await self._client.request(method, path, content=content, headers=headers)
        try:
            return response.status_code, response.json()
        except ValueError:
            return response.status_code, {"text": response.text[:500]}

    async def watch(self, path: str, version: str) -> AsyncIterator[Obj]:
        """Yield the events after a version for as long as the server keeps the answer open."""
        query = {"watch": "1", "resourceVersion": version}
        async with self._client.stream("GET", path, params=query, timeout=httpx.Timeout(None)) as response:
            response.raise_for_status()
            async for line in response.aiter_lines():
                yield json.loads(line)


def _tls(cluster: Obj, user: Obj) -> ssl.SSLContext:
    """The context of a kubeconfig, whose certificates are files or stand in it."""
    tls = ssl.create_default_context(cadata=_data(cluster, "certificate-authority"))
    if (certificate := _data(user, "client-certificate")) and (key := _data(user, "client-key")):
        with tempfile.NamedTemporaryFile("w") as both:  # The ssl module reads a key from files only.
            both.write(f"{certificate}\n{key}")
            both.flush()
            tls.load_cert_chain(both.name)
    return tls


def _data(entry: Obj, name: str) -> str | None:
    if inline := entry.get(f"{name}-data"):
        return base64.b64decode(inline).decode()
    return Path(entry[name]).read_text() if name in entry else None

"""The bed's Kubernetes API for tests, as its administrator: list, get, patch. Synchronous and small.

It reads a kubeconfig, so it works against any cluster.
"""

import base64
import ssl
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import httpx
import yaml

Obj = dict[str, Any]
ARGO: Final = "/apis/argoproj.io/v1alpha1"
PATHS: Final[Mapping[str, tuple[str, str]]] = {
    "Rollout": (ARGO, "rollouts"),
    "ReplicaSet": ("/apis/apps/v1", "replicasets"),
    "Pod": ("/api/v1", "pods"),
    "Workflow": (ARGO, "workflows"),
    "WorkflowTemplate": (ARGO, "workflowtemplates"),
    "Namespace": ("/api/v1", "namespaces"),
    "Service": ("/api/v1", "services"),
}


class Api:
    """One cluster, reached with a kubeconfig's current context: client certificates or a token."""

    def __init__(self, kubeconfig: Path) -> None:
        document = yaml.safe_load(kubeconfig.read_text(encoding="utf-8"))
        context = _named(document["contexts"], document["current-context"])["context"]
        cluster = _named(document["clusters"], context["cluster"])["cluster"]
        user = _named(document["users"], context["user"])["user"]
        self.server: str = cluster["server"]
        token = {"Authorization": f"Bearer {user['token']}"} if "token" in user else {}
        self._client = httpx.Client(
            base_url=self.server, verify=_trust(cluster, user), headers=token, timeout=30, trust_env=False
        )

    def all_of(self, kind: str, namespace: str = "") -> list[Obj]:
        """List a kind in one namespace, or in all of them."""
        items: list[Obj] = self._ask("GET", self._path(kind, namespace)).json()["items"]
        return items

    def resource_version(self, kind: str) -> str:
        """Return the moment of a list of all objects of a kind."""
        found: str = self._ask("GET", self._path(kind, "")).json()["metadata"]["resourceVersion"]
        return found

    def get(self, kind: str, namespace: str, name: str) -> Obj:
        found: Obj = self._ask("GET", f"{self._path(kind, namespace)}/{name}").json()
        return found

    def json_patch(self, kind: str, namespace: str, name: str, operations: list[Obj]) -> None:
        headers = {"Content-Type": "application/json-patch+json"}
        self._ask("PATCH", f"{self._path(kind, namespace)}/{name}", json=operations, headers=headers)

    def merge_patch(self, kind: str, namespace: str, name: str, body: Obj, *, subresource: str = "") -> None:
        path = f"{self._path(kind, namespace)}/{name}" + (f"/{subresource}" if subresource else "")
        self._ask("PATCH", path, json=body, headers={"Content-Type": "application/merge-patch+json"})

    def delete(self, kind: str, namespace: str, name: str) -> None:
        self._ask("DELETE", f"{self._path(kind, namespace)}/{name}")

    def close(self) -> None:
        self._client.close()

    def _path(self, kind: str, namespace: str) -> str:
        group, plural = PATHS[kind]
        return f"{group}/namespaces/{namespace}/{plural}" if namespace else f"{group}/{plural}"

    def _ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        answer = self._client.request(method, path, **options)
        assert answer.is_success, f"{method} {path} was answered with {answer.status_code}: {answer.text[:500]}"
        return answer


def _named(entries: list[Obj], name: str) -> Obj:
    return next(entry for entry in entries if entry["name"] == name)


def _trust(cluster: Obj, user: Obj) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=cluster.get("certificate-authority"))
    if data := cluster.get("certificate-authority-data"):
        context.load_verify_locations(cadata=base64.b64decode(data).decode())
    with tempfile.TemporaryDirectory() as folder:
        certificate = _as_file(user, "client-certificate", Path(folder))
        if certificate:
            context.load_cert_chain(certificate, _as_file(user, "client-key", Path(folder)))
    return context


def _as_file(user: Obj, key: str, folder: Path) -> str | None:
    """Return the file of a certificate or key, which may stand in the kubeconfig itself."""
    if data := user.get(f"{key}-data"):
        path = folder / key
        path.touch(mode=0o600)
        path.write_bytes(base64.b64decode(data))
        return str(path)
    return user.get(key)

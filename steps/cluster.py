"""What helm cannot do for a release: look at the Rollout, scale it, apply one object, forget a dead record.

Used by release and rollout; it speaks to the API server of its own pod's cluster with its own service account.
"""

import json
import ssl
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote, urlencode

from steps.outcome import Cause, StepFailed
from steps.settings import Settings
from steps.web import Web

Obj = dict[str, Any]
ROLLOUTS: Final = "/apis/argoproj.io/v1alpha1/namespaces/{namespace}/rollouts"
SERVICES: Final = "/api/v1/namespaces/{namespace}/services"
ANALYSIS_TEMPLATES: Final = "/apis/argoproj.io/v1alpha1/namespaces/{namespace}/analysistemplates"
_PODS: Final = "/api/v1/namespaces/{namespace}/pods"
_SECRETS: Final = "/api/v1/namespaces/{namespace}/secrets"
_MERGE: Final = "application/merge-patch+json"
_APPLY: Final = "application/apply-patch+yaml"
_MANAGER: Final = "slipway-release"
_OVER: Final = {"Succeeded", "Failed"}


class Cluster:
    """One namespace of the cluster that this pod runs in."""

    def __init__(self, settings: Settings, namespace: str) -> None:
        self.namespace = namespace
        self._url = settings.kubernetes_url
        folder = settings.service_account
        try:
            token = (folder / "token").read_text(encoding="utf-8").strip()
            tls = ssl.create_default_context(cafile=str(folder / "ca.crt"))
        except OSError as exc:
            evidence = f"This pod has no usable service account in {folder}: {type(exc).__name__}."
            raise StepFailed(Cause.BAD_SETTINGS, evidence) from exc
        headers = {"Authorization": f"Bearer {token}"}
        self._web = Web(system="Kubernetes", retry_seconds=settings.retry_seconds, headers=headers, tls=tls)

    def rollout(self, name: str) -> Obj | None:
        return self._ask("GET", ROLLOUTS, name)

    def patch(self, kind: str, name: str, changes: Obj) -> None:
        """Merge changes into an object that is there."""
        self._ask("PATCH", kind, name, json.dumps(changes).encode(), kind_of_content=_MERGE)

    def apply(self, kind: str, name: str, document: str, *, is_trial: bool = False) -> Obj:
        """Make an object what the YAML document says, whoever set what it says before; a trial changes nothing."""
        query = {"fieldManager": _MANAGER, "force": "true", **({"dryRun": "All"} if is_trial else {})}
        body = document.encode()
        applied = self._ask("PATCH", kind, f"{name}?{urlencode(query)}", body, kind_of_content=_APPLY)
        if applied is None:
            raise StepFailed(Cause.KIND_UNKNOWN, f"The cluster does not know what {name} is to be: is Argo installed?")
        return applied

    def pods(self, labels: Mapping[str, str]) -> list[str]:
        """Name the pods with these labels that have not ended; one that is ending still counts."""
        return [pod["metadata"]["name"] for pod in self._pods(labels)]

    def containers(self, labels: Mapping[str, str]) -> list[list[Obj]]:
        """Return the containers of each of those pods."""
        return [pod["spec"]["containers"] for pod in self._pods(labels)]

    def _pods(self, labels: Mapping[str, str]) -> list[Obj]:
        selector = ",".join(f"{key}={value}" for key, value in sorted(labels.items()))
        found = self._ask("GET", _PODS, f"?{urlencode({'labelSelector': selector})}") or {}
        return [pod for pod in found.get("items") or () if pod.get("status", {}).get("phase") not in _OVER]

    def forget_revision(self, release: str, revision: int) -> None:
        """Delete helm's record of one revision. The objects that it made stay as they are."""
        self._ask("DELETE", _SECRETS, f"sh.helm.release.v1.{release}.v{revision}")

    def _ask(
        self, method: str, kind: str, name: str, content: bytes | None = None, *, kind_of_content: str = ""
    ) -> Obj | None:
        path = kind.format(namespace=quote(self.namespace)) + (name if name.startswith("?") else f"/{name}")
        headers = {"Content-Type": kind_of_content} if kind_of_content else {}
        try:
            body = self._web.ask(method, self._url + path, content, headers=headers)
        except StepFailed as failure:
            if failure.cause is Cause.ACCESS_DENIED:
                what = f"{method} {path.partition('?')[0]}"
                evidence = f"The pipeline's service account may not {what} (403): see its Role."
                raise StepFailed(Cause.RBAC_REFUSED, evidence) from failure
            raise
        return None if body is None else self._read(body)

    def _read(self, body: bytes) -> Obj:
        try:
            answer = json.loads(body)
        except ValueError as exc:
            raise StepFailed(Cause.UNEXPECTED_ANSWER, "Kubernetes answered with something else than JSON.") from exc
        return answer if isinstance(answer, dict) else {}

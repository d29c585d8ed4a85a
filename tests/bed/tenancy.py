"""What one world adds to a cluster and takes away again: namespaces, accounts, roles, templates, settings.

Works in any cluster with Argo; nothing outside the world's own namespaces is touched.
"""

import json
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import yaml

from playground import seed
from tests.bed import images
from tests.bed.places import ADDRESS, GITEA_PORT, HERE, NEXUS_PORT, REPOSITORY, Places
from tests.bed.services.gitea import token_file

TEMPLATES: Final = REPOSITORY / "workflow-templates"
PIPELINE: Final = "slipway-pipeline"
BOT: Final = "slipway"
STEPS_IMAGES: Final = {"slipway-steps": images.STEPS, "slipway-builder": images.BUILDER}
"""The bed's images, by the names of the released ones."""
MARK: Final = {"slipway/test-world": "true"}

Obj = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Tenant:
    """One world's namespaces, one per environment of the playground's seed."""

    places: Places
    kubeconfig: Path
    name: str

    def namespace(self, environment: str) -> str:
        return f"{environment}-{self.name}"

    @property
    def namespaces(self) -> Mapping[str, str]:
        """Environments by namespace."""
        return {self.namespace(each.name): each.name for each in seed.ENVIRONMENTS}

    def create(self) -> None:
        """Make the namespaces and everything that a platform team would install in them."""
        home = self.namespace(seed.ENVIRONMENTS[0].name)
        objects = [obj for namespace in self.namespaces for obj in objects_of(self.places, namespace, bot_from=home)]
        self.kubectl("apply", "--server-side", "--filename=-", text=yaml.safe_dump_all(objects))

    def remove(self) -> None:
        """Remove the namespaces; the cluster empties them on its own time."""
        self.kubectl("delete", "namespace", *self.namespaces, "--wait=false", "--ignore-not-found")

    def bot_kubeconfig(self, path: Path, *, server: str) -> Path:
        """Write a kubeconfig for the bot's account, by way of a server address of the caller's choice."""
        home = self.namespace(seed.ENVIRONMENTS[0].name)
        issued = self.kubectl("create", "token", BOT, f"--namespace={home}", "--duration=12h").strip()
        document = yaml.safe_load(self.kubeconfig.read_text(encoding="utf-8"))
        current = next(each for each in document["contexts"] if each["name"] == document["current-context"])
        cluster = next(each for each in document["clusters"] if each["name"] == current["context"]["cluster"])
        written = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "bed", "cluster": {**cluster["cluster"], "server": server}}],
            "users": [{"name": BOT, "user": {"token": issued}}],
            "contexts": [{"name": seed.CLUSTER, "context": {"cluster": "bed", "user": BOT, "namespace": home}}],
            "current-context": seed.CLUSTER,
        }
        path.touch(mode=0o600)
        path.write_text(yaml.safe_dump(written), encoding="utf-8")
        return path

    def kubectl(self, *arguments: str, text: str | None = None) -> str:
        command = [self.places.program("kubectl"), f"--kubeconfig={self.kubeconfig}", *arguments]
        done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"kubectl {arguments[0]} failed: {done.stderr.strip()}"
        return done.stdout


def objects_of(places: Places, namespace: str, *, bot_from: str = "") -> Iterator[Obj]:
    """List what a platform team would install for one environment; the bot's account is of its own or another one."""
    yield {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace, "labels": MARK}}
    yield {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": BOT, "namespace": namespace}}
    yield {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": {"name": BOT, "namespace": namespace},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": BOT},
        "subjects": [{"kind": "ServiceAccount", "name": BOT, "namespace": bot_from or namespace}],
    }
    yield _settings(namespace)
    yield _credentials(places, namespace)
    for file in (HERE / "manifests" / "bot.yaml", TEMPLATES / "service-account.yaml", *_templates()):
        text = file.read_text(encoding="utf-8")
        for obj in yaml.safe_load_all(text):
            yield {**_with_steps_image(obj), "metadata": {**obj["metadata"], "namespace": namespace}}


def _templates() -> list[Path]:
    return sorted(TEMPLATES.glob("slipway-*.yaml"))


def _with_steps_image(obj: Obj) -> Obj:
    """Put the bed's images of the steps in the place of the released ones."""
    for template in obj.get("spec", {}).get("templates", ()):
        container = template.get("container")
        if container:
            container["image"] = STEPS_IMAGES[container["image"].partition(":")[0]]
            # The bed is small, and the steps of several worlds run at once.
            container["resources"] = {"requests": {"cpu": "10m", "memory": "32Mi"}}
    return obj


def _settings(namespace: str) -> Obj:
    settings = {
        "SLIPWAY_NEXUS_URL": f"http://{ADDRESS}:{NEXUS_PORT}",
        "SLIPWAY_NEXUS_REPOSITORY": seed.MAVEN_REPOSITORY,
        # Charts keep their public address, which must be https; a step inside the network takes the inner one.
        "SLIPWAY_GITEA_URL": "https://" + urlsplit(seed.CHARTS).netloc,
        "SLIPWAY_GITEA_INTERNAL_URL": f"http://{ADDRESS}:{GITEA_PORT}",
        "SLIPWAY_REGISTRY_INSECURE": "true",
    }
    metadata = {"name": PIPELINE, "namespace": namespace}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": settings}


def _credentials(places: Places, namespace: str) -> Obj:
    metadata = {"name": PIPELINE, "namespace": namespace}
    registry = json.dumps({"auths": {}})
    data = {"gitea-token": token_file(places).read_text(encoding="utf-8").strip(), "registry.json": registry}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": data}

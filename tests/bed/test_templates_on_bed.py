"""The workflow templates in a real cluster: applied as they are, resolved at both scopes, and a Containerfile built.

What the controllers and buildah make of them, that no stand-in can say.
"""

import asyncio
import base64
import hashlib
import io
import json
import os
import subprocess
import tarfile
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from commands.core import plan
from commands.core.catalog import App, Artifact, Build, Chart, Cluster, Environment
from commands.core.model import Person, Place
from commands.core.observed import Strategy
from commands.core.ports import PipelineOrder
from integrations.kubernetes.cluster import KubernetesClusters
from integrations.kubernetes.pipelines_port import KubernetesPipelines
from integrations.kubernetes.scopes import Scope
from playground import seed
from steps.registry import Registry
from steps.settings import Settings
from tests.bed import images
from tests.bed.places import CLUSTER, REGISTRY, Places
from tests.bed.places import Cluster as Ground
from tests.bed.services import gitea, nexus, web
from tests.bed.supervisor import program_path
from tests.bed.tenancy import TEMPLATES, objects_of
from tests.steps.stocks import CHARTS as CHART

pytestmark = [pytest.mark.bed, pytest.mark.timeout(600)]
builds = pytest.mark.skipif(
    CLUSTER is Ground.NODELESS, reason="a build needs a pod, and a stand-in for the node runs none"
)
PATIENCE_SECONDS = 300
LOOK_AGAIN_SECONDS = 0.3
FILES = sorted(path.name for path in TEMPLATES.glob("*.yaml"))
CONTAINERFILE = """\
ARG BASE_IMAGE
FROM ${BASE_IMAGE}
COPY app.jar /app/app.jar
COPY --chown=65532:65532 page.html /www/index.html
RUN ["/bin/busybox", "sh", "-c", "id -u > /built-by"]
USER 65532
"""

Obj = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Space:
    """A namespace of this test's own."""

    places: Places
    name: str

    def kubectl(self, *arguments: str, text: str | None = None) -> str:
        command = [self.places.program("kubectl"), f"--kubeconfig={self.places.kubeconfig}", *arguments]
        done = subprocess.run(
            [*command, f"--namespace={self.name}"], input=text, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"kubectl {arguments[0]} failed: {done.stderr.strip()}"
        return done.stdout

    def apply(self, *objects: Obj) -> None:
        self.kubectl("apply", "--server-side", "--filename=-", text=yaml.safe_dump_all(objects))

    def until_ended(self, workflow: str) -> Obj:
        ends = time.monotonic() + PATIENCE_SECONDS
        while True:
            found: Obj = json.loads(self.kubectl("get", "workflow", workflow, "--output=json"))
            if found.get("status", {}).get("phase") in {"Succeeded", "Failed", "Error"}:
                return found
            assert time.monotonic() < ends, f"{workflow} did not end: {found.get('status')}"
            time.sleep(LOOK_AGAIN_SECONDS)

    def log(self, workflow: str) -> str:
        selector = f"--selector=workflows.argoproj.io/workflow={workflow}"
        return self.kubectl("logs", selector, "--container=main", "--tail=40")


@pytest.fixture
def space() -> Iterator[Space]:
    space = Space(Places.from_environment(), f"templates-{uuid.uuid4().hex[:6]}")
    space.apply(*objects_of(space.places, space.name))
    yield space
    space.kubectl("delete", "namespace", space.name, "--wait=false")


@pytest.mark.parametrize("folder", ["", "cluster"])
def test_applying_the_files_as_they_are_is_all_that_installing_takes(space: Space, folder: str) -> None:
    for file in [name for name in FILES if (TEMPLATES / folder / name).exists()]:
        said = space.kubectl("apply", "--dry-run=server", f"--filename={TEMPLATES / folder / file}")
        assert "(server dry run)" in said


@pytest.fixture
def of_cluster(space: Space) -> Iterator[str]:
    """Install a template for the whole cluster under a name of this test's own; return the name."""
    (obj,) = [
        {**each, "kind": "ClusterWorkflowTemplate", "metadata": {"name": space.name}}
        for each in objects_of(space.places, space.name)
        if (each["kind"], each["metadata"]["name"]) == ("WorkflowTemplate", "slipway-deploy")
    ]
    space.apply(obj)
    yield space.name
    space.kubectl("delete", "clusterworkflowtemplate", space.name, "--ignore-not-found")


def test_the_controller_runs_a_template_of_the_cluster_with_the_namespaces_settings(
    space: Space, of_cluster: str
) -> None:
    wanted = yaml.safe_load((TEMPLATES / "slipway-deploy.yaml").read_text(encoding="utf-8"))
    names = [each["name"] for each in wanted["spec"]["arguments"]["parameters"]]
    image = f"{REGISTRY}/{space.name}/nothing"
    values = {"artifact-group": seed.GROUP, "artifact-packaging": "jar", "artifact-classifier": "", "image": image}
    place = Place(cluster="bed", namespace=space.name, app="shop")
    order = PipelineOrder(
        name="of-cluster-1",
        template=of_cluster,
        owner="test",
        place=place,
        environment="staging",
        number=1,
        parameters=tuple((name, values.get(name, "nothing")) for name in names),
    )
    asyncio.run(_submit(space, order, Scope.CLUSTER))
    ended = space.until_ended(order.name)
    # The first step ran with what is in the namespace, and found that there is no such artifact.
    assert ended["spec"]["workflowTemplateRef"] == {"name": of_cluster, "clusterScope": True}
    assert ended["status"]["phase"] == "Failed", ended["status"]
    assert '"cause": "artifact-not-found"' in space.log(order.name)


RIGHTS = [
    ("slipway-steps", "create", "workflowtaskresults.argoproj.io", "yes"),
    ("slipway-steps", "get", "secrets", "no"),
    ("slipway-steps", "get", "rollouts.argoproj.io", "no"),
    ("slipway-pipeline", "create", "rollouts.argoproj.io", "yes"),
    ("slipway-pipeline", "patch", "horizontalpodautoscalers.autoscaling", "yes"),
    ("slipway-pipeline", "delete", "pods", "no"),
    ("slipway-pipeline", "create", "rolebindings.rbac.authorization.k8s.io", "no"),
]


def test_an_account_may_do_what_its_steps_need_and_no_more(space: Space) -> None:
    command = [space.places.program("kubectl"), f"--kubeconfig={space.places.kubeconfig}", "auth", "can-i"]
    for account, verb, resource, answer in RIGHTS:
        who = [f"--as=system:serviceaccount:{space.name}:{account}", f"--namespace={space.name}"]
        done = subprocess.run([*command, verb, resource, *who], capture_output=True, text=True, check=False)
        assert done.stdout.strip() == answer, (account, verb, resource)


async def _submit(space: Space, order: PipelineOrder, scope: Scope) -> None:
    cluster = Cluster(name="bed", kubeconfig=str(space.places.kubeconfig))
    environment = Environment(name="staging", cluster="bed", namespace=space.name)
    clusters = KubernetesClusters(clusters={"bed": cluster}, environments=[environment], scope=scope)
    try:
        await KubernetesPipelines(clusters).submit(order)
    finally:
        await clusters.aclose()


@pytest.fixture
def source(space: Space) -> Iterator[tuple[str, str]]:
    """Commit a Containerfile to a repository of this test's own; return its address and the commit."""
    with web.client(f"{gitea.URL}{gitea.API}", user=gitea.ADMIN, password=gitea.PASSWORD) as client:
        repository = {"name": space.name, "private": False, "auto_init": True, "default_branch": "main"}
        web.need(client.post("/user/repos", json=repository))
        path = f"/repos/{gitea.ADMIN}/{space.name}"
        commit = ""
        for name, text in {"image/page.html": "hello\n", "image/Containerfile": CONTAINERFILE}.items():
            content = base64.b64encode(text.encode()).decode()
            made = web.need(client.post(f"{path}/contents/{name}", json={"content": content, "message": name}))
            commit = made.json()["commit"]["sha"]
        yield f"https://{urlsplit(seed.CHARTS).netloc}/{gitea.ADMIN}/{space.name}.git", commit
        web.need(client.delete(path))


@builds
def test_a_containerfile_is_built_in_a_pod_that_is_not_root(space: Space, source: tuple[str, str]) -> None:
    content = nexus.jar(space.name, "1.0.0")
    nexus.publish(space.name, "1.0.0", content)
    image = f"{REGISTRY}/{space.name}/app"
    given = {
        **dict.fromkeys(_names("slipway-containerfile"), "nothing"),
        "app": "shop",
        "version": "1.0.0",
        "artifact-group": seed.GROUP,
        "artifact-name": space.name,
        "artifact-packaging": "jar",
        "artifact-classifier": "",
        "image": image,
        "base-image": f"{images.WEBAPP.rpartition(':')[0]}@{images.digest(space.places, images.WEBAPP)}",
        "source-repository": source[0],
        "source-commit": source[1],
        "source-context": "image",
        "containerfile": "Containerfile",
        "sha256": hashlib.sha256(content).hexdigest(),
        "file-version": "1.0.0",
    }
    for name, built in (("first", "true"), ("again", "false")):
        space.apply(_build_alone(name, given))
        ended = space.until_ended(name)
        assert ended["status"]["phase"] == "Succeeded", space.log(name)
        (node,) = [node for node in ended["status"]["nodes"].values() if node["type"] == "Pod"]
        assert ("built", built) in {(each["name"], each["value"]) for each in node["outputs"]["parameters"]}
    _look_at(space, f"{image}:1.0.0", source[1], given["sha256"])


@builds
def test_an_app_with_a_containerfile_and_a_chart_from_a_registry_is_deployed(
    space: Space, source: tuple[str, str], tmp_path: Path
) -> None:
    nexus.publish(space.name, "1.0.0", nexus.jar(space.name, "1.0.0"))
    chart = f"oci://{REGISTRY}/{space.name}/app"
    app = App(
        name="shop",
        artifact=Artifact(group=seed.GROUP, name=space.name),
        image=f"{REGISTRY}/{space.name}/shop",
        base_image=f"{images.WEBAPP.rpartition(':')[0]}@{images.digest(space.places, images.WEBAPP)}",
        chart=Chart(repository=chart, path=".", ref="7.1.0", pin=_push_chart(space, tmp_path, "7.1.0")),
        build=Build(repository=source[0], commit=source[1], context="image"),
        environments=("staging",),
        values={"replicas": 1, "resources": {"requests": {"cpu": "1m", "memory": "16Mi"}}},
    )
    environment = Environment(name="staging", cluster="bed", namespace=space.name)
    alice = Person(id="", name="alice", chat_id="U0", roles=frozenset())
    arguments = plan.parameters(app, environment, version="1.0.0", strategy=Strategy.ROLLING, person=alice)
    order = PipelineOrder(
        name="shop-staging-1",
        template=plan.CONTAINERFILE_TEMPLATE,
        owner="test",
        place=Place(cluster="bed", namespace=space.name, app="shop"),
        environment="staging",
        number=1,
        parameters=(*arguments.items(), ("deployment", "1")),
    )
    asyncio.run(_submit(space, order, Scope.NAMESPACE))
    ended = space.until_ended(order.name)
    assert ended["status"]["phase"] == "Succeeded", space.log(order.name)
    outputs = {
        (node["displayName"], each["name"]): each["value"]
        for node in ended["status"]["nodes"].values()
        for each in node.get("outputs", {}).get("parameters", ())
    }
    assert outputs["build-image", "built"] == "true"
    assert outputs["fetch-chart", "commit"] == app.chart.pin
    space.kubectl("wait", "rollout/shop", "--for=jsonpath={.status.phase}=Healthy", "--timeout=90s")
    rollout = json.loads(space.kubectl("get", "rollout", "shop", "--output=json"))
    (container,) = rollout["spec"]["template"]["spec"]["containers"]
    assert container["image"] == f"{app.image}@{outputs['resolve-image', 'digest']}"


def _push_chart(space: Space, folder: Path, version: str) -> str:
    """Push the chart to the bed's registry as a platform team does; return its digest."""
    environment = {**os.environ, "HOME": str(folder)}
    helm = space.places.program("helm")
    for arguments in (
        ["package", str(CHART), "--version", version, "--destination", str(folder)],
        ["push", str(folder / f"app-{version}.tgz"), f"oci://{REGISTRY}/{space.name}", "--plain-http"],
    ):
        subprocess.run([helm, *arguments], check=True, capture_output=True, env=environment)
    return images.digest(space.places, f"{REGISTRY}/{space.name}/app:{version}")


def _names(template: str) -> list[str]:
    document = yaml.safe_load((TEMPLATES / f"{template}.yaml").read_text(encoding="utf-8"))
    return [each["name"] for each in document["spec"]["arguments"]["parameters"]]


def _build_alone(name: str, given: dict[str, str]) -> Obj:
    parameters = [{"name": key, "value": value} for key, value in given.items()]
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Workflow",
        "metadata": {"name": name},
        "spec": {
            "workflowTemplateRef": {"name": "slipway-containerfile"},
            "entrypoint": "build-image",
            "podGC": {"strategy": "OnWorkflowSuccess", "deleteDelayDuration": "60s"},
            "arguments": {"parameters": parameters},
        },
    }


def _look_at(space: Space, image: str, commit: str, sha256: str) -> None:
    scratch = space.places.run / "seed"
    scratch.mkdir(parents=True, exist_ok=True)
    environment = {
        "PATH": program_path(space.places),
        "SLIPWAY_SCRATCH": str(scratch),
        "SLIPWAY_REGISTRY_INSECURE": "true",
    }
    config = Registry(Settings(environment=environment)).config(image)
    assert config["User"] == "65532"
    assert config["Labels"]["slipway.artifact.sha256"] == sha256
    assert config["Labels"]["slipway.containerfile.commit"] == commit
    assert config["Labels"]["org.opencontainers.image.version"] == "1.0.0"
    export = [space.places.program("crane"), "export", "--insecure", image, "-"]
    content = subprocess.run(export, check=True, capture_output=True).stdout
    with tarfile.open(fileobj=io.BytesIO(content)) as tar:
        assert {"app/app.jar", "www/index.html", "built-by"} <= set(tar.getnames())

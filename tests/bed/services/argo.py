"""Argo Rollouts and Argo Workflows, each under the account and roles that its release ships, not as administrator."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import yaml

from tests.bed import certificates
from tests.bed.building import ROLLOUTS, WORKFLOWS, module_folder
from tests.bed.places import Places
from tests.bed.processes import LOG_BYTES
from tests.bed.service import Service, answers
from tests.bed.services.kubernetes import apply, kubectl

ROLLOUTS_NAMESPACE: Final = "argo-rollouts"
WORKFLOWS_NAMESPACE: Final = "argo"
ROLLOUTS_HEALTH: Final = "http://127.0.0.1:18081/healthz"
WORKFLOWS_HEALTH: Final = "http://127.0.0.1:6060/healthz"
TOKEN_LIFE: Final = "720h"
DEFINITIONS: Final = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
PATIENCE_SECONDS: Final = 60
LOOK_AGAIN_SECONDS: Final = 0.2
CLUSTER_WIDE: Final = frozenset({"ClusterRole", "ClusterRoleBinding", "CustomResourceDefinition", "Namespace"})


def services(places: Places) -> tuple[Service, ...]:
    return (_rollouts(places), _workflows(places))


def install(places: Places) -> None:
    """Apply both releases' resource definitions, accounts and roles, once per version."""
    mark = places.run / "argo.installed"
    folders = (module_folder("rollouts-1.10", ROLLOUTS), module_folder("workflows", WORKFLOWS))
    if mark.exists() and mark.read_text(encoding="utf-8") == str(folders):
        return
    rollouts, workflows = (folder / "manifests" for folder in folders)
    definitions = [*rollouts.glob("crds/*-crd.yaml"), *workflows.glob("base/crds/minimal/argoproj.io_*.yaml")]
    apply(places, *definitions)
    _await_definitions(places)
    accounts = [
        *in_namespace(
            ROLLOUTS_NAMESPACE,
            rollouts / "base" / "argo-rollouts-sa.yaml",
            rollouts / "role" / "argo-rollouts-clusterrole.yaml",
            rollouts / "cluster-install" / "argo-rollouts-clusterrolebinding.yaml",
        ),
        *in_namespace(
            WORKFLOWS_NAMESPACE,
            workflows / "base" / "workflow-controller" / "workflow-controller-sa.yaml",
            *sorted(workflows.glob("cluster-install-no-crds/workflow-controller-rbac/workflow-*.yaml")),
        ),
    ]
    kubectl(places, "apply", "--server-side", "--filename=-", text=yaml.safe_dump_all(accounts))
    mark.write_text(str(folders), encoding="utf-8")


def _await_definitions(places: Places) -> None:
    """Wait until all definitions are served; `kubectl wait` gives up on one that has no conditions yet."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not all(map(_is_established, json.loads(kubectl(places, "get", "--raw", DEFINITIONS))["items"])):
        if time.monotonic() > end:
            raise RuntimeError(f"Argo's resource definitions were not established within {PATIENCE_SECONDS} s.")
        time.sleep(LOOK_AGAIN_SECONDS)


def _is_established(definition: dict[str, Any]) -> bool:
    conditions = definition["status"]["conditions"] or ()
    return any(each["type"] == "Established" and each["status"] == "True" for each in conditions)


def in_namespace(namespace: str, *files: Path) -> Iterator[dict[str, Any]]:
    """Yield a release's objects as kustomize would: in a namespace, accounts in bindings too."""
    for file in files:
        for document in yaml.safe_load_all(file.read_text(encoding="utf-8")):
            if document:
                if document["kind"] not in CLUSTER_WIDE:
                    document["metadata"]["namespace"] = namespace
                for subject in document.get("subjects", ()):
                    subject["namespace"] = namespace
                yield document


def write_account(places: Places, namespace: str, name: str) -> Path:
    """Write a kubeconfig with a fresh token of a service account."""
    token = kubectl(places, "create", "token", name, f"--namespace={namespace}", f"--duration={TOKEN_LIFE}").strip()
    return certificates.write_kubeconfig(places, f"{namespace}-{name}", {"token": token}, namespace=namespace)


def _rollouts(places: Places) -> Service:
    def prepare() -> None:
        install(places)
        write_account(places, ROLLOUTS_NAMESPACE, "argo-rollouts")

    return Service(
        name="rollouts-controller",
        command=lambda: [
            places.program("rollouts-controller"),
            f"--kubeconfig={places.run / 'argo-rollouts-argo-rollouts.kubeconfig'}",
            "--leader-elect=false",
            "--loglevel=info",
            "--metricsPort=18090",
            "--healthzPort=18081",
        ],
        environment={"POD_NAMESPACE": ROLLOUTS_NAMESPACE},
        prepare=prepare,
        is_ready=lambda: answers(ROLLOUTS_HEALTH),
        after=("kube-apiserver",),
    )


def _workflows(places: Places) -> Service:
    def prepare() -> None:
        install(places)
        write_account(places, WORKFLOWS_NAMESPACE, "argo")

    return Service(
        name="workflow-controller",
        command=lambda: [
            # When its watch of ConfigMaps ends for good, it says so as fast as the disk takes it (4.0.7).
            *("/usr/bin/prlimit", f"--fsize={LOG_BYTES}"),
            places.program("workflow-controller"),
            f"--kubeconfig={places.run / 'argo-argo.kubeconfig'}",
            f"--namespace={WORKFLOWS_NAMESPACE}",
            "--configmap=workflow-controller-configmap",
            "--executor-image=registry.local/argoexec:v4.0.7",
            "--executor-image-pull-policy=IfNotPresent",
            "--loglevel=info",
        ],
        # Without a requeue time of its own the controller looks at a workflow every ten seconds only.
        environment={"LEADER_ELECTION_DISABLE": "true", "DEFAULT_REQUEUE_TIME": "1s"},
        prepare=prepare,
        is_ready=lambda: answers(WORKFLOWS_HEALTH),
        after=("rollouts-controller",),
        stop_seconds=0,  # Out of a cluster it ignores every signal but SIGKILL.
    )

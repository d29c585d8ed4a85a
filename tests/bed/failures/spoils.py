"""What is put wrong before a failing deployment is made: each function here spoils one thing of a sound setting.

Used by cases. Nothing here talks to the cluster itself.
"""

import base64
import gzip
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from commands.core.catalog import Build
from tests.bed.failures import charts, sources, surroundings
from tests.bed.failures.setting import NAMESPACE_LABEL, Setting
from tests.bed.places import ADDRESS, REGISTRY
from tests.bed.tenancy import PIPELINE

AT_WORK: Final = "at work"
"""What a program that sleeps says first: before that, what is sent to it reaches Argo's executor alone, which a signal
ends with exit code 2 until it has started the program (Go's runtime as a container's first process).
"""
PYTHON_SLEEPS: Final = f"import time; print('{AT_WORK}', flush=True); time.sleep(600)"
FILLS_DISK: Final = "open('/tmp/x', 'wb').write(bytes(2**23)); import time; time.sleep(600)"
BUILDS_NOTHING: Final = "import os; os.makedirs('/tmp/outputs'); open('/tmp/outputs/built', 'w').write('true')"
FILLS_MEMORY: Final = "x = bytearray(2**28)"

Spoil = Callable[[Setting], None]


def settings(**changes: str) -> Spoil:
    return lambda setting: setting.settings.update(changes)


def credentials(**changes: str) -> Spoil:
    return lambda setting: setting.credentials.update({name.replace("_", "-"): text for name, text in changes.items()})


def artifact(name: str, version: str = "1.0.0") -> Spoil:
    def spoil(setting: Setting) -> None:
        setting.change(artifact=replace(setting.app.artifact, name=name))
        setting.version = version

    return spoil


def app(**changes: Any) -> Spoil:
    return lambda setting: setting.change(**changes)


def chart(**changes: str) -> Spoil:
    return lambda setting: setting.change(chart=replace(setting.app.chart, **changes))


def values(**changes: Any) -> Spoil:
    return lambda setting: setting.change(values={**setting.app.values, **changes})


def runs(step: str, program: str) -> Spoil:
    return lambda setting: setting.runs_instead(step, program)


def every(*spoils: Spoil) -> Spoil:
    def spoil(setting: Setting) -> None:
        for each in spoils:
            each(setting)

    return spoil


def scratch(setting: Setting, **volume: str) -> None:
    """Give the steps another volume to work in."""
    volumes = setting.object("WorkflowTemplate", setting.template)["spec"]["volumes"]
    next(each for each in volumes if each["name"] == "scratch")["emptyDir"] = volume


def full_disk(setting: Setting) -> None:
    scratch(setting, medium="Memory", sizeLimit="64Ki")
    artifact(surroundings.LARGE)(setting)


def small_disk(setting: Setting) -> None:
    scratch(setting, sizeLimit="1Mi")
    setting.runs_instead("build-image", FILLS_DISK)


def small_memory(setting: Setting) -> None:
    setting.step("build-image")["container"]["resources"] = {"limits": {"memory": "32Mi"}}
    setting.runs_instead("build-image", FILLS_MEMORY)


def short_deadline(setting: Setting) -> None:
    setting.step("build-image")["activeDeadlineSeconds"] = "5"
    setting.runs_instead("build-image", PYTHON_SLEEPS)


def no_step_image(setting: Setting) -> None:
    setting.step("fetch-artifact")["container"]["image"] = f"{REGISTRY}/slipway/none:1"


def no_node(setting: Setting) -> None:
    setting.step("fetch-artifact")["container"]["resources"] = {"requests": {"memory": "1Ti"}}


def no_pods(setting: Setting) -> None:
    setting.add("v1", "ResourceQuota", spec={"hard": {"pods": "0"}})


def no_rollouts(setting: Setting) -> None:
    setting.add("v1", "ResourceQuota", spec={"hard": {"count/rollouts.argoproj.io": "0"}})


def no_rights(setting: Setting) -> None:
    setting.rules[:] = [rule for rule in setting.rules if "rollouts" not in rule["resources"]]


def policy(setting: Setting) -> None:
    """Have an admission policy that refuses Rollouts in this namespace."""
    selector = {"namespaceSelector": {"matchLabels": {NAMESPACE_LABEL: setting.namespace}}}
    rule = {"apiGroups": ["argoproj.io"], "apiVersions": ["*"], "operations": ["*"], "resources": ["rollouts"]}
    refusal = {"expression": "false", "message": "two reviewers must sign the image"}
    policy = {"matchConstraints": {"resourceRules": [rule]}, "validations": [refusal]}
    binding = {"policyName": setting.namespace, "validationActions": ["Deny"], "matchResources": selector}
    for kind, spec in (("ValidatingAdmissionPolicy", policy), ("ValidatingAdmissionPolicyBinding", binding)):
        metadata = {"name": setting.namespace}
        setting.everywhere.append(
            {"apiVersion": "admissionregistration.k8s.io/v1", "kind": kind, "metadata": metadata, "spec": spec}
        )


def silent_webhook(setting: Setting) -> None:
    """Have a webhook that must agree and is not there."""
    rule = {"apiGroups": ["argoproj.io"], "apiVersions": ["*"], "operations": ["*"], "resources": ["rollouts"]}
    webhook = {
        "name": "images.example.com",
        "clientConfig": {"url": f"https://{ADDRESS}:1/"},
        "rules": [rule],
        "failurePolicy": "Fail",
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
        "namespaceSelector": {"matchLabels": {NAMESPACE_LABEL: setting.namespace}},
    }
    setting.everywhere.append(
        {
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": "ValidatingWebhookConfiguration",
            "metadata": {"name": setting.namespace},
            "webhooks": [webhook],
        }
    )


def odd_annotation(setting: Setting) -> None:
    setting.change(values={**setting.app.values, "service": {"annotations": {"no such name": "x"}}})


def unchangeable(setting: Setting) -> None:
    """Have a configuration of this release that may not change, and a chart that changes it."""
    owner = {"meta.helm.sh/release-name": setting.app.name, "meta.helm.sh/release-namespace": setting.namespace}
    metadata = {"labels": {"app.kubernetes.io/managed-by": "Helm"}, "annotations": owner}
    setting.add("v1", "ConfigMap", metadata=metadata, data={"mode": "old"}, immutable=True)
    own_chart(charts.STUBBORN)(setting)


def taken(setting: Setting) -> None:
    setting.add("v1", "Service", spec={"ports": [{"port": 80}]})


def own_chart(name: str) -> Spoil:
    """Release with one of the charts that are at fault."""
    return app(chart=charts.chart(name))


def extra_argument(setting: Setting) -> None:
    """Have templates of a release that knows an argument more than the steps' image."""
    setting.step("fetch-artifact")["container"]["args"] += ["--artifact-mirror", "none"]


def containerfile(folder: str, commit: str) -> Spoil:
    """Have the app bring a Containerfile of its own."""
    return app(build=Build(repository=sources.REPOSITORY, commit=commit, context=folder))


def plain_builder(setting: Setting) -> None:
    """Hold the builder to what every other step gets, as a cluster with strict rules does."""
    container = setting.step("fetch-artifact")["container"]
    setting.step("build-image")["container"]["securityContext"] = container["securityContext"]


def jobs_allowed(setting: Setting) -> None:
    """Let the pipeline's account run a chart's hooks."""
    verbs = ["get", "list", "watch", "create", "delete"]
    setting.rules.append({"apiGroups": ["batch"], "resources": ["jobs"], "verbs": verbs})


def no_namespace(setting: Setting) -> None:
    """Release into a namespace that is not there, by an account that may do so everywhere."""
    setting.target = f"{setting.namespace}-none"
    metadata = {"name": setting.namespace}
    api = "rbac.authorization.k8s.io"
    role = {"apiGroup": api, "kind": "ClusterRole", "name": setting.namespace}
    account = {"kind": "ServiceAccount", "name": PIPELINE, "namespace": setting.namespace}
    setting.everywhere += [
        {"apiVersion": f"{api}/v1", "kind": "ClusterRole", "metadata": metadata, "rules": list(setting.rules)},
        {
            "apiVersion": f"{api}/v1",
            "kind": "ClusterRoleBinding",
            "metadata": metadata,
            "roleRef": role,
            "subjects": [account],
        },
    ]


def pending_release(setting: Setting) -> None:
    """Have helm's record of a release that somebody began, and that something else keeps from being deleted."""
    name, now = setting.app.name, datetime.now(UTC).isoformat()
    info = {"first_deployed": now, "last_deployed": now, "deleted": "", "status": "pending-install"}
    release = {"name": name, "info": info, "manifest": "", "version": 1, "namespace": setting.namespace}
    packed = base64.b64encode(gzip.compress(json.dumps(release).encode())).decode()
    labels = {"owner": "helm", "name": name, "status": "pending-install", "version": "1"}
    setting.add(
        "v1",
        "Secret",
        name=f"sh.helm.release.v1.{name}.v1",
        metadata={"labels": labels, "finalizers": ["backup.example.com/kept"]},
        type="helm.sh/release.v1",
        stringData={"release": packed},
    )
    settings(SLIPWAY_PENDING_SECONDS="1")(setting)

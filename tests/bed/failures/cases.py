"""Ways in which a deployment fails, each made by the real thing: how it is brought about and what is to be made of it.

A case spoils a sound setting before it is made; some then do something to the pod that runs. Nothing here talks to the
cluster itself.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

from tests.bed import images
from tests.bed.failures import surroundings
from tests.bed.failures.setting import NAMESPACE_LABEL, Setting
from tests.bed.places import ADDRESS, REGISTRY, Places

AT_WORK: Final = "at work"
"""What a program that sleeps says first: before that, what is sent to it reaches Argo's executor alone, which a signal
ends with exit code 2 until it has started the program (Go's runtime as a container's first process).
"""
PYTHON_SLEEPS: Final = f"import time; print('{AT_WORK}', flush=True); time.sleep(600)"
FILLS_DISK: Final = "open('/tmp/x', 'wb').write(bytes(2**23)); import time; time.sleep(600)"
FILLS_MEMORY: Final = "x = bytearray(2**28)"
NOWHERE: Final = f"http://{ADDRESS}:1"
NO_DIGEST: Final = f"sha256:{'0' * 64}"

Spoil = Callable[[Setting], None]


class Act(StrEnum):
    """What is done while the deployment runs."""

    STOP = "stop"
    TERMINATE = "terminate"
    DELETE_POD = "delete-pod"
    WAIT_AND_STOP = "wait-and-stop"
    """Wait until it says why it cannot begin, then stop it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One failure: the step that it is put down to, the cause's name, and words that the explanation has."""

    spoil: Spoil
    step: str
    cause: str
    says: str
    act: Act | None = None
    is_told_in_two_ways: bool = False
    """Whether it depends on what the controller saw first if there is an exit code."""


def _settings(**changes: str) -> Spoil:
    return lambda setting: setting.settings.update(changes)


def _credentials(**changes: str) -> Spoil:
    return lambda setting: setting.credentials.update({name.replace("_", "-"): text for name, text in changes.items()})


def _artifact(name: str, version: str = "1.0.0") -> Spoil:
    def spoil(setting: Setting) -> None:
        setting.change(artifact=replace(setting.app.artifact, name=name))
        setting.version = version

    return spoil


def _app(**changes: Any) -> Spoil:
    return lambda setting: setting.change(**changes)


def _chart(**changes: str) -> Spoil:
    return lambda setting: setting.change(chart=replace(setting.app.chart, **changes))


def _values(**changes: Any) -> Spoil:
    return lambda setting: setting.change(values={**setting.app.values, **changes})


def _runs(step: str, program: str) -> Spoil:
    return lambda setting: setting.runs_instead(step, program)


def _all(*spoils: Spoil) -> Spoil:
    def spoil(setting: Setting) -> None:
        for each in spoils:
            each(setting)

    return spoil


def _full_disk(setting: Setting) -> None:
    volumes = setting.object("WorkflowTemplate", "slipway-deploy")["spec"]["volumes"]
    next(each for each in volumes if each["name"] == "scratch")["emptyDir"] = {"medium": "Memory", "sizeLimit": "64Ki"}
    _artifact(surroundings.LARGE)(setting)


def _small_disk(setting: Setting) -> None:
    volumes = setting.object("WorkflowTemplate", "slipway-deploy")["spec"]["volumes"]
    next(each for each in volumes if each["name"] == "scratch")["emptyDir"] = {"sizeLimit": "1Mi"}
    setting.runs_instead("build-image", FILLS_DISK)


def _small_memory(setting: Setting) -> None:
    setting.step("build-image")["container"]["resources"] = {"limits": {"memory": "32Mi"}}
    setting.runs_instead("build-image", FILLS_MEMORY)


def _short_deadline(setting: Setting) -> None:
    setting.step("build-image")["activeDeadlineSeconds"] = "5"
    setting.runs_instead("build-image", PYTHON_SLEEPS)


def _no_step_image(setting: Setting) -> None:
    setting.step("fetch-artifact")["container"]["image"] = f"{REGISTRY}/slipway/none:1"


def _no_node(setting: Setting) -> None:
    setting.step("fetch-artifact")["container"]["resources"] = {"requests": {"memory": "1Ti"}}


def _no_pods(setting: Setting) -> None:
    setting.add("v1", "ResourceQuota", spec={"hard": {"pods": "0"}})


def _no_rollouts(setting: Setting) -> None:
    setting.add("v1", "ResourceQuota", spec={"hard": {"count/rollouts.argoproj.io": "0"}})


def _no_rights(setting: Setting) -> None:
    setting.rules[:] = [rule for rule in setting.rules if "rollouts" not in rule["resources"]]


def _policy(setting: Setting) -> None:
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


def _silent_webhook(setting: Setting) -> None:
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


def _odd_annotation(setting: Setting) -> None:
    setting.change(values={**setting.app.values, "service": {"annotations": {"no such name": "x"}}})


def _unchangeable(setting: Setting) -> None:
    """Have a configuration of this release that may not change, and a chart that changes it."""
    owner = {"meta.helm.sh/release-name": setting.app.name, "meta.helm.sh/release-namespace": setting.namespace}
    metadata = {"labels": {"app.kubernetes.io/managed-by": "Helm"}, "annotations": owner}
    setting.add("v1", "ConfigMap", metadata=metadata, data={"mode": "old"}, immutable=True)
    _chart(repository=surroundings.STUBBORN, path=".", ref=surroundings.STUBBORN_VERSION)(setting)


def _taken(setting: Setting) -> None:
    setting.add("v1", "Service", spec={"ports": [{"port": 80}]})


def cases(places: Places, around: surroundings.Surroundings) -> Mapping[str, Case]:
    """List all of them by name, which is the app's and the namespace's as well."""
    fetch, build, chart, release = "fetch-artifact", "build-image", "fetch-chart", "release"
    jre = f"{images.JRE.rpartition(':')[0]}"
    sleeping = _runs(build, PYTHON_SLEEPS)
    return {
        "artifact-missing": Case(
            spoil=_artifact("failing", "9.9.9"), step=fetch, cause="artifact-not-found", says="9.9.9"
        ),
        "checksum-wrong": Case(
            spoil=_artifact(surroundings.ALTERED), step=fetch, cause="checksum-mismatch", says="not what was published"
        ),
        "nexus-401": Case(
            spoil=_credentials(nexus_username="nobody-known", nexus_password="demo-wrong"),  # made up
            step=fetch,
            cause="credentials-refused",
            says="(401)",
        ),
        "nexus-403": Case(
            spoil=_credentials(nexus_username=surroundings.STRANGER, nexus_password=surroundings.PASSWORD),
            step=fetch,
            cause="access-denied",
            says="(403)",
        ),
        "nexus-unreachable": Case(
            spoil=_settings(SLIPWAY_NEXUS_URL=NOWHERE), step=fetch, cause="unreachable", says="cannot be reached"
        ),
        "disk-full": Case(spoil=_full_disk, step=fetch, cause="disk-full", says="no room"),
        "too-large": Case(
            spoil=_all(_artifact(surroundings.LARGE), _settings(SLIPWAY_MAX_MEGABYTES="1")),
            step=fetch,
            cause="too-large",
            says="more",
        ),
        "image-pull": Case(
            spoil=_no_step_image, step=fetch, cause="step-image-pull", says="slipway/none:1", act=Act.WAIT_AND_STOP
        ),
        "pods-quota": Case(
            spoil=_no_pods, step=fetch, cause="quota-exceeded", says="exceeded quota", act=Act.WAIT_AND_STOP
        ),
        "unschedulable": Case(
            spoil=_no_node, step=fetch, cause="unschedulable", says="Insufficient memory", act=Act.WAIT_AND_STOP
        ),
        "base-missing": Case(
            spoil=_app(base_image=f"{jre}@{NO_DIGEST}"), step=build, cause="base-image-not-found", says=NO_DIGEST
        ),
        "registry-401": Case(
            spoil=_app(image=f"{around.guarded}/failing/guarded"),
            step=build,
            cause="credentials-refused",
            says="refused",
        ),
        "registry-500": Case(
            spoil=_app(image=f"{around.broken}/failing/broken"), step=build, cause="server-failed", says="unknown error"
        ),
        "image-conflict": Case(
            spoil=_all(_artifact("failing", "v1.1"), _app(image=f"{REGISTRY}/shop/shop")),
            step=build,
            cause="image-conflict",
            says="shop/shop:v1.1",
        ),
        "evicted": Case(spoil=_small_disk, step=build, cause="pod-evicted", says="exceeds the limit"),
        "out-of-memory": Case(spoil=_small_memory, step=build, cause="out-of-memory", says="OOMKilled"),
        "deadline": Case(spoil=_short_deadline, step=build, cause="deadline-exceeded", says="longer than"),
        "pod-deleted": Case(
            spoil=sleeping, step=build, cause="pod-deleted", says="", act=Act.DELETE_POD, is_told_in_two_ways=True
        ),
        "stopped": Case(spoil=sleeping, step=build, cause="cancelled", says="", act=Act.STOP),
        "terminated": Case(spoil=sleeping, step=build, cause="cancelled", says="", act=Act.TERMINATE),
        "chart-ref-missing": Case(spoil=_chart(ref="v9.9.9"), step=chart, cause="chart-not-found", says="v9.9.9"),
        "chart-moved": Case(spoil=_chart(pin="0" * 40), step=chart, cause="chart-moved", says="0000000"),
        "gitea-401": Case(
            spoil=_credentials(gitea_token="demo-wrong"),  # made up
            step=chart,
            cause="credentials-refused",
            says="(401)",
        ),
        "gitea-403": Case(
            spoil=_credentials(gitea_token=around.narrow_token), step=chart, cause="access-denied", says="(403)"
        ),
        "values-refused": Case(spoil=_values(replicas="many"), step=release, cause="chart-values", says="replicas"),
        "immutable-field": Case(spoil=_unchangeable, step=release, cause="immutable-field", says="immutable"),
        "rbac-refused": Case(spoil=_no_rights, step=release, cause="rbac-refused", says="rollouts"),
        "rollouts-quota": Case(spoil=_no_rollouts, step=release, cause="quota-exceeded", says="exceeded quota"),
        "policy-refused": Case(spoil=_policy, step=release, cause="webhook-refused", says="two reviewers must sign"),
        "webhook-silent": Case(spoil=_silent_webhook, step=release, cause="webhook-refused", says="images.example.com"),
        "kind-unknown": Case(
            spoil=_values(host="x.example.com", gateway={"enabled": True, "parents": [{"name": "web"}]}),
            step=release,
            cause="kind-unknown",
            says="HTTPRoute",
        ),
        "name-taken": Case(spoil=_taken, step=release, cause="name-taken", says="cannot be imported"),
        "manifest-refused": Case(spoil=_odd_annotation, step=release, cause="manifest-refused", says="no such name"),
        "values-contradict": Case(
            spoil=_values(autoscaling={"enabled": True, "minReplicas": 5, "maxReplicas": 2}),
            step=release,
            cause="chart-values",
            says="autoscaling.maxReplicas (2) is less than",
        ),
    }

"""Ways in which a deployment fails, each made by the real thing: how it is brought about and what is to be made of it.

A case spoils a sound setting before it is made; some then do something to the pod that runs. Nothing here talks to the
cluster itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from tests.bed import images
from tests.bed.failures import charts, sources, spoils, surroundings
from tests.bed.failures.spoils import Spoil
from tests.bed.places import ADDRESS, REGISTRY, Places

NOWHERE: Final = f"http://{ADDRESS}:1"
NO_DIGEST: Final = f"sha256:{'0' * 64}"


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


def cases(places: Places, around: surroundings.Surroundings) -> Mapping[str, Case]:
    """List all of them by name, which is the app's and the namespace's as well."""
    fetch, build, chart, release = "fetch-artifact", "build-image", "fetch-chart", "release"
    jre = f"{images.JRE.rpartition(':')[0]}"
    sleeping = spoils.runs(build, spoils.PYTHON_SLEEPS)
    return {
        "artifact-missing": Case(
            spoil=spoils.artifact("failing", "9.9.9"), step=fetch, cause="artifact-not-found", says="9.9.9"
        ),
        "checksum-wrong": Case(
            spoil=spoils.artifact(surroundings.ALTERED),
            step=fetch,
            cause="checksum-mismatch",
            says="not what was published",
        ),
        "nexus-401": Case(
            spoil=spoils.credentials(nexus_username="nobody-known", nexus_password="demo-wrong"),  # made up
            step=fetch,
            cause="credentials-refused",
            says="(401)",
        ),
        "nexus-403": Case(
            spoil=spoils.credentials(nexus_username=surroundings.STRANGER, nexus_password=surroundings.PASSWORD),
            step=fetch,
            cause="access-denied",
            says="(403)",
        ),
        "nexus-unreachable": Case(
            spoil=spoils.settings(SLIPWAY_NEXUS_URL=NOWHERE), step=fetch, cause="unreachable", says="cannot be reached"
        ),
        "disk-full": Case(spoil=spoils.full_disk, step=fetch, cause="disk-full", says="no room"),
        "too-large": Case(
            spoil=spoils.every(spoils.artifact(surroundings.LARGE), spoils.settings(SLIPWAY_MAX_MEGABYTES="1")),
            step=fetch,
            cause="too-large",
            says="more",
        ),
        "image-pull": Case(
            spoil=spoils.no_step_image,
            step=fetch,
            cause="step-image-pull",
            says="slipway/none:1",
            act=Act.WAIT_AND_STOP,
        ),
        "pods-quota": Case(
            spoil=spoils.no_pods, step=fetch, cause="quota-exceeded", says="exceeded quota", act=Act.WAIT_AND_STOP
        ),
        "unschedulable": Case(
            spoil=spoils.no_node, step=fetch, cause="unschedulable", says="Insufficient memory", act=Act.WAIT_AND_STOP
        ),
        "base-missing": Case(
            spoil=spoils.app(base_image=f"{jre}@{NO_DIGEST}"), step=build, cause="base-image-not-found", says=NO_DIGEST
        ),
        "registry-401": Case(
            spoil=spoils.app(image=f"{around.guarded}/failing/guarded"),
            step=build,
            cause="credentials-refused",
            says="refused",
        ),
        "registry-500": Case(
            spoil=spoils.app(image=f"{around.broken}/failing/broken"),
            step=build,
            cause="server-failed",
            says="unknown error",
        ),
        "image-conflict": Case(
            spoil=spoils.every(spoils.artifact("failing", "v1.1"), spoils.app(image=f"{REGISTRY}/shop/shop")),
            step=build,
            cause="image-conflict",
            says="shop/shop:v1.1",
        ),
        "evicted": Case(spoil=spoils.small_disk, step=build, cause="pod-evicted", says="exceeds the limit"),
        "out-of-memory": Case(spoil=spoils.small_memory, step=build, cause="out-of-memory", says="OOMKilled"),
        "deadline": Case(spoil=spoils.short_deadline, step=build, cause="deadline-exceeded", says="longer than"),
        "pod-deleted": Case(
            spoil=sleeping, step=build, cause="pod-deleted", says="", act=Act.DELETE_POD, is_told_in_two_ways=True
        ),
        "stopped": Case(spoil=sleeping, step=build, cause="cancelled", says="", act=Act.STOP),
        "terminated": Case(spoil=sleeping, step=build, cause="cancelled", says="", act=Act.TERMINATE),
        "chart-ref-missing": Case(spoil=spoils.chart(ref="v9.9.9"), step=chart, cause="chart-not-found", says="v9.9.9"),
        "chart-moved": Case(spoil=spoils.chart(pin="0" * 40), step=chart, cause="chart-moved", says="0000000"),
        "gitea-401": Case(
            spoil=spoils.credentials(gitea_token="demo-wrong"),  # made up
            step=chart,
            cause="credentials-refused",
            says="(401)",
        ),
        "gitea-403": Case(
            spoil=spoils.credentials(gitea_token=around.narrow_token), step=chart, cause="access-denied", says="(403)"
        ),
        "values-refused": Case(
            spoil=spoils.values(replicas="many"), step=release, cause="chart-values", says="replicas"
        ),
        "immutable-field": Case(spoil=spoils.unchangeable, step=release, cause="immutable-field", says="immutable"),
        "rbac-refused": Case(spoil=spoils.no_rights, step=release, cause="rbac-refused", says="rollouts"),
        "rollouts-quota": Case(spoil=spoils.no_rollouts, step=release, cause="quota-exceeded", says="exceeded quota"),
        "policy-refused": Case(
            spoil=spoils.policy, step=release, cause="webhook-refused", says="two reviewers must sign"
        ),
        "webhook-silent": Case(
            spoil=spoils.silent_webhook, step=release, cause="webhook-refused", says="images.example.com"
        ),
        "kind-unknown": Case(
            spoil=spoils.values(host="x.example.com", gateway={"enabled": True, "parents": [{"name": "web"}]}),
            step=release,
            cause="kind-unknown",
            says="HTTPRoute",
        ),
        "name-taken": Case(spoil=spoils.taken, step=release, cause="name-taken", says="cannot be imported"),
        "manifest-refused": Case(
            spoil=spoils.odd_annotation, step=release, cause="manifest-refused", says="no such name"
        ),
        "values-contradict": Case(
            spoil=spoils.values(autoscaling={"enabled": True, "minReplicas": 5, "maxReplicas": 2}),
            step=release,
            cause="chart-values",
            says="autoscaling.maxReplicas (2) is less than",
        ),
        "settings-wrong": Case(
            spoil=spoils.settings(SLIPWAY_NEXUS_URL="nexus.example.com"),
            step=fetch,
            cause="bad-settings",
            says="SLIPWAY_NEXUS_URL must be",
        ),
        "argument-unknown": Case(
            spoil=spoils.extra_argument, step=fetch, cause="bad-arguments", says="--artifact-mirror is no parameter"
        ),
        "checksum-none": Case(
            spoil=spoils.artifact(surroundings.UNCHECKED),
            step=fetch,
            cause="checksum-missing",
            says="neither a sha256 nor a sha1",
        ),
        "nexus-login-page": Case(
            spoil=spoils.settings(SLIPWAY_NEXUS_URL=around.login), step=fetch, cause="unexpected-answer", says="Nexus"
        ),
        "artifact-torn": Case(
            spoil=spoils.artifact(surroundings.TORN),
            step=build,
            cause="artifact-unreadable",
            says="no readable jar or war",
        ),
        "builds-refused": Case(
            spoil=spoils.every(spoils.containerfile(sources.ROOT, around.commit), spoils.plain_builder),
            step=build,
            cause="builds-not-allowed",
            says="user namespace",
        ),
        "source-missing": Case(
            spoil=spoils.containerfile(sources.ROOT, "0" * 40),
            step=build,
            cause="source-not-found",
            says="000000000000",
        ),
        "source-linked": Case(
            spoil=spoils.containerfile(sources.LINKED, around.commit),
            step=build,
            cause="source-unusable",
            says="settings.xml",
        ),
        "containerfile-fails": Case(
            spoil=spoils.containerfile(sources.FAILS, around.commit),
            step=build,
            cause="containerfile-failed",
            says="company.pem",
        ),
        "image-of-root": Case(
            spoil=spoils.containerfile(sources.ROOT, around.commit),
            step=build,
            cause="image-runs-as-root",
            says="would run as root",
        ),
        "image-gone": Case(
            spoil=spoils.runs(build, spoils.BUILDS_NOTHING),
            step="resolve-image",
            cause="image-not-found",
            says="image-gone:1.0.0",
        ),
        "gitea-login-page": Case(
            spoil=spoils.settings(SLIPWAY_GITEA_INTERNAL_URL=around.login),
            step=chart,
            cause="unexpected-answer",
            says="Gitea",
        ),
        "chart-broken": Case(
            spoil=spoils.own_chart(charts.BROKEN), step=release, cause="chart-unusable", says="monitoring.port"
        ),
        "hook-fails": Case(
            spoil=spoils.every(spoils.own_chart(charts.FAILING_HOOK), spoils.jobs_allowed),
            step=release,
            cause="release-failed",
            says="BackoffLimitExceeded",
        ),
        "hook-endless": Case(
            spoil=spoils.every(
                spoils.own_chart(charts.ENDLESS_HOOK),
                spoils.jobs_allowed,
                spoils.settings(SLIPWAY_HELM_TIMEOUT_SECONDS="5"),
            ),
            step=release,
            cause="timeout",
            says="timed out",
        ),
        "release-pending": Case(
            spoil=spoils.pending_release, step=release, cause="release-pending", says="although its record was deleted"
        ),
        "namespace-missing": Case(
            spoil=spoils.no_namespace, step=release, cause="namespace-not-found", says="failing-namespace-missing-none"
        ),
    }

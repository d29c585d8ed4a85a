"""The chart on the bed: the API server takes every variant, and the most loaded one rolls out, measured at each step.

Run inside the bed's network namespace. The app is the bed's own web application.
"""

from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tests.bed import images
from tests.bed.places import ADDRESS, CLUSTER, REGISTRY, Cluster, Places
from tests.bed.services import prometheus
from tests.charts.cluster import Health, Namespace, namespace
from tests.charts.rendering import Obj, render
from tests.charts.variants import VARIANTS, Values, merged

pytestmark = [pytest.mark.bed, pytest.mark.timeout(300)]
needs_pods = pytest.mark.skipif(CLUSTER is Cluster.NODELESS, reason="nothing runs in the pods of a stand-in node")

HASH = "rollouts-pod-template-hash"
NAME_KNOWN = "host=${ADDRESS#http://}; nslookup ${host%:*}"
"""The job asks for the name of the new pods' Service, which is all that the image's programs can do with it."""


@pytest.fixture(scope="module")
def space() -> Iterator[Namespace]:
    with namespace() as made:
        made.kubectl("create", "secret", "generic", "shop-database", "--from-literal=PASSWORD=demo-password")
        yield made


@pytest.fixture
def health() -> Iterator[Health]:
    with Health().serving() as serving:
        yield serving


@pytest.mark.parametrize("name", VARIANTS)
def test_the_api_server_takes_a_variant(space: Namespace, name: str) -> None:
    known = space.kubectl("api-resources", "--output=name")
    documents = [each for each in yaml.safe_load_all(render(VARIANTS[name], space.name)) if each]
    # Where there is no Gateway API its kind is unknown, which says nothing about the chart.
    taken = [each for each in documents if each["kind"] != "HTTPRoute" or "httproutes.gateway" in known]
    words = ("apply", "--server-side", "--dry-run=server", "--validate=strict", "--field-manager=chart", "--filename=-")
    said = space.kubectl(*words, text=yaml.safe_dump_all(taken))
    assert said.count("serverside-applied") == len(taken)


def loaded(app: str, version: str, *, strategy: str = "canary", health: Health | None = None) -> Values:
    """Return the most loaded variant with an image that runs here and measurements that take seconds."""
    image = {
        "repository": f"{REGISTRY}/base/webapp",
        "digest": images.digest(Places.from_environment(), images.WEBAPP),
    }
    # The kubelet's probes are the requests that Prometheus counts.
    probes = {"liveness": {"port": "http"}, "startup": {"periodSeconds": 1}, "readiness": {"periodSeconds": 1}}
    analysis = {
        # Prometheus needs to see a new pod twice first; only when each time says nothing it is inconclusive.
        "initialDelay": "6s",
        "interval": "1s",
        "count": 4,
        "failureLimit": 0,
        "prometheus": {"address": prometheus.URL, "window": "10s"},
        "latency": {"query": "sum(rate(http_failures_total{$pods}[10s]))"},
        "web": {"url": health.url if health else f"http://{ADDRESS}:1/"},
        "job": {"command": ["/bin/sh", "-c", NAME_KNOWN]},
        "blueGreen": {"beforePromotion": True, "afterPromotion": True},
    }
    small = {"requests": {"cpu": "10m", "memory": "32Mi"}, "limits": {"memory": "64Mi"}}
    here: Values = {
        "slipway": {"app": app, "version": version},
        "image": image,
        "strategy": strategy,
        "canary": {"steps": [{"setWeight": 20}, {"pause": {}}, {"setWeight": 60}, {"pause": {"duration": "1s"}}]},
        "host": f"{app}.example.com",
        "probes": probes,
        "analysis": analysis,
        "resources": small,
        "config": {"files": {"app.properties": f"version={version}"}},
        "podAnnotations": {"prometheus.io/scrape": "true", "prometheus.io/port": "8080"},
        "minReadySeconds": 0,
        "drainSeconds": 1,
        "terminationGracePeriodSeconds": 3,
        "autoscaling": {"minReplicas": 2},
    }
    return merged(VARIANTS["canary-loaded"], here)


def first_release(space: Namespace, values: Values) -> Obj:
    """Release an app and wait for the autoscaler as well: a change of the number would undo a promote."""
    app, version = values["slipway"]["app"], values["slipway"]["version"]
    space.release(values)
    return space.until(app, lambda each: each["spec"].get("replicas") == 2 and healthy(version)(each))


def observed(rollout: Obj) -> bool:
    return str(rollout.get("status", {}).get("observedGeneration")) == str(rollout["metadata"]["generation"])


def phase(rollout: Obj) -> str:
    return str(rollout["status"].get("phase", ""))


def healthy(version: str) -> Any:
    def is_so(rollout: Obj) -> bool:
        status = rollout.get("status", {})
        is_current = status.get("currentPodHash") == status.get("stableRS") is not None
        return observed(rollout) and is_current and phase(rollout) == "Healthy" and runs(rollout, version)

    return is_so


def runs(rollout: Obj, version: str) -> bool:
    (container,) = rollout["spec"]["template"]["spec"]["containers"]
    return bool(container["env"][0] == {"name": "VERSION", "value": version})


def paused(rollout: Obj) -> bool:
    return observed(rollout) and phase(rollout) == "Paused" and bool(rollout["status"].get("pauseConditions"))


def outcomes(space: Namespace, app: str) -> set[tuple[str, str]]:
    """Return each measurement's name and phase over all runs of an app."""
    runs = [each for each in space.all("analysisrun") if each["metadata"]["ownerReferences"][0]["name"] == app]
    return {(each["name"], each["phase"]) for run in runs for each in run.get("status", {}).get("metricResults", ())}


@needs_pods
def test_the_most_loaded_canary_goes_through_its_measurements(space: Namespace, health: Health) -> None:
    """Released, autoscaled, split by the router at a weight, measured four ways, promoted, and taken back again."""
    first_release(space, loaded("shop", "v1", health=health))
    space.release(loaded("shop", "v2", health=health))
    seen = space.until("shop", paused)
    assert seen["spec"]["replicas"] == 2, "a release keeps the number of pods that the autoscaler chose"
    assert seen["status"]["currentStepIndex"] == 2, seen["status"]
    names = {"success-rate", "latency", "web", "job"}
    assert {name for name, outcome in outcomes(space, "shop") if outcome == "Successful"} == names
    assert health.asked
    canary = space.get("ingress", "shop-shop-canary")
    assert canary["metadata"]["annotations"]["nginx.ingress.kubernetes.io/canary-weight"] == "20"
    assert selected(space, "shop-canary") == seen["status"]["currentPodHash"]
    assert selected(space, "shop") == seen["status"]["stableRS"]
    space.patch("rollout", "shop", {"status": {"pauseConditions": None}}, part="status")
    space.until("shop", healthy("v2"))

    # The files of the version before are still there, and become its own again.
    before = loaded("shop", "v1", strategy="rolling", health=health)
    space.release(before)
    space.until("shop", healthy("v1"))
    assert selected(space, "shop") == "", "without a router the Service must not stay with the pods of one version"
    assert len(space.all("configmap", "app.kubernetes.io/name=shop")) == 2


def selected(space: Namespace, service: str) -> str:
    return str(space.get("service", service)["spec"]["selector"].get(HASH, ""))


@needs_pods
def test_a_canary_that_measures_badly_is_aborted(space: Namespace, health: Health) -> None:
    first_release(space, loaded("cart", "v1", health=health))
    health.status = "down"
    space.release(loaded("cart", "v2", health=health))
    seen = space.until("cart", lambda each: observed(each) and bool(each["status"].get("abort")))
    assert 'Metric "web" assessed Failed' in seen["status"]["message"]


@needs_pods
def test_green_is_measured_before_and_after_its_promotion(space: Namespace, health: Health) -> None:
    first = first_release(space, loaded("till", "v1", strategy="blue-green", health=health))
    space.release(loaded("till", "v2", strategy="blue-green", health=health))
    green = space.until("till", lambda each: paused(each) and has_passed(each, "prePromotionAnalysisRunStatus"))
    assert selected(space, "till") == first["status"]["stableRS"]
    assert selected(space, "till-preview") == green["status"]["currentPodHash"]
    space.patch("rollout", "till", {"status": {"pauseConditions": None}}, part="status")
    after = space.until("till", healthy("v2"))
    assert has_passed(after, "postPromotionAnalysisRunStatus")
    assert selected(space, "till") == green["status"]["currentPodHash"]


def has_passed(rollout: Obj, run: str) -> bool:
    found: Obj = rollout["status"].get("blueGreen", {}).get(run, {})
    return found.get("status") == "Successful"

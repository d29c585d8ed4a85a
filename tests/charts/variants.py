"""The releases that the chart is held to: each strategy as it comes, and each option with a strategy that shows it.

Pure: values as the release step writes them.
"""

from collections.abc import Mapping
from typing import Any, Final

Values = dict[str, Any]

STEPS: Final = [{"setWeight": 20}, {"pause": {}}, {"setWeight": 50}, {"pause": {"duration": "600s"}}]
MEASURED: Final[Values] = {
    "successRate": {"enabled": True},
    "latency": {"enabled": True, "maximumSeconds": 0.25},
    "web": {"enabled": True},
    "job": {"enabled": True, "command": ["/bin/test-shop", "--quick"], "env": {"LEVEL": "debug"}},
    "prometheus": {"address": "http://prometheus.example.com:9090"},
}
PODS: Final[Values] = {
    "extraPorts": {"metrics": 9090},
    "env": {"LEVEL": "info", "EMPTY": ""},
    "envFromSecrets": ["shop-database"],
    "config": {"files": {"shop.properties": "greeting = hello {{ you }}\n---\nkind: Rollout\n"}},
    "resources": {"limits": {"memory": "512Mi"}},
    "probes": {
        "startup": {"enabled": True, "path": "/readyz", "periodSeconds": 2},
        "readiness": {"path": "/readyz"},
        "liveness": {"enabled": True, "path": "/healthz", "port": "metrics", "timeoutSeconds": 3},
    },
    "minReadySeconds": 5,
    "progressDeadlineAbort": True,
    "terminationGracePeriodSeconds": 60,
    "drainSeconds": 10,
    "spread": {"enabled": True},
    "security": {"restricted": True, "user": 65532, "readOnlyRoot": True, "writablePaths": ["/work", "/var/cache"]},
    "serviceAccount": {"create": True, "annotations": {"example.com/role": "shop"}},
    "imagePullSecrets": ["harbor"],
    "podAnnotations": {"prometheus.io/scrape": "true"},
    "priorityClassName": "system-cluster-critical",
    "nodeSelector": {"kubernetes.io/os": "linux"},
    "tolerations": [{"key": "spot", "operator": "Exists", "effect": "NoSchedule"}],
}
INGRESS: Final[Values] = {
    "host": "shop.example.com",
    "ingress": {"enabled": True, "className": "nginx", "tlsSecret": "shop-tls", "annotations": {"example.com/a": "b"}},
}
GATEWAY: Final[Values] = {
    "host": "shop.example.com",
    "gateway": {"enabled": True, "parents": [{"name": "public", "namespace": "gateways", "sectionName": "https"}]},
}
ELASTIC: Final[Values] = {
    "autoscaling": {"enabled": True, "minReplicas": 3, "maxReplicas": 6, "memoryPercent": 75},
    "disruption": {"enabled": True, "maxUnavailable": "25%"},
}


def release(strategy: str, *more: Mapping[str, Any], **changed: str) -> Values:
    """Return the values of a release with that strategy; `changed` is of the deployment, `more` is the team's own."""
    slipway = {"app": "shop", "environment": "staging", "deployment": "7", "version": "v1.2", "requester": "alice"}
    image = {"repository": "harbor.example.com/shop/shop", "digest": f"sha256:{'d' * 64}"}
    values: Values = {
        "slipway": {**slipway, **changed},
        "image": image,
        "strategy": strategy,
        "canary": {"steps": STEPS},
    }
    for each in more:
        values = merged(values, each)
    return values


def merged(values: Values, more: Mapping[str, Any]) -> Values:
    """Put mappings over mappings, as Helm does."""
    both = {key: merged(values[key], more[key]) for key in values.keys() & more.keys() if isinstance(more[key], dict)}
    return {**values, **more, **both}


def split(option: str) -> Values:
    return {option: {"splitTraffic": True}}


VARIANTS: Final[Mapping[str, Values]] = {
    "rolling": release("rolling"),
    "recreate": release("recreate"),
    "blue-green": release("blue-green"),
    "canary": release("canary"),
    "rolling-pods": release("rolling", PODS),
    "rolling-elastic": release("rolling", ELASTIC),
    "recreate-elastic": release("recreate", ELASTIC),
    "rolling-ingress": release("rolling", INGRESS, {"service": {"port": 8000}}),
    "blue-green-ingress": release("blue-green", INGRESS, {"previewHost": "preview.shop.example.com"}),
    "blue-green-gateway": release("blue-green", GATEWAY, {"previewHost": "preview.shop.example.com"}),
    "blue-green-measured": release(
        "blue-green",
        {"analysis": {**MEASURED, "blueGreen": {"beforePromotion": True, "afterPromotion": True}}},
        {"blueGreen": {"scaleDownDelaySeconds": 60, "previewReplicas": 1, "autoPromotionSeconds": 900}},
    ),
    "canary-ingress": release("canary", INGRESS, split("ingress")),
    "canary-gateway": release("canary", GATEWAY, split("gateway")),
    "canary-measured": release(
        "canary", {"analysis": {**MEASURED, "canary": {"afterWeights": True}, "noRequests": "pass"}}
    ),
    "canary-loaded": release(
        "canary",
        PODS,
        ELASTIC,
        INGRESS,
        split("ingress"),
        {"analysis": {**MEASURED, "canary": {"background": True, "afterWeights": True}}},
    ),
}
REFUSED: Final[Mapping[str, tuple[Values, str]]] = {
    "an unknown value": ({"replica": 2}, "replica"),
    "an unknown value inside": ({"ingress": {"hosts": ["shop.example.com"]}}, "hosts"),
    "text for a number": ({"replicas": "two"}, "replicas"),
    "another strategy": ({"strategy": "big-bang"}, "strategy"),
    "an image by its tag": ({"image": {"digest": "v1"}}, "digest"),
    "an ingress without a host": ({"ingress": {"enabled": True}}, "host"),
    "a route without a host": ({"gateway": {"enabled": True, "parents": [{"name": "public"}]}}, "host"),
    "a route without a gateway": ({"host": "a.example.com", "gateway": {"enabled": True}}, "parents"),
    "an autoscaler that looks at nothing": ({"autoscaling": {"enabled": True, "cpuPercent": 0}}, "autoscaling"),
    "an autoscaler upside down": ({"autoscaling": {"enabled": True, "minReplicas": 20}}, "maxReplicas (10)"),
    "a canary measured by nothing": ({"analysis": {"canary": {"background": True}}}, "analysis"),
    "a green measured by nothing": ({"analysis": {"blueGreen": {"beforePromotion": True}}}, "analysis"),
    "a rate from nowhere": ({"analysis": {"successRate": {"enabled": True}}}, "address"),
    "a job without a command": ({"analysis": {"job": {"enabled": True}}}, "command"),
    "pods that nothing may replace": ({"rollingUpdate": {"maxSurge": 0}}, "rollingUpdate"),
    "pods that never count": ({"minReadySeconds": 600}, "minReadySeconds (600)"),
    "a drain as long as the end": ({"drainSeconds": 30}, "terminationGracePeriodSeconds"),
    "two routers": (
        merged(merged(merged(INGRESS, GATEWAY), split("ingress")), split("gateway")),
        "one router splits the traffic",
    ),
    "a probe of an unknown port": ({"probes": {"liveness": {"enabled": True, "port": "metrics"}}}, "probes.liveness"),
    "a port that takes the app's name": ({"extraPorts": {"http": 9090}}, "extraPorts"),
    "an annotation of the deployment on pods": ({"podAnnotations": {"slipway/deployment": "7"}}, "podAnnotations"),
}

"""The release that the tests of the release step ask for, and the Rollout of the one before it."""

import json
from typing import Any

from tests.steps import stocks

DIGEST = f"sha256:{'d' * 64}"
OLD_DIGEST = f"sha256:{'e' * 64}"
IMAGE = "harbor.example.com/shop/shop"
SHOP = {
    "app": "shop",
    "environment": "staging",
    "namespace": "staging",
    "deployment": "7",
    "version": "v1",
    "strategy": "canary",
    "requester": "alice",
    "image": IMAGE,
    "digest": DIGEST,
    "chart-repository": "https://gitea.example.com/platform/charts.git",
    "chart-path": "app",
    "chart-commit": stocks.COMMIT,
    "values": json.dumps({"replicas": 2}),
}


def live_rollout(strategy: str = "canary", *, image: str = OLD_DIGEST, **status: Any) -> dict[str, Any]:
    """Make a healthy Rollout as it stands in the cluster."""
    kind = {"blueGreen": {"activeService": "shop"}} if strategy == "blue-green" else {"canary": {}}
    return {
        "metadata": {"name": "shop", "labels": {"slipway/deployment": "7"}},
        "spec": {
            "replicas": 2,
            "strategy": kind,
            "selector": {"matchLabels": {"app.kubernetes.io/name": "shop"}},
            "template": {"spec": {"containers": [{"name": "app", "image": f"{IMAGE}@{image}"}]}},
        },
        "status": {"stableRS": "blue", "currentPodHash": "blue", "availableReplicas": 2, **status},
    }

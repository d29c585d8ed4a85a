"""What somebody does past Slipway, with kubectl or a dashboard: straight to the cluster that the catalog names."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import yaml
from kubernetes import client, config

from tests.scenarios.world import World

GROUP: Final = ("argoproj.io", "v1alpha1")


def abort(world: World, app: str, environment: str) -> None:
    """Abort a rollout the way Argo's own command does."""
    _patch_status(world, app, environment, {"status": {"abort": True}})


def _patch_status(world: World, app: str, environment: str, patch: Mapping[str, Any]) -> None:
    catalog = yaml.safe_load(Path(world.environment["SLIPWAY_CATALOG"]).read_text(encoding="utf-8"))
    place = catalog["environments"][environment]
    with config.new_client_from_config(catalog["clusters"][place["cluster"]]["kubeconfig"]) as connection:
        connection.set_default_header("Content-Type", "application/merge-patch+json")
        client.CustomObjectsApi(connection).patch_namespaced_custom_object_status(
            *GROUP, place["namespace"], "rollouts", app, patch
        )

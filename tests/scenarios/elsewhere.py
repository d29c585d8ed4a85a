"""What somebody does to a rollout without Slipway: with kubectl, its plugin for Argo Rollouts, or a dashboard.

The requests are those that the plugin sends. Works on any ground, for it needs a kubeconfig and nothing else.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from tests.bed.api import Api

Obj = dict[str, Any]


class Elsewhere:
    """Somebody with an administrator's rights, who knows apps and environments by the names of the catalog."""

    def __init__(self, api: Api, namespace: Callable[[str], str]) -> None:
        self._api, self._namespace = api, namespace

    def rollout(self, app: str, environment: str = "staging") -> Obj:
        return self._api.get("Rollout", self._namespace(environment), app)

    def promote(self, app: str, environment: str = "staging") -> None:
        self._status(app, environment, {"pauseConditions": None})

    def promote_full(self, app: str, environment: str = "staging") -> None:
        self._status(app, environment, {"promoteFull": True})

    def skip(self, app: str, environment: str = "staging") -> None:
        """Promote the way the plugin does what is not paused: by the number of the step."""
        index = self.rollout(app, environment)["status"]["currentStepIndex"]
        self._status(app, environment, {"pauseConditions": None, "currentStepIndex": index + 1})

    def abort(self, app: str, environment: str = "staging") -> None:
        self._status(app, environment, {"abort": True})

    def pause(self, app: str, environment: str = "staging") -> None:
        self._spec(app, environment, {"paused": True})

    def resume(self, app: str, environment: str = "staging") -> None:
        self._spec(app, environment, {"paused": None})

    def scale(self, app: str, replicas: int, environment: str = "staging") -> None:
        self._spec(app, environment, {"replicas": replicas})

    def restart(self, app: str, environment: str = "staging") -> None:
        self._spec(app, environment, {"restartAt": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")})

    def set_image(self, app: str, image: str, environment: str = "staging") -> None:
        path = "/spec/template/spec/containers/0/image"
        operations = [{"op": "replace", "path": path, "value": image}]
        self._api.json_patch("Rollout", self._namespace(environment), app, operations)

    def delete(self, app: str, environment: str = "staging") -> None:
        self._api.delete("Rollout", self._namespace(environment), app)

    def _status(self, app: str, environment: str, status: Obj) -> None:
        self._api.merge_patch("Rollout", self._namespace(environment), app, {"status": status}, subresource="status")

    def _spec(self, app: str, environment: str, spec: Obj) -> None:
        self._api.merge_patch("Rollout", self._namespace(environment), app, {"spec": spec})

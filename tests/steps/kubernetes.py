"""The few paths of a Kubernetes API that the release step uses, with objects that are kept between requests."""

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.steps.site import Asked, Page, Site

if TYPE_CHECKING:
    from collections.abc import Callable

Obj = dict[str, Any]
ROLLOUTS = "/apis/argoproj.io/v1alpha1/namespaces/staging/rollouts"
PODS = "/api/v1/namespaces/staging/pods"
SECRETS = "/api/v1/namespaces/staging/secrets"


class Kubernetes:
    """Objects by path. `pods` says which pods each look at them finds, `containers` what each of them runs.

    `on_patch` plays the controller.
    """

    def __init__(self, site: Site, home: Path) -> None:
        self.objects: dict[str, Obj] = {}
        self.pods: list[list[str]] = []
        self.containers: list[Obj] = []
        self.refused: dict[tuple[str, str], int] = {}
        self.on_patch: Callable[[Obj], None] = lambda _changed: None
        self.site = site
        self._home = home
        site.otherwise = self.answer

    @property
    def rollout(self) -> Obj:
        return self.objects[f"{ROLLOUTS}/shop"]

    def written(self) -> list[tuple[str, str]]:
        """Name every request that changed something: method and last part of the path."""
        changing = (each for each in self.site.asked if each.method != "GET" and "dryRun" not in each.query)
        return [(each.method, each.path.rpartition("/")[2]) for each in changing]

    def answer(self, asked: Asked) -> Page:
        if status := self.refused.get((asked.method, asked.path)):
            return Page(status=status, body=b'{"kind":"Status"}')
        if asked.path == PODS:
            names = self.pods.pop(0) if self.pods else []
            running = {"status": {"phase": "Running"}, "spec": {"containers": self.containers}}
            items = [{"metadata": {"name": name}, **running} for name in names]
            ended = {"metadata": {"name": "evicted"}, "status": {"phase": "Failed"}}
            return _json({"items": [*items, ended]})
        if asked.method == "PATCH":
            return self._patch(asked)
        if asked.method == "DELETE":
            with (self._home / "forgotten").open("a") as file:
                file.write(asked.path.rpartition("/")[2] + "\n")
            return _json({"status": "Success"})
        found = self.objects.get(asked.path)
        return Page(status=404) if found is None else _json(found)

    def _patch(self, asked: Asked) -> Page:
        if asked.headers["Content-Type"] == "application/apply-patch+yaml":
            made = _read(asked.body.decode())
            if "dryRun" not in asked.query:
                self.objects[asked.path] = made
            return _json(made)
        if asked.path not in self.objects:
            return Page(status=404)
        _merge(self.objects[asked.path], json.loads(asked.body))
        self.on_patch(self.objects[asked.path])
        return _json(self.objects[asked.path])


def _read(document: str) -> Obj:
    """Read what the stand-in of helm writes."""
    name = re.search(r"^  name: (.*)$", document, re.MULTILINE)
    spec = re.search(r"^spec: (.*)$", document, re.MULTILINE)
    label = re.search(r"slipway/deployment: '(.*)'", document)
    assert name
    assert spec
    labels = {"slipway/deployment": label[1]} if label else {}
    return {"metadata": {"name": name[1], "labels": labels}, "spec": json.loads(spec[1])}


def _merge(target: Obj, changes: Obj) -> None:
    for key, value in changes.items():
        if value is None:
            target.pop(key, None)
        elif isinstance(value, dict):
            _merge(target.setdefault(key, {}), value)
        else:
            target[key] = value


def _json(body: Obj) -> Page:
    return Page(body=json.dumps(body).encode(), headers={"Content-Type": "application/json"})

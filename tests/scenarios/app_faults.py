"""How an app goes wrong on the real bed: by what the catalog says of it, and by images that leave the registry.

Used by `bed_ground`. Kinds and fields are those of the playground's driver for the system `rollouts`, `match` an app's
name; what is seen of them is Kubernetes', Argo's and Prometheus' own doing.
"""

import copy
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from tests.bed.places import CLUSTER, REGISTRY, Cluster
from tests.bed.services import prometheus, registry
from tests.bed.step_faults import StepFault, StepFaults
from tests.bed.tenancy import Tenant
from tests.scenarios.catalog import edited

NO_PODS: Final = "nothing runs in the pods of a stand-in node"
LIMIT: Final = "32Mi"
"""Of memory: the web app is content with it until it is told to hoard."""

Obj = dict[str, Any]


class AppFaults:
    """The faults of one world's apps."""

    def __init__(self, catalog: Path, tenant: Tenant, steps: StepFaults) -> None:
        self._catalog, self._tenant, self._steps = catalog, tenant, steps
        self._sound: dict[str, Obj] = {}

    def add(self, fault: Mapping[str, Any]) -> None:
        """Have the next versions of an app go wrong."""
        if CLUSTER is Cluster.NODELESS and fault["kind"] in {"crash-loop", "config-error"}:
            pytest.skip(NO_PODS)
        with edited(self._catalog) as catalog:
            app = catalog["apps"][fault["match"]]
            self._sound.setdefault(fault["match"], copy.deepcopy(app))
            self._spoil(app, fault)

    def _spoil(self, app: Obj, fault: Mapping[str, Any]) -> None:
        match fault["kind"]:
            case "analysis" if fault["verdict"] == "Error":
                _ask_nobody(app, fault["message"])
            case "analysis":
                _measure(app, fault["value"])
            case "config-error":
                _miss(app, fault["message"])
            case "image-pull":
                self._lose_image(fault["match"], app)
            case "crash-loop" if fault.get("reason") == "OOMKilled":
                self._hoard(fault["match"], app)
            case "crash-loop":
                app["values"]["env"] = {"BEHAVIOUR": "crash"}
            case kind:
                raise AssertionError(f"nothing on the bed plays {kind}")

    def clear(self) -> None:
        """Have the next versions of all apps be sound again; those that run stay as they are."""
        if not self._sound:
            return
        with edited(self._catalog) as catalog:
            catalog["apps"] |= self._sound
        self._sound.clear()

    def _lose_image(self, name: str, app: Obj) -> None:
        """Have the registry forget the image between its build and the release."""
        own = self._own_repository(name, app)
        self._steps.add(
            StepFault(step="release", kind="step-finds", before=lambda: registry.forget(own)),
            iter(self._tenant.namespaces),
        )

    def _hoard(self, name: str, app: Obj) -> None:
        # The image is built here: one of an earlier day may stand on a base that cannot hoard yet.
        self._own_repository(name, app)
        app["values"]["env"] = {"BEHAVIOUR": "hoard"}
        app["values"]["resources"]["limits"] = {"memory": LIMIT}

    def _own_repository(self, name: str, app: Obj) -> str:
        """Give an app images that no other world has, and no node yet."""
        app["image"] = f"{REGISTRY}/{name}-{self._tenant.name}/{name}"
        return str(app["image"])


def _measure(app: Obj, result: str) -> None:
    """Have Prometheus answer the question for the success rate with a `result`, written as in an AnalysisRun."""
    analysis = app["values"].setdefault("analysis", {})
    analysis.setdefault("successRate", {})["query"] = f"vector({result.strip('[]')})"
    analysis.setdefault("prometheus", {})["address"] = prometheus.URL


def _ask_nobody(app: Obj, message: str) -> None:
    """Have the question go to the server that the message says could not be reached."""
    (address,) = re.findall(r'^Post "(http://[^/"]+)', message)
    app["values"].setdefault("analysis", {})["prometheus"] = {"address": address}


def _miss(app: Obj, message: str) -> None:
    """Have the pods ask for the Secret that the message names, which nobody made."""
    (secret,) = re.findall(r'^secret "(.+)" not found$', message)
    app["values"]["envFromSecrets"] = [secret]

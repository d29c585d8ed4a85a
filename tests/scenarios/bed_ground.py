"""The real bed as a ground: real Kubernetes, Argo, Keycloak, Nexus, Gitea and registry; Slack alone is the stand-in.

Each world has namespaces of its own, and wires of its own to the systems that all worlds share, so an outage in one
world is not one in another.
"""

import contextlib
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import pytest
import yaml

from playground import projection, seed
from tests.bed import seeding
from tests.bed.api import Api
from tests.bed.api_server import second_api_server
from tests.bed.places import ADDRESS, CLUSTER, GITEA_PORT, KEYCLOAK_PORT, NEXUS_PORT, Cluster, Places
from tests.bed.services.gitea import token_file
from tests.bed.step_faults import StepFault, StepFaults
from tests.bed.tenancy import Tenant
from tests.bed.wires import State, Wire, Wires
from tests.scenarios.app_faults import AppFaults
from tests.scenarios.ground import ClusterView, PlaygroundGround

LOOPBACK: Final = "127.0.0.1"
STATES: Final = {"down": State.DOWN, "hang": State.HANGS}


class BedGround:
    """The bed, seen by one world."""

    patience_seconds = 150.0

    def __init__(self, folder: Path, *, options: Sequence[str] = ()) -> None:
        self._places = Places.from_environment()
        self._tenant = Tenant(self._places, self._places.kubeconfig, uuid.uuid4().hex[:8])
        self.api = Api(self._tenant.kubeconfig)
        self._wires = Wires(LOOPBACK)
        self._steps = StepFaults(self.api, ADDRESS)
        self._slack = PlaygroundGround(folder, speed=1, options=("--slack-only", *options))
        self.slack, self.page_url = self._slack.slack, self._slack.page_url
        self._ending = contextlib.ExitStack()
        self._tenant.create()
        seeding.release_running(self._tenant)
        self.environment = {**self._slack.environment, **self._settings(folder)}
        self._apps = AppFaults(Path(self.environment["SLIPWAY_CATALOG"]), self._tenant, self._steps)

    @property
    def namespaces(self) -> Sequence[str]:
        return tuple(self._tenant.namespaces)

    def namespace(self, environment: str) -> str:
        return self._tenant.namespace(environment)

    def fault(self, **fault: Any) -> None:
        """Break a real system the way a network or a step breaks; the stand-in Slack breaks by itself."""
        if fault.get("clear"):
            self._wires.mend()
            self._steps.clear()
            self._apps.clear()
            self._slack.fault(**fault)
        elif fault["system"] == "slack":
            self._slack.fault(**fault)
        elif fault["system"] == "workflows":
            self._break_step(fault)
        elif fault["system"] == "rollouts":
            self._apps.add(fault)
        else:
            self._break_wire(fault["system"], fault["kind"])

    def cluster(self) -> ClusterView:
        found: ClusterView = projection.cluster(_Listing(self.api, self._tenant))  # type: ignore[arg-type]  # it only lists
        return found

    def output(self) -> str:
        nodes = [
            {"workflow": each["name"], "phase": each["phase"], "message": each["message"], "steps": each["steps"]}
            for each in self.cluster()["workflows"]
        ]
        return "\n".join(map(str, nodes))

    def stop(self) -> None:
        self._tenant.remove()
        self._slack.stop()
        self._steps.close()
        self._wires.close()
        self.api.close()
        self._ending.close()

    def _settings(self, folder: Path) -> dict[str, str]:
        self._lines: dict[str, Wire] = {
            "keycloak": self._wires.lay(ADDRESS, KEYCLOAK_PORT),
            "nexus": self._wires.lay(ADDRESS, NEXUS_PORT),
            "gitea": self._wires.lay(ADDRESS, GITEA_PORT),
            "kubernetes": self._wires.lay(*_host_and_port(self.api.server)),
        }
        server = f"https://{LOOPBACK}:{self._lines['kubernetes'].port}"
        kubeconfig = self._tenant.bot_kubeconfig(folder / "bed.kubeconfig", server=server)
        written = yaml.safe_load((folder / "catalog.yaml").read_text(encoding="utf-8"))
        catalog = folder / "bed-catalog.yaml"
        catalog.write_text(yaml.safe_dump(seeding.catalog(self._tenant, written, kubeconfig)), encoding="utf-8")
        return {
            "SLIPWAY_CATALOG": str(catalog),
            "SLIPWAY_KEYCLOAK__URL": f"http://{LOOPBACK}:{self._lines['keycloak'].port}",
            "SLIPWAY_NEXUS__URL": f"http://{LOOPBACK}:{self._lines['nexus'].port}",
            "SLIPWAY_GITEA__URL": f"https://{urlsplit(seed.CHARTS).netloc}",
            "SLIPWAY_GITEA__INTERNAL_URL": f"http://{LOOPBACK}:{self._lines['gitea'].port}",
            "SLIPWAY_GITEA__TOKEN": token_file(self._places).read_text(encoding="utf-8").strip(),
            "SLIPWAY_HELM": self._places.program("helm"),
        }

    def _break_wire(self, system: str, kind: str) -> None:
        if kind == "drop-watches":
            self._wires.cut(self._lines[system])
        elif kind == "gone" and CLUSTER is Cluster.EXISTING:
            pytest.skip("needs an API server of its own")
        elif kind == "gone":
            port = self._ending.enter_context(second_api_server(self._places))
            self._wires.lead(self._lines[system], ADDRESS, port)
        else:
            self._wires.become(self._lines[system], STATES[kind])

    def _break_step(self, fault: dict[str, Any]) -> None:
        armed = StepFault(
            step=fault["match"],
            kind=fault["kind"],
            count=fault.get("count"),
            exit_code=fault.get("exit_code", 1),
            log=fault.get("log", []),
        )
        self._steps.add(armed, iter(self._tenant.namespaces))


class _Listing:
    """Lists the world's objects for the projection that the playground has, with environments for namespaces."""

    def __init__(self, api: Api, tenant: Tenant) -> None:
        self._api, self._tenant = api, tenant

    def list(self, kind: str) -> list[dict[str, Any]]:
        return [
            {**item, "metadata": {**item["metadata"], "namespace": environment}}
            for namespace, environment in self._tenant.namespaces.items()
            for item in self._api.all_of(kind, namespace)
        ]


def _host_and_port(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    assert parts.hostname
    return parts.hostname, parts.port or 443

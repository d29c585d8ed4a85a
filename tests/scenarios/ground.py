"""What a world stands on: the servers around the bot, stand-ins or real ones. Slack is the stand-in on both.

A ground gives the bot its settings, does what only an operator can do (faults), and shows the cluster as it is.
"""

import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, Protocol

import httpx

from tests.bed.api import Api
from tests.scenarios.process import Process

START_SECONDS: Final = 25.0
ClusterView = dict[str, list[dict[str, Any]]]


class Ground(Protocol):
    """Where a scenario takes place."""

    environment: dict[str, str]
    """The bot's settings."""
    slack: httpx.Client
    """The driver of the stand-in Slack."""
    page_url: str
    patience_seconds: float
    """How long something that should happen may take."""

    api: Api
    """The cluster's API, with an administrator's rights."""

    def namespace(self, environment: str) -> str:
        """Return the namespace that the catalog has for an environment."""

    def fault(self, **fault: object) -> None:
        """Break something, in the words of the playground's driver; `clear=True` mends everything."""

    def cluster(self) -> ClusterView:
        """Return the world's rollouts, ReplicaSets, pods and workflows in short, environments as namespaces."""

    def output(self) -> str:
        """Return what the servers said."""

    def stop(self) -> None:
        """End everything that was started here."""


class PlaygroundGround:
    """All servers are stand-ins, and quick."""

    patience_seconds = 60.0

    def __init__(self, folder: Path, *, speed: float, options: Sequence[str] = ()) -> None:
        self._process = Process(
            [
                *(sys.executable, "-m", "playground", "--json", "--page-port", "0"),
                *(f"--speed={speed}", f"--state={folder}", *options),
            ],
            environment={},
            log=folder / "playground.log",
        )
        known = self._await_description()
        self.environment: dict[str, str] = known["environment"]
        self.page_url: str = known["urls"]["page"]
        self.api = Api(folder / "kubeconfig")
        # A kept connection may be closed by the server in the moment in which the next request goes out.
        once = httpx.Limits(max_keepalive_connections=0)
        self.slack = httpx.Client(base_url=self.page_url, timeout=70, trust_env=False, limits=once)

    def namespace(self, environment: str) -> str:
        return environment

    def fault(self, **fault: object) -> None:
        assert self.slack.post("/_drive/fault", json=fault).is_success, fault

    def cluster(self) -> ClusterView:
        found: ClusterView = self.slack.get("/_drive/cluster").json()
        return found

    def output(self) -> str:
        return self._process.output()

    def stop(self) -> None:
        self.slack.close()
        self.api.close()
        self._process.stop()

    def _await_description(self) -> dict[str, Any]:
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end and self._process.is_running:
            for line in self._process.output().splitlines():
                if line.startswith("{"):
                    described: dict[str, Any] = json.loads(line)
                    return described
            time.sleep(0.02)
        raise AssertionError(f"the playground did not start:\n{self._process.output()}")

"""Controllers that a test starts beside those of the bed, for what cannot be done to a shared one.

An instance id keeps them apart: a controller without one leaves alone what has the label, one with it takes nothing
else. Each can be sent away, so that what arrives meanwhile is surely seen by it at once.
"""

import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from integrations.kubernetes.fields import Obj
from tests.bed.places import Places
from tests.bed.service import answers

ROLLOUTS_INSTANCE = "argo-rollouts.argoproj.io/controller-instance-id"
WORKFLOWS_INSTANCE = "workflows.argoproj.io/controller-instanceid"
SETTINGS = "second-workflow-controller"
START_SECONDS = 30


@dataclass(kw_only=True)
class Controller:
    """A controller that runs inside `running`, and the label that makes objects its own. `health` may be empty."""

    command: Sequence[str]
    environment: Mapping[str, str]
    label: tuple[str, str]
    health: str
    log: Path
    _process: "subprocess.Popen[bytes] | None" = field(default=None, init=False)

    def own(self, obj: Obj) -> Obj:
        """Return the object with the label that hands it to this controller and hides it from the others."""
        key, value = self.label
        metadata = obj["metadata"]
        return {**obj, "metadata": {**metadata, "labels": {**metadata.get("labels", {}), key: value}}}

    @contextmanager
    def running(self) -> Iterator["Controller"]:
        self._start()
        try:
            yield self
        finally:
            self._stop()

    @contextmanager
    def away(self) -> Iterator[None]:
        """End the process for as long as the block lasts: the next one sees the sum of what happened meanwhile.

        To freeze it would not do: events wait in its watch, and it may act between the first and the second.
        """
        self._stop()
        try:
            yield
        finally:
            self._start()

    def _start(self) -> None:
        # It dies with the tests, even when they are killed.
        wrapped = ["setpriv", "--pdeathsig", "KILL", *self.command]
        environment = {**os.environ, **self.environment}
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                wrapped, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output
            )
        deadline = time.monotonic() + START_SECONDS
        while self.health and not answers(self.health):
            if self._process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"the controller did not start; the end of its log: {self.log.read_text()[-2000:]}")
            time.sleep(0.05)

    def _stop(self) -> None:
        if self._process is not None:
            # The workflow controller ignores the polite signals.
            self._process.kill()
            self._process.wait()


def rollouts_controller(program: str, *, namespace: str, kubeconfig: Path, log: Path) -> Controller:
    """Describe a rollouts controller of the bed's programs for one namespace."""
    health, metrics = _free_port(), _free_port()
    command = [
        _built(program),
        f"--kubeconfig={kubeconfig}",
        f"--namespace={namespace}",
        "--namespaced",
        f"--instance-id={namespace}",
        "--leader-elect=false",
        f"--healthzPort={health}",
        f"--metricsPort={metrics}",
    ]
    return Controller(
        command=command,
        environment={"POD_NAMESPACE": namespace},
        label=(ROLLOUTS_INSTANCE, namespace),
        health=f"http://127.0.0.1:{health}/healthz",
        log=log,
    )


def workflow_controller(*, namespace: str, kubeconfig: Path, environment: Mapping[str, str], log: Path) -> Controller:
    """Describe a workflow controller for one namespace, which must hold its ConfigMap (see `workflow_settings`)."""
    command = [
        _built("workflow-controller"),
        f"--kubeconfig={kubeconfig}",
        f"--namespace={namespace}",
        "--namespaced",
        f"--configmap={SETTINGS}",
        "--executor-image=registry.local/argoexec:v4.0.7",
        "--executor-image-pull-policy=IfNotPresent",
    ]
    return Controller(
        command=command,
        environment={"LEADER_ELECTION_DISABLE": "true", "DEFAULT_REQUEUE_TIME": "1s", **environment},
        label=(WORKFLOWS_INSTANCE, namespace),
        health="",
        log=log,
    )


def workflow_settings(namespace: str) -> Obj:
    """Return the ConfigMap of a workflow controller of a test; without metrics, whose port is taken."""
    config = f"instanceID: {namespace}\nmetricsConfig:\n  enabled: false\ntelemetryConfig:\n  enabled: false\n"
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": SETTINGS},
        "data": {"config": config},
    }


def _built(program: str) -> str:
    path = Places.from_environment().program(program)
    if not Path(path).exists():
        pytest.skip(f"needs a second controller, and {program} is not built here")
    return path


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port

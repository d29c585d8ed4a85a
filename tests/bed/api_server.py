"""A second API server of the bed for a while, which knows no event of before: whoever goes on watching there hears 410
Gone. The one that everybody else uses runs on.
"""

import contextlib
import socket
import subprocess
import time
from collections.abc import Iterator
from typing import Final

from tests.bed import processes
from tests.bed.places import ADDRESS, Places
from tests.bed.service import succeeds
from tests.bed.services.kubernetes import api_server_command

NAME: Final = "kube-apiserver-afresh"
PATIENCE_SECONDS: Final = 60
LOOK_AGAIN_SECONDS: Final = 0.05


@contextlib.contextmanager
def second_api_server(places: Places) -> Iterator[int]:
    """Start it and give its port, ready, on the bed's address; end it afterwards."""
    with socket.create_server((ADDRESS, 0)) as free:
        port = free.getsockname()[1]
    others = {"endpoint_reconciler_type": "none", "audit_log_path": "/dev/null"}
    command = api_server_command(places, secure_port=port, **others)
    log = places.logs / f"{NAME}.log"
    _move_on(places)
    pid = processes.start(NAME, command, home=places.home, log=log, environment={}, directory=None)
    try:
        _await(places, pid, port)
        yield port
    finally:
        processes.stop(pid, seconds=10)


def _move_on(places: Places) -> None:
    """Write something: the newest moment that anybody has read must be older than what the new server begins with."""
    mark = f"slipway.dev/{NAME}={time.time_ns()}"
    kubectl = [str(places.program("kubectl")), f"--kubeconfig={places.kubeconfig}"]
    subprocess.run([*kubectl, "annotate", "--overwrite", "namespace/default", mark], check=True, capture_output=True)


def _await(places: Places, pid: int, port: int) -> None:
    asking = [f"--kubeconfig={places.kubeconfig}", f"--server=https://{ADDRESS}:{port}", "get", "--raw=/readyz"]
    end = time.monotonic() + PATIENCE_SECONDS
    while not succeeds([places.program("kubectl"), *asking]):
        assert processes.is_alive(pid), f"{NAME} ended at once, see its log"
        assert time.monotonic() < end, f"{NAME} was not ready within {PATIENCE_SECONDS} s"
        time.sleep(LOOK_AGAIN_SECONDS)

"""A bed's life: killed half-way, killed while it runs, taken down; and that the machine notices nothing.

A second bed in a network namespace of its own plays it, with the programs that were built for the first one.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bed import processes
from tests.bed.api import Api
from tests.bed.api_server import second_api_server
from tests.bed.places import ADDRESS, REPOSITORY, Places

pytestmark = [pytest.mark.bed, pytest.mark.timeout(600)]

NAME = "slipway-bed-second"
COMMAND = (sys.executable, "-m", "tests.bed")
NOTHING = '{"processes": [], "mounts": [], "cgroups": [], "namespace": false}'
SNAPSHOT = (
    "from tests.bed import sweep; from tests.bed.places import Places; print(sweep.snapshot(Places.from_environment()))"
)
NETWORK = ("ip address", "ip route", "ip link", "iptables-save -t nat", "iptables-save -t filter")


class SecondBed:
    """Another bed beside the one that the tests run on."""

    def __init__(self, home: Path) -> None:
        self.home = home
        home.chmod(0o755)
        for name in ("bin", "downloads", "images"):
            (home / name).symlink_to(getattr(Places.from_environment(), name))
        self.environment = {**os.environ, "BED_HOME": str(home), "BED_NETNS": NAME}

    def start(self) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [*COMMAND, "up", "--only-kubernetes"],
            cwd=REPOSITORY,
            env=self.environment,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def up(self) -> None:
        with self.start() as starting:
            said, _ = starting.communicate()
        assert starting.returncode == 0, said

    def run(self, *command: str) -> str:
        done = subprocess.run(
            command, cwd=REPOSITORY, env=self.environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def kubectl(self, *arguments: str) -> str:
        return self.run(*COMMAND, "shell", "kubectl", *arguments)

    def kill(self, service: str) -> None:
        os.kill(processes.leaders(self.home)[service].pid, signal.SIGKILL)

    @property
    def network(self) -> int:
        return Path("/var/run/netns", NAME).stat().st_ino

    def networks(self) -> set[int]:
        """Return the network namespaces of all processes; only in its own can one have opened a port."""
        return {Path(f"/proc/{each.pid}/ns/net").stat().st_ino for each in processes.marked(self.home)}

    def left(self) -> str:
        return self.run(sys.executable, "-c", SNAPSHOT).strip()


@pytest.fixture
def bed() -> Iterator[SecondBed]:
    home = Path("/var/tmp") / f"{NAME}-{os.getpid()}"  # noqa: S108  # databases run as nobody and must reach it
    home.mkdir()
    made = SecondBed(home)
    yield made
    made.run(*COMMAND, "down", "--wipe")
    made.run("rm", "-rf", "--one-file-system", str(home))


def _network() -> list[str]:
    """Return what the machine's own network looks like, without counters."""
    host = ["nsenter", f"--net={os.environ.get('BED_OUTSIDE', '/proc/self/ns/net')}"]
    texts = [
        subprocess.run([*host, *each.split()], capture_output=True, text=True, check=True).stdout for each in NETWORK
    ]
    return [line.partition(" [")[0] for text in texts for line in text.splitlines() if not line.startswith("#")]


def test_a_bed_survives_every_kill_and_leaves_nothing(bed: SecondBed) -> None:
    before = _network()
    with bed.start() as starting:
        assert starting.stdout
        for line in starting.stdout:
            if "etcd" in line:
                break
        os.killpg(starting.pid, signal.SIGKILL)
    bed.up()
    assert bed.kubectl("get", "node", "bed", "--output=name").strip() == "node/bed"
    for service in ("kubelet", "containerd", "kube-apiserver"):
        bed.kill(service)
    bed.up()
    bed.kubectl("wait", "node/bed", "--for=condition=Ready", "--timeout=30s")
    assert _network() == before
    assert bed.networks() == {bed.network}
    bed.run(*COMMAND, "down")
    assert bed.left() == NOTHING


def test_whoever_goes_on_watching_at_a_second_api_server_hears_that_the_past_is_gone() -> None:
    """See that the fault `gone` is what a client meets after a compaction: 410, at once or as an event."""
    places = Places.from_environment()
    api = Api(places.kubeconfig)
    version = api.resource_version("Pod")
    with second_api_server(places) as port:
        path = f"/api/v1/pods?watch=1&timeoutSeconds=1&resourceVersion={version}"
        asking = [
            "kubectl",
            f"--kubeconfig={places.kubeconfig}",
            f"--server=https://{ADDRESS}:{port}",
            "get",
            "--raw",
            path,
        ]
        done = subprocess.run(asking, capture_output=True, text=True, check=False)
    api.close()
    assert "too old resource version" in done.stdout + done.stderr

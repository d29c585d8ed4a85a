"""Where the bed keeps what: what was built and fetched, its state while it runs, its logs, and the addresses in it.

Everything of the bed asks here; nothing here touches a file.
"""

import os
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final


class Cluster(StrEnum):
    """Which cluster the bed has."""

    OWN = "own"
    """All of it is the bed's, in a network namespace of its own."""
    NODELESS = "nodeless"
    """The control plane and the controllers are real and listen on the loopback; a stand-in plays the node."""
    EXISTING = "existing"
    """Somebody's cluster with Argo; the bed adds the systems around it, on an address that its pods reach."""


HERE: Final = Path(__file__).resolve().parent
REPOSITORY: Final = HERE.parents[1]
NETNS: Final = os.environ.get("BED_NETNS") or "slipway-bed"
"""Of the network namespace and of the cgroup; another name and another BED_HOME make a second bed beside the first."""
NETNS_FILE: Final = Path("/var/run/netns") / NETNS
CLUSTER: Final = Cluster(os.environ.get("BED_CLUSTER") or Cluster.OWN)
_ADDRESSES: Final = {Cluster.OWN: "10.200.0.1", Cluster.NODELESS: "127.0.0.1"}
ADDRESS: Final = _ADDRESSES.get(CLUSTER) or os.environ.get("BED_ADDRESS", "")
"""The machine as pods, containerd and tests see it; the bed's own one exists in its network namespace only."""
DOMAIN: Final = "cluster.local"

API_URL: Final = f"https://{ADDRESS}:6443"
REGISTRY: Final = f"{ADDRESS}:5000"
KEYCLOAK_PORT: Final = 8180
KEYCLOAK_MANAGEMENT_PORT: Final = 9000
NEXUS_PORT: Final = 8181
GITEA_PORT: Final = 3000
POSTGRES_PORT: Final = 5432
PROMETHEUS_PORT: Final = 9091


@dataclass(frozen=True, slots=True)
class Places:
    """The folders of one bed, all below `home`."""

    home: Path

    @classmethod
    def from_environment(cls) -> "Places":
        """Take BED_HOME, or the default; databases run as nobody, so each folder above it must let others pass."""
        return cls(Path(os.environ.get("BED_HOME") or "/var/cache/slipway-bed").resolve())

    @property
    def bin(self) -> Path:
        """Programs that were built, each beside a stamp of what it was built from."""
        return self.home / "bin"

    @property
    def downloads(self) -> Path:
        """What came from package registries, unpacked; it stays when the bed is wiped."""
        return self.home / "downloads"

    @property
    def images(self) -> Path:
        """Container images as tar files."""
        return self.home / "images"

    @property
    def run(self) -> Path:
        """State of the bed: databases, certificates, kubeconfigs. `down --wipe` removes it."""
        return self.home / "run"

    @property
    def logs(self) -> Path:
        return self.home / "logs"

    @property
    def kubeconfig(self) -> Path:
        """Of the cluster's administrator: the bed's own, or the one that BED_KUBECONFIG names."""
        if CLUSTER is Cluster.EXISTING:
            return Path(os.environ["BED_KUBECONFIG"])
        return self.run / "admin.kubeconfig"

    def program(self, name: str) -> str:
        return str(self.bin / name)

"""Where the bed keeps what: what was built and fetched, its state while it runs, its logs, and the addresses in it.

Everything of the bed asks here; nothing here touches a file.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).resolve().parent
REPOSITORY: Final = HERE.parents[1]
NETNS: Final = os.environ.get("BED_NETNS") or "slipway-bed"
"""Of the network namespace and of the cgroup; another name and another BED_HOME make a second bed beside the first."""
NETNS_FILE: Final = Path("/var/run/netns") / NETNS
ADDRESS: Final = "10.200.0.1"
"""The machine as pods, containerd and tests see it; it exists in the bed's network namespace only."""
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
        """Of the cluster's administrator, context `bed`."""
        return self.run / "admin.kubeconfig"

    def program(self, name: str) -> str:
        return str(self.bin / name)

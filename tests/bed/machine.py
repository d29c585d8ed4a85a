"""Whether this machine can carry the bed, said in one sentence, and the Debian packages that the bed is made of."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.bed.places import ADDRESS, CLUSTER, NETNS, Cluster, Places

PACKAGES: Final = {
    # What the package is needed for, found by a file that it brings.
    "containerd": "/usr/bin/containerd",
    "runc": "/usr/sbin/runc",
    "containernetworking-plugins": "/usr/lib/cni/bridge",
    "iptables": "/usr/sbin/iptables",
    "iproute2": "/usr/bin/ip",
    "conntrack": "/usr/sbin/conntrack",
    "busybox-static": "/bin/busybox",
    "docker-registry": "/usr/bin/docker-registry",
    "socat": "/usr/bin/socat",
    "postgresql-15": "/usr/lib/postgresql/15/bin/postgres",
    "procps": "/usr/bin/ps",
    "util-linux": "/usr/bin/nsenter",
    "ca-certificates": "/etc/ssl/certs/ca-certificates.crt",
    "git": "/usr/bin/git",
    "tar": "/usr/bin/tar",
    "gcc": "/usr/bin/gcc",
    "libc6-dev": "/usr/include/stdio.h",
}
TOOLS: Final = {
    # Installed only where the program is not on the PATH: many machines have them from elsewhere.
    "openjdk-17-jdk-headless": "java",
    "maven": "mvn",
}
POLICY: Final = Path("/usr/sbin/policy-rc.d")
OLDEST_GO: Final = (1, 26)
JAVA_MAJOR: Final = 17
CGROUPS: Final = Path("/sys/fs/cgroup")


class Unfit(Exception):  # a sentence for people, not a fault of the program
    """The bed cannot be carried here; the text says what is missing."""


def check() -> None:
    """Raise Unfit with one sentence about the first thing that is missing for the bed that was asked for."""
    if sys.platform != "linux":
        raise Unfit(f"The bed needs Linux with network namespaces and cgroups; this is {sys.platform}.")
    if not shutil.which("apt-get"):
        raise Unfit("The bed is made of Debian packages, and apt-get is not here; use a Debian 12 machine or image.")
    if os.geteuid() != 0 and (missing := _missing_packages()):
        raise Unfit(f"The bed needs root, to install {', '.join(missing)}; run it as root, or install them.")
    _check_tool("go", ["go", "version"], r"go(\d+)\.(\d+)", OLDEST_GO, "Go 1.26 or newer")
    if shutil.which("java"):
        _check_tool("java", ["java", "-version"], r'version "(\d+)(?:\.(\d+))?', (JAVA_MAJOR, 0), "a JDK 17 or newer")
    if CLUSTER is Cluster.OWN:
        _check_node()
    if CLUSTER is Cluster.EXISTING and not ADDRESS:
        raise Unfit("A cluster of yours needs BED_ADDRESS: an address of this machine that its pods and nodes reach.")


def check_cluster(places: Places) -> None:
    """Raise Unfit where a cluster that exists has no Argo, or does not answer."""
    for name in ("rollouts.argoproj.io", "workflowtemplates.argoproj.io"):
        command = [places.program("kubectl"), f"--kubeconfig={places.kubeconfig}", "get", "crd", name]
        done = subprocess.run([*command, "--request-timeout=10s"], capture_output=True, text=True, check=False)
        if done.returncode:
            said = done.stderr.strip().rpartition("\n")[2]
            raise Unfit(
                f"The cluster of {places.kubeconfig} needs Argo Rollouts 1.10 and Argo Workflows 4.0, "
                f"and looking for {name} ended with: {said}"
            )


def _check_node() -> None:
    if os.geteuid() != 0:
        raise Unfit("The bed needs root, for network namespaces, mounts and cgroups; run it as root or in a container.")
    _check_namespaces()
    _check_cgroups()


def _check_tool(name: str, command: list[str], pattern: str, oldest: tuple[int, int], wanted: str) -> None:
    if not shutil.which(name):
        raise Unfit(f"The bed needs {wanted}, and {name} is not on the PATH; install it.")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = re.search(pattern, done.stdout + done.stderr)
    if found is None or (int(found[1]), int(found[2] or 0)) < oldest:
        said = (done.stdout + done.stderr).strip().partition("\n")[0]
        raise Unfit(f"The bed needs {wanted}; {name} here says: {said}.")


def _check_namespaces() -> None:
    done = subprocess.run(["unshare", "--net", "--mount", "true"], capture_output=True, text=True, check=False)
    if done.returncode:
        raise Unfit(
            f"The bed needs network and mount namespaces, and this account may not make them: {done.stderr.strip()}."
        )


def _check_cgroups() -> None:
    hierarchy = CGROUPS / "memory" if (CGROUPS / "memory").is_dir() else CGROUPS
    probe = hierarchy / f"{NETNS}-probe"
    try:
        probe.mkdir()
    except OSError as error:
        raise Unfit(f"The bed needs cgroups that it may write, and {hierarchy} says: {error.strerror}.") from error
    probe.rmdir()


def _missing_packages() -> list[str]:
    missing = [name for name, path in PACKAGES.items() if not Path(path).exists()]
    return missing + [name for name, program in TOOLS.items() if not shutil.which(program)]


def install_packages() -> list[str]:
    """Install the Debian packages that are not there yet; return their names."""
    if missing := _missing_packages():
        with _nothing_is_started():
            environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
            for command in (["update", "-q"], ["install", "-qy", "--no-install-recommends", *missing]):
                done = subprocess.run(
                    ["apt-get", *command], env=environment, capture_output=True, text=True, check=False
                )
                if done.returncode:
                    raise Unfit(f"apt-get {command[0]} failed: {done.stderr.strip()[-400:] or done.stdout[-400:]}")
    return missing


@contextmanager
def _nothing_is_started() -> Iterator[None]:
    """Keep packages from starting their services: the bed runs its own, in its own network namespace."""
    if POLICY.exists():
        yield
        return
    with tempfile.NamedTemporaryFile("w", dir=POLICY.parent, delete=False) as script:
        script.write("#!/bin/sh\nexit 101\n")
    Path(script.name).chmod(0o755)
    Path(script.name).replace(POLICY)
    try:
        yield
    finally:
        POLICY.unlink()

"""Removes what a bed leaves on the machine: containers, mounts, cgroups, namespaces. Safe at any time, in any state."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
from pathlib import Path

from tests.bed import namespace, processes
from tests.bed.places import CLUSTER, NETNS, NETNS_FILE, Cluster, Places
from tests.bed.service import succeeds
from tests.bed.services.kubernetes import cgroup_hierarchies, containerd_socket, ctr


def containers(places: Places) -> None:
    """End and remove every container through containerd, while it still answers."""
    if not containerd_socket(places).exists() or not succeeds([*ctr(places), "version"]):
        return
    tasks = [
        subprocess.Popen(
            [*ctr(places), "task", "rm", "--force", name], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        for name in _listed(places, "task")
    ]
    for task in tasks:
        task.wait()
    for name in _listed(places, "container"):
        subprocess.run([*ctr(places), "container", "rm", name], capture_output=True, check=False)


def _listed(places: Places, kind: str) -> list[str]:
    done = subprocess.run([*ctr(places), kind, "ls", "-q"], capture_output=True, text=True, check=False)
    return done.stdout.split()


def node(places: Places) -> None:
    """Remove what a node leaves when it is not running any more: processes in its cgroups, mounts, addresses."""
    for hierarchy in cgroup_hierarchies():
        for file in (hierarchy / NETNS).rglob("cgroup.procs"):
            for pid in _numbers(file):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
    for each in processes.marked(places.home):
        if each.service == "containerd":  # The shims that a killed containerd left behind.
            processes.kill_session(each.pid)
            with contextlib.suppress(ProcessLookupError):
                os.kill(each.pid, signal.SIGKILL)
    for mount in sorted(_mounts(places.run), reverse=True):
        subprocess.run(["umount", "--lazy", mount], capture_output=True, check=False)
    shutil.rmtree(places.run / "cni-ipam", ignore_errors=True)
    shutil.rmtree(places.run / "containerd" / "state", ignore_errors=True)


def cgroups() -> None:
    """Remove the bed's cgroups, the innermost first."""
    for hierarchy in cgroup_hierarchies():
        top = hierarchy / NETNS
        folders = [top, *(folder for folder in top.rglob("*") if folder.is_dir())] if top.exists() else []
        for folder in sorted(folders, reverse=True):
            with contextlib.suppress(OSError):
                folder.rmdir()


def everything(places: Places) -> None:
    """Remove all of it; nothing of the bed may be running any more."""
    processes.kill_all(places.home)
    if CLUSTER is not Cluster.OWN:
        return
    node(places)
    cgroups()
    namespace.remove()


def _numbers(file: Path) -> list[int]:
    try:
        return [int(line) for line in file.read_text().split()]
    except OSError:
        return []


def _mounts(folder: Path) -> list[str]:
    lines = Path("/proc/mounts").read_text(encoding="utf-8").splitlines()
    return [line.split()[1] for line in lines if line.split()[1].startswith(f"{folder}/")]


def wipe(places: Places) -> None:
    """Remove the bed's state as well; what was built and fetched stays."""
    shutil.rmtree(places.run, ignore_errors=True)
    shutil.rmtree(places.logs, ignore_errors=True)


def snapshot(places: Places) -> str:
    """Say what there is of this bed on the machine, for tests that claim that nothing is left."""
    left = {
        "processes": [each.service for each in processes.marked(places.home)],
        "mounts": _mounts(places.run),
        "cgroups": [str(hierarchy / NETNS) for hierarchy in cgroup_hierarchies() if (hierarchy / NETNS).exists()],
        "namespace": NETNS_FILE.exists(),
    }
    return json.dumps(left)

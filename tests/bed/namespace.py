"""The bed's own network namespace: no port, address, route or rule of the bed exists outside it."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NoReturn

from tests.bed.places import ADDRESS, NETNS, NETNS_FILE, REPOSITORY

PODS: Final = "10.201.0."
"""How addresses of the bed's pods begin (conf/cni.conflist)."""


def is_inside() -> bool:
    """Say whether this process is in the bed's network namespace."""
    if not NETNS_FILE.exists():
        return False
    here, there = Path("/proc/self/ns/net").stat(), NETNS_FILE.stat()
    return (here.st_dev, here.st_ino) == (there.st_dev, there.st_ino)


def enter(command: Sequence[str]) -> NoReturn:
    """Become `command` inside the namespace, which is made when it is not there.

    nsenter and not `ip netns exec`: the latter mounts /sys anew and hides the cgroups.
    """
    if not NETNS_FILE.exists():
        subprocess.run(["ip", "netns", "add", NETNS], check=True)
    os.execvp("nsenter", ["nsenter", f"--net={NETNS_FILE}", *command])  # noqa: S606  # no shell is wanted


def reenter(arguments: Sequence[str]) -> None:
    """Run this program again inside the namespace, unless it is there already."""
    if not is_inside():
        os.chdir(REPOSITORY)
        enter([sys.executable, "-m", "tests.bed", *arguments])


def furnish() -> None:
    """Give the namespace its loopback, the machine's address in it and a default route that leads nowhere."""
    _ip("link", "set", "lo", "up")
    if f"{ADDRESS}/32" not in _ip("-4", "addr", "show", "dev", "lo"):
        _ip("addr", "add", f"{ADDRESS}/32", "dev", "lo")
    if not _ip("route", "show", "default"):
        _ip("route", "add", "default", "dev", "lo")  # kubelet and kube-proxy want one; nothing leaves
    subprocess.run(["sysctl", "-qw", "net.ipv4.ip_forward=1"], check=True)


def remove() -> None:
    """Remove the pods' namespaces and the bed's own; its addresses, bridge and rules go with it."""
    for name in _ip("netns", "list").split():
        if name.startswith("cni-") and PODS in _ip("netns", "exec", name, "ip", "-4", "addr", must=False):
            _ip("netns", "del", name, must=False)
    if NETNS_FILE.exists():
        _ip("netns", "del", NETNS, must=False)


def _ip(*arguments: str, must: bool = True) -> str:
    return subprocess.run(["ip", *arguments], capture_output=True, text=True, check=must).stdout

"""CoreDNS: the names of the cluster's Services for pods and for tests; nothing outside the bed is asked.

`resolve` asks it as a pod would. A name that is neither the cluster's nor the bed's does not exist.
"""

import secrets
import socket
import struct
from pathlib import Path
from typing import Final

from tests.bed.places import ADDRESS, DOMAIN, Places
from tests.bed.service import LOOK_SECONDS, Service, answers

PORT: Final = 53
HEALTH: Final = "127.0.0.1:8053"
READY: Final = "127.0.0.1:8054"
KUBERNETES: Final = f"kubernetes.default.svc.{DOMAIN}"
HOST: Final = "bed.example.com"
"""A name of the machine for whoever needs one."""
_REVERSE: Final = "in-addr.arpa"
_ADDRESS_RECORD, _INTERNET = 1, 1
_HEADER: Final = struct.Struct("!6H")
_RECORD: Final = struct.Struct("!HHIH")
_WANTS_RECURSION: Final = 0x0100
_ADDRESS_BYTES: Final = 4
_POINTER: Final = 0xC0


def service(places: Places) -> Service:
    """Describe CoreDNS, listening in the bed's network namespace."""
    folder = places.run / "dns"
    return Service(
        name="dns",
        command=lambda: [places.program("coredns"), "-conf", str(folder / "Corefile"), "-quiet"],
        after=("kube-apiserver",),
        prepare=lambda: _prepare(places, folder),
        is_ready=_is_ready,
        directory=places.run,
        patience_seconds=60,
    )


def corefile(places: Places) -> str:
    """Return CoreDNS's configuration; Services are told anew after a second, for tests make and remove them."""
    return f"""\
.:{PORT} {{
    bind {ADDRESS}
    health {HEALTH}
    ready {READY}
    errors
    cache 1
    hosts {{
        {ADDRESS} {HOST}
        fallthrough {DOMAIN} {_REVERSE}
    }}
    kubernetes {DOMAIN} {_REVERSE} {{
        kubeconfig {places.kubeconfig}
        ttl 1
    }}
}}
"""


def resolve(name: str) -> tuple[str, ...]:
    """Return the IPv4 addresses of a name, none when it has none; OSError when nothing answers."""
    asked = secrets.token_bytes(2)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as channel:
        channel.settimeout(LOOK_SECONDS)
        channel.connect((ADDRESS, PORT))
        channel.send(asked + _question(name))
        answer = channel.recv(4096)
    if answer[:2] != asked:
        raise OSError(f"The answer for {name} belongs to another question.")
    return _addresses(answer)


def _question(name: str) -> bytes:
    header = _HEADER.pack(0, _WANTS_RECURSION, 1, 0, 0, 0)[2:]
    labels = b"".join(bytes([len(label)]) + label.encode("ascii") for label in name.rstrip(".").split("."))
    return header + labels + b"\0" + struct.pack("!HH", _ADDRESS_RECORD, _INTERNET)


def _addresses(answer: bytes) -> tuple[str, ...]:
    count = _HEADER.unpack_from(answer)[3]
    at = _after_name(answer, _HEADER.size) + 4
    found = []
    for _ in range(count):
        at = _after_name(answer, at)
        kind, _, _, length = _RECORD.unpack_from(answer, at)
        at += _RECORD.size
        if kind == _ADDRESS_RECORD and length == _ADDRESS_BYTES:
            found.append(socket.inet_ntoa(answer[at : at + length]))
        at += length
    return tuple(found)


def _after_name(answer: bytes, at: int) -> int:
    """Return where a name ends: at its empty label, or behind a pointer to an earlier one."""
    while answer[at]:
        if answer[at] >= _POINTER:
            return at + 2
        at += 1 + answer[at]
    return at + 1


def _is_ready() -> bool:
    try:
        return answers(f"http://{READY}/ready") and bool(resolve(KUBERNETES))
    except OSError:
        return False


def _prepare(places: Places, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "Corefile").write_text(corefile(places), encoding="utf-8")

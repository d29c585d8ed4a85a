"""The folders that stand for the file systems of steps' containers, with all that the pods' volumes bring.

Used by `pods`. A step learns from its environment where the places of its image are in its room.
"""

import asyncio
import base64
import json
import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from playground.argo.names import Obj, dig
from tests.bed.images import steps as steps_image
from tests.bed.node.cluster import NodeApi
from tests.bed.node.steps import MAIN, Refused, Step, container
from tests.bed.places import ADDRESS, API_URL, REPOSITORY, Places
from tests.bed.processes import HOME_MARK, NAME_MARK

ACCOUNT: Final = "/var/run/secrets/kubernetes.io/serviceaccount"
CREDENTIALS: Final = "/etc/slipway/credentials"
SCRATCH: Final = "/tmp"  # noqa: S108  # of the container
API_PORT: Final = "6443"


@dataclass(frozen=True, slots=True)
class Room:
    """One pod's folder."""

    folder: Path

    @property
    def log(self) -> Path:
        return self.folder / "log"

    def inside(self, path: str) -> Path:
        """Return where a path of the container is on this machine."""
        return self.folder / "root" / path.lstrip("/")

    @property
    def kubeconfig(self) -> Path:
        return self.folder / "kubeconfig"

    def make(self) -> None:
        self.inside(SCRATCH).mkdir(parents=True, exist_ok=True)
        self.log.touch(mode=0o600)
        self.kubeconfig.write_text(json.dumps(kubeconfig(self.inside(ACCOUNT))), encoding="utf-8")

    def clear(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)


class Rooms:
    """Makes and furnishes the rooms of all pods."""

    def __init__(self, places: Places, api: NodeApi) -> None:
        self._places, self._api = places, api
        self.authority = places.run / "pki" / "ca.crt"
        self._folder = places.run / "node"
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True, mode=0o700)

    def of(self, pod: Obj) -> Room:
        return Room(self._folder / pod["metadata"]["uid"])

    async def furnish(self, pod: Obj, room: Room) -> None:
        """Fill a room with what the volumes of the pod's main container bring; Refused says what is missing."""
        volumes = {each["name"]: each for each in pod["spec"].get("volumes") or ()}
        for mount in container(pod, MAIN).get("volumeMounts") or ():
            target = room.inside(mount["mountPath"])
            await asyncio.to_thread(target.mkdir, parents=True, exist_ok=True)
            for name, content in (await self._content(pod, volumes[mount["name"]])).items():
                await asyncio.to_thread(_write, target / name, content)

    async def variables(self, pod: Obj, step: Step, room: Room) -> dict[str, str]:
        """Return a step's whole environment."""
        given = dict(each.split("=", 1) for each in steps_image.ENVIRONMENT)
        marks = {name: os.environ[name] for name in (HOME_MARK, NAME_MARK) if name in os.environ}
        programs = [str(self._places.bin), str(Path(sys.executable).parent), os.defpath]
        return {
            **given,
            **marks,
            "PATH": os.pathsep.join(programs),
            "PYTHONPATH": str(REPOSITORY),
            "HOME": str(room.inside(SCRATCH)),
            "TMPDIR": str(room.inside(SCRATCH)),
            "KUBERNETES_SERVICE_HOST": ADDRESS,
            "KUBERNETES_SERVICE_PORT": API_PORT,
            "KUBECONFIG": str(room.kubeconfig),
            **await self._referred(pod),
            **step.variables,
            "SLIPWAY_SCRATCH": str(room.inside(SCRATCH)),
            "SLIPWAY_OUTPUTS": str(room.inside(f"{SCRATCH}/outputs")),
            "SLIPWAY_CREDENTIALS": str(room.inside(CREDENTIALS)),
            "SLIPWAY_SERVICE_ACCOUNT": str(room.inside(ACCOUNT)),
        }

    async def _referred(self, pod: Obj) -> dict[str, str]:
        """Return the variables that come from ConfigMaps."""
        found: dict[str, str] = {}
        for source in container(pod, MAIN).get("envFrom") or ():
            if "configMapRef" not in source:
                raise Refused(f"the stand-in node knows no variables from {', '.join(source)}")
            obj = await self._object(pod, "configmaps", source["configMapRef"])
            found |= {source.get("prefix", "") + key: value for key, value in (obj.get("data") or {}).items()}
        return found

    async def _content(self, pod: Obj, volume: Obj) -> Mapping[str, bytes]:
        """Return the files of a volume by their names."""
        if "emptyDir" in volume:
            return {}
        if "secret" in volume:
            source = volume["secret"]
            obj = await self._object(pod, "secrets", {**source, "name": source["secretName"]})
            return chosen({key: base64.b64decode(text) for key, text in (obj.get("data") or {}).items()}, source)
        if _is_account(volume):
            return {
                "token": (await self._api.token(pod)).encode(),
                "ca.crt": await asyncio.to_thread(self.authority.read_bytes),
                "namespace": pod["metadata"]["namespace"].encode(),
            }
        raise Refused(f"the stand-in node has no volumes like {volume['name']}")

    async def _object(self, pod: Obj, collection: str, source: Obj) -> Obj:
        found = await self._api.find(pod["metadata"]["namespace"], collection, source["name"])
        if found is None and not source.get("optional"):
            raise Refused(f'{collection.removesuffix("s")} "{source["name"]}" not found')
        return found or {}


def chosen(files: Mapping[str, bytes], source: Obj) -> dict[str, bytes]:
    """Return the files under the paths that a volume gives them; without `items` each key is a file."""
    items = source.get("items")
    if items is None:
        return dict(files)
    missing = [each["key"] for each in items if each["key"] not in files]
    if missing and not source.get("optional"):
        raise Refused(f"references non-existent secret key: {missing[0]}")
    return {each["path"]: files[each["key"]] for each in items if each["key"] in files}


def kubeconfig(account: Path) -> Obj:
    """Return what leads programs to the cluster that in a pod would find the account at its usual place."""
    cluster = {"server": API_URL, "certificate-authority": str(account / "ca.crt")}
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "bed", "cluster": cluster}],
        "users": [{"name": "pod", "user": {"tokenFile": str(account / "token")}}],
        "contexts": [{"name": "bed", "context": {"cluster": "bed", "user": "pod"}}],
        "current-context": "bed",
    }


def _is_account(volume: Obj) -> bool:
    return any("serviceAccountToken" in source for source in dig(volume, "projected", "sources") or ())


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_bytes(content)

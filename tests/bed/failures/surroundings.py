"""What failing deployments need around them: spoilt artifacts, accounts without rights, registries that refuse."""

import contextlib
import io
import json
import random
import shutil
import socket
import subprocess
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx

from playground import seed
from tests.bed.places import ADDRESS, Places
from tests.bed.places import REGISTRY as BED_REGISTRY
from tests.bed.seeding import CHART
from tests.bed.services import gitea, nexus, web

ALTERED: Final = "failing-altered"
LARGE: Final = "failing-large"
PLAIN: Final = "failing"
ARTIFACTS: Final = ((PLAIN, "1.0.0"), (PLAIN, "v1.1"), (ALTERED, "1.0.0"), (LARGE, "1.0.0"))
LARGE_BYTES: Final = 2 * 1024 * 1024
STRANGER: Final = "stranger"
PASSWORD: Final = "demo-stranger-password"  # a made-up password of a test bed
TOKEN: Final = "narrow"  # the token's label, not the token
REGISTRY: Final = "/usr/bin/docker-registry"
HTPASSWD: Final = "nobody:no-password-fits\n"
PATIENCE_SECONDS: Final = 20
STUBBORN: Final = f"oci://{BED_REGISTRY}/failing/app"
STUBBORN_VERSION: Final = "1.0.0"
CHANGED: Final = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}
data: {mode: new}
immutable: true
"""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Addresses of a registry that wants a password and of one that cannot store, and a token that reads no code."""

    guarded: str
    broken: str
    narrow_token: str


@contextlib.contextmanager
def surroundings(folder: Path) -> Iterator[Surroundings]:
    """Prepare Nexus and Gitea, which keep it, and run the registries for a while."""
    _publish()
    _know_stranger()
    _push_stubborn_chart(folder)
    (folder / "htpasswd").write_text(HTPASSWD, encoding="utf-8")
    basic = {"htpasswd": {"realm": "bed", "path": str(folder / "htpasswd")}}
    storage = folder / "not-a-folder"
    storage.write_text("", encoding="utf-8")
    with (
        _registry(folder, "guarded", storage=folder / "guarded", auth=basic) as guarded,
        _registry(folder, "broken", storage=storage) as broken,
    ):
        yield Surroundings(guarded, broken, _narrow_token())


def _publish() -> None:
    """Upload what is not there yet; Nexus keeps a version as it was first."""
    with web.client(nexus.URL, user=nexus.ADMIN, password=nexus.ADMIN_PASSWORD) as client:
        for name, version in ARTIFACTS:
            query = {"repository": seed.MAVEN_REPOSITORY, "name": name, "version": version}
            if not web.need(client.get(nexus.SEARCH, params=query)).json()["items"]:
                nexus.publish(name, version, _jar(name, version))
        folder = f"{seed.GROUP.replace('.', '/')}/{ALTERED}/1.0.0"
        path = f"/repository/{seed.MAVEN_REPOSITORY}/{folder}/{ALTERED}-1.0.0.jar"
        for kind, length in (("sha1", 40), ("sha256", 64)):
            web.need(client.put(f"{path}.{kind}", content="0" * length, headers={"Content-Type": "text/plain"}))


def _jar(name: str, version: str) -> bytes:
    if name != LARGE:
        return nexus.jar(name, version)
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("noise", random.Random(0).randbytes(LARGE_BYTES))  # noqa: S311  # the same bytes each time
    return memory.getvalue()


def _know_stranger() -> None:
    """Make a user of Nexus who may see nothing."""
    with web.client(f"{nexus.URL}/service/rest/v1/security", user=nexus.ADMIN, password=nexus.ADMIN_PASSWORD) as client:
        role = {"id": STRANGER, "name": STRANGER, "privileges": [], "roles": []}
        web.need(client.post("/roles", json=role), httpx.codes.BAD_REQUEST)
        user = {
            "userId": STRANGER,
            "firstName": STRANGER,
            "lastName": STRANGER,
            "emailAddress": f"{STRANGER}@example.com",
            "password": PASSWORD,
            "status": "active",
            "roles": [STRANGER],
        }
        if not web.need(client.get("/users", params={"userId": STRANGER})).json():
            web.need(client.post("/users", json=user))


def _push_stubborn_chart(folder: Path) -> None:
    """Push the project's chart with one thing more: a configuration that never changes."""
    shutil.copytree(CHART, folder / "app")
    (folder / "app" / "templates" / "changed.yaml").write_text(CHANGED, encoding="utf-8")
    helm = Places.from_environment().program("helm")
    archive = str(folder / f"app-{STUBBORN_VERSION}.tgz")
    package = ["package", str(folder / "app"), f"--version={STUBBORN_VERSION}", f"--destination={folder}"]
    for command in (package, ["push", archive, STUBBORN.removesuffix("/app"), "--plain-http"]):
        subprocess.run([helm, *command], check=True, capture_output=True, env={"HOME": str(folder)})


def _narrow_token() -> str:
    """Make a token of the reader's that is for users, not for repositories."""
    path = f"/users/{gitea.READER}/tokens"
    with web.client(f"{gitea.URL}{gitea.API}", user=gitea.READER, password=gitea.PASSWORD) as client:
        web.need(client.delete(f"{path}/{TOKEN}"), httpx.codes.NOT_FOUND)
        made: str = web.need(client.post(path, json={"name": TOKEN, "scopes": ["read:user"]})).json()["sha1"]
        return made


@contextlib.contextmanager
def _registry(folder: Path, name: str, *, storage: Path, **more: Any) -> Iterator[str]:
    with socket.create_server((ADDRESS, 0)) as found:
        address = f"{ADDRESS}:{found.getsockname()[1]}"
    text = {"version": "0.1", "storage": {"filesystem": {"rootdirectory": str(storage)}}, "http": {"addr": address}}
    file = folder / f"{name}.yml"
    file.write_text(json.dumps({**text, "log": {"level": "error"}, **more}), encoding="utf-8")
    with (folder / f"{name}.log").open("w") as log:
        process = subprocess.Popen([REGISTRY, "serve", str(file)], stdout=log, stderr=subprocess.STDOUT)
    try:
        _await(f"http://{address}/v2/")
        yield address
    finally:
        process.kill()
        process.wait()


def _await(url: str) -> None:
    """Return when a server answers, whatever it answers."""
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        try:
            httpx.get(url, trust_env=False)
        except httpx.TransportError:
            time.sleep(0.02)
        else:
            return
    raise TimeoutError(url)

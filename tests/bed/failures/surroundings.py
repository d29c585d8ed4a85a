"""What failing deployments need around them: spoilt artifacts, accounts without rights, servers that refuse."""

import contextlib
import io
import json
import random
import socket
import subprocess
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, Final

import httpx
from typing_extensions import override

from playground import seed
from tests.bed.failures import charts, sources
from tests.bed.places import ADDRESS
from tests.bed.services import gitea, nexus, web

ALTERED: Final = "failing-altered"
LARGE: Final = "failing-large"
PLAIN: Final = "failing"
TORN: Final = "failing-torn"
UNCHECKED: Final = "failing-unchecked"
ARTIFACTS: Final = ((PLAIN, "1.0.0"), (PLAIN, "v1.1"), (ALTERED, "1.0.0"), (LARGE, "1.0.0"), (TORN, "1.0.0"))
LARGE_BYTES: Final = 2 * 1024 * 1024
STRANGER: Final = "stranger"
PASSWORD: Final = "demo-stranger-password"  # a made-up password of a test bed
TOKEN: Final = "narrow"  # the token's label, not the token
REGISTRY: Final = "/usr/bin/docker-registry"
HTPASSWD: Final = "nobody:no-password-fits\n"
PATIENCE_SECONDS: Final = 20
LOGIN_PAGE: Final = b"<!DOCTYPE html><html><body><h1>Sign in to go on</h1></body></html>"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Addresses of a registry that wants a password, of one that cannot store and of a server that shows everybody a
    login page; a token that reads no code; the commit of the repository of Containerfiles.
    """

    guarded: str
    broken: str
    login: str
    narrow_token: str
    commit: str


@contextlib.contextmanager
def surroundings(folder: Path) -> Iterator[Surroundings]:
    """Prepare Nexus and Gitea, which keep it, and run the registries for a while."""
    _publish()
    _know_stranger()
    charts.push(folder)
    (folder / "htpasswd").write_text(HTPASSWD, encoding="utf-8")
    basic = {"htpasswd": {"realm": "bed", "path": str(folder / "htpasswd")}}
    storage = folder / "not-a-folder"
    storage.write_text("", encoding="utf-8")
    with (
        _registry(folder, "guarded", storage=folder / "guarded", auth=basic) as guarded,
        _registry(folder, "broken", storage=storage) as broken,
        _login_page() as login,
    ):
        yield Surroundings(guarded, broken, login, _narrow_token(), sources.push())


def _publish() -> None:
    """Upload what is not there yet; Nexus keeps a version as it was first."""
    with web.client(nexus.URL, user=nexus.ADMIN, password=nexus.ADMIN_PASSWORD) as client:
        for name, version in ARTIFACTS:
            query = {"repository": seed.MAVEN_REPOSITORY, "name": name, "version": version}
            if not web.need(client.get(nexus.SEARCH, params=query)).json()["items"]:
                nexus.publish(name, version, _jar(name, version))
        for kind, length in (("sha1", 40), ("sha256", 64)):
            name = f"{_path(ALTERED)}.{kind}"
            web.need(client.put(name, content="0" * length, headers={"Content-Type": "text/plain"}))
        if client.head(_path(UNCHECKED)).status_code == httpx.codes.NOT_FOUND:
            # By its address, as other tools than Maven do: then nobody writes checksums.
            web.need(client.put(_path(UNCHECKED), content=nexus.jar(UNCHECKED, "1.0.0")))


def _path(name: str) -> str:
    folder = f"{seed.GROUP.replace('.', '/')}/{name}/1.0.0"
    return f"/repository/{seed.MAVEN_REPOSITORY}/{folder}/{name}-1.0.0.jar"


def _jar(name: str, version: str) -> bytes:
    whole = nexus.jar(name, version)
    if name != LARGE:
        return whole[: len(whole) // 2] if name == TORN else whole
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


@contextlib.contextmanager
def _login_page() -> Iterator[str]:
    """Run a server that answers whatever is asked with a page for people, as a proxy before a server may."""
    server = ThreadingHTTPServer((ADDRESS, 0), _Page)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://{ADDRESS}:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(httpx.codes.OK)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(LOGIN_PAGE)))
        self.end_headers()
        self.wfile.write(LOGIN_PAGE)

    @override
    def log_message(self, *_: object) -> None:
        """Say nothing."""


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

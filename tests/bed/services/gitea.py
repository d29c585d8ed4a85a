"""Gitea with the private repository of the playground's charts, and a token that may read it, for the pipeline.

`build` copies what the program reads beside itself out of its Go module.
"""

import secrets
import shutil
import subprocess
import time
from pathlib import Path
from typing import Final

import httpx

from playground import seed
from tests.bed.building import module_folder
from tests.bed.places import ADDRESS, GITEA_PORT, Places
from tests.bed.service import Service, answers, own
from tests.bed.services import web
from tests.bed.services.charts import push_charts
from tests.bed.services.programs import ServiceError, as_nobody, run

MODULE: Final = "code.gitea.io/gitea"
STATIC: Final = ("options", "templates", "public")
URL: Final = f"http://{ADDRESS}:{GITEA_PORT}"
API: Final = "/api/v1"
ORGANISATION, REPOSITORY = seed.CHARTS.removesuffix(".git").split("/")[-2:]
FULL_NAME: Final = f"{ORGANISATION}/{REPOSITORY}"
CHARTS_URL: Final = f"{URL}/{FULL_NAME}.git"
ADMIN: Final = "bed-admin"
READER: Final = "pipeline"
PASSWORD: Final = "demo-gitea-password"  # a made-up password of a test bed
PUSH_SECONDS: Final = 15.0
LOOK_EVERY_SECONDS: Final = 0.05
TOKEN_NAME: Final = "charts"  # the token's label, not the token

_CONFIGURATION: Final = """\
APP_NAME = Bed
RUN_MODE = prod
WORK_PATH = {folder}

[server]
PROTOCOL = http
HTTP_ADDR = {address}
HTTP_PORT = {port}
ROOT_URL = http://{address}:{port}/
STATIC_ROOT_PATH = {static}
DISABLE_SSH = true
OFFLINE_MODE = true
LFS_START_SERVER = false

[database]
DB_TYPE = sqlite3
PATH = {folder}/gitea.db

[repository]
ROOT = {folder}/repositories
DEFAULT_BRANCH = main

[security]
INSTALL_LOCK = true
INTERNAL_TOKEN_URI = file:{folder}/internal-token

[service]
DISABLE_REGISTRATION = true
REQUIRE_SIGNIN_VIEW = false

[oauth2]
ENABLED = false

[indexer]
ISSUE_INDEXER_TYPE = db

[cron]
ENABLED = false

[actions]
ENABLED = false

[mailer]
ENABLED = false

[log]
MODE = console
LEVEL = warn

[webhook]
ALLOWED_HOST_LIST = private
"""


def service(places: Places) -> Service:
    """Describe Gitea, listening in the bed's network namespace."""
    folder = places.run / "gitea"
    return Service(
        name="gitea",
        command=lambda: [places.program("gitea"), "--config", str(folder / "app.ini"), "web"],
        prepare=lambda: _prepare(places, folder),
        is_ready=lambda: answers(f"{URL}/api/healthz"),
        settle=lambda: _settle(places, folder),
        environment=_environment(folder),
        directory=folder,
        as_nobody=True,
        patience_seconds=60,
    )


def build(places: Places) -> None:
    """Copy the files that Gitea reads while it runs."""
    source = module_folder("gitea", MODULE)
    goal = _static(places)
    stamp = goal / "copied-from"
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == source.name:
        return
    shutil.rmtree(goal, ignore_errors=True)
    for name in STATIC:
        shutil.copytree(source / name, goal / name)
    # The module cache is read-only, and so would be its copy.
    subprocess.run(["chmod", "-R", "u+w,a+rX", str(goal)], check=True)
    stamp.write_text(source.name, encoding="utf-8")


def token_file(places: Places) -> Path:
    """Return the file with the pipeline's token, which reads the charts and nothing else."""
    return places.run / "gitea.token"


def _static(places: Places) -> Path:
    return places.downloads / "gitea"


def _environment(folder: Path) -> dict[str, str]:
    return {"HOME": str(folder), "GITEA_WORK_DIR": str(folder), "USER": "nobody"}


def _prepare(places: Places, folder: Path) -> None:
    if not (_static(places) / "copied-from").is_file():
        raise ServiceError("Gitea's files were not copied yet; build the bed first.")
    folder.mkdir(parents=True, exist_ok=True)
    text = _CONFIGURATION.format(folder=folder, static=_static(places), address=ADDRESS, port=GITEA_PORT)
    (folder / "app.ini").write_text(text, encoding="utf-8")
    internal = folder / "internal-token"
    if not internal.is_file():
        internal.write_text(secrets.token_urlsafe(64), encoding="utf-8")
    own(folder)


def _settle(places: Places, folder: Path) -> None:
    with web.client(f"{URL}{API}", user=ADMIN, password=PASSWORD) as client:
        if client.get("/user").status_code == httpx.codes.UNAUTHORIZED:
            _make_admin(places, folder)
        _make_repository(client)
        push_charts(CHARTS_URL, user=ADMIN, password=PASSWORD)
        _wait_until_seen(client)
        if not _can_read_charts(token_file(places)):
            _make_token(client, token_file(places))


def _make_admin(places: Places, folder: Path) -> None:
    command = [places.program("gitea"), "--config", str(folder / "app.ini"), "admin", "user", "create", "--admin"]
    who = [f"--username={ADMIN}", f"--password={PASSWORD}", f"--email={ADMIN}@example.com"]
    run([*as_nobody(), *command, *who, "--must-change-password=false"], environment=_environment(folder), folder=folder)


def _make_repository(client: httpx.Client) -> None:
    """Make the organisation, its private repository and the account that may read it, where they are not there."""
    if not _is_there(client, f"/orgs/{ORGANISATION}"):
        web.need(client.post("/orgs", json={"username": ORGANISATION, "visibility": "private"}))
    if not _is_there(client, f"/repos/{FULL_NAME}"):
        repository = {"name": REPOSITORY, "private": True, "default_branch": "main"}
        web.need(client.post(f"/orgs/{ORGANISATION}/repos", json=repository))
    if not _is_there(client, f"/users/{READER}"):
        reader = {"username": READER, "email": f"{READER}@example.com", "password": PASSWORD}
        web.need(client.post("/admin/users", json={**reader, "must_change_password": False}))
    path = f"/repos/{FULL_NAME}/collaborators/{READER}"
    if not _is_there(client, path):
        web.need(client.put(path, json={"permission": "read"}))


def _wait_until_seen(client: httpx.Client) -> None:
    """Return when the API knows of the push; after the first one of a repository it takes some tenths of a second."""
    ends = time.monotonic() + PUSH_SECONDS
    while web.need(client.get(f"/repos/{FULL_NAME}")).json()["empty"]:
        if time.monotonic() > ends:
            raise ServiceError(f"Gitea still calls {FULL_NAME} empty {PUSH_SECONDS:.0f} s after a push.")
        time.sleep(LOOK_EVERY_SECONDS)


def _is_there(client: httpx.Client, path: str) -> bool:
    return web.need(client.get(path), httpx.codes.NOT_FOUND).status_code != httpx.codes.NOT_FOUND


def _can_read_charts(file: Path) -> bool:
    if not file.is_file():
        return False
    headers = {"Authorization": f"token {file.read_text(encoding='utf-8').strip()}"}
    with web.client(f"{URL}{API}", headers=headers) as client:
        return client.get(f"/repos/{FULL_NAME}").is_success


def _make_token(client: httpx.Client, file: Path) -> None:
    """Replace the token: Gitea shows one only when it is made."""
    path = f"/users/{READER}/tokens"
    web.need(client.delete(f"{path}/{TOKEN_NAME}"), httpx.codes.NOT_FOUND)
    made = web.need(client.post(path, json={"name": TOKEN_NAME, "scopes": ["read:repository"]})).json()
    file.unlink(missing_ok=True)
    file.touch(mode=0o600)
    file.write_text(made["sha1"], encoding="utf-8")

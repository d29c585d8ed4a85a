"""A repository of Containerfiles in the bed's Gitea, each at fault in its own way. Used by surroundings."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import httpx

from playground import seed
from tests.bed.services import gitea, web
from tests.bed.services.git import BRANCH, Git

NAME: Final = "failing"
REPOSITORY: Final = f"https://{urlsplit(seed.CHARTS).netloc}/{gitea.ADMIN}/{NAME}.git"
FAILS: Final = "fails"
ROOT: Final = "root"
LINKED: Final = "linked"
_SOUND: Final = "ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\nCOPY app.jar /app/app.jar\n"
_FILES: Final[Mapping[str, str]] = {
    f"{FAILS}/Containerfile": f'{_SOUND}RUN ["/bin/busybox", "cat", "/etc/ssl/company.pem"]\nUSER 65532\n',
    f"{ROOT}/Containerfile": _SOUND,
    f"{LINKED}/Containerfile": f"{_SOUND}USER 65532\n",
}


def push() -> str:
    """Push the repository, which is the same each time; return its commit."""
    path = f"{gitea.ADMIN}/{NAME}"
    with web.client(f"{gitea.URL}{gitea.API}", user=gitea.ADMIN, password=gitea.PASSWORD) as client:
        repository = {"name": NAME, "private": False, "default_branch": BRANCH}
        web.need(client.post("/user/repos", json=repository), httpx.codes.CONFLICT)
    with tempfile.TemporaryDirectory() as scratch:
        git = Git(Path(scratch), user=gitea.ADMIN, password=gitea.PASSWORD)
        git("init", "--quiet")
        _write(git.folder)
        git("add", "--all")
        git("commit", "--quiet", "--no-verify", "--message=Containerfiles at fault")
        git("push", "--quiet", "--force", f"{gitea.URL}/{path}.git", f"HEAD:refs/heads/{BRANCH}")
        return git("rev-parse", "HEAD")


def _write(folder: Path) -> None:
    for name, text in _FILES.items():
        (folder / name).parent.mkdir()
        (folder / name).write_text(text, encoding="utf-8")
    (folder / LINKED / "settings.xml").symlink_to(f"../{ROOT}/settings.xml")

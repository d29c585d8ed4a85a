"""Pushes the repository's own chart to the bed's Gitea, tagged as the seed's catalog names it.

Used by `gitea` at every start: a chart that was changed since is a new commit, and the tag moves there.
"""

import base64
import shutil
import tempfile
from pathlib import Path
from typing import Final

from playground import seed
from tests.bed.places import REPOSITORY
from tests.bed.services.programs import run

CHART: Final = REPOSITORY / "charts" / "app"
BRANCH: Final = "main"
WHEN: Final = seed.SEEDED_AT.isoformat()
_IDENTITY: Final = {
    # The same chart is the same commit in every bed.
    **{f"GIT_{role}_NAME": "Platform" for role in ("AUTHOR", "COMMITTER")},
    **{f"GIT_{role}_EMAIL": "platform@acme.example" for role in ("AUTHOR", "COMMITTER")},
    **{f"GIT_{role}_DATE": WHEN for role in ("AUTHOR", "COMMITTER")},
}


def push_charts(url: str, *, user: str, password: str) -> None:
    """Make the repository at `url` hold the chart of today at the seed's tag; nothing is pushed when it does."""
    git = _Git(user, password)
    with tempfile.TemporaryDirectory() as scratch:
        git.folder = Path(scratch)
        git("clone", "--quiet", url, ".")
        _replace(git.folder / seed.CHART_PATH)
        git("add", "--all")
        if git("status", "--porcelain"):
            git("commit", "--quiet", "--no-verify", f"--message=Chart of {seed.CHART_PATH}")
        if not _is_pushed(git):
            git("tag", "--force", seed.CHART_REF)
            git("push", "--quiet", "--force", "origin", f"HEAD:refs/heads/{BRANCH}", f"refs/tags/{seed.CHART_REF}")


class _Git:
    """Git as one account, with nothing of the machine's own settings."""

    def __init__(self, user: str, password: str) -> None:
        self.folder = Path()
        credentials = base64.b64encode(f"{user}:{password}".encode()).decode()
        settings = {
            "http.extraHeader": f"Authorization: Basic {credentials}",
            "http.proxy": "",
            "credential.helper": "",
            "init.defaultBranch": BRANCH,
            "core.autocrlf": "false",
        }
        numbered = enumerate(settings.items())
        pairs = {f"GIT_CONFIG_{what}_{n}": text for n, pair in numbered for what, text in zip(_PAIR, pair, strict=True)}
        self._environment = {
            "GIT_CONFIG_GLOBAL": "/dev/null",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_COUNT": str(len(settings)),
            "GIT_TERMINAL_PROMPT": "0",
            "no_proxy": "*",
            **pairs,
            **_IDENTITY,
        }

    def __call__(self, *words: str) -> str:
        return run(["git", *words], environment=self._environment, folder=self.folder).strip()


_PAIR: Final = ("KEY", "VALUE")


def _replace(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(CHART, folder)


def _is_pushed(git: _Git) -> bool:
    """Say whether branch and tag are where this clone is."""
    wanted = {f"refs/heads/{BRANCH}", f"refs/tags/{seed.CHART_REF}"}
    here = git("rev-parse", "HEAD")
    there = (line.split("\t") for line in git("ls-remote", "origin", *wanted).splitlines())
    return wanted == {ref for commit, ref in there if commit == here}

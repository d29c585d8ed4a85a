"""Pushes the repository's own chart to the bed's Gitea, tagged as the seed's catalog names it.

Used by `gitea` at every start: a chart that was changed since is a new commit, and the tag moves there.
"""

import shutil
import tempfile
from pathlib import Path
from typing import Final

from playground import seed
from tests.bed.places import REPOSITORY
from tests.bed.services.git import BRANCH, Git

CHART: Final = REPOSITORY / "charts" / "app"


def push_charts(url: str, *, user: str, password: str) -> None:
    """Make the repository at `url` hold the chart of today at the seed's tag; nothing is pushed when it does."""
    with tempfile.TemporaryDirectory() as scratch:
        git = Git(Path(scratch), user=user, password=password)
        git("clone", "--quiet", url, ".")
        _replace(git.folder / seed.CHART_PATH)
        git("add", "--all")
        if git("status", "--porcelain"):
            git("commit", "--quiet", "--no-verify", f"--message=Chart of {seed.CHART_PATH}")
        if not _is_pushed(git):
            git("tag", "--force", seed.CHART_REF)
            git("push", "--quiet", "--force", "origin", f"HEAD:refs/heads/{BRANCH}", f"refs/tags/{seed.CHART_REF}")


def _replace(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(CHART, folder)


def _is_pushed(git: Git) -> bool:
    """Say whether branch and tag are where this clone is."""
    wanted = {f"refs/heads/{BRANCH}", f"refs/tags/{seed.CHART_REF}"}
    here = git("rev-parse", "HEAD")
    there = (line.split("\t") for line in git("ls-remote", "origin", *wanted).splitlines())
    return wanted == {ref for commit, ref in there if commit == here}

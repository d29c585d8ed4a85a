"""The folder with an app's own Containerfile, at one commit of a Git repository: downloaded and unpacked.

Used by build_containerfile.
"""

import tempfile
from pathlib import Path

from steps import archives
from steps.archives import Folder
from steps.gitea import Gitea, Repository
from steps.outcome import Cause, StepFailed
from steps.program import say
from steps.settings import Settings


def fetch(address: str, commit: str, path: str, settings: Settings, *, target: Path) -> None:
    """Write the folder's files below `target`."""
    repository = Repository.of(address, settings)
    name = f"{repository}" if path == "." else f"{path} of {repository}"
    say(f"Fetching {name} at {commit:.12}")
    with tempfile.TemporaryDirectory(dir=settings.scratch) as scratch:
        archive = Path(scratch) / "archive.tar.gz"
        if not Gitea(repository, settings).archive(commit, archive, limit=settings.max_bytes):
            evidence = f"Commit {commit:.12} does not exist in {repository}, or this account cannot see it."
            raise StepFailed(Cause.SOURCE_NOT_FOUND, evidence)
        target.mkdir(parents=True)
        archives.unpack(archive, Folder(name=name, path=path, is_ours=True, cause=Cause.SOURCE_UNUSABLE), target)

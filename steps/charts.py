"""The chart an app is released with, at one commit of a repository or one digest of a registry: found and unpacked.

Used by fetch_chart, which pins it, and by release, which needs the files.
"""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from typing_extensions import override

from steps import archives, oci_charts
from steps.archives import Folder
from steps.gitea import Gitea, Repository
from steps.outcome import Cause, StepFailed
from steps.program import say
from steps.settings import Settings

OCI: Final = "oci://"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Where a chart lies: a repository's address and the folder in it, `.` for all of it, as in a registry."""

    repository: str
    path: str

    @property
    def registry_name(self) -> str:
        """Its name in a registry; empty for a chart in a Git repository."""
        return self.repository.removeprefix(OCI) if self.repository.startswith(OCI) else ""

    @override
    def __str__(self) -> str:
        return self.repository if self.registry_name else f"{self.path} in {self.repository}"


def pin(chart: Chart, reference: str, settings: Settings) -> str:
    """Return the commit, or in a registry the digest, that the reference stands for now."""
    if chart.registry_name:
        return oci_charts.pin(chart.registry_name, reference, settings)
    repository = Repository.of(chart.repository, settings)
    commit = Gitea(repository, settings).commit(reference)
    if commit is None:
        evidence = f"{reference} does not exist in {repository}, or this account cannot see it."
        raise StepFailed(Cause.CHART_NOT_FOUND, evidence)
    return commit


def fetch(chart: Chart, commit: str, settings: Settings, folder: Path) -> Path:
    """Unpack the chart of a commit below `folder` and return its own folder, in which there is a Chart.yaml."""
    target = folder / "chart"
    say(f"Fetching {chart} at {short(commit)}")
    with tempfile.TemporaryDirectory(dir=settings.scratch) as scratch:
        archive = Path(scratch) / "archive.tar.gz"
        if chart.registry_name:
            oci_charts.download(chart.registry_name, commit, archive, settings)
        else:
            _download(chart, commit, archive, settings)
        # In a repository that is one chart a link may have nothing to do with it; in a package it has.
        is_ours = chart.path != "." or bool(chart.registry_name)
        folder_of_chart = Folder(name=str(chart), path=chart.path, is_ours=is_ours, cause=Cause.CHART_UNUSABLE)
        archives.unpack(archive, folder_of_chart, target)
    if not (target / "Chart.yaml").is_file():
        where = chart if chart.registry_name else f"{chart.path} of {Repository.of(chart.repository, settings)}"
        raise StepFailed(Cause.CHART_NOT_FOUND, f"There is no Chart.yaml in {where}.")
    return target


def _download(chart: Chart, commit: str, archive: Path, settings: Settings) -> None:
    repository = Repository.of(chart.repository, settings)
    if not Gitea(repository, settings).archive(commit, archive, limit=settings.max_bytes):
        raise StepFailed(Cause.CHART_NOT_FOUND, f"Commit {short(commit)} does not exist in {repository}.")


def short(commit: str) -> str:
    """Return as much of a commit or digest as people read."""
    return commit.removeprefix("sha256:")[:12]

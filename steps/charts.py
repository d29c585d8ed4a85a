"""The chart an app is released with, at one commit: found, downloaded and unpacked.

Used by fetch_chart, which pins the commit, and by release, which needs the files.
"""

import shutil
import tarfile
import tempfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from typing_extensions import override

from steps.gitea import Gitea, Repository
from steps.outcome import Cause, StepFailed
from steps.program import say
from steps.settings import MEGABYTE, Settings

_UNPACKED: Final = 64 * MEGABYTE


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Where a chart lies: a repository's address and the folder in it, `.` for all of it."""

    repository: str
    path: str

    @override
    def __str__(self) -> str:
        return f"{self.path} in {self.repository}"


def pin(chart: Chart, reference: str, settings: Settings) -> str:
    """Return the commit that the reference stands for now."""
    repository = Repository.of(chart.repository, settings)
    commit = Gitea(repository, settings).commit(reference)
    if commit is None:
        evidence = f"{reference} does not exist in {repository}, or this account cannot see it."
        raise StepFailed(Cause.CHART_NOT_FOUND, evidence)
    return commit


def fetch(chart: Chart, commit: str, settings: Settings, folder: Path) -> Path:
    """Unpack the chart of a commit below `folder` and return its own folder, in which there is a Chart.yaml."""
    repository = Repository.of(chart.repository, settings)
    target = folder / "chart"
    say(f"Fetching {chart} at {commit:.12}")
    with tempfile.TemporaryDirectory(dir=settings.scratch) as scratch:
        archive = Path(scratch) / "archive.tar.gz"
        if not Gitea(repository, settings).archive(commit, archive, limit=settings.max_bytes):
            raise StepFailed(Cause.CHART_NOT_FOUND, f"Commit {commit:.12} does not exist in {repository}.")
        unpack(archive, chart, target)
    if not (target / "Chart.yaml").is_file():
        raise StepFailed(Cause.CHART_NOT_FOUND, f"There is no Chart.yaml in {chart.path} of {repository}.")
    return target


def unpack(archive: Path, chart: Chart, target: Path) -> None:
    """Write the regular files of the chart's folder, and nothing that could lie outside of it."""
    try:
        with tarfile.open(archive, "r:gz") as tar:
            for member, place in _members(tar, chart):
                path = target.joinpath(*place.parts)
                path.parent.mkdir(parents=True, exist_ok=True)
                content = tar.extractfile(member)
                if content is not None:
                    with content, path.open("wb") as file:
                        shutil.copyfileobj(content, file)
    except (tarfile.TarError, EOFError, zlib.error) as exc:
        raise StepFailed(Cause.UNEXPECTED_ANSWER, f"Gitea's archive of {chart} is not readable.") from exc


def _members(tar: tarfile.TarFile, chart: Chart) -> Iterator[tuple[tarfile.TarInfo, PurePosixPath]]:
    """Name each file of the chart and its place in it; archives have the repository's name as their top folder."""
    inside = () if chart.path == "." else PurePosixPath(chart.path).parts
    total = 0
    for member in tar:
        parts = PurePosixPath(member.name).parts[1:]
        if parts[: len(inside)] != inside or ".." in parts or member.isdir():
            continue
        place = PurePosixPath(*parts[len(inside) :])
        if not member.isfile():
            if inside:
                raise StepFailed(Cause.CHART_UNUSABLE, f"{place} in the chart is a link; a chart holds files alone.")
            continue
        total += member.size
        if total > _UNPACKED:
            raise StepFailed(Cause.TOO_LARGE, f"{chart} unpacks to more than is accepted.")
        if place.parts:
            yield member, place

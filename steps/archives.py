"""One folder out of an archive of a repository or a chart: its regular files, and nothing that could lie elsewhere.

Used by charts and sources.
"""

import shutil
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from steps.outcome import Cause, StepFailed
from steps.settings import MEGABYTE

_UNPACKED: Final = 64 * MEGABYTE


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """A folder in an archive, whose top folder is called after the whole.

    `name` is how people know it, `path` is `.` for all of it. Where `is_ours` a link is refused as `cause`; elsewhere
    it belongs to others and is left out.
    """

    name: str
    path: str
    is_ours: bool
    cause: Cause


def unpack(archive: Path, folder: Folder, target: Path) -> None:
    """Write the files of the folder, those that can be run as such."""
    try:
        with tarfile.open(archive, "r:gz") as tar:
            for member, place in _members(tar, folder):
                path = target.joinpath(*place.parts)
                path.parent.mkdir(parents=True, exist_ok=True)
                content = tar.extractfile(member)
                if content is not None:
                    with content, path.open("wb") as file:
                        shutil.copyfileobj(content, file)
                    path.chmod(0o755 if member.mode & 0o111 else 0o644)
    except (tarfile.TarError, EOFError, zlib.error) as exc:
        raise StepFailed(Cause.UNEXPECTED_ANSWER, f"The archive of {folder.name} is not readable.") from exc


def _members(tar: tarfile.TarFile, folder: Folder) -> Iterator[tuple[tarfile.TarInfo, PurePosixPath]]:
    """Name each file of the folder and its place in it."""
    inside = () if folder.path == "." else PurePosixPath(folder.path).parts
    total = 0
    for member in tar:
        parts = PurePosixPath(member.name).parts[1:]
        if parts[: len(inside)] != inside or ".." in parts or member.isdir():
            continue
        place = PurePosixPath(*parts[len(inside) :])
        if not member.isfile():
            if folder.is_ours:
                raise StepFailed(folder.cause, f"{place} in {folder.name} is a link; only files are taken.")
            continue
        total += member.size
        if total > _UNPACKED:
            raise StepFailed(Cause.TOO_LARGE, f"{folder.name} unpacks to more than is accepted.")
        if place.parts:
            yield member, place

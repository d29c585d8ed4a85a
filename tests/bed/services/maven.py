"""Fetches programs that come as Maven artifacts and unpacks them, once.

Used by the services that are Java programs. It needs `mvn` and the network, so it is called while the bed is built.
"""

import shutil
import zipfile
from pathlib import Path

from tests.bed.places import Places
from tests.bed.services.programs import ServiceError, run


def home(coordinate: str, places: Places) -> Path:
    """Return the folder that `group:artifact:version:packaging` is unpacked to."""
    _, artifact, version, _ = coordinate.split(":")
    return places.downloads / f"{artifact}-{version}"


def unpack(coordinate: str, places: Places) -> Path:
    """Fetch and unpack an artifact unless that was done, and return its folder."""
    folder = home(coordinate, places)
    if folder.is_dir():
        return folder
    scratch = places.downloads / f"{folder.name}.new"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    _extract(_fetch(coordinate, scratch), scratch / "content")
    # Only what was unpacked to its end gets its name, so a build that was killed begins anew.
    _only_folder(scratch / "content").rename(folder)
    shutil.rmtree(scratch)
    return folder


def _fetch(coordinate: str, folder: Path) -> Path:
    command = ["mvn", "-q", "-B", "dependency:copy", f"-Dartifact={coordinate}", f"-DoutputDirectory={folder}"]
    # Maven takes settings from a project in its working directory, and there is none to take.
    run(command, folder=folder)
    return next(path for path in folder.iterdir() if path.is_file())


def _extract(archive: Path, folder: Path) -> None:
    folder.mkdir()
    if archive.suffix != ".zip":
        run(["tar", "-xf", str(archive), "-C", str(folder)])
        return
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(folder)
    for program in folder.glob("*/bin/*"):
        program.chmod(0o755)


def _only_folder(folder: Path) -> Path:
    folders = [path for path in folder.iterdir() if path.is_dir()]
    if len(folders) != 1:
        raise ServiceError(f"{folder} should hold one folder, and holds {len(folders)}; was the download complete?")
    return folders[0]

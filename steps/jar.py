"""What is inside a jar or war, and how it becomes layers of an image that change as little as possible.

Used by build_image. A layered Spring Boot jar is laid out as Spring's own tools extract it: libraries under /app/lib,
and a thin /app/app.jar whose Class-Path names them; so `java -jar /app/app.jar` starts every kind. The layers are
reproducible: sorted, without times, owned by root, readable by all.
"""

import re
import tarfile
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final, Self
from urllib.parse import quote

from steps import manifest
from steps.outcome import Cause, StepFailed

FOLDER: Final = "app"
_CLASSES: Final = "BOOT-INF/classes/"
_LIBRARY: Final = re.compile(r"BOOT-INF/lib/([^/]+\.jar)")
_LOADER: Final = "org/springframework/boot/loader/"
_LOADER_CLASS: Final = _LOADER.replace("/", ".")
_LAYER_LINE: Final = re.compile(r'- "([^"]+)":\s*')
_ENTRY_LINE: Final = re.compile(r'\s+- "([^"]+)"\s*')
_LISTED: Final = re.compile(r'- "([^"]+)"\s*')
_BOOT_ONLY: Final = {
    "Start-Class",
    "Spring-Boot-Classes",
    "Spring-Boot-Lib",
    "Spring-Boot-Classpath-Index",
    "Spring-Boot-Layers-Index",
}
_EARLIEST: Final = (1980, 1, 1, 0, 0, 0)
_MAX_TEXT: Final = 4 * 1024 * 1024
_REVISIONS: Final = ("git.commit.id.full", "git.commit.id")
_REVISION_ATTRIBUTES: Final = ("Implementation-SCM-Revision", "SCM-Revision", "Git-Commit", "Git-Revision")


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Which sources it was built from, as far as it says so itself."""

    revision: str = ""
    source: str = ""


@contextmanager
def opened(path: Path, *, limit: int) -> Iterator[zipfile.ZipFile]:
    """Open a jar; a file that is none, or that would unpack to more than `limit` bytes, is a failure."""
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > limit:
                raise StepFailed(Cause.TOO_LARGE, "The artifact unpacks to more than is accepted.")
            yield archive
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, EOFError) as exc:
        raise StepFailed(Cause.ARTIFACT_UNREADABLE, f"The artifact is no readable jar or war: {exc}.") from exc


def origin(archive: zipfile.ZipFile) -> Origin:
    """Read the commit from git.properties or the manifest."""
    git = _properties(_text(archive, f"{_CLASSES}git.properties") or _text(archive, "git.properties"))
    attributes = manifest.read(_text(archive, "META-INF/MANIFEST.MF"))
    revisions = [git.get(key, "") for key in _REVISIONS] + [attributes.get(key, "") for key in _REVISION_ATTRIBUTES]
    source = git.get("git.remote.origin.url", "").replace("\\:", ":")
    return Origin(
        revision=next((text for text in revisions if re.fullmatch(r"[0-9a-fA-F]{7,64}", text)), ""),
        source=source if re.fullmatch(r"https?://[A-Za-z0-9._~/:-]+", source) else "",
    )


def write_layers(archive: zipfile.ZipFile, path: Path, folder: Path) -> list[Path]:
    """Write the layers of a jar or war as tar files, those that change least first."""
    groups = _groups(archive) if path.suffix == ".jar" else []
    if not groups:
        layer = folder / "1-application.tar"
        with _Layer(layer) as tar, path.open("rb") as file:
            tar.add(f"app{path.suffix}", file, path.stat().st_size)
        return [layer]
    return list(_write_groups(archive, groups, folder))


def _write_groups(archive: zipfile.ZipFile, groups: list[list[str]], folder: Path) -> Iterator[Path]:
    for number, entries in enumerate(groups, start=1):
        layer = folder / f"{number}-libraries.tar"
        with _Layer(layer) as tar:
            for entry in sorted(entries):
                with archive.open(entry) as file:
                    tar.add(f"lib/{entry.rpartition('/')[2]}", file, archive.getinfo(entry).file_size)
        yield layer
    thin = folder / "thin.jar"
    _write_thin(archive, thin)
    layer = folder / f"{len(groups) + 1}-application.tar"
    with _Layer(layer) as tar, thin.open("rb") as file:
        tar.add("app.jar", file, thin.stat().st_size)
    yield layer


def _groups(archive: zipfile.ZipFile) -> list[list[str]]:
    """Sort the libraries into the layers of layers.idx; nothing for a jar that is not a layered one of Spring Boot."""
    index = _text(archive, "BOOT-INF/layers.idx")
    if not index or not manifest.read(_text(archive, "META-INF/MANIFEST.MF")).get("Start-Class"):
        return []
    layers = _read_index(index)
    libraries = [name for name in dict.fromkeys(archive.namelist()) if _LIBRARY.fullmatch(name)]
    sorted_out: dict[str, list[str]] = {layer: [] for layer in layers}
    for library in libraries:
        home = next((layer for layer, paths in layers.items() if _covers(paths, library)), None)
        sorted_out.setdefault(home or "unlisted", []).append(library)
    return [entries for entries in sorted_out.values() if entries]


def _read_index(text: str) -> dict[str, list[str]]:
    layers: dict[str, list[str]] = {}
    for line in text.splitlines():
        if found := _LAYER_LINE.fullmatch(line):
            layers[found[1]] = []
        elif layers and (found := _ENTRY_LINE.fullmatch(line)):
            layers[next(reversed(layers))].append(found[1])
    return layers


def _covers(paths: Iterable[str], name: str) -> bool:
    return any(name == path or (path.endswith("/") and name.startswith(path)) for path in paths)


def _write_thin(archive: zipfile.ZipFile, target: Path) -> None:
    """Write the application's own classes and resources, with a manifest that names the libraries."""
    kept = {place: name for name in archive.namelist() if (place := _thin_place(archive, name))}
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as thin:
        thin.writestr(zipfile.ZipInfo("META-INF/MANIFEST.MF", _EARLIEST), _thin_manifest(archive))
        for place, name in sorted(kept.items()):
            thin.writestr(zipfile.ZipInfo(place, _EARLIEST), archive.read(name))


def _thin_place(archive: zipfile.ZipFile, name: str) -> str:
    """Say where an entry goes in the thin jar; nowhere for folders, libraries, indexes and Spring's loader."""
    if name.endswith("/") or name == "META-INF/MANIFEST.MF" or name.startswith(_LOADER):
        return ""
    if name.startswith(_CLASSES):
        return name.removeprefix(_CLASSES)
    if name.startswith("BOOT-INF/"):
        return ""
    if name.startswith("META-INF/services/") and _only_names_loader(_text(archive, name)):
        return ""
    return name


def _only_names_loader(services: str) -> bool:
    names = [line.strip() for line in services.splitlines() if line.strip()]
    return bool(names) and all(name.startswith(_LOADER_CLASS) for name in names)


def _thin_manifest(archive: zipfile.ZipFile) -> bytes:
    attributes = manifest.read(_text(archive, "META-INF/MANIFEST.MF"))
    libraries = [name for name in dict.fromkeys(archive.namelist()) if _LIBRARY.fullmatch(name)]
    listed = [found[1] for line in _text(archive, "BOOT-INF/classpath.idx").splitlines() if (found := _listed(line))]
    ordered = [name for name in dict.fromkeys(listed) if name in set(libraries)]
    ordered += [name for name in libraries if name not in set(ordered)]
    path = " ".join(f"lib/{quote(name.rpartition('/')[2])}" for name in ordered)
    kept = {name: value for name, value in attributes.items() if name not in _BOOT_ONLY}
    return manifest.write({**kept, "Main-Class": attributes["Start-Class"], "Class-Path": path})


def _listed(line: str) -> re.Match[str] | None:
    return _LISTED.fullmatch(line)


def _text(archive: zipfile.ZipFile, name: str) -> str:
    """Read a small text of the jar; empty where it is not there."""
    try:
        entry = archive.getinfo(name)
    except KeyError:
        return ""
    if entry.file_size > _MAX_TEXT:
        raise StepFailed(Cause.ARTIFACT_UNREADABLE, f"{name} in the artifact is too large to be what it should be.")
    return archive.read(entry).decode("utf-8", errors="replace")


def _properties(text: str) -> Mapping[str, str]:
    pairs = (line.partition("=") for line in text.splitlines() if not line.startswith("#"))
    return {key.strip(): value.strip() for key, _, value in pairs}


class _Layer:
    """A tar file below /app in which nothing depends on when or by whom it was written."""

    def __init__(self, path: Path) -> None:
        self._tar = tarfile.open(path, "w", format=tarfile.PAX_FORMAT)  # noqa: SIM115  # closed by __exit__
        self._folders: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._tar.close()

    def add(self, name: str, content: IO[bytes], size: int) -> None:
        parts = f"{FOLDER}/{name}".split("/")
        for depth in range(1, len(parts)):
            self._folder("/".join(parts[:depth]))
        info = tarfile.TarInfo("/".join(parts))
        info.size, info.mode = size, 0o644
        self._tar.addfile(info, content)

    def _folder(self, name: str) -> None:
        if name not in self._folders:
            self._folders.add(name)
            info = tarfile.TarInfo(name)
            info.type, info.mode = tarfile.DIRTYPE, 0o755
            self._tar.addfile(info)

"""Writes a container image as a docker archive, the same bytes for the same content, without any container tool."""

import hashlib
import io
import json
import struct
import tarfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Final

EPOCH: Final = "1970-01-01T00:00:00Z"
PATH: Final = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One path of an image: a file with content, a link with a target, or else a folder."""

    path: str
    content: bytes | Path | None = None
    link: str = ""
    mode: int = 0o755
    capability: int | None = None
    """What a program may do beyond its user: the number of one capability, as `setcap` would give it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """An image of one layer; `name` has a tag."""

    name: str
    entries: Sequence[Entry]
    entrypoint: Sequence[str] = ()
    user: str = ""
    environment: Sequence[str] = ()


def tree(folder: Path, *, at: str = "/") -> list[Entry]:
    """Return the entries of a folder and all below it, placed at a path of the image."""
    found = []
    for path in sorted(folder.rglob("*")):
        place = str(PurePosixPath(at) / path.relative_to(folder))
        if path.is_symlink():
            found.append(Entry(path=place, link=str(path.readlink())))
        elif path.is_file():
            found.append(Entry(path=place, content=path, mode=path.stat().st_mode & 0o755 | 0o444))
        else:
            found.append(Entry(path=place))
    return found


def write(image: Image, file: Path) -> None:
    """Write the archive of an image."""
    layer = _layer(image.entries)
    layer_digest = hashlib.sha256(layer).hexdigest()
    configuration = json.dumps(_configuration(image, layer_digest), sort_keys=True).encode()
    name = f"{hashlib.sha256(configuration).hexdigest()}.json"
    manifest = [{"Config": name, "RepoTags": [image.name], "Layers": [f"{layer_digest}/layer.tar"]}]
    with tarfile.open(file, "w", format=tarfile.PAX_FORMAT) as archive:
        _add(archive, name, configuration, 0o644)
        _add(archive, f"{layer_digest}/layer.tar", layer, 0o644)
        _add(archive, "manifest.json", json.dumps(manifest).encode(), 0o644)


def _configuration(image: Image, layer_digest: str) -> dict[str, Any]:
    return {
        "architecture": "amd64",
        "os": "linux",
        "created": EPOCH,
        "config": {
            "Env": [PATH, *image.environment],
            "User": image.user,
            "WorkingDir": "/",
            "Entrypoint": list(image.entrypoint) or None,
        },
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{layer_digest}"]},
        "history": [{"created": EPOCH}],
    }


def _layer(entries: Iterable[Entry]) -> bytes:
    out = io.BytesIO()
    folders = {"/", "."}
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for entry in entries:
            path = PurePosixPath(entry.path)
            for above in reversed(path.parents):
                _add_folder(archive, str(above), folders)
            if entry.link:
                _add_link(archive, str(path), entry.link)
            elif entry.content is None:
                _add_folder(archive, str(path), folders, entry.mode)
            else:
                content = entry.content.read_bytes() if isinstance(entry.content, Path) else entry.content
                _add(archive, str(path), content, entry.mode, capability=entry.capability)
    return out.getvalue()


def _add_folder(archive: tarfile.TarFile, path: str, known: set[str], mode: int = 0o755) -> None:
    if path not in known:
        known.add(path)
        info = tarfile.TarInfo(path.lstrip("/") + "/")
        info.type, info.mode = tarfile.DIRTYPE, 0o1777 if path == "/tmp" else mode  # noqa: S108  # of the image
        archive.addfile(info)


def _add_link(archive: tarfile.TarFile, path: str, target: str) -> None:
    info = tarfile.TarInfo(path.lstrip("/"))
    info.type, info.linkname, info.mode = tarfile.SYMTYPE, target, 0o777
    archive.addfile(info)


def _add(archive: tarfile.TarFile, path: str, content: bytes, mode: int, *, capability: int | None = None) -> None:
    info = tarfile.TarInfo(path.lstrip("/"))
    info.size, info.mode = len(content), mode
    if capability is not None:
        # The kernel's version 2, effective: permitted and inheritable of the lower 32, then of the others.
        words = struct.pack("<5I", 0x02000001, 1 << capability, 0, 0, 0)
        info.pax_headers = {"SCHILY.xattr.security.capability": words.decode("utf-8", "surrogateescape")}
    archive.addfile(info, io.BytesIO(content))

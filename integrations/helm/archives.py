"""Unpacks one chart out of a repository's archive, whoever made it: bounded in size and number, files alone.

Used by renderer.py. The pipeline's steps unpack charts by the same rules.
"""

import io
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Final

from commands.core.errors import Permanent

SYSTEM: Final = "helm"
MEBIBYTE: Final = 2**20
MAX_UNPACKED: Final = 64 * MEBIBYTE
MAX_FILES: Final = 1_000
_GZIP: Final = 31


def unpack(archive: bytes, *, folder: str, target: Path) -> None:
    """Write the files of the chart's folder to `target`, in which there is a Chart.yaml then.

    Raises
    ------
    Permanent
        It is no archive, it is too large, or there is no chart in it that is made of files alone.
    """
    try:
        with tarfile.open(fileobj=io.BytesIO(_inflated(archive)), mode="r:") as tar:
            for count, (member, place) in enumerate(_members(tar, folder)):
                if count >= MAX_FILES:
                    raise Permanent(SYSTEM, f"the chart {folder} has more than {MAX_FILES} files.")
                _write(tar, member, target.joinpath(*place.parts))
    except (tarfile.TarError, zlib.error, EOFError, OSError, ValueError) as exc:
        raise Permanent(SYSTEM, f"the chart's archive cannot be unpacked ({type(exc).__name__}).") from exc
    if not (target / "Chart.yaml").is_file():
        raise Permanent(SYSTEM, f"there is no Chart.yaml in {folder}. Check the path of the catalog's chart.")


def _inflated(archive: bytes) -> bytes:
    """Uncompress no more than is accepted, however much more there would be."""
    inflater = zlib.decompressobj(_GZIP)
    content = inflater.decompress(archive, MAX_UNPACKED)
    if inflater.unconsumed_tail:
        raise Permanent(SYSTEM, f"the chart's repository unpacks to more than {MAX_UNPACKED // MEBIBYTE} MiB.")
    return content


def _members(tar: tarfile.TarFile, folder: str) -> Iterator[tuple[tarfile.TarInfo, PurePosixPath]]:
    """Name each file of the chart and its place in it; below the archive's one top folder."""
    inside = () if folder == "." else PurePosixPath(folder).parts
    for member in tar:
        parts = PurePosixPath(member.name).parts[1:]
        if parts[: len(inside)] != inside or ".." in parts or member.isdir() or parts == inside:
            continue
        place = PurePosixPath(*parts[len(inside) :])
        if member.isfile():
            yield member, place
        elif inside:
            raise Permanent(SYSTEM, f"{place} in the chart is a link; a chart holds files alone.")


def _write(tar: tarfile.TarFile, member: tarfile.TarInfo, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    content = tar.extractfile(member)
    path.write_bytes(content.read() if content is not None else b"")

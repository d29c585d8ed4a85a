"""Takes single Debian packages apart into a folder, so that an image can be made of them and nothing is installed."""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.bed.places import Places


def unpack(places: Places, packages: Sequence[str], folder: Path) -> None:
    """Fetch packages, without those they depend on, and unpack them into a folder."""
    kept = places.downloads / "debian"
    kept.mkdir(parents=True, exist_ok=True)
    folder.mkdir(parents=True, exist_ok=True)
    missing = [name for name in packages if not _archive(kept, name)]
    if missing:
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        # As root apt would hand the download to a user who may not write here.
        command = ["apt-get", "download", "-qq", "-o", "APT::Sandbox::User=root", *missing]
        subprocess.run(command, cwd=kept, env=quiet, check=True, capture_output=True)
    for name in packages:
        archive = _archive(kept, name)
        assert archive is not None, f"{name} was not fetched"
        subprocess.run(["dpkg-deb", "--extract", str(archive), str(folder)], check=True)


def _archive(kept: Path, name: str) -> Path | None:
    return next(iter(sorted(kept.glob(f"{name}_*.deb"))), None)

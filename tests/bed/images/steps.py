"""The steps' image: Python from Debian packages, httpx from this environment, crane, helm and the step programs.

`root` makes the whole file system as a folder, `image` the image of it. Nothing is installed on this machine.
"""

import hashlib
import importlib.metadata
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.bed.images.archive import Entry, Image, tree
from tests.bed.images.debian import unpack
from tests.bed.places import REPOSITORY, Places

PACKAGES: Final = (
    "python3.11-minimal",
    "libpython3.11-minimal",
    "libpython3.11-stdlib",
    "libc6",
    "libgcc-s1",
    "libssl3",
    "zlib1g",
    "libexpat1",
    "libffi8",
    "libbz2-1.0",
    "liblzma5",
    "libcrypt1",
    "libuuid1",
    "ca-certificates",
    "tzdata",
)
WHEELS: Final = ("httpx", "httpcore", "h11", "anyio", "idna", "certifi", "typing_extensions")
PROGRAMS: Final = ("crane", "helm")
DIST_PACKAGES: Final = Path("usr/lib/python3/dist-packages")
UNUSED: Final = ("usr/share/doc", "usr/share/man", "usr/share/lintian", "usr/share/locale", "usr/share/i18n")
USER: Final = "65532:65532"
ENVIRONMENT: Final = ("PYTHONDONTWRITEBYTECODE=1", "PYTHONUNBUFFERED=1", "HOME=/tmp")


def image(places: Places, name: str) -> Image:
    """Return the image under a name with its tag; the scratch folder is a volume of the pod."""
    entries = [*tree(root(places)), Entry(path="/tmp")]  # noqa: S108  # of the image
    return Image(name=name, entries=entries, user=USER, environment=ENVIRONMENT)


def root(places: Places) -> Path:
    """Return a folder that holds the image's whole file system; it is made anew when a part of it changed."""
    folder = places.downloads / "steps"
    made_of = places.downloads / "steps.made-of"
    wanted = made_of_now(places)
    if not made_of.exists() or made_of.read_text(encoding="utf-8") != wanted:
        shutil.rmtree(folder, ignore_errors=True)
        fill(places, folder)
        made_of.write_text(wanted, encoding="utf-8")
    return folder


def fill(places: Places, folder: Path) -> None:
    """Write the image's whole file system into a folder."""
    unpack(places, PACKAGES, folder)
    for unused in UNUSED:
        shutil.rmtree(folder / unused, ignore_errors=True)
    for name in ("python", "python3"):
        link = folder / "usr/bin" / name
        link.unlink(missing_ok=True)
        link.symlink_to("python3.11")
    _write_certificates(folder)
    for source, place in _sources(places):
        target = folder / place
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)
    passwd = folder / "etc/passwd"
    passwd.write_text("root:x:0:0::/:/sbin/nologin\nsteps:x:65532:65532::/tmp:/sbin/nologin\n", encoding="utf-8")


def _write_certificates(folder: Path) -> None:
    """Put the authorities into one file, as the package's own script would do after its installation."""
    single = sorted((folder / "usr/share/ca-certificates/mozilla").glob("*.crt"))
    bundle = folder / "etc/ssl/certs/ca-certificates.crt"
    bundle.parent.mkdir(parents=True, exist_ok=True)
    bundle.write_bytes(b"".join(path.read_bytes() for path in single))


def _sources(places: Places) -> Iterator[tuple[Path, Path]]:
    """Name each file that comes from here, with its place in the image."""
    for program in PROGRAMS:
        yield places.bin / program, Path("usr/local/bin") / program
    for path in sorted((REPOSITORY / "steps").glob("*.py")):
        yield path, DIST_PACKAGES / "steps" / path.name
    for wheel in WHEELS:
        for file in importlib.metadata.files(wheel) or ():
            is_code = not file.parts[0].endswith(".dist-info") and file.suffix != ".pyc" and ".." not in file.parts
            if is_code:
                yield Path(str(file.locate())), DIST_PACKAGES / file


def made_of_now(places: Places) -> str:
    """Return a word that changes with everything that the image is made of."""
    digest = hashlib.sha256(" ".join((*PACKAGES, *WHEELS, *ENVIRONMENT)).encode())
    for source, place in (*_sources(places), (Path(__file__), Path("recipe"))):
        digest.update(str(place).encode())
        with source.open("rb") as content:
            digest.update(hashlib.file_digest(content, "sha256").digest())
    return digest.hexdigest()

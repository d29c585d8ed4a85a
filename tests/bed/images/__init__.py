"""The bed's container images, made without a container engine: what pods run, and what pipelines build on.

Names below `registry.local/` are never pulled, because they are always present. The others are pushed to the bed's
registry, as a platform team would have done.
"""

import hashlib
import subprocess
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from tests.bed.images import builder, jre, steps
from tests.bed.images.archive import Entry, Image, tree, write
from tests.bed.places import CLUSTER, REGISTRY, Cluster, Places

APPLETS: Final = (
    "sh", "cat", "echo", "env", "sleep", "true", "false", "ls", "mkdir", "cp", "mv", "rm", "tar", "gzip",
    "sha256sum", "wget", "httpd", "date", "id", "test", "nslookup",
)  # fmt: skip
BUSYBOX: Final = Path("/bin/busybox")
PASSWD: Final = b"root:x:0:0::/:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n"
ARGOEXEC: Final = "registry.local/argoexec:v4.0.7"
WEBAPP: Final = f"{REGISTRY}/base/webapp:1"
JRE: Final = f"{REGISTRY}/base/jre:17"
STEPS: Final = f"{REGISTRY}/slipway/steps:bed"
BUILDER: Final = f"{REGISTRY}/slipway/builder:bed"
SHELL: Final = (
    Entry(path="/bin/busybox", content=BUSYBOX),
    *(Entry(path=f"/bin/{name}", link="/bin/busybox") for name in APPLETS),
    Entry(path="/etc/passwd", content=PASSWD, mode=0o644),
    Entry(path="/tmp"),  # noqa: S108  # of the image
)

Say = Callable[[str], None]


def all_images(places: Places) -> list[tuple[str, Callable[[], Image]]]:
    """List file names and how each image is made; a maker is asked only when its inputs changed."""

    def program(name: str) -> Entry:
        return Entry(path=f"/bin/{name}", content=places.bin / name)

    def app(version: int) -> Image:
        page = Entry(path="/www/index.html", content=f"v{version}\n".encode(), mode=0o644)
        serve = ("/bin/httpd", "-f", "-p", "8080", "-h", "/www")
        return Image(name=f"registry.local/app:v{version}", entries=[*SHELL, page], entrypoint=serve)

    images: list[tuple[str, Callable[[], Image]]] = [
        ("webapp", lambda: Image(name=WEBAPP, entries=[*SHELL, program("webapp")], entrypoint=["/bin/webapp"])),
        ("jre", lambda: Image(name=JRE, entries=[*tree(jre.root(places)), *SHELL[-2:]], entrypoint=jre.ENTRYPOINT)),
        ("steps", lambda: steps.image(places, STEPS)),
        ("builder", lambda: builder.image(places, BUILDER)),
    ]
    if CLUSTER is Cluster.EXISTING:
        return images
    return [
        *images,
        ("pause", lambda: Image(name="registry.local/pause:1", entries=[program("pause")], entrypoint=["/bin/pause"])),
        ("busybox", lambda: Image(name="registry.local/busybox:1", entries=SHELL)),
        ("argoexec", lambda: Image(name=ARGOEXEC, entries=[*SHELL[-2:], program("argoexec")], entrypoint=["argoexec"])),
        *((f"app-v{version}", lambda version=version: app(version)) for version in (1, 2, 3, 4)),
    ]


def build_all(places: Places, say: Say) -> None:
    """Write every image's archive."""
    places.images.mkdir(parents=True, exist_ok=True)
    for name, make in all_images(places):
        new = places.images / f"{name}.new"
        write(make(), new)
        file = places.images / f"{name}.tar"
        if not file.exists() or _hash(file) != _hash(new):
            say(f"made the image {name}")
        new.replace(file)


def load(places: Places, ctr: Sequence[str]) -> None:
    """Import into containerd what it does not have in this form."""
    names = [name for name, _ in all_images(places) if not _is_marked(places, "loaded", name)]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda name: _load(places, ctr, name), names))


def _load(places: Places, ctr: Sequence[str], name: str) -> None:
    file = places.images / f"{name}.tar"
    subprocess.run([*ctr, "image", "import", "--snapshotter=overlayfs", str(file)], check=True, capture_output=True)
    _mark(places, "loaded", name)


def push(places: Places) -> None:
    """Push the images that pipelines use to the bed's registry."""
    for name, image in (("webapp", WEBAPP), ("jre", JRE), ("steps", STEPS), ("builder", BUILDER)):
        if not _is_marked(places, "pushed", name):
            command = [places.program("crane"), "push", "--insecure", str(places.images / f"{name}.tar"), image]
            subprocess.run(command, check=True, capture_output=True)
            _mark(places, "pushed", name)


def digest(places: Places, image: str) -> str:
    """Return an image's digest in the bed's registry."""
    command = [places.program("crane"), "digest", "--insecure", image]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def _marker(places: Places, act: str, name: str) -> Path:
    return places.run / f"images.{act}" / name


def _is_marked(places: Places, act: str, name: str) -> bool:
    marker = _marker(places, act, name)
    return marker.exists() and marker.read_text(encoding="utf-8") == _hash(places.images / f"{name}.tar")


def _mark(places: Places, act: str, name: str) -> None:
    marker = _marker(places, act, name)
    marker.parent.mkdir(parents=True, exist_ok=True)
    marker.write_text(_hash(places.images / f"{name}.tar"), encoding="utf-8")


def _hash(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()

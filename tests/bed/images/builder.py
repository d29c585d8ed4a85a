"""The builder's image: that of the steps, and buildah from Debian packages with the two programs that give it users."""

import hashlib
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Final

from tests.bed.images import steps
from tests.bed.images.archive import Entry, Image, tree
from tests.bed.images.debian import unpack
from tests.bed.places import Places

PACKAGES: Final = (
    "buildah",
    "golang-github-containers-common",
    "golang-github-containers-image",
    "libgpgme11",
    "libassuan0",
    "libgpg-error0",
    "libseccomp2",
    "libdevmapper1.02.1",
    "libselinux1",
    "libudev1",
    "libpcre2-8-0",
    "uidmap",
    "libsubid4",
    "libaudit1",
    "libcap-ng0",
)
MAPPERS: Final = {"/usr/bin/newuidmap": 7, "/usr/bin/newgidmap": 6}
"""With CAP_SETUID and CAP_SETGID they let a build have the users of /etc/subuid, and nobody else's."""
USERS: Final = b"steps:100000:65536\n"
UNUSED: Final = ("usr/share/bash-completion", "usr/share/doc", "usr/share/man", "usr/share/locale")


def image(places: Places, name: str) -> Image:
    """Return the image under a name with its tag; the scratch folder is a volume of the pod."""
    found = [replace(each, capability=MAPPERS.get(each.path)) for each in tree(root(places))]
    ranges = [Entry(path=f"/etc/{file}", content=USERS, mode=0o644) for file in ("subuid", "subgid")]
    scratch = Entry(path="/tmp")  # noqa: S108  # of the image
    return Image(name=name, entries=[*found, *ranges, scratch], user=steps.USER, environment=steps.ENVIRONMENT)


def root(places: Places) -> Path:
    """Return a folder that holds the image's whole file system; it is made anew when a part of it changed."""
    folder, made_of = places.downloads / "builder", places.downloads / "builder.made-of"
    parts = " ".join((steps.made_of_now(places), *PACKAGES, *UNUSED))
    wanted = hashlib.sha256(parts.encode()).hexdigest()
    if not made_of.exists() or made_of.read_text(encoding="utf-8") != wanted:
        shutil.rmtree(folder, ignore_errors=True)
        steps.fill(places, folder)
        unpack(places, PACKAGES, folder)
        for unused in UNUSED:
            shutil.rmtree(folder / unused, ignore_errors=True)
        made_of.write_text(wanted, encoding="utf-8")
    return folder

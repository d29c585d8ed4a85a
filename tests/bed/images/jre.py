"""A small Java runtime as a base image for jars: modules that web applications use, linked from this machine's JDK."""

import shutil
import subprocess
from pathlib import Path
from typing import Final

from tests.bed.images.debian import unpack
from tests.bed.places import Places

MODULES: Final = (
    "java.base,java.logging,java.management,java.naming,java.net.http,java.sql,java.xml,jdk.httpserver,jdk.unsupported"
)
LIBRARIES: Final = ("libc6", "zlib1g", "libgcc-s1", "libstdc++6")
ENTRYPOINT: Final = ("/opt/java/bin/java", "-XX:+UseSerialGC", "-Xmx64m", "-jar", "/app/app.jar")


def root(places: Places) -> Path:
    """Return a folder that holds the runtime's whole file system; it is made when it is not there."""
    folder = places.downloads / "jre"
    if not (folder / "complete").exists():
        shutil.rmtree(folder, ignore_errors=True)
        unpack(places, LIBRARIES, folder)
        linked = [f"--add-modules={MODULES}", "--strip-debug", "--no-header-files", "--no-man-pages", "--compress=2"]
        command = ["jlink", *linked, f"--output={folder / 'opt' / 'java'}"]
        subprocess.run(command, check=True, capture_output=True)
        (folder / "complete").touch()
    return folder

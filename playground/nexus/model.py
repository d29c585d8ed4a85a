"""The artifacts of a Maven repository as plain data: coordinates, bytes, checksums, paths.

The world publishes what exists, tests and the driver may publish more; the server reads it. It knows nothing of HTTP.
"""

import hashlib
import io
import zipfile
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from xml.sax.saxutils import escape

from playground.nexus.versions import newest_first

CONTENT_TYPES: Final = {
    "jar": "application/java-archive",
    "war": "application/java-archive",
    "pom": "application/xml",
    "xml": "application/xml",
}
CHECKSUMS: Final = ("sha1", "sha256", "sha512", "md5")
DEFAULT_MODIFIED: Final = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
_ZIP_TIME: Final = (2026, 1, 1, 0, 0, 0)


def checksum(algorithm: str, content: bytes) -> str:
    return hashlib.new(algorithm, content, usedforsecurity=False).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """One file of a component."""

    repository: str
    group: str
    name: str
    version: str
    extension: str
    content: bytes
    modified: datetime

    @property
    def path(self) -> str:
        folder = f"{self.group.replace('.', '/')}/{self.name}/{self.version}"
        return f"{folder}/{self.name}-{self.version}.{self.extension}"


class Repository:
    """One hosted Maven repository of releases: what was published once cannot be published again."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.assets: list[Asset] = []

    def publish(
        self, *, group: str, name: str, version: str, packaging: str = "jar", modified: datetime = DEFAULT_MODIFIED
    ) -> Asset:
        """Add a component of one small, always equal archive and its POM; ValueError when it is there already."""
        if self.has(group, name, version):
            raise ValueError(f"{group}:{name}:{version} is already in {self.name}. Publish another version.")
        files = {packaging: _archive(group, name, version), "pom": _pom(group, name, version, packaging)}
        for extension, content in files.items():
            self.assets.append(
                Asset(
                    repository=self.name,
                    group=group,
                    name=name,
                    version=version,
                    extension=extension,
                    content=content,
                    modified=modified,
                )
            )
        return self.assets[-2]

    def has(self, group: str, name: str, version: str) -> bool:
        return any((asset.group, asset.name, asset.version) == (group, name, version) for asset in self.assets)

    def file(self, path: str) -> tuple[bytes, datetime] | None:
        """Return the content and the time of a path: an asset, maven-metadata.xml, or a checksum of either."""
        stem, _, extension = path.rpartition(".")
        if extension in CHECKSUMS and (of := self.file(stem)):
            return checksum(extension, of[0]).encode(), of[1]
        folder, _, last = path.rpartition("/")
        if last == "maven-metadata.xml":
            return self._metadata(folder)
        return next(((asset.content, asset.modified) for asset in self.assets if asset.path == path), None)

    def _metadata(self, folder: str) -> tuple[bytes, datetime] | None:
        found = [asset for asset in self.assets if f"{asset.group.replace('.', '/')}/{asset.name}" == folder]
        if not found:
            return None
        versions = newest_first({asset.version for asset in found})
        updated = max(asset.modified for asset in found)
        listed = "".join(f"      <version>{escape(version)}</version>\n" for version in reversed(versions))
        text = (
            '<?xml version="1.0" encoding="UTF-8"?>\n<metadata>\n'
            f"  <groupId>{escape(found[0].group)}</groupId>\n  <artifactId>{escape(found[0].name)}</artifactId>\n"
            f"  <versioning>\n    <release>{escape(versions[0])}</release>\n    <versions>\n{listed}    </versions>\n"
            f"    <lastUpdated>{updated:%Y%m%d%H%M%S}</lastUpdated>\n  </versioning>\n</metadata>\n"
        )
        return text.encode(), updated


def _archive(group: str, name: str, version: str) -> bytes:
    """Return a real archive whose bytes depend on the coordinates alone."""
    manifest = f"Manifest-Version: 1.0\r\nImplementation-Title: {name}\r\nImplementation-Version: {version}\r\n\r\n"
    files = {
        "META-INF/MANIFEST.MF": manifest,
        f"META-INF/maven/{group}/{name}/pom.properties": f"groupId={group}\nartifactId={name}\nversion={version}\n",
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path, text in files.items():
            archive.writestr(zipfile.ZipInfo(path, date_time=_ZIP_TIME), text)
    return buffer.getvalue()


def _pom(group: str, name: str, version: str, packaging: str) -> bytes:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<project xmlns="http://maven.apache.org/POM/4.0.0">\n'
        f"  <modelVersion>4.0.0</modelVersion>\n  <groupId>{escape(group)}</groupId>\n"
        f"  <artifactId>{escape(name)}</artifactId>\n  <version>{escape(version)}</version>\n"
        f"  <packaging>{escape(packaging)}</packaging>\n</project>\n"
    ).encode()

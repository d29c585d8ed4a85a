"""Artifacts in Nexus, or any server that keeps Maven's layout: where a version's file is, and its checked content.

Used by fetch_artifact and build_image. The search API is left alone: it lags behind what was just published.
"""

import hashlib
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final
from urllib.parse import quote
from xml.parsers import expat

from typing_extensions import override

from steps.outcome import Cause, StepFailed
from steps.program import say
from steps.settings import Settings
from steps.web import Web

_SNAPSHOT: Final = "-SNAPSHOT"
_CHECKSUMS: Final = {
    "sha256": re.compile(rb"\s*([0-9a-fA-F]{64})\b"),
    "sha1": re.compile(rb"\s*([0-9a-fA-F]{40})\b"),
}
_ENTRY: Final = ("metadata", "versioning", "snapshotVersions", "snapshotVersion")
_CHUNK: Final = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """Which file: coordinates, and `file_version`, which a SNAPSHOT's file is really called by."""

    group: str
    name: str
    version: str
    packaging: str
    classifier: str = ""
    file_version: str = ""

    @override
    def __str__(self) -> str:
        return ":".join(filter(None, (self.group, self.name, self.version, self.packaging, self.classifier)))

    @property
    def is_snapshot(self) -> bool:
        return self.version.endswith(_SNAPSHOT)

    @property
    def folder(self) -> str:
        return f"{self.group.replace('.', '/')}/{self.name}/{self.version}"

    @property
    def file(self) -> str:
        named = "-".join(filter(None, (self.name, self.file_version or self.version, self.classifier)))
        return f"{named}.{self.packaging}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A file whose checksum was right."""

    path: Path
    artifact: Artifact
    sha256: str
    size: int
    url: str


class Nexus:
    """The repositories that the settings name."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._web = Web(system="Nexus", retry_seconds=settings.retry_seconds, login=settings.nexus_login)

    def fetch(self, artifact: Artifact, folder: Path) -> Fetched:
        """Download the artifact's file and compare it with the checksum that was published with it."""
        exact = self._pinned(artifact)
        url = self._url(exact, exact.file)
        target = folder / f"artifact.{exact.packaging}"
        say(f"Fetching {url}")
        if not self._web.download(url, target, limit=self._settings.max_bytes):
            raise self._missing(artifact)
        self._compare(exact, target)
        sha256 = digest_of(target, "sha256")
        return Fetched(path=target, artifact=exact, sha256=sha256, size=target.stat().st_size, url=url)

    def _pinned(self, artifact: Artifact) -> Artifact:
        """Name the newest file of a SNAPSHOT; any other version is its own name."""
        if not artifact.is_snapshot or artifact.file_version:
            return artifact
        body = self._web.get(self._url(artifact, "maven-metadata.xml"))
        if body is None:
            raise self._missing(artifact)
        newest = read_snapshot(body, artifact)
        if not newest:
            raise self._missing(artifact)
        return replace(artifact, file_version=newest)

    def _compare(self, artifact: Artifact, path: Path) -> None:
        for algorithm, form in _CHECKSUMS.items():
            body = self._web.get(f"{self._url(artifact, artifact.file)}.{algorithm}")
            if body is None:
                continue
            found = form.match(body)
            if found is None:
                # What it gave for the file is then no better: a login page before it answers everything with itself.
                evidence = f"Nexus answered with something else than the {algorithm} of {artifact}."
                raise StepFailed(Cause.UNEXPECTED_ANSWER, evidence)
            promised, actual = found[1].decode().lower(), digest_of(path, algorithm)
            if promised != actual:
                evidence = f"{artifact} is not what was published: its {algorithm} is {actual}, not {promised}."
                raise StepFailed(Cause.CHECKSUM_MISMATCH, evidence)
            return
        raise StepFailed(Cause.CHECKSUM_MISSING, f"{artifact} has neither a sha256 nor a sha1 beside it.")

    def _repository(self, artifact: Artifact) -> str:
        return self._settings.nexus_snapshots if artifact.is_snapshot else self._settings.nexus_repository

    def _url(self, artifact: Artifact, file: str) -> str:
        path = f"{self._repository(artifact)}/{artifact.folder}/{file}"
        return f"{self._settings.nexus_url}/repository/{quote(path)}"

    def _missing(self, artifact: Artifact) -> StepFailed:
        return StepFailed(Cause.ARTIFACT_NOT_FOUND, f"{artifact} does not exist in {self._repository(artifact)}.")


def digest_of(path: Path, algorithm: str) -> str:
    """Return a file's checksum in lower-case hex."""
    digest = hashlib.new(algorithm, usedforsecurity=False)
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def read_snapshot(body: bytes, artifact: Artifact) -> str:
    """Find the newest file version of a SNAPSHOT in its maven-metadata.xml; empty where it has no such file."""
    reader = _Reader()
    try:
        reader.read(body)
    except (expat.ExpatError, ValueError) as exc:
        raise StepFailed(Cause.UNEXPECTED_ANSWER, f"The maven-metadata.xml of {artifact} is not readable.") from exc
    wanted = (artifact.packaging, artifact.classifier)
    found = [entry for entry in reader.entries if (entry.get("extension"), entry.get("classifier", "")) == wanted]
    newest = max(found, key=lambda entry: entry.get("updated", ""), default={})
    value = newest.get("value", "")
    if value and not re.fullmatch(r"[A-Za-z0-9._+-]{1,160}", value):
        raise StepFailed(Cause.UNEXPECTED_ANSWER, f"The maven-metadata.xml of {artifact} names an odd file.")
    return value


class _Reader:
    """Collects the snapshotVersion elements; a document type, and with it any entity, ends the reading."""

    def __init__(self) -> None:
        self.entries: list[dict[str, str]] = []
        self._path: list[str] = []
        self._text: list[str] = []

    def read(self, body: bytes) -> None:
        parser = expat.ParserCreate()
        parser.StartDoctypeDeclHandler = self._refuse
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text.append
        parser.Parse(body, True)

    def _refuse(self, *_declaration: object) -> None:
        raise ValueError("a maven-metadata.xml has no document type")

    def _start(self, name: str, _attributes: object) -> None:
        self._path.append(name)
        self._text.clear()
        if tuple(self._path) == _ENTRY:
            self.entries.append({})

    def _end(self, name: str) -> None:
        if tuple(self._path[:-1]) == _ENTRY:
            self.entries[-1][name] = "".join(self._text).strip()
        self._path.pop()
        self._text.clear()

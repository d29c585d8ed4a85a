"""What Nexus answers, read with care: a page of the search, and maven-metadata.xml.

Pure; used by versions.py. Only whole matches count (the search knows wildcards), another classifier is another file,
and a version that could not be typed or passed on is left out. Raises ValueError for what is not such an answer.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final
from xml.parsers import expat

from commands.core.catalog import Artifact
from commands.core.ports import Available

VERSION: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,127}")
_VERSION_PATH: Final = ("metadata", "versioning", "versions", "version")
_MAX_TOKEN = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of a search; `token` leads to the next one, empty on the last."""

    versions: tuple[Available, ...]
    token: str = ""


def read_page(body: bytes, artifact: Artifact) -> Page:
    """Read one page of `/service/rest/v1/search/assets`."""
    page = json.loads(body)
    if not isinstance(page, dict) or not isinstance(page.get("items"), list):
        raise ValueError("not a page of a search")  # noqa: TRY004  # one kind of error for all bad answers
    token = page.get("continuationToken")
    found = tuple(one for item in page["items"] if (one := _available(item, artifact)) is not None)
    return Page(versions=found, token=token if isinstance(token, str) and len(token) <= _MAX_TOKEN else "")


def _available(item: Any, artifact: Artifact) -> Available | None:
    maven = item.get("maven2") if isinstance(item, dict) else None
    if not isinstance(maven, dict) or not _is_of(maven, artifact):
        return None
    version = maven.get("version")
    if not isinstance(version, str) or not VERSION.fullmatch(version):
        return None
    return Available(version=version, published_at=_time(item.get("lastModified")))


def _is_of(maven: Mapping[str, Any], artifact: Artifact) -> bool:
    wanted = (artifact.group, artifact.name, artifact.packaging, artifact.classifier)
    return (
        maven.get("groupId"),
        maven.get("artifactId"),
        maven.get("extension"),
        maven.get("classifier") or "",
    ) == wanted


def _time(text: Any) -> datetime | None:
    """Read `2026-11-02T12:00:00.000+00:00`; a time without a zone is no time."""
    if not isinstance(text, str):
        return None
    try:
        time = datetime.fromisoformat(text)
        return time.astimezone(UTC) if time.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def read_metadata(body: bytes) -> tuple[Available, ...]:
    """Read the versions of a maven-metadata.xml; it knows neither their times nor their packaging."""
    reader = _MetadataReader()
    try:
        reader.parser.Parse(body, True)
    except expat.ExpatError as exc:
        raise ValueError(f"not a maven-metadata.xml: {exc}") from exc
    return tuple(Available(version=version) for version in reader.versions if VERSION.fullmatch(version))


@dataclass(slots=True)
class _MetadataReader:
    """Collects the text of each version element; a document type, and with it any entity, ends the reading."""

    versions: list[str] = field(default_factory=list)
    path: list[str] = field(default_factory=list)
    text: list[str] = field(default_factory=list)
    parser: expat.XMLParserType = field(default_factory=expat.ParserCreate)

    def __post_init__(self) -> None:
        self.parser.StartDoctypeDeclHandler = self._refuse
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self.text.append

    def _refuse(self, *_declaration: object) -> None:
        raise ValueError("a maven-metadata.xml has no document type")

    def _start(self, name: str, _attributes: Mapping[str, str]) -> None:
        self.path.append(name)
        self.text.clear()

    def _end(self, _name: str) -> None:
        if tuple(self.path) == _VERSION_PATH:
            self.versions.append("".join(self.text).strip())
        self.path.pop()
        self.text.clear()

"""What Harbor and registries answer, read with care: pages of artifacts and of tags, quotas, challenges, tokens.

Pure; used by the other modules of this package. Raises ValueError for what is not such an answer; of what is one, what
cannot be read is left out.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import SplitResult, quote, urlsplit

from commands.core.observed import Scan
from commands.core.ports import Image

DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}")
TAG: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_TOKEN: Final = re.compile(r"[\x21-\x7e]{1,16384}")
_CHALLENGE: Final = re.compile(r'([a-z]+)="([^"]*)"')
_NEXT: Final = re.compile(r'<([^<>]{1,2000})>\s*;[^,]*\brel="?next\b')
_MOST: Final = 10**9
_IMAGE: Final = "IMAGE"
_SCANNED: Final = "Success"


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """The bytes that a project uses, and how many it may."""

    used: int
    hard: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """How a registry wants to be asked: the scheme in lower case, and what belongs to it."""

    scheme: str
    realm: str = ""
    service: str = ""
    scope: str = ""


def read_artifacts(body: bytes, *, portal: str = "") -> tuple[Image, ...]:
    """Read one page of a repository's artifacts; what has no tag, or is no image, is left out.

    `portal` is the address at which people see them.
    """
    page = json.loads(body)
    if not isinstance(page, list):
        raise ValueError("not a page of artifacts")  # noqa: TRY004  # one kind of error for all bad answers
    return tuple(image for item in page if (image := _image(item, portal)) is not None)


def read_tags(body: bytes) -> tuple[Image, ...]:
    """Read one page of a registry's list of tags; it knows neither digests nor times."""
    page = json.loads(body)
    if not isinstance(page, dict) or not isinstance(page.get("tags") or [], list):
        raise ValueError("not a list of tags")  # noqa: TRY004  # the same
    return tuple(Image(tags=(tag,)) for tag in page.get("tags") or [] if _is_tag(tag))


def read_quota(body: bytes) -> Quota | None:
    """Read what a project's summary says of its storage; None where it has no limit."""
    summary = json.loads(body)
    quota = summary.get("quota") if isinstance(summary, dict) else None
    used, hard = (_storage(quota, key) for key in ("used", "hard"))
    return Quota(used=used, hard=hard) if hard > 0 else None


def read_token(body: bytes) -> str:
    """Read the token that a token service gives."""
    answer = json.loads(body)
    if isinstance(answer, dict):
        for token in (answer.get("token"), answer.get("access_token")):
            if isinstance(token, str) and _TOKEN.fullmatch(token):
                return token
    raise ValueError("not a token")


def is_harbors(body: bytes) -> bool:
    """Say whether an error is one of Harbor's API, and not of a registry or proxy that has no such API."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return False
    return isinstance(answer, dict) and isinstance(answer.get("errors"), list)


def total(text: str) -> int:
    """Read X-Total-Count; what is no number counts nothing."""
    return min(int(text), _MOST) if text.isascii() and text.isdecimal() and len(text) <= len(str(_MOST)) else 0


def next_page(link: str) -> str:
    """Read where a Link header says that the list goes on: a path of the registry's API, empty at the end."""
    found = _NEXT.search(link)
    parts = split(found[1]) if found else None
    return f"{parts.path}?{parts.query}" if parts and parts.path.startswith("/v2/") else ""


def split(address: str) -> SplitResult | None:
    """Take an address apart that somebody else wrote; None where it is none."""
    try:
        return urlsplit(address)
    except ValueError:
        return None


def read_challenge(header: str) -> Challenge:
    """Read WWW-Authenticate."""
    scheme, _, rest = header.strip().partition(" ")
    known = dict(_CHALLENGE.findall(rest))
    return Challenge(
        scheme=scheme.lower(),
        realm=known.get("realm", ""),
        service=known.get("service", ""),
        scope=known.get("scope", ""),
    )


def _image(item: Any, portal: str) -> Image | None:
    if not isinstance(item, dict) or item.get("type", _IMAGE) != _IMAGE or not isinstance(item.get("tags"), list):
        return None
    names = tuple(tag["name"] for tag in item["tags"] if isinstance(tag, dict) and _is_tag(tag.get("name")))
    if not names:
        return None
    found = item.get("digest")
    digest = found if isinstance(found, str) and DIGEST.fullmatch(found) else ""
    return Image(
        tags=names,
        digest=digest,
        page=_page(item, portal, digest),
        pushed_at=_time(item.get("push_time")),
        scan=_scan(item.get("scan_overview")),
    )


def _page(item: Mapping[str, Any], portal: str, digest: str) -> str:
    """Name the page of the portal (2.x), which goes by the number of the project; empty where that is not said."""
    project, name = item.get("project_id"), item.get("repository_name")
    if not portal or not digest or not isinstance(project, int) or not isinstance(name, str):
        return ""
    repository = quote(name.partition("/")[2], safe="")
    return f"{portal}/harbor/projects/{project}/repositories/{repository}/artifacts-tab/artifacts/{digest}"


def _is_tag(name: Any) -> bool:
    return isinstance(name, str) and TAG.fullmatch(name) is not None


def _scan(overview: Any) -> Scan | None:
    """Read the first report that is complete; there is one for each form that reports have."""
    for report in overview.values() if isinstance(overview, dict) else ():
        if isinstance(report, dict) and report.get("scan_status") == _SCANNED:
            summary = report.get("summary")
            counts = summary.get("summary") if isinstance(summary, dict) else None
            return Scan(critical=_count(counts, "Critical"), high=_count(counts, "High"))
    return None


def _count(counts: Any, severity: str) -> int:
    """Read how many there are; a severity of which there are none is left out."""
    number = counts.get(severity) if isinstance(counts, Mapping) else None
    return number if isinstance(number, int) and 0 <= number <= _MOST else 0


def _storage(quota: Any, key: str) -> int:
    part = quota.get(key) if isinstance(quota, dict) else None
    storage = part.get("storage") if isinstance(part, dict) else None
    return storage if isinstance(storage, int) else 0


def _time(text: Any) -> datetime | None:
    """Read `2026-11-02T12:00:00.000Z`; a time without a zone is no time."""
    if not isinstance(text, str):
        return None
    try:
        time = datetime.fromisoformat(text)
        return time.astimezone(UTC) if time.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None

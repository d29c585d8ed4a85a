"""Which components and assets a search finds, in which order, page by page.

Called by the server. Filters are exact with `*` and `?`; sorted by version the newest comes first, in Maven's order.
"""

import base64
import binascii
import re
from collections.abc import Iterable, Mapping
from functools import cmp_to_key
from itertools import groupby
from typing import Any, Final

from playground.nexus.model import CHECKSUMS, CONTENT_TYPES, Asset, checksum
from playground.nexus.versions import compare

Obj = dict[str, Any]
PAGE: Final = 50
_VERSION_KEY: Final = cmp_to_key(compare)
_FILTERS: Final = {
    "repository": "repository",
    "group": "group",
    "name": "name",
    "version": "version",
    "maven.groupId": "group",
    "maven.artifactId": "name",
    "maven.baseVersion": "version",
    "maven.extension": "extension",
}


class BadToken(ValueError):
    """The continuation token was not given out here."""


def find_assets(assets: Iterable[Asset], query: Mapping[str, str]) -> list[Asset]:
    """Return what every filter of `query` lets through, in the order asked for."""
    found = [asset for asset in assets if _matches(asset, query)]
    return _sorted(found, query.get("sort", ""), query.get("direction", ""))


def page(items: list[Obj], token: str | None) -> Obj:
    """Cut one page; the token of the last page is null."""
    first = _offset(token) if token else 0
    after = first + PAGE
    more = base64.urlsafe_b64encode(str(after).encode()).decode() if after < len(items) else None
    return {"items": items[first:after], "continuationToken": more}


def asset_item(asset: Asset, base_url: str) -> Obj:
    return {
        "downloadUrl": f"{base_url}/repository/{asset.repository}/{asset.path}",
        "path": asset.path,
        "id": _id(asset.repository, asset.path),
        "repository": asset.repository,
        "format": "maven2",
        "checksum": {algorithm: checksum(algorithm, asset.content) for algorithm in CHECKSUMS},
        "contentType": CONTENT_TYPES.get(asset.extension, "application/octet-stream"),
        "lastModified": asset.modified.isoformat(timespec="milliseconds"),
        "lastDownloaded": None,
        "uploader": "admin",
        "uploaderIp": "127.0.0.1",
        "fileSize": len(asset.content),
        "blobCreated": asset.modified.isoformat(timespec="milliseconds"),
        "blobStoreName": "default",
        "maven2": {
            "extension": asset.extension,
            "groupId": asset.group,
            "artifactId": asset.name,
            "version": asset.version,
        },
    }


def component_items(found: list[Asset], base_url: str) -> list[Obj]:
    """Group assets, already in order, into their components."""
    return [
        {
            "id": _id(repository, f"{group}:{name}:{version}"),
            "repository": repository,
            "format": "maven2",
            "group": group,
            "name": name,
            "version": version,
            "assets": [asset_item(asset, base_url) for asset in assets],
        }
        for (repository, group, name, version), assets in groupby(
            found, key=lambda asset: (asset.repository, asset.group, asset.name, asset.version)
        )
    ]


def _matches(asset: Asset, query: Mapping[str, str]) -> bool:
    if query.get("format", "maven2") != "maven2":
        return False
    if (words := query.get("q")) and words.lower() not in asset.path.lower():
        return False
    return all(
        _glob(getattr(asset, attribute), query[parameter])
        for parameter, attribute in _FILTERS.items()
        if query.get(parameter)
    )


def _glob(value: str, pattern: str) -> bool:
    wildcards = {"*": ".*", "?": "."}
    return re.fullmatch("".join(wildcards.get(char, re.escape(char)) for char in pattern), value, re.DOTALL) is not None


def _sorted(found: list[Asset], sort: str, direction: str) -> list[Asset]:
    # Every order is stable over the order of group, name and version, so pages never overlap.
    found.sort(key=lambda asset: (asset.repository, asset.group, asset.name, asset.version, asset.extension))
    if sort == "version":
        found.sort(key=lambda asset: _VERSION_KEY(asset.version), reverse=direction != "asc")
    elif sort in {"group", "name", "repository"}:
        found.sort(key=lambda asset: str(getattr(asset, sort)), reverse=direction == "desc")
    return found


def _id(repository: str, thing: str) -> str:
    return base64.urlsafe_b64encode(f"{repository}:{thing}".encode()).decode().rstrip("=")


def _offset(token: str) -> int:
    try:
        return int(base64.urlsafe_b64decode(token))
    except (binascii.Error, ValueError) as error:
        raise BadToken(token) from error

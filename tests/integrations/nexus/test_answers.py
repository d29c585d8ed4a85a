import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands.core.ports import Available
from integrations.nexus.answers import read_metadata, read_page
from tests.integrations.nexus.bench import NOON, SHOP


def item(version: Any = "v1.2", **changes: Any) -> dict[str, Any]:
    maven = {"extension": "jar", "groupId": "com.acme", "artifactId": "shop", "version": version}
    return {"lastModified": NOON.isoformat(), "maven2": {**maven, **changes}}


def versions(*items: Any) -> list[str]:
    page = read_page(json.dumps({"items": items, "continuationToken": None}).encode(), SHOP)
    return [one.version for one in page.versions]


def test_only_the_artifact_itself_counts() -> None:
    others = [
        item(classifier="sources"),
        item(extension="pom"),
        item(groupId="com.acme.other"),
        item(artifactId="Shop"),
        {"maven2": "x"},
        {"format": "raw"},
        "x",
        None,
    ]
    assert versions(*others, item(classifier="")) == ["v1.2"]


def test_of_several_files_of_a_version_the_one_with_the_classifier_counts() -> None:
    items = [item("v1"), item("v2", classifier="exec"), item("v3", classifier="sources")]
    page = read_page(json.dumps({"items": items}).encode(), replace(SHOP, classifier="exec"))
    assert [one.version for one in page.versions] == ["v2"]


@pytest.mark.parametrize("version", ["", "-1", "1 2", "1\n2", "$(id)", "1.0,image=evil", "é1", "1" * 129, None, 7])
def test_a_version_that_could_not_be_passed_on_is_left_out(version: Any) -> None:
    assert versions(item(version)) == []


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2026-11-02T12:00:00.000+00:00", NOON),
        ("2026-11-02T21:00:00+09:00", NOON),
        ("2026-11-02T12:00:00Z", NOON),
        ("2026-11-02T12:00:00", None),
        ("0001-01-01T00:00:00+23:00", None),
        ("soon", None),
        (7, None),
        (None, None),
    ],
)
def test_times_are_read_with_their_zone_or_not_at_all(text: Any, time: datetime | None) -> None:
    page = read_page(json.dumps({"items": [item() | {"lastModified": text}]}).encode(), SHOP)
    assert page.versions == (Available(version="v1.2", published_at=time),)
    assert time is None or page.versions[0].published_at == time.astimezone(UTC)


def test_the_token_of_the_next_page_is_kept() -> None:
    assert read_page(b'{"items": [], "continuationToken": "abc"}', SHOP).token == "abc"


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"items": 7}', b"\xff", b"<html></html>"])
def test_what_is_no_page_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # every kind of it will do
        read_page(body, SHOP)


METADATA = """<?xml version="1.0" encoding="UTF-8"?>
<metadata><groupId>com.acme</groupId><artifactId>shop</artifactId><version>ignored</version>
<versioning><latest>v9</latest><release>v1.3</release>
<versions><version>v1.2</version><version> v1.3 </version><version>$(id)</version></versions>
<snapshotVersions><snapshotVersion><value>x</value></snapshotVersion></snapshotVersions></versioning></metadata>"""


def test_metadata_gives_the_versions_it_lists() -> None:
    assert [one.version for one in read_metadata(METADATA.encode())] == ["v1.2", "v1.3"]


@pytest.mark.parametrize(
    "body",
    [
        "",
        "<metadata>",
        "not xml",
        '<!DOCTYPE m [<!ENTITY a "b">]><metadata>&a;</metadata>',
        '<!DOCTYPE m SYSTEM "http://127.0.0.1/x"><metadata/>',
        "<!DOCTYPE metadata><metadata/>",
        "<metadata>&undefined;</metadata>",
    ],
)
def test_metadata_with_a_document_type_or_mistakes_is_refused(body: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # every kind of it will do
        read_metadata(body.encode())


@given(st.binary() | st.text().map(lambda text: f"<metadata>{text}</metadata>".encode("utf-8", "ignore")))
def test_readers_return_or_raise_value_error(body: bytes) -> None:
    for read in (lambda: read_metadata(body), lambda: read_page(body, SHOP)):
        try:
            read()
        except ValueError:
            continue

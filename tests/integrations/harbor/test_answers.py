import json
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands.core.observed import Scan
from commands.core.ports import Image
from integrations.harbor.answers import (
    Challenge,
    Quota,
    is_harbors,
    next_page,
    read_artifacts,
    read_challenge,
    read_quota,
    read_tags,
    read_token,
    total,
)
from integrations.harbor.settings import HarborSettings
from tests.integrations.harbor.bench import NOON, digest


def item(**changes: Any) -> dict[str, Any]:
    return {"type": "IMAGE", "digest": digest(1), "push_time": NOON.isoformat(), "tags": [{"name": "v1.2"}], **changes}


def read(*items: Any) -> tuple[Image, ...]:
    return read_artifacts(json.dumps(items).encode())


def test_what_is_no_image_or_has_no_tag_is_left_out() -> None:
    others = [item(type="CHART"), item(tags=None), item(tags=[]), item(tags=[{}, "x", {"name": "a b"}]), {}, "x", None]
    assert read(*others, item()) == (Image(tags=("v1.2",), digest=digest(1), pushed_at=NOON),)


@pytest.mark.parametrize("bad", [None, "", "sha256:abc", f"sha512:{'a' * 64}", digest(1) + "\n", 7])
def test_a_digest_that_is_none_is_not_known(bad: Any) -> None:
    assert read(item(digest=bad))[0].digest == ""


PORTAL = "https://harbor.example.com"


def page_of(portal: str = PORTAL, **changes: Any) -> str:
    known = {"project_id": 7, "repository_name": "shop/team/shop", **changes}
    (image,) = read_artifacts(json.dumps([item(**known)]).encode(), portal=portal)
    return image.page


def test_the_page_of_an_image_goes_by_the_number_of_its_project() -> None:
    assert page_of() == f"{PORTAL}/harbor/projects/7/repositories/team%2Fshop/artifacts-tab/artifacts/{digest(1)}"


@pytest.mark.parametrize(
    "changes", [{"portal": ""}, {"project_id": "7"}, {"repository_name": None}, {"digest": "sha256:abc"}]
)
def test_an_image_of_which_too_little_is_known_has_no_page(changes: dict[str, Any]) -> None:
    assert page_of(**changes) == ""


@pytest.mark.parametrize(
    ("url", "registry", "portal"),
    [
        ("https://harbor.example.com/", "", "https://harbor.example.com"),
        ("http://harbor.example.com:8080", "harbor.example.com:8080", "http://harbor.example.com:8080"),
        ("http://harbor-core.harbor.svc", "harbor.example.com", "https://harbor.example.com"),
    ],
)
def test_people_see_harbor_at_the_host_that_images_begin_with(url: str, registry: str, portal: str) -> None:
    assert HarborSettings(url=url, registry=registry).portal == portal


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2026-11-02T12:00:00.000Z", NOON),
        ("2026-11-02T21:00:00+09:00", NOON),
        ("2026-11-02T12:00:00", None),
        ("0001-01-01T00:00:00+23:00", None),
        ("soon", None),
        (7, None),
    ],
)
def test_times_are_read_with_their_zone_or_not_at_all(text: Any, time: datetime | None) -> None:
    assert read(item(push_time=text))[0].pushed_at == time


def report(**changes: Any) -> dict[str, Any]:
    return {"scan_status": "Success", "summary": {"summary": {"Critical": 2, "High": 5, "Low": 9}}, **changes}


@pytest.mark.parametrize(
    ("overview", "scan"),
    [
        ({"report; version=1.1": report()}, Scan(critical=2, high=5)),
        ({"old": report(scan_status="Running"), "new": report()}, Scan(critical=2, high=5)),
        ({"report": report(summary={"total": 0, "summary": {}})}, Scan()),
        ({"report": report(summary=None)}, Scan()),
        ({"report": report(summary={"summary": {"Critical": -1, "High": "many"}})}, Scan()),
        ({"report": report(scan_status="Error")}, None),
        ({"report": None}, None),
        ({}, None),
        ([], None),
        (None, None),
    ],
)
def test_a_scan_is_read_when_it_is_complete(overview: Any, scan: Scan | None) -> None:
    assert read(item(scan_overview=overview))[0].scan == scan


@pytest.mark.parametrize("body", [b"", b"{}", b"7", b"\xff", b"<html></html>", b"null"])
def test_what_is_no_page_of_artifacts_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # every kind of it will do
        read_artifacts(body)


def test_tags_are_read_one_by_one() -> None:
    body = b'{"name": "shop/shop", "tags": ["v1.2", "", "a b", 7, "v1.1"]}'
    assert read_tags(body) == (Image(tags=("v1.2",)), Image(tags=("v1.1",)))
    assert read_tags(b'{"name": "shop/shop", "tags": null}') == ()


@pytest.mark.parametrize(
    ("body", "quota"),
    [
        ({"quota": {"hard": {"storage": 100}, "used": {"storage": 99}}}, Quota(used=99, hard=100)),
        ({"quota": {"hard": {"storage": -1}, "used": {"storage": 99}}}, None),
        ({"quota": {"hard": {"storage": "much"}}}, None),
        ({"quota": {"hard": 7}}, None),
        ({"repo_count": 1}, None),
        ([], None),
    ],
)
def test_a_quota_is_read_where_there_is_a_limit(body: Any, quota: Quota | None) -> None:
    assert read_quota(json.dumps(body).encode()) == quota


def test_a_token_is_either_of_two() -> None:
    assert read_token(b'{"token": "abc", "access_token": ""}') == "abc"
    assert read_token(b'{"access_token": "def"}') == "def"


@pytest.mark.parametrize(
    ("link", "path"),
    [
        ('</v2/shop/shop/tags/list?last=v1&n=2>; rel="next"', "/v2/shop/shop/tags/list?last=v1&n=2"),
        ("<https://harbor.example.com/v2/x/tags/list?n=2>; rel=next", "/v2/x/tags/list?n=2"),
        ('</v2/x/tags/list?n=1>; rel="prev" , </v2/x/tags/list?n=2>; rel="next"', "/v2/x/tags/list?n=2"),
        ('</v2/x/tags/list?n=1>; rel="prev"', ""),
        ('</api/v2.0/users>; rel="next"', ""),
        ("", ""),
        ("nonsense", ""),
        ('<http://[/v2/x>; rel="next"', ""),
    ],
)
def test_the_next_page_is_a_path_of_the_registry(link: str, path: str) -> None:
    assert next_page(link) == path


def test_a_challenge_is_read() -> None:
    header = 'Bearer realm="https://a.example.com/token",service="registry",scope="repository:shop/shop:pull"'
    assert read_challenge(header) == Challenge(
        scheme="bearer", realm="https://a.example.com/token", service="registry", scope="repository:shop/shop:pull"
    )
    assert read_challenge('basic realm="x"') == Challenge(scheme="basic", realm="x")
    assert read_challenge("") == Challenge(scheme="")


@pytest.mark.parametrize(
    ("body", "is_so"),
    [(b'{"errors": []}', True), (b"404 page not found", False), (b"[]", False), (b"[" * 100_000, False)],
)
def test_harbors_errors_are_told_from_others(body: bytes, *, is_so: bool) -> None:
    assert is_harbors(body) is is_so


@given(
    st.binary() | st.recursive(st.none() | st.text() | st.integers(), st.lists).map(lambda v: json.dumps(v).encode())
)
def test_readers_return_or_raise_value_error(body: bytes) -> None:
    for reader in (read_artifacts, read_tags, read_quota, read_token):
        try:
            reader(body)
        except ValueError:
            continue


@given(st.text())
def test_headers_of_any_kind_are_read(text: str) -> None:
    assert total(text) >= 0
    assert next_page(f'<{text}>; rel="next"')[:4] in {"", "/v2/"}
    read_challenge(text)

import pytest

from playground.kubernetes.selectors import parse_selector
from playground.kubernetes.store import ApiError, Obj

OBJECT: Obj = {
    "metadata": {"name": "shop", "namespace": "prod", "labels": {"app": "shop", "acme.io/tier": "web", "empty": ""}},
    "status": {"phase": "Running"},
    "involvedObject": {"kind": "Rollout", "name": "shop"},
}


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ("", True),
        (" ", True),
        ("app=shop", True),
        ("app == shop", True),
        ("app=other", False),
        ("absent=shop", False),
        ("app!=other", True),
        ("app!=shop", False),
        ("absent!=shop", True),
        ("empty=", True),
        ("app=", False),
        ("acme.io/tier in (web, db)", True),
        ("acme.io/tier in (db)", False),
        ("absent in (web)", False),
        ("acme.io/tier notin (web,db)", False),
        ("acme.io/tier notin (db)", True),
        ("absent notin (db)", True),
        ("app", True),
        ("absent", False),
        ("!absent", True),
        ("!app", False),
        ("app=shop,acme.io/tier in (web,db),!absent", True),
        ("app=shop,absent", False),
    ],
)
def test_label_selectors_mean_what_they_mean_in_kubernetes(labels: str, *, expected: bool) -> None:
    assert parse_selector(labels).matches(OBJECT) is expected


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("metadata.name=shop", True),
        ("metadata.name==shop,metadata.namespace=prod", True),
        ("metadata.name!=shop", False),
        ("status.phase=Running", True),
        ("involvedObject.kind=Rollout,involvedObject.name=other", False),
    ],
)
def test_field_selectors_compare_fields(fields: str, *, expected: bool) -> None:
    assert parse_selector(fields=fields).matches(OBJECT) is expected


def test_an_object_without_labels_matches_only_negations() -> None:
    bare: Obj = {"metadata": {"name": "bare"}}
    assert parse_selector("!app,app!=shop").matches(bare)
    assert not parse_selector("app").matches(bare)


@pytest.mark.parametrize("labels", ["app=a=b", "in (a)", "app in a", "app=shop,", "app>5", "app in (a", "!"])
def test_label_selectors_that_cannot_be_parsed_are_bad_requests(labels: str) -> None:
    with pytest.raises(ApiError) as refused:
        parse_selector(labels)
    assert refused.value.code == 400


@pytest.mark.parametrize("fields", ["metadata.name", "spec.replicas=2", "=", "metadata.name=a,"])
def test_field_selectors_that_no_server_indexes_are_bad_requests(fields: str) -> None:
    with pytest.raises(ApiError) as refused:
        parse_selector(fields=fields)
    assert refused.value.code == 400

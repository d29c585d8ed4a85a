import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.kubernetes.patches import apply_json_patch, copy_json, merge, same_json
from playground.kubernetes.store import ApiError, Obj

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3),
    max_leaves=12,
)

# The examples of RFC 7386, appendix A.
RFC_7386 = [
    ({"a": "b"}, {"a": "c"}, {"a": "c"}),
    ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
    ({"a": "b"}, {"a": None}, {}),
    ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
    ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
    ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
    ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
    ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
    (["a", "b"], ["c", "d"], ["c", "d"]),
    ({"a": "b"}, ["c"], ["c"]),
    ({"a": "foo"}, None, None),
    ({"a": "foo"}, "bar", "bar"),
    ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
    ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
    ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
]


@pytest.mark.parametrize(("document", "patch", "expected"), RFC_7386)
def test_merge_follows_the_examples_of_the_standard(document: object, patch: object, expected: object) -> None:
    assert merge(document, patch) == expected


@given(JSON, JSON)
def test_merge_changes_neither_argument(document: object, patch: object) -> None:
    before = json.dumps([document, patch])
    merge(document, patch)
    assert json.dumps([document, patch]) == before


@given(JSON)
def test_a_copy_is_the_same_json(value: object) -> None:
    assert same_json(copy_json(value), value)


@pytest.mark.parametrize(
    ("left", "right"), [(True, 1), (1, 1.0), (False, None), ([1], [True]), ({"a": 0}, {"a": False})]
)
def test_json_values_of_different_types_differ(left: object, right: object) -> None:
    assert not same_json(left, right)


DOCUMENT: Obj = {
    "metadata": {"generation": 2, "a/b": {"x": 1}},
    "status": {"index": 1, "list": [1, 2], "nothing": None},
}


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "test", "path": "/metadata/generation", "value": 2},
        {"op": "test", "path": "/metadata/a~1b/x", "value": 1},
        {"op": "test", "path": "/status/controllerPause", "value": None},
        {"op": "test", "path": "/status/controllerPause"},
        {"op": "test", "path": "/status/nothing", "value": None},
        {"op": "test", "path": "/status/list/1", "value": 2},
        {"op": "test", "path": "/status/list", "value": [1, 2]},
        {"op": "test", "path": "/spec", "value": None},
    ],
)
def test_tests_that_hold_change_nothing(operation: Obj) -> None:
    assert apply_json_patch(DOCUMENT, [operation]) == DOCUMENT


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "test", "path": "/metadata/generation", "value": 3},
        {"op": "test", "path": "/metadata/generation", "value": "2"},
        {"op": "test", "path": "/metadata/generation", "value": 2.0},
        {"op": "test", "path": "/status/index", "value": True},
        {"op": "test", "path": "/status/index", "value": None},
        {"op": "test", "path": "/absent/member", "value": None},
        {"op": "test", "path": "/status/list/7", "value": None},
        {"op": "test", "path": "/status/list/-", "value": None},
        {"op": "test", "path": "/status/index/deep", "value": None},
        {"op": "remove", "path": "/status/absent"},
        {"op": "remove", "path": "/status/list/7"},
        {"op": "replace", "path": "/status/absent", "value": 1},
        {"op": "add", "path": "/absent/member", "value": 1},
        {"op": "add", "path": "/status/nothing/member", "value": 1},
        {"op": "add", "path": "/status/index/member", "value": 1},
        {"op": "add", "path": "/status/list/9", "value": 1},
        {"op": "add", "path": "/status/member"},
        {"op": "move", "path": "/status/member"},
        {"op": "copy", "from": "/absent", "path": "/status/member"},
        {"op": "increment", "path": "/status/index", "value": 1},
        {"op": "append", "path": "/status/index", "value": "1"},
        {"path": "/status/index", "value": 1},
        {"op": "replace", "path": "", "value": {}},
        {"op": "replace", "path": "status", "value": {}},
        {"op": "replace", "value": {}},
        {"op": "test", "path": "/status/~2", "value": None},
        {"op": ["test"], "path": "/status/index", "value": 1},
    ],
)
def test_what_does_not_apply_gets_the_one_recorded_answer(operation: Obj) -> None:
    with pytest.raises(ApiError) as refused:
        apply_json_patch(DOCUMENT, [operation])
    assert refused.value.to_status() == {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": "the server rejected our request due to an error in our request",
        "reason": "Invalid",
        "details": {},
        "code": 422,
    }


def test_operations_apply_in_order_and_leave_the_document_alone() -> None:
    before = copy_json(DOCUMENT)
    patched = apply_json_patch(
        DOCUMENT,
        [
            {"op": "add", "path": "/status/new", "value": {"a": 1}},
            {"op": "test", "path": "/status/new/a", "value": 1},
            {"op": "copy", "from": "/status/new", "path": "/status/twin"},
            {"op": "replace", "path": "/status/new/a", "value": 2},
            {"op": "move", "from": "/status/index", "path": "/status/step"},
            {"op": "add", "path": "/status/list/-", "value": 3},
            {"op": "remove", "path": "/status/nothing"},
        ],
    )
    assert patched["status"] == {"list": [1, 2, 3], "new": {"a": 2}, "twin": {"a": 1}, "step": 1}
    assert before == DOCUMENT


@pytest.mark.parametrize("operations", [{"op": "add"}, "text", [1], None])
def test_what_is_no_list_of_operations_is_a_bad_request(operations: object) -> None:
    with pytest.raises(ApiError) as refused:
        apply_json_patch(DOCUMENT, operations)
    assert refused.value.code == 400

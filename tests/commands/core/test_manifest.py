"""Objects of Kubernetes as flat fields: what is read, what is bounded, what of secrets is kept."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands.core import manifest
from commands.core.manifest import Unreadable, read

Obj = dict[str, Any]


def config(**changes: Any) -> Obj:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "shop"}, **changes}


def rollout(spec: Obj) -> Obj:
    return {"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "metadata": {"name": "shop"}, "spec": spec}


def test_fields_have_the_path_that_people_would_write() -> None:
    found = read(
        {
            **rollout(
                {
                    "replicas": 5,
                    "paused": False,
                    "template": {"spec": {"containers": [{"name": "app", "image": "a", "args": ["x", "y"]}]}},
                }
            ),
            "metadata": {
                "name": "shop",
                "namespace": "staging",
                "uid": "not-of-the-chart",
                "labels": {"app.kubernetes.io/name": "shop"},
            },
            "status": {"phase": "Healthy"},
        }
    )
    assert (found.api_version, found.kind, found.name, found.namespace) == (
        "argoproj.io/v1alpha1",
        "Rollout",
        "shop",
        "staging",
    )
    assert found.fields == {
        "metadata.labels[app.kubernetes.io/name]": "shop",
        "spec.replicas": 5,
        "spec.paused": False,
        "spec.template.spec.containers[app].image": "a",
        "spec.template.spec.containers[app].args[0]": "x",
        "spec.template.spec.containers[app].args[1]": "y",
    }


def test_lists_whose_items_have_no_names_of_their_own_are_numbered() -> None:
    twice = [{"name": "a", "value": 1}, {"name": "a", "value": 2}]
    assert set(read(config(env=twice)).fields) == {"env[0].name", "env[0].value", "env[1].name", "env[1].value"}
    assert read(config(rules=[{"host": "x"}])).fields == {"rules[0].host": "x"}
    assert read(config(services=[{"name": "only"}])).fields == {"services[only].name": "only"}


def test_a_step_of_a_canary_is_one_line() -> None:
    steps = [{"setWeight": 20}, {"pause": {}}, {"pause": {"duration": "10m"}}, {"analysis": {"templates": ["a", None]}}]
    found = read(rollout({"strategy": {"canary": {"steps": steps}}}))
    assert list(found.fields.values()) == ["setWeight 20", "pause", "pause duration 10m", "analysis templates a"]
    assert found.members["spec.strategy"] == {"spec.strategy.canary"}


def test_a_step_reads_the_same_whatever_the_order_of_its_keys() -> None:
    one = {"analysis": {"templates": [{"templateName": "a"}], "args": [{"value": "x", "name": "n"}]}}
    other = {"analysis": {"args": [{"name": "n", "value": "x"}], "templates": [{"templateName": "a"}]}}
    found = [read(rollout({"strategy": {"canary": {"steps": [step]}}})).fields for step in (one, other)]
    assert found[0] == found[1]


def test_what_yaml_makes_of_odd_values_is_text_and_nothing_is_nothing() -> None:
    assert read(config(data={"day": date(2026, 1, 5), "none": None, "half": 0.5})).fields == {
        "data.day": "2026-01-05",
        "data.half": 0.5,
    }


def test_of_a_secret_nothing_but_its_name_is_kept() -> None:
    found = read({**config(data={"password": "aHVudGVyMg=="}), "kind": "Secret"})
    assert found.is_secret
    assert (found.fields, found.members) == ({}, {})
    assert "aHVudGVyMg" not in repr(found)


@pytest.mark.parametrize(
    "document",
    [
        [],
        "text",
        None,
        {},
        {"apiVersion": "v1", "kind": "ConfigMap"},
        config(kind="../secrets"),
        config(kind=7),
        config(apiVersion="v1/../../x"),
        config(metadata={"name": "../shop"}),
        config(metadata="shop"),
    ],
)
def test_what_is_no_object_is_refused(document: object) -> None:
    with pytest.raises(Unreadable):
        read(document)


def nested(depth: int) -> Obj:
    inner: Obj = {}
    for _ in range(depth):
        inner = {"x": inner}
    return inner


@pytest.mark.parametrize(
    "data",
    [
        {str(index): 0 for index in range(manifest.MAX_NODES + 1)},
        [0] * (manifest.MAX_NODES + 1),
        nested(manifest.MAX_DEPTH + 1),
        {"x" * manifest.MAX_PATH: {"y": 0}},
        {"big": 10**5000},
    ],
)
def test_what_is_too_large_or_too_deep_is_refused(data: object) -> None:
    with pytest.raises(Unreadable, match="larger"):
        read(config(data=data))


def bomb() -> object:
    level: list[object] = ["x"]
    for _ in range(30):
        level = [level, level]
    return level


@pytest.mark.parametrize("step", [bomb(), [0] * 10_000, {"x": 10**5000}])
def test_a_bomb_costs_no_more_than_any_other_document(step: object) -> None:
    with pytest.raises(Unreadable):
        read(rollout({"strategy": {"canary": {"steps": [{"setWeight": step}]}}}))
    with pytest.raises(Unreadable):
        read(config(data={"x": step}))


keys = st.one_of(st.text(max_size=5), st.integers(), st.booleans(), st.none(), st.sampled_from(["name", "data"]))
leaves = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.dates())
trees = st.recursive(
    leaves,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(keys, inner, max_size=4)),
    max_leaves=20,
)


@given(trees, st.dictionaries(keys, trees, max_size=4))
def test_whatever_a_chart_makes_is_read_or_refused(spec: object, other: Obj) -> None:
    for document in (spec, other, config(spec=spec, data=other), rollout({"strategy": {"canary": {"steps": spec}}})):
        try:
            found = read(document)
        except Unreadable:
            continue
        assert len(found.fields) <= manifest.MAX_NODES

"""What would change in an object: found where it is there, silent where it is not, and never a secret in it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands.core import changes
from commands.core.changes import UNKNOWN_DIGEST, Change, ChangeKind, compare, conceal
from commands.core.manifest import Manifest, read

Obj = dict[str, Any]
PLANTED = "hunter2-planted"


def made(spec: Obj, *, kind: str = "Rollout", **others: Any) -> Manifest:
    return read({"apiVersion": "v1", "kind": kind, "metadata": {"name": "shop"}, "spec": spec, **others})


def differ(wanted: Obj, live: Obj) -> list[tuple[ChangeKind, str, str, str]]:
    found = compare(made(wanted), made(live))
    return [(each.kind, each.path, each.before, each.after) for each in found]


def env(name: str, value: str) -> Obj:
    return {"template": {"spec": {"containers": [{"name": "app", "env": [{"name": name, "value": value}]}]}}}


def test_what_the_cluster_adds_is_no_change() -> None:
    assert differ({"replicas": 5}, {"replicas": 5, "progressDeadlineSeconds": 600}) == []


def test_an_empty_text_may_be_left_out_and_a_zero_or_a_no_may_not() -> None:
    assert differ({"value": ""}, {}) == []
    assert differ({"delay": 0, "auto": False}, {}) == [
        (ChangeKind.ADDED, "spec.delay", "", "0"),
        (ChangeKind.ADDED, "spec.auto", "", "false"),
    ]


def test_values_that_differ_are_shown_with_both_sides() -> None:
    assert differ({"replicas": 5, "paused": True}, {"replicas": 4, "paused": False}) == [
        (ChangeKind.CHANGED, "spec.replicas", "4", "5"),
        (ChangeKind.CHANGED, "spec.paused", "false", "true"),
    ]


def test_what_is_not_there_is_added_and_what_a_list_no_longer_holds_is_removed() -> None:
    live = {"strategy": {"canary": {"steps": [{"setWeight": 20}, {"pause": {}}, {"setWeight": 50}]}}}
    wanted = {"strategy": {"canary": {"maxSurge": 1, "steps": [{"setWeight": 25}, {"pause": {}}]}}}
    assert differ(wanted, live) == [
        (ChangeKind.ADDED, "spec.strategy.canary.maxSurge", "", "1"),
        (ChangeKind.CHANGED, "spec.strategy.canary.steps[0]", "setWeight 20", "setWeight 25"),
        (ChangeKind.REMOVED, "spec.strategy.canary.steps[2]", "", ""),
    ]


def test_a_changed_strategy_takes_the_old_one_away() -> None:
    found = differ({"strategy": {"blueGreen": {"activeService": "shop"}}}, {"strategy": {"canary": {"maxSurge": 1}}})
    assert (ChangeKind.REMOVED, "spec.strategy.canary", "", "") in found


@pytest.mark.parametrize(
    ("wanted", "live"), [("1000m", "1"), ("1Gi", "1024Mi"), ("0.5", "500m"), (1, "1"), ("1k", 1000), ("1E", "1000P")]
)
def test_amounts_are_the_same_however_they_are_written(wanted: object, live: object) -> None:
    assert differ({"resources": {"limits": {"cpu": wanted}}}, {"resources": {"limits": {"cpu": live}}}) == []


@pytest.mark.parametrize(
    ("wanted", "live"), [("2", "1"), ("x", "1"), ("1", "x"), ("1.5.0", "1.5"), (True, "1"), (1, True)]
)
def test_other_amounts_differ(wanted: object, live: object) -> None:
    assert len(differ({"resources": {"limits": {"cpu": wanted}}}, {"resources": {"limits": {"cpu": live}}})) == 1


def test_a_number_and_its_text_are_the_same_and_an_amount_is_one_only_where_amounts_are() -> None:
    assert differ({"port": "8080"}, {"port": 8080}) == []
    assert len(differ({"port": "1000m"}, {"port": "1"})) == 1


def test_what_differs_with_every_deployment_is_no_change() -> None:
    def labelled(number: str, by: str) -> Manifest:
        notes = {"labels": {"slipway/deployment": number}, "annotations": {"slipway/requester": by}}
        return read({"apiVersion": "v1", "kind": "Rollout", "metadata": {"name": "shop", **notes}})

    assert compare(labelled("0", "alice"), labelled("141", "bob")) == ()


def test_a_digest_is_shown_short_and_one_that_is_not_known_as_such() -> None:
    old, new = "sha256:" + "ab" * 32, UNKNOWN_DIGEST
    assert differ({"image": f"shop@{new}"}, {"image": f"shop@{old}"}) == [
        (ChangeKind.CHANGED, "spec.image", "shop@sha256:abababababab…", "shop@sha256:…")
    ]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DB_PASSWORD", PLANTED),
        ("API_KEY", PLANTED),
        ("SIGNING_CERT", PLANTED),
        ("auth", PLANTED),
        ("GITHUB_TOKEN", PLANTED),
    ],
)
def test_variables_whose_names_look_like_secrets_are_hidden(name: str, value: str) -> None:
    for before, after in ((value, "other"), ("other", value)):
        (change,) = compare(made(env(name, after)), made(env(name, before)))
        assert (change.kind, change.before, change.after) == (ChangeKind.HIDDEN, "", "")
    new = compare(made(env(name, value)), made({}))
    assert PLANTED not in repr(new)


@pytest.mark.parametrize(
    "value",
    [
        f"postgres://shop:{PLANTED}@db/shop",
        f"--password={PLANTED}",
        f"token: {PLANTED};x",
        f"xoxb-{PLANTED}",
        f"eyJhbGciOi.eyJ1c2VyIjox.{PLANTED}",
        f"-----BEGIN PRIVATE KEY----- {PLANTED}",
    ],
)
def test_what_looks_like_a_secret_inside_a_value_is_hidden(value: str) -> None:
    (change,) = compare(made({"note": value}), made({"note": "none"}))
    assert change.kind is ChangeKind.CHANGED
    assert PLANTED not in repr(change)
    assert "•••" in change.after
    assert PLANTED not in conceal(value)


def test_a_change_of_nothing_but_a_secret_says_so() -> None:
    (change,) = compare(made({"note": "db://a:one@x"}), made({"note": "db://a:two@x"}))
    assert change == Change(path="spec.note", kind=ChangeKind.HIDDEN)


def test_a_flag_is_never_a_secret() -> None:
    (change,) = compare(made({"automountServiceAccountToken": False}), made({"automountServiceAccountToken": True}))
    assert (change.before, change.after) == ("true", "false")


def test_a_text_of_several_lines_is_counted_not_shown() -> None:
    files = {"data": {"app.yaml": "a: 1\nb: 2\n"}}
    live = {"data": {"app.yaml": "a: 1\n", "old.yaml": "x: 1"}}
    found = compare(made({}, kind="ConfigMap", **files), made({}, kind="ConfigMap", **live))
    assert [(each.kind, each.before, each.after) for each in found] == [
        (ChangeKind.TEXT, "1", "2"),
        (ChangeKind.REMOVED, "", ""),
    ]


def test_long_texts_are_shortened_to_where_they_differ() -> None:
    (change,) = compare(made({"note": "a" * 200 + "new"}), made({"note": "a" * 200 + "old" + "b" * 100}))
    assert change.before.startswith("…a")
    assert "old" in change.before
    assert change.before.endswith("…")
    assert change.after.endswith("new")
    assert max(len(change.before), len(change.after)) <= changes.SHOWN + 2
    (short,) = compare(made({"note": "new"}), made({"note": "o" * 200}))
    assert (short.before[0], short.after) == ("o", "new")


leaves = st.one_of(st.booleans(), st.integers(-9, 9), st.text(max_size=4), st.sampled_from(["1", "1000m", "1Ki"]))
specs = st.recursive(
    st.dictionaries(st.text("abc", min_size=1, max_size=3), leaves, max_size=3),
    lambda inner: st.one_of(
        st.dictionaries(st.sampled_from(["limits", "data", "x"]), inner, max_size=3),
        st.fixed_dictionaries({"list": st.lists(inner, max_size=3)}),
    ),
    max_leaves=8,
)


@given(specs, specs)
def test_nothing_changes_in_what_is_the_same_and_no_change_says_nothing(one: Obj, other: Obj) -> None:
    assert compare(made(one), made(one)) == ()
    for change in compare(made(one), made(other)):
        assert change.path
        if change.kind is ChangeKind.CHANGED:
            assert change.before != change.after

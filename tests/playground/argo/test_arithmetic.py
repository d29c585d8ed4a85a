"""The pure parts: replica counts, hashes, durations, phases, conditions, dependencies, parameters, locks, releases."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.argo import conditions, depends, names, phase, weights, workflow_spec
from playground.argo.conditions import Condition
from playground.argo.locks import Locks
from playground.argo.names import Obj
from playground.argo.weights import Count, Room

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("replicas", "weight", "expected"),
    [
        (4, 25, (1, 3)),
        (2, 25, (1, 2)),  # recorded: one of three is nearer to a quarter than one of two
        (6, 25, (2, 5)),  # recorded: one pod more than asked for at most, although surge would allow two
        (5, 20, (1, 4)),
        (1, 50, (1, 1)),
        (3, 0, (0, 3)),
        (3, 100, (3, 0)),
        (0, 50, (0, 0)),
    ],
)
def test_counts_come_as_near_to_a_weight_as_one_more_pod_allows(
    replicas: int, weight: int, expected: tuple[int, int]
) -> None:
    assert weights.nearest(replicas, weight, surge=1) == expected


def test_without_surge_the_counts_stay_within_the_replicas() -> None:
    assert weights.nearest(2, 25, surge=0) == (1, 1)
    assert weights.nearest(1, 50, surge=0) == (1, 0)


@pytest.mark.parametrize(
    ("strategy", "replicas", "expected"),
    [
        ({"maxSurge": "25%", "maxUnavailable": 0}, 4, (1, 0)),
        ({"maxSurge": "25%", "maxUnavailable": 0}, 5, (2, 0)),
        ({"maxSurge": 0, "maxUnavailable": 0}, 4, (0, 1)),
        ({}, 4, (1, 1)),
    ],
)
def test_limits_are_read_as_pods(strategy: Obj, replicas: int, expected: tuple[int, int]) -> None:
    assert weights.limits(strategy, replicas) == expected


counts = st.integers(0, 8).flatmap(lambda n: st.builds(Count, st.just(n), st.integers(0, n)))


@given(new=counts, stable=counts, old=st.integers(0, 4), replicas=st.integers(1, 8), weight=st.integers(0, 100))
def test_no_step_exceeds_the_surge_or_takes_what_must_stay_available(
    new: Count, stable: Count, old: int, replicas: int, weight: int
) -> None:
    room = Room(new, stable, old, replicas, surge=1, unavailable=0)

    to_new, to_stable = weights.advance(room, weights.nearest(replicas, weight, 1))

    before = new.wanted + stable.wanted + old
    assert to_new + to_stable + old <= max(before, replicas + 1)
    taken = max(0, new.wanted - to_new) + max(0, stable.wanted - to_stable)
    if taken and new.available + stable.available >= replicas:
        left = min(to_new, new.available) + min(to_stable, stable.available)
        unready = (new.wanted - new.available) + (stable.wanted - stable.available)
        assert left + unready >= replicas


@given(replicas=st.integers(1, 12), weight=st.integers(0, 100))
def test_pods_that_become_ready_lead_to_the_target(replicas: int, weight: int) -> None:
    target, new, stable = weights.nearest(replicas, weight, 1), 0, replicas

    for _ in range(3 * replicas):
        room = Room(Count(new, new), Count(stable, stable), 0, replicas, surge=1, unavailable=0)
        new, stable = weights.advance(room, target)

    assert (new, stable) == target


def test_node_numbers_are_those_of_argo() -> None:
    assert names.fnv32a("workflow-happy.checkout") == 2590552095
    assert names.fnv32a("workflow-stop.onExit") == 375471950


@pytest.mark.parametrize(
    ("text", "seconds"), [("5s", 5), ("10m", 600), ("1h30m", 5400), (30, 30), ("30", 30), ("500ms", 0.5), ("?", 0)]
)
def test_durations_are_read_as_specs_write_them(text: object, seconds: float) -> None:
    assert names.seconds_of(text) == seconds


@given(st.dictionaries(st.text(max_size=2), st.integers() | st.dictionaries(st.text(max_size=2), st.integers())))
def test_a_difference_leads_from_one_object_to_the_other(new: dict[str, Any]) -> None:
    from playground.kubernetes.patches import merge

    old = {"a": 1, "b": {"c": 2}}

    assert merge(old, names.difference(old, new)) == new


def spec(**more: Any) -> Obj:
    return {"replicas": 2, "strategy": {"canary": {}}, **more}


def told(kind: str, reason: str, message: str) -> list[Obj]:
    status: Obj = {}
    conditions.put(status, Condition(kind, "False", reason, message), NOW)
    entries: list[Obj] = status["conditions"]
    return entries


FULL = {"replicas": 2, "updatedReplicas": 2, "availableReplicas": 2, "stableRS": "b", "currentPodHash": "b"}
GREEN: Obj = {"strategy": {"blueGreen": {}}}


@pytest.mark.parametrize(
    ("more", "status", "expected"),
    [
        ({}, {"conditions": told("InvalidSpec", "InvalidSpec", "no")}, ("Degraded", "InvalidSpec: no")),
        ({}, {"conditions": told("Progressing", "RolloutAborted", "x")}, ("Degraded", "RolloutAborted: x")),
        ({"paused": True}, {"pauseConditions": [{"reason": "CanaryPauseStep"}]}, ("Paused", "manually paused")),
        ({}, {"pauseConditions": [{"reason": "CanaryPauseStep"}]}, ("Paused", "CanaryPauseStep")),
        ({"restartAt": "t"}, FULL, ("Progressing", "rollout is restarting")),
        ({}, {"updatedReplicas": 1}, ("Progressing", "more replicas need to be updated")),
        ({}, FULL | {"availableReplicas": 1}, ("Progressing", "updated replicas are still becoming available")),
        ({}, FULL | {"replicas": 3}, ("Progressing", "old replicas are pending termination")),
        ({}, FULL | {"stableRS": "a"}, ("Progressing", "waiting for all steps to complete")),
        (GREEN, FULL | {"blueGreen": {"activeSelector": "a"}}, ("Progressing", "active service cutover pending")),
        (
            GREEN,
            FULL | {"blueGreen": {"activeSelector": "b"}, "stableRS": "a"},
            ("Progressing", "waiting for post-promotion verification to complete"),
        ),
        (GREEN, FULL | {"blueGreen": {"activeSelector": "b"}}, ("Healthy", "")),
        ({}, FULL, ("Healthy", "")),
    ],
)
def test_the_phase_says_what_the_rollout_waits_for(more: Obj, status: Obj, expected: tuple[str, str]) -> None:
    assert phase.phase_of(spec(**more), status) == expected


def test_a_condition_keeps_its_time_until_its_status_changes() -> None:
    status: Obj = {}
    later = NOW + timedelta(minutes=1)
    conditions.put(status, Condition("Progressing", "True", "A", "a"), NOW)

    assert not conditions.put(status, Condition("Progressing", "True", "A", "other words"), later)
    assert conditions.put(status, Condition("Progressing", "True", "B", "b"), later)

    entry = conditions.find(status, "Progressing")
    assert entry is not None
    assert entry["lastTransitionTime"] == "2026-01-02T03:04:05Z"
    assert entry["lastUpdateTime"] == "2026-01-02T03:05:05Z"


@pytest.mark.parametrize(
    ("task", "phases", "due", "met"),
    [
        ({"dependencies": ["a"]}, {}, False, False),
        ({"dependencies": ["a"]}, {"a": "Running"}, False, False),
        ({"dependencies": ["a"]}, {"a": "Succeeded"}, True, True),
        ({"dependencies": ["a"]}, {"a": "Failed"}, True, False),
        ({"depends": "a && b"}, {"a": "Succeeded", "b": "Omitted"}, True, False),
        ({"depends": "a.Failed || b"}, {"a": "Failed", "b": "Failed"}, True, True),
        ({"depends": "a && (b.Failed || b.Succeeded)"}, {"a": "Skipped", "b": "Failed"}, True, True),
        ({"depends": "!a"}, {"a": "Failed"}, True, True),
        ({"depends": "a.Errored"}, {"a": "Error"}, True, True),
        ({"depends": "build-image"}, {"build-image": "Succeeded"}, True, True),
        ({}, {}, True, True),
    ],
)
def test_a_task_starts_when_what_it_depends_on_holds(task: Obj, phases: dict[str, str], due: bool, met: bool) -> None:  # noqa: FBT001  # a table
    assert depends.is_due(task, phases) is due
    assert depends.is_met(task, phases) is met


def workflow(**more: Any) -> Obj:
    return {"metadata": {"name": "w", "namespace": "n", "uid": "u"}, "spec": more}


def parameters(**values: str | None) -> Obj:
    entries = [{"name": key} | ({} if value is None else {"value": value}) for key, value in values.items()]
    return {"parameters": entries}


def test_parameters_of_the_workflow_win_over_those_of_its_template() -> None:
    base = {"spec": {"entrypoint": "m", "templates": [{"name": "m"}], "arguments": parameters(app=None, env="test")}}
    own = workflow(workflowTemplateRef={"name": "t"}, arguments=parameters(app="shop"))

    merged = workflow_spec.resolve(own, base)

    assert isinstance(merged, dict)
    assert merged["arguments"] == parameters(app="shop", env="test")
    assert workflow_spec.mutexes(
        own, merged | {"synchronization": {"mutexes": [{"name": "d-{{workflow.parameters.app}}"}]}}
    ) == ["n/Mutex/d-shop"]


def test_an_unknown_reference_stays_as_it_is() -> None:
    assert (
        workflow_spec.fill("{{tasks.x.outputs.parameters.y}} {{a}}", {"a": "1"}) == "{{tasks.x.outputs.parameters.y}} 1"
    )


def test_locks_go_to_those_who_wait_in_the_order_in_which_they_came() -> None:
    locks, one, two, three = Locks(), ("n", "one"), ("n", "two"), ("n", "three")

    assert locks.take(["m"], one) is None
    assert locks.take(["m"], two) == ("m", one)
    assert locks.take(["m"], three) == ("m", one)
    assert locks.free(one) == [two]
    assert locks.take(["m"], three) == ("m", two)
    assert locks.take(["m"], two) is None


def test_a_waiting_one_that_gives_up_holds_up_nobody() -> None:
    locks, one, two, three = Locks(), ("n", "one"), ("n", "two"), ("n", "three")
    for key in (one, two, three):
        locks.take(["m"], key)

    locks.free(two)

    assert locks.free(one) == [three]
    assert locks.take(["m"], three) is None

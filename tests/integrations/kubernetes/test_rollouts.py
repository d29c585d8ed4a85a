"""Rollouts and ReplicaSets as the real controller wrote them, replayed event by event through the translation."""

import copy
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands.core.observed import CanaryStepKind, Pause, PauseReason, Replicas, RolloutPhase, RolloutSnapshot, Strategy
from integrations.kubernetes.rollouts import (
    ReplicaSetView,
    project_replica_set,
    project_rollout,
    snapshot_of,
)
from integrations.kubernetes.steps import canary_steps, seconds_of
from tests.recordings import FOLDER, objects

Obj = dict[str, Any]
ROLLOUTS = sorted(path.stem for path in FOLDER.glob("*.jsonl") if not path.stem.startswith("workflow"))

# phase, step, weight asked for, pause reason, and whether it counts as aborted, done, or about an older template.
SEQUENCES = {
    "canary-happy": """
        progressing -/6 25% stale
        progressing 0/6 25%
        progressing 6/6 100%
        healthy 6/6 100% done
        progressing 6/6 100% stale
        progressing 0/6 25%
        progressing 1/6 25%
        paused 1/6 25% step
        progressing 1/6 25%
        progressing 2/6 50%
        progressing 3/6 50%
        paused 3/6 50% step
        progressing 4/6 75%
        progressing 5/6 75%
        paused 5/6 75% step
        progressing 5/6 75%
        progressing 6/6 100%
        healthy 6/6 100% done
    """,
    "canary-abort": """
        progressing -/6 25% stale
        progressing 0/6 25% stale
        progressing 6/6 100% stale
        progressing 6/6 100%
        healthy 6/6 100% done
        progressing 6/6 100% stale
        progressing 0/6 25%
        progressing 1/6 25%
        paused 1/6 25% step
        paused 1/6 0% step aborted
        degraded 0/6 0% aborted
        degraded 0/6 25%
        progressing 0/6 25%
        progressing 1/6 25%
        paused 1/6 25% step
        paused 1/6 0% step aborted
        degraded 0/6 0% aborted
        progressing 0/6 0% aborted stale
        healthy 6/6 100% done
    """,
    "rolling": """
        progressing 100% stale
        progressing 100%
        healthy 100% done
        progressing 100% stale
        progressing 100%
        healthy 100% done
        progressing 100% stale
        progressing 100%
        progressing 0% aborted
        degraded 0% aborted
        progressing 0% aborted stale
        healthy 100% done
    """,
    "bluegreen-first-and-upgrade": """
        progressing 0% stale
        progressing 0%
        healthy 100% done
        progressing 100% stale
        progressing 0%
        paused 0% green
        progressing 0%
        healthy 100% done
        progressing 100% stale
        progressing 0%
        healthy 100% done
        progressing 100% stale
        progressing 0%
        paused 0% green
    """,
    "canary-superseded": """
        progressing -/6 25% stale
        progressing 0/6 25%
        progressing 6/6 100%
        healthy 6/6 100% done
        progressing 6/6 100% stale
        progressing 0/6 25%
        progressing 1/6 25%
        paused 1/6 25% step
        progressing 1/6 25% stale
        paused 1/6 25% step stale
        progressing 0/6 25%
        progressing 1/6 25%
        paused 1/6 25% step
        progressing 1/6 25%
        progressing 2/6 50%
        progressing 3/6 50%
        paused 3/6 50% step
        progressing 3/6 50% stale
        paused 3/6 50% step stale
        progressing 0/6 25%
        progressing 1/6 25%
        paused 1/6 25% step
    """,
    "canary-manual-pause": """
        progressing -/4 50% stale
        progressing 0/4 50%
        progressing 4/4 100%
        healthy 4/4 100% done
        progressing 4/4 100% stale
        progressing 0/4 50%
        progressing 0/4 50% stale
        paused 0/4 50% manual
        progressing 0/4 50% stale
        progressing 0/4 50%
        progressing 1/4 50%
        paused 1/4 50% step
        progressing 1/4 50% stale
        paused 1/4 50% manual
        progressing 1/4 50%
        paused 1/4 50% manual
        progressing 1/4 50% stale
        progressing 1/4 50%
        paused 1/4 50% step
        progressing 1/4 50% stale
        paused 1/4 50% manual
        progressing 1/4 50% stale
        paused 1/4 50% step
        progressing 1/4 50%
        progressing 2/4 75%
        progressing 3/4 75%
        paused 3/4 75% step
        progressing 4/4 100%
        healthy 4/4 100% done
        progressing 4/4 100% stale
        paused 4/4 100% manual
        progressing 4/4 100% stale
        paused 0/4 50% manual
        progressing 0/4 50% stale
        progressing 0/4 50%
        progressing 1/4 50%
        paused 1/4 50% step
    """,
    "recreate": """
        progressing 100% stale
        progressing 100%
        healthy 100% done
        progressing 100% stale
        healthy 100% done
        progressing 100% stale
        progressing 100%
        healthy 100% done
    """,
}


def replay(name: str) -> Iterator[tuple[Obj, dict[str, Obj], RolloutSnapshot]]:
    """Yield the Rollout, its ReplicaSets and their snapshot after each event."""
    rollout: Obj | None = None
    sets: dict[str, Obj] = {}
    for kind, change, obj in objects(name, "rollouts", "replicasets"):
        if kind == "rollouts":
            rollout = None if change == "DELETED" else obj
        elif change == "DELETED":
            sets.pop(obj["metadata"]["name"], None)
        else:
            sets[obj["metadata"]["name"]] = obj
        if rollout is not None:
            yield rollout, sets, snapshot(rollout, *sets.values())


def snapshot(rollout: Obj, *sets: Obj) -> RolloutSnapshot:
    return snapshot_of(project_rollout(rollout), views(*sets))


def views(*sets: Obj) -> list[ReplicaSetView]:
    return [view for each in sets if (view := project_replica_set(each)) is not None]


def moment_of(name: str, phase: RolloutPhase, **values: Any) -> tuple[Obj, list[Obj]]:
    """Return copies of what was there when the snapshot first was like this."""
    for rollout, sets, seen in replay(name):
        if seen.phase is phase and seen.is_current and all(getattr(seen, key) == each for key, each in values.items()):
            return copy.deepcopy(rollout), copy.deepcopy(list(sets.values()))
    raise AssertionError(f"{name} never was {phase} with {values}")


def in_words(seen: RolloutSnapshot) -> str:
    index = "-" if seen.step_index is None else seen.step_index
    parts = [
        seen.phase.lower(),
        f"{index}/{len(seen.steps)}" if seen.steps else "",
        f"{seen.weight}%",
        seen.pause.reason if seen.pause else "",
        "aborted" if seen.is_aborted else "",
        "done" if seen.is_done else "",
        "" if seen.is_current else "stale",
    ]
    return " ".join(filter(None, parts))


@pytest.mark.parametrize("name", SEQUENCES)
def test_tells_the_story_of_a_recording(name: str) -> None:
    told: list[str] = []
    for _, _, seen in replay(name):
        words = in_words(seen)
        if not told or told[-1] != words:
            told.append(words)
    assert told == [words.strip() for words in SEQUENCES[name].strip().splitlines()]


@pytest.mark.parametrize("name", ROLLOUTS)
def test_never_says_done_early_nor_takes_an_old_pause_for_a_new_one(name: str) -> None:
    for rollout, sets, seen in replay(name):
        status = rollout.get("status", {})
        images = [each["image"] for each in rollout["spec"]["template"]["spec"]["containers"]]
        current = [
            [container["image"] for container in each["spec"]["template"]["spec"]["containers"]]
            for each in sets.values()
            if each["metadata"]["labels"]["rollouts-pod-template-hash"] == status.get("currentPodHash")
        ]
        is_newest = current == [images] and status["observedGeneration"] == str(rollout["metadata"]["generation"])
        if seen.is_current:
            assert is_newest
        if seen.is_done:
            assert status["phase"] == "Healthy"
            assert status["stableRS"] == status["currentPodHash"]
            assert status["availableReplicas" if rollout["spec"]["replicas"] else "phase"]
        if seen.pause is not None:
            assert status["phase"] == "Paused"


@pytest.mark.parametrize("name", [name for name in ROLLOUTS if name != "deleted-while-paused"])
def test_ends_up_current(name: str) -> None:
    *_, (_, _, last) = replay(name)
    assert last.is_current


def test_the_first_event_after_a_release_on_top_of_a_pause_is_stale_until_the_hash_changes() -> None:
    stale = [
        seen
        for rollout, _, seen in replay("canary-superseded")
        if seen.phase is RolloutPhase.PAUSED and str(rollout["metadata"]["generation"]) == seen.observed_generation
        if not seen.is_current
    ]
    assert {seen.generation for seen in stale} == {3, 4}
    assert all(seen.pause is not None for seen in stale)


def test_a_replica_set_that_arrives_after_its_rollout_makes_it_current() -> None:
    rollout, sets = moment_of("canary-happy", RolloutPhase.PROGRESSING, step_index=0)
    newest = sets.pop()
    assert not snapshot(rollout, *sets).is_current
    assert snapshot(rollout, *sets, newest).is_current


def test_an_image_alone_does_not_make_it_current_when_the_variables_differ() -> None:
    rollout, sets = moment_of("canary-happy", RolloutPhase.PAUSED, step_index=1)
    container = rollout["spec"]["template"]["spec"]["containers"][0]
    container["env"] = [{"name": "VERSION", "value": "v2"}]
    assert not snapshot(rollout, *sets).is_current
    for each in sets:
        each["spec"]["template"]["spec"]["containers"][0]["env"] = [{"name": "VERSION", "value": "v2"}]
    assert snapshot(rollout, *sets).is_current


def test_an_older_revision_is_not_current_even_with_the_same_containers() -> None:
    rollout, sets = moment_of("canary-happy", RolloutPhase.PAUSED, step_index=1)
    rollout["metadata"]["annotations"]["rollout.argoproj.io/revision"] = "3"
    assert not snapshot(rollout, *sets).is_current


def test_a_rollout_without_a_template_of_its_own_is_judged_by_the_revision() -> None:
    rollout, sets = moment_of("canary-happy", RolloutPhase.PAUSED, step_index=1)
    del rollout["spec"]["template"]
    assert snapshot(rollout, *sets).is_current
    assert snapshot(rollout, *sets).image == ""


def test_replica_sets_of_a_deleted_namesake_do_not_count() -> None:
    rollout, sets = moment_of("canary-happy", RolloutPhase.PAUSED, step_index=1)
    rollout["metadata"]["uid"] = "another"
    seen = snapshot(rollout, *sets)
    assert not seen.is_current
    assert seen.new == seen.old == Replicas()


def test_replica_sets_of_deployments_are_left_out() -> None:
    _, sets = moment_of("canary-happy", RolloutPhase.PAUSED, step_index=1)
    sets[0]["metadata"]["ownerReferences"][0]["kind"] = "Deployment"
    assert project_replica_set(sets[0]) is None


def test_a_canary_at_its_first_pause_is_seen_whole() -> None:
    rollout, sets = moment_of("canary-happy", RolloutPhase.PAUSED, step_index=1)
    rollout["metadata"]["labels"] = {"slipway/deployment": "142"}
    rollout["metadata"]["annotations"] |= {"slipway/version": "v2", "slipway/strategy": "canary"}
    seen = snapshot(rollout, *sets)
    assert (seen.deployment, seen.version, seen.image) == (142, "v2", "registry.local/app:v2")
    assert (seen.strategy, seen.desired) == (Strategy.CANARY, 4)
    assert (seen.weight, seen.actual_weight, seen.next_weight) == (25, 25, 50)
    assert (seen.new, seen.old) == (Replicas(1, 1), Replicas(3, 3))
    assert seen.current_hash != seen.stable_hash
    assert seen.pause == Pause(
        reason=PauseReason.STEP,
        since=datetime(2026, 11, 23, 14, 33, 40, tzinfo=UTC),
        since_text="2026-11-23T14:33:40Z",
    )


def test_a_timed_pause_says_when_it_ends() -> None:
    rollout, sets = moment_of("canary-happy", RolloutPhase.PAUSED, step_index=3)
    pause = snapshot(rollout, *sets).pause
    assert pause is not None
    assert pause.since is not None
    assert pause.until == pause.since + timedelta(seconds=5)


def test_a_green_that_switches_by_itself_says_when() -> None:
    rollout, sets = moment_of("bluegreen-auto-promotion", RolloutPhase.PAUSED)
    pause = snapshot(rollout, *sets).pause
    assert pause is not None
    assert pause.reason is PauseReason.GREEN
    assert pause.since is not None
    assert pause.until == pause.since + timedelta(seconds=5)
    del rollout["spec"]["strategy"]["blueGreen"]["autoPromotionSeconds"]
    untimed = snapshot(rollout, *sets).pause
    assert untimed is not None
    assert untimed.until is None


def test_a_green_is_counted_by_its_own_replica_set() -> None:
    rollout, sets = moment_of("bluegreen-first-and-upgrade", RolloutPhase.PAUSED)
    seen = snapshot(rollout, *sets)
    assert (seen.new, seen.old) == (Replicas(2, 2), Replicas(2, 2))
    assert seen.preview_hash == seen.current_hash
    assert seen.active_hash == seen.stable_hash


def test_an_inconclusive_analysis_is_its_own_kind_of_pause() -> None:
    rollout, sets = moment_of("canary-analysis-inconclusive", RolloutPhase.PAUSED)
    pause = snapshot(rollout, *sets).pause
    assert pause is not None
    assert pause.reason is PauseReason.INCONCLUSIVE


def test_an_aborted_rollout_has_weight_zero_and_its_message() -> None:
    rollout, sets = moment_of("canary-abort", RolloutPhase.DEGRADED)
    seen = snapshot(rollout, *sets)
    assert seen.is_aborted
    assert seen.weight == 0
    assert seen.message.startswith("RolloutAborted")


@pytest.mark.parametrize(
    ("recording", "reason"),
    [
        ("canary-abort", ""),
        ("bluegreen-abort", ""),
        ("canary-analysis-failed", "Step-based analysis phase error/failed: "),
        ("canary-background-analysis-failed", "Background analysis phase error/failed: "),
        ("bluegreen-prepromotion-analysis-failed", "Blue/green pre-promotion analysis phase error/failed: "),
        ("canary-crashloop-deadline-abort", "ReplicaSet "),
    ],
)
def test_an_abort_by_the_controller_has_a_reason_and_one_by_somebody_has_none(recording: str, reason: str) -> None:
    seen = [each for _, _, each in replay(recording) if each.is_aborted and each.phase is RolloutPhase.DEGRADED]
    assert seen
    assert all(each.abort_reason.startswith(reason) and bool(each.abort_reason) is bool(reason) for each in seen)


def test_a_traffic_router_tells_the_actual_weight() -> None:
    rollout, sets = moment_of("canary-happy", RolloutPhase.PAUSED, step_index=1)
    rollout["status"]["canary"] = {"weights": {"canary": {"weight": 7}}}
    assert snapshot(rollout, *sets).actual_weight == 7


def test_the_router_is_told_by_the_spec() -> None:
    rollout, sets = moment_of("canary-happy", RolloutPhase.PAUSED, step_index=1)
    assert not snapshot(rollout, *sets).has_router
    rollout["spec"]["strategy"]["canary"]["trafficRouting"] = {"nginx": {}}
    assert snapshot(rollout, *sets).has_router


def test_a_restart_is_told_until_it_is_done() -> None:
    told = [seen.restarting_since for _, _, seen in replay("canary-restart")]
    changes = [each for each, before in zip(told, ["", *told], strict=False) if each != before]
    assert changes[0].endswith("Z")
    assert changes[1:] == [""]


def test_images_that_are_still_there_are_told_with_the_newest_first() -> None:
    *_, (_, _, seen) = replay("canary-superseded")
    assert seen.kept_images == tuple(f"registry.local/app:{version}" for version in ("v4", "v3", "v2", "v1"))


def test_the_version_before_a_switch_says_until_when_it_stands() -> None:
    seen = [seen for _, _, seen in replay("bluegreen-first-and-upgrade")]
    until = [each.old_until for each in seen if each.is_done and each.old_until is not None]
    assert until
    assert until[0] == datetime(2026, 11, 23, 14, 33, 46, tzinfo=UTC)
    assert seen[-1].old_until is None
    # While the new one waits, what is live is not on its way out.
    assert all(each.old_until is None for each in seen if each.pause is not None)


def test_recreate_is_told_from_rolling_by_the_annotation_alone() -> None:
    rollout, sets = moment_of("recreate", RolloutPhase.HEALTHY)
    assert snapshot(rollout, *sets).strategy is Strategy.ROLLING
    rollout["metadata"]["annotations"]["slipway/strategy"] = "recreate"
    assert snapshot(rollout, *sets).strategy is Strategy.RECREATE


@pytest.mark.parametrize(
    ("observed", "is_seen"), [("2", True), ("1", False), ("3", True), ("", True), ("6c5b9f6b7d", True)]
)
def test_compares_generations_as_the_controllers_own_client_does(observed: str, *, is_seen: bool) -> None:
    rollout, sets = moment_of("canary-happy", RolloutPhase.PAUSED, step_index=1)
    rollout["status"]["observedGeneration"] = observed
    assert snapshot(rollout, *sets).is_current == is_seen


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (30, 30),
        ("30", 30),
        ("5m", 300),
        ("1h30m", 5400),
        ("1.5h", 5400),
        ("500ms", 0.5),
        (0, 0),
        ("", None),
        ("5 minutes", None),
        (True, None),
        (None, None),
        (-1, None),
        ("9" * 5000, None),
        ("9" * 400 + "h", None),
        (10**30, None),
    ],
)
def test_reads_durations_as_argo_spells_them(value: object, seconds: float | None) -> None:
    assert seconds_of(value) == (None if seconds is None else timedelta(seconds=seconds))


def test_names_the_steps() -> None:
    steps: list[Obj] = [
        {"setWeight": 20},
        {"pause": {}},
        {"pause": {"duration": "10m"}},
        {"pause": {"duration": 90}},
        {"pause": {"duration": "2h"}},
        {"analysis": {"templates": []}},
        {},
    ]
    read = canary_steps({"spec": {"strategy": {"canary": {"steps": steps}}}})
    assert [step.label for step in read] == [
        "20 %",
        "pause",
        "pause 10 min",
        "pause 90 s",
        "pause 2 h",
        "analysis",
        "step",
    ]
    assert [step.kind for step in read[4:]] == [CanaryStepKind.PAUSE, CanaryStepKind.OTHER, CanaryStepKind.OTHER]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def _paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in items:
        yield from _paths(each, (*path, key))


@given(data=st.data(), garbage=JSON)
def test_garbage_anywhere_in_an_object_is_survived(data: st.DataObject, garbage: Any) -> None:
    rollout, sets = PAUSED
    victims = copy.deepcopy([rollout, *sets])
    *parents, last = data.draw(st.sampled_from([path for path in _paths(victims) if len(path) > 1]))
    target: Any = victims
    for key in parents:
        target = target[key]
    target[last] = garbage
    assert isinstance(snapshot(victims[0], *victims[1:]), RolloutSnapshot)


PAUSED = moment_of("canary-happy", RolloutPhase.PAUSED, step_index=3)


WAITS: Obj = {"phase": "Paused", "controllerPause": True, "pauseConditions": [{"reason": "CanaryPauseStep"}]}
PROMOTED: Obj = {"phase": "Paused", "controllerPause": True}
WENT_ON: Obj = {"phase": "Paused", "controllerPause": False, "currentStepIndex": 2}


@pytest.mark.parametrize(
    ("status", "spec", "generation", "is_pending"),
    [
        (WAITS, {}, 4, False),
        (PROMOTED, {}, 4, True),
        (WENT_ON, {}, 4, True),
        (WAITS | {"promoteFull": True}, {}, 4, True),
        (WAITS | {"abort": True}, {}, 4, True),
        (WAITS | {"abort": True, "abortedAt": "2026-11-02T12:00:00Z"}, {}, 4, False),
        # A hold, a resume and a restart are changes of the spec.
        (WAITS, {"paused": True}, 5, True),
        (WAITS, {}, 5, True),
        (WAITS, {"restartAt": "2026-11-02T12:00:00Z"}, 5, True),
        (WAITS, {"paused": True}, 4, False),
        (PROMOTED, {"paused": True}, 4, False),
        ({"phase": "Progressing"}, {}, 4, False),
        ({"phase": "Healthy"}, {}, 4, False),
    ],
)
def test_what_the_controller_has_not_acted_on_yet_is_told(
    status: Obj, spec: Obj, generation: int, *, is_pending: bool
) -> None:
    """What stays so is nudged: Argo Rollouts 1.9 may lose it, and a change of the spec like any other act."""
    rollout = {
        "metadata": {"name": "shop", "generation": generation},
        "spec": spec,
        "status": {"observedGeneration": "4", **status},
    }
    assert project_rollout(rollout).is_act_pending is is_pending


@pytest.mark.parametrize("name", ["canary-manual-pause", "canary-promote-while-paused"])
def test_what_is_held_keeps_the_pause_of_its_step_beneath(name: str) -> None:
    held = [
        seen
        for kind, _, obj in objects(name, "rollouts")
        if (seen := project_rollout(obj)).is_held and seen.is_observed and seen.phase is RolloutPhase.PAUSED
    ]
    assert held
    assert {each.pause.reason for each in held if each.pause} == {PauseReason.MANUAL}
    beneath = {each.pause.beneath for each in held if each.pause}
    assert PauseReason.STEP in beneath
    assert all(each.pause.since_text for each in held if each.pause and each.pause.beneath)

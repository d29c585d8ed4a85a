"""Acts as JSON patches, compared with goldens, and applied to what the real controller had written."""

import copy
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonpatch
import pytest

from commands.core.acts import expected_of
from commands.core.model import Action, Expected
from commands.core.observed import RolloutPhase
from integrations.kubernetes.patches import is_pointless, patch_for
from integrations.kubernetes.rollouts import project_replica_set, project_rollout, snapshot_of
from tests.recordings import load, objects

GOLDENS = Path(__file__).parents[2] / "data" / "patches"
CANARY = Expected(
    uid="uid-1",
    generation=4,
    observed_generation="4",
    current_hash="bbbb",
    stable_hash="aaaa",
    step_index=1,
    pause_since="2026-11-02T12:00:00Z",
)
GREEN = replace(CANARY, step_index=None)
HELD = replace(CANARY, is_held=True)
UNDECIDED = replace(CANARY, is_undecided=True)
RESTART = replace(CANARY, restart_to="2026-11-02T12:30:00Z")


@pytest.mark.parametrize(
    ("name", "action", "expected"),
    [
        ("promote-canary", Action.PROMOTE, CANARY),
        ("promote-green", Action.PROMOTE, GREEN),
        ("full", Action.FULL, CANARY),
        ("abort", Action.ABORT, CANARY),
        ("pause", Action.PAUSE, CANARY),
        ("resume", Action.RESUME, HELD),
        ("go-on", Action.PROMOTE, UNDECIDED),
        ("promote-undecided-green", Action.PROMOTE, replace(UNDECIDED, step_index=None)),
        ("reanalyse", Action.REANALYSE, UNDECIDED),
        ("restart", Action.RESTART, RESTART),
        ("restart-again", Action.RESTART, replace(RESTART, restart_at="2026-11-02T11:00:00Z")),
        ("promote-just-resumed", Action.PROMOTE, replace(HELD, observed_generation="")),
    ],
)
def test_each_act_is_the_patch_that_was_reviewed(name: str, action: Action, expected: Expected) -> None:
    golden = json.loads((GOLDENS / f"{name}.json").read_text())
    assert patch_for(action, expected) == golden


PATCHED = {
    *(Action.PROMOTE, Action.REANALYSE, Action.FULL, Action.ABORT),
    *(Action.PAUSE, Action.RESUME, Action.RESTART),
}


@pytest.mark.parametrize("action", sorted(set(Action) - PATCHED))
def test_other_actions_are_no_patches(action: Action) -> None:
    with pytest.raises(ValueError, match=action.value):
        patch_for(action, CANARY)


def test_going_to_the_end_after_a_retry_expects_the_abort_as_it_is_then_spelled() -> None:
    tests = {each["path"]: each.get("value") for each in patch_for(Action.FULL, replace(CANARY, was_retried=True))}
    assert tests["/status/abort"] is False


@pytest.mark.parametrize("action", [Action.FULL, Action.ABORT])
def test_there_is_nothing_to_do_to_a_finished_rollout(action: Action) -> None:
    assert is_pointless(action, replace(CANARY, stable_hash="bbbb"))
    assert not is_pointless(action, CANARY)


def test_what_is_held_is_not_held_again_and_may_be_let_go_of() -> None:
    assert is_pointless(Action.PAUSE, HELD)
    assert not is_pointless(Action.PAUSE, CANARY)
    assert not is_pointless(Action.RESUME, HELD)


def test_a_hold_applies_once_and_so_does_letting_go_of_it() -> None:
    rollout, expected = paused("canary-happy")
    pause = jsonpatch.JsonPatch(patch_for(Action.PAUSE, expected))
    held = pause.apply(copy.deepcopy(rollout))
    assert held["spec"]["paused"] is True
    held["metadata"]["generation"] += 1  # The API server counts changes of the spec.
    with pytest.raises(jsonpatch.JsonPatchException):
        pause.apply(held)
    seen = replace(expected, generation=expected.generation + 1)
    resume = jsonpatch.JsonPatch(patch_for(Action.RESUME, seen))
    free = resume.apply(copy.deepcopy(held))
    assert "paused" not in free["spec"]
    with pytest.raises(jsonpatch.JsonPatchException):
        resume.apply(free)


def paused(name: str, action: Action = Action.PROMOTE) -> tuple[dict[str, Any], Expected]:
    """Return a recorded Rollout at its first pause, and what a person would have seen."""
    sets: dict[str, Any] = {}
    for kind, _, obj in objects(name, "rollouts", "replicasets"):
        if kind == "replicasets":
            sets[obj["metadata"]["name"]] = project_replica_set(obj)
            continue
        seen = snapshot_of(project_rollout(obj), sets.values())
        if seen.phase is RolloutPhase.PAUSED:
            return obj, expected_of(seen, action)
    raise AssertionError


@pytest.mark.parametrize("name", ["canary-happy", "bluegreen-first-and-upgrade"])
def test_the_first_promote_applies_and_the_second_does_not(name: str) -> None:
    rollout, expected = paused(name)
    patch = jsonpatch.JsonPatch(patch_for(Action.PROMOTE, expected))
    promoted = patch.apply(copy.deepcopy(rollout))
    assert "pauseConditions" not in promoted["status"]
    with pytest.raises(jsonpatch.JsonPatchException):
        patch.apply(promoted)


@pytest.mark.parametrize(
    "change", ["generation", "observed_generation", "current_hash", "step_index", "pause_since", "uid"]
)
def test_nothing_is_promoted_that_is_no_longer_what_was_seen(change: str) -> None:
    rollout, expected = paused("canary-happy")
    changes: dict[str, Any] = {change: 99 if change in {"generation", "step_index"} else "other"}
    other = replace(expected, **changes)
    with pytest.raises(jsonpatch.JsonPatchException):
        jsonpatch.JsonPatch(patch_for(Action.PROMOTE, other)).apply(rollout)


@pytest.mark.parametrize(
    ("name", "action"),
    [
        ("canary-happy", Action.PROMOTE),
        ("canary-analysis-inconclusive", Action.PROMOTE),
        ("canary-analysis-inconclusive-plain-promote", Action.REANALYSE),
    ],
)
def test_is_the_very_patch_that_the_real_api_server_accepted(name: str, action: Action) -> None:
    _, expected = paused(name, action)
    acts = (line["act"] for line in load(name) if "act" in line)
    sent = next(act for act in acts if act["path"].endswith("/status"))
    assert sent["code"] == 200
    assert patch_for(action, expected) == sent["body"]

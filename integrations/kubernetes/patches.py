"""What an act is on the wire: JSON patches that test what the person saw and change nothing when it is no longer so.

Pure; sent by `rollouts_port`. The API server answers 422 when a test fails. The tests see the whole object, status
included, whichever part of it is patched.
"""

from typing import Any

from commands.core.model import Action, Expected

Patch = list[dict[str, Any]]
_INDEX = "/status/currentStepIndex"
OF_SPEC = frozenset({Action.PAUSE, Action.RESUME, Action.RESTART})
"""The acts on what is wanted; the others are on the status, which is a resource of its own."""


def patch_for(action: Action, expected: Expected) -> Patch:  # noqa: PLR0911  # one return for each act
    """Return the patch of an act: of the Rollout for those of OF_SPEC, of its status for the others.

    Raises
    ------
    ValueError
        For any other action: those are not done to a Rollout.
    """
    match action:
        case Action.PROMOTE if expected.is_undecided and expected.step_index is not None:
            # Without the pause alone the analysis would be made again.
            leave = [_replace("/status/controllerPause", False), _replace(_INDEX, expected.step_index + 1)]
            return [*_end_of_pause(expected), *leave]
        case Action.PROMOTE | Action.REANALYSE:
            return _end_of_pause(expected)
        case Action.FULL:
            # On an aborted rollout promoteFull would clear the abort and ship what somebody stopped.
            guard = _test("/status/abort", False if expected.was_retried else None)
            return [*_identity(expected), _stable(expected), guard, _add("/status/promoteFull")]
        case Action.ABORT:
            return [*_identity(expected), _stable(expected), _add("/status/abort")]
        case Action.RESTART:
            before = _test("/spec/restartAt", expected.restart_at or None)
            return [*_release(expected), before, _add("/spec/restartAt", expected.restart_to)]
        case Action.PAUSE:
            return [*_release(expected), _add("/spec/paused")]
        case Action.RESUME:
            # Taken out, because an explicit false is rewritten by the controller, which changes the generation again.
            return [*_release(expected), _test("/spec/paused", True), {"op": "remove", "path": "/spec/paused"}]
        case _:
            raise ValueError(f"a rollout cannot be patched for {action}")


def is_pointless(action: Action, expected: Expected) -> bool:
    """Say whether there is nothing for an act to do: the controller would drop it silently."""
    match action:
        case Action.FULL | Action.ABORT:
            return expected.current_hash == expected.stable_hash
        case Action.PAUSE:
            return expected.is_held
        case _:
            return False


def _release(expected: Expected) -> Patch:
    """Test that it is the same release; what changes its spec changes its generation."""
    return [
        _test("/metadata/uid", expected.uid),
        _test("/metadata/generation", expected.generation),
        _test("/status/currentPodHash", expected.current_hash),
    ]


def _identity(expected: Expected) -> Patch:
    # A generation that was made a moment ago, by letting go of the rollout, cannot have been observed.
    observed = expected.observed_generation
    return [
        _test("/metadata/uid", expected.uid),
        _test("/metadata/generation", expected.generation),
        *([_test("/status/observedGeneration", observed)] if observed else []),
        _test("/status/currentPodHash", expected.current_hash),
    ]


def _end_of_pause(expected: Expected) -> Patch:
    return [*_identity(expected), *_gate(expected), {"op": "remove", "path": "/status/pauseConditions"}]


def _gate(expected: Expected) -> Patch:
    since = _test("/status/pauseConditions/0/startTime", expected.pause_since)
    return [since] if expected.step_index is None else [_test(_INDEX, expected.step_index), since]


def _stable(expected: Expected) -> dict[str, Any]:
    return _test("/status/stableRS", expected.stable_hash)


def _test(path: str, value: object) -> dict[str, Any]:
    return {"op": "test", "path": path, "value": value}


def _add(path: str, value: object = True) -> dict[str, Any]:  # noqa: FBT002  # a value of JSON, not a switch
    return {"op": "add", "path": path, "value": value}


def _replace(path: str, value: object) -> dict[str, Any]:
    return {"op": "replace", "path": path, "value": value}

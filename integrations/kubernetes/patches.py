"""What an act is on the wire: JSON patches that test what the person saw and change nothing when it is no longer so.

Pure; sent by `rollouts_port` to the status subresource. The API server answers 422 when a test fails.
"""

from typing import Any

from commands.core.model import Action, Expected

Patch = list[dict[str, Any]]


def patch_for(action: Action, expected: Expected) -> Patch:
    """Return the patch for Action.PROMOTE, FULL or ABORT.

    Raises
    ------
    ValueError
        For any other action: those do not go through the status of a Rollout.
    """
    match action:
        case Action.PROMOTE:
            return [*_identity(expected), *_gate(expected), {"op": "remove", "path": "/status/pauseConditions"}]
        case Action.FULL:
            # On an aborted rollout promoteFull would clear the abort and ship what somebody stopped.
            guard = _test("/status/abort", None)
            return [*_identity(expected), _stable(expected), guard, _add("/status/promoteFull")]
        case Action.ABORT:
            return [*_identity(expected), _stable(expected), _add("/status/abort")]
        case _:
            raise ValueError(f"a rollout cannot be patched for {action}")


def is_pointless(action: Action, expected: Expected) -> bool:
    """Say whether there is nothing to go to the end with or to abort: the controller would drop it silently."""
    return action is not Action.PROMOTE and expected.current_hash == expected.stable_hash


def _identity(expected: Expected) -> Patch:
    return [
        _test("/metadata/uid", expected.uid),
        _test("/metadata/generation", expected.generation),
        _test("/status/observedGeneration", expected.observed_generation),
        _test("/status/currentPodHash", expected.current_hash),
    ]


def _gate(expected: Expected) -> Patch:
    since = _test("/status/pauseConditions/0/startTime", expected.pause_since)
    return [since] if expected.step_index is None else [_test("/status/currentStepIndex", expected.step_index), since]


def _stable(expected: Expected) -> dict[str, Any]:
    return _test("/status/stableRS", expected.stable_hash)


def _test(path: str, value: Any) -> dict[str, Any]:
    return {"op": "test", "path": path, "value": value}


def _add(path: str) -> dict[str, Any]:
    return {"op": "add", "path": path, "value": True}

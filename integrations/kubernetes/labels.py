"""The labels and annotations of the objects that are watched, and who owns them. Pure; used by every projection."""

from typing import Final

from integrations.kubernetes.fields import Obj, flag, mappings

HASH_LABEL: Final = "rollouts-pod-template-hash"
REVISION: Final = "rollout.argoproj.io/revision"
SCALE_DOWN: Final = "scale-down-deadline"
"""On a ReplicaSet whose pods stand for a while after a switch: until when (RFC 3339)."""


def controller_of(obj: Obj) -> Obj:
    """Return the reference to the object that made this one; empty where nothing did."""
    return next((ref for ref in mappings(obj, "metadata", "ownerReferences") if flag(ref, "controller")), {})

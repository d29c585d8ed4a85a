"""What Argo Workflows 4.0 and the kubelet say of a step's pod, told apart. Pure; used by `workflows`.

The words were recorded from the real ones (tests/data/failures); a message that is not known has no cause.
"""

import re
from collections.abc import Mapping
from typing import Final

from commands.core.failure import Cause

_WORDS: Final[Mapping[Cause, str]] = {
    Cause.STEP_IMAGE_PULL: r"(ErrImagePull|ImagePullBackOff|InvalidImageName|ErrImageNeverPull)\b",
    Cause.QUOTA_EXCEEDED: r".*\bis forbidden: exceeded quota\b",
    Cause.UNSCHEDULABLE: r"Unschedulable\b",
    Cause.POD_EVICTED: (
        r"Usage of EmptyDir volume|The node was low on resource|Pod ephemeral local storage usage exceeds"
        r"|Container \S+ exceeded its local ephemeral storage limit|Evicted\b"
    ),
    # A pod that is deleted in order ends by a signal, and nothing else tells of it.
    Cause.POD_DELETED: r"pod deleted\b|.*\(exit code 143\)",
    Cause.OUT_OF_MEMORY: r".*\bOOMKilled\b",
    Cause.DEADLINE_EXCEEDED: (
        r"Step exceeded (its|workflow) deadline|Pod was active on the node longer than|.*\bexceeded its deadline\b"
    ),
    Cause.CANCELLED: r"workflow shutdown with strategy|Stopped with strategy",
}
_KNOWN: Final = tuple((cause, re.compile(words)) for cause, words in _WORDS.items())


def cause_of(message: str) -> str:
    """Return the cause that a message names, or nothing."""
    return next((cause.value for cause, words in _KNOWN if words.match(message)), "")

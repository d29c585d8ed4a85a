"""What a step or an app itself wrote, without what others wrote around it, and without secrets. Pure.

Used by `pipelines_port` and `rollouts_port`. Others are Argo's executor, and a kubelet that answers 200 with one line
of its own for a container that is gone (Kubernetes 1.34).
"""

import re

from commands.core.redaction import mask_lines

TAIL = 200
LONGEST = 500
_READ = 4_000

_OTHERS = re.compile(r'^time=\S+ .*\bargo=true\b|^\{.*"argo":\s*true|^unable to retrieve container logs for \w+://\w+$')
_LAST_WORD = re.compile(r"Error: exit status \d+")


def own_lines(log: str) -> tuple[str, ...]:
    """Return its own lines, oldest first, each cut to a length that can be shown."""
    lines = [line.rstrip()[:_READ] for line in log.splitlines() if not _OTHERS.search(line)]
    if lines and _LAST_WORD.fullmatch(lines[-1]):
        lines.pop()
    # Masked before they are cut, because half a secret is not recognised.
    return tuple(line[:LONGEST] for line in mask_lines(lines))

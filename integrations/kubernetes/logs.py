"""What a step itself wrote, without what Argo's executor wrote around it, and without secrets. Pure.

Used by `pipelines_port`.
"""

import re

from commands.core.redaction import mask_lines

TAIL = 200
LONGEST = 500
_READ = 4_000

_EXECUTOR = re.compile(r'^time=\S+ .*\bargo=true\b|^\{.*"argo":\s*true')
_LAST_WORD = re.compile(r"Error: exit status \d+")


def own_lines(log: str) -> tuple[str, ...]:
    """Return the step's own lines, oldest first, each cut to a length that can be shown."""
    lines = [line.rstrip()[:_READ] for line in log.splitlines() if not _EXECUTOR.search(line)]
    if lines and _LAST_WORD.fullmatch(lines[-1]):
        lines.pop()
    # Masked before they are cut, because half a secret is not recognised.
    return tuple(line[:LONGEST] for line in mask_lines(lines))

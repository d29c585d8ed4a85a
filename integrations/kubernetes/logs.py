"""What a step itself wrote, without what Argo's executor wrote around it. Pure; used by `pipelines_port`."""

import re

TAIL = 200
LONGEST = 500

_EXECUTOR = re.compile(r'^time=\S+ .*\bargo=true\b|^\{.*"argo":\s*true')
_LAST_WORD = re.compile(r"Error: exit status \d+")


def own_lines(log: str) -> tuple[str, ...]:
    """Return the step's own lines, oldest first, each cut to a length that can be shown."""
    lines = [line.rstrip()[:LONGEST] for line in log.splitlines() if not _EXECUTOR.search(line)]
    if lines and _LAST_WORD.fullmatch(lines[-1]):
        lines.pop()
    return tuple(lines)

"""Which lines of a log tell why it ended badly, so that nobody has to read the rest. Pure; used by `failure`.

In this order: the root of the last stack trace, the last group of lines that speak of an error, or simply the end.
"""

import re
from typing import Final

SHOWN_LINES: Final = 8

_FRAME: Final = re.compile(
    r"\s+at \S|\s+\.\.\. \d+ (?:more|common frames)|\s+File \"|\s{4,}\S|\s+\^|goroutine \d+ \[|\t\S"
)
_ROOT: Final = re.compile(r"\s*Caused by: \S")
_THROWN: Final = re.compile(
    r"(?:Exception in thread .*|[\w.$]*\b\w*(?:Exception|Error|Throwable)\b(?::.*)?|panic: .*)$"
)
_TRACEBACK: Final = "Traceback (most recent call last)"
_LOUD: Final = re.compile(
    r"\b(?:ERROR|FATAL|CRITICAL|SEVERE|PANIC)\b|\b(?:npm|pnpm|yarn) (?:ERR!|error)"
    r"|^\W{0,3}(?:[\w./ -]{0,40}: )?(?:[Ee]rror|[Ff]atal(?: error)?|panic|FAILED)\b[:!]|Exception\b|^E\s+\S"
    r"|level=(?:error|fatal)"
)
_QUIET: Final = re.compile(
    r"\b(?:fail(?:ed|ure|s)|refused|denied|forbidden|unauthori[sz]ed|not found|no such|cannot|can't|could not|unable to"
    r"|timed out|time-?out|no space left|exceed(?:ed|s)|out of memory|invalid|unreachable|killed|aborted)\b",
    re.IGNORECASE,
)
_NOISE: Final = re.compile(
    r"\[Help \d\]|[Ff]or more information|[Rr]e-run |-[eX] switch|[Ff]ull stack ?trace|A complete log of this run"
    r"|^\W*(?:\[?ERROR\]?|npm ERR!|> )?\W*$|BUILD FAILURE|Run with --|Get more help at|Try:$"
    # What buildah says of an instruction that has just said why itself.
    r"|subprocess exited with status \d+$|Error: building at STEP "
)


def decisive(log: tuple[str, ...], *, limit: int = SHOWN_LINES) -> tuple[str, ...]:
    """Return at most `limit` lines of a log, in their order; a log that is short enough is returned whole."""
    lines = [line for line in log if line.strip()]
    if len(lines) <= limit:
        return tuple(lines)
    return tuple(_trace(lines)[:limit] or _errors(lines)[:limit] or lines[-limit:])


def _trace(lines: list[str]) -> list[str]:
    """Return what was thrown, its root, and the frame of each; nothing where the log has no stack trace."""
    roots = [index for index, line in enumerate(lines) if _ROOT.match(line)]
    thrown = [
        index
        for index, line in enumerate(lines[:-1])
        if _THROWN.search(line) and _FRAME.match(lines[index + 1]) and not _ROOT.match(line)
    ]
    if roots:
        head = [index for index in thrown if index < roots[-1]][-1:]
        return [line for index in (*head, roots[-1]) for line in lines[index : index + 2]]
    if any(_TRACEBACK in line for line in lines):
        return _python(lines)
    return lines[thrown[-1] : thrown[-1] + 3] if thrown else []


def _python(lines: list[str]) -> list[str]:
    start = max(index for index, line in enumerate(lines) if _TRACEBACK in line)
    end = next((index for index in range(start + 1, len(lines)) if not lines[index].startswith(" ")), len(lines) - 1)
    return lines[max(start, end - 2) : end + 1]


def _errors(lines: list[str]) -> list[str]:
    """Return the last group of lines about an error, with the line before it and those after."""
    for form in (_LOUD, _QUIET):
        found = [index for index, line in enumerate(lines) if form.search(line) and not _NOISE.search(line)]
        if found:
            first = found[-1]
            while first - 1 in found:
                first -= 1
            return [line for line in lines[max(first - 1, 0) :] if not _NOISE.search(line)]
    return []

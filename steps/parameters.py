"""The arguments of a step: `--key value` pairs into a frozen dataclass, each checked against its form.

Every program declares its own class with the forms of this module. Values are never interpreted: one that begins with
a dash is a value all the same, and one that a later program could take for an option has no form that allows it.
"""

import re
from collections.abc import Sequence
from dataclasses import MISSING, Field, field, fields
from typing import Any, Final, TypeVar

from steps.outcome import Cause, StepFailed

_IMAGE_NAME: Final = r"[a-z0-9][a-z0-9.-]*(:[0-9]{1,5})?(/[a-z0-9]+([._-]+[a-z0-9]+)*)+"
_DIGEST: Final = r"sha256:[0-9a-f]{64}"
_SEGMENT: Final = r"[A-Za-z0-9_][A-Za-z0-9._-]*"

NAME: Final = r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"
ENVIRONMENT: Final = r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}"
VERSION: Final = r"[A-Za-z0-9][A-Za-z0-9._+-]{0,127}"
OPTIONAL_VERSION: Final = rf"({VERSION})?"
NUMBER: Final = r"[0-9]{1,18}"
TEXT: Final = r"[^\x00-\x1f\x7f]{0,200}"
GROUP: Final = r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*"
ARTIFACT: Final = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}"
CLASSIFIER: Final = r"([A-Za-z0-9_][A-Za-z0-9_.-]{0,63})?"
PACKAGING: Final = r"jar|war"
SHA256: Final = r"[0-9a-f]{64}"
IMAGE: Final = _IMAGE_NAME
BASE_IMAGE: Final = rf"{_IMAGE_NAME}(:[A-Za-z0-9_][A-Za-z0-9_.-]{{0,127}})?(@{_DIGEST})?"
DIGEST: Final = _DIGEST
COMMIT: Final = r"[0-9a-f]{40}([0-9a-f]{24})?"
CHART_COMMIT: Final = rf"{COMMIT}|{_DIGEST}"
OPTIONAL_CHART_COMMIT: Final = rf"({CHART_COMMIT})?"
STRATEGY: Final = r"rolling|blue-green|canary|recreate"
GIT_REPOSITORY: Final = r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9_][A-Za-z0-9._-]*){2,}"
CHART_REPOSITORY: Final = rf"{GIT_REPOSITORY}|oci://{_IMAGE_NAME}"
FILE_PATH: Final = rf"{_SEGMENT}(/{_SEGMENT})*"
FOLDER_PATH: Final = rf"{FILE_PATH}|\."
REFERENCE: Final = r"[A-Za-z0-9][A-Za-z0-9._/+-]{0,127}"
ANYTHING: Final = r"(?s:.*)"

_SHOWN = 60

Parameters = TypeVar("Parameters")


def given(form: str, *, default: Any = MISSING) -> Any:
    """Declare one parameter: the form of its text and, where it may be left out, what stands for it."""
    return field(default=default, metadata={"form": re.compile(form)})


def read(arguments: Sequence[str], kind: type[Parameters]) -> Parameters:
    """Read `--key value` pairs; StepFailed names what is missing, unknown, given twice or of another form."""
    known = {entry.name: entry for entry in fields(kind)}  # type: ignore[arg-type]  # only dataclasses come here
    values: dict[str, str] = {}
    for option, value in _pairs(arguments):
        name = option.removeprefix("--").replace("-", "_")
        if not option.startswith("--") or name not in known:
            raise _bad(f"{option[:_SHOWN]} is no parameter of this step.")
        if name in values:
            raise _bad(f"{option} is given twice.")
        values[name] = _checked(known[name], value)
    missing = [name for name, entry in known.items() if entry.default is MISSING and name not in values]
    if missing:
        raise _bad(f"{', '.join(_option(name) for name in missing)} must be given.")
    return kind(**values)


def _pairs(arguments: Sequence[str]) -> list[tuple[str, str]]:
    if len(arguments) % 2:
        raise _bad(f"{arguments[-1][:_SHOWN]} has no value: parameters come as --key value.")
    return list(zip(arguments[::2], arguments[1::2], strict=True))


def _checked(entry: Field[Any], value: str) -> str:
    if entry.metadata["form"].fullmatch(value):
        return value
    shown = value if len(value) <= _SHOWN else f"{value[:_SHOWN]}…"
    raise _bad(f"{_option(entry.name)} cannot be {shown!r}.")


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _bad(evidence: str) -> StepFailed:
    return StepFailed(Cause.BAD_ARGUMENTS, evidence)

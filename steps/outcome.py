"""How a step ends: a closed list of causes, the exit code of each, and the two values a program ends with.

Every step program raises `StepFailed` or returns `Done`; `program` alone turns them into a log line and an exit code.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, final

from typing_extensions import override

Fact = str | int | bool


class Cause(StrEnum):
    """Why a step failed: a word that never changes its meaning, for cards, metrics and tests."""

    BAD_ARGUMENTS = "bad-arguments"
    BAD_SETTINGS = "bad-settings"

    CREDENTIALS_REFUSED = "credentials-refused"
    ACCESS_DENIED = "access-denied"
    RBAC_REFUSED = "rbac-refused"
    BUILDS_NOT_ALLOWED = "builds-not-allowed"

    ARTIFACT_NOT_FOUND = "artifact-not-found"
    BASE_IMAGE_NOT_FOUND = "base-image-not-found"
    IMAGE_NOT_FOUND = "image-not-found"
    CHART_NOT_FOUND = "chart-not-found"
    SOURCE_NOT_FOUND = "source-not-found"
    NAMESPACE_NOT_FOUND = "namespace-not-found"
    KIND_UNKNOWN = "kind-unknown"

    CHART_VALUES = "chart-values"
    CHART_UNUSABLE = "chart-unusable"
    MANIFEST_REFUSED = "manifest-refused"
    IMMUTABLE_FIELD = "immutable-field"
    WEBHOOK_REFUSED = "webhook-refused"
    NAME_TAKEN = "name-taken"
    ARTIFACT_UNREADABLE = "artifact-unreadable"
    SOURCE_UNUSABLE = "source-unusable"
    CONTAINERFILE_FAILED = "containerfile-failed"
    IMAGE_RUNS_AS_ROOT = "image-runs-as-root"

    CHECKSUM_MISMATCH = "checksum-mismatch"
    CHECKSUM_MISSING = "checksum-missing"
    IMAGE_CONFLICT = "image-conflict"
    CHART_MOVED = "chart-moved"

    DISK_FULL = "disk-full"
    TOO_LARGE = "too-large"
    QUOTA_EXCEEDED = "quota-exceeded"

    RELEASE_FAILED = "release-failed"
    RELEASE_PENDING = "release-pending"

    UNREACHABLE = "unreachable"
    SERVER_FAILED = "server-failed"
    TIMEOUT = "timeout"
    UNEXPECTED_ANSWER = "unexpected-answer"

    CANCELLED = "cancelled"
    UNEXPECTED = "unexpected"


MISUSED: Final = 2
REFUSED: Final = 10
NOT_FOUND: Final = 11
UNACCEPTABLE: Final = 12
NOT_AS_PROMISED: Final = 13
NO_ROOM: Final = 14
NOT_RELEASED: Final = 15
UNKNOWN: Final = 70
TEMPORARY: Final = 75
"""The templates retry a step that ends with this code, and no other."""
STOPPED: Final = 143

EXIT_CODES: Final[Mapping[Cause, int]] = {
    Cause.BAD_ARGUMENTS: MISUSED,
    Cause.BAD_SETTINGS: MISUSED,
    Cause.CREDENTIALS_REFUSED: REFUSED,
    Cause.ACCESS_DENIED: REFUSED,
    Cause.RBAC_REFUSED: REFUSED,
    Cause.BUILDS_NOT_ALLOWED: REFUSED,
    Cause.ARTIFACT_NOT_FOUND: NOT_FOUND,
    Cause.BASE_IMAGE_NOT_FOUND: NOT_FOUND,
    Cause.IMAGE_NOT_FOUND: NOT_FOUND,
    Cause.CHART_NOT_FOUND: NOT_FOUND,
    Cause.SOURCE_NOT_FOUND: NOT_FOUND,
    Cause.NAMESPACE_NOT_FOUND: NOT_FOUND,
    Cause.KIND_UNKNOWN: NOT_FOUND,
    Cause.CHART_VALUES: UNACCEPTABLE,
    Cause.CHART_UNUSABLE: UNACCEPTABLE,
    Cause.MANIFEST_REFUSED: UNACCEPTABLE,
    Cause.IMMUTABLE_FIELD: UNACCEPTABLE,
    Cause.WEBHOOK_REFUSED: UNACCEPTABLE,
    Cause.NAME_TAKEN: UNACCEPTABLE,
    Cause.ARTIFACT_UNREADABLE: UNACCEPTABLE,
    Cause.SOURCE_UNUSABLE: UNACCEPTABLE,
    Cause.CONTAINERFILE_FAILED: UNACCEPTABLE,
    Cause.IMAGE_RUNS_AS_ROOT: UNACCEPTABLE,
    Cause.CHECKSUM_MISMATCH: NOT_AS_PROMISED,
    Cause.CHECKSUM_MISSING: NOT_AS_PROMISED,
    Cause.IMAGE_CONFLICT: NOT_AS_PROMISED,
    Cause.CHART_MOVED: NOT_AS_PROMISED,
    Cause.DISK_FULL: NO_ROOM,
    Cause.TOO_LARGE: NO_ROOM,
    Cause.QUOTA_EXCEEDED: NO_ROOM,
    Cause.RELEASE_FAILED: NOT_RELEASED,
    Cause.RELEASE_PENDING: NOT_RELEASED,
    Cause.UNREACHABLE: TEMPORARY,
    Cause.SERVER_FAILED: TEMPORARY,
    Cause.TIMEOUT: TEMPORARY,
    Cause.UNEXPECTED_ANSWER: UNKNOWN,
    Cause.CANCELLED: STOPPED,
    Cause.UNEXPECTED: UNKNOWN,
}


@final
class StepFailed(Exception):
    """A step cannot do what it was asked for; `evidence` is one sentence for the card."""

    def __init__(self, cause: Cause, evidence: str, **facts: Fact) -> None:
        super().__init__(evidence)
        self.cause = cause
        self.evidence = evidence
        self.facts: Mapping[str, Fact] = facts

    @override
    def __str__(self) -> str:
        return f"{self.cause.value}: {self.evidence}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What a step achieved. `outputs` become files for later steps; `facts` stand in the last line with them."""

    evidence: str
    outputs: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, Fact] = field(default_factory=dict)

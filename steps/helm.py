"""Releases by way of helm: what is recorded, what a chart would make, and the release itself.

Used by release. It changes nothing but by `upgrade`.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from steps.outcome import Cause, StepFailed
from steps.programs import Finished, run
from steps.settings import Settings

_LOOK_SECONDS: Final = 60.0
_PENDING: Final = "pending-"
_NOT_FOUND: Final = "release: not found"
_FRACTION: Final = re.compile(r"\.[0-9]+")
_NOISE: Final = re.compile(
    r"\b1 error occurred:\s+\* |\s*Use --debug flag to render out invalid YAML|execution error at \S+ ", re.MULTILINE
)
_CAUSES: Final[Sequence[tuple[Cause, re.Pattern[str]]]] = (
    # The second is a chart's own word on values that contradict each other.
    (Cause.CHART_VALUES, re.compile(r"don't meet the specifications of the schema|execution error at")),
    (Cause.QUOTA_EXCEEDED, re.compile(r"exceeded quota")),
    (
        Cause.WEBHOOK_REFUSED,
        re.compile(r"admission webhook .* denied|failed calling webhook|ValidatingAdmissionPolicy .* denied"),
    ),
    (Cause.RBAC_REFUSED, re.compile(r"is forbidden: |cannot (get|list|create|patch|update|delete|watch) resource")),
    (Cause.NAMESPACE_NOT_FOUND, re.compile(r'namespaces "[^"]*" not found')),
    (Cause.IMMUTABLE_FIELD, re.compile(r"field is immutable|may not be changed|updates to .* are forbidden")),
    (Cause.KIND_UNKNOWN, re.compile(r"no matches for kind|resource mapping not found")),
    (Cause.NAME_TAKEN, re.compile(r"cannot be imported into the current release")),
    (Cause.RELEASE_PENDING, re.compile(r"another operation \(install/upgrade/rollback\) is in progress")),
    (Cause.TIMEOUT, re.compile(r"context deadline exceeded|timed out|i/o timeout")),
    (Cause.UNREACHABLE, re.compile(r"cluster unreachable|connection refused|no such host|connection reset")),
    (Cause.MANIFEST_REFUSED, re.compile(r"is invalid: |error validating data|unable to decode")),
    (
        Cause.CHART_UNUSABLE,
        re.compile(r"YAML parse error|template: |parse error at|Chart\.yaml|missing in charts/"),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """One revision that helm has on record."""

    revision: int
    status: str
    description: str
    changed_at: datetime
    manifest: str = field(repr=False)
    values: dict[str, Any] = field(repr=False)

    @property
    def is_pending(self) -> bool:
        return self.status.startswith(_PENDING)


class Helm:
    """One release in one namespace."""

    def __init__(self, settings: Settings, *, namespace: str, name: str) -> None:
        self._settings = settings
        self._name = name
        self._namespace = namespace

    def newest(self) -> Release | None:
        """Return the newest revision; nothing where there was never one."""
        done = self._look("status", self._name, "--output", "json")
        if done.code and _NOT_FOUND in done.errors:
            return None
        return self._read(done)

    def render(self, chart: Path, values: Path) -> str:
        """Return what the chart makes of the values; the schema is held to them here already."""
        done = self._look("template", self._name, str(chart), "--values", str(values))
        if done.code:
            raise self._failure(done)
        return done.output

    def upgrade(self, chart: Path, values: Path, *, description: str) -> Release:
        """Install or upgrade; it does not wait for what comes of it."""
        seconds = self._settings.helm_timeout_seconds
        options = ["--install", "--values", str(values), "--description", description, "--output", "json"]
        options += ["--timeout", f"{seconds}s", "--history-max", str(self._settings.helm_history)]
        command = ["helm", "upgrade", self._name, str(chart), *options, "--namespace", self._namespace]
        return self._read(run(command, self._settings, seconds=seconds + 60, is_work=True))

    def _look(self, *arguments: str) -> Finished:
        return run(["helm", *arguments, "--namespace", self._namespace], self._settings, seconds=_LOOK_SECONDS)

    def _read(self, done: Finished) -> Release:
        if done.code:
            raise self._failure(done)
        try:
            return read_release(json.loads(done.output))
        except (ValueError, LookupError, TypeError) as exc:
            raise StepFailed(Cause.UNEXPECTED_ANSWER, "helm's answer is not the one this step knows.") from exc

    def _failure(self, done: Finished) -> StepFailed:
        said = sentence(done.errors) or f"helm ended with {done.code}"
        cause = next((cause for cause, pattern in _CAUSES if pattern.search(done.errors)), Cause.RELEASE_FAILED)
        return StepFailed(cause, f"{self._name} was not released: {said}")


def sentence(errors: str) -> str:
    """Return what helm means by its last error, in one line."""
    head, found, tail = errors.rpartition("Error: ")
    said = _NOISE.sub("", tail if found else head or errors)
    lines = [line.strip().removeprefix("- ").removeprefix("* ") for line in said.splitlines()]
    kept = [line for line in lines if line and not line.endswith("chart(s):") and not re.fullmatch(r"[\w.-]+:", line)]
    return "; ".join(kept).removeprefix("UPGRADE FAILED: ").removeprefix("INSTALLATION FAILED: ")


def read_release(body: dict[str, Any]) -> Release:
    """Read what `helm status` and `helm upgrade` write as JSON (tried with helm 3.22)."""
    info = body["info"]
    return Release(
        revision=int(body["version"]),
        status=str(info["status"]),
        description=str(info.get("description", "")),
        changed_at=_time(str(info["last_deployed"])),
        manifest=str(body.get("manifest", "")),
        values=dict(body.get("config") or {}),
    )


def _time(text: str) -> datetime:
    """Read a time of nine decimals, of which Python knows six."""
    return datetime.fromisoformat(_FRACTION.sub("", text)).astimezone(UTC)

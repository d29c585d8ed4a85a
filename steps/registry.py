"""Images in a registry, by way of crane: digest, configuration, parts, and a new image made of a base and layers.

Used by the steps that build or resolve images, and by oci_charts. crane knows how registries want to be asked, and all
that they answer with.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from steps.outcome import Cause, StepFailed
from steps.programs import Finished, run
from steps.settings import Settings

_DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}")
_LOOK_SECONDS: Final = 60.0
_BLOB_SECONDS: Final = 200.0
_BUILD_SECONDS: Final = 1000.0
_NOT_FOUND: Final = re.compile(r"MANIFEST_UNKNOWN|NAME_UNKNOWN|NOT_FOUND|status code 404|no child with platform")
_CAUSES: Final[Sequence[tuple[Cause, re.Pattern[str], str]]] = (
    (Cause.CHECKSUM_MISMATCH, re.compile(r"error verifying (sha256|size)"), "sent something else than it promised"),
    (Cause.QUOTA_EXCEEDED, re.compile(r"(?i:quota|exceed the configured upper limit)"), "has no room left (quota)"),
    (Cause.DISK_FULL, re.compile(r"(?i:no space left on device|file too large)"), "or this step has no disk left"),
    (Cause.CREDENTIALS_REFUSED, re.compile(r"UNAUTHORIZED|status code 401"), "refused the credentials"),
    (Cause.ACCESS_DENIED, re.compile(r"DENIED|status code 403"), "does not allow this account to do that"),
    (Cause.TIMEOUT, re.compile(r"i/o timeout|deadline exceeded|TLS handshake timeout"), "did not answer in time"),
    (
        Cause.UNREACHABLE,
        re.compile(r"connection refused|no such host|network is unreachable|connection reset|\bEOF\b|x509:|tls:"),
        "cannot be reached",
    ),
    (Cause.SERVER_FAILED, re.compile(r"status code 5\d\d|TOOMANYREQUESTS|status code 429|UNAVAILABLE"), "failed"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What an image is made of. Empty tuples leave what the base says."""

    base: str
    target: str
    layers: Sequence[Path]
    labels: Mapping[str, str]
    user: str
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()


class Registry:
    """Every registry that an image's name may begin with."""

    def __init__(self, settings: Settings, *, logins: Path | None = None) -> None:
        self._settings = settings
        self._logins = logins or settings.registry_folder
        self._options = (("--insecure",) if settings.registry_insecure else ()) + ("--platform", settings.platform)

    def digest(self, reference: str, *, exact: bool = True) -> str | None:
        """Return the digest behind a tag; nothing where there is no such image.

        `exact` takes the digest of the tag itself; otherwise an index is looked through to the image of our platform.
        """
        done = self._crane("digest", reference, exact=exact)
        if done.code and _NOT_FOUND.search(done.errors):
            return None
        return self._read_digest(done, reference)

    def config(self, reference: str) -> dict[str, Any]:
        """Return what an image says of how it is run: the inner `config` of its configuration."""
        done = self._crane("config", reference, exact=False)
        if done.code:
            raise self.failure(done, reference)
        try:
            config = json.loads(done.output)
            return dict(config.get("config") or {})
        except (ValueError, AttributeError, TypeError) as exc:
            raise StepFailed(Cause.UNEXPECTED_ANSWER, f"The configuration of {reference} is not readable.") from exc

    def manifest(self, reference: str) -> dict[str, Any]:
        """Return the manifest that a digest names."""
        done = self._crane("manifest", reference, exact=True)
        if done.code:
            raise self.failure(done, reference)
        try:
            return dict(json.loads(done.output))
        except (ValueError, TypeError) as exc:
            raise StepFailed(Cause.UNEXPECTED_ANSWER, f"The manifest of {reference} is not readable.") from exc

    def blob(self, reference: str, target: Path) -> None:
        """Write one part of an image to a file; crane holds it to its digest."""
        command = ["crane", "blob", reference, *self._options[:-2]]
        done = run(command, self._settings, seconds=_BLOB_SECONDS, logins=self._logins, output_file=target)
        if done.code:
            raise self.failure(done, reference)

    def build(self, recipe: Recipe) -> str:
        """Make an image and push it under its tag, which is there only when all of it is; return its digest."""
        command = ["mutate", recipe.base, "--tag", recipe.target, "--user", recipe.user]
        command += [part for layer in recipe.layers for part in ("--append", str(layer))]
        command += [part for key, value in sorted(recipe.labels.items()) for part in ("--label", f"{key}={value}")]
        command += ["--entrypoint", ",".join(recipe.entrypoint)] if recipe.entrypoint else []
        command += ["--cmd", ",".join(recipe.command)] if recipe.command else []
        done = run(["crane", *command, *self._options], self._settings, seconds=_BUILD_SECONDS, is_work=True)
        return self._read_digest(done, recipe.target)

    def _crane(self, verb: str, reference: str, *, exact: bool) -> Finished:
        options = self._options[:-2] if exact else self._options
        return run(["crane", verb, reference, *options], self._settings, seconds=_LOOK_SECONDS, logins=self._logins)

    def _read_digest(self, done: Finished, reference: str) -> str:
        if done.code:
            raise self.failure(done, reference)
        found = _DIGEST.findall(done.output)
        if not found:
            raise StepFailed(Cause.UNEXPECTED_ANSWER, f"The registry named no digest for {reference}.")
        return str(found[-1])

    def failure(self, done: Finished, reference: str) -> StepFailed:
        """Understand what crane said; its own last words are the proof."""
        lines = [line for line in done.errors.splitlines() if line.strip()]
        said = lines[-1].removeprefix("Error: ") if lines else f"crane ended with {done.code}"
        host = reference.partition("/")[0]
        for cause, pattern, what in _CAUSES:
            if pattern.search(done.errors):
                return StepFailed(cause, f"The registry {host} {what}: {said}")
        if _NOT_FOUND.search(done.errors):
            return StepFailed(Cause.IMAGE_NOT_FOUND, f"{reference} does not exist in the registry.")
        return StepFailed(Cause.UNEXPECTED_ANSWER, f"The registry {host} answered oddly: {said}")


def tag(version: str) -> str:
    """Return the tag of a version; a plus sign, which tags cannot hold, becomes an underscore as it does for charts."""
    return version.replace("+", "_")

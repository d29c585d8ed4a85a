"""Images from a Containerfile by way of buildah, without privileges: built, looked at, pushed.

Used by build_containerfile. Each build has a store of its own and runs in a user namespace, which the pod must be
allowed to make (README.md); what a Containerfile runs is not kept from the pod's secrets.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from steps.outcome import Cause, StepFailed
from steps.programs import Finished, run
from steps.settings import Settings

_BUILD_SECONDS: Final = 1500.0
_LOOK_SECONDS: Final = 60.0
_PUSH_SECONDS: Final = 600.0
_DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}")
_PLAIN_USER: Final = re.compile(r"[1-9][0-9]{0,9}(:[0-9]{1,10})?")
_NOT_ALLOWED: Final = "the cluster does not let it make a user namespace"
_ALONE: Final = "Falling back to single mapping"
"""What buildah says when the namespace has no other users: instructions fail later then, for reasons hard to guess."""
_NO_NAMESPACE: Final = "Error during unshare("
"""How buildah begins where it may make no user namespace at all; what follows is of its own confusion."""
_INSTRUCTION: Final = re.compile(r'building at STEP "(?!FROM )')
_CAUSES: Final[Sequence[tuple[Cause, re.Pattern[str], str]]] = (
    (Cause.DISK_FULL, re.compile(r"no space left on device"), "there is no disk left"),
    (
        Cause.BUILDS_NOT_ALLOWED,
        re.compile(r"(?i:unshare|user namespace|new[ug]idmap|clone_newuser)"),
        _NOT_ALLOWED,
    ),
    (Cause.CONTAINERFILE_FAILED, _INSTRUCTION, "an instruction failed"),
    (Cause.QUOTA_EXCEEDED, re.compile(r"(?i:quota|configured upper limit)"), "the registry has no room left (quota)"),
    (
        Cause.CREDENTIALS_REFUSED,
        re.compile(r"(?i:unauthorized|authentication required|invalid username/password)"),
        "a registry refused the credentials",
    ),
    (
        Cause.ACCESS_DENIED,
        re.compile(r"(?i:denied: |access .*denied|forbidden)"),
        "a registry does not allow this account to do that",
    ),
    (
        Cause.BASE_IMAGE_NOT_FOUND,
        re.compile(r"(?i:manifest unknown|name unknown|not found)"),
        "an image that it begins with does not exist",
    ),
    (Cause.TIMEOUT, re.compile(r"i/o timeout|deadline exceeded|TLS handshake timeout"), "a registry did not answer"),
    (
        Cause.UNREACHABLE,
        re.compile(r"connection refused|no such host|network is unreachable|connection reset|\bEOF\b|x509:"),
        "a registry cannot be reached",
    ),
    (Cause.SERVER_FAILED, re.compile(r"(?i:status(:| code):? 5\d\d|toomanyrequests|unavailable)"), "a registry failed"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What to build: the file, the folder around it, and what the image says of itself."""

    containerfile: Path
    context: Path
    base: str
    target: str
    labels: Mapping[str, str]


class Buildah:
    """One build in one scratch folder."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self._settings = settings
        self._folder = folder
        login = settings.registry_folder / "config.json"
        self._registry_options = ["--tls-verify=false"] if settings.registry_insecure else []
        self._registry_options += ["--authfile", str(login)] if login.is_file() else []

    def build(self, order: Order) -> None:
        """Build; the same input gives the same image as far as the Containerfile itself does."""
        command = ["build", "--isolation", "chroot", "--format", "oci", "--layers=false", "--timestamp", "0"]
        command += ["--identity-label=false", "--platform", self._settings.platform, *self._registry_options]
        command += [part for key, value in sorted(order.labels.items()) for part in ("--label", f"{key}={value}")]
        command += ["--build-arg", f"BASE_IMAGE={order.base}", "--file", str(order.containerfile)]
        done = self._run(*command, "--tag", order.target, str(order.context), seconds=_BUILD_SECONDS)
        if done.code:
            raise failure(done, order.target)

    def require_plain_user(self, target: str) -> None:
        """Refuse an image that would run as root, or as a name that nobody can look up before it runs."""
        done = self._run("inspect", "--type", "image", "--format", "{{.OCIv1.Config.User}}", target)
        if done.code:
            raise failure(done, target)
        user = done.output.strip()
        if not _PLAIN_USER.fullmatch(user):
            evidence = f"{target} would run as {user or 'root'}. End the Containerfile with USER and a number, not 0."
            raise StepFailed(Cause.IMAGE_RUNS_AS_ROOT, evidence)

    def push(self, target: str) -> str:
        """Push the image under its tag, which is there only when all of it is; return its digest."""
        file = self._folder / "digest"
        command = ["push", *self._registry_options, "--digestfile", str(file), target, f"docker://{target}"]
        done = self._run(*command, seconds=_PUSH_SECONDS)
        if done.code:
            raise failure(done, target)
        found = _DIGEST.fullmatch(file.read_text(encoding="utf-8").strip()) if file.is_file() else None
        if found is None:
            raise StepFailed(Cause.UNEXPECTED_ANSWER, f"buildah named no digest for {target}.")
        return found[0]

    def _run(self, verb: str, *arguments: str, seconds: float = _LOOK_SECONDS) -> Finished:
        store = ["--root", str(self._folder / "store"), "--runroot", str(self._folder / "run")]
        command = ["buildah", *store, "--storage-driver", "vfs", verb, *arguments]
        # An instruction's last words on its output stand then before what buildah says of them.
        is_build, is_work = verb == "build", verb != "inspect"
        return run(command, self._settings, seconds=seconds, is_work=is_work, together=is_build)


def failure(done: Finished, target: str) -> StepFailed:
    """Understand what buildah said last; what instructions wrote before is no evidence of its own."""
    lines = [line for line in done.errors.splitlines() if line.strip()]
    errors = [line.partition("Error: ")[2] for line in lines if "Error: " in line]
    refused = [line for line in lines if line.startswith(_NO_NAMESPACE)]
    last = (refused or lines or [f"buildah ended with {done.code}"])[-1]
    said = errors[-1] if errors else last
    if _ALONE in done.errors:
        return StepFailed(Cause.BUILDS_NOT_ALLOWED, f"{target} was not built: {_NOT_ALLOWED} with users: {said}")
    found = next(((cause, what) for cause, pattern, what in _CAUSES if pattern.search(said)), None)
    cause, what = found or (Cause.CONTAINERFILE_FAILED, "it ended with an error")
    return StepFailed(cause, f"{target} was not built: {what}: {said}")

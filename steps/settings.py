"""What the platform tells the steps: addresses from environment variables, credentials from files.

`program` reads it once for each step. Nothing secret is in the environment; an absent file means anonymous.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from steps.outcome import Cause, StepFailed

MEGABYTE: Final = 1024 * 1024
_REPOSITORY: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,199}")
_TRUE: Final = {"true": True, "false": False}
_SERVICE_ACCOUNT: Final = "/var/run/secrets/kubernetes.io/serviceaccount"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings of all steps, each read when it is asked for: a step fails only for what it needs itself."""

    environment: Mapping[str, str]

    @property
    def scratch(self) -> Path:
        """The one folder that may be written to."""
        return Path(self._text("SLIPWAY_SCRATCH", "/tmp"))  # noqa: S108  # a volume of the pod's own

    @property
    def outputs(self) -> Path:
        return Path(self._text("SLIPWAY_OUTPUTS", "/tmp/outputs"))  # noqa: S108  # a volume of the pod's own

    @property
    def nexus_url(self) -> str:
        return self._address("SLIPWAY_NEXUS_URL", "where Nexus is, such as https://nexus.example.com")

    @property
    def nexus_repository(self) -> str:
        return self._repository("SLIPWAY_NEXUS_REPOSITORY", "maven-releases")

    @property
    def nexus_snapshots(self) -> str:
        """The repository of SNAPSHOT versions; the same one unless named."""
        return self._repository("SLIPWAY_NEXUS_SNAPSHOT_REPOSITORY", self.nexus_repository)

    @property
    def gitea_url(self) -> str:
        """The Gitea that the token is for, as repositories are written in the catalog; empty when not set."""
        return self._address("SLIPWAY_GITEA_URL") if self._text("SLIPWAY_GITEA_URL") else ""

    @property
    def gitea_internal_url(self) -> str:
        """How pods reach that Gitea, where it is not by its usual address."""
        has_own = bool(self._text("SLIPWAY_GITEA_INTERNAL_URL"))
        return self._address("SLIPWAY_GITEA_INTERNAL_URL") if has_own else self.gitea_url

    @property
    def registry_insecure(self) -> bool:
        text = self._text("SLIPWAY_REGISTRY_INSECURE", "false")
        if text not in _TRUE:
            raise StepFailed(Cause.BAD_SETTINGS, f"SLIPWAY_REGISTRY_INSECURE must be true or false, not {text!r}.")
        return _TRUE[text]

    @property
    def platform(self) -> str:
        return self._text("SLIPWAY_PLATFORM", "linux/amd64")

    @property
    def max_bytes(self) -> int:
        """How large an artifact or a chart may be."""
        return self._number("SLIPWAY_MAX_MEGABYTES", 1024) * MEGABYTE

    @property
    def retry_seconds(self) -> int:
        """How long to wait before a server that failed is asked again; then three times as long."""
        return self._number("SLIPWAY_RETRY_SECONDS", 1)

    @property
    def helm_timeout_seconds(self) -> int:
        return self._number("SLIPWAY_HELM_TIMEOUT_SECONDS", 300)

    @property
    def helm_history(self) -> int:
        return self._number("SLIPWAY_HELM_HISTORY", 10)

    @property
    def pending_seconds(self) -> int:
        """How long a release may be pending before its maker counts as gone."""
        return self._number("SLIPWAY_PENDING_SECONDS", 60)

    @property
    def patience_seconds(self) -> int:
        """How long old pods may take to go away, or a changed strategy to be taken up."""
        return self._number("SLIPWAY_PATIENCE_SECONDS", 300)

    @property
    def service_account(self) -> Path:
        return Path(self._text("SLIPWAY_SERVICE_ACCOUNT", _SERVICE_ACCOUNT))

    @property
    def kubernetes_url(self) -> str:
        """The API server as every pod is told it."""
        host = self._text("KUBERNETES_SERVICE_HOST")
        if not host:
            raise StepFailed(Cause.BAD_SETTINGS, "This does not run in a pod: KUBERNETES_SERVICE_HOST is not set.")
        shown = f"[{host}]" if ":" in host else host
        return f"https://{shown}:{self._text('KUBERNETES_SERVICE_PORT', '443')}"

    @property
    def nexus_login(self) -> tuple[str, str] | None:
        """Username and password, or nothing: then Nexus is asked anonymously."""
        username, password = self._secret("nexus/username"), self._secret("nexus/password")
        if bool(username) != bool(password):
            raise StepFailed(Cause.BAD_SETTINGS, "Nexus needs nexus-username and nexus-password, or neither.")
        return (username, password) if username else None

    @property
    def gitea_token(self) -> str:
        return self._secret("gitea/token")

    @property
    def registry_folder(self) -> Path:
        """The folder of a docker `config.json`; where there is none, registries are asked anonymously."""
        return self._credentials / "registry"

    @property
    def charts_folder(self) -> Path:
        """The same for the registries that charts are in, which a release may read without the right to push images."""
        return self._credentials / "charts"

    @property
    def _credentials(self) -> Path:
        return Path(self._text("SLIPWAY_CREDENTIALS", "/etc/slipway/credentials"))

    def _secret(self, name: str) -> str:
        try:
            return (self._credentials / name).read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            return ""
        except (OSError, UnicodeDecodeError) as exc:
            evidence = f"The credential {name} cannot be read: {type(exc).__name__}."
            raise StepFailed(Cause.BAD_SETTINGS, evidence) from exc

    def _text(self, name: str, default: str = "") -> str:
        return self.environment.get(name, "").strip() or default

    def _address(self, name: str, what: str = "an address such as https://gitea.example.com") -> str:
        text = self._text(name)
        try:
            parts = urlsplit(text)
            is_good = parts.scheme in {"http", "https"} and bool(parts.hostname) and "@" not in parts.netloc
        except ValueError:
            is_good = False
        if not is_good or parts.query or parts.fragment:
            raise StepFailed(Cause.BAD_SETTINGS, f"{name} must be {what}, without a password in it.")
        return text.rstrip("/")

    def _repository(self, name: str, default: str) -> str:
        text = self._text(name, default)
        if not _REPOSITORY.fullmatch(text):
            raise StepFailed(Cause.BAD_SETTINGS, f"{name} is no repository name: {text!r}.")
        return text

    def _number(self, name: str, default: int) -> int:
        text = self._text(name, str(default))
        if not (text.isascii() and text.isdigit() and len(text) <= 9):  # noqa: PLR2004  # nine digits are plenty
            raise StepFailed(Cause.BAD_SETTINGS, f"{name} must be a whole number, not {text!r}.")
        return int(text)

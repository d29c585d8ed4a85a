"""Settings: what is wrong with one is said when it is needed, by its name."""

from collections.abc import Callable
from pathlib import Path

import pytest

from steps.outcome import Cause, StepFailed
from steps.settings import Settings

Read = Callable[[Settings], object]


def test_defaults_need_no_environment() -> None:
    settings = Settings(environment={})
    assert (settings.nexus_repository, settings.nexus_snapshots) == ("maven-releases", "maven-releases")
    assert (settings.gitea_url, settings.gitea_internal_url, settings.platform) == ("", "", "linux/amd64")
    assert not settings.registry_insecure
    assert settings.registry_folder == Path("/etc/slipway/credentials/registry")
    assert (settings.nexus_login, settings.gitea_token) == (None, "")


def test_a_gitea_is_reached_as_it_is_named_unless_told_otherwise() -> None:
    named = {"SLIPWAY_GITEA_URL": "https://gitea.example.com/"}
    assert Settings(environment=named).gitea_internal_url == "https://gitea.example.com"
    inner = {**named, "SLIPWAY_GITEA_INTERNAL_URL": "http://gitea.platform"}
    assert Settings(environment=inner).gitea_internal_url == "http://gitea.platform"


@pytest.mark.parametrize(
    ("name", "value", "read"),
    [
        ("SLIPWAY_NEXUS_URL", "", lambda settings: settings.nexus_url),
        ("SLIPWAY_NEXUS_URL", "ftp://nexus.example.com", lambda settings: settings.nexus_url),
        ("SLIPWAY_NEXUS_URL", "https://me:demo@nexus.example.com", lambda settings: settings.nexus_url),
        ("SLIPWAY_NEXUS_URL", "https://[broken", lambda settings: settings.nexus_url),
        ("SLIPWAY_NEXUS_URL", "https://nexus.example.com?x", lambda settings: settings.nexus_url),
        ("SLIPWAY_NEXUS_REPOSITORY", "a/b", lambda settings: settings.nexus_repository),
        ("SLIPWAY_REGISTRY_INSECURE", "maybe", lambda settings: settings.registry_insecure),
        ("SLIPWAY_MAX_MEGABYTES", "-1", lambda settings: settings.max_bytes),
        ("KUBERNETES_SERVICE_HOST", "", lambda settings: settings.kubernetes_url),
    ],
)
def test_a_bad_setting_is_named(name: str, value: str, read: Read) -> None:
    with pytest.raises(StepFailed) as failure:
        read(Settings(environment={name: value}))
    assert failure.value.cause is Cause.BAD_SETTINGS
    assert name in failure.value.evidence
    assert "demo" not in failure.value.evidence


def test_the_api_server_may_have_a_long_address() -> None:
    assert Settings(environment={"KUBERNETES_SERVICE_HOST": "fd00::1"}).kubernetes_url == "https://[fd00::1]:443"


def test_half_of_a_login_is_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "nexus").mkdir()
    (tmp_path / "nexus" / "username").write_text("ci")
    with pytest.raises(StepFailed, match="or neither"):
        _ = Settings(environment={"SLIPWAY_CREDENTIALS": str(tmp_path)}).nexus_login


def test_a_credential_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "gitea" / "token").mkdir(parents=True)
    with pytest.raises(StepFailed, match="gitea/token cannot be read"):
        _ = Settings(environment={"SLIPWAY_CREDENTIALS": str(tmp_path)}).gitea_token

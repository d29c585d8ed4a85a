import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from bot import settings as module
from bot.settings import FOLDER, Settings, SettingsError, load, table
from tests.bot.settings_given import ALL, REQUIRED, SECRETS


def value_of(settings: Settings, name: str) -> str:
    """Read a setting by its full name, the way it would be typed."""
    found: Any = settings
    for part in name.removeprefix("SLIPWAY_").lower().split("__"):
        found = getattr(found, part)
    return found.get_secret_value() if isinstance(found, SecretStr) else str(found)


def problems(environment: dict[str, str]) -> dict[str, str]:
    with pytest.raises(SettingsError) as caught:
        load(environment)
    return {problem.name: str(problem) for problem in caught.value.problems}


def folder(path: Path, files: dict[str, str]) -> dict[str, str]:
    for name, text in files.items():
        (path / name).write_text(text, encoding="utf-8")
    return {FOLDER: str(path)}


def test_the_test_names_every_setting_there_is() -> None:
    assert set(ALL) == set(module._known())


@pytest.mark.parametrize("name", sorted(ALL))
def test_a_setting_comes_from_its_variable(name: str) -> None:
    assert value_of(load(ALL), name) == ALL[name]


@pytest.mark.parametrize("name", sorted(ALL))
def test_a_setting_comes_from_its_file_in_small_letters_without_its_last_newline(name: str, tmp_path: Path) -> None:
    files = folder(tmp_path, {each.lower(): f"{text}\n" for each, text in ALL.items()})
    assert value_of(load(files), name) == ALL[name]


def test_a_variable_wins_over_its_file(tmp_path: Path) -> None:
    files = folder(tmp_path, {"SLIPWAY_HINT": "from the file", "slipway_nexus__repository": "from-the-file"})
    settings = load({**REQUIRED, **files, "SLIPWAY_HINT": "from the variable"})
    assert (settings.hint, settings.nexus.repository) == ("from the variable", "from-the-file")


def test_the_process_environment_is_read_when_none_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("SLIPWAY_")]:
        monkeypatch.delenv(name)
    for name, value in REQUIRED.items():
        monkeypatch.setenv(name, value)
    assert load().slack.team == "T0SLIPWAY"


def test_what_nobody_says_has_its_usual_value() -> None:
    settings = load({**REQUIRED, FOLDER: ""})
    assert settings.database == "sqlite:///slipway.sqlite"
    assert settings.log_level == "INFO"
    assert settings.template_scope == "namespace"
    assert (settings.http.host, settings.http.port) == ("0.0.0.0", 8080)  # noqa: S104  # the documented default
    assert (settings.keycloak.link, settings.keycloak.roles_from) == ("attribute", "client")
    assert (settings.nexus.username, settings.nexus.password.get_secret_value()) == ("", "")


def test_files_that_are_not_settings_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "..data").mkdir()
    (tmp_path / "slipway_folder").mkdir()
    (tmp_path / "tls.key").write_bytes(b"\xff")
    assert load({**REQUIRED, FOLDER: str(tmp_path)}).slack.team == "T0SLIPWAY"


def test_variables_of_others_are_left_alone() -> None:
    assert load({**REQUIRED, "PATH": "/bin", "OTHER_SLIPWAY_X": "1"}).slack.team == "T0SLIPWAY"


def test_what_kubernetes_sets_for_services_called_slipway_is_left_alone() -> None:
    links = {
        "SLIPWAY_SERVICE_HOST": "10.96.0.7",
        "SLIPWAY_SERVICE_PORT": "80",
        "SLIPWAY_SERVICE_PORT_HTTP": "80",
        "SLIPWAY_PORT": "tcp://10.96.0.7:80",
        "SLIPWAY_PORT_80_TCP": "tcp://10.96.0.7:80",
        "SLIPWAY_PORT_80_TCP_PROTO": "tcp",
        "SLIPWAY_PORT_80_TCP_PORT": "80",
        "SLIPWAY_PORT_80_TCP_ADDR": "10.96.0.7",
        "SLIPWAY_PROBES_SERVICE_HOST": "10.96.0.8",
        "SLIPWAY_PROBES_PORT": "udp://10.96.0.8:80",
    }
    assert load({**REQUIRED, **links}) == load(REQUIRED)
    assert list(problems({**REQUIRED, "SLIPWAY_HTTP_PORT": "8080"})) == ["SLIPWAY_HTTP_PORT"]


def test_every_missing_setting_is_named_at_once_with_what_it_is() -> None:
    found = problems({})
    assert set(found) == set(REQUIRED)
    assert found["SLIPWAY_SLACK__TEAM"] == (
        "SLIPWAY_SLACK__TEAM: is not set. Set it to the id of your Slack team, such as T0123ABCD"
    )


@pytest.mark.parametrize("name", sorted(REQUIRED))
def test_a_required_setting_that_is_set_to_nothing_is_not_set(name: str) -> None:
    assert "is not set" in problems({**REQUIRED, name: ""})[name]


def test_an_optional_setting_may_be_set_to_nothing() -> None:
    assert load({**ALL, "SLIPWAY_HINT": ""}).hint == ""


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SLIPWAY_HTTP__PORT", "eighty"),
        ("SLIPWAY_HTTP__PORT", "65536"),
        ("SLIPWAY_HTTP__PORT", "-1"),
        ("SLIPWAY_LOG_LEVEL", "verbose"),
        ("SLIPWAY_TEMPLATE_SCOPE", "galaxy"),
        ("SLIPWAY_SLACK__TEAM", "acme"),
        ("SLIPWAY_KEYCLOAK__LINK", "guess"),
        ("SLIPWAY_KEYCLOAK__ROLES_FROM", "nowhere"),
    ],
)
def test_a_value_that_cannot_be_is_refused_without_being_shown(name: str, value: str) -> None:
    found = problems({**ALL, name: value})
    assert list(found) == [name]
    assert "cannot be used" in found[name]
    assert "It should be " in found[name]
    assert value not in found[name].replace(name, "")


def test_an_unknown_name_is_refused_with_what_was_probably_meant() -> None:
    found = problems({**REQUIRED, "SLIPWAY_SLACK__BOT_TOKN": "x", "SLIPWAY_ZZZ": "x", "SLIPWAY_SLACK": "x"})
    assert "Did you mean SLIPWAY_SLACK__BOT_TOKEN?" in found["SLIPWAY_SLACK__BOT_TOKN"]
    assert "Did you mean" in found["SLIPWAY_SLACK"]
    assert "docs/settings.md lists what there is" in found["SLIPWAY_ZZZ"]
    assert len(found) == 3


def test_unknown_wrong_missing_and_unreadable_settings_are_told_together(tmp_path: Path) -> None:
    (tmp_path / "slipway_nexus__url").write_bytes(b"\xff\xfe")
    given = {name: value for name, value in REQUIRED.items() if name != "SLIPWAY_NEXUS__URL"}
    del given["SLIPWAY_CATALOG"]
    found = problems({**given, FOLDER: str(tmp_path), "SLIPWAY_HTTP__PORT": "x", "SLIPWAY_HINTS": "x"})
    assert set(found) == {"slipway_nexus__url", "SLIPWAY_HTTP__PORT", "SLIPWAY_HINTS", "SLIPWAY_CATALOG"}


def test_a_file_that_is_too_big_is_refused(tmp_path: Path) -> None:
    found = problems({**REQUIRED, **folder(tmp_path, {"slipway_hint": "x" * (64 * 1024 + 1)})})
    assert found == {"slipway_hint": "slipway_hint: the file is over 64 KiB. Put one setting into a file"}
    assert load({**REQUIRED, **folder(tmp_path, {"slipway_hint": "x" * 64 * 1024})}).hint == "x" * 64 * 1024


def test_a_file_that_leads_nowhere_is_refused(tmp_path: Path) -> None:
    (tmp_path / "slipway_hint").symlink_to(tmp_path / "nowhere")
    found = problems({**REQUIRED, FOLDER: str(tmp_path)})
    assert found["slipway_hint"].startswith("slipway_hint: it cannot be read (FileNotFoundError)")


@pytest.mark.parametrize("name", ["missing", "file"])
def test_a_folder_that_is_none_is_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    found = problems({**REQUIRED, FOLDER: str(tmp_path / name)})
    assert found == {FOLDER: f"{FOLDER}: {tmp_path / name} is not a folder. Mount the Secret there or unset it"}


def test_a_folder_that_may_not_be_listed_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", refuse)
    assert "it cannot be read (PermissionError)" in problems({**REQUIRED, FOLDER: str(tmp_path)})[FOLDER]


SECRET_NAMES = sorted(SECRETS)
LINES = st.text(st.characters(min_codepoint=33, max_codepoint=0x2FF), max_size=40).map("planted-".__add__)


SEVERAL = st.lists(LINES, min_size=len(SECRETS), max_size=len(SECRETS), unique=True)


@given(secrets=SEVERAL, wrong=st.sampled_from(sorted(ALL)))
def test_no_secret_is_ever_shown(secrets: list[str], wrong: str) -> None:
    planted = dict(zip(SECRET_NAMES, secrets, strict=True))
    shown = repr(load({**ALL, **planted})) + str(load({**ALL, **planted}).slack)
    shown += load({**ALL, **planted}).model_dump_json()
    # The same secrets typed into every setting in turn, and under an unknown name.
    for name in (wrong, "SLIPWAY_SLACK__TOKEN"):
        try:
            load({**ALL, **planted, name: secrets[0], "SLIPWAY_HTTP__PORT": secrets[1]})
        except SettingsError as error:
            shown += f"{error}{error!r}{error.__cause__}{error.__context__}"
    assert "planted-" not in shown


def test_the_table_lists_every_setting_with_its_usual_value() -> None:
    rows = table().splitlines()
    assert len(rows) == 2 + len(ALL)
    assert all(any(row.startswith(f"| `{name}` |") for row in rows) for name in ALL)
    assert "| `SLIPWAY_HTTP__PORT` | the port to listen on | `8080` |" in rows
    assert "| `SLIPWAY_NEXUS__PASSWORD` | the password of that user | empty |" in rows
    assert "| `SLIPWAY_NEXUS__URL` | its address, such as https://nexus.example.com | required |" in rows
    assert all(row.count("|") == 4 for row in rows)

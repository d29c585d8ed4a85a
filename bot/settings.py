"""Reads the settings, from `SLIPWAY_*` variables or from files of the same names; nothing else reads the environment.

Nested settings are written with two underscores: `SLIPWAY_SLACK__BOT_TOKEN`. A file in the folder that
`SLIPWAY_SETTINGS_DIR` names (a mounted Secret) counts like a variable; the variable wins.
"""

import difflib
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from typing_extensions import override

PREFIX = "SLIPWAY_"
FOLDER = "SLIPWAY_SETTINGS_DIR"
MAX_FILE = 64 * 1024

Port = Annotated[int, Field(ge=0, le=65535)]


class Section(BaseModel):
    """Settings refuse what they do not know, and never show what was typed in a message."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class SlackSection(Section):
    """The Slack app."""

    bot_token: SecretStr = Field(description="the bot token of your Slack app, it begins with xoxb-")
    app_token: SecretStr = Field(description="the app-level token with connections:write, it begins with xapp-")
    team: str = Field(pattern=r"^[TE][A-Z0-9]{2,20}$", description="the id of your Slack team, such as T0123ABCD")
    api_url: str = Field(default="https://slack.com/api/", description="the address of the Web API")


class KeycloakSection(Section):
    """The login server."""

    url: str = Field(description="its address, such as https://login.example.com")
    realm: str = Field(description="the realm your people are in")
    client_id: str = Field(default="slipway-bot", description="the client whose service account Slipway uses")
    client_secret: SecretStr = Field(description="the secret of that client")
    roles_client: str = Field(default="", description="the UUID of the client that holds the roles")
    roles_from: Literal["client", "realm", "groups"] = Field(default="client", description="where the roles are kept")
    link: Literal["attribute", "idp"] = Field(default="attribute", description="how Slack users are linked to people")
    attribute: str = Field(default="slack_user_id", description="the attribute that holds TEAM-USER")
    idp_alias: str = Field(default="slack", description="the alias of the identity provider for link idp")
    canary_user: str = Field(default="", description="a user that `slipway check` must find")


class NexusSection(Section):
    """Where jars come from."""

    url: str = Field(description="its address, such as https://nexus.example.com")
    repository: str = Field(default="maven-releases", description="the maven2 repository to look in")
    username: str = Field(default="", description="a user that may read it; empty for anonymous")
    password: SecretStr = Field(default=SecretStr(""), description="the password of that user")


class HttpSection(Section):
    """Where probes are answered."""

    host: str = Field(default="0.0.0.0", description="the address to listen on")  # noqa: S104  # probes come from the kubelet
    port: Port = Field(default=8080, description="the port to listen on")


class Settings(Section):
    """Everything that Slipway is told, apart from the catalog."""

    catalog: Path = Field(description="the path of the catalog, a YAML file")
    database: str = Field(default="sqlite:///slipway.sqlite", description="the database, sqlite:///<file>")
    hint: str = Field(default="", description="what to tell people whose account is not linked")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(default="INFO", description="how much to log")
    slack: SlackSection
    keycloak: KeycloakSection
    nexus: NexusSection
    http: HttpSection = HttpSection()


@dataclass(frozen=True, slots=True)
class SettingProblem:
    """One setting that is missing or wrong: its name, what is wrong and what to do."""

    name: str
    message: str
    remedy: str

    @override
    def __str__(self) -> str:
        return f"{self.name}: {self.message}. {self.remedy}"


class SettingsError(Exception):
    """The settings cannot be used; `problems` lists all of them."""

    def __init__(self, problems: Iterable[SettingProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


def load(environment: Mapping[str, str] | None = None) -> Settings:
    """Read the settings.

    Raises
    ------
    SettingsError
        Naming every setting that is missing, unknown or wrong, without showing any value.
    """
    given = dict(os.environ if environment is None else environment)
    values = {name: text for name, text in given.items() if name.startswith(PREFIX) and name != FOLDER}
    values = {**_from_files(given.get(FOLDER)), **values}
    unknown = [_unknown(name) for name in values if name not in _known()]
    try:
        settings = Settings.model_validate(_nested({n: v for n, v in values.items() if n in _known()}))
    except ValidationError as exc:
        raise SettingsError([*unknown, *(_problem(error) for error in exc.errors(include_input=False))]) from None
    if unknown:
        raise SettingsError(unknown)
    return settings


def _from_files(folder: str | None) -> dict[str, str]:
    if not folder:
        return {}
    path = Path(folder)
    if not path.is_dir():
        raise SettingsError([SettingProblem(FOLDER, f"{folder} is not a folder", "Mount the Secret there or unset it")])
    files = (file for file in sorted(path.iterdir()) if file.name.upper().startswith(PREFIX) and file.is_file())
    return {file.name.upper(): _read(file) for file in files}


def _read(file: Path) -> str:
    try:
        if file.stat().st_size > MAX_FILE:
            raise SettingsError([SettingProblem(file.name, "the file is over 64 KiB", "Put one setting into a file")])
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as exc:
        what = f"the file cannot be read ({type(exc).__name__})"
        raise SettingsError([SettingProblem(file.name, what, "Make it readable, as UTF-8")]) from None


def _known() -> dict[str, str]:
    """Map every setting's full name to its description."""
    known = {}
    for name, field in Settings.model_fields.items():
        section = field.annotation
        if isinstance(section, type) and issubclass(section, Section):
            for inner, detail in section.model_fields.items():
                known[f"{PREFIX}{name}__{inner}".upper()] = detail.description or ""
        else:
            known[f"{PREFIX}{name}".upper()] = field.description or ""
    return known


def _nested(values: Mapping[str, str]) -> dict[str, object]:
    tree: dict[str, object] = {}
    for section in ("slack", "keycloak", "nexus", "http"):
        start = f"{PREFIX}{section}__".upper()
        tree[section] = {name[len(start) :].lower(): v for name, v in values.items() if name.startswith(start)}
    plain = {name[len(PREFIX) :].lower(): v for name, v in values.items() if "__" not in name}
    return {**tree, **plain}


def _unknown(name: str) -> SettingProblem:
    near = difflib.get_close_matches(name, list(_known()), n=1)
    remedy = f"Did you mean {near[0]}?" if near else "Remove it; docs/settings.md lists what there is"
    return SettingProblem(name, "there is no such setting", remedy)


def _problem(error: Mapping[str, object]) -> SettingProblem:
    place = error["loc"]
    parts = [str(part) for part in place] if isinstance(place, tuple) else [str(place)]
    name = PREFIX + "__".join(parts).upper()
    description = _known().get(name, "")
    if error["type"] == "missing":
        return SettingProblem(name, "is not set", f"Set it to {description}")
    return SettingProblem(name, f"cannot be used ({error['msg']})", f"It should be {description}")


def table() -> str:
    """Return docs/settings.md: every setting, what it is and what it is when nobody says."""
    rows = ["| setting | what it is | unless set |", "|---|---|---|"]
    for name, description in _known().items():
        rows.append(f"| `{name}` | {description} | {_default(name)} |")
    return "\n".join(rows) + "\n"


def _default(name: str) -> str:
    section, _, inner = name.removeprefix(PREFIX).lower().partition("__")
    field = Settings.model_fields[section]
    if inner and isinstance(field.annotation, type) and issubclass(field.annotation, Section):
        field = field.annotation.model_fields[inner]
    if field.is_required():
        return "required"
    value = field.default.get_secret_value() if isinstance(field.default, SecretStr) else field.default
    return f"`{value}`" if value != "" else "empty"

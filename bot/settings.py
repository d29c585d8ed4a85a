"""Reads the settings, from `SLIPWAY_*` variables or from files of the same names; nothing else reads the environment.

Nested settings are written with two underscores: `SLIPWAY_SLACK__BOT_TOKEN`. A file in the folder that
`SLIPWAY_SETTINGS_DIR` names (a mounted Secret) counts like a variable; the variable wins.
"""

import difflib
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from typing_extensions import override

PREFIX = "SLIPWAY_"
FOLDER = "SLIPWAY_SETTINGS_DIR"
MAX_FILE = 64 * 1024
_SERVICE_LINK = re.compile(r"[A-Z0-9_]+_(?:SERVICE_HOST|SERVICE_PORT(?:_[A-Z0-9_]+)?|PORT_[0-9]+_[A-Z]+(?:_[A-Z]+)?)")
_SERVICE_URL = re.compile(r"(?:tcp|udp|sctp)://")

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


class HarborSection(Section):
    """Where images are kept; without an address nobody says what is built already."""

    url: str = Field(default="", description="its address, such as https://harbor.example.com; empty: not asked")
    registry: str = Field(default="", description="the host that images begin with, where it is another")
    username: str = Field(
        default="", description="an account that may read it, such as robot$slipway; empty: anonymous"
    )
    password: SecretStr = Field(default=SecretStr(""), description="the password or secret of that account")


class GiteaSection(Section):
    """Where charts come from: plans compare what they make with what runs."""

    url: str = Field(default="", description="the address that the catalog's charts lie below; empty: not compared")
    internal_url: str = Field(default="", description="how that Gitea is reached, where it is another address")
    token: SecretStr = Field(
        default=SecretStr(""), description="a token with the scope read:repository; empty for public charts"
    )


class HttpSection(Section):
    """Where probes are answered."""

    host: str = Field(default="0.0.0.0", description="the address to listen on")  # noqa: S104  # probes come from the kubelet
    port: Port = Field(default=8080, description="the port to listen on")


class Settings(Section):
    """Everything that Slipway is told, apart from the catalog."""

    catalog: Path = Field(description="the path of the catalog, a YAML file")
    database: str = Field(default="sqlite:///slipway.sqlite", description="the database, sqlite:///<file>")
    hint: str = Field(default="", description="what to tell people whose account is not linked")
    helm: str = Field(default="helm", description="the helm program that renders charts for plans; empty: none")
    template_scope: Literal["namespace", "cluster"] = Field(
        default="namespace", description="where the pipeline's templates are installed: namespace or cluster"
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(default="INFO", description="how much to log")
    slack: SlackSection
    keycloak: KeycloakSection
    nexus: NexusSection
    harbor: HarborSection = HarborSection()
    gitea: GiteaSection = GiteaSection()
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
    files = _from_files(given.get(FOLDER))
    values = {**files.values, **_from_variables(given)}
    problems = [*files.problems, *(_unknown(name) for name in values if name not in _known())]
    told = {problem.name.upper() for problem in problems}
    try:
        settings = Settings.model_validate(_nested(_given(values)))
    except ValidationError as exc:
        found = (_problem(error) for error in exc.errors(include_input=False))
        raise SettingsError([*problems, *(each for each in found if each.name not in told)]) from None
    if problems:
        raise SettingsError(problems)
    return settings


def _given(values: Mapping[str, str]) -> dict[str, str]:
    """Leave out what is unknown, and what must be set and is set to nothing, as deployment tools like to do."""
    known = _known().keys() & values.keys()
    return {name: values[name] for name in known if values[name] or not _setting(name).is_required()}


def _from_variables(given: Mapping[str, str]) -> dict[str, str]:
    ours = {name: text for name, text in given.items() if name.startswith(PREFIX) and name != FOLDER}
    return {name: text for name, text in ours.items() if not _is_service_link(name, text)}


def _is_service_link(name: str, text: str) -> bool:
    """Say whether Kubernetes put it there because a Service is called slipway: nobody set it, nobody can mend it."""
    return bool(_SERVICE_LINK.fullmatch(name)) or (name.endswith("_PORT") and bool(_SERVICE_URL.match(text)))


@dataclass(frozen=True, slots=True)
class _Files:
    """What the files of the folder say, and which of them could not be read."""

    values: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[SettingProblem, ...] = ()


def _from_files(folder: str | None) -> _Files:
    if not folder:
        return _Files()
    try:
        ours = (file for file in sorted(Path(folder).iterdir()) if file.name.upper().startswith(PREFIX))
        files = [file for file in ours if not file.is_dir()]
    except OSError as exc:
        what = f"{folder} is not a folder" if isinstance(exc, NotADirectoryError | FileNotFoundError) else _why(exc)
        return _Files(problems=(SettingProblem(FOLDER, what, "Mount the Secret there or unset it"),))
    read = {file.name.upper(): _read(file) for file in files}
    return _Files(
        values={name: text for name, text in read.items() if isinstance(text, str)},
        problems=tuple(problem for problem in read.values() if isinstance(problem, SettingProblem)),
    )


def _read(file: Path) -> str | SettingProblem:
    try:
        with file.open("rb") as opened:
            content = opened.read(MAX_FILE + 1)
        if len(content) > MAX_FILE:
            return SettingProblem(file.name, "the file is over 64 KiB", "Put one setting into a file")
        return content.decode("utf-8").strip()
    except (OSError, UnicodeDecodeError) as exc:
        return SettingProblem(file.name, _why(exc), "Make it readable, as UTF-8")


def _why(exc: Exception) -> str:
    return f"it cannot be read ({type(exc).__name__})"


def _known() -> dict[str, str]:
    """Map every setting's full name to its description."""
    known = {}
    for name, setting in Settings.model_fields.items():
        section = setting.annotation
        if isinstance(section, type) and issubclass(section, Section):
            for inner, detail in section.model_fields.items():
                known[f"{PREFIX}{name}__{inner}".upper()] = detail.description or ""
        else:
            known[f"{PREFIX}{name}".upper()] = setting.description or ""
    return known


def _nested(values: Mapping[str, str]) -> dict[str, object]:
    tree: dict[str, object] = {}
    for section in ("slack", "keycloak", "nexus", "harbor", "gitea", "http"):
        start = f"{PREFIX}{section}__".upper()
        tree[section] = {name[len(start) :].lower(): v for name, v in values.items() if name.startswith(start)}
    plain = {name[len(PREFIX) :].lower(): v for name, v in values.items() if "__" not in name}
    return {**tree, **plain}


def _unknown(name: str) -> SettingProblem:
    known = [each.removeprefix(PREFIX) for each in _known()]
    near = difflib.get_close_matches(name.removeprefix(PREFIX), known, n=1)
    remedy = f"Did you mean {PREFIX}{near[0]}?" if near else "Remove it; docs/settings.md lists what there is"
    return SettingProblem(name, "there is no such setting", remedy)


def _problem(error: Mapping[str, object]) -> SettingProblem:
    place = error["loc"]
    parts = [str(part) for part in place] if isinstance(place, tuple) else [str(place)]
    name = PREFIX + "__".join(parts).upper()
    description = _known().get(name, "")
    if error["type"] == "missing":
        return SettingProblem(name, "is not set", f"Set it to {description}")
    return SettingProblem(name, f"cannot be used ({error['msg']})", f"It should be {description}")


def secrets(settings: Settings) -> tuple[str, ...]:
    """List the values that must never be seen, for whoever masks them."""
    sections = [settings, *(value for _, value in settings if isinstance(value, Section))]
    values = (value for section in sections for _, value in section)
    return tuple(value.get_secret_value() for value in values if isinstance(value, SecretStr))


def table() -> str:
    """Return docs/settings.md: every setting, what it is and what it is when nobody says."""
    rows = ["| setting | what it is | unless set |", "|---|---|---|"]
    for name, description in _known().items():
        rows.append(f"| `{name}` | {description} | {_default(name)} |")
    return "\n".join(rows) + "\n"


def _default(name: str) -> str:
    setting = _setting(name)
    if setting.is_required():
        return "required"
    value = setting.default.get_secret_value() if isinstance(setting.default, SecretStr) else setting.default
    return f"`{value}`" if value != "" else "empty"


def _setting(name: str) -> FieldInfo:
    section, _, inner = name.removeprefix(PREFIX).lower().partition("__")
    setting = Settings.model_fields[section]
    if inner and isinstance(setting.annotation, type) and issubclass(setting.annotation, Section):
        return setting.annotation.model_fields[inner]
    return setting

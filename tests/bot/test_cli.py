import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from bot import cli, settings
from tests.bot.settings_given import REQUIRED
from tests.planted import CANARY

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("SLIPWAY_")]:
        monkeypatch.delenv(name)


def refused(argv: Sequence[str], capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit) as ended:
        cli.main(argv)
    assert ended.value.code == 2
    output = capsys.readouterr()
    assert output.out == ""
    return output.err


def test_without_a_command_it_says_which_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert "COMMAND" in refused([], capsys)


def test_an_unknown_command_is_refused_with_those_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    said = refused(["rnu"], capsys)
    assert all(name in said for name in ("rnu", "run", "demo", "check", "gallery", "schema", "settings"))


def test_the_gallery_is_written_where_it_was_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["gallery", "--out", str(tmp_path / "states.html")]) == 0
    assert capsys.readouterr().out.endswith(" states\n")
    assert (tmp_path / "states.html").read_text(encoding="utf-8").startswith("<!doctype html>")


def test_a_gallery_that_cannot_be_written_says_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["gallery", "--out", str(tmp_path / "nowhere" / "states.html")]) == 2
    assert "cannot write" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["run", "check", "gallery", "schema", "settings"])
def test_what_a_command_does_not_know_is_refused(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert "unknown: --fast now" in refused([command, "--fast", "now"], capsys)


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["--help"])
    assert ended.value.code == 0
    said = capsys.readouterr().out
    assert all(name in said for name in ("run", "demo", "check", "gallery", "schema", "settings"))


def test_the_arguments_of_the_process_count_when_none_are_given(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["slipway", "settings"])
    assert cli.main() == 0
    assert capsys.readouterr().out == settings.table()


def test_the_schema_is_the_one_in_the_documentation(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["schema"]) == 0
    assert capsys.readouterr().out == (ROOT / "docs" / "catalog.schema.json").read_text(encoding="utf-8")


def test_the_settings_are_the_ones_in_the_documentation(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["settings"]) == 0
    assert (ROOT / "docs" / "settings.md").read_text(encoding="utf-8").endswith(capsys.readouterr().out)


class Became(Exception):
    """Stands for the other program that the process became."""


@pytest.mark.parametrize("rest", [[], ["--help"], ["--speed", "20", "--json"], ["--state=/tmp/x"]])
def test_the_demo_is_the_playground_with_the_bot_as_its_child(rest: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def become(path: str, argv: list[str]) -> None:
        raise Became(path, argv)

    monkeypatch.setattr(os, "execv", become)
    with pytest.raises(Became) as became:
        cli.main(["demo", *rest])
    bot = [sys.executable, "-m", "bot.cli", "run"]
    assert became.value.args == (sys.executable, [sys.executable, "-m", "playground", *rest, "--", *bot])


def test_run_without_settings_says_what_is_missing_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["run"]) == 2
    output = capsys.readouterr()
    lines = output.err.splitlines()
    assert lines[0] == "slipway cannot run:"
    assert len(lines) == 1 + len(REQUIRED)
    assert all(": is not set. Set it to " in line for line in lines[1:])
    assert output.out == ""


def given(monkeypatch: pytest.MonkeyPatch, folder: Path, **changes: str) -> None:
    catalog = folder / "catalog.yaml"
    catalog.write_text("clusters: {main: {}}\nenvironments: {}\napps: {}\n", encoding="utf-8")
    for name, value in {**REQUIRED, "SLIPWAY_CATALOG": str(catalog), **changes}.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"SLIPWAY_CATALOG": "/nowhere/catalog.yaml"}, "/nowhere/catalog.yaml"),
        ({"SLIPWAY_KEYCLOAK__URL": "login.example.com"}, "The Keycloak url must begin with https://"),
        ({"SLIPWAY_KEYCLOAK__ROLES_CLIENT": "slipway"}, "is no UUID"),
        ({"SLIPWAY_NEXUS__URL": "nexus"}, "The Nexus url must begin with https://"),
    ],
)
def test_run_and_check_say_in_one_text_what_cannot_be_used(
    changes: dict[str, str],
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    restored_log: None,
) -> None:
    given(monkeypatch, tmp_path, **changes)
    assert cli.main(["run"]) == 2
    output = capsys.readouterr()
    assert output.err.startswith("slipway cannot run:\n")
    assert said in output.err
    assert "Traceback" not in output.err
    assert cli.main(["check"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "ok     settings"
    assert lines[1].startswith("wrong  ")
    assert said in lines[1]
    assert len(lines) == 2


def test_run_logs_the_product_at_its_level_and_vendors_at_warning(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, restored_log: None
) -> None:
    import logging

    from bot import running

    levels: dict[str, Any] = {}

    async def run(_: settings.Settings) -> None:
        for name in ("bot.worker", "commands.flow", "integrations.slack", "httpx", "apscheduler"):
            levels[name] = logging.getLogger(name).getEffectiveLevel()

    monkeypatch.setattr(running, "run", run)
    given(monkeypatch, tmp_path, SLIPWAY_LOG_LEVEL="DEBUG")
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    assert cli.main(["run"]) == 0
    assert levels == {
        "bot.worker": logging.DEBUG,
        "commands.flow": logging.DEBUG,
        "integrations.slack": logging.DEBUG,
        "httpx": logging.WARNING,
        "apscheduler": logging.WARNING,
    }


def test_what_is_logged_shows_no_secret(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], restored_log: None
) -> None:
    import logging

    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    cli._log_to_stderr(settings.load(dict(REQUIRED)))
    logging.getLogger("bot.x").warning("given password=%s and %s", CANARY, REQUIRED["SLIPWAY_KEYCLOAK__CLIENT_SECRET"])
    assert "given password=••• and •••" in capsys.readouterr().err

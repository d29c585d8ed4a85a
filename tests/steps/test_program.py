"""The frame of every step: arguments, the last line, exit codes, signals, output files, and what nobody expected."""

import errno
import json
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given as examples
from hypothesis import strategies as st

from steps import parameters, program
from steps.outcome import EXIT_CODES, Cause, Done, StepFailed
from steps.parameters import given
from steps.settings import Settings

README = Path(__file__).parents[2] / "steps" / "README.md"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    app_name: str = given(parameters.NAME)
    note: str = given(parameters.ANYTHING, default="none")


def refused(*arguments: str) -> str:
    with pytest.raises(StepFailed) as failure:
        parameters.read(arguments, Wanted)
    assert failure.value.cause is Cause.BAD_ARGUMENTS
    return failure.value.evidence


def test_parameters_are_read_by_name_and_may_have_defaults() -> None:
    assert parameters.read(["--app-name", "shop"], Wanted) == Wanted(app_name="shop", note="none")


def test_a_value_that_looks_like_an_option_is_a_value() -> None:
    assert parameters.read(["--note", "--app-name", "--app-name", "shop"], Wanted).note == "--app-name"


@examples(st.text())
def test_any_text_reaches_a_parameter_that_takes_anything(text: str) -> None:
    assert parameters.read(["--app-name", "shop", "--note", text], Wanted).note == text


def test_what_is_wrong_with_arguments_is_named() -> None:
    assert refused() == "--app-name must be given."
    assert refused("--app-name") == "--app-name has no value: parameters come as --key value."
    assert refused("--app-name", "a", "--app-name", "b") == "--app-name is given twice."
    assert refused("--app", "a") == "--app is no parameter of this step."
    assert refused("app-name", "a") == "app-name is no parameter of this step."
    assert refused("--app-name", "Shop!") == "--app-name cannot be 'Shop!'."
    assert refused("--app-name", "x" * 100) == f"--app-name cannot be '{'x' * 60}…'."


@pytest.mark.parametrize(
    ("form", "good", "bad"),
    [
        (parameters.IMAGE, "10.0.0.1:5000/shop/shop", "--insecure"),
        (parameters.IMAGE, "harbor.example.com/shop", "harbor.example.com/shop:v1"),
        (parameters.BASE_IMAGE, f"harbor.example.com/jre:17@sha256:{'a' * 64}", "-base/jre"),
        (parameters.GIT_REPOSITORY, "https://gitea.example.com/a/b.git", "https://me:pw@gitea.example.com/a/b"),
        (parameters.GIT_REPOSITORY, "https://gitea.example.com/a/b", "oci://harbor.example.com/platform/app"),
        (parameters.CHART_REPOSITORY, "oci://harbor.example.com/platform/app", "oci://harbor.example.com/a/app:1"),
        (parameters.CHART_REPOSITORY, "oci://10.0.0.1:5000/a/b", "oci://-rf/a"),
        (parameters.CHART_COMMIT, f"sha256:{'0' * 64}", f"sha256:{'0' * 40}"),
        (parameters.CHART_COMMIT, "0" * 40, "main"),
        (parameters.FILE_PATH, "docker/Containerfile", "."),
        (parameters.CHART_REPOSITORY, "http://10.0.0.1:3000/a/b", "file:///etc/passwd"),
        (parameters.FOLDER_PATH, "charts/app", "../app"),
        (parameters.FOLDER_PATH, ".", "app/../.."),
        (parameters.REFERENCE, "feature/x", "-x"),
        (parameters.VERSION, "v1.2.3+build", "v1 2"),
        (parameters.GROUP, "com.acme", "com..acme"),
        (parameters.DIGEST, f"sha256:{'0' * 64}", "latest"),
        (parameters.COMMIT, "a" * 40, "main"),
        (parameters.TEXT, "Alice O'Neil", "two\nlines"),
    ],
)
def test_the_forms_take_what_they_should_and_nothing_that_a_program_could_misread(
    form: str, good: str, bad: str
) -> None:
    assert re.fullmatch(form, good)
    assert not re.fullmatch(form, bad)


def last_line(capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    told: dict[str, object] = json.loads(capsys.readouterr().out.splitlines()[-1])
    return told


def test_a_step_that_is_done_writes_its_outputs_and_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def step(wanted: Wanted, _settings: Settings) -> Done:
        return Done(evidence=f"{wanted.app_name}\nis there", outputs={"digest": "d1"}, facts={"built": True})

    folder = tmp_path / "outputs"
    assert program.main(Wanted, step, ["--app-name", "shop"], {"SLIPWAY_OUTPUTS": str(folder)}) == 0
    told = last_line(capsys)
    assert told.pop("seconds") == 0.0
    assert told == {"outcome": "ok", "cause": "", "evidence": "shop is there", "digest": "d1", "built": True}
    assert {path.name: path.read_text() for path in folder.iterdir()} == {"digest": "d1"}


def raising(error: Exception, capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, object]]:
    def step(_wanted: Wanted, _settings: Settings) -> Done:
        raise error

    code = program.main(Wanted, step, ["--app-name", "shop"], {})
    return code, last_line(capsys)


def test_a_failure_ends_with_its_cause_and_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    code, told = raising(StepFailed(Cause.SERVER_FAILED, "it failed " * 100, status=502), capsys)
    assert (code, told["outcome"], told["cause"], told["status"]) == (75, "failed", "server-failed", 502)
    assert str(StepFailed(Cause.TIMEOUT, "late")) == "timeout: late"


@pytest.mark.parametrize("evidence", ["x" * 2000, '"' * 2000, "ü\\ " * 700])
def test_the_last_line_is_never_cut_by_who_reads_it(evidence: str, capsys: pytest.CaptureFixture[str]) -> None:
    _, told = raising(StepFailed(Cause.UNEXPECTED, evidence, status=500), capsys)
    assert 300 < len(json.dumps(told, ensure_ascii=False)) <= 480
    assert str(told["evidence"]).endswith("…")


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_a_full_disk_is_a_cause_of_its_own(number: int, capsys: pytest.CaptureFixture[str]) -> None:
    code, told = raising(OSError(number, os.strerror(number)), capsys)
    assert (code, told["cause"]) == (14, "disk-full")


@pytest.mark.parametrize("error", [KeyError("x"), PermissionError(13, "Permission denied"), MemoryError()])
def test_what_nobody_expected_is_one_sentence_and_never_a_traceback(
    error: Exception, capsys: pytest.CaptureFixture[str]
) -> None:
    def step(_wanted: Wanted, _settings: Settings) -> Done:
        raise error

    assert program.main(Wanted, step, ["--app-name", "shop"], {}) == 70
    said = capsys.readouterr()
    told = json.loads(said.out)
    assert told["cause"] == "unexpected"
    assert f"{type(error).__name__}: " in told["evidence"]
    assert "(test_program.py:" in told["evidence"]
    assert "Traceback" not in said.err + said.out


def test_arguments_come_from_the_command_line_unless_given(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["step", "--other", "x"])
    assert program.main(Wanted, lambda _wanted, _settings: Done(evidence=""), None, None) == 2
    assert last_line(capsys)["cause"] == "bad-arguments"


SLOW = """
import sys
from dataclasses import dataclass
from steps import program, programs
@dataclass(frozen=True)
class Nothing: pass
def step(_wanted, settings):
    program.say("begun")
    programs.run(["slow"], settings, seconds=60)
sys.exit(program.main(Nothing, step))
"""


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_a_step_that_is_stopped_stops_what_it_runs_and_says_that_it_was_cancelled(tmp_path: Path) -> None:
    slow = tmp_path / "slow"
    slow.write_text(
        f"#!{sys.executable} -SE\nimport os, signal, sys\n"
        "signal.signal(signal.SIGTERM, lambda *_: (open('stopped', 'w').close(), os._exit(1)))\n"
        "open('running', 'w').close()\nsignal.pause()\n"
    )
    slow.chmod(0o755)
    environment = {"PATH": str(tmp_path), "SLIPWAY_SCRATCH": str(tmp_path), "PYTHONPATH": str(README.parents[1])}
    process = subprocess.Popen([sys.executable, "-c", SLOW], env=environment, stdout=subprocess.PIPE, text=True)
    ends = time.monotonic() + 30
    while not (tmp_path / "running").exists():
        assert time.monotonic() < ends
        assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    said, _ = process.communicate(timeout=30)
    assert process.returncode == 143
    assert json.loads(said)["cause"] == "cancelled"
    assert (tmp_path / "stopped").exists()


def test_every_cause_has_an_exit_code_and_is_documented() -> None:
    text = README.read_text(encoding="utf-8")
    for cause in Cause:
        assert EXIT_CODES[cause] > 0
        rows = [line for line in text.splitlines() if f"`{cause.value}`" in line and line.startswith("|")]
        assert rows, f"{cause.value} is missing in steps/README.md"
        assert any(f"| {EXIT_CODES[cause]} |" in row for row in rows), f"{cause.value} has another exit code there"


def test_every_setting_is_documented() -> None:
    source = (README.parent / "settings.py").read_text(encoding="utf-8")
    for name in set(re.findall(r"SLIPWAY_[A-Z_]+", source)):
        assert f"`{name}`" in README.read_text(encoding="utf-8"), f"{name} is missing in steps/README.md"

"""What people install: the wheel has everything that runs and nothing else; the locked requirements can be trusted."""

import configparser
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("bot", "commands", "integrations", "playground", "steps")
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
PINNED = re.compile(r"[a-z0-9][a-z0-9._-]*(?:\[[a-z0-9,_-]+\])?==[^\s;]+(?: ; .+)?")
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    built = subprocess.run(
        [*command, "--disable-pip-version-check", "--wheel-dir", str(folder), str(ROOT)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    (path,) = folder.glob("*.whl")
    assert path.name == "slipway-0.1.0-py3-none-any.whl"
    return zipfile.ZipFile(path)


def sources(package: str) -> set[str]:
    """List what belongs to a package in the checkout."""
    files = [path for path in (ROOT / package).rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    return {str(path.relative_to(ROOT)) for path in files if not path.name.startswith(".")}


@pytest.mark.parametrize("package", PACKAGES)
def test_every_file_of_a_package_is_in_the_wheel(wheel: zipfile.ZipFile, package: str) -> None:
    inside = {name for name in wheel.namelist() if name.startswith(f"{package}/")}
    added = {name for name in inside if name.startswith("playground/templates/")}
    assert inside - added == sources(package)


def test_nothing_else_is_in_the_wheel(wheel: zipfile.ZipFile) -> None:
    tops = {name.partition("/")[0] for name in wheel.namelist()}
    assert tops == {*PACKAGES, "slipway-0.1.0.dist-info"}
    assert not [
        name for name in wheel.namelist() if "__pycache__" in name or name.endswith((".pyc", ".sqlite", ".env"))
    ]


def test_the_playground_brings_its_page_and_the_templates(wheel: zipfile.ZipFile) -> None:
    names = set(wheel.namelist())
    page = {f"playground/slack/page/{path.name}" for path in (ROOT / "playground" / "slack" / "page").iterdir()}
    assert {"playground/slack/page/index.html", "playground/slack/page/app.js"} <= page <= names
    for path in (ROOT / "workflow-templates").glob("*.yaml"):
        assert wheel.read(f"playground/templates/{path.name}") == path.read_bytes()


def test_the_command_is_called_slipway(wheel: zipfile.ZipFile) -> None:
    parser = configparser.ConfigParser()
    parser.read_string(wheel.read("slipway-0.1.0.dist-info/entry_points.txt").decode())
    assert dict(parser["console_scripts"]) == {"slipway": "bot.cli:main"}


def test_the_licence_is_inside_and_named(wheel: zipfile.ZipFile) -> None:
    metadata = wheel.read("slipway-0.1.0.dist-info/METADATA").decode()
    assert "License-Expression: Apache-2.0" in metadata
    assert "Requires-Python: >=3.11" in metadata
    assert wheel.read("slipway-0.1.0.dist-info/licenses/LICENSE") == (ROOT / "LICENSE").read_bytes()


def entries(lock: Path) -> list[str]:
    return lock.read_text(encoding="utf-8").replace("\\\n", " ").splitlines()


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_every_locked_requirement_is_one_version_with_hashes(lock: Path) -> None:
    lines = entries(lock)
    assert lines
    for line in lines:
        pin, *hashes = re.split(r"\s+(?=--)", line.strip())
        assert PINNED.fullmatch(pin), line[:80]
        assert hashes, f"{pin} has no hash"
        assert all(HASH.fullmatch(each) for each in hashes), pin


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_no_locked_requirement_names_where_it_comes_from(lock: Path) -> None:
    text = lock.read_text(encoding="utf-8").lower()
    assert not [mark for mark in ("http:", "https:", "://", "--index", "--find-links", "@ ", "git+") if mark in text]


def test_what_runs_is_the_same_where_it_is_developed() -> None:
    run, dev = (
        {line.split(" ")[0] for line in entries(ROOT / "requirements" / name)} for name in ("run.txt", "dev.txt")
    )
    assert run <= dev
    assert {path.name for path in LOCKS} == {"run.txt", "dev.txt"}

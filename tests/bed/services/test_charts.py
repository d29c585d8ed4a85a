import subprocess
from pathlib import Path

import pytest

from playground import seed
from tests.bed.services import charts
from tests.bed.services.charts import push_charts
from tests.bed.services.git import BRANCH


@pytest.fixture
def chart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "chart"
    folder.mkdir()
    (folder / "Chart.yaml").write_text("name: app\n", encoding="utf-8")
    monkeypatch.setattr(charts, "CHART", folder)
    return folder


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    folder = tmp_path / "origin.git"
    subprocess.run(["git", "init", "--quiet", "--bare", f"--initial-branch={BRANCH}", folder], check=True)
    return folder


def push(origin: Path) -> None:
    push_charts(str(origin), user="somebody", password="demo")


def ask(origin: Path, *words: str) -> str:
    done = subprocess.run(["git", f"--git-dir={origin}", *words], check=True, capture_output=True, text=True)
    return done.stdout.strip()


def at_ref(origin: Path, file: str) -> str:
    return ask(origin, "show", f"{seed.CHART_REF}:{seed.CHART_PATH}/{file}")


def test_an_empty_repository_gets_the_chart_at_its_ref(chart: Path, origin: Path) -> None:
    push(origin)
    assert at_ref(origin, "Chart.yaml") == "name: app"
    assert ask(origin, "rev-parse", BRANCH) == ask(origin, "rev-parse", seed.CHART_REF)


def test_a_chart_that_did_not_change_is_not_pushed_again(chart: Path, origin: Path) -> None:
    push(origin)
    first = ask(origin, "rev-parse", seed.CHART_REF)
    (origin / "hooks" / "pre-receive").write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    (origin / "hooks" / "pre-receive").chmod(0o755)
    push(origin)
    assert ask(origin, "rev-parse", seed.CHART_REF) == first


def test_a_changed_chart_is_a_new_commit_and_the_ref_moves_there(chart: Path, origin: Path) -> None:
    push(origin)
    (chart / "Chart.yaml").rename(chart / "values.yaml")
    push(origin)
    assert at_ref(origin, "values.yaml") == "name: app"
    assert ask(origin, "ls-tree", "--name-only", "-r", BRANCH) == f"{seed.CHART_PATH}/values.yaml"
    assert ask(origin, "rev-list", "--count", BRANCH) == "2"


def test_a_push_that_was_cut_short_before_its_tag_is_made_up_for(chart: Path, origin: Path) -> None:
    push(origin)
    ask(origin, "tag", "--delete", seed.CHART_REF)
    push(origin)
    assert at_ref(origin, "Chart.yaml") == "name: app"

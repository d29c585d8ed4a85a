"""Charts in registries, pins, classifiers and Containerfiles: what the catalog makes of them and what it refuses."""

import re
from typing import Any

import pytest
import yaml

from commands.core.catalog import App, Build, Chart
from integrations.catalog import parse
from tests.integrations.catalog.example import GUIDE, changed, example, problems

CHART, BUILD = "apps.shop.chart", "apps.shop.build"
COMMIT, DIGEST = "8843d7f92416211de9ebb963ff4ce28125932878", "sha256:" + "5b" * 32
OCI = {"repository": "oci://harbor.example.com/platform/app", "version": "1.4.0"}
GIT = {"repository": "https://gitea.example.com/platform/charts.git", "path": "app", "ref": "v1.4.0"}
SOURCE = {"repository": "https://gitea.example.com/shop/shop.git", "commit": COMMIT}


def shop(path: str, value: Any) -> App:
    return parse(changed(path, value)).catalog.apps["shop"]


def test_the_other_forms_of_the_documentation_are_valid() -> None:
    more = re.findall(r"```yaml\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)[1]
    data = yaml.safe_load(example())
    data["apps"]["shop"] |= yaml.safe_load(more)
    app = parse(yaml.safe_dump(data)).catalog.apps["shop"]
    assert app.chart.is_oci
    assert (app.chart.ref, app.chart.path, app.chart.pin[:7]) == ("1.4.0", ".", "sha256:")
    assert app.build == Build(
        repository="https://gitea.example.com/shop/shop.git",
        commit=COMMIT,
        context="deploy/image",
        containerfile="Containerfile",
    )


def test_a_chart_in_a_registry_has_a_version() -> None:
    chart = shop(CHART, OCI).chart
    assert chart == Chart(repository=OCI["repository"], path=".", ref="1.4.0")
    assert chart.is_oci
    assert shop(CHART, {**GIT, "pin": COMMIT}).chart.pin == COMMIT
    assert not shop(CHART, GIT).chart.is_oci


def test_a_build_needs_no_more_than_a_repository_and_a_commit() -> None:
    assert shop(BUILD, SOURCE).build == Build(repository=SOURCE["repository"], commit=COMMIT)
    assert parse(example()).catalog.apps["shop"].build is None


def test_a_classifier_names_one_of_several_files() -> None:
    assert shop("apps.shop.artifact.classifier", "exec").artifact.classifier == "exec"
    assert parse(example()).catalog.apps["shop"].artifact.classifier == ""


@pytest.mark.parametrize(
    ("path", "value", "field", "message"),
    [
        (CHART, {"repository": OCI["repository"]}, f"{CHART}.version", "missing"),
        (CHART, {**OCI, "path": "app"}, f"{CHART}.path", "in a Git repository"),
        (CHART, {**OCI, "ref": "v1"}, f"{CHART}.ref", "in a Git repository"),
        (CHART, {**GIT, "version": "1.4.0"}, f"{CHART}.version", "in a registry"),
        (CHART, {**OCI, "pin": COMMIT}, f"{CHART}.pin", "no pin"),
        (CHART, {**GIT, "pin": DIGEST}, f"{CHART}.pin", "no pin"),
        (CHART, {**GIT, "pin": "8843d7f"}, f"{CHART}.pin", "no commit and no digest"),
        (CHART, {**OCI, "version": "-1"}, f"{CHART}.version", "no version"),
        (CHART, {**OCI, "repository": "oci://harbor.example.com/platform/app:1"}, f"{CHART}.repository", "no chart"),
        (CHART, {**OCI, "repository": "oci://-rm/x y"}, f"{CHART}.repository", "no chart"),
        (CHART, {**OCI, "repository": "oci://169.254.169.254/a"}, f"{CHART}.repository", "link-local"),
        (f"{CHART}.repository", 5, f"{CHART}.repository", "text"),
        (BUILD, {**SOURCE, "commit": "main"}, f"{BUILD}.commit", "no commit"),
        (BUILD, {**SOURCE, "repository": "http://gitea.example.com/a/b"}, f"{BUILD}.repository", "https"),
        (BUILD, {**SOURCE, "context": "../x"}, f"{BUILD}.context", "no path"),
        (BUILD, {**SOURCE, "containerfile": "--help"}, f"{BUILD}.containerfile", "no path"),
        (BUILD, {**SOURCE, "dockerfile": "x"}, f"{BUILD}.dockerfile", "no key"),
        ("apps.shop.artifact.classifier", "a/b", "apps.shop.artifact.classifier", "no classifier"),
    ],
)
def test_what_does_not_fit_is_named_at_its_place(path: str, value: Any, field: str, message: str) -> None:
    (found,) = problems(changed(path, value))
    assert found.field == field
    assert message in found.message

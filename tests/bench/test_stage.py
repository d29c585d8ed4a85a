"""The apps that the bench adds to the playground."""

from pathlib import Path

from bench.stage import APPS_PER_NAMESPACE, extend_catalog, more_apps
from integrations.catalog.loading import parse
from playground import state_files


def test_added_apps_are_named_apart_and_fill_one_namespace_after_the_other() -> None:
    crowd = list(more_apps(2 * APPS_PER_NAMESPACE + 1, are_running=True))
    assert len({app.name for app, _ in crowd}) == len(crowd)
    places = [environment.name for _, environment in crowd]
    assert [places.count(f"team-{number}") for number in range(3)] == [APPS_PER_NAMESPACE, APPS_PER_NAMESPACE, 1]
    assert {app.running for app, _ in crowd} == {"v1.0"}


def test_the_extended_catalog_is_one_that_the_bot_takes_without_a_warning(tmp_path: Path) -> None:
    path = tmp_path / "catalog.yaml"
    path.write_text(state_files.catalog(tmp_path / "kubeconfig"), encoding="utf-8")
    before = parse(path.read_bytes())
    extend_catalog(path, list(more_apps(30, are_running=False)))
    after = parse(path.read_bytes())
    assert len(after.catalog.apps) == len(before.catalog.apps) + 30
    assert after.catalog.apps["app-029"].environments == ("team-1",)
    assert after.warnings == before.warnings

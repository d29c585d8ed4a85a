"""What the chart makes, rendered by the real helm: goldens of every variant, and what must never change."""

import json
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playground.argo import release as playground
from tests.charts.rendering import CHART, NAMESPACE, helm, objects, pods, render, rollout
from tests.charts.variants import ELASTIC, INGRESS, PODS, REFUSED, STEPS, VARIANTS, Values, merged, release, split

pytestmark = pytest.mark.bed

STRATEGIES = ["rolling", "blue-green", "canary", "recreate"]


@pytest.mark.parametrize("name", VARIANTS)
def test_a_variant_is_rendered_as_it_was_reviewed(name: str, golden: Callable[[str, str], None]) -> None:
    golden(f"charts/{name}.yaml", render(VARIANTS[name]))


@pytest.mark.parametrize("name", VARIANTS)
def test_helm_finds_nothing_to_say_against_a_variant(name: str) -> None:
    done = helm("lint", "--strict", "--quiet", str(CHART), f"--namespace={NAMESPACE}", values=VARIANTS[name])
    assert (done.returncode, done.stdout.strip()) == (0, ""), done.stdout + done.stderr


@pytest.mark.parametrize("name", REFUSED)
def test_a_mistake_is_refused_and_the_message_names_it(name: str) -> None:
    values, named = REFUSED[name]
    done = helm("template", "shop", str(CHART), values=merged(release("canary"), values))
    assert done.returncode != 0
    assert named in done.stderr


@pytest.mark.parametrize("name", VARIANTS)
def test_rendering_twice_gives_the_same(name: str) -> None:
    assert render(VARIANTS[name]) == render(json.loads(json.dumps(VARIANTS[name], sort_keys=True)))


@settings(max_examples=8)
@given(deployment=st.integers(0, 10**9), requester=st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"])))
def test_who_asked_and_the_number_never_change_what_runs(deployment: int, requester: str) -> None:
    """Two rollouts of the same content differ in what they say of themselves alone, and so do all other objects."""
    loaded = VARIANTS["canary-loaded"]
    again = merged(loaded, {"slipway": {"deployment": str(deployment), "requester": requester}})
    first, second = objects(loaded), objects(again)
    mark = second["Rollout", "shop"].pop("metadata")
    assert mark["labels"]["slipway/deployment"] == str(deployment)
    assert mark["annotations"]["slipway/requester"] == requester
    del first["Rollout", "shop"]["metadata"]
    assert first == second


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_the_strategy_and_the_environment_never_change_pods(strategy: str) -> None:
    assert pods(release(strategy, environment="production")) == pods(release("rolling"))


def test_no_label_of_the_deployment_stands_on_pods() -> None:
    metadata = pods(VARIANTS["canary-loaded"])["metadata"]
    assert {key for part in metadata.values() for key in part if key.startswith("slipway/")} == set()


NO_POD_CHANGES: dict[str, Values] = {
    "an autoscaler and a budget": ELASTIC,
    "an ingress": INGRESS,
    "a way to go": {"rollingUpdate": {"maxSurge": 1}, "minReadySeconds": 3, "revisionHistoryLimit": 2},
    "measurements": {"analysis": VARIANTS["canary-loaded"]["analysis"]},
    "the Service's port": {"service": {"port": 8000}},
}


@pytest.mark.parametrize("name", NO_POD_CHANGES)
def test_what_is_not_of_the_pods_replaces_none(name: str) -> None:
    assert pods(release("canary", NO_POD_CHANGES[name])) == pods(release("canary"))


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_the_defaults_give_what_the_playground_gives(strategy: str) -> None:
    values = release(strategy)
    parameters = {
        **values["slipway"],
        "namespace": NAMESPACE,
        "strategy": strategy,
        "image": values["image"]["repository"],
        "digest": values["image"]["digest"],
        "values": json.dumps({"canary": {"steps": STEPS}}),
    }
    made = {(each["kind"], each["metadata"]["name"]): each for each in playground.build(parameters)}
    for each in made.values():
        del each["metadata"]["namespace"]
        for port in each["spec"].get("ports", ()):
            del port["protocol"]
    assert objects(values) == made


def test_changed_files_are_a_new_map_and_new_pods() -> None:
    first, second = (release("rolling", {"config": {"files": {"a.properties": text}}}) for text in ("a=1", "a=2"))
    assert pods(first) != pods(second)
    names = [{name for kind, name in objects(each) if kind == "ConfigMap"} for each in (first, second)]
    assert [len(each) for each in names] == [1, 1]
    assert names[0] != names[1]


def test_a_map_survives_the_release_that_no_longer_names_it() -> None:
    (config,) = (each for (kind, _), each in objects(release("rolling", PODS)).items() if kind == "ConfigMap")
    assert config["metadata"]["annotations"] == {"helm.sh/resource-policy": "keep"}
    assert config["immutable"] is True
    assert config["data"] == PODS["config"]["files"]


def test_an_autoscaler_decides_on_the_number_alone() -> None:
    assert "replicas" not in rollout(VARIANTS["rolling-elastic"])["spec"]
    assert rollout(VARIANTS["recreate-elastic"])["spec"]["replicas"] == ELASTIC["autoscaling"]["minReplicas"]


@pytest.mark.parametrize("strategy", ["rolling", "recreate", "blue-green"])
def test_only_a_canary_has_weights(strategy: str) -> None:
    made = objects(release(strategy, INGRESS, split("ingress")))
    assert "trafficRouting" not in json.dumps(made["Rollout", "shop"]["spec"])
    assert ("Service", "shop-canary") not in made


def test_every_measurement_that_a_rollout_names_is_there() -> None:
    for name in ("canary-measured", "blue-green-measured", "canary-loaded"):
        made = objects(VARIANTS[name])
        text = json.dumps(made["Rollout", "shop"]["spec"])
        templates = {each for kind, each in made if kind == "AnalysisTemplate"}
        assert templates == {f"shop-{each}" for each in ("success-rate", "latency", "web", "job")}
        assert all(f'"templateName": "{each}"' in text for each in templates)


def test_a_name_that_looks_like_a_number_stays_text() -> None:
    made = objects(release("blue-green", PODS, ELASTIC, app="123", version="1"))
    assert {name for kind, name in made if kind in {"Rollout", "Service"}} == {"123", "123-preview"}
    container = made["Rollout", "123"]["spec"]["template"]["spec"]["containers"][0]
    assert container["env"][0] == {"name": "VERSION", "value": "1"}

"""What the stand-in makes of an app's measurements, held against what the real chart makes of them."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from playground.argo import measurements, release
from tests.playground.argo.test_pipeline import arguments

Obj = dict[str, Any]
CHARTS = Path(__file__).parents[2] / "data" / "charts"
ALL: Obj = {name: {"enabled": True} for name in ("successRate", "latency", "web", "job")}
STEPS: list[Obj] = [{"setWeight": 20}, {"pause": {}}, {"setWeight": 50}, {"pause": {"duration": "600s"}}]


def charted(name: str) -> list[Obj]:
    documents = yaml.safe_load_all((CHARTS / f"{name}.yaml").read_text(encoding="utf-8"))
    return [each for each in documents if each]


def used(where: Obj) -> list[str]:
    return sorted(each["templateName"] for each in where["templates"])


def test_templates_have_the_names_and_metrics_of_the_charts() -> None:
    wanted = {
        each["metadata"]["name"]: each for each in charted("canary-measured") if each["kind"] == "AnalysisTemplate"
    }
    made = {each["metadata"]["name"]: each for each in measurements.templates("shop", "staging", {"analysis": ALL})}
    assert made.keys() == wanted.keys()
    for name, template in made.items():
        (metric,), (real,) = template["spec"]["metrics"], wanted[name]["spec"]["metrics"]
        assert metric["name"] == real["name"]
        assert metric["provider"].keys() == real["provider"].keys()
        assert metric.keys() - {"initialDelay"} == real.keys() - {"initialDelay"}


def test_a_canary_measures_after_its_weights_as_the_charts_does() -> None:
    (real,) = [each for each in charted("canary-measured") if each["kind"] == "Rollout"]
    made = measurements.of_canary("shop", STEPS, {"analysis": {**ALL, "canary": {"afterWeights": True}}})
    shapes = [
        [next(iter(step)) for step in steps] for steps in (made["steps"], real["spec"]["strategy"]["canary"]["steps"])
    ]
    assert shapes[0] == shapes[1]
    assert used(made["steps"][1]["analysis"]) == used(real["spec"]["strategy"]["canary"]["steps"][1]["analysis"])


def test_a_canary_may_measure_beside_its_steps() -> None:
    made = measurements.of_canary("shop", STEPS, {"analysis": {**ALL, "canary": {"background": True}}})
    assert made["steps"] == STEPS
    assert used(made["analysis"]) == ["shop-job", "shop-latency", "shop-success-rate", "shop-web"]


def test_a_blue_green_measures_before_and_after_the_switch_as_the_charts_does() -> None:
    (real,) = [each for each in charted("blue-green-measured") if each["kind"] == "Rollout"]
    switch = {"beforePromotion": True, "afterPromotion": True}
    made = measurements.of_blue_green("shop", {"analysis": {**ALL, "blueGreen": switch}})
    assert made.keys() == {key for key in real["spec"]["strategy"]["blueGreen"] if key.endswith("Analysis")}


@pytest.mark.parametrize("values", [{}, {"analysis": {}}, {"analysis": {"canary": {"afterWeights": True}}}])
def test_without_measurements_nothing_is_measured(values: Obj) -> None:
    assert measurements.templates("shop", "staging", values) == []
    assert measurements.of_canary("shop", STEPS, values) == {"steps": STEPS}
    assert measurements.of_canary("shop", [], values) == {}
    assert measurements.of_blue_green("shop", values) == {}


def test_a_release_brings_its_measurements_along() -> None:
    values = '{"analysis": {"web": {"enabled": true}, "canary": {"afterWeights": true}}, "progressDeadlineAbort": true}'
    objects = release.build(arguments(values=values, digest="sha256:1"))
    assert [each["kind"] for each in objects] == ["Service", "AnalysisTemplate", "Rollout"]
    assert objects[-1]["spec"]["progressDeadlineAbort"] is True

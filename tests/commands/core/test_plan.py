"""What a deploy will run: the arguments of the pipeline and the template that takes them."""

import json
from dataclasses import replace
from typing import Any

import pytest

from commands.core import plan
from commands.core.catalog import Artifact, Build, Chart
from commands.core.observed import Strategy
from tests import make
from tests.commands.desk import app, catalog

BUILD = Build(repository="https://gitea.example.com/shop/shop.git", commit="c" * 40, context="image")
OCI = Chart(repository="oci://harbor.example.com/platform/app", path=".", ref="1.4.0", pin=f"sha256:{'a' * 64}")


def parameters(**changes: Any) -> dict[str, str]:
    wanted = replace(app("shop"), **changes)
    staging = catalog().environments["staging"]
    return plan.parameters(wanted, staging, version="v1", strategy=Strategy.CANARY, person=make.person())


def test_classifier_and_pin_are_empty_unless_the_catalog_names_them() -> None:
    plain = parameters()
    assert (plain["artifact-classifier"], plain["chart-pin"]) == ("", "")
    exact = parameters(artifact=Artifact(group="com.acme", name="shop", packaging="war", classifier="exec"), chart=OCI)
    assert (exact["artifact-packaging"], exact["artifact-classifier"]) == ("war", "exec")
    assert [exact[f"chart-{key}"] for key in ("repository", "path", "ref", "pin")] == [
        OCI.repository,
        ".",
        "1.4.0",
        OCI.pin,
    ]


def test_the_source_is_passed_on_only_where_the_app_brings_a_containerfile() -> None:
    source = {
        "source-repository": BUILD.repository,
        "source-commit": BUILD.commit,
        "source-context": "image",
        "containerfile": "Containerfile",
    }
    assert source.items() <= parameters(build=BUILD).items()
    assert parameters(build=BUILD).keys() - parameters().keys() == source.keys()


@pytest.mark.parametrize(("build", "template"), [(None, "slipway-deploy"), (BUILD, "slipway-containerfile")])
def test_a_containerfile_has_a_template_of_its_own(build: Build | None, template: str) -> None:
    order = plan.order(make.deployment(parameters=tuple(parameters(build=build).items())))
    assert order.template == template


def test_only_the_templates_that_apps_need_are_needed() -> None:
    plain, built = app("shop"), replace(app("pay"), build=BUILD)
    assert plan.templates([plain]) == ("slipway-deploy",)
    assert plan.templates([plain, built, built]) == ("slipway-containerfile", "slipway-deploy")


def test_a_chart_knows_whether_it_is_in_a_registry() -> None:
    assert OCI.is_oci
    assert not app("shop").chart.is_oci
    assert json.loads(parameters(chart=OCI)["values"])["canary"]

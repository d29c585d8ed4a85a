"""What a deploy will run: the arguments of the pipeline and the template that takes them."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from commands.core import plan
from commands.core.catalog import Artifact, Build, Chart
from commands.core.model import Content, Deployment, Restore
from commands.core.observed import Strategy
from tests import make
from tests.commands.desk import app, catalog

ROOT = Path(__file__).parents[3]
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
    assert plan.templates([plain]) == ("slipway-deploy", "slipway-release")
    assert plan.templates([plain, built, built]) == ("slipway-containerfile", "slipway-deploy", "slipway-release")


CONTENT = Content(digest=make.DIGEST, chart_commit="c" * 40)


def earlier(**changes: Any) -> Deployment:
    return make.deployment(
        **{"parameters": tuple(parameters(build=BUILD).items()), "content": CONTENT, "number": 7, **changes}
    )


def test_the_content_of_an_earlier_deployment_is_released_without_its_pipeline() -> None:
    release = plan.release_parameters(earlier())
    assert release is not None
    assert (release["digest"], release["chart-commit"]) == (CONTENT.digest, CONTENT.chart_commit)
    template = yaml.safe_load((ROOT / "workflow-templates" / "slipway-release.yaml").read_text(encoding="utf-8"))
    declared = {each["name"] for each in template["spec"]["arguments"]["parameters"]}
    assert release.keys() == declared - {"deployment"}
    again = make.deployment(parameters=tuple(release.items()), content=CONTENT)
    assert plan.order(again).template == "slipway-release"
    assert plan.release_parameters(again) == release


@pytest.mark.parametrize("content", [Content(), replace(CONTENT, digest=""), replace(CONTENT, chart_commit="")])
def test_content_that_is_not_known_in_full_cannot_be_released_again(content: Content) -> None:
    assert plan.release_parameters(earlier(content=content)) is None


def test_a_restore_releases_the_earlier_content_under_its_own_number() -> None:
    release = plan.release_parameters(earlier())
    assert release is not None
    restore = Restore(
        number=7,
        version="v1.1",
        digest=CONTENT.digest,
        workflow="shop-staging-142-restore",
        parameters=tuple(release.items()),
        began_at=make.NOON,
    )
    order = plan.restore_order(make.deployment(), restore)
    assert (order.name, order.template, order.owner) == ("shop-staging-142-restore", "slipway-release", "d142")
    assert (order.number, dict(order.parameters)["deployment"]) == (142, "7")


def test_a_chart_knows_whether_it_is_in_a_registry() -> None:
    assert OCI.is_oci
    assert not app("shop").chart.is_oci
    assert json.loads(parameters(chart=OCI)["values"])["canary"]

"""A plan gives the chart what the pipeline's last step gives it."""

import json
from dataclasses import fields
from typing import Any

import pytest

from commands.core import plan
from commands.core.observed import Strategy
from commands.core.rendering import chart_values
from steps import release
from tests import make
from tests.commands.desk import catalog


@pytest.mark.parametrize("strategy", list(Strategy))
def test_a_plan_gives_the_chart_exactly_what_the_release_gives_it(strategy: Strategy) -> None:
    known = catalog()
    shop, production = known.apps["shop"], known.environments["production"]
    parameters = plan.parameters(shop, production, version="v1.2", strategy=strategy, person=make.person())
    arguments: dict[str, Any] = {key.replace("-", "_"): value for key, value in parameters.items()}
    later = {"deployment": "0", "digest": make.DIGEST, "chart_commit": "c" * 40}
    names = {field.name for field in fields(release.Parameters)}
    released = release.Parameters(**{key: value for key, value in {**arguments, **later}.items() if key in names})
    assert chart_values(parameters, digest=make.DIGEST) == release.chart_values(released)
    assert json.dumps(chart_values(parameters, digest=make.DIGEST))

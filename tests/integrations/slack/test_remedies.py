from collections.abc import Callable

import pytest

from commands.core.card import draw
from commands.core.failure import Cause as ClusterCause
from commands.core.model import Failure, Stage
from commands.core.observed import StepPhase, Strategy
from integrations.slack.card import render
from integrations.slack.gallery.states import building, ended
from integrations.slack.phrases import needs
from integrations.slack.remedies import REMEDIES
from steps.outcome import Cause
from tests import failures
from tests.integrations.slack.limits import assert_fits
from tests.integrations.slack.readable import readable
from tests.make import pipeline, step

CAUSES = {cause.value for cause in (*Cause, *ClusterCause)}
NO_REGISTRY = 'ErrImagePull: failed to resolve reference "registry.example.com/steps:2"'


def test_every_cause_has_a_way_on_and_nothing_else_has() -> None:
    assert set(REMEDIES) == CAUSES


@pytest.mark.parametrize("cause", sorted(CAUSES))
def test_a_way_on_is_short_and_speaks_of_the_deployment(cause: str) -> None:
    assert needs(REMEDIES[cause]) <= {"app", "version", "environment"}
    failure = Failure(step="release", message="It did not work.", exit_code=12, cause=cause)
    last = readable(render(draw(ended(Stage.FAILED, Strategy.ROLLING, failure=failure), ()))).splitlines()
    assert any(len(line) < 160 and line.endswith(".") and "{" not in line for line in last)


def test_a_cause_that_is_not_known_is_shown_without_one() -> None:
    failure = Failure(step="release", message="It did not work.", cause="made-up")
    assert "It did not work." in readable(render(draw(ended(Stage.FAILED, Strategy.ROLLING, failure=failure), ())))


def test_a_step_that_cannot_begin_says_why_while_it_waits() -> None:
    held = step("fetch-artifact", StepPhase.PENDING, message=NO_REGISTRY, cause="step-image-pull", finished_at=None)
    told = readable(render(draw(building(pipeline=pipeline(steps=(held,), finished_at=None)), ())))
    assert f"Artifact cannot begin: {NO_REGISTRY}" in told
    assert REMEDIES["step-image-pull"] in told


@pytest.mark.parametrize("name", failures.names())
def test_a_failure_that_happened_is_told_with_its_way_on(name: str, golden: Callable[[str, str], None]) -> None:
    recorded = failures.load(name)
    seen = recorded.pipeline()
    row = ended(Stage.FAILED, Strategy.ROLLING, failure=recorded.explained(), pipeline=seen, app=name, version="1.0.0")
    message = render(draw(row, ()))
    assert_fits(message)
    golden(f"failures/{name}.txt", readable(message))

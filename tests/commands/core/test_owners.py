from commands.core.failure import Cause as ClusterCause
from commands.core.lifecycle import step
from commands.core.model import Stage
from commands.core.moves import Seen
from commands.core.observed import PipelinePhase, StepPhase
from commands.core.owners import NOBODY, OF_THE_APP, Owners
from steps.outcome import Cause
from tests import make
from tests.commands.desk import catalog
from tests.make import NOON

OWNERS = Owners(app=("@team-shop", "@carol"), steps=(("build-image", "#platform-help"),))


def test_what_the_app_can_mend_is_the_apps_and_the_rest_the_steps() -> None:
    assert OWNERS.of(step="build-image", cause="credentials-refused") == "#platform-help"
    assert OWNERS.of(step="build-image", cause="containerfile-failed") == "@team-shop, @carol"
    assert OWNERS.of(step="", cause="") == "@team-shop, @carol"
    assert OWNERS.of(step="release", cause="unreachable") == ""
    assert NOBODY.of(step="build-image", cause="artifact-not-found") == ""


def test_the_causes_exist() -> None:
    assert {cause.value for cause in (*Cause, *ClusterCause)} >= OF_THE_APP


def test_an_app_that_the_catalog_no_longer_has_has_no_owners() -> None:
    assert Owners.from_catalog(catalog(), "gone") == NOBODY
    assert Owners.from_catalog(catalog(), "shop").app == ("@team-shop",)


def test_a_failure_names_its_owner() -> None:
    failed = make.step("build-image", StepPhase.FAILED, exit_code=12)
    pipeline = make.pipeline(phase=PipelinePhase.FAILED, steps=(failed,))
    row = step(make.deployment(), seen=Seen(pipeline=pipeline, log=(), owners=OWNERS), acts=(), now=NOON).deployment
    assert row.stage is Stage.FAILED
    assert row.failure is not None
    assert row.failure.owner == "#platform-help"

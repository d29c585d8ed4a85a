from commands.core.failure import Cause, explain, keep_what_held
from commands.core.model import Failure
from commands.core.observed import StepPhase
from tests.make import pipeline, step

NO_IMAGE = "ImagePullBackOff: Back-off pulling image"
HELD = pipeline(steps=(step("fetch-artifact", StepPhase.PENDING, message=NO_IMAGE, cause=Cause.STEP_IMAGE_PULL),))


def failed(cause: str, message: str = "it ended") -> dict[str, object]:
    return {"steps": (step("fetch-artifact", StepPhase.FAILED, message=message, cause=cause),)}


def test_what_the_step_says_itself_wins_over_what_the_cluster_says() -> None:
    step_failed = step("release", StepPhase.FAILED, message="OOMKilled", cause=Cause.OUT_OF_MEMORY, exit_code=137)
    assert explain(step_failed, message="", log=()).cause == "out-of-memory"
    log = ("at work", '{"cause": "quota-exceeded", "evidence": "No room."}')
    assert explain(step_failed, message="", log=log) == Failure(
        step="release", message="No room.", exit_code=137, cause="quota-exceeded", lines=("at work",), tail=("at work",)
    )


def test_a_step_that_never_began_keeps_what_it_waited_for_when_its_time_runs_out() -> None:
    for _ in range(2):
        seen = keep_what_held(HELD, pipeline(**failed(Cause.DEADLINE_EXCEEDED)))
        assert [(each.message, each.cause) for each in seen.steps] == [(NO_IMAGE, "step-image-pull")]
        seen = keep_what_held(seen, pipeline(**failed(Cause.DEADLINE_EXCEEDED)))
        assert [(each.message, each.cause) for each in seen.steps] == [(NO_IMAGE, "step-image-pull")]


def test_a_step_that_began_after_all_fails_for_its_own_reason() -> None:
    assert keep_what_held(HELD, pipeline(**failed(Cause.OUT_OF_MEMORY))) == pipeline(**failed(Cause.OUT_OF_MEMORY))
    running = pipeline(steps=(step("fetch-artifact", StepPhase.RUNNING),))
    assert keep_what_held(HELD, running) == running
    late = pipeline(**failed(Cause.DEADLINE_EXCEEDED))
    assert keep_what_held(running, late) == late
    assert keep_what_held(None, late) == late
    assert keep_what_held(late, late) == late

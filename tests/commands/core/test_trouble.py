"""What the row remembers of a release that does not come up."""

from dataclasses import replace
from datetime import timedelta

import pytest

from commands.core.failure import Cause
from commands.core.lifecycle import step
from commands.core.model import Content, Deployment, Stage
from commands.core.moves import ReadPodLog, Seen, Step, Wake
from commands.core.observed import AnalysisPhase, Pause, PauseReason, Replicas, RolloutPhase, RolloutSnapshot
from commands.core.reasons import Milestone, MilestoneCode
from commands.core.trouble import GRACE
from tests.make import DIGEST, NOON, analysis, deployment, healthy, metric, problem, rollout

LOG = tuple(f"line {number}" for number in range(12))
READ = ReadPodLog(pod="shop-bbbb-x", container="app")
DEADLINE = problem(cause=Cause.PROGRESS_DEADLINE, message="timed out progressing", pod="", pods=0, exit_code=None)


def moving(**changes: object) -> RolloutSnapshot:
    return rollout(**{"phase": RolloutPhase.PROGRESSING, "pause": None, **changes})


def aborted(**changes: object) -> RolloutSnapshot:
    """Make a canary that was aborted and whose pods are gone."""
    return moving(**{"phase": RolloutPhase.DEGRADED, "is_aborted": True, "new": Replicas(), **changes})


TIMED_OUT = 'ReplicaSet "shop-bbbb" has timed out progressing.'
BAD = "Step-based analysis phase error/failed: as measured"


def row(seen: RolloutSnapshot | None = None, **changes: object) -> Deployment:
    return deployment(**{"stage": Stage.ROLLING_OUT, "content": Content(digest=DIGEST), "rollout": seen, **changes})


def look(
    before: Deployment, seen: RolloutSnapshot, *, log: tuple[str, ...] | None = None, after: timedelta = timedelta()
) -> Step:
    return step(before, seen=Seen(rollout=seen, pod_log=log), acts=(), now=NOON + after)


def log_of(move: Step) -> tuple[str, ...]:
    assert move.deployment.rollout is not None
    return move.deployment.rollout.pod_log


def only(move: Step) -> Milestone:
    (milestone,) = move.milestones
    return milestone


@pytest.mark.parametrize("cause", [Cause.CRASH_LOOP, Cause.APP_OUT_OF_MEMORY, Cause.PROBE_FAILING])
def test_the_log_of_a_pod_is_asked_for_when_its_trouble_first_shows_and_kept(cause: Cause) -> None:
    sick = moving(problems=(problem(cause=cause),))
    first = look(row(), sick)
    assert first.effects == (READ,)
    second = look(first.deployment, sick, log=LOG)
    assert second.effects == ()
    assert log_of(second) == LOG[-8:]
    third = look(second.deployment, sick)
    assert third.effects == ()
    assert third.deployment == second.deployment


@pytest.mark.parametrize("cause", [Cause.APP_IMAGE_PULL, Cause.APP_UNSCHEDULABLE, Cause.CONFIG_ERROR])
def test_a_container_that_never_ran_has_no_log_to_ask_for(cause: Cause) -> None:
    assert look(row(), moving(problems=(problem(cause=cause),))).effects == ()


def test_a_log_that_cannot_be_had_is_asked_for_once_in_each_look() -> None:
    sick = moving(problems=(problem(),))
    assert look(row(), sick, log=()).effects == ()
    assert look(row(sick), sick).effects == (READ,)


def test_a_pod_that_recovers_takes_its_log_along() -> None:
    before = row(moving(problems=(problem(),), pod_log=LOG))
    assert log_of(look(before, moving())) == ()


def test_another_template_has_nothing_to_do_with_the_log_before() -> None:
    before = row(moving(problems=(problem(),), pod_log=LOG))
    assert log_of(look(before, moving(current_hash="cccc", problems=(problem(),)))) == ()


def test_a_probe_that_does_not_pass_is_a_trouble_after_a_while_only() -> None:
    slow = moving(problems=(problem(cause=Cause.PROBE_FAILING, since=NOON, exit_code=None),))
    early = look(row(), slow, after=GRACE - timedelta(seconds=1))
    assert early.effects == (Wake(NOON + GRACE),)
    assert early.deployment.rollout is not None
    assert early.deployment.rollout.problems == ()
    late = look(early.deployment, slow, after=GRACE)
    assert late.effects == (READ,)
    assert late.deployment.rollout == slow


def test_what_is_not_ready_when_the_cluster_loses_patience_is_the_reason_however_young() -> None:
    slow = problem(cause=Cause.PROBE_FAILING, since=NOON, exit_code=None)
    sick = moving(phase=RolloutPhase.DEGRADED, problems=(slow, DEADLINE))
    assert look(row(), sick).deployment.rollout == sick


def test_what_is_said_of_the_release_before_is_no_failure_of_this_one() -> None:
    stale = aborted(problems=(DEADLINE,), abort_reason=TIMED_OUT, is_current=False)
    assert look(row(), stale).deployment.failure is None


def test_a_rollout_that_gives_up_by_itself_keeps_why_although_the_pods_are_gone() -> None:
    sick = moving(problems=(problem(message="it fell over"),))
    before = look(row(), sick, log=LOG).deployment
    gone = look(before, aborted(problems=(DEADLINE,), abort_reason=TIMED_OUT))
    assert gone.deployment.stage is Stage.FAILED
    failure = gone.deployment.failure
    assert failure is not None
    assert (failure.cause, failure.message, failure.exit_code) == (Cause.CRASH_LOOP, "it fell over", 3)
    assert failure.lines == LOG[-8:]
    said = only(gone)
    assert said.code is MilestoneCode.ABORTED_BY_DEADLINE
    assert said.facts == {"cause": "crash-loop", "detail": "it fell over", "running": "v1.1"}
    assert said.lines == LOG[-8:]
    assert said.is_broadcast


def test_a_deadline_without_any_trouble_of_pods_is_its_own_cause() -> None:
    failure = look(row(moving()), aborted(problems=(DEADLINE,), abort_reason=TIMED_OUT)).deployment.failure
    assert failure is not None
    assert (failure.cause, failure.message) == (Cause.PROGRESS_DEADLINE, "timed out progressing")


def test_a_failed_analysis_that_aborted_says_so_in_one_line_with_its_numbers() -> None:
    going = look(row(moving()), aborted(analyses=(analysis(),), abort_reason=BAD, new=Replicas(1, 1)))
    assert going.deployment.stage is Stage.ROLLING_OUT
    assert going.milestones == ()
    gone = look(going.deployment, aborted(analyses=(analysis(),), abort_reason=BAD))
    said = only(gone)
    assert said.code is MilestoneCode.ABORTED_BY_ANALYSIS
    assert said.facts == {
        "metric": "success-rate",
        "value": "[0.972]",
        "needs": "result[0] >= 0.99",
        "refuses": "",
        "measured": 3,
        "detail": "",
        "running": "v1.1",
    }
    assert gone.deployment.failure is not None
    assert gone.deployment.failure.cause is Cause.ANALYSIS_FAILED


def test_an_analysis_that_could_not_be_made_is_told_apart() -> None:
    error = analysis(phase=AnalysisPhase.ERROR, metrics=(), message="no answer")
    gone = look(row(moving()), aborted(analyses=(error,), abort_reason=BAD))
    assert gone.deployment.failure is not None
    assert gone.deployment.failure.cause is Cause.ANALYSIS_ERROR
    assert only(gone).facts["metric"] == "no answer"


def test_what_the_status_forgets_after_the_abort_stays_on_the_row() -> None:
    going = look(row(moving()), aborted(analyses=(analysis(),), abort_reason=BAD, new=Replicas(1, 1)))
    gone = look(going.deployment, aborted(abort_reason=BAD))
    assert gone.deployment.failure == going.deployment.failure
    assert only(gone).code is MilestoneCode.ABORTED_BY_ANALYSIS


def test_an_abort_that_is_taken_back_takes_its_reason_along() -> None:
    going = look(row(moving()), aborted(analyses=(analysis(),), abort_reason=BAD, new=Replicas(1, 1)))
    assert look(going.deployment, moving()).deployment.failure is None


def test_an_abort_without_a_reason_came_from_outside() -> None:
    gone = look(row(moving()), aborted(problems=(problem(),)))
    assert gone.deployment.failure is None
    assert only(gone).code is MilestoneCode.ABORTED_OUTSIDE


def test_what_ends_well_leaves_no_trouble_behind() -> None:
    before = row(moving(problems=(problem(),), pod_log=LOG))
    done = look(before, healthy()).deployment
    assert (done.stage, done.rollout, done.failure) == (Stage.SUCCEEDED, healthy(), None)


def test_a_rollout_that_is_late_and_not_aborted_says_so_with_the_lines_of_its_pod() -> None:
    sick = moving(phase=RolloutPhase.DEGRADED, message="ProgressDeadlineExceeded: late", problems=(problem(), DEADLINE))
    first = look(row(), sick, log=LOG)
    assert first.deployment.stage is Stage.ROLLING_OUT
    said = only(first)
    assert (said.code, said.lines) == (MilestoneCode.UNHEALTHY, LOG[-8:])


def undecided(**changes: object) -> RolloutSnapshot:
    pause = Pause(reason=PauseReason.INCONCLUSIVE, since=NOON, since_text="2026-11-02T12:00:00Z")
    return rollout(**{"pause": pause, "message": "InconclusiveAnalysisRun", **changes})


def test_an_analysis_that_cannot_decide_asks_a_person_once_for_each_run() -> None:
    unsure = metric(phase=AnalysisPhase.INCONCLUSIVE, value="0.5", condition="", failure_condition="result > 1")
    first = analysis(phase=AnalysisPhase.INCONCLUSIVE, metrics=(unsure,))
    said = only(look(row(moving()), undecided(analyses=(first,))))
    assert said.code is MilestoneCode.INCONCLUSIVE
    assert (said.facts["value"], said.facts["needs"], said.facts["refuses"]) == ("0.5", "", "result > 1")
    again = only(look(row(moving()), undecided(analyses=(replace(first, name="shop-bbbb-2-1.1"),))))
    assert again.key != said.key


def test_an_analysis_whose_numbers_were_not_seen_is_told_in_the_clusters_words() -> None:
    said = only(look(row(moving()), undecided()))
    assert said.facts["metric"] == "InconclusiveAnalysisRun"

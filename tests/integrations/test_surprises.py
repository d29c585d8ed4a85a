"""What surprised in the recordings of the real controllers, one test each: the product is not taken in.

docs/facts.md lists them all; those that concern acts, watches or pipelines are tested beside those.
"""

from dataclasses import replace

import pytest

from commands.core.acts import expected_of, is_moving, possible
from commands.core.card import Headline
from commands.core.lifecycle import step
from commands.core.model import Action, Stage
from commands.core.moves import Seen
from commands.core.observed import Replicas, RolloutPhase
from integrations.kubernetes.patches import patch_for
from integrations.kubernetes.rollouts import project_rollout, snapshot_of
from playground.kubernetes.patches import apply_json_patch
from tests.make import NOON, deployment, healthy, rollout
from tests.replaying import Moment, replay


def generations(moment: Moment) -> tuple[int, str]:
    assert moment.rollout is not None
    return moment.rollout["metadata"]["generation"], moment.rollout.get("status", {}).get("observedGeneration", "")


def release(name: str, number: int) -> list[Moment]:
    return [moment for moment in replay(name) if moment.row.number == number and moment.seen is not None]


@pytest.mark.parametrize("name", ["canary-happy", "canary-crashloop-first-deploy", "bluegreen-first-and-upgrade"])
def test_a_first_deploy_is_stable_before_it_has_pods_and_is_not_done(name: str) -> None:
    early = [
        moment
        for moment in release(name, 1)
        if moment.seen is not None
        and moment.seen.current_hash == moment.seen.stable_hash != ""
        and not moment.seen.new.ready
    ]
    assert early
    assert all(moment.row.stage is not Stage.SUCCEEDED for moment in early)
    assert all(not moment.fresh.buttons for moment in early), "there is nothing to go back to"


def test_a_first_deploy_that_never_comes_up_is_stable_and_never_done() -> None:
    moments = release("canary-crashloop-first-deploy", 1)
    assert {moment.row.stage for moment in moments} == {Stage.ROLLING_OUT, Stage.SUPERSEDED}
    assert Headline.UNHEALTHY in {moment.card.headline for moment in moments}


def test_the_cure_of_a_first_deploy_that_never_came_up_goes_through_all_steps() -> None:
    assert Stage.PAUSED in {moment.row.stage for moment in release("canary-crashloop-first-deploy", 2)}


def test_a_generation_that_the_controller_bumps_itself_does_not_hide_the_release() -> None:
    observed = [
        generations(moment) for moment in release("canonical-template", 1) if moment.row.stage is Stage.SUCCEEDED
    ]
    assert observed[0][0] > 1
    assert observed[0][1] == str(observed[0][0])


def test_a_spec_that_is_never_observed_is_never_current_however_healthy_it_looks() -> None:
    unseen = [
        moment
        for moment in replay("invalid-spec")
        if moment.rollout is not None
        and moment.rollout["spec"]["strategy"]["blueGreen"].get("activeService") == ""
        and moment.rollout["status"]["phase"] == "Healthy"
    ]
    assert unseen
    assert all(moment.seen is not None and not moment.seen.is_current and not moment.seen.is_done for moment in unseen)
    assert {moment.seen.phase for moment in unseen if moment.seen is not None} == {RolloutPhase.PROGRESSING}


def test_an_invalid_spec_that_is_mended_goes_on_by_itself() -> None:
    headlines = [moment.fresh.headline for moment in replay("invalid-spec")]
    assert Headline.UNHEALTHY in headlines
    assert headlines[-1] is not Headline.UNHEALTHY


@pytest.mark.parametrize("name", ["canary-happy", "canary-superseded", "bluegreen-abort", "rolling"])
def test_nothing_can_be_pressed_between_a_release_and_its_observation(name: str) -> None:
    unseen = [
        moment for moment in replay(name) if moment.rollout and generations(moment)[1] != str(generations(moment)[0])
    ]
    assert unseen
    assert all(not moment.fresh.buttons for moment in unseen)


def test_a_step_that_runs_is_never_skipped() -> None:
    running = [
        moment
        for moment in release("canary-skip-running-step", 2)
        if moment.rollout is not None and not moment.rollout["status"].get("pauseConditions")
    ]
    assert running
    assert all(Action.PROMOTE not in {each.action for each in moment.fresh.buttons} for moment in running)


def test_a_rollout_that_is_late_may_still_come_up() -> None:
    stages = [moment.row.stage for moment in release("canary-late-ready", 2)]
    headlines = [moment.card.headline for moment in release("canary-late-ready", 2)]
    assert Headline.UNHEALTHY in headlines
    assert Stage.FAILED not in stages
    assert stages[-1] is Stage.PAUSED


def test_a_recreate_is_healthy_without_pods_and_that_is_not_the_new_version() -> None:
    empty = [
        moment
        for moment in replay("recreate")
        if moment.rollout is not None
        and moment.rollout["spec"]["replicas"] == 0
        and moment.rollout["status"]["phase"] == "Healthy"
    ]
    assert empty
    assert {moment.row.number for moment in empty} == {1}
    done = [moment for moment in release("recreate", 2) if moment.row.stage is Stage.SUCCEEDED]
    assert done[0].seen is not None
    assert done[0].seen.new == Replicas(3, 3)


def test_a_pod_that_is_deleted_later_is_no_deploy() -> None:
    done = replace(deployment(stage=Stage.SUCCEEDED), rollout=healthy())
    shaken = healthy(phase=RolloutPhase.PROGRESSING, message="more replicas need to be updated", new=Replicas(4, 5))
    assert not is_moving(shaken)
    move = step(done, seen=Seen(rollout=shaken), acts=(), now=NOON)
    assert (move.deployment.stage, move.milestones) == (Stage.SUCCEEDED, ())


def test_the_same_content_again_is_done_at_once() -> None:
    again = deployment(stage=Stage.ROLLING_OUT)
    assert step(again, seen=Seen(rollout=healthy()), acts=(), now=NOON).deployment.stage is Stage.SUCCEEDED


def test_a_promote_of_an_undecided_analysis_leaves_its_step_so_that_it_is_not_made_again() -> None:
    undecided = [
        moment
        for moment in release("canary-analysis-inconclusive", 2)
        if moment.fresh.headline is Headline.INCONCLUSIVE
        and Action.PROMOTE in {each.action for each in moment.fresh.buttons}
    ]
    assert undecided
    for moment in undecided:
        assert moment.seen is not None
        assert moment.rollout is not None
        patch = patch_for(Action.PROMOTE, expected_of(moment.seen, Action.PROMOTE))
        before, after = moment.rollout["status"], apply_json_patch(moment.rollout, patch)["status"]
        assert after["currentStepIndex"] == before["currentStepIndex"] + 1
        assert after["controllerPause"] is False


def test_a_status_without_weights_or_durations_is_enough() -> None:
    *_, moment = release("canary-happy", 2)
    assert moment.rollout is not None
    status = {
        key: value for key, value in moment.rollout["status"].items() if key not in {"canary", "blueGreen", "duration"}
    }
    bare = snapshot_of(project_rollout({**moment.rollout, "status": status}), [])
    assert bare.phase is RolloutPhase.HEALTHY
    assert possible(replace(deployment(stage=Stage.ROLLING_OUT), rollout=bare)) == ()


def test_a_green_that_is_healthy_is_counted_by_its_own_pods_and_not_by_the_active_ones() -> None:
    coming = [
        moment.seen
        for moment in release("bluegreen-first-and-upgrade", 2)
        if moment.seen is not None
        and moment.seen.is_current
        and moment.seen.pause is None
        and moment.seen.new.ready == 0
    ]
    assert coming
    assert all(seen.old.ready == 2 for seen in coming)


def test_a_newer_release_takes_the_place_of_a_canary_that_waits() -> None:
    moments = list(replay("canary-superseded"))
    stages = {moment.row.number: moment.row.stage for moment in moments}
    assert [stages[number] for number in (2, 3)] == [Stage.SUPERSEDED, Stage.SUPERSEDED]


def test_what_was_deleted_while_it_waited_ends_and_says_so() -> None:
    *_, last = (moment for moment in replay("deleted-while-paused") if moment.row.number == 2)
    assert last.row.stage is Stage.FAILED
    assert last.row.failure is not None
    assert "deleted" in last.row.failure.message


def test_the_stable_version_of_a_canary_is_never_taken_for_its_end() -> None:
    assert not rollout(phase=RolloutPhase.HEALTHY, pause=None).is_done

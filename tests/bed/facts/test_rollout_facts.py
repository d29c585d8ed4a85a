"""What the controller of Argo Rollouts does with the acts on a canary; most is not said in its documentation."""

from datetime import datetime, timedelta

import pytest

from integrations.kubernetes.fields import Obj, annotation, at, text
from tests.bed.facts.manifests import PAUSE, canary, rollout, template, weight
from tests.bed.facts.objects import Space
from tests.bed.facts.states import current, is_degraded, is_healthy, message, paused, phase, reasons, stable, step

pytestmark = pytest.mark.bed

STEPS = canary(weight(25), PAUSE, weight(50), PAUSE)


async def healthy(space: Space, name: str, **spec: object) -> Obj:
    """Bring version 1 up; the first deploy runs no steps."""
    await space.create(rollout(name, STEPS, **spec))  # type: ignore[arg-type]  # the rest is spec
    return await space.until("Rollout", name, is_healthy)


async def release(space: Space, name: str, version: str) -> Obj:
    return await space.merge("Rollout", name, {"spec": {"template": template(name, version)}})


async def at_first_pause(space: Space, name: str, **spec: object) -> Obj:
    """Bring version 1 up and version 2 to its first pause."""
    await healthy(space, name, **spec)
    await release(space, name, "v2")
    return await space.until("Rollout", name, paused(1))


async def set_status(space: Space, name: str, **status: object) -> Obj:
    """Patch the status without any test, as the vendor's own command line does."""
    return await space.merge("Rollout", name, {"status": status}, part="status")


async def promote_to_the_end(space: Space, name: str) -> Obj:
    await set_status(space, name, promoteFull=True)
    return await space.until("Rollout", name, is_healthy)


def shifted(moment: str, by: timedelta) -> str:
    return (datetime.fromisoformat(moment) + by).strftime("%Y-%m-%dT%H:%M:%SZ")


async def undo(space: Space, name: str, version_hash: str) -> None:
    """Release the template of an older ReplicaSet, as the vendor's undo does."""
    sets = await space.all("ReplicaSet", selector=f"rollouts-pod-template-hash={version_hash}")
    old = at(sets[0], "spec", "template")
    del old["metadata"]["labels"]["rollouts-pod-template-hash"]
    answer = await space.json_patch("Rollout", name, [{"op": "replace", "path": "/spec/template", "value": old}])
    assert answer.status == 200


async def test_a_first_deploy_runs_no_steps(space: Space) -> None:
    async with space.story("Rollout", "first") as story:
        await space.create(rollout("first", STEPS))
        done = await story.until(is_healthy)
    assert step(done) == 4
    assert "Paused" not in story.states("status", "phase")


async def test_the_first_template_is_stable_before_any_pod_exists(space: Space) -> None:
    async with space.story("Rollout", "early") as story:
        await space.create(rollout("early", STEPS))
        named = await story.until(lambda obj: stable(obj) != "")
    assert stable(named) == current(named)
    assert not at(named, "status", "replicas")


async def test_an_identical_template_is_no_event_at_all(space: Space) -> None:
    before = await healthy(space, "same")
    answer = await release(space, "same", "v1")
    assert at(answer, "metadata", "resourceVersion") == at(before, "metadata", "resourceVersion")
    assert at(answer, "metadata", "generation") == at(before, "metadata", "generation")


async def test_metadata_sent_to_the_status_is_dropped_silently(space: Space) -> None:
    await healthy(space, "dropped")
    sent = {"metadata": {"annotations": {"note": "x"}, "labels": {"note": "x"}}, "status": {"message": "kept"}}
    answer = await space.merge("Rollout", "dropped", sent, part="status")
    assert message(answer) == "kept"
    assert annotation(answer, "note") == ""
    assert at(answer, "metadata", "labels", "note") is None


async def test_a_status_sent_to_the_object_is_dropped_silently(space: Space) -> None:
    await at_first_pause(space, "main")
    answer = await space.merge("Rollout", "main", {"status": {"abort": True}})
    assert at(answer, "status", "abort") is None


async def test_an_abort_of_what_is_finished_is_dropped(space: Space) -> None:
    await healthy(space, "finished")
    async with space.story("Rollout", "finished") as story:
        await set_status(space, "finished", abort=True)
        await story.until(lambda obj: at(obj, "status", "abort") is True)
        after = await story.until(lambda obj: at(obj, "status", "abort") is None, start=len(story.seen))
    assert is_healthy(after)


async def test_going_to_the_end_of_what_is_finished_is_dropped(space: Space) -> None:
    await healthy(space, "over")
    async with space.story("Rollout", "over") as story:
        await set_status(space, "over", promoteFull=True)
        await story.until(lambda obj: at(obj, "status", "promoteFull") is True)
        await story.until(lambda obj: at(obj, "status", "promoteFull") is None, start=len(story.seen))
    await release(space, "over", "v2")
    await space.until("Rollout", "over", paused(1))


async def test_going_to_the_end_of_an_aborted_one_ships_it(space: Space) -> None:
    before = await at_first_pause(space, "shipped")
    await set_status(space, "shipped", abort=True)
    aborted = await space.until("Rollout", "shipped", is_degraded)
    assert message(aborted) == "RolloutAborted: Rollout aborted update to revision 2"
    assert step(aborted) == 0
    assert current(await promote_to_the_end(space, "shipped")) == current(before)


async def test_an_abort_leaves_the_hash_of_what_was_aborted_as_the_current_one(space: Space) -> None:
    before = await at_first_pause(space, "aborted")
    await set_status(space, "aborted", abort=True)
    after = await space.until("Rollout", "aborted", is_degraded)
    assert (current(after), stable(after)) == (current(before), stable(before))


async def test_restoring_the_stable_template_needs_no_steps_and_clears_the_abort(space: Space) -> None:
    before = await at_first_pause(space, "restored")
    await set_status(space, "restored", abort=True)
    await space.until("Rollout", "restored", is_degraded)
    async with space.story("Rollout", "restored") as story:
        await release(space, "restored", "v1")
        after = await story.until(is_healthy)
    assert current(after) == stable(before)
    assert at(after, "status", "abort") is None
    assert "Paused" not in story.states("status", "phase")


async def test_going_back_to_stable_from_a_pause_needs_no_steps(space: Space) -> None:
    before = await at_first_pause(space, "back")
    await release(space, "back", "v1")
    async with space.story("Rollout", "back") as story:
        after = await story.until(is_healthy)
    assert current(after) == stable(before)
    assert step(after) == 4


async def test_undo_to_an_older_revision_runs_all_steps_again(space: Space) -> None:
    first = await healthy(space, "undone")
    await release(space, "undone", "v2")
    await space.until("Rollout", "undone", paused(1))
    await promote_to_the_end(space, "undone")
    await undo(space, "undone", current(first))
    again = await space.until("Rollout", "undone", paused(1))
    assert current(again) == current(first)
    assert annotation(again, "rollout.argoproj.io/revision") == "3"


async def test_undo_inside_the_rollback_window_skips_the_steps(space: Space) -> None:
    first = await healthy(space, "window", rollbackWindow={"revisions": 2})
    async with space.story("Rollout", "window") as story:
        # ReplicaSets made in the same second are of the same age, and going back is not going back then.
        await story.until_quiet(seconds=1.1)
    await release(space, "window", "v2")
    await space.until("Rollout", "window", paused(1))
    await promote_to_the_end(space, "window")
    async with space.story("Rollout", "window") as story:
        await undo(space, "window", current(first))
        after = await story.until(lambda obj: is_healthy(obj) and current(obj) == current(first))
    assert step(after) == 4
    assert "Paused" not in story.states("status", "phase")


async def test_going_to_the_end_while_paused_by_hand_is_kept_until_the_hand_lets_go(space: Space) -> None:
    await at_first_pause(space, "held", replicas=4)
    await space.merge("Rollout", "held", {"spec": {"paused": True}})
    await space.until("Rollout", "held", lambda obj: message(obj) == "manually paused")
    await set_status(space, "held", promoteFull=True)
    waiting = await space.until("Rollout", "held", lambda obj: step(obj) == 4)
    assert (phase(waiting), message(waiting), reasons(waiting)) == ("Paused", "manually paused", [])
    assert current(waiting) != stable(waiting)
    await space.merge("Rollout", "held", {"spec": {"paused": None}})
    await space.until("Rollout", "held", is_healthy)


async def test_a_promote_while_paused_by_hand_is_lost(space: Space) -> None:
    before = await at_first_pause(space, "lost")
    await space.merge("Rollout", "lost", {"spec": {"paused": True}})
    await space.until("Rollout", "lost", lambda obj: message(obj) == "manually paused")
    await set_status(space, "lost", pauseConditions=None)
    await space.until("Rollout", "lost", lambda obj: at(obj, "status", "controllerPause") is None)
    await space.merge("Rollout", "lost", {"spec": {"paused": None}})
    again = await space.until("Rollout", "lost", paused(1))
    assert current(again) == current(before)


async def test_a_promote_right_after_the_hand_let_go_counts(space: Space) -> None:
    await at_first_pause(space, "released")
    await space.merge("Rollout", "released", {"spec": {"paused": True}})
    await space.until("Rollout", "released", lambda obj: message(obj) == "manually paused")
    await space.merge("Rollout", "released", {"spec": {"paused": None}})
    await set_status(space, "released", pauseConditions=None)
    await space.until("Rollout", "released", paused(3))


async def test_an_explicit_false_for_paused_costs_a_second_generation(space: Space) -> None:
    before = await healthy(space, "bumped", paused=False)
    assert at(before, "metadata", "generation") == 2


async def test_a_restart_replaces_the_pods_and_is_noted_by_the_look_half_a_minute_later(space: Space) -> None:
    before = await healthy(space, "restarted")
    pod = (await space.all("Pod", selector="app=restarted"))[0]
    later = shifted(text(pod, "metadata", "creationTimestamp"), timedelta(seconds=1))
    async with space.story("Rollout", "restarted") as story:
        await space.merge("Rollout", "restarted", {"spec": {"restartAt": later}})
        restarting = await story.until(lambda obj: message(obj) == "rollout is restarting")
        after = await story.until(lambda obj: text(obj, "status", "restartedAt") == later, seconds=50)
    assert phase(restarting) == "Progressing"
    assert current(after) == current(before)
    pods = await space.all("Pod", selector="app=restarted")
    assert at(pod, "metadata", "uid") not in [at(each, "metadata", "uid") for each in pods]


async def test_a_restart_in_the_second_in_which_the_pods_were_made_replaces_nothing(space: Space) -> None:
    await healthy(space, "young")
    before = await space.all("Pod", selector="app=young")
    born = text(before[0], "metadata", "creationTimestamp")
    await space.merge("Rollout", "young", {"spec": {"restartAt": born}})
    await space.until("Rollout", "young", lambda obj: text(obj, "status", "restartedAt") == born)
    pods = await space.all("Pod", selector="app=young")
    assert [at(each, "metadata", "uid") for each in pods] == [at(each, "metadata", "uid") for each in before]


async def test_a_pause_says_its_reason_three_times(space: Space) -> None:
    seen = await at_first_pause(space, "said")
    assert reasons(seen) == ["CanaryPauseStep"]
    assert message(seen) == "CanaryPauseStep"
    assert at(seen, "status", "controllerPause") is True

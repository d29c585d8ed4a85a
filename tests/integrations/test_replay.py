"""Every recording of a Rollout, event by event, from the real controller's objects to the card: it cannot lie.

No event may show a wrong stage, an early "done" or a button that cannot work; each also ends where it should.
"""

import copy
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commands.core.acts import expected_of
from commands.core.card import Card, Headline, draw
from commands.core.lifecycle import step
from commands.core.model import Action, Stage
from commands.core.moves import Seen
from commands.core.observed import PauseReason, RolloutPhase, RolloutSnapshot
from commands.core.reasons import MilestoneCode
from integrations.kubernetes.patches import is_pointless, patch_for
from integrations.kubernetes.rollouts import project_replica_set, project_rollout, snapshot_of
from integrations.slack.card import render
from playground.kubernetes.patches import apply_json_patch
from tests.integrations.slack.limits import assert_fits
from tests.make import NOON, deployment
from tests.replaying import ROLLOUTS, Moment, replay

Obj = dict[str, Any]

# How each release of a recording ends, in order; the last one may be under way when the recorder stops.
ENDS = {
    "bluegreen-abort": "succeeded aborted",
    "bluegreen-auto-promotion": "succeeded succeeded",
    "bluegreen-first-and-upgrade": "succeeded succeeded succeeded paused",
    "bluegreen-postpromotion-analysis-failed": "succeeded failed",
    "bluegreen-prepromotion-analysis-failed": "succeeded failed",
    "bluegreen-prepromotion-analysis-success": "succeeded succeeded",
    "canary-abort": "succeeded aborted succeeded",
    "canary-abort-restore-at-once": "succeeded superseded succeeded",
    "canary-analysis-error": "succeeded failed",
    "canary-analysis-failed": "succeeded failed succeeded",
    "canary-analysis-inconclusive": "succeeded paused",
    "canary-analysis-inconclusive-plain-promote": "succeeded paused",
    "canary-analysis-job-failed": "succeeded failed",
    "canary-analysis-success": "succeeded succeeded",
    "canary-background-analysis-failed": "succeeded failed",
    "canary-cannot-start": "succeeded failed succeeded",
    "canary-crashloop": "succeeded superseded succeeded",
    "canary-config-error": "succeeded failed succeeded",
    "canary-crashloop-deadline-abort": "succeeded failed succeeded",
    "canary-crashloop-first-deploy": "superseded succeeded",
    "canary-happy": "succeeded succeeded",
    "canary-image-never-pull": "succeeded rolling_out",
    "canary-image-pull-failure": "succeeded failed succeeded",
    "canary-init-failing": "succeeded failed succeeded",
    "canary-late-ready": "succeeded paused",
    "canary-manual-pause": "succeeded succeeded paused",
    "canary-out-of-memory": "succeeded failed succeeded",
    "canary-pods-refused": "succeeded failed succeeded",
    "canary-probe-failure": "succeeded failed succeeded",
    "canary-promote-full": "succeeded succeeded",
    "canary-promote-full-after-abort": "succeeded aborted",
    "canary-promote-while-paused": "succeeded superseded superseded superseded superseded superseded paused",
    "canary-quota": "succeeded failed succeeded",
    "canary-readiness-gate": "succeeded failed succeeded",
    "canary-restart": "succeeded",
    "canary-scale": "succeeded paused",
    "canary-skip-running-step": "succeeded paused",
    "canary-superseded": "succeeded superseded superseded paused",
    "canary-unschedulable": "succeeded failed succeeded",
    "canonical-template": "succeeded superseded paused",
    "deleted-while-paused": "succeeded failed",
    "identical-template": "succeeded",
    "invalid-spec": "succeeded",
    "recreate": "succeeded succeeded",
    "rollback-window": "succeeded succeeded succeeded succeeded superseded succeeded succeeded succeeded",
    "rolling": "succeeded succeeded aborted succeeded",
    "undo-without-window": "succeeded succeeded paused",
}
PATCHED = frozenset({Action.PROMOTE, Action.FULL, Action.ABORT, Action.PAUSE, Action.RESUME})
GATES = {"CanaryPauseStep", "BlueGreenPause"}


@cache
def moments(name: str) -> tuple[Moment, ...]:
    return tuple(replay(name))


def status_of(moment: Moment) -> Obj:
    status: Obj = (moment.rollout or {}).get("status", {})
    return status


def is_observed(rollout: Obj) -> bool:
    return bool(rollout.get("status", {}).get("observedGeneration") == str(rollout["metadata"]["generation"]))


def is_of_newest_template(moment: Moment) -> bool:
    """Say whether the hash in the status is that of the template in the spec, by the recorded ReplicaSet itself."""
    rollout = moment.rollout or {}
    current = status_of(moment).get("currentPodHash")
    images = [each["image"] for each in rollout["spec"]["template"]["spec"]["containers"]]
    return any(
        [each["image"] for each in found["spec"]["template"]["spec"]["containers"]] == images
        for found in moment.sets.values()
        if found["metadata"]["labels"]["rollouts-pod-template-hash"] == current
    )


@pytest.mark.parametrize("name", ROLLOUTS)
def test_every_release_of_a_recording_ends_where_it_should(name: str) -> None:
    rows = {moment.row.number: moment.row for moment in moments(name)}
    assert " ".join(row.stage for row in rows.values()) == ENDS[name]


@pytest.mark.parametrize("name", ROLLOUTS)
def test_done_is_said_when_the_cluster_is_done_and_not_before(name: str) -> None:
    before: dict[int, Stage] = {}
    for moment in moments(name):
        if moment.row.stage is Stage.SUCCEEDED and before.get(moment.row.number) is not Stage.SUCCEEDED:
            status, rollout = status_of(moment), moment.rollout or {}
            assert status["phase"] == "Healthy"
            assert status["stableRS"] == status["currentPodHash"]
            assert is_observed(rollout)
            assert is_of_newest_template(moment)
            assert status.get("availableReplicas", 0) >= rollout["spec"]["replicas"]
            assert not status.get("pauseConditions")
            assert moment.said[-1].code is MilestoneCode.DONE
        if moment.card.headline is Headline.DONE:
            assert moment.row.stage is Stage.SUCCEEDED
        before[moment.row.number] = moment.row.stage


@pytest.mark.parametrize("name", ROLLOUTS)
def test_no_stage_is_shown_that_the_cluster_is_not_in(name: str) -> None:
    ended: dict[int, Stage] = {}
    for moment in moments(name):
        row, status = moment.row, status_of(moment)
        assert ended.get(row.number, row.stage) is row.stage, "no way leads out of a terminal stage"
        if row.number in ended:
            continue
        if row.stage.is_terminal:
            ended[row.number] = row.stage
        match row.stage:
            case Stage.PAUSED:
                assert status["phase"] == "Paused"
                assert is_observed(moment.rollout or {})
                assert is_of_newest_template(moment)
            case Stage.ABORTED:
                assert status["abort"]
                assert status["phase"] == "Degraded"
            case Stage.FAILED:
                assert moment.rollout is None or status["abort"]
            case _:
                pass


@pytest.mark.parametrize("name", ROLLOUTS)
def test_no_headline_is_shown_that_the_objects_do_not_bear_out(name: str) -> None:
    for moment in moments(name):
        status = status_of(moment)
        reasons = {each["reason"] for each in status.get("pauseConditions") or ()}
        is_paused = status.get("phase") == "Paused" and is_observed(moment.rollout or {})
        match moment.fresh.headline:
            case Headline.WAITS_FOR_PROMOTE | Headline.TIMED_PAUSE:
                assert is_paused
                assert not (moment.rollout or {})["spec"].get("paused")
                assert "CanaryPauseStep" in reasons
            case Headline.GREEN_READY:
                assert is_paused
                assert "BlueGreenPause" in reasons
                assert status["blueGreen"]["activeSelector"] != status["currentPodHash"]
            case Headline.INCONCLUSIVE:
                assert is_paused
                assert "InconclusiveAnalysisRun" in reasons
            case Headline.HELD:
                assert (moment.rollout or {})["spec"]["paused"]
            case Headline.ABORTING:
                assert status["abort"]
                assert is_observed(moment.rollout or {})
                assert is_of_newest_template(moment)
            case Headline.UNHEALTHY:
                assert status["phase"] == "Degraded" or (moment.seen is not None and moment.seen.problems)
            case headline:
                assert headline is Headline.ROLLING_OUT


@pytest.mark.parametrize("name", ROLLOUTS)
def test_every_button_works_at_the_very_moment_at_which_it_is_shown(name: str) -> None:
    for moment in moments(name):
        for each in (*moment.card.buttons, *moment.fresh.buttons):
            if each.action in PATCHED:
                assert_works(each.action, moment)


def assert_works(action: Action, moment: Moment) -> None:
    """Send what the button would send to the object as it was recorded, by the API server's rules."""
    seen, rollout = moment.seen, moment.rollout
    assert seen is not None
    assert rollout is not None
    expected = expected_of(seen, action)
    assert not is_pointless(action, expected)
    after = apply_json_patch(rollout, patch_for(action, expected))
    assert after != rollout
    status = rollout["status"]
    match action:
        case Action.PROMOTE:
            assert status["pauseConditions"]
            assert status["controllerPause"]
            assert "pauseConditions" not in after["status"]
        case Action.PAUSE | Action.RESUME:
            assert bool(after["spec"].get("paused")) != bool(rollout["spec"].get("paused"))
        case _:
            assert not status.get("abort")
            assert after["status"]["promoteFull" if action is Action.FULL else "abort"] is True


@pytest.mark.parametrize("name", ROLLOUTS)
def test_a_pause_that_a_person_ends_has_its_button(name: str) -> None:
    for moment in moments(name):
        status, rollout = status_of(moment), moment.rollout or {}
        reasons = [each["reason"] for each in status.get("pauseConditions") or ()]
        is_gate = bool(reasons) and reasons[0] in GATES and status["phase"] == "Paused" and not status.get("abort")
        is_held = rollout.get("spec", {}).get("paused")
        if is_gate and not is_held and is_observed(rollout) and is_of_newest_template(moment):
            assert Action.PROMOTE in {each.action for each in moment.fresh.buttons}


@pytest.mark.parametrize("name", ROLLOUTS)
def test_an_older_button_never_reaches_a_later_moment(name: str) -> None:
    """Press every button that was ever shown at every later event: it fits the same gate or the cluster refuses it."""
    shown: list[tuple[RolloutSnapshot, Obj]] = []
    for moment in moments(name):
        if moment.rollout is None or moment.seen is None:
            continue
        for seen, status in shown:
            if _is_accepted(moment.rollout, patch_for(Action.PROMOTE, expected_of(seen, Action.PROMOTE))):
                now = moment.rollout["status"]
                assert now["pauseConditions"][0]["startTime"] == status["pauseConditions"][0]["startTime"]
                assert now["currentPodHash"] == status["currentPodHash"]
                assert now.get("currentStepIndex") == status.get("currentStepIndex")
        actions = {each.action for each in moment.fresh.buttons}
        if Action.PROMOTE in actions and all(seen.pause != moment.seen.pause for seen, _ in shown):
            shown.append((moment.seen, moment.rollout["status"]))


def _is_accepted(rollout: Obj, patch: list[Obj]) -> bool:
    try:
        apply_json_patch(rollout, patch)
    except Exception:  # noqa: BLE001  # whatever the stand-in refuses it with
        return False
    return True


@pytest.mark.parametrize("name", ROLLOUTS)
def test_every_line_is_said_once_and_weights_are_shares(name: str) -> None:
    heard: dict[int, list[str]] = {}
    for moment in moments(name):
        keys = heard.setdefault(moment.row.number, [])
        keys += [each.key for each in moment.said]
        assert len(keys) == len(set(keys))
        if moment.seen is not None:
            assert 0 <= moment.seen.weight <= 100
            assert 0 <= moment.seen.actual_weight <= 100


@pytest.mark.parametrize("name", ROLLOUTS)
def test_every_card_on_the_way_can_be_drawn(name: str) -> None:
    last: tuple[Card, Card] | None = None
    for moment in moments(name):
        if (moment.card, moment.fresh) != last:
            last = moment.card, moment.fresh
            assert_fits(render(moment.card))
            assert_fits(render(moment.fresh))


def last_card(name: str, number: int) -> str:
    """Return the text of the last card of a release."""
    *_, last = (moment for moment in moments(name) if moment.row.number == number)
    return "\n".join(block.get("text", {}).get("text", "") for block in render(last.card).blocks)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        (
            "canary-crashloop-deadline-abort",
            ("failed", "the app ends by itself (exit 1)", "> boom", "Mend it"),
        ),
        ("canary-image-pull-failure", ("the image cannot be had", "registry.local/app:v99")),
        ("canary-out-of-memory", ("the app takes more memory than its limit (exit 137)", "resources.limits.memory")),
        ("canary-config-error", ("what it is configured with is not there", 'secret "none" not found')),
        ("canary-quota", ("the quota of the namespace is used up", "exceeded quota: small")),
        ("canary-probe-failure", ("running, but the probe does not pass",)),
        ("canary-unschedulable", ("no node has room", "1 Insufficient cpu")),
        (
            "canary-analysis-failed",
            ("Analysis failed: error-rate 0.99 (needs &lt; 0.01), measured 2 times",),
        ),
        ("canary-analysis-error", ("could not be made", "connection refused")),
        ("canary-analysis-job-failed", ("Analysis failed: smoke, measured once",)),
        ("canary-background-analysis-failed", ("Analysis in the background failed: error-rate 0.99",)),
        ("bluegreen-prepromotion-analysis-failed", ("Analysis before the switch failed",)),
        ("bluegreen-postpromotion-analysis-failed", ("Analysis after the switch failed",)),
        ("canary-analysis-inconclusive-plain-promote", ("could not decide: error-rate 0.5", "A person has to decide")),
    ],
)
def test_the_card_of_a_bad_end_names_its_cause(name: str, told: tuple[str, ...]) -> None:
    shown = last_card(name, 2)
    assert all(each in shown for each in told), shown


def test_a_crash_loop_is_on_the_card_before_the_deadline_and_its_lines_stay_when_the_pod_is_gone() -> None:
    release = [moment for moment in moments("canary-crashloop-deadline-abort") if moment.row.number == 2]
    crashing = [moment for moment in release if moment.seen is not None and moment.seen.problems and moment.t < 15]
    assert crashing[0].fresh.headline is Headline.UNHEALTHY
    assert crashing[-1].row.rollout is not None
    assert crashing[-1].row.rollout.pod_log == ("starting", "boom")
    assert release[-1].row.failure is not None
    assert release[-1].row.failure.lines == ("starting", "boom")


# --- any object at all


PHASES = st.sampled_from(["Healthy", "Paused", "Progressing", "Degraded", "", None, 7])
HASHES = st.sampled_from(["aaaa", "bbbb", "", None])
REASONS = st.sampled_from(["CanaryPauseStep", "BlueGreenPause", "InconclusiveAnalysisRun", "Nonsense"])
COUNTS = st.one_of(st.integers(-2, 12), st.none())
STEPS = st.lists(
    st.one_of(
        st.builds(lambda weight: {"setWeight": weight}, st.integers(-5, 120)),
        st.builds(lambda seconds: {"pause": {"duration": seconds} if seconds else {}}, st.integers(0, 9)),
        st.just({"analysis": {"templates": []}}),
    ),
    max_size=5,
)


@st.composite
def rollouts(draw_: st.DrawFn) -> tuple[Obj, list[Obj]]:
    """Draw a Rollout of two templates in any state, whether a controller would write it or not."""
    generation = draw_(st.integers(1, 3))
    strategy: Obj = (
        {"canary": {"steps": draw_(STEPS)}} if draw_(st.booleans()) else {"blueGreen": {"activeService": "a"}}
    )
    pauses = draw_(
        st.lists(st.builds(lambda reason: {"reason": reason, "startTime": "2026-11-02T12:00:00Z"}, REASONS), max_size=2)
    )
    status: Obj = {
        "phase": draw_(PHASES),
        "message": draw_(st.sampled_from(["", "InvalidSpec: no", "RolloutAborted: it has timed out progressing"])),
        "observedGeneration": draw_(st.sampled_from(["1", "2", "3", "x", ""])),
        "currentPodHash": draw_(HASHES),
        "stableRS": draw_(HASHES),
        "currentStepIndex": draw_(st.one_of(st.integers(-2, 9), st.none())),
        "abort": draw_(st.booleans()),
        "promoteFull": draw_(st.booleans()),
        "controllerPause": draw_(st.booleans()),
        "blueGreen": {"activeSelector": draw_(HASHES), "previewSelector": draw_(HASHES)},
        "canary": draw_(
            st.sampled_from([{}, {"weights": {"canary": {"weight": 40}}}, {"weights": {"canary": {"weight": 250}}}])
        ),
        **({"pauseConditions": pauses} if pauses else {}),
    }
    template = {"spec": {"containers": [{"name": "app", "image": draw_(st.sampled_from(["app:1", "app:2"]))}]}}
    spec = {"replicas": draw_(COUNTS), "paused": draw_(st.booleans()), "strategy": strategy, "template": template}
    metadata = {
        "name": "shop",
        "namespace": "staging",
        "uid": "u",
        "generation": generation,
        "labels": {"slipway/deployment": "142"},
    }
    sets = [
        {
            "metadata": {
                "name": f"shop-{hashed}",
                "labels": {"rollouts-pod-template-hash": hashed},
                "ownerReferences": [{"kind": "Rollout", "name": "shop", "uid": "u", "controller": True}],
            },
            "spec": {
                "replicas": draw_(COUNTS),
                "template": {"spec": {"containers": [{"name": "app", "image": image}]}},
            },
            "status": {key: draw_(COUNTS) for key in ("replicas", "readyReplicas", "availableReplicas")},
        }
        for hashed, image in (("aaaa", "app:1"), ("bbbb", "app:2"))
    ]
    return {"metadata": metadata, "spec": spec, "status": status}, sets


@settings(max_examples=300)
@given(rollouts())
def test_any_rollout_is_read_and_drawn_and_nothing_false_is_said_of_it(drawn: tuple[Obj, list[Obj]]) -> None:
    rollout, sets = drawn
    untouched = copy.deepcopy(rollout)
    views = [view for each in sets if (view := project_replica_set(each)) is not None]
    seen = snapshot_of(project_rollout(rollout), views)
    move = step(deployment(stage=Stage.ROLLING_OUT), seen=Seen(rollout=seen), acts=(), now=NOON)
    status = rollout["status"]
    assert rollout == untouched
    assert 0 <= seen.weight <= 100
    assert 0 <= seen.actual_weight <= 100
    if move.deployment.stage is Stage.SUCCEEDED:
        assert status["phase"] == "Healthy"
        assert status["currentPodHash"] == status["stableRS"]
        assert not status["abort"]
    card = draw(replace(deployment(stage=Stage.ROLLING_OUT), rollout=seen), ())
    assert_fits(render(card))
    for each in card.buttons:
        if each.action in PATCHED and not is_pointless(each.action, expected_of(seen, each.action)):
            assert _is_accepted(rollout, patch_for(each.action, expected_of(seen, each.action)))
    again = step(move.deployment, seen=Seen(rollout=seen), acts=(), now=NOON)
    assert again.deployment == move.deployment, "looking twice changes nothing"


def test_the_phases_of_the_vendor_are_ours() -> None:
    assert {each.value for each in RolloutPhase} == {"Healthy", "Progressing", "Paused", "Degraded"}
    assert {each.value for each in PauseReason} >= {"step", "green", "inconclusive", "manual"}

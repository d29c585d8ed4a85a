"""Ready-made domain objects: each function gives a plausible default and takes what the state or test is about.

Used by the gallery's states and, under another name, by all tests.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from commands.core import plan
from commands.core.model import Action, Actor, Content, Deployment, Person, Place, Restore, Source, Stage, WayBack
from commands.core.observed import (
    Analysis,
    AnalysisKind,
    AnalysisPhase,
    CanaryStep,
    CanaryStepKind,
    Metric,
    Pause,
    PauseReason,
    PipelinePhase,
    PipelineSnapshot,
    PodProblem,
    Replicas,
    RolloutPhase,
    RolloutSnapshot,
    StepPhase,
    StepSnapshot,
    Strategy,
)

NOON = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
PLACE = Place(cluster="main", namespace="staging", app="shop")
ALICE = Actor(id="kc-alice", name="alice", chat_id="U0ALICE")
BOB = Actor(id="kc-bob", name="bob", chat_id="U0BOB")
DIGEST = "sha256:" + "ab" * 32
OLD_DIGEST = "sha256:" + "cd" * 32
STEPS = (
    CanaryStep(kind=CanaryStepKind.WEIGHT, weight=20, label="20 %"),
    CanaryStep(kind=CanaryStepKind.PAUSE, label="pause"),
    CanaryStep(kind=CanaryStepKind.WEIGHT, weight=50, label="50 %"),
    CanaryStep(kind=CanaryStepKind.PAUSE, duration=timedelta(minutes=10), label="pause 10 min"),
)


def person(**changes: Any) -> Person:
    return Person(
        **{"id": "kc-alice", "name": "alice", "chat_id": "U0ALICE", "roles": frozenset({"deployer"}), **changes}
    )


def deployment(**changes: Any) -> Deployment:
    return Deployment(
        **{
            "id": "d142",
            "number": 142,
            "app": "shop",
            "environment": "staging",
            "place": PLACE,
            "version": "v1.2",
            "strategy": Strategy.CANARY,
            "requester": ALICE,
            "channel": "C0DEPLOYS",
            "created_at": NOON,
            "stage": Stage.BUILDING,
            "workflow": "shop-staging-142",
            "way_back": WayBack(version="v1.1", digest=OLD_DIGEST, since=NOON - timedelta(days=3), number=140),
            **changes,
        }
    )


def earlier(**changes: Any) -> Deployment:
    """Make the deployment that ran before, with all that releasing it again takes."""
    parameters = {
        "app": "shop",
        "environment": "staging",
        "namespace": "staging",
        "version": "v1.1",
        "strategy": "canary",
        "requester": "bob",
        "image": "harbor.example.com/shop/shop",
        "chart-repository": "https://gitea.example.com/platform/charts.git",
        "chart-path": "app",
        "chart-ref": "v1.4.0",
        "values": '{"replicas":5}',
    }
    return deployment(
        **{
            "id": "d140",
            "number": 140,
            "version": "v1.1",
            "requester": BOB,
            "stage": Stage.SUCCEEDED,
            "workflow": "shop-staging-140",
            "parameters": tuple(parameters.items()),
            "content": Content(digest=OLD_DIGEST, chart_commit="e" * 40),
            "way_back": None,
            "created_at": NOON - timedelta(days=3, minutes=5),
            "finished_at": NOON - timedelta(days=3),
            **changes,
        }
    )


def back_from(**changes: Any) -> Deployment:
    """Make a rollback from `deployment` to what `earlier` released, as it begins."""
    parameters = plan.release_parameters(earlier()) or {}
    return deployment(
        **{
            "id": "d143",
            "number": 143,
            "version": "v1.1",
            "requester": BOB,
            "workflow": "shop-staging-143",
            "parameters": tuple(parameters.items()),
            "content": Content(digest=OLD_DIGEST, chart_commit="e" * 40),
            "source": Source(action=Action.ROLLBACK, number=140),
            "way_back": WayBack(version="v1.2", digest=DIGEST, number=142),
            **changes,
        }
    )


def restore(**changes: Any) -> Restore:
    """Make the restore that releases `earlier` after an abort of `deployment`, at its beginning."""
    return Restore(
        **{
            "number": 140,
            "version": "v1.1",
            "digest": OLD_DIGEST,
            "workflow": "shop-staging-142-restore",
            "parameters": tuple((plan.release_parameters(earlier()) or {}).items()),
            "began_at": NOON + timedelta(minutes=5),
            **changes,
        }
    )


def restored(**changes: Any) -> RolloutSnapshot:
    """Make the Rollout of `earlier`, released again and healthy."""
    image = f"harbor.example.com/shop/shop@{OLD_DIGEST}"
    sides = {"current_hash": "aaaa", "stable_hash": "aaaa", "generation": 5, "observed_generation": "5"}
    return healthy(**{"deployment": 140, "version": "v1.1", "image": image, **sides, **changes})


def rollout(**changes: Any) -> RolloutSnapshot:
    """Make a canary that waits at its first pause, at 20 %."""
    return RolloutSnapshot(
        **{
            "namespace": "staging",
            "name": "shop",
            "uid": "uid-1",
            "generation": 4,
            "observed_generation": "4",
            "is_current": True,
            "phase": RolloutPhase.PAUSED,
            "message": "CanaryPauseStep",
            "strategy": Strategy.CANARY,
            "deployment": 142,
            "version": "v1.2",
            "image": f"harbor.example.com/shop/shop@{DIGEST}",
            "current_hash": "bbbb",
            "stable_hash": "aaaa",
            "step_index": 1,
            "steps": STEPS,
            "weight": 20,
            "actual_weight": 20,
            "desired": 5,
            "new": Replicas(1, 1),
            "old": Replicas(4, 4),
            "pause": Pause(reason=PauseReason.STEP, since=NOON, since_text="2026-11-02T12:00:00Z"),
            **changes,
        }
    )


def held(**changes: Any) -> RolloutSnapshot:
    """Make the same canary, held by hand at its pause."""
    beneath = Pause(reason=PauseReason.MANUAL, beneath=PauseReason.STEP, since=NOON, since_text="2026-11-02T12:00:00Z")
    known = {"generation": 5, "observed_generation": "5", "is_held": True, "message": "manually paused"}
    return rollout(**{**known, "pause": beneath, **changes})


def healthy(**changes: Any) -> RolloutSnapshot:
    """Make a canary that has arrived."""
    return rollout(
        **{
            "phase": RolloutPhase.HEALTHY,
            "message": "",
            "stable_hash": "bbbb",
            "step_index": 4,
            "weight": 100,
            "actual_weight": 100,
            "new": Replicas(5, 5),
            "old": Replicas(),
            "pause": None,
            **changes,
        }
    )


def metric(**changes: Any) -> Metric:
    """Make a metric that failed by its value."""
    return Metric(
        **{
            "name": "success-rate",
            "phase": AnalysisPhase.FAILED,
            "value": "[0.972]",
            "condition": "result[0] >= 0.99",
            "measured": 3,
            **changes,
        }
    )


def analysis(**changes: Any) -> Analysis:
    """Make an analysis of a step that failed."""
    return Analysis(
        **{
            "name": "shop-bbbb-2-1",
            "kind": AnalysisKind.STEP,
            "phase": AnalysisPhase.FAILED,
            "message": 'Metric "success-rate" assessed Failed due to failed (3) > failureLimit (2)',
            "metrics": (metric(),),
            **changes,
        }
    )


def problem(**changes: Any) -> PodProblem:
    """Make a new pod that crashes."""
    return PodProblem(
        **{
            "cause": "crash-loop",
            "message": "",
            "pod": "shop-bbbb-x",
            "container": "app",
            "exit_code": 3,
            "restarts": 2,
            **changes,
        }
    )


def step(name: str, phase: StepPhase = StepPhase.SUCCEEDED, **changes: Any) -> StepSnapshot:
    times = {} if phase is StepPhase.PENDING else {"started_at": NOON, "finished_at": NOON + timedelta(seconds=2)}
    return StepSnapshot(**{"name": name, "phase": phase, **times, **changes})


def pipeline(**changes: Any) -> PipelineSnapshot:
    """Make a pipeline that has succeeded."""
    return PipelineSnapshot(
        **{
            "name": "shop-staging-142",
            "uid": "wf-1",
            "owner": "d142",
            "phase": PipelinePhase.SUCCEEDED,
            "steps": (
                step("fetch-artifact"),
                step("build-image"),
                step("resolve-image", outputs=(("digest", DIGEST),)),
                step("fetch-chart", outputs=(("commit", "c" * 40),)),
                step("release", outputs=(("revision", "7"),)),
            ),
            "started_at": NOON,
            "finished_at": NOON + timedelta(seconds=10),
            **changes,
        }
    )

"""What is recorded of Rollouts: each scenario is the list of what is done and waited for. Read by scenarios."""

from typing import Any, Final

from tests.bed.recording import steps as do
from tests.bed.recording.objects import (
    ACTIVE,
    PAUSE,
    PREVIEW,
    STEPS,
    blue_green,
    canary,
    job_metric,
    quota,
    rollout,
    service,
    template,
    uses,
    web_metric,
    weight,
    with_gate,
    with_init,
)
from tests.bed.recording.steps import Step

FIRST: Final = do.up(rollout(canary(*STEPS)))
TWO: Final = do.up(rollout(canary(weight(50), PAUSE), replicas=2))
NO_STEPS: Final = canary(maxSurge=0, maxUnavailable="100%")
QUICK: Final[dict[str, Any]] = {"interval": "1s"}
CRASH: Final = {"command": ["/bin/sh", "-c", "echo boom >&2; exit 1"]}
GREEDY: Final = {
    "command": ["/bin/sh", "-c", "echo reading all orders; x=slipway; while :; do x=$x$x; done"],
    "resources": {"limits": {"memory": "16Mi"}},
}
UNREADY: Final = {"readinessProbe": {"httpGet": {"path": "/none", "port": 8080}, "periodSeconds": 1}}
NO_PROGRAM: Final = {"command": ["/srv/start"]}
NO_SECRET: Final = {"env": [{"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "none", "key": "token"}}}]}
STUBBORN: Final = {
    "command": ["/bin/sh", "-c", "trap '' TERM; httpd -p 8080 -h /www; while :; do sleep 1; done"],
}
SLOW_STEPS: Final = (weight(25), PAUSE, weight(50), PAUSE, weight(75), PAUSE)
BLUE_GREEN_PAUSE: Final = do.paused(reason="BlueGreenPause", then=2)


def _running(index: int) -> Step:
    return do.until(f"step {index} running", lambda status: _at(status, index))


def _at(status: dict[str, Any], index: int) -> bool:
    return status.get("currentStepIndex") == index and bool(status.get("updatedReplicas"))


def _updated(count: int, *, then: float) -> Step:
    return do.until(f"{count} new pods", lambda status: status.get("updatedReplicas", 0) >= count, then=then)


CANARIES: Final[dict[str, tuple[Step, ...]]] = {
    "canary-happy": (
        *(FIRST, do.deploy("v2"), do.paused(1), do.promote(), do.paused(3, then=0), do.paused(5), do.promote()),
        do.healthy(then=3),
    ),
    "canary-abort": (
        *(FIRST, do.deploy("v2"), do.paused(1), do.flag("abort"), do.degraded()),
        *(do.flag("abort", value=False), do.paused(1), do.flag("abort"), do.degraded()),
        *(do.deploy("v1"), do.healthy(then=3)),
    ),
    "canary-abort-restore-at-once": (FIRST, do.deploy("v2"), do.paused(1), do.deploy("v1"), do.healthy(then=3)),
    "canary-promote-full": (FIRST, do.deploy("v2"), do.paused(1), do.flag("promoteFull"), do.healthy(then=3)),
    "canary-promote-full-after-abort": (
        *(FIRST, do.deploy("v2"), do.paused(1), do.flag("abort"), do.degraded(then=3)),
        *(do.note("promote --full of an aborted rollout"), do.flag("promoteFull"), do.healthy(then=2)),
        *(do.note("abort of a fully promoted rollout"), do.flag("abort"), do.settle(3)),
    ),
    "canary-skip-running-step": (
        do.up(rollout(canary(*SLOW_STEPS), pods=template(delay=1))),
        *(do.deploy(template("v2", delay=8)), _running(0), do.skip_to(1), do.paused(1, then=10), do.promote()),
        *(_running(2), do.skip_to(3), do.paused(3, then=10)),
        *(do.note("the same patch once more, from the state before: refused"), do.skip_again),
    ),
    "canary-manual-pause": (
        do.up(rollout(canary(weight(50), PAUSE, weight(75), {"pause": {"duration": "2s"}}), pods=template(delay=1))),
        *(do.deploy(template("v2", delay=5)), _updated(1, then=0.5), do.spec(paused=True)),
        do.until("paused by hand", lambda status: status["phase"] == "Paused", then=8),
        *(do.spec(paused=False), do.paused(1)),
        do.note("spec.paused on top of a pause step, then promote, then unpause"),
        *(do.spec(paused=True), do.settle(2), do.promote(), do.settle(3), do.spec(paused=False), do.paused(1)),
        do.note("paused by hand on top of a pause step; unpaused, observed, then promoted"),
        *(do.spec(paused=True), do.settle(2), do.spec(paused=False), do.paused(1, then=1), do.promote()),
        *(do.healthy(then=2), do.note("spec.paused while Healthy, then a new image, then unpause")),
        *(do.spec(paused=True), do.settle(2), do.deploy("v3"), do.settle(3), do.spec(paused=False), do.paused(1)),
    ),
    "canary-promote-while-paused": (
        do.up(rollout(canary(weight(50), PAUSE, weight(75), PAUSE), replicas=2)),
        *(
            step
            for round_, order in enumerate(("status", "spec", "status", "spec", "null", "null"))
            for step in (
                do.note(f"paused by hand on a pause step; the CLI's two patches back to back: {order} first"),
                *(do.deploy(f"v{2 + round_ % 2}"), do.paused(1, then=1), do.spec(paused=True), do.settle(1)),
                *((do.merge({"status": {"pauseConditions": None}}, do.STATUS),) if order == "status" else ()),
                do.spec(paused=None if order == "null" else False),
                *(() if order == "status" else (do.merge({"status": {"pauseConditions": None}}, do.STATUS),)),
                do.settle(5),
            )
        ),
    ),
    "canary-restart": (
        *(do.up(rollout(canary(*STEPS), replicas=3)), do.settle(1), do.restart),
        do.until("restarted", lambda status: bool(status.get("restartedAt")), within=150),
        do.healthy(then=3),
    ),
    "canary-scale": (
        *(FIRST, do.deploy("v2"), do.paused(1), do.spec(replicas=6)),
        do.until("6 replicas", lambda status: status.get("availableReplicas") == 6, then=3),
        do.note("scale to 2 through the scale subresource, as kubectl scale does"),
        *(do.spec("rollouts/web/scale", replicas=2), do.settle(6), do.spec(replicas=0), do.settle(6)),
    ),
    "canary-superseded": (
        *(FIRST, do.deploy("v2"), do.paused(1), do.deploy("v3"), do.paused(1), do.promote(), do.paused(3, then=0)),
        *(do.deploy("v4"), do.paused(1, then=3)),
    ),
}


def _analysed(*before: Step) -> tuple[Step, ...]:
    """A canary whose second step is the analysis `check`."""
    steps = (weight(25), {"analysis": uses("check")}, weight(50), PAUSE)
    return *before, do.up(rollout(canary(*steps), replicas=2)), do.deploy("v2")


def _web(document: str, **metric: Any) -> tuple[Step, ...]:
    return _analysed(do.metrics_server, do.web_analysis("check", document, **QUICK, **metric))


INCONCLUSIVE: Final = (*_web("meh", count=2), do.paused(1, "InconclusiveAnalysisRun", then=3))
ANALYSES: Final[dict[str, tuple[Step, ...]]] = {
    "canary-analysis-failed": (
        *(*_web("bad", count=3, failureLimit=1), do.degraded()),
        *(do.note("retry: the analysis runs again"), do.flag("abort", value=False)),
        do.until("aborted again", lambda status: status["phase"] == "Degraded" and bool(status.get("abort")), then=3),
        *(do.note("restore"), do.deploy("v1"), do.healthy()),
    ),
    "canary-analysis-job-failed": (*_analysed(do.analysis("check", job_metric("/bin/false"))), do.degraded()),
    "canary-analysis-error": (
        *_analysed(
            do.analysis("check", web_metric("http://127.0.0.1:9/none.json", count=1, consecutiveErrorLimit=1, **QUICK))
        ),
        do.degraded(then=3),
    ),
    "canary-analysis-inconclusive": (
        *(*INCONCLUSIVE, do.note("the CLI's promote of an inconclusive step analysis, as a JSON patch")),
        *(do.promote(controllerPause=False, currentStepIndex=2), do.paused(3)),
    ),
    "canary-analysis-inconclusive-plain-promote": (
        *(*INCONCLUSIVE, do.note("plain promote, without the index"), do.promote(), do.settle(12)),
    ),
    "canary-analysis-success": (*_web("good", count=3), do.paused(3), do.promote(), do.healthy(then=2)),
    "canary-background-analysis-failed": (
        do.metrics_server,
        do.web_analysis("check", "bad", interval="2s", failureLimit=2, initialDelay="5s"),
        do.up(rollout(canary(weight(25), PAUSE, weight(50), analysis=uses("check")), replicas=2)),
        *(do.deploy("v2"), do.paused(1, then=0), do.degraded()),
    ),
    "bluegreen-prepromotion-analysis-failed": (
        *(do.metrics_server, do.web_analysis("check", "bad", count=2, **QUICK)),
        do.up_blue_green(
            rollout(blue_green(prePromotionAnalysis=uses("check"), abortScaleDownDelaySeconds=4), replicas=2)
        ),
        *(do.deploy("v2"), do.degraded(then=8)),
    ),
    "bluegreen-prepromotion-analysis-success": (
        *(do.metrics_server, do.web_analysis("check", "good", count=2, **QUICK)),
        do.web_analysis("check-post", "good", count=3, **QUICK),
        do.up_blue_green(
            rollout(
                blue_green(prePromotionAnalysis=uses("check"), postPromotionAnalysis=uses("check-post")), replicas=2
            )
        ),
        *(do.deploy("v2"), do.paused(reason="BlueGreenPause", then=4), do.promote(), do.healthy(then=7)),
    ),
    "bluegreen-postpromotion-analysis-failed": (
        *(do.metrics_server, do.web_analysis("check", "bad", count=2, **QUICK)),
        do.up_blue_green(
            rollout(
                blue_green(
                    postPromotionAnalysis=uses("check"), abortScaleDownDelaySeconds=4, autoPromotionEnabled=True
                ),
                replicas=2,
            )
        ),
        *(do.deploy("v2"), do.degraded(then=8)),
    ),
}


def _broken(pods: dict[str, Any], *, aborts: bool) -> tuple[Step, ...]:
    """A second version whose pods do not come up in time."""
    abort: dict[str, Any] = {"progressDeadlineAbort": True} if aborts else {}
    made = rollout(canary(weight(50), PAUSE), replicas=2, progressDeadlineSeconds=15, **abort)
    return do.up(made), do.deploy(pods), do.degraded(), do.logs_of_unready


def _late(pods: dict[str, Any], *before: Step) -> tuple[Step, ...]:
    """The same, aborted; the deadline comes with the second version, so that a busy machine may start the first."""
    made = rollout(canary(weight(50), PAUSE), replicas=2, progressDeadlineAbort=True)
    return do.up(made), *before, do.deploy(pods, progressDeadlineSeconds=15), do.degraded()


RESTORED: Final = (do.note("restore the stable template"), do.deploy("v1"), do.healthy(then=2))
FAILURES: Final[dict[str, tuple[Step, ...]]] = {
    "canary-crashloop": (*_broken(template("v2", container=CRASH), aborts=False), *RESTORED),
    "canary-crashloop-deadline-abort": (*_broken(template("v2", container=CRASH), aborts=True), *RESTORED),
    "canary-crashloop-first-deploy": (
        do.first(
            rollout(
                canary(weight(50), PAUSE),
                replicas=2,
                progressDeadlineSeconds=15,
                pods=template("v1", container=CRASH),
            )
        ),
        *(do.degraded(then=2), do.note("the broken first revision is stable: the fix goes through the steps")),
        *(do.deploy("v2"), do.paused(1, then=2), do.flag("promoteFull"), do.healthy(then=2)),
    ),
    "canary-late-ready": (
        do.up(rollout(canary(weight(50), PAUSE), replicas=2, progressDeadlineSeconds=10)),
        *(do.deploy(template("v2", delay=18)), do.degraded(then=0), do.paused(1, then=2)),
    ),
    "canary-image-pull-failure": (
        *_broken(template("v99", container={"imagePullPolicy": "Always"}), aborts=True),
        *RESTORED,
    ),
    "canary-image-never-pull": _broken(template("v99", container={"imagePullPolicy": "Never"}), aborts=False),
    "canary-unschedulable": (
        *_broken(template("v2", container={"resources": {"requests": {"cpu": "100"}}}), aborts=True),
        *RESTORED,
    ),
    "canary-out-of-memory": (*_broken(template("v2", container=GREEDY), aborts=True), *RESTORED),
    "canary-probe-failure": (*_broken(template("v2", container=UNREADY), aborts=True), *RESTORED),
    "canary-config-error": (*_broken(template("v2", container=NO_SECRET), aborts=True), *RESTORED),
    "canary-cannot-start": (*_late(template("v2", container=NO_PROGRAM)), *RESTORED),
    "canary-init-failing": (
        *_late(with_init(template("v2"), "/bin/sh", "-c", "echo no schema >&2; exit 3")),
        *RESTORED,
    ),
    "canary-readiness-gate": (*_late(with_gate(template("v2"), "example.com/traffic")), *RESTORED),
    "canary-pods-refused": (*_late(template("v2"), do.restrict), *RESTORED),
    "canary-quota": (
        do.up(rollout(canary(weight(50), PAUSE), replicas=2, progressDeadlineSeconds=15, progressDeadlineAbort=True)),
        do.act("POST", "resourcequotas", quota(pods="2")),
        *(do.deploy("v2"), do.degraded(), *RESTORED),
    ),
    "invalid-spec": (
        *(do.note("the Services do not exist"), do.first(rollout(blue_green(), replicas=2)), do.degraded(then=2)),
        do.note("an invalid step in one patch, refused or accepted?"),
        *(do.act("POST", "services", service(name)) for name in (ACTIVE, PREVIEW)),
        *(do.healthy(then=2), do.note("activeService removed")),
        do.json_patch({"op": "remove", "path": "/spec/strategy/blueGreen/activeService"}),
        *(do.settle(3), do.note("activeService empty")),
        *(do.spec(strategy={"blueGreen": {"activeService": ""}}), do.settle(3)),
        do.note("activeService of a Service that does not exist"),
        *(do.spec(strategy={"blueGreen": {"activeService": "nope"}}), do.settle(3)),
        *(do.note("fixed"), do.spec(strategy={"blueGreen": {"activeService": ACTIVE}}), do.healthy(then=2)),
        do.note("selector does not match the template"),
        *(do.spec(template={"metadata": {"labels": {"app": "other"}}}), do.settle(3)),
        *(do.note("fixed"), do.spec(template={"metadata": {"labels": {"app": "web"}}}), do.settle(5)),
    ),
}

BLUE_GREENS: Final[dict[str, tuple[Step, ...]]] = {
    "bluegreen-first-and-upgrade": (
        *(do.up_blue_green(rollout(blue_green(), replicas=2)), do.deploy("v2"), BLUE_GREEN_PAUSE, do.promote()),
        *(do.healthy(then=1), do.note("the old template again, inside its scale-down delay"), do.deploy("v1")),
        *(do.settle(3), do.healthy(then=9), do.note("v2 again, after its scale-down delay")),
        *(do.deploy("v2"), BLUE_GREEN_PAUSE),
    ),
    "bluegreen-auto-promotion": (
        do.up_blue_green(rollout(blue_green(autoPromotionSeconds=5, autoPromotionEnabled=True), replicas=2)),
        *(do.deploy("v2"), do.healthy(then=8)),
    ),
    "bluegreen-abort": (
        do.up_blue_green(rollout(blue_green(abortScaleDownDelaySeconds=4), replicas=2)),
        *(do.deploy("v2"), BLUE_GREEN_PAUSE, do.flag("abort"), do.degraded(then=8)),
        *(do.note("retry"), do.flag("abort", value=False), BLUE_GREEN_PAUSE),
        *(do.note("promote --full"), do.flag("promoteFull"), do.healthy(then=2)),
    ),
}


def _promoted_fully(version: str) -> tuple[Step, ...]:
    return do.deploy(version), do.paused(1, then=0), do.flag("promoteFull"), do.healthy()


RAW: Final = template("v1", canonical=False)
HALVES: Final = canary(weight(25), PAUSE, weight(50), PAUSE)
TEMPLATES: Final[dict[str, tuple[Step, ...]]] = {
    "rolling": (
        *(do.up(rollout(canary())), do.deploy(template("v2", delay=2)), do.healthy(then=3)),
        *(do.note("abort of a running rolling update"), do.deploy(template("v3", delay=2)), _updated(2, then=0)),
        *(do.flag("abort"), do.degraded(then=6), do.deploy(template("v2", delay=2)), do.healthy(then=2)),
    ),
    "recreate": (
        do.up(rollout(NO_STEPS, replicas=3, pods=template("v1", grace=3, container=STUBBORN))),
        do.spec(replicas=0),
        do.until("no replicas", lambda status: not status.get("replicas"), then=0),
        *(do.no_pods, do.note("no pods exist"), do.settle(1)),
        *(do.deploy(template("v2", grace=3, container=STUBBORN), replicas=3), do.healthy(then=3)),
    ),
    "identical-template": (
        do.up(rollout(canary(*STEPS), replicas=2)),
        *(do.note("JSON patch with the template as it is"), do.deploy_again, do.settle(3)),
        do.note("the image replaced by itself"),
        do.json_patch(
            do.is_equal("/spec/template/spec/containers/0/name", "app"),
            {
                "op": "replace",
                "path": "/spec/template/spec/containers/0/image",
                "value": "registry.local/app:v1",
            },
        ),
        *(do.settle(3), do.note("merge patch, same image")),
        *(do.spec(template={"metadata": {"labels": {"app": "web"}}}), do.settle(3)),
        do.note("only an annotation of the Rollout changes"),
        *(do.merge({"metadata": {"annotations": {"slipway/request": "r1"}}}), do.settle(3)),
        *(do.note("only the steps change"), do.spec(strategy=canary(weight(50), PAUSE)), do.settle(3)),
    ),
    "canonical-template": (
        do.note("a template without resources: the controller's PUT of the revision annotation rewrites it"),
        do.up(rollout(canary(weight(50), PAUSE), replicas=2, pods=RAW)),
        *(do.note("set image by JSON patch: one generation"), do.set_image("v2"), do.paused(1)),
        do.note("a whole template without resources, same image v2: a new generation, no new revision?"),
        *(do.deploy(template("v2", canonical=False)), do.settle(4)),
        do.note("a whole template without resources, image v3: two generations"),
        *(do.deploy(template("v3", canonical=False)), do.paused(1)),
    ),
    "rollback-window": (
        do.up(rollout(HALVES, replicas=2, rollbackWindow={"revisions": 2})),
        *(step for version in ("v2", "v3", "v4") for step in _promoted_fully(version)),
        *(do.note("v1: v2 and v3 lie between it and v4, so outside the window"), do.deploy("v1")),
        *(do.paused(1, then=2), do.note("v4, the stable one, again"), do.deploy("v4"), do.healthy()),
        *(do.note("v3: nothing between"), do.deploy("v3"), do.healthy()),
        *(do.note("v1: only v2 lies between it and v3"), do.deploy("v1"), do.healthy(then=2)),
    ),
    "undo-without-window": (
        *(do.up(rollout(HALVES, replicas=2)), *_promoted_fully("v2")),
        do.note("v1 again: an older revision, no rollback window"),
        *(do.deploy("v1"), do.paused(1, then=2)),
    ),
    "deleted-while-paused": (
        *(do.up(rollout(canary(*STEPS), replicas=2)), do.deploy("v2"), do.paused(1), do.delete, do.no_pods),
        do.settle(2),
    ),
}

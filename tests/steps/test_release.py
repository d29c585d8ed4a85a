"""Releasing: values, strategies that need preparing, runs that were killed, and what changed behind helm's back."""

import copy
import json
from types import SimpleNamespace
from typing import Any

import pytest

from steps import release, rollout
from steps.helm import sentence
from steps.outcome import Cause, StepFailed
from steps.rollout import difference, documents
from tests.steps import stocks
from tests.steps.conftest import Bench
from tests.steps.fake_values import DIGEST, OLD_DIGEST, SHOP, live_rollout
from tests.steps.kubernetes import ROLLOUTS, SECRETS, Kubernetes
from tests.steps.test_oci_charts import NAME as CHART_NAME
from tests.steps.test_oci_charts import keep, push

Obj = dict[str, Any]


@pytest.fixture(autouse=True)
def _chart(bench: Bench) -> None:
    stocks.offer_chart(bench.gitea)


def running(kubernetes: Kubernetes, strategy: str = "canary", **status: Any) -> Obj:
    """Let the Rollout of the release before this one run, healthy."""
    kubernetes.objects[f"{ROLLOUTS}/shop"] = live_rollout(strategy, **status)
    return kubernetes.rollout


def test_a_first_release_installs_the_chart(bench: Bench, kubernetes: Kubernetes) -> None:
    ended = released_by_helm(bench, kubernetes)
    assert (ended["revision"], ended["changed"], ended["evidence"]) == (1, True, "release 1 of shop")
    (revision,) = bench.revisions
    assert revision["config"] == {
        "replicas": 2,
        "slipway": {
            "app": "shop",
            "environment": "staging",
            "deployment": "7",
            "version": "v1",
            "requester": "alice",
        },
        "image": {"repository": "harbor.example.com/shop/shop", "digest": DIGEST},
        "strategy": "canary",
    }
    assert revision["info"]["description"] == f"Slipway deployment 7: v1, chart {stocks.COMMIT[:12]}"


def released_by_helm(bench: Bench, kubernetes: Kubernetes, **more: str) -> Obj:
    """Release where helm itself writes the Rollout: the stand-in of helm reaches no cluster."""
    if f"{ROLLOUTS}/shop" not in kubernetes.objects:
        wanted = live_rollout("canary", image=DIGEST)
        kubernetes.site.pages[f"{ROLLOUTS}/shop"] = _after_helm(bench, kubernetes, wanted)
    ended = bench.run(release.main, {**SHOP, **more})
    assert ended.code == 0, ended.told
    return ended.told


def _after_helm(bench: Bench, kubernetes: Kubernetes, wanted: Obj) -> Any:
    def answer(asked: Any) -> Any:
        if (bench.home / "revisions.json").exists():
            kubernetes.objects.setdefault(f"{ROLLOUTS}/shop", wanted)
        return kubernetes.answer(asked)

    return answer


def test_a_release_takes_the_very_digest_of_a_chart_whatever_its_version_stands_for_now(
    bench: Bench, kubernetes: Kubernetes
) -> None:
    digest = push(bench)
    manifest = bench.images[f"{CHART_NAME}:1.4.0"]["manifest"]
    push(bench, stocks.chart_archive({"values.yaml": b"no chart any more"}, top="app"))
    keep(bench, manifest, version="kept")
    chart = {"chart-repository": f"oci://{CHART_NAME}", "chart-path": ".", "chart-commit": digest}
    assert released_by_helm(bench, kubernetes, **chart)["revision"] == 1
    assert bench.revisions[0]["info"]["description"].endswith(f"chart {digest[7:19]}")
    assert bench.gitea.asked == []


def test_a_release_that_was_made_is_not_made_again(bench: Bench, kubernetes: Kubernetes) -> None:
    released_by_helm(bench, kubernetes)
    again = released_by_helm(bench, kubernetes)
    assert (again["revision"], again["changed"], len(bench.revisions)) == (1, False, 1)
    other = released_by_helm(bench, kubernetes, deployment="8")
    assert (other["revision"], other["changed"]) == (2, True)


def test_what_somebody_changed_behind_helms_back_is_put_right(bench: Bench, kubernetes: Kubernetes) -> None:
    live = running(kubernetes)
    live["spec"]["replicas"] = 0
    live["spec"]["strategy"]["blueGreen"] = {"activeService": "shop"}
    live["spec"]["paused"] = True
    live["metadata"]["labels"]["team"] = "payments"
    released_by_helm(bench, kubernetes)
    spec = kubernetes.rollout["spec"]
    assert (spec["replicas"], spec["strategy"], spec["paused"]) == (2, {"canary": {}}, True)
    assert spec["template"]["spec"]["containers"][0]["image"].endswith(DIGEST)
    assert kubernetes.rollout["metadata"]["labels"] == {"slipway/deployment": "7", "team": "payments"}


def test_a_rollout_that_is_as_it_should_be_is_left_alone(bench: Bench, kubernetes: Kubernetes) -> None:
    running(kubernetes, image=DIGEST)
    released_by_helm(bench, kubernetes)
    assert kubernetes.written() == []


def test_a_recreate_waits_until_the_old_pods_are_gone(
    bench: Bench, kubernetes: Kubernetes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rollout, "_LOOK_SECONDS", 0)
    running(kubernetes)
    bench.environment["SLIPWAY_PATIENCE_SECONDS"] = "30"
    kubernetes.pods = [["old-1", "old-2"], []]
    seen: list[tuple[int, bool]] = []
    kubernetes.on_patch = lambda changed: seen.append(
        (changed["spec"]["replicas"], DIGEST in json.dumps(changed["spec"]["template"]))
    )
    ended = bench.run(release.main, {**SHOP, "strategy": "recreate"})
    assert ended.code == 0
    assert seen == [(0, False), (2, True)]
    assert "never runs two versions at once" in ended.shown


def test_a_recreate_of_what_runs_stops_nothing(bench: Bench, kubernetes: Kubernetes) -> None:
    running(kubernetes, image=DIGEST)
    assert bench.run(release.main, {**SHOP, "strategy": "recreate"}).code == 0
    assert kubernetes.written() == []


def test_old_pods_that_stay_end_a_recreate_before_anything_new_starts(bench: Bench, kubernetes: Kubernetes) -> None:
    running(kubernetes)
    kubernetes.pods = [["old-1"]] * 5
    ended = bench.run(release.main, {**SHOP, "strategy": "recreate"})
    assert (ended.code, ended.cause) == (75, "timeout")
    assert "old pods of shop did not go away" in ended.evidence
    assert not (bench.home / "revisions.json").exists()
    assert OLD_DIGEST in json.dumps(kubernetes.rollout)


def test_what_runs_becomes_blue_before_the_new_version_comes(bench: Bench, kubernetes: Kubernetes) -> None:
    live = running(kubernetes)
    order: list[str] = []
    needed = (
        "/api/v1/namespaces/staging/services/shop-preview",
        "/apis/argoproj.io/v1alpha1/namespaces/staging/analysistemplates/shop-rate",
    )

    def controller(changed: Obj) -> None:
        if changed is live:
            order.append("new" if DIGEST in json.dumps(changed) else "old")
            changed["status"]["blueGreen"] = {"activeSelector": changed["status"]["stableRS"]}

    kubernetes.on_patch = controller
    ended = bench.run(release.main, {**SHOP, "strategy": "blue-green"})
    assert ended.code == 0
    assert order == ["old", "new"]
    assert kubernetes.rollout["spec"]["strategy"] == {"blueGreen": {"activeService": "shop"}}
    for path in needed:
        metadata = kubernetes.objects[path]["metadata"]
        assert metadata["labels"]["app.kubernetes.io/managed-by"] == "Helm"
        assert metadata["annotations"]["meta.helm.sh/release-name"] == "shop"


def test_a_recreate_that_was_aborted_goes_back_without_an_outage(bench: Bench, kubernetes: Kubernetes) -> None:
    running(kubernetes, currentPodHash="other", abort=True)
    kubernetes.pods = [["shop-blue-1"]]
    kubernetes.containers = [{"name": "app", "image": f"{SHOP['image']}@{DIGEST}"}]
    scaled: list[int] = []
    kubernetes.on_patch = lambda changed: scaled.append(changed["spec"]["replicas"])
    ended = bench.run(release.main, {**SHOP, "strategy": "recreate"})
    assert ended.code == 0, ended.told
    assert 0 not in scaled


@pytest.mark.parametrize(
    ("strategy", "written"),
    [("canary", ["status"]), ("recreate", ["shop", "status", "shop"])],
    ids=["canary", "recreate: stopped in between"],
)
def test_what_was_aborted_begins_again_when_it_comes_again(
    bench: Bench, kubernetes: Kubernetes, strategy: str, written: list[str]
) -> None:
    kubernetes.objects[f"{ROLLOUTS}/shop"] = live_rollout("canary", image=DIGEST, currentPodHash="other", abort=True)
    kubernetes.objects[f"{ROLLOUTS}/shop/status"] = {}
    ended = bench.run(release.main, {**SHOP, "strategy": strategy})
    assert ended.code == 0, ended.told
    assert kubernetes.objects[f"{ROLLOUTS}/shop/status"] == {"status": {"abort": False}}
    assert kubernetes.written() == [("PATCH", name) for name in written]


def test_what_was_aborted_stays_so_until_other_content_takes_it_back(bench: Bench, kubernetes: Kubernetes) -> None:
    running(kubernetes, currentPodHash="other", abort=True)
    assert bench.run(release.main, {**SHOP}).code == 0
    assert ("PATCH", "status") not in kubernetes.written()


def test_values_reach_helm_as_they_were_written(bench: Bench, kubernetes: Kubernetes) -> None:
    running(kubernetes)
    ended = bench.run(release.main, {**SHOP, "requester": "zoë 🚀"})
    assert ended.code == 0, ended.told
    assert bench.revisions[-1]["config"]["slipway"]["requester"] == "zoë 🚀"


@pytest.mark.parametrize(
    "status", [{"stableRS": ""}, {"availableReplicas": 0, "currentPodHash": "other"}], ids=["first", "broken"]
)
def test_where_nothing_serves_there_is_nothing_to_guard(bench: Bench, kubernetes: Kubernetes, status: Obj) -> None:
    running(kubernetes, **status)
    assert bench.run(release.main, {**SHOP, "strategy": "blue-green"}).code == 0


def test_what_is_blue_green_already_is_simply_released(bench: Bench, kubernetes: Kubernetes) -> None:
    running(kubernetes, "blue-green", currentPodHash="green")
    assert bench.run(release.main, {**SHOP, "strategy": "blue-green"}).code == 0


def test_no_strategy_changes_in_the_middle_of_a_rollout(bench: Bench, kubernetes: Kubernetes) -> None:
    running(kubernetes, currentPodHash="other")
    ended = bench.run(release.main, {**SHOP, "strategy": "blue-green"})
    assert (ended.code, ended.cause) == (15, "release-failed")
    assert "Finish it or go back first" in ended.evidence


@pytest.mark.parametrize(
    ("image", "env", "code"),
    [(DIGEST, [], 0), (OLD_DIGEST, [], 15), (DIGEST, [{"name": "VERSION", "value": "v0"}], 15)],
    ids=["same", "other image", "other variables"],
)
def test_what_was_aborted_may_become_blue_green_again_with_what_the_traffic_is_on(
    bench: Bench, kubernetes: Kubernetes, image: str, env: list[Obj], code: int
) -> None:
    running(kubernetes, currentPodHash="other", abort=True)
    kubernetes.pods = [["shop-blue-1", "shop-blue-2"]]
    app = {"name": "app", "image": f"{SHOP['image']}@{image}", "env": env}
    kubernetes.containers = [app, {"name": "mesh", "image": "mesh:1"}]
    ended = bench.run(release.main, {**SHOP, "strategy": "blue-green"})
    assert ended.code == code, ended.told


def test_a_strategy_that_is_not_taken_up_ends_the_release(
    bench: Bench, kubernetes: Kubernetes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rollout, "_LOOK_SECONDS", 0)
    running(kubernetes)
    ended = bench.run(release.main, {**SHOP, "strategy": "blue-green"})
    assert ended.cause == "timeout"


def pending(age: str = "2026-01-01T00:00:00.123456789Z", *, version: int = 1, name: str = "shop") -> Obj:
    info = {"status": "pending-install", "description": "", "last_deployed": age}
    return {"name": name, "version": version, "info": info, "config": {}, "manifest": ""}


def test_a_revision_that_was_left_pending_is_forgotten_and_released_anew(bench: Bench, kubernetes: Kubernetes) -> None:
    running(kubernetes)
    bench.keep_revisions([pending()])
    ended = bench.run(release.main, SHOP)
    assert ended.code == 0
    assert ("DELETE", "sh.helm.release.v1.shop.v1") in kubernetes.written()


def test_a_revision_that_cannot_be_forgotten_ends_the_release(bench: Bench, kubernetes: Kubernetes) -> None:
    bench.keep_revisions([pending(name="other")])
    assert bench.run(release.main, SHOP).cause == "release-pending"


def test_whoever_is_still_at_work_is_waited_for(
    bench: Bench, kubernetes: Kubernetes, monkeypatch: pytest.MonkeyPatch
) -> None:
    running(kubernetes)
    bench.environment["SLIPWAY_PENDING_SECONDS"] = "60"
    bench.keep_revisions([pending("2999-01-01T00:00:00Z")])
    finished = pending()
    finished["info"]["status"] = "deployed"
    sleeping = SimpleNamespace(sleep=lambda _seconds: bench.keep_revisions([finished]))
    monkeypatch.setattr(release, "time", sleeping)
    ended = bench.run(release.main, SHOP)
    assert (ended.code, ended.told["revision"]) == (0, 2)
    assert "waiting for whoever made it" in ended.shown


def test_a_rollout_that_vanished_meanwhile_is_said(bench: Bench, kubernetes: Kubernetes) -> None:
    ended = bench.run(release.main, SHOP)
    assert (ended.cause, ended.evidence) == (
        "release-failed",
        "The Rollout shop was deleted while it was released.",
    )


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ("{", "values is not JSON"),
        ("[" * 100_000, "values is not JSON"),
        ("[]", "values is not a JSON object"),
        ('{"image": {}, "slipway": {}}', "values may not set image, slipway"),
    ],
)
def test_values_that_cannot_be_released_are_refused_first(bench: Bench, values: str, why: str) -> None:
    ended = bench.run(release.main, {**SHOP, "values": values})
    assert (ended.code, ended.cause) == (12, "chart-values")
    assert why in ended.evidence
    assert bench.gitea.asked == []


def test_a_step_outside_a_pod_says_so(bench: Bench) -> None:
    assert bench.run(release.main, SHOP).cause == "bad-settings"
    bench.environment |= {"KUBERNETES_SERVICE_HOST": "127.0.0.1", "SLIPWAY_SERVICE_ACCOUNT": str(bench.home)}
    assert "no usable service account" in bench.run(release.main, SHOP).evidence


def test_the_role_is_named_when_the_cluster_refuses(bench: Bench, kubernetes: Kubernetes) -> None:
    running(kubernetes)
    kubernetes.refused = {("GET", f"{ROLLOUTS}/shop"): 403}
    ended = bench.run(release.main, SHOP)
    assert (ended.code, ended.cause) == (10, "rbac-refused")
    assert "see its Role" in ended.evidence
    bench.keep_revisions([pending()])
    kubernetes.refused = {("DELETE", f"{SECRETS}/sh.helm.release.v1.shop.v1"): 409}
    assert bench.run(release.main, SHOP).cause == "unexpected-answer"


def test_a_cluster_without_argo_is_said(bench: Bench, kubernetes: Kubernetes) -> None:
    running(kubernetes)
    kubernetes.refused = {("PATCH", f"{ROLLOUTS}/shop-slipway-trial"): 404}
    assert bench.run(release.main, SHOP).cause == "kind-unknown"


@pytest.mark.parametrize("body", [b"<html>", b"[]"])
def test_a_cluster_that_answers_oddly_is_not_believed(bench: Bench, kubernetes: Kubernetes, body: bytes) -> None:
    kubernetes.site.put(f"{ROLLOUTS}/shop", body)
    assert bench.run(release.main, {**SHOP, "strategy": "recreate"}).cause in {"unexpected-answer", "unexpected"}


@pytest.mark.parametrize("verb", ["STATUS", "UPGRADE"])
def test_an_answer_of_helm_that_is_none_is_refused(bench: Bench, kubernetes: Kubernetes, verb: str) -> None:
    program = bench.home / "bin" / "helm"
    program.write_text(
        program.read_text().replace(
            f'if verb == "{verb.lower()}":', f'if verb == "{verb.lower()}":\n        print("x")\n    elif verb == "?":'
        )
    )
    running(kubernetes)
    assert bench.run(release.main, SHOP).cause == "unexpected-answer"


def test_a_chart_without_a_rollout_of_that_name_is_unusable() -> None:
    with pytest.raises(StepFailed) as failure:
        rollout.Rollout(None, "shop", "kind: Deployment\nmetadata:\n  name: shop\n", patience_seconds=0)  # type: ignore[arg-type]  # never asked
    assert failure.value.cause is Cause.CHART_UNUSABLE


def test_documents_are_told_apart_without_reading_yaml() -> None:
    text = (
        "---\n# Source: app/x.yaml\napiVersion: v1\nkind: 'Service'\n"
        'metadata:\n  labels:\n    name: no\n  name: "shop"\n'
        "spec:\n  name: other\n--- # next\nkind: ConfigMap\nmetadata: {}\n---\n"
    )
    assert set(documents(text)) == {("Service", "shop")}


def test_the_difference_touches_only_what_is_ours() -> None:
    live = {"spec": {"replicas": 0, "paused": True, "strategy": {"canary": {"steps": [1]}, "blueGreen": {}}}}
    wanted = {"spec": {"replicas": 2, "strategy": {"canary": {"steps": [1, 2]}}}}
    changes = difference(live, wanted)
    assert changes == {"spec": {"replicas": 2, "strategy": {"canary": {"steps": [1, 2]}, "blueGreen": None}}}
    assert difference(copy.deepcopy(wanted), wanted) == {}


def test_helms_last_word_is_one_line() -> None:
    said = (
        "W1 warning\nError: UPGRADE FAILED: values don't meet the specifications of the schema(s) in the following "
        "chart(s):\napp:\n- replicas: Invalid type\n- port: Must be less\n"
    )
    assert sentence(said) == "replicas: Invalid type; port: Must be less"
    assert sentence("killed") == "killed"
    assert sentence("") == ""

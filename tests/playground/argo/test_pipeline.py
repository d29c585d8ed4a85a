"""The pipeline in the playground: from a Workflow to a released Rollout, and what can go wrong on the way."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from playground.argo import release
from playground.argo.names import Obj
from playground.argo.preparing import InTheMiddleError
from playground.argo.release import image_digest
from playground.argo.steps import Images, Versions, chart_commit, every_version
from playground.faults import Fault, Faults
from playground.harbor import Harbor
from playground.kubernetes.store import Store
from tests.playground.argo.beds import PAUSE, SPACE, W50, Cluster
from tests.playground.argo.replay import until

TEMPLATES = Path(__file__).parents[3] / "workflow-templates"
STEPS = ("fetch-artifact", "build-image", "resolve-image", "fetch-chart", "release")
VALUES = {"replicas": 2, "port": 8080, "host": "web.example.com", "canary": {"steps": [W50, PAUSE]}}


def arguments(**more: str) -> dict[str, str]:
    return {
        "app": "web",
        "environment": SPACE,
        "namespace": SPACE,
        "deployment": "7",
        "version": "v1",
        "strategy": "canary",
        "requester": "alice",
        "artifact-group": "com.acme",
        "artifact-name": "web",
        "artifact-packaging": "jar",
        "artifact-classifier": "",
        "image": "harbor.example.com/web/web",
        "base-image": "harbor.example.com/base/jre",
        "chart-repository": "https://gitea.example.com/charts.git",
        "chart-path": "app",
        "chart-ref": "v1.4.0",
        "chart-pin": "",
        "values": json.dumps(VALUES),
        **more,
    }


def dag(names: tuple[str, ...] = STEPS, **spec: Any) -> Obj:
    """A template like the pipeline's: one step after the other, outputs handed to the release."""
    tasks: list[Obj] = [
        {"name": name, "template": name} | ({"depends": names[index - 1]} if index else {})
        for index, name in enumerate(names)
    ]
    handed = {
        "digest": "{{tasks.resolve-image.outputs.parameters.digest}}",
        "chart-commit": "{{tasks.fetch-chart.outputs.parameters.commit}}",
    }
    tasks[-1]["arguments"] = {"parameters": [{"name": key, "value": value} for key, value in handed.items()]}
    written = {"resolve-image": "digest", "fetch-chart": "commit", "release": "revision"}
    leaves = [
        {"name": name, "container": {"image": "steps"}}
        | (
            {"outputs": {"parameters": [{"name": written[name], "valueFrom": {"path": "/x"}}]}}
            if name in written
            else {}
        )
        for name in names
    ]
    parameters = [{"name": key} for key in arguments()]
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "WorkflowTemplate",
        "metadata": {"name": "slipway-deploy", "namespace": SPACE},
        "spec": {
            "entrypoint": "pipeline",
            "arguments": {"parameters": parameters},
            "templates": [{"name": "pipeline", "dag": {"tasks": tasks}}, *leaves],
            **spec,
        },
    }


def workflow(name: str = "deploy-7", template: str = "slipway-deploy", **more: str) -> Obj:
    values = [{"name": key, "value": value} for key, value in arguments(**more).items()]
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Workflow",
        "metadata": {"name": name, "namespace": SPACE, "labels": {"slipway/app": "web"}},
        "spec": {"workflowTemplateRef": {"name": template}, "arguments": {"parameters": values}},
    }


def own_template(name: str) -> Obj:
    template: Obj = yaml.safe_load((TEMPLATES / f"{name}.yaml").read_text())
    return template


class Line(Cluster):
    """A cluster with the pipeline's template."""

    def __init__(self, *faults: Fault, versions: Versions = every_version, images: Images | None = None) -> None:
        super().__init__(*faults, versions=versions, images=images)
        self.store.create(dag())

    def workflow(self, name: str = "deploy-7") -> Obj:
        status: Obj = self.get("Workflow", name).get("status") or {}
        return status

    async def ended(self, name: str = "deploy-7", phase: str = "Succeeded") -> Obj:
        await until(
            self.store,
            lambda: self.workflow(name).get("phase") in {"Succeeded", "Failed", "Error"},
            lambda: f"the end of {name}: {self.workflow(name)}",
        )
        assert self.workflow(name)["phase"] == phase, self.workflow(name)
        return self.workflow(name)

    def node(self, step: str, name: str = "deploy-7") -> Obj:
        nodes = self.workflow(name).get("nodes", {}).values()
        return next((node for node in nodes if node["displayName"] == step), {})

    def told(self, step: str, name: str = "deploy-7") -> Obj:
        """The machine-readable line of a step's log."""
        label = {"workflows.argoproj.io/workflow": name}
        wanted = self.node(step, name)["id"]
        pods = self.store.list("Pod", SPACE, label)
        pod = next(pod for pod in pods if pod["metadata"]["annotations"]["workflows.argoproj.io/node-id"] == wanted)
        log = self.controllers.logs(SPACE, pod["metadata"]["name"], "main") or ""
        last: Obj = json.loads([line for line in log.splitlines() if line.startswith("{")][-1])
        return last


def output(node: Obj, name: str) -> str:
    return str(next(entry["value"] for entry in node["outputs"]["parameters"] if entry["name"] == name))


async def test_a_pipeline_releases_what_it_resolved() -> None:
    async with Line() as line:
        line.store.create(workflow())
        status = await line.ended()

        digest = image_digest("web", "v1")
        assert status["progress"] == "5/5"
        assert output(line.node("resolve-image"), "digest") == digest
        assert output(line.node("fetch-chart"), "commit") == chart_commit(
            "https://gitea.example.com/charts.git", "v1.4.0"
        )
        assert output(line.node("release"), "revision") == "1"
        assert line.told("release")["outcome"] == "ok"
        container = line.web["spec"]["template"]["spec"]["containers"][0]
        assert container["image"] == f"harbor.example.com/web/web@{digest}"
        assert container["env"] == [{"name": "VERSION", "value": "v1"}]
        assert line.web["metadata"]["labels"]["slipway/deployment"] == "7"
        await line.healthy()


async def test_the_steps_of_a_running_pipeline_show_one_after_the_other() -> None:
    async with Line() as line:
        line.store.create(workflow())
        running: list[str] = []

        def look(_: object) -> None:
            nodes = line.workflow().get("nodes", {}).values()
            running.extend(
                node["displayName"] for node in nodes if node["type"] == "Pod" and node["phase"] == "Running"
            )

        line.store.subscribe(look)
        await line.ended()

        assert tuple(dict.fromkeys(running)) == STEPS


async def test_a_missing_artifact_fails_the_first_step_and_omits_the_rest() -> None:
    async with Line(versions=lambda _group, _name, version: version != "v9") as line:
        line.store.create(workflow(version="v9"))
        await line.ended(phase="Failed")

        assert line.node("fetch-artifact")["message"] == "main: Error (exit code 11)"
        assert [line.node(step)["phase"] for step in STEPS[1:]] == ["Omitted"] * 4
        told = line.told("fetch-artifact")
        assert (told["outcome"], told["cause"]) == ("failed", "artifact-not-found")
        assert "com.acme:web:v9" in told["evidence"]
        assert line.store.get("Rollout", SPACE, "web") is None


async def test_an_image_that_was_built_before_is_not_built_again() -> None:
    async with Line() as line:
        line.store.create(workflow())
        await line.ended()
        line.store.create(workflow("deploy-8", deployment="8"))
        await line.ended("deploy-8")

        assert line.told("build-image")["seconds"] == 3.0
        assert line.told("build-image", "deploy-8")["seconds"] < 1


async def test_what_is_built_is_in_the_registry_and_a_full_project_fails_the_build() -> None:
    harbor = Harbor(faults=Faults())
    async with Line(images=harbor) as line:
        line.store.create(workflow())
        await line.ended()
        repository = harbor.repository("web/web")
        assert repository is not None
        built = repository.find("v1")
        assert built is not None
        assert built.digest == image_digest("web", "v1")

        harbor.projects["web"].quota = 0
        line.store.create(workflow("deploy-8", deployment="8", version="v2"))
        await line.ended("deploy-8", phase="Failed")
        assert line.node("build-image", "deploy-8")["message"] == "main: Error (exit code 14)"
        told = line.told("build-image", "deploy-8")
        assert (told["outcome"], told["cause"]) == ("failed", "quota-exceeded")
        assert "exceed the configured upper limit" in told["evidence"]


async def test_the_same_version_again_changes_labels_only() -> None:
    async with Line() as line:
        line.store.create(workflow())
        await line.ended()
        await line.healthy()
        generation = line.web["metadata"]["generation"]

        line.store.create(workflow("deploy-8", deployment="8"))
        await line.ended("deploy-8")

        assert line.web["metadata"]["generation"] == generation
        assert line.web["metadata"]["labels"]["slipway/deployment"] == "8"
        assert output(line.node("release", "deploy-8"), "revision") == "2"


async def test_a_step_fails_as_a_fault_says_for_one_app_only() -> None:
    options: dict[str, Any] = {"app": "web", "exit_code": 17, "log": ["compiling", "no space left on device"]}
    fault = Fault(system="workflows", kind="step-fails", match="build-image", count=1, options=options)
    async with Line(fault) as line:
        line.store.create(workflow("other", app="mail"))
        await line.ended("other")
        line.store.create(workflow())
        await line.ended(phase="Failed")

        assert line.node("build-image")["message"] == "main: Error (exit code 17)"
        told = line.told("build-image")
        assert (told["outcome"], told["evidence"]) == ("failed", "no space left on device")


async def test_a_hanging_step_goes_on_when_the_fault_is_cleared() -> None:
    async with Line(Fault(system="workflows", kind="step-hangs", match="fetch-chart")) as line:
        line.store.create(workflow())
        await line.until(lambda: line.node("fetch-chart").get("phase") == "Running", "fetch-chart running")

        line.faults.clear()

        await line.ended()


async def test_a_terminate_ends_a_hanging_step() -> None:
    async with Line(Fault(system="workflows", kind="step-hangs", match="fetch-chart")) as line:
        line.store.create(workflow())
        await line.until(lambda: line.node("fetch-chart").get("phase") == "Running", "fetch-chart running")

        line.store.merge_patch("Workflow", SPACE, "deploy-7", {"spec": {"shutdown": "Terminate"}})

        status = await line.ended(phase="Failed")
        assert status["message"] == "Stopped with strategy 'Terminate'"
        assert line.node("fetch-chart")["message"] == "workflow shutdown with strategy:  Terminate"


async def test_a_pod_that_is_deleted_fails_its_step() -> None:
    async with Line(Fault(system="workflows", kind="step-hangs", match="fetch-chart")) as line:
        line.store.create(workflow())
        await line.until(lambda: line.node("fetch-chart").get("phase") == "Running", "fetch-chart running")
        pods = line.store.list("Pod", SPACE, {"workflows.argoproj.io/workflow": "deploy-7"})
        running = next(pod for pod in pods if pod["status"]["phase"] == "Running")

        line.store.delete("Pod", SPACE, running["metadata"]["name"])

        await line.ended(phase="Failed")
        assert line.node("fetch-chart")["message"] == "main: Error (exit code 143)"


async def test_a_deleted_workflow_ends_its_steps_and_frees_its_lock() -> None:
    lock = {"mutexes": [{"name": "deploy-{{workflow.parameters.app}}-{{workflow.parameters.environment}}"}]}
    async with Line(Fault(system="workflows", kind="step-hangs", match="fetch-artifact", count=1)) as line:
        line.store.delete("WorkflowTemplate", SPACE, "slipway-deploy")
        line.store.create(dag(synchronization=lock))
        line.store.create(workflow())
        await line.until(lambda: line.node("fetch-artifact").get("phase") == "Running", "fetch-artifact running")
        line.store.create(workflow("deploy-8"))
        await line.until(lambda: line.workflow("deploy-8").get("phase") == "Pending", "deploy-8 waiting")
        waiting = f"Waiting for {SPACE}/Mutex/deploy-web-{SPACE} lock. Lock status: 0/1"
        assert line.workflow("deploy-8")["message"] == waiting

        line.store.delete("Workflow", SPACE, "deploy-7")

        await line.ended("deploy-8")


async def test_values_that_are_no_json_fail_the_release_with_a_cause() -> None:
    async with Line() as line:
        line.store.create(workflow(values="{"))
        await line.ended(phase="Failed")

        assert line.told("release")["cause"] == "chart-values"
        assert line.store.get("Rollout", SPACE, "web") is None


async def test_a_template_that_nobody_knows_takes_a_second_and_succeeds() -> None:
    async with Line() as line:
        line.store.delete("WorkflowTemplate", SPACE, "slipway-deploy")
        line.store.create(dag(("lint", "test")))
        line.store.create(workflow())

        assert (await line.ended())["progress"] == "2/2"


@pytest.mark.parametrize("is_there", [True, False])
async def test_a_template_of_the_whole_cluster_is_found_by_its_scope(*, is_there: bool) -> None:
    async with Line() as line:
        line.store.delete("WorkflowTemplate", SPACE, "slipway-deploy")
        if is_there:
            whole = {**dag(), "kind": "ClusterWorkflowTemplate", "metadata": {"name": "slipway-deploy"}}
            line.store.create(whole)
        made = workflow()
        made["spec"]["workflowTemplateRef"]["clusterScope"] = True
        line.store.create(made)

        ended = await line.ended(phase="Succeeded" if is_there else "Error")
        if not is_there:
            assert ended["message"] == 'clusterworkflowtemplates.argoproj.io "slipway-deploy" not found'


@pytest.mark.parametrize("name", ["slipway-deploy", "slipway-release"])
async def test_the_projects_own_templates_run_to_the_end(name: str) -> None:
    template = own_template(name)
    async with Cluster() as cluster:
        cluster.store.create({**template, "metadata": {**template["metadata"], "namespace": SPACE}})
        given = {"digest": image_digest("web", "v1"), "chart-commit": chart_commit("x", "v1")}
        cluster.store.create(workflow(template=name, **given))

        def phase() -> str:
            status: Obj = cluster.get("Workflow", "deploy-7").get("status") or {}
            return str(status.get("phase"))

        await until(cluster.store, lambda: phase() in {"Succeeded", "Failed", "Error"}, phase)
        assert phase() == "Succeeded", cluster.get("Workflow", "deploy-7")["status"]
        assert cluster.web["spec"]["template"]["spec"]["containers"][0]["image"].endswith(image_digest("web", "v1"))


@pytest.mark.parametrize("strategy", ["rolling", "recreate", "canary", "blue-green"])
async def test_each_strategy_is_released_and_gets_healthy(strategy: str) -> None:
    async with Cluster() as cluster:
        await cluster.controllers.release({**arguments(strategy=strategy), "digest": "sha256:1"})

        await cluster.healthy()

        names = [service["metadata"]["name"] for service in cluster.store.list("Service", SPACE)]
        assert names == (["web", "web-preview"] if strategy == "blue-green" else ["web"])


async def test_a_recreate_waits_until_the_old_pods_are_gone() -> None:
    async with Cluster() as cluster:
        await cluster.controllers.release({**arguments(strategy="recreate"), "digest": "sha256:1"})
        await cluster.healthy()
        old = {pod["metadata"]["name"] for pod in cluster.pods()}

        await cluster.controllers.release({**arguments(strategy="recreate", version="v2"), "digest": "sha256:2"})

        assert old.isdisjoint(pod["metadata"]["name"] for pod in cluster.pods())
        await cluster.healthy()
        assert cluster.status["replicas"] == 2


async def test_what_becomes_blue_green_does_so_with_what_it_runs_and_the_new_version_has_a_gate() -> None:
    async with Cluster() as cluster:
        await cluster.controllers.release({**arguments(strategy="rolling"), "digest": "sha256:1"})
        await cluster.healthy()
        old = cluster.status["stableRS"]

        await cluster.controllers.release({**arguments(strategy="blue-green", version="v2"), "digest": "sha256:2"})

        await cluster.until(lambda: cluster.status.get("phase") == "Paused", "the gate")
        assert cluster.status["blueGreen"]["activeSelector"] == cluster.status["stableRS"] == old


async def test_what_is_in_the_middle_of_a_rollout_cannot_become_blue_green() -> None:
    async with Cluster() as cluster:
        await cluster.controllers.release({**arguments(), "digest": "sha256:1"})
        await cluster.healthy()
        await cluster.controllers.release({**arguments(version="v2"), "digest": "sha256:2"})
        await cluster.until(lambda: cluster.status.get("phase") == "Paused", "the first pause")

        with pytest.raises(InTheMiddleError, match="Finish it or go back first"):
            await cluster.controllers.release({**arguments(strategy="blue-green"), "digest": "sha256:3"})


async def test_a_recreate_that_goes_back_to_what_serves_stops_nothing() -> None:
    async with Cluster(Fault(system="rollouts", kind="crash-loop", match="sha256:2")) as cluster:
        await cluster.controllers.release({**arguments(strategy="recreate"), "digest": "sha256:1"})
        await cluster.healthy()
        await cluster.controllers.release({**arguments(strategy="recreate", version="v2"), "digest": "sha256:2"})
        await cluster.until(lambda: cluster.observed and cluster.status.get("updatedReplicas") == 2, "the new version")
        cluster.store.merge_patch("Rollout", SPACE, "web", {"status": {"abort": True}}, subresource="status")
        await cluster.until(lambda: cluster.status.get("availableReplicas") == 2, "the old version is back")
        serving = {pod["metadata"]["name"] for pod in cluster.pods() if _is_ready(pod)}

        await cluster.controllers.release({**arguments(strategy="recreate"), "digest": "sha256:1"})

        await cluster.healthy()
        assert {pod["metadata"]["name"] for pod in cluster.pods() if _is_ready(pod)} == serving


@pytest.mark.parametrize("strategy", ["canary", "blue-green", "recreate"])
async def test_what_was_aborted_begins_again_when_it_comes_again(strategy: str) -> None:
    async with Cluster() as cluster:
        old, new = ({**arguments(strategy=strategy, version=v), "digest": f"sha256:{v}"} for v in ("v1", "v2"))
        await cluster.controllers.release(old)
        await cluster.healthy()
        cluster.faults.add(Fault(system="rollouts", kind="pods-never-ready", match="sha256:v2"))
        await cluster.controllers.release(new)
        await cluster.until(lambda: cluster.observed and bool(cluster.status.get("updatedReplicas")), "the new version")
        cluster.store.merge_patch("Rollout", SPACE, "web", {"status": {"abort": True}}, subresource="status")
        await cluster.until(lambda: "aborted" in cluster.status.get("message", ""), "the abort")
        cluster.faults.clear()

        await cluster.controllers.release(new)

        await cluster.until(lambda: cluster.status.get("phase") == "Progressing", "it begins again")
        assert not cluster.status.get("abort")


def _is_ready(pod: Obj) -> bool:
    return {"type": "Ready", "status": "True"}.items() <= next(
        (each for each in pod["status"].get("conditions", ()) if each["type"] == "Ready"), {}
    ).items()


async def test_leaving_blue_green_removes_the_preview_service() -> None:
    async with Cluster() as cluster:
        await cluster.controllers.release({**arguments(strategy="blue-green"), "digest": "sha256:1"})
        await cluster.healthy()

        await cluster.controllers.release({**arguments(strategy="rolling"), "digest": "sha256:1"})

        assert cluster.store.get("Service", SPACE, "web-preview") is None
        await cluster.healthy()


@pytest.mark.parametrize("more", [{"values": "[]"}, {"values": "{"}, {"strategy": "big-bang"}])
def test_what_cannot_be_released_is_refused_before_anything_changes(more: dict[str, str]) -> None:
    store = Store()

    with pytest.raises(release.ReleaseError):
        release.release(store, {**arguments(**more), "digest": "sha256:1"})

    assert store.list("Service") == store.list("Rollout") == []


def test_blue_green_keeps_the_old_version_as_long_as_the_values_say() -> None:
    values = json.dumps({"blueGreen": {"scaleDownDelaySeconds": 5}})

    *_, made = release.build({**arguments(strategy="blue-green", values=values), "digest": "d"})

    assert made["spec"]["strategy"]["blueGreen"]["scaleDownDelaySeconds"] == 5
    assert made["spec"]["strategy"]["blueGreen"]["autoPromotionEnabled"] is False
    assert "autoPromotionSeconds" not in made["spec"]["strategy"]["blueGreen"]


def test_green_is_promoted_by_itself_after_as_long_as_the_values_say() -> None:
    values = json.dumps({"blueGreen": {"autoPromotionSeconds": 900}})

    *_, made = release.build({**arguments(strategy="blue-green", values=values), "digest": "d"})

    assert made["spec"]["strategy"]["blueGreen"]["autoPromotionSeconds"] == 900
    assert made["spec"]["strategy"]["blueGreen"]["autoPromotionEnabled"] is True

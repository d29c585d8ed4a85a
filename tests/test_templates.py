"""The pipeline's templates: what stands in the YAML is what the sources give, and nothing in it can be injected."""

import importlib
import re
import runpy
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields, replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from commands.core import plan
from commands.core.catalog import Build
from commands.core.observed import Strategy
from playground.seed import APPS, ENVIRONMENTS
from playground.seeding import release_parameters
from steps.outcome import TEMPORARY
from tests import make
from tests.commands.desk import catalog

FOLDER = Path(__file__).parents[1] / "workflow-templates"
DEPLOYS = ["slipway-containerfile.yaml", "slipway-deploy.yaml"]
FILES = [*DEPLOYS, "slipway-release.yaml"]
ACCOUNT = "service-account.yaml"
CHART = FOLDER.parent / "charts" / "app" / "templates"
NAME = "slipway-pipeline"
STEPS_ACCOUNT = "slipway-steps"
PLACEHOLDER = re.compile(r"\{\{(.*?)\}\}")
WHOLE = re.compile(r"\{\{[^{}]+\}\}")
SHELLS = {"sh", "bash", "ash", "dash", "zsh", "busybox", "env", "eval", "-c", "-e"}

Obj = dict[str, Any]


def read(name: str) -> Obj:
    document: Obj = yaml.safe_load((FOLDER / name).read_text(encoding="utf-8"))
    return document


def templates(name: str) -> list[Obj]:
    return list(read(name)["spec"]["templates"])


def steps() -> Iterator[Any]:
    for name in FILES:
        for template in templates(name):
            if "dag" not in template:
                yield pytest.param(template, id=f"{name.removesuffix('.yaml')}-{template['name']}")


def is_builder(template: Obj) -> bool:
    return bool(template["container"]["image"].startswith("slipway-builder:"))


def given(holder: Mapping[str, Any]) -> list[Obj]:
    return list(holder.get("arguments", {}).get("parameters", []))


STEPS = list(steps())
ORDER = ["fetch-artifact", "build-image", "resolve-image", "fetch-chart", "release"]


def test_the_files_are_what_their_sources_give() -> None:
    rendered = runpy.run_path(str(FOLDER / "generate.py"))["rendered"]()
    assert sorted(rendered) == [*(f"cluster/{name}" for name in FILES), *FILES]
    assert sorted(path.name for path in FOLDER.glob("*.yaml")) == [ACCOUNT, *FILES]
    assert sorted(path.name for path in FOLDER.glob("*/*.yaml")) == FILES
    for name, text in rendered.items():
        assert (FOLDER / name).read_text(encoding="utf-8") == text, f"{name} is out of date: run make templates"


@pytest.mark.parametrize("name", FILES)
def test_the_templates_for_a_whole_cluster_are_those_of_a_namespace_but_for_their_kind(name: str) -> None:
    of_namespace, of_cluster = read(name), read(f"cluster/{name}")
    assert of_cluster.pop("kind") == "ClusterWorkflowTemplate"
    assert of_namespace.pop("kind") == "WorkflowTemplate"
    assert of_cluster == of_namespace


@pytest.mark.parametrize("name", FILES)
def test_a_template_is_named_like_its_file_and_bounded_in_time(name: str) -> None:
    document = read(name)
    assert (document["kind"], document["metadata"]["name"]) == ("WorkflowTemplate", name.removesuffix(".yaml"))
    spec = document["spec"]
    assert 0 < int(spec["activeDeadlineSeconds"]) <= 2 * 3600
    assert spec["ttlStrategy"]["secondsAfterCompletion"] > 0
    assert spec["podGC"] == {"strategy": "OnPodSuccess"}, "the logs of what failed must be there to be read"
    assert spec["entrypoint"] in {template["name"] for template in spec["templates"]}
    assert spec["serviceAccountName"] == STEPS_ACCOUNT


@pytest.mark.parametrize("template", STEPS)
def test_only_the_release_has_rights_in_the_cluster(template: Obj) -> None:
    assert template.get("serviceAccountName") == (NAME if template["name"] == "release" else None)


@pytest.mark.parametrize("name", FILES)
def test_one_pipeline_at_a_time_runs_for_an_app_in_an_environment(name: str) -> None:
    (mutex,) = read(name)["spec"]["synchronization"]["mutexes"]
    assert PLACEHOLDER.findall(mutex["name"]) == ["workflow.parameters.app", "workflow.parameters.environment"]


@pytest.mark.parametrize("template", STEPS)
def test_no_parameter_is_ever_part_of_a_script(template: Obj) -> None:
    assert not template.keys() & {"script", "containerSet", "http", "plugin", "resource", "data", "suspend"}
    container = template["container"]
    command = container["command"]
    assert command, "an image's own entry point could be a shell"
    assert command[:2] == ["python", "-m"]
    assert not SHELLS & set(command)
    assert not SHELLS & set(container["args"])
    outside = {key: value for key, value in template.items() if key != "container"}
    outside |= {key: value for key, value in container.items() if key != "args"}
    assert not PLACEHOLDER.search(yaml.safe_dump(outside))


@pytest.mark.parametrize("template", STEPS)
def test_every_parameter_is_the_whole_value_of_its_own_option(template: Obj) -> None:
    arguments = template["container"]["args"]
    options, values = arguments[::2], arguments[1::2]
    names = [parameter["name"] for parameter in template["inputs"]["parameters"]]
    assert options == [f"--{name}" for name in names]
    assert values == [f"{{{{inputs.parameters.{name}}}}}" for name in names]
    assert all(WHOLE.fullmatch(value) for value in values)


@pytest.mark.parametrize("template", STEPS)
def test_every_step_runs_without_privileges(template: Obj) -> None:
    context = template["container"]["securityContext"]
    assert context["runAsNonRoot"] is True
    assert context["runAsUser"] > 0
    assert context["readOnlyRootFilesystem"] is True
    assert "privileged" not in context
    if is_builder(template):
        # A build makes a user namespace, which the usual profile forbids, and two programs give it users.
        assert context["seccompProfile"] == {"type": "Unconfined"}
        assert context["capabilities"] == {"drop": ["ALL"], "add": ["SETUID", "SETGID"]}
    else:
        assert context["seccompProfile"] == {"type": "RuntimeDefault"}
        assert context["capabilities"] == {"drop": ["ALL"]}
        assert context["allowPrivilegeEscalation"] is False
    assert "env" not in template["container"]


def test_only_the_build_of_a_containerfile_is_let_out_of_the_usual_profile() -> None:
    builders = [
        (name, template["name"])
        for name in FILES
        for template in templates(name)
        if "container" in template and is_builder(template)
    ]
    assert builders == [("slipway-containerfile.yaml", "build-image")]


@pytest.mark.parametrize("template", STEPS)
def test_every_step_is_bounded_and_says_what_it_needs(template: Obj) -> None:
    assert 0 < int(template["activeDeadlineSeconds"]) <= 3600
    requests = template["container"]["resources"]["requests"]
    assert {"cpu", "memory"} <= requests.keys()
    assert "memory" in template["container"]["resources"]["limits"]


@pytest.mark.parametrize("template", STEPS)
def test_no_image_is_whatever_is_newest(template: Obj) -> None:
    image = template["container"]["image"]
    assert re.fullmatch(r"[^:{}]+:[0-9][^{}]*", image)


@pytest.mark.parametrize("name", FILES)
def test_only_a_scratch_volume_and_the_credentials_of_the_pipeline_are_mounted(name: str) -> None:
    scratch, *credentials = read(name)["spec"]["volumes"]
    assert scratch == {"name": "scratch", "emptyDir": {}}
    for volume in credentials:
        secret = volume["secret"]
        assert (secret["secretName"], secret["optional"], secret["defaultMode"]) == (NAME, True, 0o440)
        assert secret["items"], "a step must not see what is for other systems"


@pytest.mark.parametrize(
    ("name", "step", "systems"),
    [
        ("slipway-deploy", "fetch-artifact", ["nexus", "registry"]),
        ("slipway-deploy", "build-image", ["nexus", "registry"]),
        ("slipway-containerfile", "build-image", ["nexus", "registry", "gitea"]),
        ("slipway-deploy", "resolve-image", ["registry"]),
        ("slipway-deploy", "fetch-chart", ["gitea", "charts"]),
        ("slipway-deploy", "release", ["gitea", "charts"]),
        ("slipway-release", "release", ["gitea", "charts"]),
    ],
)
def test_a_step_sees_the_credentials_that_it_needs_alone(name: str, step: str, systems: list[str]) -> None:
    (template,) = [each for each in templates(f"{name}.yaml") if each["name"] == step]
    scratch, *mounted = template["container"]["volumeMounts"]
    assert scratch == {"name": "scratch", "mountPath": "/tmp"}  # noqa: S108  # the pod's own volume
    assert mounted == [
        {"name": f"{system}-credentials", "mountPath": f"/etc/slipway/credentials/{system}", "readOnly": True}
        for system in systems
    ]
    assert template["container"]["envFrom"] == [{"configMapRef": {"name": NAME, "optional": True}}]
    assert template["container"]["imagePullPolicy"] == "IfNotPresent"


@pytest.mark.parametrize("template", STEPS)
def test_only_steps_that_read_are_tried_again_and_only_for_what_may_pass(template: Obj) -> None:
    strategy = template.get("retryStrategy")
    assert (strategy is not None) == (template["name"] in {"fetch-artifact", "resolve-image", "fetch-chart"})
    if strategy is not None:
        assert strategy["expression"] == f"lastRetry.status == 'Error' || asInt(lastRetry.exitCode) == {TEMPORARY}"
        assert (strategy["limit"], strategy["retryPolicy"]) == ("2", "Always")


@pytest.mark.parametrize("template", STEPS)
def test_every_step_is_a_program_that_takes_exactly_these_parameters(template: Obj) -> None:
    kind = importlib.import_module(template["container"]["command"][2]).Parameters
    taken = {field.name.replace("_", "-"): field.default is MISSING for field in fields(kind)}
    given_names = {parameter["name"] for parameter in template["inputs"]["parameters"]}
    assert {name for name, is_required in taken.items() if is_required} <= given_names <= set(taken)


def test_the_pipelines_account_may_do_what_the_chart_needs_and_nothing_in_other_namespaces() -> None:
    documents = list(yaml.safe_load_all((FOLDER / ACCOUNT).read_text(encoding="utf-8")))
    kinds = ("ServiceAccount", "Role", "RoleBinding")
    assert [(each["kind"], each["metadata"]["name"]) for each in documents] == [
        (kind, name) for kind in kinds for name in (STEPS_ACCOUNT, NAME)
    ]
    assert all("namespace" not in each["metadata"] for each in documents)
    for binding in documents[4:]:
        name = binding["metadata"]["name"]
        assert binding["roleRef"] == {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name}
        assert binding["subjects"] == [{"kind": "ServiceAccount", "name": name}]
    of_steps, of_release = documents[2]["rules"], documents[3]["rules"]
    assert allowed(of_steps) == {("argoproj.io", "workflowtaskresults"): {"create", "patch"}}
    assert "*" not in {text for rule in of_release for texts in rule.values() for text in texts}
    made = made_by_the_chart()
    assert len(made) >= 9
    assert allowed(of_release) == {
        **allowed(of_steps),
        ("", "secrets"): {"get", "list", "create", "update", "patch", "delete"},
        ("", "pods"): {"list"},
        ("argoproj.io", "rollouts/status"): {"patch"},
        **{each: {"get", "create", "patch", "delete"} for each in made},
    }


def allowed(rules: list[Obj]) -> dict[tuple[str, str], set[str]]:
    return {
        (group, resource): set(rule["verbs"])
        for rule in rules
        for group in rule["apiGroups"]
        for resource in rule["resources"]
    }


def made_by_the_chart() -> set[tuple[str, str]]:
    """Return the groups and resources of what the chart's templates make."""
    found: set[tuple[str, str]] = set()
    for path in CHART.glob("*.yaml"):
        text = path.read_text(encoding="utf-8")
        for version, kind in re.findall(r"^apiVersion: (\S+)\nkind: (\w+)", text, re.MULTILINE):
            plural = f"{kind.lower()}es" if kind.endswith("ss") else f"{kind.lower()}s"
            found.add((version.rpartition("/")[0], plural))
        assert len(re.findall(r"^kind:", text, re.MULTILINE)) == len(re.findall(r"^apiVersion:", text, re.MULTILINE))
    return found


BUILD = Build(repository="https://gitea.example.com/shop/shop.git", commit="c" * 40)


@pytest.mark.parametrize(("build", "template"), [(None, "slipway-deploy"), (BUILD, "slipway-containerfile")])
def test_a_deploy_template_wants_exactly_what_a_plan_gives(build: Build | None, template: str) -> None:
    known = catalog()
    for app in (replace(each, build=build) for each in known.apps.values()):
        parameters = plan.parameters(
            app, known.environments["staging"], version="v1.2", strategy=Strategy.CANARY, person=make.person()
        )
        order = plan.order(make.deployment(parameters=tuple(parameters.items())))
        assert order.template == template
        keys = [key for key, _ in order.parameters]
        wanted = [each["name"] for each in given(read(f"{template}.yaml")["spec"])]
        assert set(keys) == set(parameters) | {"deployment"} == set(wanted)
        assert len(keys) == len(wanted)


def test_the_release_template_wants_exactly_what_the_playground_gives() -> None:
    wanted = {each["name"] for each in given(read("slipway-release.yaml")["spec"])}
    assert set(release_parameters(APPS[0], ENVIRONMENTS[0])) == wanted


@pytest.mark.parametrize("name", FILES)
def test_parameters_have_no_defaults_that_could_hide_a_missing_one(name: str) -> None:
    assert all(each.keys() == {"name"} for each in given(read(name)["spec"]))


@pytest.mark.parametrize("name", FILES)
def test_every_task_passes_what_its_step_wants_from_where_there_is_something(name: str) -> None:
    spec = read(name)["spec"]
    by_name = {template["name"]: template for template in spec["templates"]}
    workflow = {f"workflow.parameters.{each['name']}" for each in given(spec)}
    before: set[str] = set()
    for task in by_name["pipeline"]["dag"]["tasks"]:
        template = by_name[task["template"]]
        passed = {each["name"]: each["value"] for each in given(task)}
        assert set(passed) == {each["name"] for each in template["inputs"]["parameters"]}
        for value in passed.values():
            (source,) = PLACEHOLDER.findall(value)
            assert WHOLE.fullmatch(value)
            assert source in workflow | before
        outputs = template.get("outputs", {}).get("parameters", [])
        before |= {f"tasks.{task['name']}.outputs.parameters.{each['name']}" for each in outputs}


@pytest.mark.parametrize("name", DEPLOYS)
def test_the_steps_of_a_deploy_follow_one_another(name: str) -> None:
    (pipeline,) = [each for each in templates(name) if each["name"] == "pipeline"]
    tasks = pipeline["dag"]["tasks"]
    assert [task["name"] for task in tasks] == ORDER
    assert [task.get("depends") for task in tasks] == [None, *ORDER[:-1]]


@pytest.mark.parametrize("name", DEPLOYS)
def test_what_later_steps_and_cards_rely_on_is_given_back(name: str) -> None:
    outputs = {
        template["name"]: [(each["name"], each["valueFrom"]) for each in template["outputs"]["parameters"]]
        for template in templates(name)
        if template.get("outputs")
    }
    assert outputs == {
        "fetch-artifact": [
            ("sha256", {"path": "/tmp/outputs/sha256"}),  # noqa: S108  # the pod's own volume
            ("file-version", {"path": "/tmp/outputs/file-version"}),  # noqa: S108  # the same
        ],
        "build-image": [("built", {"path": "/tmp/outputs/built"})],  # noqa: S108  # the pod's own volume
        "resolve-image": [("digest", {"path": "/tmp/outputs/digest"})],  # noqa: S108  # the pod's own volume
        "fetch-chart": [("commit", {"path": "/tmp/outputs/commit"})],  # noqa: S108  # the same
        "release": [("revision", {"path": "/tmp/outputs/revision"})],  # noqa: S108  # the same
    }

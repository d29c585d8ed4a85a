"""The pipeline's templates: what stands in the YAML is what the sources give, and nothing in it can be injected."""

import importlib
import re
import runpy
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

import pytest
import yaml

from commands.core import plan
from commands.core.observed import Strategy
from playground.seed import APPS, ENVIRONMENTS
from playground.seeding import release_parameters
from steps.outcome import TEMPORARY
from tests import make
from tests.commands.desk import catalog

FOLDER = Path(__file__).parents[1] / "workflow-templates"
FILES = ["slipway-deploy.yaml", "slipway-release.yaml"]
ACCOUNT = "service-account.yaml"
CHART = FOLDER.parent / "charts" / "app" / "templates"
NAME = "slipway-pipeline"
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
                yield pytest.param(template, id=f"{name}-{template['name']}")


def given(holder: Mapping[str, Any]) -> list[Obj]:
    return list(holder.get("arguments", {}).get("parameters", []))


STEPS = list(steps())
ORDER = ["fetch-artifact", "build-image", "resolve-image", "fetch-chart", "release"]


def test_the_files_are_what_their_sources_give() -> None:
    rendered = runpy.run_path(str(FOLDER / "generate.py"))["rendered"]()
    assert sorted(rendered) == FILES
    assert sorted(path.name for path in FOLDER.glob("*.yaml")) == [ACCOUNT, *FILES]
    for name, text in rendered.items():
        assert (FOLDER / name).read_text(encoding="utf-8") == text, f"{name} is out of date: run make templates"


@pytest.mark.parametrize("name", FILES)
def test_a_template_is_named_like_its_file_and_bounded_in_time(name: str) -> None:
    document = read(name)
    assert (document["kind"], document["metadata"]["name"]) == ("WorkflowTemplate", name.removesuffix(".yaml"))
    spec = document["spec"]
    assert 0 < int(spec["activeDeadlineSeconds"]) <= 2 * 3600
    assert spec["ttlStrategy"]["secondsAfterCompletion"] > 0
    assert spec["entrypoint"] in {template["name"] for template in spec["templates"]}
    assert spec["serviceAccountName"] == NAME


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
    assert context["allowPrivilegeEscalation"] is False
    assert context["capabilities"] == {"drop": ["ALL"]}
    assert context["seccompProfile"] == {"type": "RuntimeDefault"}
    assert "privileged" not in context
    assert "env" not in template["container"]


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
    ("step", "systems"),
    [
        ("fetch-artifact", ["nexus"]),
        ("build-image", ["nexus", "registry"]),
        ("resolve-image", ["registry"]),
        ("fetch-chart", ["gitea"]),
        ("release", ["gitea"]),
    ],
)
def test_a_step_sees_the_credentials_that_it_needs_alone(step: str, systems: list[str]) -> None:
    (template,) = [each for each in templates("slipway-deploy.yaml") if each["name"] == step]
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
    account, role, binding = documents
    assert [each["kind"] for each in documents] == ["ServiceAccount", "Role", "RoleBinding"]
    assert {each["metadata"]["name"] for each in documents} == {NAME}
    assert all("namespace" not in each["metadata"] for each in documents)
    assert binding["roleRef"]["kind"] == "Role"
    assert binding["subjects"] == [{"kind": "ServiceAccount", "name": account["metadata"]["name"]}]
    allowed = {resource: set(rule["verbs"]) for rule in role["rules"] for resource in rule["resources"]}
    assert "*" not in {text for rule in role["rules"] for texts in rule.values() for text in texts}
    made = {
        kind for path in CHART.glob("*.yaml") for kind in re.findall(r"^kind: (\w+)", path.read_text(), re.MULTILINE)
    }
    for kind in made:
        assert {"get", "create", "patch", "delete"} <= allowed[f"{kind.lower()}s"], f"the Role lacks {kind}"
    assert allowed["workflowtaskresults"] == {"create", "patch"}
    assert allowed["pods"] == {"list"}


def test_the_deploy_template_wants_exactly_what_a_plan_gives() -> None:
    known = catalog()
    for app in known.apps.values():
        parameters = plan.parameters(
            app, known.environments["staging"], version="v1.2", strategy=Strategy.CANARY, person=make.person()
        )
        order = plan.order(make.deployment(parameters=tuple(parameters.items())))
        assert order.template == "slipway-deploy"
        keys = [key for key, _ in order.parameters]
        wanted = [each["name"] for each in given(read("slipway-deploy.yaml")["spec"])]
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


def test_the_steps_of_a_deploy_follow_one_another() -> None:
    (pipeline,) = [each for each in templates("slipway-deploy.yaml") if each["name"] == "pipeline"]
    tasks = pipeline["dag"]["tasks"]
    assert [task["name"] for task in tasks] == ORDER
    assert [task.get("depends") for task in tasks] == [None, *ORDER[:-1]]


def test_what_later_steps_and_cards_rely_on_is_given_back() -> None:
    outputs = {
        template["name"]: [(each["name"], each["valueFrom"]) for each in template["outputs"]["parameters"]]
        for template in templates("slipway-deploy.yaml")
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

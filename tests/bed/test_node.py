"""The stand-in for the node: what it reads, runs and says, without a bed."""

import asyncio
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from integrations.kubernetes.fields import Obj
from integrations.kubernetes.logs import own_lines
from tests.bed.facts.manifests import pod
from tests.bed.node import pulling, results, statuses, steps
from tests.bed.node.cluster import PORT, node_status
from tests.bed.node.program import Program
from tests.bed.node.rooms import SCRATCH, Room, chosen, kubeconfig
from tests.bed.node.serving import cut
from tests.bed.node.statuses import Ending
from tests.bed.places import REGISTRY

OUTPUTS = f"{SCRATCH}/outputs"
NOW = datetime(2026, 5, 1, 10, 0, 0, tzinfo=UTC)
EMISSARY = ["/var/run/argo/argoexec", "emissary", "--loglevel", "info", "--"]


def step_pod() -> Obj:
    """Return a pod as Argo makes it, in short."""
    template = {
        "name": "fetch",
        "outputs": {
            "parameters": [
                {"name": "sha256", "valueFrom": {"path": f"{OUTPUTS}/sha256"}},
                {"name": "size", "valueFrom": {"path": f"{OUTPUTS}/size", "default": "0"}},
                {"name": "given", "value": "5"},
            ]
        },
    }
    told = [
        {"name": "ARGO_POD_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
        {"name": "ARGO_WORKFLOW_UID", "value": "uid-of-shop"},
        {"name": "ARGO_NODE_ID", "value": "shop-1"},
    ]
    main = {"name": "main", "image": "steps", "command": [*EMISSARY, "python", "-m", "steps.fetch"], "args": ["--app"]}
    return {
        "metadata": {
            "name": "shop-fetch-1",
            "namespace": "staging",
            "uid": "uid-of-pod",
            "labels": {"workflows.argoproj.io/workflow": "shop"},
        },
        "spec": {
            "activeDeadlineSeconds": 600,
            "initContainers": [
                {"name": "init", "env": [*told, {"name": "ARGO_TEMPLATE", "value": json.dumps(template)}]}
            ],
            "containers": [
                {"name": "wait", "image": "argoexec", "env": told},
                {**main, "env": [{"name": "ARGO_NODE_ID", "value": "shop-1"}]},
            ],
        },
    }


# --- reading


def test_a_steps_pod_is_known_by_its_workflow() -> None:
    assert steps.is_step(step_pod())
    assert not steps.is_step(pod("shop", "true"))


def test_the_step_is_read_without_the_executor_around_it() -> None:
    step = steps.read(step_pod())
    assert step.command == ["python", "-m", "steps.fetch", "--app"]
    assert step.variables == {"ARGO_NODE_ID": "shop-1"}
    assert (step.workflow, step.workflow_uid, step.node_id) == ("shop", "uid-of-shop", "shop-1")
    assert step.deadline_seconds == 600
    assert [(each.name, each.path, each.default) for each in step.outputs] == [
        ("sha256", f"{OUTPUTS}/sha256", None),
        ("size", f"{OUTPUTS}/size", "0"),
    ]


@pytest.mark.parametrize("written", ["offloaded", ""])
def test_a_step_whose_template_stands_elsewhere_is_refused(written: str) -> None:
    made = step_pod()
    made["spec"]["initContainers"][0]["env"][-1]["value"] = written
    with pytest.raises(steps.Refused, match="template"):
        steps.read(made)


@pytest.mark.parametrize(
    ("command", "own"),
    [
        ([*EMISSARY, "sh", "-c", "echo -- all"], ["sh", "-c", "echo -- all"]),
        (["sh", "-c", "true"], ["sh", "-c", "true"]),
        (["sh", "--", "true"], ["sh", "--", "true"]),
        ([], []),
    ],
)
def test_only_the_executor_is_taken_off_a_command(command: list[str], own: list[str]) -> None:
    assert steps.own_command(command) == own


@pytest.mark.parametrize(
    ("command", "number"),
    [
        (["/var/run/argo/argoexec", "kill", "15", "1"], 15),
        (["/bin/sh", "-c", "kill -9 1"], 9),
        (["/bin/sh", "-c", "kill -9 12"], None),
        (["ls"], None),
        ([], None),
    ],
)
def test_a_command_that_ends_the_first_process_is_a_signal(command: list[str], number: int | None) -> None:
    assert steps.killed_by(command) == number


# --- files


def test_a_path_of_the_container_is_below_its_room(tmp_path: Path) -> None:
    assert Room(tmp_path).inside("/etc/slipway") == tmp_path / "root" / "etc" / "slipway"


def test_a_room_is_made_and_cleared(tmp_path: Path) -> None:
    room = Room(tmp_path / "pod")
    room.make()
    assert room.inside(SCRATCH).is_dir()
    room.clear()
    assert not room.folder.exists()


def test_programs_in_a_room_reach_the_cluster_with_the_pods_token(tmp_path: Path) -> None:
    written = kubeconfig(tmp_path)
    assert written["users"][0]["user"] == {"tokenFile": str(tmp_path / "token")}
    assert written["clusters"][0]["cluster"]["certificate-authority"] == str(tmp_path / "ca.crt")


def test_a_volume_brings_the_items_that_it_names() -> None:
    files = {"gitea-token": b"demo-token", "other": b""}
    assert chosen(files, {"items": [{"key": "gitea-token", "path": "token"}]}) == {"token": b"demo-token"}
    assert chosen(files, {}) == files


def test_a_volume_without_an_item_is_empty_when_that_is_optional_and_no_volume_otherwise() -> None:
    items = [{"key": "gitea-token", "path": "token"}]
    assert chosen({}, {"items": items, "optional": True}) == {}
    with pytest.raises(steps.Refused, match="gitea-token"):
        chosen({}, {"items": items})


# --- outputs


def outputs(folder: Path, **written: str) -> tuple[dict[str, str], str]:
    room = Room(folder)
    room.inside(OUTPUTS).mkdir(parents=True)
    for name, content in written.items():
        (room.inside(OUTPUTS) / name).write_text(content, encoding="utf-8")
    return results.collect(steps.read(step_pod()), room.inside)


def test_outputs_are_read_without_the_end_of_their_last_line(tmp_path: Path) -> None:
    assert outputs(tmp_path, sha256="abc\n", size="12\n\n") == ({"sha256": "abc", "size": "12\n"}, "")


def test_an_output_that_was_not_written_has_its_default(tmp_path: Path) -> None:
    assert outputs(tmp_path, sha256="abc") == ({"sha256": "abc", "size": "0"}, "")


def test_an_output_without_a_default_that_was_not_written_is_named(tmp_path: Path) -> None:
    found, missing = outputs(tmp_path, size="1")
    assert found == {}
    assert f"{OUTPUTS}/sha256" in missing


def test_a_report_is_announced_as_incomplete_and_belongs_to_the_workflow() -> None:
    announced = results.announced(steps.read(step_pod()))
    assert announced["metadata"]["name"] == "shop-1"
    assert announced["metadata"]["labels"] == {
        "workflows.argoproj.io/workflow": "shop",
        "workflows.argoproj.io/report-outputs-completed": "false",
    }
    assert announced["metadata"]["ownerReferences"][0]["uid"] == "uid-of-shop"


def test_a_report_has_the_outputs_that_there_are() -> None:
    step = steps.read(step_pod())
    reported = results.reported(step, {"sha256": "abc"})["outputs"]["parameters"]
    assert [(each["name"], each["value"]) for each in reported] == [("sha256", "abc")]
    assert results.reported(step, {}) == {}


# --- statuses


def ending(**how: Any) -> tuple[str, dict[str, Obj]]:
    """Return a pod's phase and how each container ended."""
    status = statuses.step_ended(step_pod(), Ending(**how), None, NOW)
    return status["phase"], {each["name"]: each["state"]["terminated"] for each in status["containerStatuses"]}


def test_a_step_that_ends_well_has_a_pod_that_succeeded() -> None:
    phase_of_pod, ends = ending(code=0)
    assert phase_of_pod == "Succeeded"
    assert {name: end["exitCode"] for name, end in ends.items()} == {"main": 0, "wait": 0}


def test_a_step_that_fails_has_a_pod_that_failed_and_a_report_that_did_not() -> None:
    phase_of_pod, ends = ending(code=12)
    assert phase_of_pod == "Failed"
    assert {name: (end["exitCode"], end["reason"]) for name, end in ends.items()} == {
        "main": (12, "Error"),
        "wait": (0, "Completed"),
    }


def test_outputs_that_cannot_be_reported_fail_the_pod_and_are_told() -> None:
    phase_of_pod, ends = ending(code=0, trouble="open sha256: no such file or directory")
    assert phase_of_pod == "Failed"
    assert ends["main"]["exitCode"] == 0
    assert (ends["wait"]["exitCode"], "sha256" in ends["wait"]["message"]) == (64, True)


def test_a_step_at_its_deadline_is_told_as_the_recorded_one_was() -> None:
    status = statuses.step_ended(step_pod(), Ending(code=143, trouble="no outputs", is_late=True), None, NOW)
    assert (status["phase"], status["reason"]) == ("Failed", "DeadlineExceeded")
    (wait,) = [each["state"]["terminated"] for each in status["containerStatuses"] if each["name"] == "wait"]
    assert (wait["exitCode"], wait["message"]) == (0, "Step exceeded its deadline")


def test_a_running_pod_has_one_address_in_both_forms() -> None:
    status = statuses.app_running(pod("shop", "true"), "10.244.0.1", NOW)
    assert (status["podIP"], status["podIPs"]) == ("10.244.0.1", [{"ip": "10.244.0.1"}])


def test_the_node_is_ready_and_says_where_its_interface_is() -> None:
    status = node_status(NOW)
    assert {each["type"]: each["status"] for each in status["conditions"]}["Ready"] == "True"
    assert status["daemonEndpoints"] == {"kubeletEndpoint": {"Port": PORT}}


# --- logs and images


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, b"one\ntwo\nthree"),
        ({"tailLines": "2"}, b"two\nthree"),
        ({"tailLines": "9"}, b"one\ntwo\nthree"),
        ({"tailLines": "0"}, b""),
        ({"limitBytes": "3"}, b"one"),
        ({"tailLines": "2", "limitBytes": "4"}, b"two\n"),
    ],
)
def test_a_log_is_cut_to_what_was_asked_for(asked: dict[str, str], expected: bytes) -> None:
    assert cut(b"one\ntwo\nthree", asked) == expected


@pytest.mark.parametrize(
    ("image", "path"),
    [
        ("shop/shop:v1.2", "shop/shop/manifests/v1.2"),
        ("shop/shop@sha256:abc", "shop/shop/manifests/sha256:abc"),
        ("shop/shop:v1.2@sha256:abc", "shop/shop/manifests/sha256:abc"),
        ("shop", "shop/manifests/latest"),
    ],
)
def test_an_image_is_looked_for_by_its_digest_or_tag(image: str, path: str) -> None:
    assert pulling.manifest(f"{REGISTRY}/{image}") == f"http://{REGISTRY}/v2/{path}"


async def test_an_image_of_another_name_is_present() -> None:
    assert await pulling.can_be_had("registry.local/app:v1")


# --- programs


async def program(folder: Path, *command: str, deadline: float | None = None) -> tuple[int, bool, tuple[str, ...]]:
    """Run a command; return its code, whether it was stopped at its deadline, and its own lines."""
    started = Program(folder / "log")
    await started.start(command, {}, folder)
    code, is_late = await started.end(deadline, 5)
    return code, is_late, own_lines((folder / "log").read_text(encoding="utf-8"))


async def test_a_program_writes_both_its_streams_to_its_log_and_its_code_counts(tmp_path: Path) -> None:
    source = "import sys; print('out', flush=True); print('err', file=sys.stderr); sys.exit(12)"
    assert await program(tmp_path, sys.executable, "-c", source) == (12, False, ("out", "err"))


async def test_a_program_that_cannot_be_found_ends_as_the_executor_does(tmp_path: Path) -> None:
    code, is_late, lines = await program(tmp_path, "/nowhere/program")
    assert (code, is_late) == (64, False)
    assert "failed to find name in PATH" in lines[0]


async def test_a_program_is_stopped_at_its_deadline(tmp_path: Path) -> None:
    code, is_late, _ = await program(tmp_path, "/bin/sleep", "60", deadline=0.05)
    assert (code, is_late) == (143, True)


async def test_a_signal_reaches_what_a_program_has_started(tmp_path: Path) -> None:
    started = Program(tmp_path / "log")
    await started.start(["/bin/sh", "-c", "sleep 60; true"], {"PATH": "/usr/bin:/bin"}, tmp_path)
    started.signal(15)
    assert await started.end(None, 5) == (143, False)


async def test_a_program_that_does_not_heed_the_request_to_end_is_killed(tmp_path: Path) -> None:
    started = Program(tmp_path / "log")
    deaf = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"
    )
    await started.start([sys.executable, "-c", deaf], {}, tmp_path)
    while not (tmp_path / "log").read_text(encoding="utf-8"):  # noqa: ASYNC110  # a file tells nobody of its changes
        await asyncio.sleep(0.01)
    await started.stop(0.05)
    assert await started.end(None, 5) == (137, False)


async def test_a_program_that_was_stopped_before_its_start_does_not_start(tmp_path: Path) -> None:
    stopped = Program(tmp_path / "log")
    await stopped.stop(0)
    await stopped.start(["/bin/sleep", "60"], {}, tmp_path)
    assert await stopped.end(None, 5) == (64, False)

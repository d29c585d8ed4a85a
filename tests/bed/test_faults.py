"""The faults of real systems: wires that are cut, closed or silent, and steps that ask before they begin."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.bed.step_faults import ASKS_FIRST, TEMPLATES, StepFault, StepFaults
from tests.bed.wires import State, Wire, Wires

LOOPBACK = "127.0.0.1"


class Echo:
    """A server that sends back one line per connection, with its own name before it."""

    def __init__(self, name: bytes) -> None:
        self._name = name
        self._listening = socket.create_server((LOOPBACK, 0))
        self.port: int = self._listening.getsockname()[1]

    def answer(self, connection: socket.socket) -> bytes:
        """Take the next connection, which the test opened, and answer what comes."""
        taken, _ = self._listening.accept()
        with taken:
            taken.sendall(self._name + taken.recv(100))
            return connection.recv(100)

    def close(self) -> None:
        self._listening.close()


@pytest.fixture
def echo() -> Iterator[Echo]:
    made = Echo(b"one ")
    yield made
    made.close()


@pytest.fixture
def wires() -> Iterator[Wires]:
    made = Wires(LOOPBACK)
    yield made
    made.close()


def call(wire: Wire) -> socket.socket:
    connection = socket.create_connection((LOOPBACK, wire.port), timeout=10)
    connection.sendall(b"hello")
    return connection


def is_hung_up(connection: socket.socket) -> bool:
    try:
        return connection.recv(100) == b""
    except ConnectionResetError:
        return True


def test_a_whole_wire_carries_both_ways(wires: Wires, echo: Echo) -> None:
    with call(wires.lay(LOOPBACK, echo.port)) as connection:
        assert echo.answer(connection) == b"one hello"


def test_who_is_connected_is_cut_and_may_connect_again(wires: Wires, echo: Echo) -> None:
    wire = wires.lay(LOOPBACK, echo.port)
    with call(wire) as connection:
        taken, _ = echo._listening.accept()
        with taken:
            wires.cut(wire)
            assert is_hung_up(connection)
    with call(wire) as connection:
        assert echo.answer(connection) == b"one hello"


def test_a_wire_that_is_down_hangs_up_until_it_is_mended(wires: Wires, echo: Echo) -> None:
    wire = wires.lay(LOOPBACK, echo.port)
    wires.become(wire, State.DOWN)
    with call(wire) as connection:
        assert is_hung_up(connection)
    wires.mend()
    with call(wire) as connection:
        assert echo.answer(connection) == b"one hello"


def test_a_wire_that_hangs_says_nothing(wires: Wires, echo: Echo) -> None:
    wire = wires.lay(LOOPBACK, echo.port)
    wires.become(wire, State.HANGS)
    with call(wire) as connection:
        connection.settimeout(0.2)
        with pytest.raises(TimeoutError):
            connection.recv(1)


def test_a_wire_can_lead_to_another_server(wires: Wires, echo: Echo) -> None:
    wire = wires.lay(LOOPBACK, echo.port)
    other = Echo(b"two ")
    wires.lead(wire, LOOPBACK, other.port)
    with call(wire) as connection:
        assert other.answer(connection) == b"two hello"
    other.close()


class Templates:
    """The API with two templates: one of two steps, and one that releases only."""

    def __init__(self) -> None:
        self.steps = {
            "slipway-deploy": [
                {"name": "build-image", "container": {"command": ["python", "-m", "steps.build_image"]}},
                {"name": "release", "container": {"command": ["python", "-m", "steps.release"]}},
            ],
            "slipway-release": [{"name": "release", "container": {"command": ["python", "-m", "steps.release"]}}],
        }
        self.patches: list[str] = []

    def get(self, kind: str, namespace: str, name: str) -> dict[str, Any]:
        assert (kind, namespace) == ("WorkflowTemplate", "staging")
        return {"spec": {"templates": self.steps[name]}}

    def json_patch(self, _kind: str, _namespace: str, name: str, operations: list[dict[str, Any]]) -> None:
        [operation] = operations
        place = len(self.steps[name]) - 1
        assert operation["path"] == f"/spec/templates/{place}/container/command"
        self.steps[name][place]["container"] = {"command": operation["value"]}
        self.patches.append(name)


@pytest.fixture
def templates() -> Templates:
    return Templates()


@pytest.fixture
def faults(templates: Templates) -> Iterator[StepFaults]:
    made = StepFaults(templates, LOOPBACK)  # type: ignore[arg-type]  # it has what is used
    yield made
    made.close()


def ask(faults: StepFaults, workflow: str, step: str = "release") -> dict[str, Any]:
    answer = httpx.get(faults.url, params={"step": step, "workflow": workflow}, trust_env=False)
    found: dict[str, Any] = answer.json()
    return found


def test_only_the_named_step_asks_and_is_changed_once(faults: StepFaults, templates: Templates) -> None:
    faults.add(StepFault(step="release", kind="step-hangs"), iter(["staging"]))
    faults.add(StepFault(step="release", kind="step-fails"), iter(["staging"]))
    assert templates.patches == list(TEMPLATES)
    assert templates.steps["slipway-deploy"][0]["container"] == {"command": ["python", "-m", "steps.build_image"]}


def test_a_fault_strikes_so_many_workflows_and_each_of_its_retries(faults: StepFaults) -> None:
    faults.add(StepFault(step="release", kind="step-fails", count=1, exit_code=12, log=["413"]), iter(["staging"]))
    fails = {"act": "fail", "exit_code": 12, "log": ["413"]}
    assert [ask(faults, "first"), ask(faults, "first"), ask(faults, "second")] == [fails, fails, {"act": "go on"}]


def test_a_step_finds_what_was_done_before_it_and_goes_on(faults: StepFaults) -> None:
    done: list[str] = []
    fault = StepFault(step="release", kind="step-finds", before=lambda: done.append("forgotten"))
    faults.add(fault, iter(["staging"]))
    assert ask(faults, "first", step="build-image") == {"act": "go on"}
    assert not done
    assert ask(faults, "first") == {"act": "go on"}
    assert done == ["forgotten"]


def test_a_step_that_hangs_goes_on_when_it_is_let(faults: StepFaults, templates: Templates) -> None:
    faults.add(StepFault(step="release", kind="step-hangs"), iter(["staging"]))
    assert ask(faults, "first") == {"act": "hang"}
    faults.clear()
    assert ask(faults, "first") == {"act": "go on"}
    for name in TEMPLATES:
        command: Any = templates.steps[name][-1]["container"]
        assert command["command"][:3] == ["python3", "-c", ASKS_FIRST]


def test_the_asking_step_fails_as_it_is_told_and_otherwise_becomes_its_own_program(faults: StepFaults) -> None:
    def run(workflow: str) -> tuple[int, str]:
        url = f"{faults.url}/?step=release&workflow={workflow}"
        command = [sys.executable, "-c", ASKS_FIRST, url, sys.executable, "-c", "print('its own work')"]
        environment = {key: value for key, value in os.environ.items() if "proxy" not in key.lower()}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout.strip()

    faults.add(StepFault(step="release", kind="step-fails", count=1, exit_code=12, log=["413"]), iter(["staging"]))
    assert json.dumps([run("first"), run("second")]) == '[[12, "413"], [0, "its own work"]]'

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from playground import __main__ as module
from playground import seed
from playground.child import GRACE_SECONDS

Obj = dict[str, Any]
Start = Callable[..., "Playground"]
SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]


class Playground:
    """A running `python -m playground --json` and what it said first."""

    def __init__(self, *arguments: str, temporary: Path, command: list[str] | None = None) -> None:
        line = [sys.executable, "-m", "playground", "--page-port", "0", "--speed", "50", "--json", *arguments]
        self.process = subprocess.Popen(
            [*line, "--", *(command or [])],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"TMPDIR": str(temporary), "SLIPWAY_OTHER": "of the shell"},
        )
        self.complaints: list[str] = []
        self._complained = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        assert self.process.stdout is not None
        self.said: Obj = json.loads(self.process.stdout.readline() or "{}")

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            with self._complained:
                self.complaints.append(line)
                self._complained.notify_all()

    @property
    def urls(self) -> dict[str, str]:
        return dict(self.said["urls"])

    def get(self, system: str, path: str, **headers: str) -> httpx.Response:
        return httpx.get(self.urls[system] + path, headers=headers, trust_env=False)

    def wait_for_complaint(self, text: str) -> None:
        with self._complained:
            assert self._complained.wait_for(lambda: any(text in line for line in self.complaints), timeout=30)

    def next_line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.wait()

    def wait(self) -> int:
        code = self.process.wait(timeout=30)
        self._reader.join(timeout=30)
        return code

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.wait()
        for pipe in (self.process.stdout, self.process.stderr):
            assert pipe is not None
            pipe.close()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    started: list[Playground] = []

    def begin(*arguments: str, command: list[str] | None = None) -> Playground:
        started.append(Playground(*arguments, temporary=tmp_path, command=command))
        return started[-1]

    yield begin
    for one in started:
        one.close()


@pytest.fixture(scope="module")
def playground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Playground]:
    """Return one that the looking tests share."""
    folder = tmp_path_factory.mktemp("playground")
    one = Playground("--state", str(folder / "state"), temporary=folder)
    yield one
    one.close()


# What the looking tests see


def test_every_stand_in_answers_where_it_is_said_to_be(playground: Playground) -> None:
    assert playground.get("kubernetes", "/version").status_code == 200
    assert playground.get("keycloak", "/health/ready").json()["status"] == "UP"
    assert playground.get("nexus", "/service/rest/v1/status").status_code == 200
    assert playground.get("harbor", "/api/v2.0/ping").text == "Pong"
    assert playground.get("page", "/_drive/messages?channel=C0DEPLOYS").status_code == 200
    slack = httpx.post(
        f"{playground.urls['slack']}auth.test",
        headers={"Authorization": f"Bearer {seed.BOT_TOKEN}"},
        trust_env=False,
    )
    assert (slack.json()["ok"], slack.json()["team_id"]) == (True, "T0SLIPWAY")


def test_everything_listens_on_loopback_alone(playground: Playground) -> None:
    listening = [
        connection.laddr
        for connection in psutil.Process(playground.process.pid).net_connections()
        if connection.status == psutil.CONN_LISTEN
    ]
    assert len(listening) == 6
    assert {address[0] for address in listening} == {"127.0.0.1"}


def test_the_state_directory_holds_what_the_bot_needs(playground: Playground) -> None:
    state = Path(playground.said["state"])
    environment = playground.said["environment"]
    lines = (state / "env").read_text().splitlines()
    assert dict(line.split("=", 1) for line in lines) == environment
    assert environment["SLIPWAY_CATALOG"] == str(state / "catalog.yaml")
    assert environment["SLIPWAY_DATABASE"] == f"sqlite+aiosqlite:///{state}/slipway.sqlite"
    assert environment["SLIPWAY_SLACK__API_URL"].endswith("/api/")
    assert set(environment) == {
        "SLIPWAY_CATALOG",
        "SLIPWAY_DATABASE",
        "SLIPWAY_SLACK__BOT_TOKEN",
        "SLIPWAY_SLACK__APP_TOKEN",
        "SLIPWAY_SLACK__API_URL",
        "SLIPWAY_SLACK__TEAM",
        "SLIPWAY_KEYCLOAK__URL",
        "SLIPWAY_KEYCLOAK__REALM",
        "SLIPWAY_KEYCLOAK__CLIENT_ID",
        "SLIPWAY_KEYCLOAK__CLIENT_SECRET",
        "SLIPWAY_KEYCLOAK__ROLES_CLIENT",
        "SLIPWAY_NEXUS__URL",
        "SLIPWAY_NEXUS__REPOSITORY",
        "SLIPWAY_HARBOR__URL",
        "SLIPWAY_HARBOR__REGISTRY",
        "SLIPWAY_HARBOR__USERNAME",
        "SLIPWAY_HARBOR__PASSWORD",
        "SLIPWAY_HTTP__HOST",
        "SLIPWAY_HTTP__PORT",
    }


def test_the_kubeconfigs_token_opens_the_cluster_and_nothing_else_does(playground: Playground) -> None:
    path = "/apis/argoproj.io/v1alpha1/namespaces/staging/rollouts"
    assert playground.get("kubernetes", path).status_code == 401
    answer = playground.get("kubernetes", path, Authorization=f"Bearer {seed.KUBERNETES_TOKEN}")
    assert {item["metadata"]["name"] for item in answer.json()["items"]} == {"shop", "search"}


def test_shop_and_search_run_already_in_both_environments(playground: Playground) -> None:
    cluster = playground.get("page", "/_drive/cluster").json()
    assert {
        (one["namespace"], one["app"], one["version"], one["strategy"], one["phase"], one["ready"])
        for one in cluster["rollouts"]
    } == {
        ("staging", "shop", "v1.1", "canary", "Healthy", 5),
        ("staging", "search", "3.4.0", "rolling", "Healthy", 4),
        ("production", "shop", "v1.1", "canary", "Healthy", 5),
        ("production", "search", "3.4.0", "rolling", "Healthy", 4),
    }
    assert {(one["rollout"], one["role"], one["version"]) for one in cluster["replicasets"]} == {
        ("shop", "stable", "v1.1"),
        ("search", "stable", "3.4.0"),
    }
    assert len(cluster["pods"]) == 18
    assert all(pod["ready"] for pod in cluster["pods"])
    assert cluster["workflows"] == []


def test_the_templates_of_the_pipeline_are_in_each_namespace(playground: Playground) -> None:
    for namespace in ("staging", "production"):
        path = f"/apis/argoproj.io/v1alpha1/namespaces/{namespace}/workflowtemplates"
        answer = playground.get("kubernetes", path, Authorization=f"Bearer {seed.KUBERNETES_TOKEN}")
        names = {item["metadata"]["name"] for item in answer.json()["items"]}
        assert names >= {"slipway-deploy", "slipway-release"}


# Commands, signals and exit codes


def test_the_command_gets_the_settings_and_ends_with_the_playground(start: Start, tmp_path: Path) -> None:
    script = (
        "import json, os, time; print(json.dumps({k: v for k, v in os.environ.items() if k.startswith('SLIPWAY_')} | "
        "{'pid': os.getpid()}), flush=True); time.sleep(600)"
    )
    playground = start(command=[sys.executable, "-c", script])
    got = json.loads(playground.next_line())
    child = psutil.Process(got.pop("pid"))
    assert got == playground.said["environment"]
    state = Path(playground.said["state"])
    assert state.parent == tmp_path
    assert playground.end(signal.SIGINT) == 0
    assert not child.is_running()
    assert not state.exists()


def test_a_second_ctrl_c_ends_a_stubborn_command_at_once(start: Start) -> None:
    script = (
        "import signal; signal.signal(signal.SIGTERM, lambda *_: print('asked', flush=True)); print('on', flush=True)"
    )
    playground = start(command=[sys.executable, "-c", f"{script}\nwhile True: signal.pause()"])
    assert playground.next_line() == "on"
    playground.process.send_signal(signal.SIGINT)
    assert playground.next_line() == "asked"
    began = time.monotonic()
    assert playground.end(signal.SIGINT) == 0
    assert time.monotonic() - began < GRACE_SECONDS - 1


def test_a_command_that_ends_by_itself_is_reported_and_the_playground_goes_on(start: Start) -> None:
    playground = start(command=[sys.executable, "-c", "raise SystemExit(7)"])
    playground.wait_for_complaint("The command ended by itself with code 7. The playground goes on; Ctrl-C stops it.")
    assert playground.get("keycloak", "/health/ready").status_code == 200
    assert playground.end() == 0


def test_with_exit_with_command_its_code_is_the_playgrounds(start: Start) -> None:
    playground = start("--exit-with-command", command=[sys.executable, "-c", "raise SystemExit(7)"])
    assert playground.wait() == 7


def test_a_state_directory_that_was_given_is_kept(start: Start, tmp_path: Path) -> None:
    state = tmp_path / "kept" / "here"
    playground = start("--state", str(state))
    assert playground.end() == 0
    assert sorted(path.name for path in state.iterdir()) == ["catalog.yaml", "env", "kubeconfig"]


def test_without_json_people_are_told_where_to_look() -> None:
    line = [sys.executable, "-m", "playground", "--page-port", "0", "--exit-with-command", "--"]
    done = subprocess.run([*line, sys.executable, "-c", "pass"], capture_output=True, text=True, check=True, timeout=30)
    assert "Open http://127.0.0.1:" in done.stdout
    assert "and type /deploy shop v1.2 canary; Ctrl-C stops all" in done.stdout
    assert done.stderr == ""


def test_without_a_command_people_are_told_that_no_bot_runs(tmp_path: Path) -> None:
    line = [sys.executable, "-m", "playground", "--page-port", "0"]
    with subprocess.Popen(line, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = ""
        while "No bot runs yet" not in said:
            said = process.stdout.readline()
            assert said
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 0


def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    line = [sys.executable, "-m", "playground", *arguments]
    return subprocess.run(line, capture_output=True, text=True, check=False, timeout=30)


def test_a_port_that_is_taken_is_said_in_one_sentence() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = run("--page-port", str(port))
    assert done.returncode == 2
    assert done.stderr == (
        f"The page cannot be served on port {port}: another program uses it. "
        "Choose another with --page-port (0: any free one).\n"
    )
    assert done.stdout == ""


def test_a_command_that_is_not_there_is_said() -> None:
    done = run("--page-port", "0", "--", "no-such-program-anywhere")
    assert done.returncode == 2
    assert "The command 'no-such-program-anywhere' did not start: No such file or directory." in done.stderr
    assert "Traceback" not in done.stderr


def test_a_state_directory_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = run("--page-port", "0", "--state", str(tmp_path / "file" / "state"))
    assert done.returncode == 2
    assert done.stderr.startswith(f"The state directory {tmp_path}/file/state cannot be made: Not a directory.")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--host", "192.0.2.1"], "listens on 127.0.0.1 only"),
        (["--page-port", "99999"], "'99999' is no port"),
        (["--page-port", "web"], "'web' is no port"),
        (["--speed", "0"], "'0' cannot divide waits"),
        (["--speed", "fast"], "'fast' cannot divide waits"),
        (["--speed", "nan"], "'nan' cannot divide waits"),
        (["slipway", "run"], "unrecognized arguments"),
    ],
)
def test_arguments_that_cannot_be_used_are_explained(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        module.read_arguments(arguments)
    assert ended.value.code == 2
    assert words in capsys.readouterr().err


def test_what_stands_after_the_dashes_is_the_command_word_for_word() -> None:
    options = module.read_arguments(["--speed", "20", "--", "slipway", "run", "--", "--json"])
    assert (options.speed, options.command, options.json) == (20.0, ["slipway", "run", "--", "--json"], False)
    assert (options.host, options.page_port, options.state) == ("127.0.0.1", 8400, None)

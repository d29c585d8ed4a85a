"""Faults in real pipeline pods: a step asks the test first whether it is to fail, to hang or to go on.

Only the steps that a test names ask; all others run just as the templates ship them.
"""

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from typing_extensions import override

from tests.bed.api import Api
from tests.bed.places import REGISTRY

TEMPLATES: Final = ("slipway-deploy", "slipway-release")
GO_ON: Final = {"act": "go on"}
NO_IMAGE: Final = f"{REGISTRY}/slipway/none:1"
ASKS_FIRST: Final = """\
import json, os, sys, time, urllib.request
url, command = sys.argv[1], sys.argv[2:]
answer = {"act": "hang"}
while answer["act"] == "hang":
    with urllib.request.urlopen(url, timeout=30) as asked:
        answer = json.load(asked)
    time.sleep(0.1)
if answer["act"] == "fail":
    print(*answer["log"], sep="\\n")
    sys.exit(answer["exit_code"])
os.execvp(command[0], command)
"""


@dataclass(slots=True)
class StepFault:
    """What happens to a step in the next `count` workflows that come to it.

    It hangs, it fails, or it `finds` what `before` has done when it asked, and goes on.
    """

    step: str
    kind: str
    count: int | None = None
    exit_code: int = 1
    log: list[str] = field(default_factory=list)
    before: Callable[[], None] = lambda: None
    workflows: set[str] = field(default_factory=set)

    def meets(self, step: str, workflow: str) -> bool:
        if step != self.step:
            return False
        if workflow not in self.workflows and (self.count is None or len(self.workflows) < self.count):
            self.workflows.add(workflow)
        return workflow in self.workflows

    def answer(self) -> dict[str, Any]:
        if self.kind == "step-hangs":
            return {"act": "hang"}
        if self.kind == "step-finds":
            self.before()
            return GO_ON
        return {"act": "fail", "exit_code": self.exit_code, "log": self.log}


class StepFaults:
    """The faults of one world, and the server that its steps ask."""

    def __init__(self, api: Api, address: str) -> None:
        self._api = api
        self._faults: list[StepFault] = []
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer((address, 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, name="step faults", daemon=True)
        self._thread.start()
        self.url = f"http://{address}:{self._server.server_address[1]}"

    def add(self, fault: StepFault, namespaces: Iterator[str]) -> None:
        """Arm a fault, and let its step ask in every namespace; an image that cannot be had stays so in this world."""
        if fault.kind == "image-pull":
            for namespace in namespaces:
                for template, place, _ in self._containers(fault.step, namespace):
                    self._set(template, place, namespace, "image", NO_IMAGE)
            return
        with self._lock:
            self._faults.append(fault)
        for namespace in namespaces:
            self._let_ask(fault.step, namespace)

    def clear(self) -> None:
        """Let everything that hangs go on, and nothing fail any more."""
        with self._lock:
            self._faults.clear()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, step: str, workflow: str) -> dict[str, Any]:
        with self._lock:
            fault = next((each for each in self._faults if each.meets(step, workflow)), None)
        return fault.answer() if fault else GO_ON

    def _let_ask(self, step: str, namespace: str) -> None:
        for template, place, container in self._containers(step, namespace):
            command = container["command"]
            if self.url not in " ".join(command):
                url = f"{self.url}/?step={step}&workflow={{{{workflow.name}}}}"
                self._set(template, place, namespace, "command", ["python3", "-c", ASKS_FIRST, url, *command])

    def _set(self, template: str, place: int, namespace: str, name: str, value: object) -> None:
        """Change one field of a step's container."""
        patch = [{"op": "replace", "path": f"/spec/templates/{place}/container/{name}", "value": value}]
        self._api.json_patch("WorkflowTemplate", namespace, template, patch)

    def _containers(self, step: str, namespace: str) -> Iterator[tuple[str, int, dict[str, Any]]]:
        """Find the step in every template that has it: the template, its place there, and its container."""
        for template in TEMPLATES:
            steps = self._api.get("WorkflowTemplate", namespace, template)["spec"]["templates"]
            named = [(place, each) for place, each in enumerate(steps) if each["name"] == step]
            yield from ((template, place, each["container"]) for place, each in named)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        faults = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:  # the name that the library calls
                asked = parse_qs(urlsplit(self.path).query)
                body = json.dumps(faults.answer(asked["step"][0], asked["workflow"][0])).encode()
                self.send_response(200)
                self.end_headers()
                self.wfile.write(body)

            @override
            def log_message(self, *_arguments: object) -> None:
                """Say nothing: every hanging step asks ten times a second."""

        return Handler

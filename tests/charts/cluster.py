"""One namespace of the bed's cluster, into which the chart is released with the real helm, and a server that
measurements ask. Used by the tests of this folder.
"""

import json
import subprocess
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import Any, Final

from typing_extensions import override

from tests.bed.places import ADDRESS, Places
from tests.charts.rendering import CHART, Obj

PATIENCE_SECONDS: Final = 120.0
LOOK_SECONDS: Final = 0.2


class Namespace:
    """A namespace of its own name; whatever stands in it was made by one test module."""

    def __init__(self, name: str) -> None:
        self.name = name

    def kubectl(self, *words: str, text: str | None = None) -> str:
        done = self._run("kubectl", *words, text=text)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def release(self, values: Mapping[str, Any]) -> None:
        """Install or upgrade as the release step does."""
        app = values["slipway"]["app"]
        words = ["upgrade", app, str(CHART), "--install", "--values", "-"]
        done = self._run("helm", *words, text=json.dumps(values, ensure_ascii=False))
        assert done.returncode == 0, done.stderr

    def get(self, kind: str, name: str) -> Obj:
        found: Obj = json.loads(self.kubectl("get", kind, name, "--output=json"))
        return found

    def all(self, kind: str, selector: str = "") -> list[Obj]:
        items: list[Obj] = json.loads(self.kubectl("get", kind, f"--selector={selector}", "--output=json"))["items"]
        return items

    def patch(self, kind: str, name: str, change: Obj, *, part: str = "") -> None:
        words = [f"--subresource={part}"] if part else []
        self.kubectl("patch", kind, name, "--type=merge", f"--patch={json.dumps(change)}", *words)

    def until(self, name: str, is_so: Callable[[Obj], bool]) -> Obj:
        """Return the Rollout as soon as `is_so` holds of it; fail with its status when that never comes."""
        ends = time.monotonic() + PATIENCE_SECONDS
        while not is_so(found := self.get("rollout", name)):
            assert time.monotonic() < ends, json.dumps(found.get("status"), indent=1)
            time.sleep(LOOK_SECONDS)
        return found

    def _run(self, program: str, *words: str, text: str | None) -> "subprocess.CompletedProcess[str]":
        places = Places.from_environment()
        command = [places.program(program), f"--kubeconfig={places.kubeconfig}", f"--namespace={self.name}", *words]
        return subprocess.run(command, input=text, capture_output=True, text=True, check=False, timeout=60)


@contextmanager
def namespace() -> Iterator[Namespace]:
    made = Namespace(f"charts-{uuid.uuid4().hex[:6]}")
    made.kubectl("create", "namespace", made.name)
    try:
        yield made
    finally:
        made.kubectl("delete", "namespace", made.name, "--wait=false")


class _Server(ThreadingHTTPServer):
    @override
    def server_bind(self) -> None:
        """Bind without asking for the address's name: nobody in the bed knows one, and the question takes long."""
        TCPServer.server_bind(self)


class Health:
    """A server on the bed's address that says how the new version is; measurements of the kind web ask it."""

    def __init__(self) -> None:
        self.status = "ok"
        self.asked = 0
        self._server = _Server((ADDRESS, 0), self._handler())
        self.url = f"http://{ADDRESS}:{self._server.server_address[1]}/health"

    @contextmanager
    def serving(self) -> Iterator["Health"]:
        thread = threading.Thread(target=self._server.serve_forever, name="health", daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        health = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:  # the name that the library calls
                health.asked += 1
                self.send_response(200)
                self.end_headers()
                self.wfile.write(json.dumps({"status": health.status}).encode())

            @override
            def log_message(self, *_arguments: object) -> None:
                """Say nothing."""

        return Handler

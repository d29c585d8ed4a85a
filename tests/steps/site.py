"""A small HTTP server for the steps' tests: pages by path, parts of them, faults, and a list of what was asked."""

import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from typing_extensions import override


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes


@dataclass(slots=True, kw_only=True)
class Page:
    """One answer. The first `cuts` times the connection breaks after `cut_after` bytes of the body."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    cuts: int = 0
    cut_after: int = 0


Answer = Page | Callable[[Asked], Page]


class Site:
    """Pages by path; what is not there is 404. `statuses` are answered first, one for each request."""

    def __init__(self) -> None:
        self.pages: dict[str, Answer] = {}
        self.statuses: list[int] = []
        self.login = ""
        self.asked: list[Asked] = []
        self.otherwise: Callable[[Asked], Page] = lambda _asked: Page(status=404, body=b"<html>Not Found</html>")
        self.url = ""

    def put(self, path: str, body: bytes | str, **headers: str) -> Page:
        page = Page(body=body.encode() if isinstance(body, str) else body, headers=headers)
        self.pages[path] = page
        return page

    def answer(self, asked: Asked) -> Page:
        self.asked.append(asked)
        if self.login and asked.headers.get("Authorization") != self.login:
            return Page(status=401)
        if self.statuses:
            return Page(status=self.statuses.pop(0))
        found = self.pages.get(asked.path)
        if found is None:
            return self.otherwise(asked)
        return _part(found(asked) if callable(found) else found, asked)


def _part(page: Page, asked: Asked) -> Page:
    """Answer a Range whose If-Range is the page's own edition with the rest alone."""
    wanted = asked.headers.get("Range", "")
    if not wanted or asked.headers.get("If-Range") != page.headers.get("ETag"):
        return page
    start = int(wanted.removeprefix("bytes=").partition("-")[0])
    size = len(page.body)
    if start >= size:
        return Page(status=416)
    headers = {**page.headers, "Content-Range": f"bytes {start}-{size - 1}/{size}"}
    is_cut = page.cuts > 0
    page.cuts -= is_cut
    return Page(body=page.body[start:], status=206, headers=headers, cuts=int(is_cut), cut_after=page.cut_after)


@contextmanager
def serving(site: Site, *, address: str = "127.0.0.1", port: int = 0, tls: Path | None = None) -> Iterator[Site]:
    """Serve a site until the block ends; `tls` is a file with a key and its certificate."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            path, _, query = self.path.partition("?")
            length = int(self.headers.get("Content-Length") or 0)
            asked = Asked(
                method=self.command,
                path=path,
                query=query,
                headers={name.title(): value for name, value in self.headers.items()},
                body=self.rfile.read(length),
            )
            self._send(site.answer(asked), asked)

        do_GET = do_HEAD = do_PATCH = do_DELETE = do_POST = _serve  # noqa: N815  # names of http.server

        def _send(self, page: Page, asked: Asked) -> None:
            self.send_response(page.status)
            for name, value in {"Content-Length": str(len(page.body)), **page.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            is_cut = page.cuts > 0 and asked.method == "GET"
            page.cuts -= is_cut
            self.wfile.write(page.body[: page.cut_after] if is_cut else page.body)
            self.close_connection = is_cut or self.close_connection

        @override
        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing: `asked` has it all."""

    server = ThreadingHTTPServer((address, port), Handler)
    server.daemon_threads = True
    scheme = "http"
    if tls is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tls)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        scheme = "https"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    site.url = f"{scheme}://{address}:{server.server_address[1]}"
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

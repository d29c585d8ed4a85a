"""Watches: from the history or a first list without a gap, bookmarks, the 410 line, faults, slow and vanished clients.

The server hands over each GET with ``watch``. One subscription to the store feeds all watches, synchronously and in
order; each watch has a queue of its own and writes from its own request, so that nobody waits for a slow client.
"""

import asyncio
import json
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from aiohttp import web

from playground.faults import Fault, Faults
from playground.kubernetes.errors import ApiError, Obj, bad_request, expired
from playground.kubernetes.selectors import Selector, parse_selector
from playground.kubernetes.store import Store, WatchEvent
from playground.kubernetes.targets import Target, is_yes, read_number
from playground.pace import Pace

_BOOKMARK_EVERY = 60.0
_LOOK_FOR_CLIENT_EVERY = 1.0
_LINES_PER_WRITE = 64
LONGEST_QUEUE = 10_000


class Line:
    """One line of a watch; encoded when first sent and shared by all watches that send it."""

    def __init__(self, kind: str, obj: Obj) -> None:
        self.kind = kind
        self.object = obj

    @cached_property
    def encoded(self) -> bytes:
        return json.dumps({"type": self.kind, "object": self.object}, separators=(",", ":")).encode() + b"\n"


@dataclass(frozen=True, slots=True)
class WatchRequest:
    """What a client asks to watch. ``subject`` is what faults match: method, path and query."""

    target: Target
    selector: Selector
    version: int
    bookmarks: bool
    initial_events: bool
    timeout: float | None
    subject: str

    @classmethod
    def from_query(cls, target: Target, query: Mapping[str, str], *, subject: str) -> "WatchRequest":
        """Parse the query; a named object is watched as a collection of one. 400 or 422 for what cannot be served."""
        initial = is_yes(query, "sendInitialEvents")
        if ("sendInitialEvents" in query) is not (query.get("resourceVersionMatch") == "NotOlderThan"):
            raise bad_request("a watch has sendInitialEvents and resourceVersionMatch=NotOlderThan both or neither")
        fields = [query.get("fieldSelector", ""), f"metadata.name={target.name}" if target.name else ""]
        return cls(
            target=target,
            selector=parse_selector(query.get("labelSelector", ""), ",".join(filter(None, fields))),
            version=read_number(query, "resourceVersion") or 0,
            bookmarks=is_yes(query, "allowWatchBookmarks"),
            initial_events=initial,
            timeout=read_number(query, "timeoutSeconds"),
            subject=subject,
        )

    def matches(self, obj: Obj) -> bool:
        in_scope = self.target.namespace in {None, "", obj["metadata"].get("namespace")}
        return in_scope and self.selector.matches(obj)

    def see(self, event: WatchEvent) -> tuple[str, Obj] | None:
        """Return the event as this watch sees it: an object that stops matching is gone, one that starts is new."""
        if event.object["kind"] != self.target.resource.kind or event.resource_version <= self.version:
            return None
        before = event.previous is not None and self.matches(event.previous)
        now = event.type != "DELETED" and self.matches(event.object)
        if now:
            return ("MODIFIED" if before else "ADDED"), event.object
        if event.previous is None or not before:
            return None
        meta = event.previous["metadata"] | {"resourceVersion": str(event.resource_version)}
        return "DELETED", event.previous | {"metadata": meta}


@dataclass(slots=True, eq=False)
class Watcher:
    """One open watch: lines that wait to be written, and whether it is over (perhaps with a last ERROR line)."""

    request: WatchRequest
    longest: int
    lines: deque[Line] = field(default_factory=deque)
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    over: bool = False

    def put(self, line: Line) -> None:
        """Queue a line; a client that is too far behind is cut off as one whose version is too old."""
        if self.over:
            return
        if len(self.lines) >= self.longest:
            self.lines.clear()
            self.end(expired("The resourceVersion for the provided watch is too old."))
            return
        self.lines.append(line)
        self.wake.set()

    def end(self, error: ApiError | None = None) -> None:
        if error is not None:
            self.lines.append(Line("ERROR", error.to_status()))
        self.over = True
        self.wake.set()


class Watches:
    """All open watches on one store; ``changed`` is set whenever one opens or ends."""

    def __init__(self, store: Store, *, faults: Faults, pace: Pace, longest_queue: int = LONGEST_QUEUE) -> None:
        self._store = store
        self._faults = faults
        self._pace = pace
        self._longest = longest_queue
        self._open: list[Watcher] = []
        self.changed = asyncio.Event()
        store.subscribe(self._spread)
        faults.on_add(self._strike)

    def __len__(self) -> int:
        return len(self._open)

    def close(self) -> None:
        """End all open watches, as a server does that is stopped."""
        for watcher in self._open:
            watcher.end()

    async def serve(self, request: web.Request, asked: WatchRequest) -> web.StreamResponse:
        """Answer one watch to its end. Between reading what is there and hearing of what comes nothing is awaited."""
        watcher = Watcher(asked, self._longest)
        first = self._first_lines(asked, watcher)
        self._open.append(watcher)
        self.changed.set()
        try:
            response = web.StreamResponse(headers={"Content-Type": "application/json"})
            await response.prepare(request)
            await _write(response, first)
            await self._stream(request, response, watcher)
        except ConnectionError:
            # The client is gone; there is nobody to tell.
            watcher.end()
        finally:
            self._open.remove(watcher)
            self.changed.set()
        return response

    def _first_lines(self, asked: WatchRequest, watcher: Watcher) -> deque[Line]:
        if asked.version == 0 or asked.initial_events:
            there = [obj for obj in self._store.list(asked.target.resource.kind) if asked.matches(obj)]
            lines = deque(Line("ADDED", obj) for obj in there)
            if asked.initial_events and asked.bookmarks:
                lines.append(_bookmark(asked, self._store.resource_version, initial=True))
            return lines
        try:
            missed = [asked.see(event) for event in self._store.events_after(asked.version)]
        except ApiError as error:
            watcher.end(error)
            return deque()
        return deque(Line(*seen) for seen in missed if seen is not None)

    async def _stream(self, request: web.Request, response: web.StreamResponse, watcher: Watcher) -> None:
        asked, now = watcher.request, asyncio.get_running_loop().time
        end = now() + asked.timeout if asked.timeout else float("inf")
        next_bookmark = now() + self._pace.scale(_BOOKMARK_EVERY) if asked.bookmarks else float("inf")
        while True:
            watcher.wake.clear()
            await _write(response, watcher.lines)
            if watcher.over or now() >= end or _is_gone(request):
                break
            if now() >= next_bookmark:
                next_bookmark = now() + self._pace.scale(_BOOKMARK_EVERY)
                watcher.put(_bookmark(asked, self._store.resource_version))
            await _wait(watcher.wake, min(end, next_bookmark, now() + _LOOK_FOR_CLIENT_EVERY) - now())
        if asked.bookmarks and not watcher.over:
            await response.write(_bookmark(asked, self._store.resource_version).encoded)
        await response.write_eof()

    def _spread(self, event: WatchEvent) -> None:
        lines: dict[str, Line] = {}
        for watcher in self._open:
            if seen := watcher.request.see(event):
                watcher.put(lines.setdefault(seen[0], Line(*seen)))

    def _strike(self, fault: Fault) -> None:
        """Act on a fault that was just added: it takes as many of the open watches as its count allows.

        ``gone`` compacts the history too: a client that merely resumes where it was would else not notice anything.
        """
        if fault.system != "kubernetes" or fault.kind not in {"gone", "drop-watches"}:
            return
        for watcher in self._open:
            if not watcher.over and self._faults.take("kubernetes", fault.kind, watcher.request.subject):
                too_old = f"too old resource version: {watcher.request.version} ({self._store.resource_version})"
                watcher.end(expired(too_old) if fault.kind == "gone" else None)
                if fault.kind == "gone":
                    self._store.compact()


def _bookmark(asked: WatchRequest, version: int, *, initial: bool = False) -> Line:
    resource = asked.target.resource
    meta: Obj = {"resourceVersion": str(version)}
    if initial:
        meta["annotations"] = {"k8s.io/initial-events-end": "true"}
    body: Obj = {"kind": resource.kind, "apiVersion": resource.api_version, "metadata": meta}
    # Built-in resources print even the empty fields of their Go types; a Pod's were recorded.
    extra: Obj = {"spec": {"containers": None}, "status": {}} if resource.kind == "Pod" else {}
    return Line("BOOKMARK", body | extra)


async def _write(response: web.StreamResponse, lines: deque[Line]) -> None:
    while lines:
        batch = [lines.popleft() for _ in range(min(len(lines), _LINES_PER_WRITE))]
        await response.write(b"".join(line.encoded for line in batch))


async def _wait(wake: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(wake.wait(), max(seconds, 0))
    except TimeoutError:
        return


def _is_gone(request: web.Request) -> bool:
    return request.transport is None or request.transport.is_closing()

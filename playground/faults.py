"""Faults that a person or a test asks for, by system and kind.

The driver adds and clears them; servers and controllers `take` the one that concerns what they are doing.
`middleware` plays the kinds that every HTTP server shares. It must not know any server's own behaviour.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

Obj = dict[str, Any]

HTTP_KINDS: Final = frozenset({"status", "down", "hang", "slow"})
KINDS: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "slack": HTTP_KINDS | {"ratelimit", "disconnect"},
        "kubernetes": HTTP_KINDS | {"gone", "drop-watches"},
        "keycloak": HTTP_KINDS,
        "nexus": HTTP_KINDS,
        "harbor": HTTP_KINDS | {"quota"},
        "workflows": frozenset({"step-fails", "step-hangs", "image-pull"}),
        "rollouts": frozenset({"pods-never-ready", "image-pull", "crash-loop", "config-error", "analysis"}),
    }
)
OWN_FIELDS: Final = frozenset({"system", "kind", "match", "count"})
DRIVER_PATH: Final = "/_drive"
HANG_SECONDS: Final = 60.0
SLOW_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault: `match` is text looked for in the subject, `count` the times it strikes (None: until cleared)."""

    system: str
    kind: str
    match: str = ""
    count: int | None = None
    options: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    @classmethod
    def from_json(cls, body: Obj) -> "Fault":
        """Read `{"system", "kind", "match"?, "count"?, ...the kind's own fields}`; ValueError says what is wrong."""
        # As text, because a list here would not even be hashable.
        system, kind = str(body.get("system")), str(body.get("kind"))
        if system not in KINDS:
            raise ValueError(f"No system {system!r} has faults. Use one of: {', '.join(sorted(KINDS))}.")
        if kind not in KINDS[system]:
            raise ValueError(f"{system} has no fault {kind!r}. Use one of: {', '.join(sorted(KINDS[system]))}.")
        match, count = body.get("match") or "", body.get("count")
        if not isinstance(match, str):
            raise ValueError(f"match {match!r} is not text. Give a part of the path or name, or leave it out.")  # noqa: TRY004  # one kind of error for all bad input
        if count is not None and (not isinstance(count, int) or isinstance(count, bool) or count < 1):
            raise ValueError(f"count {count!r} cannot be used. Give a whole number from 1, or null for until cleared.")
        options = {key: value for key, value in body.items() if key not in OWN_FIELDS}
        for key, value in options.items():
            _check_number(key, value)
        return cls(system=system, kind=kind, match=match, count=count, options=MappingProxyType(options))

    def to_json(self) -> Obj:
        return {"system": self.system, "kind": self.kind, "match": self.match, "count": self.count, **self.options}


def _check_number(key: str, value: Any) -> None:
    if key == "status" and not (isinstance(value, int) and 200 <= value <= 599):  # noqa: PLR2004  # the statuses that HTTP can end with
        raise ValueError(f"status {value!r} cannot be sent. Give a whole number from 200 to 599.")
    if key in {"seconds", "retry_after"} and not (isinstance(value, int | float) and value >= 0):
        raise ValueError(f"{key} {value!r} cannot be waited. Give a number of seconds from 0.")


class Faults:
    """The faults in force, in the order in which they were added."""

    def __init__(self) -> None:
        self._active: list[tuple[Fault, int | None]] = []
        self._callbacks: list[Callable[[Fault], None]] = []
        self._cleared = asyncio.Event()

    def add(self, fault: Fault) -> None:
        """Put `fault` in force and tell everybody who acts at once; such a listener takes the fault itself."""
        self._active.append((fault, fault.count))
        for callback in tuple(self._callbacks):
            callback(fault)

    def clear(self, system: str | None = None) -> None:
        """Remove the faults of `system`, or all; what hangs because of one goes on."""
        self._active = [entry for entry in self._active if system is not None and entry[0].system != system]
        self._cleared.set()
        self._cleared = asyncio.Event()

    def take(self, system: str, kind: str, subject: str) -> Fault | None:
        """Return the first fault of `system` and `kind` that concerns `subject` and count it down."""
        for index, (fault, left) in enumerate(self._active):
            if (fault.system, fault.kind) == (system, kind) and fault.match in subject:
                if left == 1:
                    del self._active[index]
                elif left is not None:
                    self._active[index] = (fault, left - 1)
                return fault
        return None

    def active(self) -> list[Fault]:
        """The faults still in force, with what is left of their counts."""
        return [
            Fault(system=fault.system, kind=fault.kind, match=fault.match, count=left, options=fault.options)
            for fault, left in self._active
        ]

    def on_add(self, callback: Callable[[Fault], None]) -> None:
        self._callbacks.append(callback)

    def drive(self, body: Obj) -> Obj:
        """Do what `POST /_drive/fault` asks for; ValueError carries the words for a 400."""
        if not body.get("clear"):
            self.add(Fault.from_json(body))
        elif (system := body.get("system")) is None or str(system) in KINDS:
            self.clear(system)
        else:
            raise ValueError(f"No system {system!r} has faults. Use one of: {', '.join(sorted(KINDS))}.")
        return {"ok": True, "active": [fault.to_json() for fault in self.active()]}

    async def wait(self, seconds: float) -> None:
        """Wait real seconds, or until faults are cleared: what a fault holds up must not outlive it."""
        cleared = self._cleared
        try:
            await asyncio.wait_for(cleared.wait(), seconds)
        except TimeoutError:
            return


def middleware(faults: Faults, system: str, *, status_body: str = "") -> Middleware:
    """Play the HTTP faults of `system`: `slow`, then `hang`, `down`, `status`. The subject is `METHOD /path?query`.

    `status_body` is the text that a `status` fault sends when it names none.

    The driver's own paths are spared, so that a fault can be cleared again. Seconds here are real ones: a fault tests
    the timeouts of the caller, which know nothing of the playground's speed.
    """

    @web.middleware
    async def play(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path.startswith(DRIVER_PATH):
            return await handler(request)
        subject = f"{request.method} {request.path_qs}"
        if fault := faults.take(system, "slow", subject):
            await faults.wait(fault.options.get("seconds", SLOW_SECONDS))
        if fault := faults.take(system, "hang", subject):
            await faults.wait(fault.options.get("seconds", HANG_SECONDS))
            return _hang_up(request)
        if faults.take(system, "down", subject):
            return _hang_up(request)
        if fault := faults.take(system, "status", subject):
            return _status(fault, status_body)
        return await handler(request)

    return play


def _hang_up(request: web.Request) -> web.Response:
    # The answer is never sent: the connection is gone before aiohttp tries to write it.
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


def _status(fault: Fault, default_body: str) -> web.Response:
    status, body, headers = (fault.options.get(key) for key in ("status", "body", "headers"))
    if isinstance(body, dict | list):
        return web.json_response(body, status=status or 503, headers=headers)
    return web.Response(text=default_body if body is None else str(body), status=status or 503, headers=headers)

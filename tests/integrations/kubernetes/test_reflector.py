"""The reflector against a scripted server: what it keeps, what it says, and how often it asks."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from integrations.kubernetes.fields import text
from integrations.kubernetes.outage import Outage
from integrations.kubernetes.reflector import PACE, Pace, Reflector, Source
from integrations.kubernetes.transport import Connection
from tests.integrations.kubernetes.scripted import (
    PATH,
    TOKEN,
    Naps,
    Scripted,
    kubeconfig,
    line,
    page,
    sends,
    status,
    stays,
    thing,
)

Hint = tuple[str, str | None, str | None]
ERROR_410 = line("ERROR", {"kind": "Status", "code": 410, "reason": "Expired", "message": "too old resource version"})


class Subject:
    """A reflector under test with all that it said."""

    def __init__(self, server: Scripted, folder: Path, *, naps: Naps, pace: Pace, **clocks: Any) -> None:
        self.hints: list[Hint] = []
        self.heard = asyncio.Event()
        self.naps = naps
        self.connection = Connection(kubeconfig(folder, server.url))
        self.reflector: Reflector[str] = Reflector(
            self.connection,
            Source(path=PATH, selector="slipway/app", title="rollouts in staging"),
            project=lambda obj: text(obj, "value") or None,
            on_change=self._hear,
            outage=Outage("main"),
            pace=pace,
            sleep=naps,
            **({"jitter": lambda: 1.0} | clocks),
        )

    def _hear(self, name: str, old: str | None, new: str | None) -> None:
        self.hints.append((name, old, new))
        self.heard.set()

    async def until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            self.heard.clear()
            await self.heard.wait()


@asynccontextmanager
async def running(server: Scripted, folder: Path, *, naps: int = 50, pace: Pace = PACE, **clocks: Any) -> Any:
    async with server.serve():
        subject = Subject(server, folder, naps=Naps(naps), pace=pace, **clocks)
        task = asyncio.create_task(subject.reflector.run())
        try:
            yield subject
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await subject.connection.aclose()


@pytest.fixture
def server() -> Scripted:
    return Scripted()


@pytest.fixture(autouse=True)
async def _patience() -> AsyncIterator[None]:
    async with asyncio.timeout(20):
        yield


async def test_lists_and_then_follows_changes(server: Scripted, tmp_path: Path) -> None:
    server.lists = [page(thing("a"), thing("b"))]  # type: ignore[assignment]  # a list is queue enough
    server.watches.appendleft(
        stays(
            line("MODIFIED", thing("a", "2", "11")),
            line("DELETED", thing("b", "1", "12")),
            line("ADDED", thing("c", "1", "13")),
        )
    )
    async with running(server, tmp_path) as subject:
        await subject.until(lambda: len(subject.hints) == 5)
        assert subject.hints == [
            ("a", None, "1"),
            ("b", None, "1"),
            ("a", "1", "2"),
            ("b", "1", None),
            ("c", None, "1"),
        ]
        assert dict(subject.reflector.items) == {"a": "2", "c": "1"}
        assert subject.reflector.is_synced
        assert subject.reflector.health.is_up
        assert server.queries[0]["resourceVersion"] == "10"
        assert server.queries[0]["allowWatchBookmarks"] == "true"
        assert 240 <= int(server.queries[0]["timeoutSeconds"]) <= 300
        assert server.queries[0]["labelSelector"] == "slipway/app"


async def test_is_silent_about_events_that_change_nothing_it_keeps(server: Scripted, tmp_path: Path) -> None:
    server.lists[0] = page(thing("a"))
    same = (line("MODIFIED", thing("a", "1", str(version))) for version in range(11, 31))
    server.watches.appendleft(stays(*same, line("MODIFIED", thing("a", "2", "31"))))
    async with running(server, tmp_path) as subject:
        await subject.until(lambda: ("a", "1", "2") in subject.hints)
        assert subject.hints == [("a", None, "1"), ("a", "1", "2")]


async def test_an_object_that_is_no_longer_wanted_is_dropped(server: Scripted, tmp_path: Path) -> None:
    server.lists[0] = page(thing("a"))
    server.watches.appendleft(stays(line("MODIFIED", thing("a", "", "11"))))
    async with running(server, tmp_path) as subject:
        await subject.until(lambda: len(subject.hints) == 2)
        assert subject.hints[1] == ("a", "1", None)
        assert dict(subject.reflector.items) == {}


async def test_reads_all_pages_of_a_list(server: Scripted, tmp_path: Path) -> None:
    server.lists.extendleft([page(thing("b")), page(thing("a"), more="token")])
    async with running(server, tmp_path) as subject:
        await subject.reflector.synced.wait()
        assert set(subject.reflector.items) == {"a", "b"}
        assert [query.get("continue") for _, query in server.asked[:2]] == [None, "token"]
        assert server.asked[0][1]["limit"] == "500"


async def test_an_expired_page_is_followed_by_one_list_in_full(server: Scripted, tmp_path: Path) -> None:
    server.lists.extendleft([page(thing("a"), thing("b")), status(410), page(thing("a"), more="token")])
    async with running(server, tmp_path) as subject:
        await subject.reflector.synced.wait()
        assert set(subject.reflector.items) == {"a", "b"}
        assert "limit" not in server.asked[2][1]


async def test_resumes_at_the_last_bookmark(server: Scripted, tmp_path: Path) -> None:
    server.watches.appendleft(sends(line("BOOKMARK", {"metadata": {"resourceVersion": "50"}})))
    async with running(server, tmp_path, naps=2) as subject:
        while len(server.queries) < 2:  # noqa: ASYNC110  # the server's own record has no event
            await asyncio.sleep(0)
        assert server.queries[1]["resourceVersion"] == "50"
        assert [kind for kind, _ in server.asked] == ["list", "watch", "watch"]
        assert subject.hints == []


@pytest.mark.parametrize("gone", [sends(ERROR_410), status(410)], ids=["as a line", "as a status"])
async def test_lists_again_and_notices_what_was_deleted_when_the_past_is_gone(
    gone: Any, server: Scripted, tmp_path: Path
) -> None:
    server.lists.clear()
    server.lists.extend([page(thing("a"), thing("b")), page(thing("a", "2"), thing("c"), version="99")])
    server.watches.appendleft(gone)
    async with running(server, tmp_path) as subject:
        await subject.until(lambda: ("b", "1", None) in subject.hints)
        assert sorted(subject.hints[2:]) == [("a", "1", "2"), ("b", "1", None), ("c", None, "1")]
        assert len(subject.naps.taken) == 1


@pytest.mark.parametrize(
    "watch",
    [
        sends(),
        sends(ERROR_410),
        sends(b"<html>no watch here</html>\n"),
        sends(b"404 page not found\n", b"404 page not found\n"),
        sends(b"[]\n"),
        sends(line("ERROR", {"kind": "Status", "code": 500, "message": "etcd"})),
        sends(line("ADDED", thing("a", "1", "11"))),
        status(410),
        status(500),
        status(403),
        web.Response(text="404 page not found", status=404),
    ],
)
async def test_never_hurries_when_a_watch_ends_at_once(watch: Any, server: Scripted, tmp_path: Path) -> None:
    server.watches[0] = watch
    if isinstance(watch, web.Response):
        server.watches = _fresh(watch)  # type: ignore[assignment]  # an endless queue
    async with running(server, tmp_path, naps=12) as subject:
        await subject.naps.enough.wait()
        assert len(server.queries) == 12
        assert subject.naps.taken == [0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 30.0, 30.0, 30.0]


class _fresh:  # noqa: N801  # stands in for a deque
    """An endless queue of one response, which can be sent only once each."""

    def __init__(self, sample: web.Response) -> None:
        self.sample = sample

    def __len__(self) -> int:
        return 1

    def __getitem__(self, index: int) -> web.Response:
        return web.Response(text=self.sample.text, status=self.sample.status)


async def test_the_jitter_halves_the_wait_at_most(server: Scripted, tmp_path: Path) -> None:
    server.watches[0] = sends()
    async with running(server, tmp_path, naps=3, jitter=lambda: 0.0) as subject:
        await subject.naps.enough.wait()
        assert subject.naps.taken == [0.125, 0.25, 0.5]


async def test_a_long_watch_that_ends_is_followed_at_once(server: Scripted, tmp_path: Path) -> None:
    server.watches[0] = sends()
    hours = count(step=3600)
    async with running(server, tmp_path, naps=3, monotonic=lambda: float(next(hours))) as subject:
        await subject.naps.enough.wait()
        assert subject.naps.taken == [0.0, 0.0, 0.0]


async def test_garbage_makes_it_list_again(server: Scripted, tmp_path: Path) -> None:
    server.lists.clear()
    server.lists.extend([page(thing("a")), page(thing("a", "2"))])
    server.watches.appendleft(sends(b"not json\n"))
    async with running(server, tmp_path) as subject:
        await subject.until(lambda: ("a", "1", "2") in subject.hints)


async def test_what_is_no_list_is_a_failure_and_nothing_is_lost_by_it(server: Scripted, tmp_path: Path) -> None:
    server.lists.clear()
    server.lists.extend([page(thing("a"), {"metadata": {}}), {"kind": "Status"}])
    server.watches[0] = status(410)
    async with running(server, tmp_path, naps=3) as subject:
        await subject.naps.enough.wait()
        assert dict(subject.reflector.items) == {"a": "1"}
        assert "no list came back" in subject.reflector.health.failure


async def test_waits_as_long_as_it_is_told(server: Scripted, tmp_path: Path) -> None:
    server.headers = {"Retry-After": "7"}
    server.lists.clear()
    server.lists.append(status(429))
    async with running(server, tmp_path, naps=2) as subject:
        await subject.naps.enough.wait()
        assert subject.naps.taken == [7.0, 7.0]


async def test_a_slow_start_is_said_once_and_so_is_its_end(
    server: Scripted, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    server.lists.extendleft([status(503)] * 3)
    server.watches.appendleft(stays(line("ADDED", thing("a", "1", "11"))))
    async with running(server, tmp_path) as subject:
        assert not subject.reflector.is_synced
        assert not subject.reflector.health.is_up
        await subject.until(lambda: len(subject.hints) == 1)
        said = [(record.levelname, record.getMessage()) for record in caplog.records]
        assert [level for level, _ in said] == ["WARNING", "INFO"]
        assert "rollouts in staging" in said[0][1]
        assert "503" in said[0][1]
        assert TOKEN not in caplog.text
        assert subject.reflector.health.is_up


async def test_a_version_that_is_refused_is_not_asked_for_again(
    server: Scripted, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    server.lists.clear()
    server.lists.extend([page(), page(thing("a"), version="3")])
    server.watches.clear()
    server.watches.extend([status(400, "invalid resourceVersion"), stays(line("ADDED", thing("b", "1", "4")))])
    async with running(server, tmp_path) as subject:
        await subject.until(lambda: len(subject.hints) == 2)
        assert [query["resourceVersion"] for query in server.queries] == ["10", "3"]
        assert len(caplog.records) == 1


async def test_a_watch_that_is_forbidden_is_said_once_although_the_list_is_not(
    server: Scripted, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    server.watches[0] = status(403)
    async with running(server, tmp_path, naps=6) as subject:
        await subject.naps.enough.wait()
        assert [record.levelname for record in caplog.records] == ["WARNING"]
        assert not subject.reflector.health.is_up


async def test_an_unreachable_server_leaves_what_is_known(server: Scripted, tmp_path: Path) -> None:
    server.lists.clear()
    server.lists.append(page(thing("a")))
    server.watches = _closing(server)  # type: ignore[assignment]  # a queue that ends the service
    async with running(server, tmp_path, naps=3) as subject:
        await subject.naps.enough.wait()
        assert dict(subject.reflector.items) == {"a": "1"}
        assert subject.reflector.is_synced
        assert not subject.reflector.health.is_up
        assert "500" in subject.reflector.health.failure


class _closing:  # noqa: N801  # stands in for a deque
    """A queue of watches that fail, and lists that fail with them."""

    def __init__(self, server: Scripted) -> None:
        self.server = server

    def __len__(self) -> int:
        return 1

    def __getitem__(self, index: int) -> Any:
        self.server.lists[0] = status(500)
        return status(500)


async def test_a_silent_connection_is_given_up(server: Scripted, tmp_path: Path) -> None:
    server.lists.clear()
    server.lists.extend([page(thing("a")), page(thing("a", "2"))])
    pace = replace(PACE, silence=timedelta(milliseconds=50))
    async with running(server, tmp_path, pace=pace) as subject:
        await subject.until(lambda: ("a", "1", "2") in subject.hints)


async def test_a_line_of_many_megabytes_is_read(server: Scripted, tmp_path: Path) -> None:
    large = "x" * 6_000_000
    server.watches.appendleft(stays(line("ADDED", thing("a", large, "11")), line("ADDED", thing("b", "1", "12"))))
    async with running(server, tmp_path) as subject:
        await subject.until(lambda: len(subject.hints) == 2)
        assert subject.reflector.items["a"] == large


async def test_can_be_cancelled_in_the_middle_of_a_watch(server: Scripted, tmp_path: Path) -> None:
    async with server.serve():
        subject = Subject(server, tmp_path, naps=Naps(5), pace=PACE)
        task = asyncio.create_task(subject.reflector.run())
        await subject.reflector.synced.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await subject.connection.aclose()


async def test_can_be_cancelled_while_it_waits_for_an_answer(server: Scripted, tmp_path: Path) -> None:
    server.lists[0] = stays()
    async with server.serve():
        subject = Subject(server, tmp_path, naps=Naps(5), pace=PACE)
        task = asyncio.create_task(subject.reflector.run())
        while not server.asked:  # noqa: ASYNC110  # the server's own record has no event
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await subject.connection.aclose()

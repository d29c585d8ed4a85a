"""The HTTP layer: what becomes a value, what becomes Temporary or Permanent, and that no credential ever leaks."""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiohttp import web
from kubernetes.aio.config import incluster_config

from commands.core.catalog import Cluster
from commands.core.errors import Permanent, SystemFailure, Temporary
from integrations.kubernetes import transport
from integrations.kubernetes.transport import Answer, Connection
from tests.integrations.kubernetes.scripted import PATH, TOKEN, Scripted, kubeconfig, page, status, stays

SILENCE = timedelta(seconds=5)


@pytest.fixture
async def server() -> AsyncIterator[Scripted]:
    async with Scripted().serve() as served:
        yield served


@pytest.fixture
async def connection(server: Scripted, tmp_path: Path) -> AsyncIterator[Connection]:
    made = Connection(kubeconfig(tmp_path, server.url))
    yield made
    await made.aclose()


async def send(connection: Connection, call: str) -> Answer:
    match call:
        case "get":
            return await connection.get(PATH)
        case "list":
            return await connection.list_page(PATH, params={})
        case "create":
            return await connection.create(PATH, {})
        case "json-patch":
            return await connection.json_patch(PATH, [])
        case _:
            return await connection.merge_patch(PATH, {})


@pytest.mark.parametrize(
    ("call", "code"),
    [
        ("get", 200),
        ("get", 404),
        ("list", 410),
        ("create", 201),
        ("create", 409),
        ("json-patch", 404),
        ("json-patch", 409),
        ("json-patch", 422),
        ("merge-patch", 404),
    ],
)
async def test_facts_are_values(call: str, code: int, server: Scripted, connection: Connection) -> None:
    server.lists[0] = status(code, "as scripted")
    answer = await send(connection, call)
    assert (answer.status, answer.body["message"]) == (code, "as scripted")


@pytest.mark.parametrize(
    ("call", "code", "kind"),
    [
        ("get", 401, Permanent),
        ("get", 403, Permanent),
        ("get", 410, Permanent),
        ("list", 404, Permanent),
        ("create", 422, Permanent),
        ("create", 404, Permanent),
        ("create", 400, Permanent),
        ("merge-patch", 409, Permanent),
        ("get", 408, Temporary),
        ("create", 429, Temporary),
        ("json-patch", 500, Temporary),
        ("merge-patch", 503, Temporary),
        ("list", 504, Temporary),
    ],
)
async def test_failures_say_verb_object_status_and_reason_and_are_not_sent_again(
    call: str, code: int, kind: type[SystemFailure], server: Scripted, connection: Connection
) -> None:
    server.lists[0] = status(code, "the reason " + "x" * 1000)
    with pytest.raises(kind) as caught:
        await send(connection, call)
    message = caught.value.message
    assert type(caught.value) is kind
    assert f" {PATH} on cluster main: {code} the reason xxx" in message
    assert len(message) < 500
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("headers", "body", "seconds"),
    [
        ({"Retry-After": "7"}, {}, 7),
        ({}, {"retryAfterSeconds": 2}, 2),
        ({"Retry-After": "soon"}, {}, None),
        ({}, {}, None),
    ],
)
async def test_the_servers_wish_to_be_left_alone_is_passed_on(
    headers: dict[str, str], body: dict[str, int], seconds: int | None, server: Scripted, connection: Connection
) -> None:
    server.headers = headers
    server.lists[0] = 429, {"kind": "Status", "details": body}
    with pytest.raises(Temporary) as caught:
        await connection.get(PATH)
    assert caught.value.retry_after == (None if seconds is None else timedelta(seconds=seconds))


async def test_a_type_that_is_not_installed_is_no_missing_object(server: Scripted, connection: Connection) -> None:
    server.lists[0] = web.Response(status=404, text="404 page not found\n")
    with pytest.raises(Permanent, match="not installed"):
        await connection.get(PATH)


async def test_an_answer_that_is_no_json_is_only_text(server: Scripted, connection: Connection) -> None:
    server.lists[0] = web.Response(body=b"caf\xe9 log\n")
    answer = await connection.get(PATH)
    assert (answer.body, answer.text) == ({}, "caf\ufffd log\n")


async def test_an_unreachable_server_is_temporary(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        connection = Connection(kubeconfig(tmp_path, f"http://127.0.0.1:{free.getsockname()[1]}"))
        with pytest.raises(Temporary, match=r"GET .* on cluster main: ClientConnectorError"):
            await connection.get(PATH)
    await connection.aclose()


async def test_a_server_that_does_not_answer_is_temporary(server: Scripted, connection: Connection) -> None:
    server.lists[0] = stays()
    with pytest.raises(Temporary, match="no answer in time"):
        await connection.request("GET", PATH, values=set(), timeout=timedelta(milliseconds=50))


async def test_a_watch_that_is_refused_fails_before_any_line(server: Scripted, connection: Connection) -> None:
    server.watches[0] = status(403, "forbidden")
    with pytest.raises(Permanent, match=r"WATCH .* 403 forbidden"):
        async with connection.stream(PATH, params={"watch": "true"}, silence=SILENCE):
            pass


async def test_a_watch_that_falls_silent_times_out(server: Scripted, connection: Connection) -> None:
    server.watches[0] = stays(b"{}\n")
    heard: list[bytes] = []
    with pytest.raises(Temporary, match=r"WATCH .* no answer in time"):
        await listen(connection, heard)
    assert heard == [b"{}"]


async def listen(
    connection: Connection, heard: list[bytes], *, on_line: Callable[[], Awaitable[None]] | None = None
) -> None:
    silence = timedelta(milliseconds=50) if on_line is None else SILENCE
    async with connection.stream(PATH, params={"watch": "true"}, silence=silence) as lines:
        assert not isinstance(lines, Answer)
        async for line in lines:
            heard.append(line)
            if on_line is not None:
                await on_line()


async def test_the_token_is_in_nothing_that_is_raised_or_logged(
    server: Scripted, connection: Connection, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server.lists[0] = status(403, f"no rights for the bearer of {TOKEN}")
    with pytest.raises(Permanent) as caught:
        await connection.get(PATH)
    server.lists[0] = stays()
    with pytest.raises(Temporary) as late:
        await connection.request("GET", PATH, values=set(), timeout=timedelta(milliseconds=20))
    for failure in (caught.value, late.value):
        assert TOKEN not in f"{failure} {failure!r} {failure.__cause__!r} {vars(failure)}"
    assert TOKEN not in caplog.text


async def test_many_requests_at_once_open_one_session(server: Scripted, connection: Connection) -> None:
    answers = await asyncio.gather(*(connection.get(PATH) for _ in range(20)))
    assert [answer.body for answer in answers] == [page()] * 20


async def test_closing_under_an_open_watch_breaks_it_like_any_connection(
    server: Scripted, connection: Connection
) -> None:
    server.watches[0] = stays(b"{}\n")
    heard: list[bytes] = []
    with pytest.raises(Temporary, match=r"WATCH .* on cluster main: Client"):
        await listen(connection, heard, on_line=connection.aclose)
    assert heard == [b"{}"]


async def test_closing_twice_or_unused_is_harmless(tmp_path: Path) -> None:
    connection = Connection(kubeconfig(tmp_path, "http://127.0.0.1:1"))
    await connection.aclose()
    await connection.aclose()


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("", "kubeconfig"),
        ("just text", "kubeconfig"),
        ("{", "ParserError"),
        ("[1, 2]", "kubeconfig"),
        ("apiVersion: v1\nkind: Config\n", "kubeconfig"),
        ("contexts: [{name: a, context: {cluster: x}}]\ncurrent-context: a\n", "kubeconfig"),
    ],
)
async def test_a_file_that_is_no_kubeconfig_is_permanent(content: str, complaint: str, tmp_path: Path) -> None:
    path = tmp_path / "broken"
    path.write_text(content)
    with pytest.raises(Permanent, match=complaint):
        await Connection(Cluster(name="main", kubeconfig=str(path))).get(PATH)


async def test_a_kubeconfig_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(Permanent, match=r"nowhere: No such file"):
        await Connection(Cluster(name="main", kubeconfig=str(tmp_path / "nowhere"))).get(PATH)


async def test_a_context_that_is_missing_is_named(tmp_path: Path) -> None:
    known = kubeconfig(tmp_path, "http://127.0.0.1:1")
    with pytest.raises(Permanent, match="elsewhere"):
        await Connection(Cluster(name="main", kubeconfig=known.kubeconfig, context="elsewhere")).get(PATH)


@pytest.mark.parametrize("plugin", [{"exec": {"command": "touch"}}, {"auth-provider": {"name": "gcp"}}])
async def test_a_kubeconfig_that_runs_a_program_is_refused(plugin: dict[str, Any], tmp_path: Path) -> None:
    cluster = kubeconfig(tmp_path, "http://127.0.0.1:1", **plugin)
    with pytest.raises(Permanent, match="not supported: use a token or certificates"):
        await Connection(cluster).get(PATH)


@pytest.fixture
def with_bad_certificate(tmp_path: Path) -> Cluster:
    cluster = kubeconfig(tmp_path, "https://127.0.0.1:1")
    config = yaml.safe_load(Path(cluster.kubeconfig).read_text())
    (tmp_path / "ca.crt").write_text("no certificate")
    config["clusters"][0]["cluster"]["certificate-authority"] = "ca.crt"
    Path(cluster.kubeconfig).write_text(yaml.safe_dump(config))
    return cluster


async def test_certificates_that_cannot_be_used_are_permanent(with_bad_certificate: Cluster) -> None:
    with pytest.raises(Permanent, match="certificates cannot be used"):
        await Connection(with_bad_certificate).get(PATH)


async def test_outside_a_pod_a_kubeconfig_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    with pytest.raises(Permanent, match="name a kubeconfig in the catalog"):
        await Connection(Cluster(name="main")).get(PATH)


async def test_in_a_pod_the_service_account_is_used_and_read_again_when_it_is_renewed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    token, authority = tmp_path / "token", tmp_path / "ca.crt"
    token.write_text("first\n")
    authority.write_text("not read here")
    monkeypatch.setattr(incluster_config, "SERVICE_TOKEN_FILENAME", str(token))
    monkeypatch.setattr(incluster_config, "SERVICE_CERT_FILENAME", str(authority))
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "443")
    monkeypatch.setattr(incluster_config.InClusterConfigLoader, "_read_token_file", read := _Reader(token))
    configuration = await transport._configuration(Cluster(name="main"))
    assert configuration.host == "https://10.0.0.1:443"
    for word in ("first", "second"):
        token.write_text(f"{word}\n")
        auth = await configuration.auth_settings()
        assert auth["BearerToken"]["value"].strip() == f"bearer {word}"
    assert read.times == 3


class _Reader:
    """Reads the token as the client does, and lets it expire at once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.times = 0

    def __get__(self, loader: Any, _kind: object = None) -> Callable[[], None]:
        def read() -> None:
            self.times += 1
            loader.token = "bearer " + self.path.read_text()
            loader.token_expires_at = datetime.now() - timedelta(seconds=1)  # noqa: DTZ005  # as the client compares

        return read


async def test_a_line_without_an_end_is_given_up(
    server: Scripted, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "LARGEST_LINE", 1000)
    server.watches[0] = stays(b"x" * 2000)
    with pytest.raises(Temporary, match="no end"):
        await listen(connection, [], on_line=connection.aclose)

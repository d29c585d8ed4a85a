"""HTTP to one Kubernetes API server on the official client's configuration, authentication and connection pool.

Used by the reflectors, the ports and the check. One request is sent once: nothing here retries. Its failures leave as
Temporary or Permanent; answers that are facts (no such object, already there, changed meanwhile) leave as values.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import aiohttp
import yaml
from kubernetes.aio.client import ApiException, Configuration
from kubernetes.aio.client.rest import RESTClientObject
from kubernetes.aio.config import ConfigException, load_incluster_config, load_kube_config

from commands.core.catalog import Cluster
from commands.core.errors import Permanent, SystemFailure, Temporary
from integrations.kubernetes.fields import Obj, at, mappings, parsed, text

SYSTEM = "Kubernetes"
JSON = "application/json"
MERGE_PATCH = "application/merge-patch+json"
JSON_PATCH = "application/json-patch+json"

OK, BAD_REQUEST, NOT_FOUND, CONFLICT, GONE, UNPROCESSABLE = 200, 400, 404, 409, 410, 422
TIMEOUT = timedelta(seconds=15)
CONNECT = timedelta(seconds=10)
LONGEST_MESSAGE = 300
LARGEST_LINE = 32 * 1024 * 1024
_PASSING = frozenset({408, 425, 429})


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said: one of the statuses that were asked for, the JSON object, or the bare text."""

    status: int
    body: Obj
    text: str = ""


class Connection:
    """One API server, reached with the credentials of a kubeconfig or of the pod that this runs in.

    Parameters
    ----------
    cluster
        Its name and where its credentials are.
    """

    def __init__(self, cluster: Cluster) -> None:
        self.name = cluster.name
        self._cluster = cluster
        self._opening = asyncio.Lock()
        self._rest: Any = None
        self._configuration: Any = None
        self._connector: aiohttp.TCPConnector | None = None

    async def get(self, path: str, *, params: Mapping[str, str] | None = None) -> Answer:
        """Read; 404 of an object is a value, 404 of a resource type that is not installed is Permanent."""
        return await self.request("GET", path, params=params, values={NOT_FOUND})

    async def list_page(self, path: str, *, params: Mapping[str, str]) -> Answer:
        """Read one page of a list; 410 (the continue token or resourceVersion is too old) is a value."""
        return await self.request("GET", path, params=params, values={GONE})

    async def create(self, path: str, body: Obj) -> Answer:
        """Create; 409 (the name is taken) is a value."""
        return await self.request("POST", path, body=body, content_type=JSON, values={CONFLICT})

    async def json_patch(self, path: str, operations: list[dict[str, Any]]) -> Answer:
        """Patch atomically; 404, 409 and 422 (a test failed) are values."""
        values = {NOT_FOUND, CONFLICT, UNPROCESSABLE}
        return await self.request("PATCH", path, body=operations, content_type=JSON_PATCH, values=values)

    async def merge_patch(self, path: str, body: Obj) -> Answer:
        """Patch; 404 is a value."""
        return await self.request("PATCH", path, body=body, content_type=MERGE_PATCH, values={NOT_FOUND})

    async def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: Any = None,
        content_type: str = "",
        values: set[int],
        timeout: timedelta = TIMEOUT,  # noqa: ASYNC109  # the cap of the HTTP layer, below the caller's own deadline
    ) -> Answer:
        """Send one request once and read its whole answer.

        Raises
        ------
        Temporary
            No answer within the timeout, a broken connection, 408, 429 (with its Retry-After) or 5xx.
        Permanent
            Any other status but 2xx and `values`.
        """
        limit = aiohttp.ClientTimeout(total=timeout.total_seconds(), sock_connect=CONNECT.total_seconds())
        async with self._failures(method, path):
            response = await self._send(method, _with(path, params), body, content_type=content_type, limit=limit)
            raw = await response.read()
        return self._judge(response, raw, f"{method} {path}", values=values)

    @asynccontextmanager
    async def stream(
        self, path: str, *, params: Mapping[str, str], silence: timedelta
    ) -> AsyncIterator[AsyncIterator[bytes] | Answer]:
        """Open a watch: its lines as they come, or the Answer when it is 410; `silence` caps each wait for data."""
        limit = aiohttp.ClientTimeout(
            total=None, sock_connect=CONNECT.total_seconds(), sock_read=silence.total_seconds()
        )
        async with self._failures("WATCH", path):
            response = await self._send("GET", _with(path, params), None, content_type="", limit=limit)
            try:
                if response.status == OK:
                    yield _lines(response)
                else:
                    yield self._judge(response, await response.read(), f"WATCH {path}", values={GONE})
            finally:
                _hang_up(response)

    async def aclose(self) -> None:
        rest, self._rest = self._rest, None
        connector, self._connector = self._connector, None
        if rest is not None:
            await rest.close()
        if connector is not None:
            await connector.close()

    async def _send(
        self, method: str, path: str, body: Any, *, content_type: str, limit: aiohttp.ClientTimeout
    ) -> aiohttp.ClientResponse:
        rest = await self._open()
        headers = {"Accept": JSON, "Content-Type": content_type or JSON, "User-Agent": "slipway"}
        for auth in (await self._configuration.auth_settings()).values():
            headers[auth["key"]] = auth["value"].strip()
        url = self._configuration.host + path
        with _as_broken():
            answer = await rest.request(method, url, headers=headers, body=body, _request_timeout=limit)
        response: aiohttp.ClientResponse = answer.response
        return response

    async def _open(self) -> Any:
        async with self._opening:
            if self._rest is None:
                self._configuration = await _configuration(self._cluster)
                rest = self._pool()
                # Every watch holds a connection, so their number has no cap here; a dead peer is noticed by probes.
                self._connector = aiohttp.TCPConnector(limit=0, ssl=rest.ssl_context, socket_factory=_kept_alive)
                self._configuration.client_session_kwargs = {"connector": self._connector, "trust_env": True}
                self._rest = rest
        return self._rest

    def _pool(self) -> Any:
        try:
            return RESTClientObject(self._configuration)
        except (OSError, ValueError) as error:
            raise self._failure(Permanent, "TLS", f"the certificates cannot be used: {_reason(error)}") from error

    @asynccontextmanager
    async def _failures(self, verb: str, path: str) -> AsyncIterator[None]:
        """Turn what the HTTP layer raises into our own exceptions, without its repr: that could hold headers."""
        try:
            yield
        except (TimeoutError, aiohttp.ClientError, ApiException, ConfigException, OSError) as error:
            if isinstance(error, aiohttp.ClientConnectorCertificateError | aiohttp.InvalidURL | ConfigException):
                raise self._failure(Permanent, f"{verb} {path}", _reason(error)) from error
            raise self._failure(Temporary, f"{verb} {path}", _reason(error)) from error

    def _judge(self, response: aiohttp.ClientResponse, raw: bytes, what: str, *, values: set[int]) -> Answer:
        status, body = response.status, parsed(raw)
        is_success = OK <= status < OK + 100
        answer = Answer(status, body or {}, raw.decode(errors="replace"))
        # "404 page not found" without a Status object is said of a resource type that is not installed.
        if is_success or (status in values and (body is not None or status != NOT_FOUND)):
            return answer
        said = text(body, "message") or answer.text.strip() or (response.reason or "")
        if status == NOT_FOUND and body is None:
            said = "this resource type is not installed"
        message = f"{status} {said[:LONGEST_MESSAGE]}"
        if status in _PASSING or status >= 500:  # noqa: PLR2004  # server errors
            raise self._failure(Temporary, what, message, retry_after=_retry_after(response, body))
        raise self._failure(Permanent, what, message)

    def _failure(
        self, kind: type[SystemFailure], what: str, why: str, *, retry_after: timedelta | None = None
    ) -> SystemFailure:
        message = self._without_secrets(f"{what} on cluster {self.name}: {why}")
        if kind is Temporary:
            return Temporary(SYSTEM, message, retry_after=retry_after)
        return kind(SYSTEM, message)

    def _without_secrets(self, message: str) -> str:
        keys = self._configuration.api_key.values() if self._configuration is not None else ()
        for key in keys:
            secret = str(key).split(" ", 1)[-1].strip()
            message = message.replace(secret, "…") if secret else message
        return message


async def _configuration(cluster: Cluster) -> Any:
    configuration = Configuration()
    try:
        if not cluster.kubeconfig:
            load_incluster_config(client_configuration=configuration)
            return configuration
        _refuse_plugins(cluster)
        await load_kube_config(
            config_file=cluster.kubeconfig,
            context=cluster.context or None,
            client_configuration=configuration,
            persist_config=False,
        )
    except ConfigException as error:
        where = f"kubeconfig {cluster.kubeconfig}" if cluster.kubeconfig else "in-cluster credentials"
        hint = "" if cluster.kubeconfig else "; outside a pod, name a kubeconfig in the catalog's clusters"
        raise Permanent(SYSTEM, f"cluster {cluster.name}: {where}: {error}{hint}") from error
    except (OSError, yaml.YAMLError, ValueError, TypeError, AttributeError) as error:
        # The loader trips in many ways over a file that is no kubeconfig; its own text could quote the file.
        problem = type(error).__name__ if not isinstance(error, OSError) else (error.strerror or "cannot be read")
        raise Permanent(SYSTEM, f"cluster {cluster.name}: kubeconfig {cluster.kubeconfig}: {problem}") from error
    return configuration


def _refuse_plugins(cluster: Cluster) -> None:
    """Run no program that a file names: a kubeconfig of the bot has a token or certificates in it."""
    config = yaml.safe_load(Path(cluster.kubeconfig).read_text(encoding="utf-8"))
    wanted = cluster.context or text(config, "current-context")
    context = next((each for each in mappings(config, "contexts") if text(each, "name") == wanted), {})
    name = text(context, "context", "user")
    user = next((each for each in mappings(config, "users") if text(each, "name") == name), {})
    for plugin in ("exec", "auth-provider"):
        if at(user, "user", plugin) is not None:
            raise ConfigException(
                f"user {name} signs in by {plugin}, which is not supported: use a token or certificates"
            )


def _kept_alive(info: Any) -> socket.socket:
    """Make a socket whose dead peer is noticed after half a minute of silence, not after the kernel's two hours."""
    family, kind, protocol, *_ = info
    made = socket.socket(family=family, type=kind, proto=protocol)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in (("TCP_KEEPIDLE", 15), ("TCP_KEEPINTVL", 5), ("TCP_KEEPCNT", 3)):
        if hasattr(socket, option):
            made.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)
    return made


async def _lines(response: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    """Split what arrives into lines; the HTTP library's own line reader gives up at a few megabytes."""
    rest = bytearray()
    while chunk := await _chunk(response):
        searched = len(rest)
        rest += chunk
        while (end := rest.find(b"\n", searched)) >= 0:
            line, searched = bytes(rest[:end]), 0
            del rest[: end + 1]
            if line.strip():
                yield line
        if len(rest) > LARGEST_LINE:
            raise aiohttp.ClientPayloadError("a line of the watch has no end")


def _hang_up(response: aiohttp.ClientResponse) -> None:
    """End a watch without the farewell of TLS, for which a dead peer would keep the socket waiting."""
    if response.connection is not None and response.connection.transport is not None:
        response.connection.transport.abort()
    response.close()


async def _chunk(response: aiohttp.ClientResponse) -> bytes:
    with _as_broken():
        return await response.content.readany()


@contextmanager
def _as_broken() -> Iterator[None]:
    """Call a session that was closed meanwhile what it is: the HTTP library raises a bare RuntimeError."""
    try:
        yield
    except RuntimeError as error:
        raise aiohttp.ClientConnectionError(str(error)) from error


def _with(path: str, params: Mapping[str, str] | None) -> str:
    return f"{path}?{urlencode(params)}" if params else path


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, ConfigException):
        return "its credentials cannot be read"
    detail = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return f"{type(error).__name__} {detail}"[:LONGEST_MESSAGE].strip()


def _retry_after(response: aiohttp.ClientResponse, body: Obj | None) -> timedelta | None:
    said = response.headers.get("Retry-After", "") or str(at(body, "details", "retryAfterSeconds") or "")
    return timedelta(seconds=int(said)) if said.isascii() and said.isdigit() and len(said) < 6 else None  # noqa: PLR2004  # a day

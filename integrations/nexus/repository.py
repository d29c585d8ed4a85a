"""The GETs that Slipway makes on Nexus, each bounded in time and size, failures translated and outages logged once.

Used by versions.py and checks.py. It follows no redirects: a password must not travel to wherever an answer points.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

import httpx

from commands.core.errors import Permanent, SystemFailure, Temporary
from integrations.nexus.settings import NexusSettings

_log = logging.getLogger(__name__)

SYSTEM: Final = "Nexus"
OK, NOT_FOUND, FORBIDDEN = 200, 404, 403
PHASE_SECONDS: Final = 2.0
MAX_BYTES: Final = 8 * 2**20
_UNAUTHORIZED, _FIRST_ERROR, _FIRST_SERVER_ERROR = 401, 400, 500
_RETRYABLE = frozenset({408, 429})


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: 200 with a body, or a status that the caller said it can do with."""

    status: int
    body: bytes


class Repository:
    """One repository on one server, as one account sees it."""

    def __init__(self, settings: NexusSettings, client: httpx.AsyncClient) -> None:
        self._settings = settings
        self._client = client
        self._base = settings.url.rstrip("/")
        self._is_down = False
        password = settings.password.get_secret_value() if settings.password else ""
        self._auth = httpx.BasicAuth(settings.username, password) if settings.username else None

    @asynccontextmanager
    async def budget(self) -> AsyncIterator[None]:
        """Give what is inside the time of one list, and log the first and the last failure of an outage."""
        try:
            async with asyncio.timeout(self._settings.budget.total_seconds()):
                yield
        except TimeoutError as exc:
            seconds = self._settings.budget.total_seconds()
            failure = Temporary(SYSTEM, f"{self._base} gave no answer within {seconds:g} s.")
            self._note(failure)
            raise failure from exc
        except SystemFailure as failure:
            self._note(failure)
            raise
        self._note(None)

    async def get(
        self, path: str, params: Mapping[str, str] | None = None, *, accept: frozenset[int] = frozenset()
    ) -> Answer:
        """Get a path; a status other than 200 and those accepted raises Temporary or Permanent."""
        try:
            async with self._client.stream(
                "GET",
                f"{self._base}{path}",
                params=params,
                auth=self._auth,
                timeout=PHASE_SECONDS,
                follow_redirects=False,
            ) as response:
                if response.status_code == OK:
                    return Answer(OK, await _body(response))
                if response.status_code in accept:
                    return Answer(response.status_code, b"")
                raise self._refusal(response.status_code, path)
        except httpx.HTTPError as exc:
            raise Temporary(SYSTEM, f"{self._base} could not be reached ({type(exc).__name__}).") from exc

    def odd(self, path: str) -> Permanent:
        """Say that an answer is not what Nexus gives there."""
        return Permanent(
            SYSTEM,
            f"the answer of {self._base}{path} is not that of Nexus. Check that the address leads to Nexus itself.",
        )

    def _refusal(self, status: int, path: str) -> SystemFailure:
        who = self._settings.username or "an anonymous reader"
        if status >= _FIRST_SERVER_ERROR or status in _RETRYABLE:
            return Temporary(SYSTEM, f"{self._base} is not ready (HTTP {status}).")
        if status == _UNAUTHORIZED:
            return Permanent(
                SYSTEM, f"{self._base} does not know {who} (HTTP 401). Check the username and the password."
            )
        if status == FORBIDDEN:
            remedy = f"Permit {who} to browse and read the repository {self._settings.repository}."
            return Permanent(SYSTEM, f"{who} may not read {self._base}{path} (HTTP 403). {remedy}")
        if status < _FIRST_ERROR:
            return Permanent(
                SYSTEM, f"{self._base} leads elsewhere (HTTP {status}). Give the address that it leads to."
            )
        return Permanent(SYSTEM, f"{self._base}{path} cannot be read (HTTP {status}). Check the address.")

    def _note(self, failure: SystemFailure | None) -> None:
        if failure is not None and not self._is_down:
            _log.warning("Nexus cannot be asked: %s", failure.message)
        if failure is None and self._is_down:
            _log.warning("Nexus answers again.")
        self._is_down = failure is not None


async def _body(response: httpx.Response) -> bytes:
    """Read a body, but no more of it than a list of versions can need."""
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > MAX_BYTES:
            raise Permanent(SYSTEM, f"{response.url.host} sent more than {MAX_BYTES // 2**20} MiB. Check the address.")
    return bytes(body)

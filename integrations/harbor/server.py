"""The requests that Slipway makes on Harbor, bounded in time and size, failures translated and outages logged once.

Used by the other modules of this package. It follows no redirects: a password must not travel to wherever an answer
points. What an error says is read to understand it, never passed on.
"""

import asyncio
import base64
import logging
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import httpx

from commands.core.errors import Permanent, SystemFailure, Temporary
from integrations.harbor.settings import HarborSettings

_log = logging.getLogger(__name__)

SYSTEM: Final = "Harbor"
OK, UNAUTHORIZED, FORBIDDEN, NOT_FOUND = 200, 401, 403, 404
PHASE_SECONDS: Final = 5.0
MAX_BYTES: Final = 8 * 2**20
MAX_ERROR_BYTES: Final = 16 * 2**10
_FIRST_ERROR, _FIRST_SERVER_ERROR = 400, 500
_PRECONDITION_FAILED: Final = 412
_RETRYABLE = frozenset({408, 429})
_LONGEST_WAIT: Final = 3600
_QUOTA: Final = re.compile(rb"quota|exceed the configured upper limit", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: 200 with a body, or a status that the caller said it can do with."""

    status: int
    headers: httpx.Headers
    body: bytes


class Server:
    """One Harbor, or plain registry, as one account sees it."""

    def __init__(self, settings: HarborSettings, client: httpx.AsyncClient) -> None:
        self._settings = settings
        self._client = client
        self._is_down = False
        self.base = settings.url.rstrip("/")
        password = settings.password.get_secret_value() if settings.password else ""
        pair = base64.b64encode(f"{settings.username}:{password}".encode()).decode()
        self.basic: Final = f"Basic {pair}" if settings.username else ""
        """The header that says who asks; empty for nobody."""

    @asynccontextmanager
    async def budget(self) -> AsyncIterator[None]:
        """Give what is inside the time of one list, and log the first and the last failure of an outage."""
        try:
            async with asyncio.timeout(self._settings.budget.total_seconds()):
                yield
        except TimeoutError as exc:
            seconds = self._settings.budget.total_seconds()
            failure = Temporary(SYSTEM, f"{self.base} gave no answer within {seconds:g} s.")
            self._note(failure)
            raise failure from exc
        except SystemFailure as failure:
            self._note(failure)
            raise
        self._note(None)

    async def send(
        self,
        url: str,
        *,
        method: str = "GET",
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        authorization: str = "",
        accept: frozenset[int] = frozenset(),
    ) -> Answer:
        """Send one request; a status other than 200 and those accepted raises Temporary or Permanent."""
        given = {**(headers or {}), **({"Authorization": authorization} if authorization else {})}
        try:
            async with self._client.stream(
                method, url, params=params, headers=given, timeout=PHASE_SECONDS, follow_redirects=False
            ) as response:
                status = response.status_code
                body = await _body(response)
        except httpx.HTTPError as exc:
            raise Temporary(SYSTEM, f"{self.base} could not be reached ({type(exc).__name__}).") from exc
        if status == OK or status in accept:
            return Answer(status, response.headers, body)
        raise self._refusal(status, response.headers, url=url, body=body)

    def odd(self, url: str) -> Permanent:
        """Say that an answer is not what Harbor gives there."""
        return Permanent(SYSTEM, f"the answer of {url} is not that of Harbor. Check that the address leads to it.")

    def unauthorized(self) -> Permanent:
        return Permanent(
            SYSTEM, f"{self.base} does not know {self.who} (HTTP 401). Check the username and the password."
        )

    @property
    def who(self) -> str:
        return self._settings.username or "an anonymous reader"

    def _refusal(self, status: int, headers: httpx.Headers, *, url: str, body: bytes) -> SystemFailure:
        if status in {FORBIDDEN, _PRECONDITION_FAILED}:
            return Permanent(SYSTEM, self._denial(status, url=url, body=body))
        if status >= _FIRST_SERVER_ERROR or status in _RETRYABLE:
            message = f"{self.base} is not ready (HTTP {status})."
            return Temporary(SYSTEM, message, retry_after=_wait(headers.get("Retry-After", "")))
        if status == UNAUTHORIZED:
            return self.unauthorized()
        if status < _FIRST_ERROR:
            return Permanent(SYSTEM, f"{self.base} leads elsewhere (HTTP {status}). Give the address that it leads to.")
        return Permanent(SYSTEM, f"{url} cannot be read (HTTP {status}). Check the address.")

    def _denial(self, status: int, *, url: str, body: bytes) -> str:
        """Say what a 403 or 412 means: Harbor uses either for a quota, and 412 for a policy on scans or signatures."""
        if _QUOTA.search(body):
            return f"{url} has no room left (HTTP {status}). Delete old images of its project, or raise its quota."
        if status == FORBIDDEN:
            remedy = f"Permit {self.who} to list and read repositories, artifacts and tags of the project."
            return f"{self.who} may not read {url} (HTTP 403). {remedy}"
        remedy = "Look at the image's scan, or change the policy."
        return f"a policy of the project keeps everybody from {url} (HTTP 412). {remedy}"

    def _note(self, failure: SystemFailure | None) -> None:
        if failure is not None and not self._is_down:
            _log.warning("Harbor cannot be asked: %s", failure.message)
        if failure is None and self._is_down:
            _log.warning("Harbor answers again.")
        self._is_down = failure is not None


def _wait(text: str) -> timedelta | None:
    """Read how long to wait; Harbor writes seconds, and a date is not worth reading."""
    return timedelta(seconds=min(int(text), _LONGEST_WAIT)) if text.isascii() and text.isdecimal() else None


async def _body(response: httpx.Response) -> bytes:
    """Read a body, but no more of it than a page can need; of an error, only what it takes to understand it."""
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if response.status_code != OK and len(body) > MAX_ERROR_BYTES:
            break
        if len(body) > MAX_BYTES:
            raise Permanent(SYSTEM, f"{response.url.host} sent more than {MAX_BYTES // 2**20} MiB. Check the address.")
    return bytes(body)

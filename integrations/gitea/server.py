"""The GETs that Slipway makes on Gitea, each bounded in time and size, failures translated and outages logged once.

Used by charts.py. It follows no redirects: a token must not travel to wherever an answer points.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Final

import httpx

from commands.core.errors import Permanent, SystemFailure, Temporary
from integrations.gitea.settings import GiteaSettings

_log = logging.getLogger(__name__)

SYSTEM: Final = "Gitea"
PHASE_SECONDS: Final = 3.0
_RETRYABLE = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS})
_SCOPE: Final = "a token with the scope `read:repository` whose owner may read that repository"


class Server:
    """One Gitea, as the owner of one token sees it."""

    def __init__(self, settings: GiteaSettings, client: httpx.AsyncClient) -> None:
        self._settings = settings
        self._client = client
        self._base = (settings.internal_url or settings.url).rstrip("/")
        self._is_down = False
        token = settings.token.get_secret_value() if settings.token else ""
        self._headers = {"Authorization": f"token {token}"} if token else {}

    async def get(self, path: str, params: Mapping[str, str] | None = None, *, limit: int) -> bytes | None:
        """Get a path below the API; None for 404.

        Raises
        ------
        Temporary, Permanent
            It did not answer in time, refused, or sent more than `limit` bytes.
        """
        async with self._budget():
            try:
                async with self._client.stream(
                    "GET",
                    f"{self._base}/api/v1{path}",
                    params=params,
                    headers={"Accept-Encoding": "identity", **self._headers},
                    timeout=PHASE_SECONDS,
                    follow_redirects=False,
                ) as response:
                    if response.status_code == HTTPStatus.OK:
                        return await self._body(response, limit)
                    if response.status_code == HTTPStatus.NOT_FOUND:
                        return None
                    raise self._refusal(response.status_code, path)
            except httpx.HTTPError as exc:
                raise Temporary(SYSTEM, f"{self._base} could not be reached ({type(exc).__name__}).") from exc

    def odd(self) -> Permanent:
        """Say that an answer is not what Gitea gives there."""
        return Permanent(
            SYSTEM, f"the answer of {self._base} is not that of Gitea. Check that the address leads to it."
        )

    def missing(self, what: str) -> Permanent:
        """Say that something is not there, or not for us: Gitea gives both the same answer."""
        remedy = f"Check the name, or set {_SCOPE}."
        seen = "its token cannot see it" if self._headers else "it is not public and no token is set"
        return Permanent(SYSTEM, f"{what} is not there, or {seen}. {remedy}")

    @asynccontextmanager
    async def _budget(self) -> AsyncIterator[None]:
        """Give one question its time, and log the first and the last failure of an outage."""
        try:
            async with asyncio.timeout(self._settings.budget.total_seconds()):
                yield
        except TimeoutError as exc:
            failure = Temporary(SYSTEM, f"{self._base} gave no answer within {self._settings.budget.seconds} s.")
            self._note(failure)
            raise failure from exc
        except SystemFailure as failure:
            self._note(failure)
            raise
        self._note(None)

    async def _body(self, response: httpx.Response, limit: int) -> bytes:
        body = bytearray()
        async for chunk in response.aiter_raw():
            body += chunk
            if len(body) > limit:
                raise Permanent(SYSTEM, f"{self._base} sent more than {limit // 2**20} MiB, which is not read.")
        return bytes(body)

    def _refusal(self, status: int, path: str) -> SystemFailure:
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in _RETRYABLE:
            return Temporary(SYSTEM, f"{self._base} is not ready (HTTP {status}).")
        if status == HTTPStatus.UNAUTHORIZED:
            known = "does not know the token" if self._headers else "asks for a token"
            return Permanent(SYSTEM, f"{self._base} {known} (HTTP 401). Set {_SCOPE}.")
        if status == HTTPStatus.FORBIDDEN:
            return Permanent(SYSTEM, f"the token may not read {path} (HTTP 403). Set {_SCOPE}.")
        if status < HTTPStatus.BAD_REQUEST:
            return Permanent(
                SYSTEM, f"{self._base} leads elsewhere (HTTP {status}). Give the address that it leads to."
            )
        return Permanent(SYSTEM, f"{path} cannot be read (HTTP {status}). Check the catalog's chart.")

    def _note(self, failure: SystemFailure | None) -> None:
        is_down = isinstance(failure, Temporary)
        if is_down and not self._is_down:
            _log.warning("Gitea cannot be asked: %s", failure)
        if failure is None and self._is_down:
            _log.warning("Gitea answers again.")
        self._is_down = is_down

"""HTTP as the steps need it: small answers and large files, with retries, limits and failures as causes.

Used by nexus, gitea and cluster, one `Web` for each server. Redirects are followed, credentials stay with the server
they are for, and no answer is trusted to be small.
"""

import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Final, TypeVar

import httpx

from steps.outcome import Cause, StepFailed
from steps.program import say

_SMALL: Final = 8 * 1024 * 1024
_ADVANCE: Final = 64 * 1024
_TIMEOUT: Final = httpx.Timeout(30, connect=10)
_TEMPORARY: Final = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS}

Value = TypeVar("Value")


class _TryAgain(Exception):
    """What was asked failed in a way that may pass; `failure` stands if it does not."""

    def __init__(self, failure: StepFailed, *, advanced: bool = False) -> None:
        super().__init__()
        self.failure = failure
        self.advanced = advanced


@dataclass(frozen=True, slots=True, kw_only=True)
class Web:
    """One server, named as people know it, and who asks."""

    system: str
    retry_seconds: float = 1
    login: tuple[str, str] | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    tls: ssl.SSLContext | None = None
    """Trust of its own; then proxies of the environment do not count either."""

    def get(self, url: str) -> bytes | None:
        """Return a small answer, or nothing where there is none (404)."""
        return self.ask("GET", url)

    def ask(
        self, method: str, url: str, content: bytes | None = None, *, headers: Mapping[str, str] | None = None
    ) -> bytes | None:
        """Send one request that may be repeated safely; nothing comes back for 404."""

        def attempt() -> bytes | None:
            with self._stream(method, url, headers or {}, content) as response:
                if response.status_code == HTTPStatus.NOT_FOUND:
                    return None
                self._require_success(response)
                return b"".join(_limited(response, _SMALL, self.system))

        return self._patiently(attempt)

    def download(self, url: str, target: Path, *, limit: int) -> bool:
        """Write a file to `target`, resumed where the connection broke; False when it does not exist (404)."""
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        transfer = _Transfer(target=target, limit=limit, system=self.system)

        def attempt() -> bool:
            with self._stream("GET", url, transfer.headers()) as response:
                if response.status_code == HTTPStatus.NOT_FOUND:
                    return False
                if response.status_code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
                    transfer.restart()
                    raise _TryAgain(self._unexpected(response))
                self._require_success(response)
                transfer.take(response)
                return True

        return self._patiently(attempt, progress=transfer.advanced)

    def _patiently(self, attempt: Callable[[], Value], progress: Callable[[], bool] = lambda: False) -> Value:
        """Try up to three times without progress in between."""
        tries = 0
        while True:
            try:
                return attempt()
            except _TryAgain as again:
                tries = 1 if progress() else tries + 1
                if tries > 2:  # noqa: PLR2004  # the third failure is the last
                    raise again.failure from again.__cause__
                say(f"{again.failure.evidence} Trying again.")
                time.sleep(self.retry_seconds * (1 if tries == 1 else 3))

    @contextmanager
    def _stream(
        self, method: str, url: str, headers: Mapping[str, str], content: bytes | None = None
    ) -> Iterator[httpx.Response]:
        every = {"Accept-Encoding": "identity", "User-Agent": "slipway-steps", **self.headers, **headers}
        try:
            with (
                httpx.Client(
                    verify=self.tls or _usual_trust(),
                    auth=self.login,
                    timeout=_TIMEOUT,
                    follow_redirects=True,
                    max_redirects=3,
                    trust_env=self.tls is None,
                ) as client,
                client.stream(method, url, headers=every, content=content) as response,
            ):
                yield response
        except httpx.TimeoutException as exc:
            raise _TryAgain(StepFailed(Cause.TIMEOUT, f"{self.system} did not answer in time.")) from exc
        except httpx.TransportError as exc:
            what = f"{self.system} cannot be reached: {type(exc).__name__}: {exc}."
            raise _TryAgain(StepFailed(Cause.UNREACHABLE, what)) from exc
        except (httpx.HTTPError, httpx.InvalidURL) as exc:
            evidence = f"{self.system} answered oddly: {type(exc).__name__}: {exc}."
            raise StepFailed(Cause.UNEXPECTED_ANSWER, evidence) from exc

    def _require_success(self, response: httpx.Response) -> None:
        status = response.status_code
        if status in {HTTPStatus.OK, HTTPStatus.CREATED, HTTPStatus.PARTIAL_CONTENT}:
            return
        if status == HTTPStatus.UNAUTHORIZED:
            who = "credentials" if self.login or "Authorization" in self.headers else "request without credentials"
            raise StepFailed(Cause.CREDENTIALS_REFUSED, f"{self.system} refused the {who} (401).", status=status)
        if status == HTTPStatus.FORBIDDEN:
            evidence = f"{self.system} does not allow this account to use {response.request.url.path} (403)."
            raise StepFailed(Cause.ACCESS_DENIED, evidence, status=status)
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in _TEMPORARY:
            evidence = f"{self.system} failed with {status} for {response.request.url.path}."
            raise _TryAgain(StepFailed(Cause.SERVER_FAILED, evidence, status=status))
        raise self._unexpected(response)

    def _unexpected(self, response: httpx.Response) -> StepFailed:
        status = response.status_code
        evidence = f"{self.system} answered {status} for {response.request.url.path}."
        return StepFailed(Cause.UNEXPECTED_ANSWER, evidence, status=status)


@cache
def _usual_trust() -> ssl.SSLContext:
    """Read the authorities once, not for every request."""
    return httpx.create_ssl_context()


@dataclass(slots=True, kw_only=True)
class _Transfer:
    """A file on its way: what is there already, and which edition of it."""

    target: Path
    limit: int
    system: str
    edition: str = ""
    seen: int = 0

    @property
    def size(self) -> int:
        return self.target.stat().st_size if self.target.exists() else 0

    def headers(self) -> dict[str, str]:
        """Ask for the rest, on condition that it is the rest of the same edition."""
        if not self.size or not self.edition:
            return {}
        return {"Range": f"bytes={self.size}-", "If-Range": self.edition}

    def restart(self) -> None:
        self.target.unlink(missing_ok=True)
        self.edition = ""

    def advanced(self) -> bool:
        """Say whether enough came since this was last asked for another full set of tries."""
        before, self.seen = self.seen, self.size
        return self.size - before >= _ADVANCE

    def take(self, response: httpx.Response) -> None:
        is_rest = response.status_code == HTTPStatus.PARTIAL_CONTENT
        if is_rest and not response.headers.get("Content-Range", "").startswith(f"bytes {self.size}-"):
            evidence = f"{self.system} sent another part of the file than was asked for."
            raise StepFailed(Cause.UNEXPECTED_ANSWER, evidence)
        tag = response.headers.get("ETag", "")
        self.edition = "" if tag.startswith("W/") else tag
        with self.target.open("ab" if is_rest else "wb") as file:
            for chunk in _limited(response, self.limit - (self.size if is_rest else 0), self.system):
                file.write(chunk)


def _limited(response: httpx.Response, limit: int, system: str) -> Iterator[bytes]:
    announced = response.headers.get("Content-Length", "")
    if announced.isdigit() and int(announced) > limit:
        raise _too_large(response, system)
    total = 0
    for chunk in response.iter_raw():
        total += len(chunk)
        if total > limit:
            raise _too_large(response, system)
        yield chunk


def _too_large(response: httpx.Response, system: str) -> StepFailed:
    return StepFailed(Cause.TOO_LARGE, f"{system} sends more for {response.request.url.path} than is accepted.")

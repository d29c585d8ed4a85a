"""What any registry knows, by the distribution API: a repository's tags, and the digest behind one.

Used by images.py and checks.py. It answers a registry's challenge with the password, or with a token that it gets for
it from the service that the registry names.
"""

from typing import Final
from urllib.parse import quote, urlsplit

from commands.core.errors import Permanent
from commands.core.ports import Image
from integrations.harbor.answers import DIGEST, Challenge, next_page, read_challenge, read_tags, read_token, split
from integrations.harbor.server import NOT_FOUND, SYSTEM, UNAUTHORIZED, Answer, Server

MAX_PAGES: Final = 20
MAX_KEPT: Final = 1000
_PAGE: Final = 1000
_MANIFESTS: Final = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
_ACCEPT: Final = ", ".join([*_MANIFESTS, "*/*"])


class Distribution:
    """The repositories of one registry."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._authorization: dict[str, str] = {}

    async def ping(self) -> None:
        """See whether this is a registry that lets us in."""
        await self._send("/v2/", scope="")

    async def tags(self, name: str) -> tuple[Image, ...]:
        """List a repository's tags; none where there is no such repository."""
        found: list[Image] = []
        path = f"/v2/{quote(name)}/tags/list?n={_PAGE}"
        for _ in range(MAX_PAGES):
            answer = await self._send(path, scope=name, accept=frozenset({NOT_FOUND}))
            if answer.status == NOT_FOUND:
                break
            try:
                found += read_tags(answer.body)
            except (ValueError, RecursionError) as exc:
                raise self._server.odd(f"{self._server.base}{path}") from exc
            path = next_page(answer.headers.get("Link", ""))
            if not path:
                break
        return tuple(found)

    async def digest(self, name: str, *, tag: str) -> str | None:
        """Return the digest behind a tag; None where there is no such image."""
        path = f"/v2/{quote(name)}/manifests/{quote(tag, safe='')}"
        answer = await self._send(path, scope=name, method="HEAD", accept=frozenset({NOT_FOUND}))
        if answer.status == NOT_FOUND:
            return None
        digest: str = answer.headers.get("Docker-Content-Digest", "")
        if not DIGEST.fullmatch(digest):
            raise self._server.odd(f"{self._server.base}{path}")
        return digest

    async def _send(
        self, path: str, *, scope: str, method: str = "GET", accept: frozenset[int] = frozenset()
    ) -> Answer:
        """Ask; when the registry wants to know who asks, say so and ask again."""
        url, headers = f"{self._server.base}{path}", {"Accept": _ACCEPT}
        known = self._authorization.get(scope, "")
        answer = await self._server.send(
            url, method=method, headers=headers, authorization=known, accept=accept | {UNAUTHORIZED}
        )
        if answer.status != UNAUTHORIZED:
            return answer
        if len(self._authorization) >= MAX_KEPT:
            self._authorization.clear()
        fresh = await self._authorize(read_challenge(answer.headers.get("WWW-Authenticate", "")))
        self._authorization[scope] = fresh
        return await self._server.send(url, method=method, headers=headers, authorization=fresh, accept=accept)

    async def _authorize(self, challenge: Challenge) -> str:
        if challenge.scheme == "bearer":
            return f"Bearer {await self._token(challenge)}"
        if challenge.scheme == "basic" and self._server.basic:
            return self._server.basic
        raise self._server.unauthorized()

    async def _token(self, challenge: Challenge) -> str:
        realm = challenge.realm
        if not self._is_safe(realm):
            remedy = "Check the address, or the address that the registry has for itself."
            raise Permanent(SYSTEM, f"{self._server.base} sends logins to an address that is not safe. {remedy}")
        params = {key: value for key, value in (("service", challenge.service), ("scope", challenge.scope)) if value}
        answer = await self._server.send(realm, params=params, authorization=self._server.basic)
        try:
            return read_token(answer.body)
        except (ValueError, RecursionError) as exc:
            raise self._server.odd(f"{self._server.base}'s token service") from exc

    def _is_safe(self, realm: str) -> bool:
        """Say whether the password may go there: to the server itself, or anywhere that it travels encrypted."""
        there, here = split(realm), urlsplit(self._server.base)
        return there is not None and (there.scheme == "https" or there[:2] == here[:2])

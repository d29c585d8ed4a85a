"""Repositories in Gitea over its HTTP API: the commit behind a reference, and the files of a commit.

Used by charts and sources. The token goes to the Gitea of the settings and nowhere else.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlencode, urlsplit

from typing_extensions import override

from steps.outcome import Cause, StepFailed
from steps.settings import Settings
from steps.web import Web

_COMMIT: Final = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """One repository: the API it is reached by, and its name there."""

    api: str
    owner: str
    name: str
    is_ours: bool

    @override
    def __str__(self) -> str:
        return f"{self.owner}/{self.name}"

    @classmethod
    def of(cls, address: str, settings: Settings) -> "Repository":
        """Take a repository's address apart; one below the settings' Gitea is reached as the settings say."""
        base, owner, last = address.rsplit("/", 2)
        is_ours = bool(settings.gitea_url) and same_place(base, settings.gitea_url)
        reached = settings.gitea_internal_url if is_ours else base
        return cls(api=f"{reached}/api/v1", owner=owner, name=last.removesuffix(".git"), is_ours=is_ours)

    @property
    def url(self) -> str:
        return f"{self.api}/repos/{quote(self.owner)}/{quote(self.name)}"


class Gitea:
    """The API of one repository."""

    def __init__(self, repository: Repository, settings: Settings) -> None:
        self._repository = repository
        token = settings.gitea_token if repository.is_ours else ""
        headers = {"Authorization": f"token {token}"} if token else {}
        self._web = Web(system="Gitea", retry_seconds=settings.retry_seconds, headers=headers)

    def commit(self, reference: str) -> str | None:
        """Return the commit that a branch, a tag or a commit's own name stands for; nothing where there is none.

        Asked as the newest of a list: there a reference is a query and may hold a slash (tried on Gitea 1.26).
        """
        query = {"sha": reference, "limit": "1", "stat": "false", "verification": "false", "files": "false"}
        body = self._web.get(f"{self._repository.url}/commits?{urlencode(query)}")
        return None if body is None else self._read_commit(body)

    def archive(self, commit: str, target: Path, *, limit: int) -> bool:
        """Write all files of a commit as a tar.gz; False when the commit is not there.

        Gitea 1.26 answers 500 where there is no such commit, so a failure is looked into before it counts.
        """
        try:
            return self._web.download(f"{self._repository.url}/archive/{commit}.tar.gz", target, limit=limit)
        except StepFailed as failure:
            if failure.cause is Cause.SERVER_FAILED and self.commit(commit) is None:
                return False
            raise

    def _read_commit(self, body: bytes) -> str:
        try:
            commit = json.loads(body)[0]["sha"]
        except (ValueError, LookupError, TypeError) as exc:
            raise self._odd() from exc
        if not isinstance(commit, str) or not _COMMIT.fullmatch(commit):
            raise self._odd()
        return commit

    def _odd(self) -> StepFailed:
        evidence = f"Gitea answered with no commit for {self._repository}."
        return StepFailed(Cause.UNEXPECTED_ANSWER, evidence)


def same_place(one: str, other: str) -> bool:
    """Say whether two addresses are the same server and path, whatever the case of the host or a default port."""
    return _place(one) == _place(other)


def _place(address: str) -> tuple[str, str | None, int | None, str]:
    parts = urlsplit(address)
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    return parts.scheme, parts.hostname, port, parts.path.rstrip("/")

"""What `slipway check` says about Nexus: whether it answers, and whether the repository is there and readable.

Called through `NexusVersions.check`. An unknown repository and an empty one look alike to the search, so the list of
repositories is asked first where the account may see it.
"""

import json
from typing import Final

from commands.core.errors import SystemFailure
from commands.core.finding import Finding
from integrations.nexus.repository import FORBIDDEN, NOT_FOUND, OK, Repository
from integrations.nexus.settings import NexusSettings

_REPOSITORIES: Final = "/service/rest/v1/repositories"
_SEARCH: Final = "/service/rest/v1/search/assets"


async def examine(settings: NexusSettings, repository: Repository) -> tuple[Finding, ...]:
    """Try to see the repository."""
    subject = f"Nexus repository {settings.repository}"
    try:
        async with repository.budget():
            problem, good = await _listed(settings, repository)
            if not problem and not good:
                problem, good = await _searched(settings, repository)
    except SystemFailure as failure:
        return (Finding(subject=subject, is_ok=False, message=failure.message),)
    return (Finding(subject=subject, is_ok=not problem, message=problem or good),)


async def _listed(settings: NexusSettings, repository: Repository) -> tuple[str, str]:
    """Look into the list of repositories: a problem, or good news, or neither where it is not shown."""
    answer = await repository.get(_REPOSITORIES, accept=frozenset({NOT_FOUND, FORBIDDEN}))
    if answer.status != OK:
        return "", ""
    formats = {
        one["name"]: one.get("format") for one in _items(repository, _REPOSITORIES, answer.body) if "name" in one
    }
    if settings.repository not in formats:
        seen = ", ".join(sorted(str(name) for name in formats)) or "none"
        return f"is not among those that can be seen ({seen}). Check its name and the account's permissions.", ""
    if formats[settings.repository] != "maven2":
        return f"holds {formats[settings.repository]}, not Maven artifacts. Name a repository of the format maven2.", ""
    return "", "can be read"


async def _searched(settings: NexusSettings, repository: Repository) -> tuple[str, str]:
    answer = await repository.get(_SEARCH, {"repository": settings.repository}, accept=frozenset({NOT_FOUND}))
    if answer.status == NOT_FOUND:
        return "", "has no search; versions come from maven-metadata.xml"
    if not _items(repository, _SEARCH, answer.body):
        return "shows no artifacts. Check its name and the account's permissions, or publish a first version.", ""
    return "", "can be searched"


def _items(repository: Repository, path: str, body: bytes) -> list[dict[str, object]]:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError) as exc:
        raise repository.odd(path) from exc
    items = answer.get("items") if isinstance(answer, dict) else answer
    if not isinstance(items, list):
        raise repository.odd(path)
    return [item for item in items if isinstance(item, dict)]

"""What `slipway check` says about Harbor: whether it answers, and whether the projects of the apps' images can be read.

Called through `HarborImages.check`. A quota that is nearly used up is told too, before a push fails because of it.
"""

from collections.abc import AsyncIterator, Sequence
from typing import Final
from urllib.parse import quote

from commands.core.errors import SystemFailure
from commands.core.finding import Finding
from integrations.harbor.answers import Quota, is_harbors, read_quota
from integrations.harbor.distribution import Distribution
from integrations.harbor.server import FORBIDDEN, NOT_FOUND, OK, Server
from integrations.harbor.settings import HarborSettings

_API: Final = "/api/v2.0"
_BY_NAME: Final = {"X-Is-Resource-Name": "true"}
_NEARLY: Final = 0.95
_GIB: Final = 2**30


async def examine(
    settings: HarborSettings, server: Server, distribution: Distribution, *, names: Sequence[str]
) -> tuple[Finding, ...]:
    """Try to see every project that `names`, the repositories of the apps' images, lie in."""
    subject = f"Harbor {settings.host}"
    if not names:
        remedy = "Set SLIPWAY_HARBOR__REGISTRY to the host that they begin with, or leave Harbor out."
        return (Finding(subject=subject, is_ok=False, message=f"no app's image is kept there. {remedy}"),)
    findings: list[Finding] = []
    try:
        async with server.budget():
            if not await _is_harbor(server):
                await distribution.ping()
                return (Finding(subject=subject, is_ok=True, message="is a plain registry; only its tags are known"),)
            async for finding in _projects(server, sorted({name.partition("/")[0] for name in names})):
                findings.append(finding)  # noqa: PERF401  # what was found before a failure is told too
    except SystemFailure as failure:
        return (*findings, Finding(subject=subject, is_ok=False, message=failure.message))
    return (Finding(subject=subject, is_ok=True, message="answers"), *findings)


async def _is_harbor(server: Server) -> bool:
    url = f"{server.base}{_API}/ping"
    answer = await server.send(url, authorization=server.basic, accept=frozenset({NOT_FOUND}))
    return answer.status == OK or is_harbors(answer.body)


async def _projects(server: Server, projects: Sequence[str]) -> AsyncIterator[Finding]:
    for project in projects:
        problem, good = await _project(server, project)
        yield Finding(subject=f"Harbor project {project}", is_ok=not problem, message=problem or good)


async def _project(server: Server, project: str) -> tuple[str, str]:
    """Look into one project: a problem, or good news."""
    base, accept = f"{server.base}{_API}/projects/{quote(project, safe='')}", frozenset({FORBIDDEN, NOT_FOUND})
    listed = await server.send(
        f"{base}/repositories",
        params={"page": "1", "page_size": "1"},
        headers=_BY_NAME,
        authorization=server.basic,
        accept=accept,
    )
    if listed.status == NOT_FOUND:
        return "is not there. Create it, or correct the images of its apps in the catalog.", ""
    if listed.status == FORBIDDEN:
        return f"may not be read by {server.who}. Permit it to list repositories, artifacts and tags.", ""
    # Not every account may see the quota; then the check has nothing to say of it.
    summary = await server.send(f"{base}/summary", headers=_BY_NAME, authorization=server.basic, accept=accept)
    quota = _quota(server, f"{base}/summary", summary.body) if summary.status == OK else None
    if quota is not None and quota.used >= _NEARLY * quota.hard:
        used, hard = (f"{each / _GIB:.1f}" for each in (quota.used, quota.hard))
        return f"uses {used} of its {hard} GiB, so pushes will fail. Delete old images or raise its quota.", ""
    return "", "can be read"


def _quota(server: Server, url: str, body: bytes) -> Quota | None:
    try:
        return read_quota(body)
    except (ValueError, RecursionError) as exc:
        raise server.odd(url) from exc

"""Where other systems show what a deployment is made of: the addresses that the catalog and the row give. Pure.

An address that is not known is left out: a link that leads nowhere costs more than none.
"""

from collections.abc import Iterator
from urllib.parse import quote

from commands.core.catalog import OCI, Cluster
from commands.core.model import Deployment
from commands.core.reading import Link, LinkKind

_SHORT = 12


def links(deployment: Deployment, cluster: Cluster, *, image_page: str) -> tuple[Link, ...]:
    """List the pages of a deployment, in the order of its way: workflow, rollout, image, commits.

    Parameters
    ----------
    cluster
        Where it runs, with its pages.
    image_page
        Where the registry shows its image, empty where it has no such page.
    """
    return tuple(link for link in _all(deployment, cluster, image_page) if link.address)


def _all(deployment: Deployment, cluster: Cluster, image_page: str) -> Iterator[Link]:
    namespace, restore, rollout = deployment.place.namespace, deployment.restore, deployment.rollout
    workflow, parameters = deployment.workflow, dict(deployment.parameters)
    yield Link(kind=LinkKind.WORKFLOW, address=_page(cluster.workflow_page, namespace, workflow), name=workflow)
    if restore is not None:
        address = _page(cluster.workflow_page, namespace, restore.workflow)
        yield Link(kind=LinkKind.RESTORE, address=address, name=restore.workflow)
    if rollout is not None:
        address = _page(cluster.rollout_page, rollout.namespace, rollout.name)
        yield Link(kind=LinkKind.ROLLOUT, address=address, name=rollout.name)
    yield Link(kind=LinkKind.IMAGE, address=image_page, name=deployment.content.digest)
    yield _commit(LinkKind.CHART, parameters.get("chart-repository", ""), deployment.content.chart_commit)
    yield _commit(LinkKind.SOURCE, parameters.get("source-repository", ""), parameters.get("source-commit", ""))


def _page(template: str, namespace: str, name: str) -> str:
    """Fill in an address; what has no name yet has no page."""
    filled = template.replace("{namespace}", quote(namespace, safe="")).replace("{name}", quote(name, safe=""))
    return filled if namespace and name else ""


def _commit(kind: LinkKind, repository: str, commit: str) -> Link:
    """Name the page of a commit; Gitea, Forgejo and GitHub have it there, and GitLab leads on from there."""
    is_git = bool(repository and commit) and not repository.startswith(OCI)
    address = f"{repository.removesuffix('/').removesuffix('.git')}/commit/{commit}" if is_git else ""
    return Link(kind=kind, address=address, name=commit[:_SHORT])

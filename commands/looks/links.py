"""Show where other systems show a deployment: Links behind its card's dots.

Its workflow and its rollout where the catalog says the pages of its cluster, its image where Harbor has one, and the
commits that its chart and its build were taken from. Needs no role.
"""

from commands.core.acts import names
from commands.core.catalog import Catalog, Cluster
from commands.core.errors import SystemFailure
from commands.core.links import links
from commands.core.model import Deployment
from commands.core.ports import Deployments, Images
from commands.core.reasons import Notice, ReasonCode
from commands.core.requests import LookRequest


async def run(request: LookRequest, *, catalog: Catalog, deployments: Deployments, images: Images | None) -> Notice:
    """List the pages that are known."""
    row = await deployments.load(request.deployment)
    if row is None:
        return Notice(code=ReasonCode.STALE)
    cluster = catalog.clusters.get(row.place.cluster) or Cluster(name=row.place.cluster)
    found = links(row, cluster, image_page=await _image_page(row, images))
    if not found:
        return Notice(code=ReasonCode.NO_LINKS, facts={**names(row), "cluster": cluster.name})
    return Notice(code=ReasonCode.LINKS, facts=names(row), links=found)


async def _image_page(row: Deployment, images: Images | None) -> str:
    """Ask the registry for its page of the image; without an answer the other links are given all the same."""
    digest = row.content.digest
    if images is None or not digest:
        return ""
    try:
        found = await images.search(dict(row.parameters).get("image", ""))
    except SystemFailure:
        return ""  # The adapter has logged it.
    return next((image.page for image in found or () if image.digest == digest), "")

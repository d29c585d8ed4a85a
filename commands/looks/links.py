"""Show where other systems show a deployment: Links behind its card's dots.

Its workflow and its rollout where the catalog says the pages of its cluster, its image where Harbor has one, and the
commits that its chart and its build were taken from. Needs no role.
"""

from commands.core.acts import names
from commands.core.catalog import Catalog, Cluster
from commands.core.links import links
from commands.core.model import Deployment
from commands.core.ports import Images
from commands.core.reasons import Notice, ReasonCode
from commands.flow.listed import image_of


async def run(row: Deployment, *, catalog: Catalog, images: Images | None) -> Notice:
    """List the pages that are known."""
    cluster = catalog.clusters.get(row.place.cluster) or Cluster(name=row.place.cluster)
    image = await image_of(row, row.content.digest, images)
    found = links(row, cluster, image_page=image.page if image is not None else "")
    if not found:
        return Notice(code=ReasonCode.NO_LINKS, facts={**names(row), "cluster": cluster.name})
    return Notice(code=ReasonCode.LINKS, facts=names(row), links=found)

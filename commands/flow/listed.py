"""Finds one image among those that the registry lists: for what a scan found, and for the page that shows it.

Shared by whoever wants an ornament of a deployment: nothing waits for it, and nothing fails without it.
"""

from commands.core.errors import SystemFailure
from commands.core.model import Deployment
from commands.core.ports import Image, Images


async def image_of(row: Deployment, digest: str, images: Images | None) -> Image | None:
    """Return the image of a deployment's app with that digest; None where it is not listed or nobody answers."""
    if images is None or not digest:
        return None
    try:
        found = await images.search(dict(row.parameters).get("image", ""))
    except SystemFailure:
        return None  # The adapter has logged it.
    return next((image for image in found or () if image.digest == digest), None)

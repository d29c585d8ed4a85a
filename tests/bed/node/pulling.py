"""Whether the bed's registry has an image that a pod asks for: the only registry that this node knows.

Used by `pods`. Images of other names count as present, as those below `registry.local/` are on a real node of the bed.
"""

from typing import Final

import httpx

from tests.bed.places import REGISTRY

SECONDS: Final = 10.0
KINDS: Final = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)


async def can_be_had(image: str) -> bool:
    """Ask the registry; one that does not answer has nothing."""
    if not image.startswith(f"{REGISTRY}/"):
        return True
    async with httpx.AsyncClient(trust_env=False, timeout=SECONDS) as client:
        try:
            answer = await client.head(manifest(image), headers=[("Accept", kind) for kind in KINDS])
        except httpx.TransportError:
            return False
    return answer.is_success


def manifest(image: str) -> str:
    """Return where the registry has an image's manifest, which is named by a digest or by a tag."""
    path = image.removeprefix(f"{REGISTRY}/")
    named, _, digest = path.partition("@")
    name, _, tag = named.partition(":")
    return f"http://{REGISTRY}/v2/{name}/manifests/{digest or tag or 'latest'}"

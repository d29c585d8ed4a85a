"""What Harbor and plain registries have in common, asked of the bed's real registry; Harbor itself cannot run here."""

import uuid
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import Final

import httpx
import pytest

from commands.core.errors import Temporary
from commands.core.ports import Image
from integrations.harbor import HarborImages, HarborSettings
from integrations.harbor import distribution as module
from tests.bed.places import ADDRESS, REGISTRY
from tests.bed.services import registry

pytestmark = pytest.mark.bed

PATIENCE: Final = timedelta(seconds=45)
MANIFEST: Final = "application/vnd.oci.image.manifest.v1+json"
CONFIG: Final = b"{}"


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE.total_seconds()) as client:
        yield client


@pytest.fixture
async def images(client: httpx.AsyncClient) -> AsyncIterator[HarborImages]:
    settings = HarborSettings(url=f"http://{REGISTRY}", budget=PATIENCE, patience=PATIENCE, max_age=timedelta(0))
    adapter = HarborImages(settings, client)
    yield adapter
    await adapter.aclose()


async def push(client: httpx.AsyncClient, name: str, *tags: str) -> str:
    """Put tags on an image of nothing at all, in a repository of the test's own; return its digest."""
    base = f"http://{REGISTRY}/v2/{name}"
    begun = (await client.post(f"{base}/blobs/uploads/")).raise_for_status()
    target = httpx.URL(begun.headers["Location"]).copy_merge_params({"digest": _digest_of_config()})
    (await client.put(target, content=CONFIG)).raise_for_status()
    config = {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": _digest_of_config(), "size": 2}
    manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": []}
    for tag in tags:
        answer = await client.put(f"{base}/manifests/{tag}", json=manifest, headers={"Content-Type": MANIFEST})
        digest: str = answer.raise_for_status().headers["Docker-Content-Digest"]
    return digest


def _digest_of_config() -> str:
    return "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"


@pytest.fixture
def name() -> Iterator[str]:
    """Give the name of a repository of the test's own, with more than one slash; its images are removed afterwards."""
    name = f"probe-{uuid.uuid4().hex[:8]}/team/probe"
    yield name
    registry.forget(f"{REGISTRY}/{name}")


async def test_the_tags_of_a_repository_are_its_images(
    client: httpx.AsyncClient, images: HarborImages, name: str
) -> None:
    await push(client, name, "v1.2", "v1.10", "1.0_build.7")
    found = await images.search(f"{REGISTRY}/{name}")
    assert set(found or ()) == {Image(tags=("1.0_build.7",)), Image(tags=("v1.10",)), Image(tags=("v1.2",))}


async def test_a_list_of_tags_is_whole_whether_or_not_the_registry_cuts_it_into_pages(
    client: httpx.AsyncClient, images: HarborImages, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_PAGE", 2)
    await push(client, name, *(f"v{number}" for number in range(5)))
    found = await images.search(f"{REGISTRY}/{name}")
    assert sorted(one.tags for one in found or ()) == [(f"v{number}",) for number in range(5)]


async def test_the_digest_behind_a_tag_is_the_registrys(
    client: httpx.AsyncClient, images: HarborImages, name: str
) -> None:
    digest = await push(client, name, "1.0_build.7")
    assert await images.digest(f"{REGISTRY}/{name}", version="1.0+build.7") == digest
    assert await images.digest(f"{REGISTRY}/{name}", version="v9") is None


async def test_a_repository_that_is_not_there_has_no_images(images: HarborImages, name: str) -> None:
    image = f"{REGISTRY}/{name}"
    assert await images.search(image) == ()
    assert await images.digest(image, version="v1") is None


async def test_a_plain_registry_passes_the_check(images: HarborImages, name: str) -> None:
    (finding,) = await images.check([f"{REGISTRY}/{name}"])
    assert (finding.is_ok, "plain registry" in finding.message) == (True, True)


async def test_a_port_where_nobody_listens_is_temporary(client: httpx.AsyncClient) -> None:
    settings = HarborSettings(url=f"http://{ADDRESS}:1", budget=PATIENCE, patience=PATIENCE)
    with pytest.raises(Temporary):
        await HarborImages(settings, client).search(f"{ADDRESS}:1/shop/shop")

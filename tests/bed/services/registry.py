"""A plain container registry in Harbor's place; what Harbor adds to it has a stand-in elsewhere."""

import httpx

from tests.bed import images
from tests.bed.node.pulling import KINDS, SECONDS, manifest
from tests.bed.places import REGISTRY, Places
from tests.bed.service import Service, answers
from tests.bed.services.kubernetes import configuration


def service(places: Places) -> Service:
    return Service(
        name="registry",
        command=lambda: ["/usr/bin/docker-registry", "serve", str(places.run / "conf" / "registry.yml")],
        prepare=lambda: _prepare(places),
        is_ready=lambda: answers(f"http://{REGISTRY}/v2/"),
        settle=lambda: images.push(places),
    )


def _prepare(places: Places) -> None:
    (places.run / "registry").mkdir(parents=True, exist_ok=True)
    configuration(places, "registry.yml")


def forget(repository: str) -> None:
    """Delete every image of a repository, named without a tag; what is not there is gone already."""
    name = repository.removeprefix(f"{REGISTRY}/")
    accepted = [("Accept", kind) for kind in KINDS]
    with httpx.Client(trust_env=False, timeout=SECONDS) as client:
        listed = client.get(f"http://{REGISTRY}/v2/{name}/tags/list")
        for tag in (listed.json()["tags"] or ()) if listed.is_success else ():
            found = client.head(manifest(f"{repository}:{tag}"), headers=accepted)
            if found.is_success:
                client.delete(manifest(f"{repository}@{found.headers['Docker-Content-Digest']}")).raise_for_status()

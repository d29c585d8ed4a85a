"""A plain container registry in Harbor's place; what Harbor adds to it has a stand-in elsewhere."""

from tests.bed import images
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

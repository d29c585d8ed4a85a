"""The bed's services, one module per system, and all of them in the order in which `status` lists them."""

from collections.abc import Callable

from tests.bed.places import Places
from tests.bed.service import Service
from tests.bed.services import argo, kubernetes, registry


def all_services(places: Places, *, only_kubernetes: bool = False) -> list[Service]:
    """Describe every service, or only the cluster with Argo and its registry."""
    cluster = [registry.service(places), *kubernetes.services(places), *argo.services(places)]
    if only_kubernetes:
        return cluster
    return cluster


def build_services(places: Places, say: Callable[[str], None]) -> None:
    """Fetch and prepare what services need beyond programs, unless that was done."""

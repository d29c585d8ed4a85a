"""The bed's services, one module per system, and all of them in the order in which `status` lists them."""

from collections.abc import Callable

from tests.bed.places import Places
from tests.bed.service import Service
from tests.bed.services import argo, dns, gitea, keycloak, kubernetes, nexus, postgres, prometheus, registry


def all_services(places: Places, *, only_kubernetes: bool = False) -> list[Service]:
    """Describe every service, or only the cluster with Argo and its registry."""
    cluster = [registry.service(places), *kubernetes.services(places), dns.service(places), *argo.services(places)]
    if only_kubernetes:
        return cluster
    others = (postgres, gitea, keycloak, nexus, prometheus)
    return [*cluster, *(each.service(places) for each in others)]


def build_services(places: Places, say: Callable[[str], None]) -> None:
    """Fetch and prepare what services need beyond programs, unless that was done."""
    for name, build in (("gitea", gitea.build), ("nexus", nexus.build), ("keycloak", keycloak.build)):
        build(places)
        say(f"{name} is prepared")

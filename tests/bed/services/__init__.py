"""The bed's services, one module per system, and all of them in the order in which `status` lists them."""

from collections.abc import Callable, Iterator

from tests.bed.places import CLUSTER, Cluster, Places
from tests.bed.service import Service
from tests.bed.services import argo, dns, gitea, keycloak, kubernetes, nexus, node, postgres, prometheus, registry


def all_services(places: Places, *, only_kubernetes: bool = False) -> list[Service]:
    """Describe every service of the bed's kind, or only the cluster with Argo and its registry."""
    cluster = [registry.service(places), *_cluster(places)]
    if only_kubernetes:
        return cluster
    others = (postgres, gitea, keycloak, nexus, prometheus)
    return [*cluster, *(each.service(places) for each in others)]


def _cluster(places: Places) -> Iterator[Service]:
    if CLUSTER is Cluster.EXISTING:
        return
    yield from kubernetes.control_plane(places)
    yield from kubernetes.node(places) if CLUSTER is Cluster.OWN else ()
    yield from [node.service(places)] if CLUSTER is Cluster.NODELESS else ()
    yield from [dns.service(places)] if CLUSTER is Cluster.OWN else ()
    yield from argo.services(places)


def build_services(places: Places, say: Callable[[str], None]) -> None:
    """Fetch and prepare what services need beyond programs, unless that was done."""
    for name, build in (("gitea", gitea.build), ("nexus", nexus.build), ("keycloak", keycloak.build)):
        build(places)
        say(f"{name} is prepared")

"""The stand-in for the node, in a bed whose machine can carry none: `tests.bed.node` as a service."""

import sys
from functools import partial

from tests.bed.places import REPOSITORY, Places
from tests.bed.service import Service
from tests.bed.services.kubernetes import node_is_ready


def service(places: Places) -> Service:
    """Describe the stand-in; it is ready when the cluster calls its node ready."""
    return Service(
        name="node",
        command=lambda: [sys.executable, "-m", "tests.bed.node"],
        is_ready=partial(node_is_ready, places),
        after=("kube-apiserver",),
        directory=REPOSITORY,
    )

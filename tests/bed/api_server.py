"""Restarts the bed's API server, so that it knows no event of before: whoever goes on watching hears 410 Gone."""

from tests.bed import processes
from tests.bed.places import Places
from tests.bed.services import all_services
from tests.bed.supervisor import Supervisor

NAME = "kube-apiserver"


def restart_api_server(places: Places) -> None:
    """Stop it, start it, return when it is ready."""
    running = processes.leaders(places.home)[NAME]
    processes.stop(running.pid, seconds=10)
    chosen = [each for each in all_services(places, only_kubernetes=True) if each.name in {NAME, "etcd"}]
    Supervisor(places, chosen, say=lambda _text: None).up()

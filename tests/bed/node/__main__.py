"""`python -m tests.bed.node`: plays the node of a bed whose machine can carry no kubelet.

It makes the Node object and keeps it ready, gives pods of apps the statuses of pods that run well, runs the pods of
workflow steps as processes, and serves their logs to the API server. `tests.bed.services.node` starts it.
"""

import asyncio
import logging
import signal
import sys

from commands.core.catalog import Cluster
from integrations.kubernetes.transport import Connection
from tests.bed.node.cluster import NodeApi
from tests.bed.node.pods import Pods
from tests.bed.node.rooms import Rooms
from tests.bed.node.serving import serve
from tests.bed.places import Places


async def play(places: Places) -> None:
    """Play the node until this is cancelled."""
    connection = Connection(Cluster(name="bed", kubeconfig=str(places.run / "kubelet.kubeconfig")))
    api = NodeApi(connection)
    try:
        async with asyncio.TaskGroup() as tasks:
            pods = Pods(api, Rooms(places, api), tasks)
            await serve(places, pods, tasks)
            tasks.create_task(api.stay_ready())
            tasks.create_task(api.follow_pods(pods.hear))
    finally:
        await connection.aclose()


async def main() -> None:
    loop, playing = asyncio.get_running_loop(), asyncio.current_task()
    assert playing is not None
    loop.add_signal_handler(signal.SIGTERM, playing.cancel)
    await play(Places.from_environment())


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    try:
        asyncio.run(main())
    except asyncio.CancelledError:
        sys.exit(0)

"""The stage of every measurement: the playground with more apps, a second Slack for the yardstick, and a probe.

Started by `processes` as a process of its own. The probe tells when objects changed and how many watches are open.
"""

import argparse
import asyncio
import json
import signal
import time
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, ClassVar
from unittest import mock

import yaml
from aiohttp import web
from typing_extensions import override

from playground import seed, seeding, world
from playground.kubernetes.server import KubernetesServer
from playground.kubernetes.store import WatchEvent
from playground.kubernetes.watching import Watches
from playground.slack.model import App
from playground.slack.server import SlackStandIn

APPS_PER_NAMESPACE = 20
CHANGES_KEPT = 20_000
WATCHED = frozenset({"Rollout", "ReplicaSet", "Workflow"})
OLD, NEW = "v1.0", "v1.1"


class Probed(KubernetesServer):
    """The stand-in Kubernetes, whose watches can be counted from outside."""

    opened: ClassVar[list[Watches]] = []

    @override
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.opened.append(self.watches)


class Changes:
    """When which Rollout, ReplicaSet or Workflow changed, by the clock that all processes of a Linux machine share."""

    def __init__(self) -> None:
        self._kept: deque[dict[str, Any]] = deque(maxlen=CHANGES_KEPT)

    def hear(self, event: WatchEvent) -> None:
        if event.object["kind"] in WATCHED:
            kind, name = event.object["kind"], event.object["metadata"]["name"]
            self._kept.append({"at": time.monotonic(), "type": event.type, "kind": kind, "name": name})

    def since(self, moment: float) -> list[dict[str, Any]]:
        return [change for change in self._kept if change["at"] >= moment]


def more_apps(count: int, *, are_running: bool) -> Iterator[tuple[seed.SeedApp, seed.SeedEnvironment]]:
    """Make canary apps and where each goes; a namespace holds a few, as those of teams do."""
    for number in range(count):
        app = seed.SeedApp(
            name=f"app-{number:03}",
            strategy="canary",
            replicas=2,
            versions=(OLD, NEW),
            running=OLD if are_running else None,
            steps=({"weight": 20}, {"pause": {}}),
        )
        yield app, seed.SeedEnvironment(name=f"team-{number // APPS_PER_NAMESPACE}")


def extend_catalog(path: Path, crowd: Iterable[tuple[seed.SeedApp, seed.SeedEnvironment]]) -> None:
    """Add the apps and their environments to the playground's catalog, each like the one that is there."""
    catalog = yaml.safe_load(path.read_text(encoding="utf-8"))
    for app, environment in crowd:
        catalog["environments"][environment.name] = {"cluster": seed.CLUSTER, "namespace": environment.namespace}
        catalog["apps"][app.name] = {
            **catalog["apps"]["search"],
            "owners": [f"@team-{app.name}"],
            "artifact": {"group": seed.GROUP, "name": app.name, "packaging": "jar"},
            "image": app.image,
            "strategy": app.strategy,
            "environments": [environment.name],
            "values": {"replicas": app.replicas, "port": 8080, "host": app.host},
            "canary": {"steps": list(app.steps)},
        }
    path.write_text(yaml.safe_dump(catalog, sort_keys=False), encoding="utf-8")


async def add_apps(stage: world.World, crowd: Iterable[tuple[seed.SeedApp, seed.SeedEnvironment]]) -> None:
    """Publish the versions of the apps, make their namespaces, and release what runs already."""
    releases = stage.nexus.repositories[seed.MAVEN_REPOSITORY]
    namespaces: set[str] = set()
    for app, environment in crowd:
        for version in app.versions:
            releases.publish(group=seed.GROUP, name=app.name, version=version)
        if environment.namespace not in namespaces:
            namespaces.add(environment.namespace)
            add_namespace(stage, environment.namespace)
        if app.running:
            await stage.controllers.release(seeding.release_parameters(app, environment))


def add_namespace(stage: world.World, namespace: str) -> None:
    stage.store.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})
    for template in stage.store.list("WorkflowTemplate", "staging"):
        metadata = {"name": template["metadata"]["name"], "namespace": namespace}
        stage.store.create({**template, "metadata": metadata})


async def until_healthy(stage: world.World) -> None:
    """Wait for the controllers; looking now and then costs them less than looking at every change."""
    while any(  # noqa: ASYNC110  # see above
        each.get("status", {}).get("phase") != "Healthy" for each in stage.store.list("Rollout")
    ):
        await asyncio.sleep(0.5)


async def serve_probe(changes: Changes, stack: AsyncExitStack) -> str:
    async def show_changes(request: web.Request) -> web.Response:
        return web.json_response({"changes": changes.since(float(request.query["since"]))})

    async def count_watches(_: web.Request) -> web.Response:
        return web.json_response({"watches": sum(len(watches) for watches in Probed.opened)})

    app = web.Application()
    app.add_routes([web.get("/changes", show_changes), web.get("/watches", count_watches)])
    runner = web.AppRunner(app, access_log=None)
    stack.push_async_callback(runner.cleanup)
    await runner.setup()
    await web.TCPSite(runner, world.HOST, 0).start()
    return f"http://{world.HOST}:{runner.addresses[0][1]}"


async def run(options: argparse.Namespace) -> None:
    """Set the stage, say in one JSON line where everything is, and stay until SIGTERM."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    crowd = list(more_apps(options.apps, are_running=options.running))
    async with AsyncExitStack() as stack:
        stage = world.World(speed=options.speed)
        with mock.patch.object(world, "KubernetesServer", Probed):
            await stage.start(options.state)
        stack.push_async_callback(stage.stop)
        await add_apps(stage, crowd)
        await until_healthy(stage)
        extend_catalog(Path(stage.environment["SLIPWAY_CATALOG"]), crowd)
        changes = Changes()
        stage.store.subscribe(changes.hear)
        yardstick = SlackStandIn(
            people=seeding.slack_people(),
            channels=seeding.slack_channels(),
            app=App(bot_token=seed.BOT_TOKEN, app_token=seed.APP_TOKEN),
        )
        await yardstick.start()
        stack.push_async_callback(yardstick.stop)
        where = {
            **stage.describe(options.state),
            "yardstick": {"page": yardstick.page_url, "slack": yardstick.api_url},
            "probe": await serve_probe(changes, stack),
            "apps": [(app.name, environment.name) for app, environment in crowd],
        }
        print(json.dumps(where), flush=True)
        await stop.wait()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.stage")
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--speed", type=float, default=20)
    parser.add_argument("--apps", type=int, default=0)
    parser.add_argument("--running", action="store_true")
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()

"""The whole pipeline on the real parts: a jar made by javac goes in, and a pod behind a Service says its version.

The app is Java with the JDK's own web server. One world plays all of it in order, because each part rests on the one
before: first deploy, blue-green upgrade, canary, the way back, and the same image in a second environment.
"""

import subprocess
import uuid
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.bed import images
from tests.bed.api import Api
from tests.bed.places import Places
from tests.bed.services import nexus
from tests.bed.visitors import Visitors, service
from tests.scenarios.bed_ground import BedGround
from tests.scenarios.world import World, playing

pytestmark = [pytest.mark.bed, pytest.mark.timeout(900)]

APP = "pay"
SOURCE = """\
package com.example;

import com.sun.net.httpserver.HttpServer;
import java.net.InetSocketAddress;

public class Main {
    public static void main(String[] arguments) throws Exception {
        byte[] answer = (Main.class.getPackage().getImplementationVersion() + "\\n").getBytes();
        HttpServer server = HttpServer.create(new InetSocketAddress(8080), 64);
        server.createContext("/", exchange -> {
            exchange.sendResponseHeaders(200, answer.length);
            exchange.getResponseBody().write(answer);
            exchange.close();
        });
        server.setExecutor(java.util.concurrent.Executors.newFixedThreadPool(4));
        Runtime.getRuntime().addShutdownHook(new Thread(() -> server.stop(1)));
        server.start();
    }
}
"""
SHARE = (0.10, 0.32)
"""Of 300 requests, what a weight of 20 % may come to by chance: four standard deviations to each side."""


class Java:
    """Makes jars of the app and publishes them as `mvn deploy` does."""

    def __init__(self, folder: Path, artifact: str) -> None:
        self._folder, self.artifact = folder, artifact
        source = folder / "src" / "com" / "example" / "Main.java"
        source.parent.mkdir(parents=True)
        source.write_text(SOURCE, encoding="utf-8")
        self._run("javac", "--release", "17", "-d", str(folder / "classes"), str(source))

    def publish(self, version: str) -> None:
        manifest, jar = self._folder / "manifest", self._folder / f"{version}.jar"
        manifest.write_text(f"Main-Class: com.example.Main\nImplementation-Version: {version}\n", encoding="utf-8")
        self._run(
            "jar", "--create", f"--file={jar}", f"--manifest={manifest}", "-C", str(self._folder / "classes"), "."
        )
        nexus.publish(self.artifact, version, jar.read_bytes())

    def _run(self, *command: str) -> None:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


@pytest.fixture
def java(tmp_path: Path) -> Java:
    return Java(tmp_path, f"{APP}-{uuid.uuid4().hex[:8]}")


@pytest.fixture
def ground(tmp_path: Path, java: Java) -> BedGround:
    """Give a world whose app is made of the jars, on the Java base image."""
    ground, places = BedGround(tmp_path), Places.from_environment()
    path = Path(ground.environment["SLIPWAY_CATALOG"])
    catalog = yaml.safe_load(path.read_text(encoding="utf-8"))
    app = catalog["apps"][APP]
    app["artifact"]["name"] = java.artifact
    app["image"] = f"{app['image'].rpartition('/')[0]}/{java.artifact}"
    app["base-image"] = f"{images.JRE.rpartition(':')[0]}@{images.digest(places, images.JRE)}"
    app["values"] |= {"replicas": 5, "resources": {"requests": {"cpu": "10m", "memory": "64Mi"}}}
    app["values"]["drainSeconds"] = 10  # As in the changes of strategy: this machine's Services may be seconds behind.
    app["canary"] = {"steps": [{"weight": 20}, {"pause": {}}]}
    path.write_text(yaml.safe_dump(catalog), encoding="utf-8")
    return ground


@pytest.fixture
def world(tmp_path: Path, ground: BedGround) -> Iterator[World]:
    with playing(tmp_path, ground) as world:
        world.start_bot()
        yield world


def image(ground: BedGround, environment: str) -> str:
    """Return the image that the app's Rollout runs."""
    api = Api(Places.from_environment().kubeconfig)
    namespace = next(name for name in ground.namespaces if name.startswith(environment))
    found: str = api.get("Rollout", namespace, APP)["spec"]["template"]["spec"]["containers"][0]["image"]
    api.close()
    return found


def test_a_jar_becomes_an_image_becomes_a_rollout_that_answers(world: World, ground: BedGround, java: Java) -> None:
    for version in ("1.0.0", "1.1.0", "1.2.0"):
        java.publish(version)

    # The first deploy is live as blue.
    world.type("alice", f"/deploy {APP} 1.0.0")
    world.card_shows("done in", number=1)
    visitors = Visitors(service(ground, APP, "staging"))
    assert visitors.ask() == "1.0.0"
    first = image(ground, "staging")

    # An upgrade waits beside it; nobody sees it before the switch, and nobody is turned away by it.
    with Visitors(service(ground, APP, "staging")) as waiting:
        world.type("alice", f"/deploy {APP} 1.1.0")
        world.card_shows("green is ready", number=2)
    assert set(waiting.answers) == {"1.0.0"}
    with Visitors(service(ground, APP, "staging")) as switching:
        world.press("bob", "Switch traffic to 1.1.0")
        world.card_shows("done in", number=2)
        world.until(lambda: visitors.ask() == "1.1.0", "the new version answers")
    assert switching.failures == []

    # A canary gets its share of the requests.
    world.type("alice", f"/deploy {APP} 1.2.0 canary")
    world.card_shows("waits for a promote", number=3)
    answers = Counter(visitors.ask() for _ in range(300))
    assert set(answers) == {"1.1.0", "1.2.0"}
    assert SHARE[0] <= answers["1.2.0"] / 300 <= SHARE[1], answers
    world.press("bob", "Abort, back to 1.1.0")
    world.until(lambda: {visitors.ask() for _ in range(20)} == {"1.1.0"}, "all requests are back on the old version")
    world.card_shows("aborted", "and the release with it", number=3)

    # The way back to the first version needs no build, and is the same image to the byte.
    world.type("alice", f"/deploy {APP} 1.0.0 rolling")
    card = world.card_shows("done in", number=4)
    world.until(lambda: {visitors.ask() for _ in range(20)} == {"1.0.0"}, "the first version answers again")
    assert image(ground, "staging") == first
    assert "already built" in " ".join(world.thread_ends(card, "Done in"))

    # Built once, deployed to two environments.
    world.type("carol", f"/deploy {APP} 1.0.0 to production")
    world.press("carol", world.hears("carol", f"Deploy {APP} 1.0.0 to production").buttons[0])
    world.card_shows("done in", channel="prod-deploys", number=5)
    assert image(ground, "production") == first
    assert Visitors(service(ground, APP, "production")).ask() == "1.0.0"

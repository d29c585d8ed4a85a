"""Keycloak from its Maven distribution: built and seeded once, then every start begins from a copy of that seed.

`build` needs the network and takes about a minute; the supervisor starts the service in seconds afterwards.
"""

import hashlib
import json
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from playground import seed
from tests.bed.places import ADDRESS, CLUSTER, KEYCLOAK_MANAGEMENT_PORT, KEYCLOAK_PORT, REPOSITORY, Cluster, Places
from tests.bed.service import Service, answers
from tests.bed.services import java_names, maven, web
from tests.bed.services.keycloak_realm import realm
from tests.bed.services.programs import ServiceError, run

VERSION: Final = "26.7.4"
DISTRIBUTION: Final = f"org.keycloak:keycloak-quarkus-dist:{VERSION}:tar.gz"
URL: Final = f"http://{ADDRESS}:{KEYCLOAK_PORT}"
READY: Final = f"http://{ADDRESS}:{KEYCLOAK_MANAGEMENT_PORT}/health/ready"
HEAP: Final = "-Xms64m -Xmx384m"
# The first compiler alone and the simplest collector: start and size count here, not the last bit of speed.
JVM: Final = "-XX:TieredStopAtLevel=1 -XX:-UseG1GC -XX:+UseSerialGC"
BUILD: Final = ("build", "--db=dev-file", "--health-enabled=true")
START: Final = (
    "start",
    "--optimized",
    "--http-enabled=true",
    f"--http-host={ADDRESS}",
    f"--http-port={KEYCLOAK_PORT}",
    f"--http-management-port={KEYCLOAK_MANAGEMENT_PORT}",
    "--hostname-strict=false",
    "--cache=local",
)
# Taken as part of the start, not before it: a server that still runs never loses its database.
_FRESH_START: Final = (
    'data=$1 seed=$2; shift 2; rm -rf "$data" && mkdir -p "$data" && cp -a "$seed" "$data" && exec "$@"'
)


@dataclass(frozen=True, slots=True)
class Layout:
    """Where this service keeps what."""

    places: Places

    @property
    def home(self) -> Path:
        return maven.home(DISTRIBUTION, self.places)

    @property
    def script(self) -> str:
        return str(self.home / "bin" / "kc.sh")

    @property
    def built(self) -> Path:
        """Stands when `kc.sh build` ended well; holds its options."""
        return self.home / "bed-built"

    @property
    def imported(self) -> Path:
        return self.home / "data" / "import" / f"{seed.REALM}.json"

    @property
    def seed(self) -> Path:
        """The folder of everything that one seeding made."""
        return self.places.downloads / "keycloak-seed"

    @property
    def database(self) -> Path:
        return self.seed / "data"

    @property
    def classes(self) -> Path:
        """The JVM's archive of loaded classes, which makes a start three times as fast."""
        return self.seed / "classes.jsa"

    @property
    def key(self) -> Path:
        return self.seed / "key"

    @property
    def state(self) -> Path:
        return self.places.run / "keycloak"


def service(places: Places) -> Service:
    """Describe Keycloak, listening in the bed's network namespace."""
    layout = Layout(places)
    return Service(
        name="keycloak",
        command=lambda: [
            *("/bin/sh", "-c", _FRESH_START, "keycloak", str(layout.state), str(layout.database)),
            *(layout.script, *START),
        ],
        prepare=lambda: _prepare(layout),
        is_ready=lambda: answers(READY),
        settle=_log_in_as_bot,
        environment=environment(layout, f"-XX:SharedArchiveFile={layout.classes} -Xshare:auto", data=layout.state),
        patience_seconds=120,
    )


def build(places: Places) -> None:
    """Fetch and unpack Keycloak, build it and seed the realm; what was done for the same realm and JVM is kept."""
    layout = Layout(places)
    maven.unpack(DISTRIBUTION, places)
    java_names.write(places)
    if not layout.built.is_file() or layout.built.read_text(encoding="utf-8") != " ".join(BUILD):
        run([layout.script, *BUILD])
        layout.built.write_text(" ".join(BUILD), encoding="utf-8")
    if not _is_seeded(layout):
        _seed(layout)


def environment(layout: Layout, flags: str, *, data: Path) -> dict[str, str]:
    """Return the variables that Keycloak is started with; its database is below `data`."""
    return {
        "JAVA_OPTS_KC_HEAP": HEAP,
        "JAVA_OPTS_APPEND": f"{JVM} {java_names.flag(layout.places)} {flags}",
        "KC_BOOTSTRAP_ADMIN_USERNAME": "admin",
        "KC_BOOTSTRAP_ADMIN_PASSWORD": "demo-admin",
        "KC_DB_URL_PATH": str(data),
    }


def _is_seeded(layout: Layout) -> bool:
    return layout.key.is_file() and layout.key.read_text(encoding="utf-8") == _key()


def _key() -> str:
    """Hash all that a seed depends on."""
    java = run(["java", "-version"])
    made_from = [VERSION, *BUILD, *START, HEAP, JVM, java, json.dumps(realm(), sort_keys=True)]
    return hashlib.sha256("\0".join(made_from).encode()).hexdigest()


def _seed(layout: Layout) -> None:
    """Start Keycloak once with the import, in a network namespace that lasts as long as this where one can be had."""
    shutil.rmtree(layout.seed, ignore_errors=True)
    layout.seed.mkdir(parents=True)
    layout.imported.parent.mkdir(parents=True, exist_ok=True)
    layout.imported.write_text(json.dumps(realm(), indent=1), encoding="utf-8")
    layout.places.logs.mkdir(parents=True, exist_ok=True)
    apart = [] if CLUSTER is Cluster.NODELESS else ["unshare", "--net"]
    run(
        [*apart, sys.executable, "-m", "tests.bed.services.keycloak_seeding", str(layout.places.home)],
        environment={"PYTHONPATH": str(REPOSITORY), "PATH": os.environ["PATH"]},
        folder=REPOSITORY,
    )
    layout.key.write_text(_key(), encoding="utf-8")


def _prepare(layout: Layout) -> None:
    if not _is_seeded(layout):
        raise ServiceError("Keycloak was not built for this realm and this Java yet; build the bed first.")
    java_names.write(layout.places)


def _log_in_as_bot() -> None:
    """Get a token as the bot, which shows that this is the seeded realm."""
    with web.client(URL, user=seed.BOT_CLIENT, password=seed.BOT_SECRET) as client:
        token = f"/realms/{seed.REALM}/protocol/openid-connect/token"
        web.need(client.post(token, data={"grant_type": "client_credentials"}))

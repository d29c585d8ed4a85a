"""Starts Keycloak once so that it imports the realm, and stops it: what it leaves is the seed of every later start.

`keycloak.build` runs this as a program of its own inside an empty network namespace, so the machine's ports do not
matter; in a bed without a node it is the machine's own loopback. The database and the JVM's archive of loaded classes
stay in the seed's folder.
"""

import subprocess
import sys
import time
from pathlib import Path

from playground import seed
from tests.bed.places import ADDRESS, CLUSTER, Cluster, Places
from tests.bed.service import answers
from tests.bed.services.keycloak import READY, START, Layout, environment
from tests.bed.services.programs import ServiceError, run

PATIENCE_SECONDS = 240.0
LOOK_EVERY_SECONDS = 0.2
STOP_SECONDS = 60.0
KEPT_CHARACTERS = 2000


def main() -> None:
    layout = Layout(Places(Path(sys.argv[1])))
    if CLUSTER is not Cluster.NODELESS:
        run(["ip", "link", "set", "lo", "up"])
        run(["ip", "address", "add", f"{ADDRESS}/32", "dev", "lo"])
    log = layout.places.logs / "keycloak-seed.log"
    with log.open("w", encoding="utf-8") as output:
        process = subprocess.Popen(
            [layout.script, *START, "--import-realm"],
            env=_environment(layout),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
        try:
            _wait(process)
        finally:
            process.terminate()
            process.wait(STOP_SECONDS)
    said = log.read_text(encoding="utf-8")
    if f"Realm '{seed.REALM}' imported" not in said or not layout.classes.is_file():
        raise ServiceError(f"Keycloak did not import the realm; {log} ends with: {said[-KEPT_CHARACTERS:]}")


def _environment(layout: Layout) -> dict[str, str]:
    import os

    flags = f"-XX:ArchiveClassesAtExit={layout.classes}"
    return {**os.environ, **environment(layout, flags, data=layout.seed)}


def _wait(process: "subprocess.Popen[bytes]") -> None:
    ends = time.monotonic() + PATIENCE_SECONDS
    while process.poll() is None and time.monotonic() < ends:
        if answers(READY):
            return
        time.sleep(LOOK_EVERY_SECONDS)


if __name__ == "__main__":
    try:
        main()
    except ServiceError as error:
        sys.exit(str(error))

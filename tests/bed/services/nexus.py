"""Nexus Repository from its Maven artifact, with a hosted repository that holds every version of the playground's seed.

`build` needs the network; `publish` is for tests that add a version while the bed runs.
"""

import io
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import httpx

from playground import seed
from tests.bed.places import ADDRESS, NEXUS_PORT, Places
from tests.bed.service import Service, answers, own
from tests.bed.services import java_names, maven, web
from tests.bed.services.programs import ServiceError

VERSION: Final = "3.71.0-06"
DISTRIBUTION: Final = f"org.sonatype.nexus.assemblies:nexus-base-template:{VERSION}:zip"
URL: Final = f"http://{ADDRESS}:{NEXUS_PORT}"
READY: Final = f"{URL}/service/rest/v1/status/writable"
ADMIN: Final = "admin"
ADMIN_PASSWORD: Final = "admin123"  # what Nexus itself begins with when it makes no random one
REPOSITORIES: Final = "/service/rest/v1/repositories"
COMPONENTS: Final = "/service/rest/v1/components"
SEARCH: Final = "/service/rest/v1/search"
INDEX_SECONDS: Final = 15.0
LOOK_EVERY_SECONDS: Final = 0.05
MEMORY: Final = {"JAVA_MIN_MEM": "256m", "JAVA_MAX_MEM": "768m", "DIRECT_MAX_MEM": "512m"}
DEBIAN_JAVA: Final = "java-17-openjdk-*"
JVM: Final = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
ZIP_TIME: Final = (2026, 1, 1, 0, 0, 0)

_PROPERTIES: Final = f"""\
application-port={NEXUS_PORT}
application-host={ADDRESS}
nexus.security.randompassword=false
nexus.onboarding.enabled=false
"""
_HOSTED: Final = {
    "name": seed.MAVEN_REPOSITORY,
    "online": True,
    "storage": {"blobStoreName": "default", "strictContentTypeValidation": True, "writePolicy": "ALLOW_ONCE"},
    "maven": {"versionPolicy": "RELEASE", "layoutPolicy": "STRICT"},
}
_ANONYMOUS: Final = {"enabled": True, "userId": "anonymous", "realmName": "NexusAuthorizingRealm"}


def service(places: Places) -> Service:
    """Describe Nexus, listening in the bed's network namespace."""
    home, data = maven.home(DISTRIBUTION, places), places.run / "nexus"
    folders = {"KARAF_BASE": home, "KARAF_ETC": home / "etc" / "karaf", "KARAF_DATA": data, "KARAF_LOG": data / "log"}
    return Service(
        name="nexus",
        command=lambda: [str(home / "bin" / "nexus"), "server"],
        prepare=lambda: _prepare(places, data),
        is_ready=lambda: answers(READY),
        settle=_settle,
        environment={
            "HOME": str(data),
            "EXTRA_JAVA_OPTS": f"{JVM} {java_names.flag(places)}",
            **MEMORY,
            **{name: str(folder) for name, folder in folders.items()},
            **_java_home(),
        },
        directory=home,
        as_nobody=True,
        # Half a minute of two busy processors: the cluster goes first.
        nice=5,
        patience_seconds=240,
        stop_seconds=20,
    )


def build(places: Places) -> None:
    """Fetch and unpack Nexus."""
    maven.unpack(DISTRIBUTION, places)


def publish(app: str, version: str, content: bytes) -> None:
    """Add a version of an app: `content` is its jar, which must be a zip file. Returns when a search finds it.

    Raises
    ------
    ServiceError
        Nexus refused it, as it does with a version that exists, or its search did not find it in time.
    """
    with _client() as client:
        _upload(client, app, version, content)
        _wait_for_index(client, {(app, version)})


def jar(app: str, version: str, behaviour: str = "") -> bytes:
    """Return a small jar that says what it is, and how the web application shall behave; the same bytes every time."""
    attributes = {"Manifest-Version": "1.0", "Implementation-Title": app, "Implementation-Version": version}
    if behaviour:
        attributes["Slipway-Behaviour"] = behaviour
    manifest = "".join(f"{name}: {text}\r\n" for name, text in attributes.items()) + "\r\n"
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in (("META-INF/MANIFEST.MF", manifest), ("application.txt", f"{app} {version}\n")):
            archive.writestr(zipfile.ZipInfo(name, ZIP_TIME), text)
    return memory.getvalue()


def pom(app: str, version: str) -> bytes:
    """Return the least that Maven takes for an artifact's description."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<project xmlns="http://maven.apache.org/POM/4.0.0">\n'
        "  <modelVersion>4.0.0</modelVersion>\n"
        f"  <groupId>{seed.GROUP}</groupId>\n  <artifactId>{app}</artifactId>\n"
        f"  <version>{version}</version>\n  <packaging>jar</packaging>\n</project>\n"
    ).encode()


def _java_home() -> dict[str, str]:
    """Choose Debian's Java 17 where it is: this Nexus was made for it, whichever one the machine prefers."""
    found = sorted(Path("/usr/lib/jvm").glob(DEBIAN_JAVA))
    return {"JAVA_HOME": str(found[0])} if found else {}


def _prepare(places: Places, data: Path) -> None:
    if not maven.home(DISTRIBUTION, places).is_dir():
        raise ServiceError("Nexus was not fetched yet; build the bed first.")
    java_names.write(places)
    for folder in ("etc", "log", "tmp"):
        (data / folder).mkdir(parents=True, exist_ok=True)
    (data / "etc" / "nexus.properties").write_text(_PROPERTIES, encoding="utf-8")
    own(data)


def _settle() -> None:
    """Let everybody read, make the repository and upload the versions that it lacks, in the order of the seed."""
    with _client() as client:
        if web.need(client.get("/service/rest/v1/security/anonymous")).json() != _ANONYMOUS:
            web.need(client.put("/service/rest/v1/security/anonymous", json=_ANONYMOUS))
        _make_repository(client)
        wanted = [(app.name, version) for app in seed.APPS for version in app.versions]
        there = set(_listed(client, COMPONENTS))
        for app, version in wanted:
            if (app, version) not in there:
                _upload(client, app, version, jar(app, version))
        _wait_for_index(client, set(wanted))


def _make_repository(client: httpx.Client) -> None:
    """Make the repository, or give the one that Nexus brings along the same settings: it takes any bytes for a jar."""
    hosted = f"{REPOSITORIES}/maven/hosted"
    there = web.need(client.get(f"{hosted}/{seed.MAVEN_REPOSITORY}"), httpx.codes.NOT_FOUND)
    if there.status_code == httpx.codes.NOT_FOUND:
        web.need(client.post(hosted, json=_HOSTED))
    elif there.json()["storage"] != _HOSTED["storage"]:
        web.need(client.put(f"{hosted}/{seed.MAVEN_REPOSITORY}", json=_HOSTED))


def _client() -> httpx.Client:
    return web.client(URL, user=ADMIN, password=ADMIN_PASSWORD)


def _upload(client: httpx.Client, app: str, version: str, content: bytes) -> None:
    """Send the jar and its description as one component: both are there afterwards, or neither."""
    fields = {
        "maven2.groupId": seed.GROUP,
        "maven2.artifactId": app,
        "maven2.version": version,
        "maven2.asset1.extension": "jar",
        "maven2.asset2.extension": "pom",
    }
    files = {
        "maven2.asset1": (f"{app}-{version}.jar", content, "application/java-archive"),
        "maven2.asset2": (f"{app}-{version}.pom", pom(app, version), "application/xml"),
    }
    repository = {"repository": seed.MAVEN_REPOSITORY}
    web.need(client.post(COMPONENTS, params=repository, data=fields, files=files))


def _listed(client: httpx.Client, path: str) -> Iterator[tuple[str, str]]:
    """Read all pages of a list of components: artifact and version."""
    query = {"repository": seed.MAVEN_REPOSITORY}
    while True:
        page: dict[str, Any] = web.need(client.get(path, params=query)).json()
        yield from ((item["name"], item["version"]) for item in page["items"])
        if not page["continuationToken"]:
            return
        query["continuationToken"] = page["continuationToken"]


def _wait_for_index(client: httpx.Client, wanted: set[tuple[str, str]]) -> None:
    """Return when a search finds what was uploaded; the index follows an upload by some tenths of a second."""
    ends = time.monotonic() + INDEX_SECONDS
    while missing := wanted.difference(_listed(client, SEARCH)):
        if time.monotonic() > ends:
            raise ServiceError(f"Nexus does not find {sorted(missing)} within {INDEX_SECONDS:.0f} s of the upload.")
        time.sleep(LOOK_EVERY_SECONDS)

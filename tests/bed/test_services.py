"""The bed's services as the product and the pipeline meet them; run inside the bed's network namespace."""

import base64
import io
import json
import subprocess
import time
import uuid
import zipfile
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from commands.core.catalog import App, Artifact, Chart
from commands.core.model import ChatUser, Person
from commands.core.ports import Stranger
from commands.core.reasons import ReasonCode
from integrations.keycloak import KeycloakPeople, KeycloakSettings, Link
from integrations.nexus import NexusSettings, NexusVersions
from playground import seed
from tests.bed.places import ADDRESS, REPOSITORY, Places
from tests.bed.services import dns, gitea, keycloak, nexus, postgres, prometheus
from tests.bed.services.programs import ServiceError

pytestmark = pytest.mark.bed

PATIENCE_SECONDS = 45.0
LOOK_EVERY_SECONDS = 0.1
SERVE_METRIC = "echo bed_answer 42 >/tmp/metrics && exec httpd -f -p 8080 -h /tmp"
ANNOTATIONS = {"prometheus.io/scrape": "true", "prometheus.io/port": "8080"}
BUSYBOX = "registry.local/busybox:1"


@pytest.fixture
def places() -> Places:
    return Places.from_environment()


@pytest.fixture
def namespace(places: Places) -> Iterator[str]:
    name = f"services-{uuid.uuid4().hex[:6]}"
    kubectl(places, "create", "namespace", name)
    yield name
    kubectl(places, "delete", "namespace", name, "--wait=false")


def kubectl(places: Places, *words: str, text: str | None = None) -> str:
    command = [places.program("kubectl"), f"--kubeconfig={places.kubeconfig}", *words]
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False, timeout=PATIENCE_SECONDS)
    assert done.returncode == 0, done.stderr
    return done.stdout


def eventually(look: Callable[[], Any]) -> Any:
    """Return what `look` finds first; fail when it finds nothing in time."""
    ends = time.monotonic() + PATIENCE_SECONDS
    while not (found := look()):
        assert time.monotonic() < ends, f"nothing was found within {PATIENCE_SECONDS:.0f} s"
        time.sleep(LOOK_EVERY_SECONDS)
    return found


def chat_user(name: str) -> ChatUser:
    return ChatUser(id=f"U0{name.upper()}", team=seed.TEAM)


@pytest.fixture(params=[Link.ATTRIBUTE, Link.IDP])
async def people(request: pytest.FixtureRequest) -> AsyncIterator[KeycloakPeople]:
    settings = KeycloakSettings(
        url=keycloak.URL,
        realm=seed.REALM,
        client_id=seed.BOT_CLIENT,
        client_secret=SecretStr(seed.BOT_SECRET),
        roles_client=seed.ROLES_CLIENT,
        team=seed.TEAM,
        link=request.param,
        budget=timedelta(seconds=PATIENCE_SECONDS),
    )
    adapter = KeycloakPeople(settings)
    yield adapter
    await adapter.aclose()


@pytest.mark.parametrize(
    ("name", "roles"),
    [("alice", {"deployer"}), ("bob", {"approver"}), ("carol", {"admin", "deployer", "approver"}), ("eve", set())],
)
async def test_people_have_the_roles_of_the_seed(people: KeycloakPeople, name: str, roles: set[str]) -> None:
    found = await people.find(chat_user(name))
    assert isinstance(found, Person)
    assert (found.name, set(found.roles)) == (name, roles)


async def test_the_real_keycloak_lists_who_holds_a_role_and_no_disabled_account(people: KeycloakPeople) -> None:
    chat_ids = {name: chat_user(name).id for name in ("bob", "carol")}
    found = await people.holders_of(["approver"])
    assert chat_ids["bob"] in found
    assert chat_user("dave").id not in found, "dave is disabled"
    assert await people.holders_of(["no-such-role"]) == ()


@pytest.mark.parametrize(("name", "code"), [("dave", ReasonCode.ACCOUNT_DISABLED), ("mallory", ReasonCode.NOT_LINKED)])
async def test_who_is_disabled_or_not_linked_is_a_stranger(people: KeycloakPeople, name: str, code: ReasonCode) -> None:
    assert await people.find(chat_user(name)) == Stranger(code=code)


async def test_the_bot_has_what_it_needs_in_keycloak_and_no_more(people: KeycloakPeople) -> None:
    findings = await people.check(chat_user("alice"))
    assert [finding.message for finding in findings if not finding.is_ok] == []
    assert "no more than needed" in [finding.message for finding in findings]


@pytest.fixture
async def versions() -> AsyncIterator[NexusVersions]:
    settings = NexusSettings(
        url=nexus.URL,
        repository=seed.MAVEN_REPOSITORY,
        budget=timedelta(seconds=PATIENCE_SECONDS),
        max_age=timedelta(0),
    )
    async with httpx.AsyncClient(trust_env=False) as client:
        adapter = NexusVersions(settings, client)
        yield adapter
        await adapter.aclose()


def app(name: str) -> App:
    return App(
        name=name,
        artifact=Artifact(group=seed.GROUP, name=name),
        image=f"harbor.example.com/{name}/{name}",
        base_image=seed.BASE_IMAGE,
        chart=Chart(repository=seed.CHARTS, path=seed.CHART_PATH, ref=seed.CHART_REF),
        environments=("staging",),
    )


@pytest.mark.parametrize("seeded", seed.APPS, ids=lambda each: str(each.name))
async def test_every_seeded_version_is_listed(versions: NexusVersions, seeded: seed.SeedApp) -> None:
    listed = [each.version for each in await versions.search(app(seeded.name))]
    assert set(seeded.versions) <= set(listed)
    ours = [version for version in listed if version in seeded.versions]
    assert ours[0] == max(seeded.versions, key=seeded.versions.index)


async def test_an_app_that_was_never_published_has_no_versions(versions: NexusVersions) -> None:
    assert await versions.search(app(f"absent-{uuid.uuid4().hex[:8]}")) == ()


async def test_nexus_passes_the_products_own_check(versions: NexusVersions) -> None:
    assert [finding.message for finding in await versions.check() if not finding.is_ok] == []


async def test_what_a_test_publishes_is_found_at_once_and_cannot_be_replaced(versions: NexusVersions) -> None:
    name = f"probe-{uuid.uuid4().hex[:8]}"
    nexus.publish(name, "1.0", nexus.jar(name, "1.0"))
    assert [each.version for each in await versions.search(app(name))] == ["1.0"]
    with pytest.raises(ServiceError, match="400"):
        nexus.publish(name, "1.0", nexus.jar(name, "1.0", "fail"))


def test_a_jar_that_is_no_zip_file_is_refused_and_leaves_nothing_behind() -> None:
    name = f"probe-{uuid.uuid4().hex[:8]}"
    with pytest.raises(ServiceError, match="InvalidContent"):
        nexus.publish(name, "1.0", b"no zip file")
    nexus.publish(name, "1.0", nexus.jar(name, "1.0"))


def test_a_seeded_jar_is_downloaded_without_an_account() -> None:
    path = f"/repository/{seed.MAVEN_REPOSITORY}/{seed.GROUP.replace('.', '/')}/shop/v1.2/shop-v1.2.jar"
    with httpx.Client(base_url=nexus.URL, trust_env=False) as client:
        answer = client.get(path)
        missing = client.get(path.replace("v1.2", "v9.9"))
    with zipfile.ZipFile(io.BytesIO(answer.content)) as jar:
        assert b"Implementation-Version: v1.2\r\n" in jar.read("META-INF/MANIFEST.MF")
    assert missing.status_code == httpx.codes.NOT_FOUND


@pytest.fixture
def charts(places: Places) -> Iterator[httpx.Client]:
    token = gitea.token_file(places).read_text(encoding="utf-8")
    url = f"{gitea.URL}{gitea.API}/repos/{gitea.FULL_NAME}/"
    with httpx.Client(base_url=url, headers={"Authorization": f"token {token}"}, trust_env=False) as client:
        yield client


def test_the_chart_is_in_gitea_at_its_ref(charts: httpx.Client) -> None:
    folder = REPOSITORY / "charts" / "app"
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        path = f"contents/{seed.CHART_PATH}/{file.relative_to(folder)}"
        answer = charts.get(path, params={"ref": seed.CHART_REF}).raise_for_status().json()
        assert base64.b64decode(answer["content"]) == file.read_bytes(), path


def test_the_pipelines_token_reads_the_charts_and_changes_nothing(charts: httpx.Client) -> None:
    change = {"content": base64.b64encode(b"changed").decode(), "message": "change", "branch": "main"}
    assert charts.post("contents/new-file", json=change).status_code == httpx.codes.FORBIDDEN
    assert charts.get(f"{gitea.URL}{gitea.API}/user").status_code == httpx.codes.FORBIDDEN
    del charts.headers["Authorization"]
    assert charts.get("contents").status_code == httpx.codes.NOT_FOUND


def psql(url: str, statement: str) -> "subprocess.CompletedProcess[str]":
    command = [str(postgres.PROGRAMS / "psql"), url, "--no-psqlrc", "-tAc", statement]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE_SECONDS)


def test_slipway_owns_its_database_in_postgres() -> None:
    table = f"probe_{uuid.uuid4().hex[:8]}"
    done = psql(postgres.URL, f"create table {table} (at timestamptz); drop table {table}; select current_user")
    assert done.stdout.splitlines()[-1:] == [postgres.ROLE], done.stderr


@pytest.mark.parametrize("given", ["postgresql://postgres:demo-postgres", f"postgresql://{postgres.ROLE}:wrong"])
def test_nobody_else_comes_into_postgres_over_the_network(given: str) -> None:
    whole = f"postgresql://{postgres.ROLE}:{postgres.PASSWORD}"
    assert psql(postgres.URL.replace(whole, given), "select 1").returncode == 2


@pytest.fixture
def probe(places: Places, namespace: str) -> str:
    """Run a pod that serves one metric, behind a Service of the same name; return their namespace."""
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "probe", "labels": {"app": "probe"}, "annotations": ANNOTATIONS},
        "spec": {
            "containers": [{"name": "web", "image": BUSYBOX, "command": ["sh", "-c", SERVE_METRIC]}],
            "terminationGracePeriodSeconds": 0,
        },
    }
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "probe"},
        "spec": {"selector": {"app": "probe"}, "ports": [{"port": 80, "targetPort": 8080}]},
    }
    for made in (pod, service):
        kubectl(places, "create", f"--namespace={namespace}", "-f", "-", text=json.dumps(made))
    kubectl(places, "wait", f"--namespace={namespace}", "pod/probe", "--for=condition=Ready", "--timeout=40s")
    return namespace


def test_prometheus_scrapes_a_pod_that_asks_for_it(probe: str) -> None:
    with httpx.Client(base_url=prometheus.URL, trust_env=False) as client:
        assert client.get("/-/ready").is_success

        def asked() -> Any:
            query = {"query": f'bed_answer{{namespace="{probe}", pod="probe", app="probe"}}'}
            return client.get("/api/v1/query", params=query).raise_for_status().json()["data"]["result"]

        (sample,) = eventually(asked)
    assert sample["value"][1] == "42"


def test_a_pod_asks_the_same_names(places: Places, probe: str) -> None:
    name = f"probe.{probe}.svc.cluster.local"
    # The applet reads the pod's resolv.conf; those that go through the C library cannot in a static program.
    said = kubectl(places, "exec", f"--namespace={probe}", "probe", "--", "/bin/busybox", "nslookup", name)
    address = kubectl(places, "get", "service", "probe", f"--namespace={probe}", "-o=jsonpath={.spec.clusterIP}")
    assert address in said
    assert ADDRESS in said


def test_the_name_of_a_service_leads_to_its_address(places: Places, namespace: str) -> None:
    kubectl(places, "create", "service", "clusterip", "shop", "--tcp=80:8080", f"--namespace={namespace}")
    address = kubectl(places, "get", "service", "shop", f"--namespace={namespace}", "-o=jsonpath={.spec.clusterIP}")
    assert eventually(lambda: dns.resolve(f"shop.{namespace}.svc.cluster.local")) == (address,)


def test_names_outside_the_cluster_do_not_exist() -> None:
    assert dns.resolve("shop.example.com") == ()
    assert dns.resolve(dns.HOST) == (ADDRESS,)

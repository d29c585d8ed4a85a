"""The stand-in for the node under the real control plane and controllers; run with BED_CLUSTER=nodeless."""

import ssl
import uuid
from collections.abc import AsyncIterator

import httpx
import pytest

from commands.core.catalog import Cluster as ClusterOfCatalog
from integrations.kubernetes.fields import Obj, at, mappings, text
from integrations.kubernetes.paths import CORE
from integrations.kubernetes.transport import Connection
from tests.bed.facts.manifests import executor_account, pod, script, workflow
from tests.bed.facts.objects import Space
from tests.bed.facts.states import ended, phase
from tests.bed.node.cluster import PORT
from tests.bed.node.rooms import SCRATCH
from tests.bed.places import ADDRESS, CLUSTER, REGISTRY, Cluster, Places

pytestmark = [
    pytest.mark.bed,
    pytest.mark.skipif(CLUSTER is not Cluster.NODELESS, reason="this bed has a real node, or somebody else's"),
]
SIZE = {"name": "size", "valueFrom": {"path": f"{SCRATCH}/outputs/size"}}
WRITE_SIZE = 'mkdir -p "$SLIPWAY_OUTPUTS" && echo 5 >"$SLIPWAY_OUTPUTS/size" && echo written'


@pytest.fixture
def places() -> Places:
    return Places.from_environment()


@pytest.fixture
async def space(places: Places) -> AsyncIterator[Space]:
    """Give a namespace in which workflows may run."""
    connection = Connection(ClusterOfCatalog(name="bed", kubeconfig=str(places.kubeconfig)))
    name = f"node-{uuid.uuid4().hex[:6]}"
    await connection.create(f"{CORE}/namespaces", {"kind": "Namespace", "metadata": {"name": name}})
    space = Space(connection, name)
    for each in executor_account():
        await space.create(each)
    yield space
    await connection.request("DELETE", f"{CORE}/namespaces/{name}", values=set())
    await connection.aclose()


async def log(space: Space, name: str, container: str = "main") -> str:
    answer = await space.connection.get(space.path("Pod", name, "log"), params={"container": container})
    return answer.text


def is_running(obj: Obj) -> bool:
    return phase(obj) == "Running"


def codes(of_pod: Obj) -> dict[str, int]:
    """Return the exit codes of a pod's containers."""
    found = at(of_pod, "status", "containerStatuses")
    return {each["name"]: at(each, "state", "terminated", "exitCode") for each in found}


async def test_a_pod_of_an_app_runs_says_that_nothing_runs_and_goes(space: Space) -> None:
    await space.create(pod("shop", "sleep 60"))
    await space.until("Pod", "shop", is_running)
    assert "nothing runs" in await log(space, "shop")
    await space.delete("Pod", "shop")
    await space.until_gone("Pod", "shop")


async def test_an_image_that_the_registry_does_not_have_is_not_pulled(space: Space) -> None:
    made = pod("absent", "true")
    made["spec"]["containers"][0]["image"] = f"{REGISTRY}/shop/shop:absent"
    await space.create(made)

    def is_refused(obj: Obj) -> bool:
        states = mappings(obj, "status", "containerStatuses")
        return [text(each, "state", "waiting", "reason") for each in states] == ["ErrImagePull"]

    await space.until("Pod", "absent", is_refused)
    await space.delete("Pod", "absent")
    await space.until_gone("Pod", "absent")


async def test_a_step_gives_its_outputs_and_its_log(space: Space) -> None:
    await space.create(workflow("well", script("make", WRITE_SIZE, outputs={"parameters": [SIZE]})))
    done = await space.until("Workflow", "well", ended)
    assert phase(done) == "Succeeded", at(done, "status")
    (parameter,) = at(done, "status", "nodes", "well", "outputs", "parameters")
    assert parameter["value"] == "5"
    assert "written\n" in await log(space, "well")


async def test_a_step_that_lacks_an_output_fails_by_the_container_that_reports(space: Space) -> None:
    await space.create(workflow("lacking", script("make", "true", outputs={"parameters": [SIZE]})))
    done = await space.until("Workflow", "lacking", ended)
    assert phase(done) == "Error"
    assert "outputs/size" in str(at(done, "status", "message"))


async def test_a_terminated_workflow_ends_its_step(space: Space) -> None:
    await space.create(workflow("endless", script("make", "sleep 60")))
    await space.until("Pod", "endless", is_running)
    await space.merge("Workflow", "endless", {"spec": {"shutdown": "Terminate"}})
    of_pod = await space.until("Pod", "endless", lambda obj: phase(obj) == "Failed")
    assert codes(of_pod) == {"main": 143, "wait": 0}
    assert phase(await space.until("Workflow", "endless", ended)) == "Failed"


async def test_a_step_that_is_deleted_while_it_runs_says_how_it_ended(space: Space) -> None:
    await space.create(workflow("deleted", script("make", "sleep 60")))
    await space.until("Pod", "deleted", is_running)
    async with space.story("Pod", "deleted") as story:
        await space.delete("Pod", "deleted")
        of_pod = await story.until(lambda obj: phase(obj) == "Failed")
        await story.until_deleted()
    assert codes(of_pod) == {"main": 143, "wait": 0}


async def test_only_the_api_server_reads_logs_from_the_node(places: Places) -> None:
    pki = places.run / "pki"
    url = f"https://{ADDRESS}:{PORT}/containerLogs/default/shop/main"
    # Whom the node lets in is asked here, not who it is.
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    async with httpx.AsyncClient(verify=context, trust_env=False) as anonymous:
        with pytest.raises(httpx.TransportError):
            await anonymous.get(url)
    context.load_cert_chain(pki / "kubelet.crt", pki / "kubelet.key")
    async with httpx.AsyncClient(verify=context, trust_env=False) as another:
        assert (await another.get(url)).status_code == httpx.codes.FORBIDDEN

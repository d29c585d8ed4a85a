"""Plans on the real parts: what helm just released does not differ from itself, and a plan leaves no trace.

The API server's own record says that the bot wrote nothing, and would have told if it had.
"""

import io
import json
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from commands.core.catalog import Cluster as CatalogCluster
from commands.core.changes import compare
from commands.core.manifest import Manifest
from commands.core.model import Place
from commands.core.rendering import Draft
from integrations.helm import HelmRenderer
from integrations.kubernetes.cluster import KubernetesClusters
from integrations.kubernetes.objects_port import KubernetesObjects
from tests.bed.places import CLUSTER, Cluster, Places
from tests.bed.tenancy import BOT
from tests.charts.cluster import Namespace, namespace
from tests.charts.rendering import CHART
from tests.charts.variants import VARIANTS, Values, merged, release
from tests.scenarios.bed_ground import BedGround
from tests.scenarios.world import World, playing

pytestmark = [pytest.mark.bed, pytest.mark.timeout(600)]


class Record:
    """What the API server wrote down about one account; reading is not recorded."""

    def __init__(self, user: str) -> None:
        self._user = user

    def writes(self) -> list[str]:
        """List what the account wrote or tried to write, in older files too: a new one begins at 50 MB."""
        files = sorted(Places.from_environment().logs.glob("audit*.jsonl"))
        events = [event for file in files for event in self._events(file)]
        return [f"{each['verb']} {each['requestURI']}" for each in events]

    def _events(self, path: Path) -> Iterator[dict[str, Any]]:
        with path.open(encoding="utf-8") as file:
            found = (json.loads(line) for line in file if self._user in line and line.endswith("\n"))
            yield from (event for event in found if event["user"]["username"] == self._user)


@pytest.fixture
def ground(tmp_path: Path) -> BedGround:
    return BedGround(tmp_path)


@pytest.fixture
def world(tmp_path: Path, ground: BedGround) -> Iterator[World]:
    with playing(tmp_path, ground) as world:
        yield world


@pytest.fixture(scope="module")
def space() -> Iterator[Namespace]:
    with namespace() as made:
        yield made


def packed(chart: Path) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as tar:
        tar.add(chart, arcname="charts/app")
    return made.getvalue()


async def differences(space: Namespace, values: Values) -> dict[str, Manifest | object]:
    """Hold what the chart would make of the values against the namespace, as a plan does."""
    places = Places.from_environment()
    draft = Draft(name="shop", namespace=space.name, values=values, is_upgrade=True)
    wanted = await HelmRenderer(places.program("helm")).render(packed(CHART), folder="app", draft=draft)
    main = CatalogCluster(name="main", kubeconfig=str(places.kubeconfig))
    clusters = KubernetesClusters(clusters={"main": main}, environments=())
    try:
        place = Place(cluster="main", namespace=space.name, app="shop")
        live = await KubernetesObjects(clusters).read(place, wanted)
    finally:
        await clusters.aclose()
    return {
        f"{one.kind} {one.name}": compare(one, now) if isinstance(now, Manifest) else now
        for one, now in zip(wanted, live, strict=True)
    }


@pytest.mark.parametrize("name", [name for name in VARIANTS if "gateway" not in name])
async def test_nothing_differs_in_what_was_just_released(space: Namespace, name: str) -> None:
    values = merged(VARIANTS[name], {"replicas": 1})
    space.release(values)
    found = await differences(space, values)
    assert "Rollout shop" in found
    assert found == dict.fromkeys(found, ())


async def test_what_would_change_is_found_and_nothing_else(space: Namespace) -> None:
    space.release(release("canary", {"replicas": 1}))
    steps = [{"setWeight": 25}, {"pause": {}}]
    found = await differences(space, release("canary", {"replicas": 2, "canary": {"steps": steps}}))
    assert found.pop("Service shop") == ()
    (changes,) = found.values()
    assert isinstance(changes, tuple)
    assert {(each.path, each.before, each.after) for each in changes} == {
        ("spec.replicas", "1", "2"),
        ("spec.strategy.canary.steps[0]", "setWeight 20", "setWeight 25"),
        ("spec.strategy.canary.steps[2]", "", ""),
        ("spec.strategy.canary.steps[3]", "", ""),
    }


@pytest.mark.skipif(CLUSTER is Cluster.EXISTING, reason="another cluster's audit log is not ours to read")
def test_a_plan_writes_nothing(world: World, ground: BedGround) -> None:
    record = Record(f"system:serviceaccount:{ground.namespaces[0]}:{BOT}")
    world.start_bot()
    world.type("alice", "/deploy plan shop v1.2")
    world.hears("alice", "Version: v1.1 → v1.2", "Manifest", "compared:")
    world.type("carol", "/deploy plan shop v1.2 bg to production")
    world.hears("carol", "Strategy: canary → blue-green", "Manifest", "compared:")
    world.type("alice", "/deploy plan pay v2.0")
    world.hears("alice", "Plan: pay v2.0", "• Rollout pay: new")
    assert record.writes() == []
    world.type("alice", "/deploy search 3.5.0")
    world.until(record.writes, "the record tells of a deploy")
    assert any("/workflows" in each for each in record.writes())

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.checking import check
from playground import seed
from playground.faults import Fault
from playground.world import World


@pytest.fixture
async def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    """Give stand-ins of every system, with the settings that lead to them."""
    world = World(speed=50)
    await world.start(tmp_path)
    for name, value in world.environment.items():
        monkeypatch.setenv(name, value)
    yield world
    await world.stop()


async def lines() -> tuple[int, list[str]]:
    said: list[str] = []
    return await check(said.append), said


async def test_all_is_well_in_a_playground(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLIPWAY_KEYCLOAK__CANARY_USER", "U0ALICE")
    code, said = await lines()
    assert (code, [line for line in said if not line.startswith("ok     ")]) == (0, [])
    subjects = [line[7:].partition(":")[0] for line in said]
    for subject in (
        "settings",
        "the database",
        "Slack bot token",
        "Slack Socket Mode",
        "Slack scopes",
        "Keycloak token",
        f"Keycloak person {seed.TEAM}-U0ALICE",
        "Keycloak holders of roles",
        "Nexus repository maven-releases",
        "Harbor harbor.example.com",
        "Harbor project shop",
        "Kubernetes cluster main",
        "Kubernetes cluster main, namespace production, permissions",
        "Kubernetes cluster main, namespace staging, workflow template slipway-deploy",
    ):
        assert subject in subjects
    text = "\n".join(said)
    secrets = [value for name, value in world.environment.items() if "TOKEN" in name or "SECRET" in name]
    assert len(secrets) == 3
    assert not [secret for secret in secrets if secret in text]


async def test_one_system_that_is_down_hides_no_other(world: World) -> None:
    world.faults.add(Fault(system="keycloak", kind="down"))
    world.faults.add(Fault(system="nexus", kind="down"))
    code, said = await lines()
    wrong = [line for line in said if line.startswith("wrong  ")]
    assert code == 1
    assert len(wrong) == 2
    assert "Keycloak" in wrong[0]
    assert "Nexus" in wrong[1]
    assert "Kubernetes" in said[-1]


async def test_settings_that_are_missing_or_wrong_are_all_told_and_nothing_is_tried(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SLIPWAY_SLACK__BOT_TOKEN")
    monkeypatch.setenv("SLIPWAY_HTTP__PORT", "x")
    code, said = await lines()
    assert code == 1
    assert [line.split(":")[1].strip() for line in said] == ["SLIPWAY_SLACK__BOT_TOKEN", "SLIPWAY_HTTP__PORT"]
    assert all(line.startswith("wrong  settings: ") for line in said)


async def test_every_mistake_of_the_catalog_is_a_line(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text("clusters: 3\napps: {shop: {stratgy: canary}}\n", encoding="utf-8")
    monkeypatch.setenv("SLIPWAY_CATALOG", str(broken))
    code, said = await lines()
    assert code == 1
    assert said[0] == "ok     settings"
    assert len(said) > 2
    assert all(line.startswith(f"wrong  catalog: {broken}:") for line in said[1:])


async def test_an_address_that_no_token_may_go_to_is_refused(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLIPWAY_SLACK__API_URL", "https://slack.example.com/api/")
    code, said = await lines()
    assert (code, len(said)) == (1, 2)
    assert said[1].startswith("wrong  Slack: https://slack.example.com is not an address of Slack")

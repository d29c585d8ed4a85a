"""The way back: an abort that leaves nothing behind, rollbacks without a build, trying again."""

from typing import Any

from tests.scenarios.world import World


def rollout_of(world: World, app: str = "shop", environment: str = "staging") -> dict[str, Any]:
    """Return the Rollout as the cluster has it now."""
    (found,) = [each for each in world.cluster()["rollouts"] if (each["name"], each["namespace"]) == (app, environment)]
    return found


def workflows(world: World) -> list[str]:
    return sorted(each["name"] for each in world.cluster()["workflows"])


def deployed(world: World, version: str, *, number: int, strategy: str = "rolling", app: str = "shop") -> None:
    """Bring a version to an app, to the end, so that Slipway knows what it is."""
    world.type("alice", f"/deploy {app} {version} {strategy}")
    world.card_shows(f"{app} {version} → staging", "done in", number=number)


def begin_canary(world: World, version: str, *, number: int) -> None:
    world.type("alice", f"/deploy shop {version} canary")
    world.card_shows("waits for a promote", f"20 % on {version}", number=number)


def test_an_abort_leaves_traffic_rollout_and_release_on_what_ran_before(world: World) -> None:
    deployed(world, "v1.2", number=1)
    begin_canary(world, "v1.2.1", number=2)
    world.press("bob", "Abort, back to v1.2")
    card = world.card_shows("aborted", "Traffic is back on v1.2, and the release with it", number=2)
    said = world.thread_ends(card, "v1.2 is released again")
    assert "Aborted by @bob, traffic is back on v1.2" in said
    shop = rollout_of(world)
    assert (shop["phase"], shop["version"], shop["deployment"]) == ("Healthy", "v1.2", "1")
    assert workflows(world)[-1].endswith("-2-restore")
    world.type("alice", "/rollout status shop")
    world.hears("alice", "What runs where: shop", "staging · v1.2 · canary · 5/5 ready")
    begin_canary(world, "v1.2.1", number=3)


def test_killed_during_a_restore_the_same_restore_goes_on(world: World) -> None:
    deployed(world, "v1.2", number=1)
    begin_canary(world, "v1.2.1", number=2)
    world.fault(system="workflows", kind="step-hangs", match="release", count=1)
    world.press("bob", "Abort, back to v1.2")
    world.card_shows("going back to v1.2", "is released again", number=2)
    assert world.bot is not None
    world.bot.kill()
    world.fault(clear=True)
    world.start_bot()
    world.card_shows("aborted", "Traffic is back on v1.2, and the release with it", number=2)
    assert rollout_of(world)["phase"] == "Healthy"
    assert len([name for name in workflows(world) if name.endswith("-restore")]) == 1
    assert len(world.messages()) == 3, "two cards, and the abort that the channel hears"


def test_a_restore_that_fails_says_why_and_the_traffic_stays_where_it_is(world: World) -> None:
    deployed(world, "v1.2", number=1)
    begin_canary(world, "v1.2.1", number=2)
    log = ["helm: exceeded quota: pods=10"]
    world.fault(system="workflows", kind="step-fails", match="release", count=1, exit_code=14, log=log)
    world.press("bob", "Abort, back to v1.2")
    card = world.card_shows("Traffic is back on v1.2, but", "exceeded quota", "exit 14", number=2)
    world.thread_ends(card, "v1.2 was not released again")
    assert rollout_of(world)["phase"] == "Degraded"

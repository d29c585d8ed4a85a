"""What people read besides the card: what runs where, what moves, what was deployed."""

from tests.scenarios.world import World


def test_anybody_sees_what_runs_and_what_moves_and_whom_it_waits_for(world: World) -> None:
    world.type("eve", "/rollout status")
    world.hears("eve", "Nothing is in motion", "/rollout status all")
    world.type("alice", "/deploy shop v1.2 canary")
    world.card_shows("waits for a promote", "20 % on v1.2")
    world.type("eve", "/rollout status shop")
    told = world.hears("eve", "What runs where: shop", "waits for a promote").text
    assert "staging · runs v1.1" in told
    assert "20 % · step 2 of" in told
    assert "by @alice · waits for approver" in told
    world.type("eve", "/rollout status")
    world.hears("eve", "In motion: 1", "shop · staging", "v1.2 · canary · waits for a promote")


def test_all_apps_are_listed_with_their_versions(world: World) -> None:
    world.type("eve", "/rollout status all")
    told = world.hears("eve", "What runs where", "places").text
    assert "shop · staging · v1.1" in told
    world.type("eve", "/rollout status production")
    told = world.hears("eve", "What runs in production").text
    assert "· staging ·" not in told


def test_history_tells_how_both_deployments_ended_and_which_can_come_back(world: World) -> None:
    world.type("eve", "/rollout history pay")
    world.hears("eve", "Deployments of pay", "None yet")
    world.type("alice", "/deploy pay v2.0 canary because customers wait")
    world.card_shows("done in", number=1)
    world.type("alice", "/deploy pay v2.1 canary")
    world.card_shows("waits for a promote", number=2)
    world.press("bob", "Abort, back to v2.0")
    world.card_shows("aborted", number=2)
    world.type("eve", "/rollout history pay staging")
    told = world.hears("eve", "Deployments of pay to staging", "v2.1").text
    newest, oldest = told.index("#2"), told.index("#1")
    assert newest < oldest
    assert "aborted · by @alice" in told[newest:oldest]
    assert "can be rolled back to" not in told[newest:oldest]
    assert "done in" in told[oldest:]
    assert "“customers wait” · sha256:" in told[oldest:]
    assert "can be rolled back to" in told[oldest:]

"""`/deploy plan`: one person learns what a deploy would do, and nobody and nothing else notices."""

import pytest

from tests.scenarios.world import World


def test_a_plan_answers_only_who_asked_and_changes_nothing(world: World) -> None:
    before = world.cluster()["rollouts"]
    world.type("alice", "/deploy plan shop v1.2 canary")
    told = world.hears("alice", "Plan: shop v1.2 to staging, canary. Nothing was changed.", "You may deploy it.")
    assert "Version: v1.1 → v1.2" in told.text
    assert "Duration: not known, no canary has succeeded there yet" in told.text
    assert told.buttons == ("/deploy shop v1.2 canary",)
    assert world.messages() == []
    assert world.cluster()["workflows"] == []
    assert world.cluster()["rollouts"] == before


def test_the_deploy_that_was_planned_is_one_press_away(world: World) -> None:
    world.type("alice", "/deploy plan shop v1.2")
    told = world.hears("alice", "Plan: shop v1.2 to staging")
    world.press("alice", told.buttons[0])
    world.card_shows("shop v1.2 → staging", number=1)
    world.type("carol", "/deploy plan shop v1.2.1")
    busy = world.hears("carol", "It would be refused now: #1 v1.2 by @alice is there")
    assert busy.buttons == ()


def test_a_plan_of_a_protected_place_or_by_somebody_without_the_role_says_so(world: World) -> None:
    world.type("carol", "/deploy plan shop v1.2 to production")
    world.hears("carol", "Plan: shop v1.2 to production", "production is protected: it asks once more")
    world.type("bob", "/deploy plan shop v1.2")
    assert world.hears("bob", "You may not deploy it yourself").buttons == ()
    world.type("eve", "/deploy plan shop v1.2")
    world.hears("eve", "Deploying shop in staging needs the role deployer or admin; you have none.")
    assert world.messages() == []
    assert world.messages("prod-deploys") == []


def test_a_changed_strategy_and_a_first_deploy_are_told(world: World) -> None:
    world.type("alice", "/deploy plan shop v1.2 bg")
    world.hears("alice", "Strategy: canary → blue-green", "Two phases: first v1.1 becomes blue as it is")
    world.type("alice", "/deploy plan pay v2.0")
    world.hears("alice", "Plan: pay v2.0 to staging, blue-green", "nothing of it runs there yet")


@pytest.mark.parametrize("kind", ["down", "hang"])
def test_without_the_repository_the_version_is_taken_as_typed(world: World, kind: str) -> None:
    world.fault(system="nexus", kind=kind, **({"seconds": 60} if kind == "hang" else {}))
    world.type("alice", "/deploy plan shop v1.2")
    world.hears("alice", "Whether v1.2 exists is not known", "Version: v1.1 → v1.2")
    world.type("alice", "/deploy plan shop latest")
    world.hears("alice", "I cannot look up the versions of shop right now")
    assert world.messages() == []


def test_without_a_chart_in_reach_the_plan_says_what_was_not_compared(quiet_world: World) -> None:
    world = quiet_world
    world.start_bot(SLIPWAY_GITEA__URL="", SLIPWAY_GITEA__INTERNAL_URL="")
    world.type("alice", "/deploy plan shop v1.2")
    told = world.hears("alice", "Chart: app v1.4.0; so the manifest was not compared", "Set SLIPWAY_GITEA__URL")
    assert "Version: v1.1 → v1.2" in told.text
    assert "Manifest" not in told.text


def test_the_manifest_is_compared_with_what_runs_where_there_are_a_chart_and_helm(world: World) -> None:
    if not world.environment.get("SLIPWAY_GITEA__URL"):
        pytest.skip("only with a real Gitea and helm")
    world.type("alice", "/deploy plan shop v1.2")
    told = world.hears("alice", "Manifest", "compared:")
    assert "Chart: app v1.4.0, commit " in told.text
    assert "• Rollout shop: spec.template.spec.containers[app].image " in told.text
    assert "metadata.annotations[slipway/version] v1.1 → v1.2" in told.text
    assert "not compared" not in told.text
    world.type("alice", "/deploy plan shop v1.2 bg")
    changed = world.hears("alice", "Strategy: canary → blue-green", "• Service shop-preview: new")
    assert "• Rollout shop: spec.strategy.canary removed" in changed.text


def test_nothing_differs_in_what_was_just_deployed(world: World) -> None:
    world.type("alice", "/deploy search 3.5.0")
    world.card_shows("done in")
    world.type("alice", "/deploy plan search 3.5.0")
    told = world.hears("alice", "Version: 3.5.0, which runs there already", "(median of the last one with rolling)")
    assert "built already" in told.text
    if world.environment.get("SLIPWAY_GITEA__URL"):
        assert "as in what runs" in told.text
        assert "no difference" in told.text


def test_a_chart_store_that_refuses_or_fails_is_a_line(quiet_world: World) -> None:
    world = quiet_world
    if not world.environment.get("SLIPWAY_GITEA__URL"):
        pytest.skip("only with a real Gitea")
    world.start_bot(SLIPWAY_GITEA__TOKEN="demo-wrong-token")
    world.type("alice", "/deploy plan shop v1.2")
    world.hears("alice", "so the manifest was not compared: Gitea: ", "(HTTP 401)", "read:repository")
    world.fault(system="gitea", kind="down")
    world.type("alice", "/deploy plan shop v1.2")
    world.hears("alice", "so the manifest was not compared: Gitea: ", "could not be reached", "Version: v1.1 → v1.2")

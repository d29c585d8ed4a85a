"""What people do to a rollout that is on its way, and to one that runs: hold, let go, hurry, restart."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.scenarios.catalog import with_values
from tests.scenarios.world import Message, World

COUNTDOWN_SECONDS = 12


def at_first_pause(world: World) -> Message:
    """Bring a canary of shop to the pause that only a person ends."""
    world.type("alice", "/deploy shop v1.2 canary")
    return world.card_shows("waits for a promote", "20 % on v1.2")


def at_timed_pause(world: World) -> Message:
    """Bring a canary of shop to the pause of ten minutes."""
    at_first_pause(world)
    world.press("bob", "20 % → 50 %")
    return world.card_shows("paused for a while", "50 % on v1.2", "next step at", "10 min after it paused")


def fall_quiet(world: World) -> None:
    """Let what Slack has accepted be written down: what it accepts in the very moment of a kill may be said twice."""
    world.type("eve", "/rollout help")
    world.hears("eve", "What Slipway understands")


def test_a_timed_pause_is_held_and_let_go_of_by_the_card(world: World) -> None:
    card = at_timed_pause(world)
    assert card.buttons[:2] == ("Advance now", "Hold")
    world.press("bob", "Hold")
    held = world.card_shows("canary · held", "Held by @bob", "The pause of this step ends at")
    world.card_offers("Resume", "50 % → 100 %")
    assert (world.rollout()["phase"], world.rollout()["message"]) == ("Paused", "manually paused")
    world.press("bob", "Resume")
    world.card_shows("paused for a while", "next step at")
    said = world.thread_ends(held, "Resumed by @bob")
    assert said[-2:] == ["Held by @bob", "Resumed by @bob"]


def test_a_timed_pause_need_not_be_waited_for(world: World) -> None:
    card = at_timed_pause(world)
    world.press("bob", "Advance now")
    world.card_shows("done in")
    assert "@bob advanced to 100 %" in world.thread_ends(card, "Done in")


def test_what_is_held_can_be_advanced_taken_to_the_end_and_aborted(world: World) -> None:
    at_first_pause(world)
    world.type("bob", "/rollout pause shop")
    world.hears("bob", "Holding shop in staging")
    world.card_shows("canary · held", "Held by @bob")
    world.press("bob", "20 % → 50 %")
    card = world.card_shows("50 % on v1.2", "paused for a while")
    assert world.rollout()["message"] == "CanaryPauseStep"
    world.press("bob", "Hold")
    world.card_shows("canary · held")
    world.press("bob", "Abort, back to v1.1")
    world.card_shows("aborted")
    said = world.thread_ends(card, "Aborted by @bob")
    assert [line for line in said if "outside" in line] == [], "what lets go on its way is nobody else's doing"
    world.type("alice", "/deploy shop v1.2.1 canary")
    world.card_shows("waits for a promote", number=2)
    world.press("bob", "Hold")
    world.card_shows("canary · held", number=2)
    world.press("bob", "Go to 100 %")
    world.card_shows("done in", number=2)


def test_what_was_held_outside_is_let_go_of_by_the_card_and_the_other_way_round(world: World) -> None:
    card = at_first_pause(world)
    world.elsewhere.pause("shop")
    world.card_shows("canary · held", "Held outside Slipway")
    world.press("bob", "Resume")
    world.card_shows("waits for a promote")
    world.thread_ends(card, "Resumed by @bob")
    world.type("bob", "/rollout hold shop")
    world.card_shows("Held by @bob")
    world.elsewhere.resume("shop")
    world.card_shows("waits for a promote")
    said = world.thread_ends(card, "Resumed outside Slipway")
    assert said[-4:] == ["Held outside Slipway", "Resumed by @bob", "Held by @bob", "Resumed outside Slipway"]


def test_a_green_that_is_held_is_switched_all_the_same(world: World) -> None:
    world.type("alice", "/deploy pay v2.0")
    world.card_shows("done in", number=1)
    world.type("alice", "/deploy pay v2.1")
    world.card_shows("green is ready", number=2)
    world.press("bob", "Hold")
    world.card_shows("blue-green · held", "Held by @bob", number=2)
    world.press("bob", "Switch traffic to v2.1")
    done = world.card_shows("done in", number=2)
    said = world.thread_ends(done, "Done in")
    assert "@bob switched traffic to v2.1" in said
    assert [line for line in said if "outside" in line or "Resumed" in line] == []


@pytest.mark.unhurried
def test_a_green_is_promoted_by_itself_unless_somebody_holds_it(quiet_world: World) -> None:
    world = quiet_world
    with_values(world, "shop", {"blueGreen": {"autoPromotionSeconds": COUNTDOWN_SECONDS}})
    world.start_bot()
    world.type("alice", "/deploy shop v1.2 blue-green")
    world.card_shows("green is ready", "switches by itself at", "after green was ready", number=1)
    done = world.card_shows("done in", number=1)
    said = world.thread_ends(done, "Done in")
    assert [line for line in (done.text, *said) if "outside" in line or "@bob" in line] == []
    world.type("alice", "/deploy shop v1.2.1 blue-green")
    world.card_shows("switches by itself at", number=2)
    world.press("bob", "Hold")
    held = world.card_shows("blue-green · held", "Held by @bob", "it switches at once", number=2)
    over = datetime.now(UTC) + timedelta(seconds=COUNTDOWN_SECONDS)
    world.until(lambda: datetime.now(UTC) > over, "the countdown is over")
    assert world.rollout()["message"] == "manually paused"
    assert (world.card(number=2) or held).text == held.text
    world.press("bob", "Resume")
    done = world.card_shows("done in", number=2)
    said = world.thread_ends(done, "Done in")
    assert [line for line in (done.text, *said) if "outside" in line] == []
    assert "Resumed by @bob" in said


def test_killed_while_it_is_held_the_card_still_says_by_whom(world: World) -> None:
    card = at_first_pause(world)
    world.press("bob", "Hold")
    world.card_shows("Held by @bob")
    world.thread_ends(card, "Held by @bob")
    fall_quiet(world)
    assert world.bot is not None
    world.bot.kill()
    world.start_bot()
    world.press("bob", "Resume")
    world.card_shows("waits for a promote")
    said = world.thread_ends(card, "Resumed by @bob")
    assert said.count("Held by @bob") == 1


@pytest.mark.parametrize("strategy", ["rolling", "blue-green", "canary", "recreate"])
def test_what_runs_is_restarted_long_after_its_deployment_has_finished(world: World, strategy: str) -> None:
    world.type("alice", f"/deploy pay v2.0 {strategy}")
    done = world.card_shows("pay v2.0 → staging", "done in", number=1)
    ready = datetime.now(UTC)
    world.until(lambda: datetime.now(UTC) - ready > timedelta(seconds=1), "no pod is as young as the restart")
    before = set(world.pods("pay"))
    world.press("bob", "Restart", ts=done.ts)
    world.hears("bob", "Restart pay in staging?", "Nothing happens until you confirm")
    world.press("bob", "Restart pay in staging")
    world.card_shows("done in", "Restarting pod by pod", "asked for by @bob", number=1)
    world.type("bob", "/rollout restart pay")
    world.hears("bob", "is being restarted already")
    said = world.thread_ends(done, "Restart finished")
    assert said[-2:] == ["Restarted by @bob, pod by pod", "Restart finished"]
    world.until(lambda: not before & set(world.pods("pay")), "the pods of before are gone")
    after = world.card_shows("done in", number=1)
    assert "Restarting" not in after.text
    assert "Restart" in after.buttons
    assert len(world.messages()) == 1


def test_killed_during_a_restart_it_is_seen_through_and_not_done_twice(world: World) -> None:
    world.type("alice", "/deploy search 3.5.0")
    done = world.card_shows("search 3.5.0 → staging", "done in", number=1)
    world.type("bob", "/rollout restart search")
    world.card_shows("Restarting pod by pod", number=1)
    world.thread_ends(done, "Restarted by @bob")
    fall_quiet(world)
    assert world.bot is not None
    world.bot.kill()
    world.start_bot()
    said = world.thread_ends(done, "Restart finished")
    assert len([line for line in said if "Restarted" in line]) == 1


def test_every_act_says_why_it_cannot_be_done_now(world: World) -> None:
    world.type("bob", "/rollout restart shop")
    world.hears("bob", "Nothing that Slipway has deployed in full runs as shop in staging")
    world.type("bob", "/rollout pause shop")
    world.hears("bob", "Nothing of shop is being deployed in staging")
    world.fault(system="workflows", kind="step-hangs", match="fetch-chart", count=1)
    world.type("alice", "/deploy shop v1.2 canary")
    world.card_shows("◐ Chart")
    for verb in ("promote", "full", "pause", "resume", "restart"):
        world.type("bob", f"/rollout {verb} shop")
    world.hears("bob", "is still being built", count=5)
    world.fault(clear=True)
    world.card_shows("waits for a promote")
    world.type("bob", "/rollout resume shop")
    world.hears("bob", "Nobody holds #1 shop v1.2 in staging")
    world.type("bob", "/rollout pause shop")
    world.card_shows("Held by @bob")
    world.type("carol", "/rollout pause shop")
    world.hears("carol", "is held already, by @bob")
    world.card_offers("Resume")  # The cluster has taken in the hold.
    world.type("bob", "/rollout promote shop")
    world.card_shows("paused for a while")
    world.type("bob", "/rollout full shop")
    world.hears("bob", "has no step left to skip")

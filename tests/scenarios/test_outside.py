"""What is done to a rollout outside Slipway: seen in time, marked for what it is, never fought and never claimed."""

import time

from tests.scenarios.test_loop import begin_canary
from tests.scenarios.world import Message, World

SECONDS = 5


def shows_soon(world: World, *texts: str) -> Message:
    """Wait until the card shows the texts; it must be in time."""
    begun = time.monotonic()
    card = world.card_shows(*texts)
    took = time.monotonic() - begun
    assert took < SECONDS, f"{texts} took {took:.1f} s"
    return card


def test_a_promote_outside_is_marked_and_the_buttons_go_with_it(world: World) -> None:
    begin_canary(world)
    world.elsewhere.promote("shop")
    shows_soon(world, "↗ promoted outside Slipway")
    card = world.card_shows("next step at", "50 % on v1.2", "↗ promoted outside Slipway")
    assert card.buttons[0] == "Advance now"
    said = world.thread_ends(card, "Paused until")
    assert len([line for line in said if "promoted outside Slipway" in line]) == 1
    assert not [line for line in said if "advanced" in line], "nobody is said to have done it"
    world.press("bob", "Advance now")
    done = world.card_shows("done in")
    assert done.text.count("outside Slipway") == 1, "what bob did is not from outside"


def test_what_is_done_on_the_card_is_never_marked(world: World) -> None:
    begin_canary(world)
    world.press("bob", "20 % → 50 %")
    world.card_shows("50 % on v1.2", "next step at")
    world.press("bob", "Advance now")
    card = world.card_shows("done in")
    assert "outside" not in "\n".join([card.text, *world.thread_ends(card, "Done in")])


def test_an_abort_outside_ends_the_deployment_and_is_followed_by_nothing(world: World) -> None:
    begin_canary(world)
    world.elsewhere.abort("shop")
    shows_soon(world, "↗ aborted outside Slipway")
    card = world.card_shows("aborted", "Traffic is back on v1.1")
    world.thread_ends(card, "Aborted outside Slipway, traffic is back on v1.1")
    assert len(world.cluster()["workflows"]) == 1, "no restore is begun"


def test_a_pause_outside_is_shown_and_left_alone_until_it_ends(world: World) -> None:
    begin_canary(world)
    world.elsewhere.pause("shop")
    shows_soon(world, "Held outside Slipway")
    world.elsewhere.resume("shop")
    shows_soon(world, "waits for a promote", "↗ resumed outside Slipway")
    world.card_offers("20 % → 50 %")


def test_scaling_and_restarting_outside_are_marked_and_change_nothing_else(world: World) -> None:
    begin_canary(world)
    pods = world.elsewhere.rollout("shop")["spec"]["replicas"]
    world.elsewhere.scale("shop", pods + 1)
    shows_soon(world, "↗ scaled outside Slipway", f"({pods} → {pods + 1})")
    world.elsewhere.restart("shop")
    shows_soon(world, "↗ restarted outside Slipway")
    world.press("bob", "20 % → 50 %")
    world.card_shows("50 % on v1.2")


def test_another_image_takes_its_place_and_is_named(world: World) -> None:
    begin_canary(world)
    image = world.elsewhere.rollout("shop")["spec"]["template"]["spec"]["containers"][0]["image"]
    world.elsewhere.set_image("shop", image.partition("@")[0] + "@sha256:" + "9" * 64)
    card = shows_soon(world, "↗ image changed outside Slipway", "superseded")
    assert not [button for button in card.buttons if "%" in button]


def test_a_deleted_rollout_ends_the_deployment(world: World) -> None:
    begin_canary(world)
    world.elsewhere.delete("shop")
    shows_soon(world, "failed", "The Rollout was deleted outside Slipway")


def test_what_was_done_while_the_bot_was_down_is_marked_when_it_is_back(world: World) -> None:
    begin_canary(world)
    assert world.bot is not None
    world.bot.kill()
    world.elsewhere.promote("shop")
    world.elsewhere.scale("shop", world.elsewhere.rollout("shop")["spec"]["replicas"] + 1)

    world.until(lambda: world.elsewhere.rollout("shop")["status"].get("currentStepIndex", 0) > 1, "it goes on")
    world.start_bot()
    world.card_shows("50 % on v1.2", "↗ promoted outside Slipway", "↗ scaled outside Slipway")


def test_after_a_restart_no_change_is_marked_twice_and_none_is_invented(world: World) -> None:
    begin_canary(world)
    world.elsewhere.promote("shop")
    before = world.card_shows("50 % on v1.2", "next step at", "↗ promoted outside Slipway")
    world.thread_ends(before, "Paused until")
    assert world.bot is not None
    world.bot.kill()
    world.start_bot()
    world.press("bob", "Advance now")
    card = world.card_shows("done in")
    said = world.thread_ends(card, "Done in")
    assert card.text.count("outside Slipway") == 1
    assert len([line for line in said if "outside Slipway" in line]) == 1


def test_what_was_changed_after_the_end_is_told_by_status_and_the_card_stays_history(world: World) -> None:
    world.type("alice", "/deploy search 3.5.0")
    done = world.card_shows("search 3.5.0 → staging", "done in")
    other = world.elsewhere.rollout("shop")["spec"]["template"]["spec"]["containers"][0]["image"]
    world.elsewhere.set_image("search", other)

    def is_told() -> bool:
        world.type("eve", "/rollout status search")
        return any("changed outside Slipway" in each.text for each in world.whispers("eve"))

    world.until(is_told, "status tells of another image")
    card = world.card()
    assert card is not None
    assert "done in" in card.text
    assert card.ts == done.ts

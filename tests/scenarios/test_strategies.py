"""What a canary shows in the other scenarios, the other strategies show here, each in its own way."""

from collections.abc import Sequence

import pytest

from tests.scenarios.catalog import with_values
from tests.scenarios.test_acts import fall_quiet
from tests.scenarios.test_causes import CRASH
from tests.scenarios.test_outside import shows_soon
from tests.scenarios.test_way_back import deployed
from tests.scenarios.world import Message, World


def let_crash(world: World, app: str, **more: int) -> None:
    world.fault(system="rollouts", kind="crash-loop", match=app, log=CRASH, exit_code=1, **more)


def kill_and_start(world: World) -> None:
    fall_quiet(world)
    assert world.bot is not None
    world.bot.kill()
    world.start_bot()


def assert_told_once(said: Sequence[str]) -> None:
    assert len(said) == len(set(said)), f"said twice: {said}"


@pytest.mark.parametrize("strategy", ["rolling", "blue-green", "recreate"])
def test_what_crashes_is_explained_even_over_a_kill_and_an_abort_leaves_nothing_of_it(
    world: World, strategy: str
) -> None:
    deployed(world, "v2.0", number=1, strategy=strategy, app="pay")
    let_crash(world, "pay")
    world.type("alice", f"/deploy pay v2.1 {strategy}")
    begun = world.card_shows("not healthy", "the app ends by itself (exit 1", CRASH[-1], number=2)
    assert "Mend it, and deploy what has the cure." in begun.text
    world.fault(clear=True)
    kill_and_start(world)
    world.press("bob", "Abort, back to v2.0")
    card = world.card_shows("aborted", "Traffic is back on v2.0, and the release with it", number=2)
    said = world.thread_ends(card, "v2.0 is released again")
    assert "Aborted by @bob, traffic is back on v2.0" in said
    assert_told_once(said)
    assert card.ts == begun.ts
    assert [name.rpartition("staging-")[2] for name in world.workflows()] == ["1", "2", "2-restore"]
    pay = world.rollout("pay")
    assert (pay["phase"], pay["version"], pay["deployment"]) == ("Healthy", "v2.0", "1")
    world.until(lambda: len(world.pods("pay")) == pay["ready"], "no pod of it is left")


@pytest.mark.parametrize("strategy", ["rolling", "blue-green", "recreate"])
def test_what_is_given_up_by_its_deadline_says_why_and_leaves_nothing_of_it(world: World, strategy: str) -> None:
    deployed(world, "v2.0", number=1, strategy=strategy, app="pay")
    with_values(world, "pay", {"progressDeadlineSeconds": 40, "progressDeadlineAbort": True})
    let_crash(world, "pay", count=2)  # as many as pay has: what comes back comes up
    world.type("alice", f"/deploy pay v2.1 {strategy}")
    card = world.card_shows("failed", "Aborted because the app ends by itself (exit 1)", CRASH[-1], number=2)
    said = world.thread_ends(card, "v2.0 is released again")
    assert not any("outside Slipway" in line for line in said)
    pay = world.rollout("pay")
    assert (pay["phase"], pay["version"], pay["deployment"]) == ("Healthy", "v2.0", "1")


def test_a_rollback_of_a_recreate_never_has_both_versions(world: World) -> None:
    deployed(world, "v2.0", number=1, strategy="recreate", app="pay")
    deployed(world, "v2.1", number=2, strategy="recreate", app="pay")
    old = set(world.pods("pay"))
    built = world.workflows()
    world.press("bob", "Roll back to v2.0", ts=world.card_shows("done in", number=2).ts)
    overlaps: list[set[str]] = []

    def is_done() -> bool:
        pods = set(world.pods("pay"))
        if pods & old and pods - old:
            overlaps.append(pods)
        card = world.card(number=3)
        return card is not None and "done in" in card.text

    world.until(is_done, "the way back is done")
    world.card_shows("pay v2.0 → staging · recreate", "Back to what #1 deployed", number=3)
    assert not overlaps, "pods of both versions stood side by side"
    assert not set(world.pods("pay")) & old
    assert world.rollout("pay")["version"] == "v2.0"
    world.card_shows("Rolled back to v2.0 by @bob (#3)", number=2)
    assert len(world.workflows()) == len(built) + 1


def comes_up_badly(world: World, strategy: str) -> Message:
    """Start the bot, and begin to bring a version of search to where an older one runs; its pods crash."""
    let_crash(world, "search")
    world.start_bot()
    world.type("alice", f"/deploy search 3.5.0 {strategy}")
    return world.card_shows("not healthy", "the app ends by itself (exit 1", CRASH[-1])


def test_an_abort_outside_ends_a_rolling_update(quiet_world: World) -> None:
    world = quiet_world
    comes_up_badly(world, "rolling")
    world.elsewhere.abort("search")
    shows_soon(world, "↗ aborted outside Slipway")
    card = world.card_shows("aborted", "Traffic is back on 3.4.0")
    world.thread_ends(card, "Aborted outside Slipway, traffic is back on 3.4.0")
    assert len(world.workflows()) == 1, "no restore is begun"


def test_what_a_recreate_brings_up_is_scaled_and_replaced_outside(quiet_world: World) -> None:
    world = quiet_world
    card = comes_up_badly(world, "recreate")
    world.elsewhere.scale("search", 5)
    shows_soon(world, "↗ scaled outside Slipway", "(4 → 5)")
    image = world.elsewhere.rollout("search")["spec"]["template"]["spec"]["containers"][0]["image"]
    world.elsewhere.set_image("search", image.partition("@")[0] + "@sha256:" + "9" * 64)
    shows_soon(world, "↗ image changed outside Slipway", "superseded")
    assert not any("by @" in line for line in world.thread(card)), "nobody is said to have done it"


def test_at_its_gate_a_green_outlives_the_bot_and_is_aborted_and_switched_outside(world: World) -> None:
    world.type("alice", "/deploy search 3.5.0 blue-green")
    waiting = world.card_shows("green is ready", number=1)
    kill_and_start(world)
    world.elsewhere.abort("search")
    shows_soon(world, "↗ aborted outside Slipway")
    card = world.card_shows("aborted", "Traffic is back on 3.4.0", number=1)
    assert_told_once(world.thread_ends(card, "Aborted outside Slipway, traffic is back on 3.4.0"))
    assert len(world.workflows()) == 1, "no restore is begun"
    assert card.ts == waiting.ts
    world.press("alice", "Try again", ts=card.ts)
    world.card_shows("green is ready", number=2)
    world.elsewhere.promote("search")
    shows_soon(world, "↗ promoted outside Slipway")
    done = world.card_shows("done in", number=2)
    said = world.thread_ends(done, "Done in")
    assert not any("switched traffic" in line for line in said), "nobody is said to have done it"

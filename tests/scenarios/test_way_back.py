"""The way back: an abort that leaves nothing behind, rollbacks without a build, trying again."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.scenarios.catalog import with_values
from tests.scenarios.world import READS, World


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
    shop = world.rollout()
    assert (shop["phase"], shop["version"], shop["deployment"]) == ("Healthy", "v1.2", "1")
    assert world.workflows()[-1].endswith("-2-restore")
    world.type("alice", "/rollout status shop")
    world.hears("alice", "What runs where: shop", "staging · v1.2 · rolling · 5/5 ready")
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
    assert world.rollout()["phase"] == "Healthy"
    assert len([name for name in world.workflows() if name.endswith("-restore")]) == 1
    assert len(world.messages()) == 3, "two cards, and the abort that the channel hears"


def test_a_restore_that_fails_says_why_and_the_traffic_stays_where_it_is(world: World) -> None:
    deployed(world, "v1.2", number=1)
    begin_canary(world, "v1.2.1", number=2)
    log = ["helm: exceeded quota: pods=10"]
    world.fault(system="workflows", kind="step-fails", match="release", count=1, exit_code=14, log=log)
    world.press("bob", "Abort, back to v1.2")
    card = world.card_shows("Traffic is back on v1.2, but", "exceeded quota", "exit 14", number=2)
    world.thread_ends(card, "v1.2 was not released again")
    assert world.rollout()["phase"] == "Degraded"


def builds(world: World) -> list[str]:
    """List the workflows that build; a release of what is known has one step only."""
    found = world.cluster()["workflows"]
    return sorted(each["name"] for each in found if any(step["name"] == "build-image" for step in each["steps"]))


def test_a_rollback_releases_the_earlier_content_without_a_build_and_past_the_gates(world: World) -> None:
    deployed(world, "v1.2", number=1)
    begin_canary(world, "v1.2.1", number=2)
    world.press("bob", "Go to 100 %")
    world.card_shows("done in", number=2)
    built = builds(world)
    world.type("bob", "/rollout rollback shop")
    card = world.card_shows("shop v1.2 → staging", "Back to what #1 deployed", "done in", number=3)
    shop = world.rollout()
    assert (shop["phase"], shop["version"], shop["deployment"]) == ("Healthy", "v1.2", "3")
    assert builds(world) == built, "nothing was built again"
    assert "Paused" not in "\n".join(world.thread(card))
    left = world.card_shows("done in", "Rolled back to v1.2 by @bob (#3)", number=2)
    assert left.buttons == READS
    world.thread_ends(left, "Rolled back to v1.2 by @bob (#3)")
    world.type("bob", "/rollout rollback shop to v1.2")
    world.hears("bob", "shop v1.2 runs in staging already", "nothing was started")
    world.type("bob", "/rollout rollback shop to v1.2.1")
    world.card_shows("shop v1.2.1 → staging", "done in", number=4)


def test_the_button_of_a_done_card_goes_back_once_and_is_gone_afterwards(world: World) -> None:
    deployed(world, "v1.2", number=1)
    deployed(world, "v1.2.1", number=2)
    done = world.card_shows("done in", number=2)
    assert "Roll back to v1.2" in done.buttons
    assert "Roll back to v1.2" not in world.card_shows("done in", "v1.2.1 took over (#2)", number=1).buttons
    world.press("eve", "Roll back to v1.2", ts=done.ts)
    world.hears("eve", "needs the role")
    world.press("bob", "Roll back to v1.2", ts=done.ts)
    world.card_shows("shop v1.2 → staging", "done in", number=3)
    world.card_shows("Rolled back to v1.2 by @bob (#3)", number=2)
    assert world.rollout()["version"] == "v1.2"
    assert [each.endswith("-3") for each in world.workflows()].count(True) == 1


def test_what_was_aborted_outside_is_left_alone_until_somebody_restores_it(world: World) -> None:
    deployed(world, "v1.2", number=1)
    begin_canary(world, "v1.2.1", number=2)
    world.elsewhere.abort("shop")
    card = world.card_shows("aborted", "Traffic is back on v1.2", "outside Slipway", number=2)
    assert world.rollout()["phase"] == "Degraded"
    assert not [name for name in world.workflows() if name.endswith("-restore")]
    world.press("bob", "Restore v1.2", ts=card.ts)
    world.card_shows("shop v1.2 → staging", "done in", number=3)
    assert world.rollout()["phase"] == "Healthy"


def test_after_a_switch_one_press_switches_back_while_blue_still_stands(world: World) -> None:
    deployed(world, "v2.0", number=1, strategy="", app="pay")
    world.type("alice", "/deploy pay v2.1")
    world.card_shows("green is ready", number=2)
    world.press("bob", "Switch traffic to v2.1")
    done = world.card_shows("done in", "Blue (v2.0) stays until", number=2)
    world.press("bob", "Switch back to v2.0", ts=done.ts)
    world.card_shows("pay v2.0 → staging", "done in", number=3)
    assert world.rollout("pay")["version"] == "v2.0"
    world.card_shows("Rolled back to v2.0 by @bob (#3)", number=2)


def test_what_failed_is_tried_again_from_where_it_failed(world: World) -> None:
    log = ["413 quota of project shop is 50 GiB, used 50 GiB"]
    world.fault(system="workflows", kind="step-fails", match="build-image", count=1, exit_code=12, log=log)
    world.type("alice", "/deploy shop v1.2 rolling because of the checkout")
    failed = world.card_shows("failed at Image", number=1)
    assert failed.buttons == ("Try again from Image", "Log", *READS)
    world.press("alice", "Try again from Image", ts=failed.ts)
    world.card_shows("shop v1.2 → staging", "Again, after #1", "of the checkout", "done in", number=2)
    world.fault(system="workflows", kind="step-fails", match="release", count=1, exit_code=14, log=["helm: no"])
    world.type("alice", "/deploy shop v1.2.1 rolling")
    failed = world.card_shows("failed at Release", number=3)
    built = builds(world)
    world.type("alice", "/rollout retry shop")
    world.card_shows("shop v1.2.1 → staging", "Again, after #3", "done in", number=4)
    assert builds(world) == built, "image and chart were known"
    world.type("alice", "/rollout retry shop")
    world.hears("alice", "nothing to try again")


def test_a_deploy_of_what_runs_already_ends_at_once(world: World) -> None:
    deployed(world, "v1.2", number=1)
    pods = world.pods()
    world.type("alice", "/deploy shop v1.2 rolling")

    def is_answered() -> bool:
        card = world.card(number=2)
        return bool(card and "done in" in card.text) or any(
            "runs in staging already" in each.text for each in world.whispers("alice")
        )

    world.until(is_answered, "the second deploy ends or is told that there is nothing to do")
    assert set(world.pods()) <= set(pods), "no pod was replaced"


def test_ten_presses_of_one_button_go_back_once(world: World) -> None:
    deployed(world, "v1.2", number=1)
    deployed(world, "v1.2.1", number=2)
    card = world.card_shows("done in", number=2)
    with ThreadPoolExecutor(10) as pool:
        list(pool.map(lambda user: world.press(user, "Roll back to v1.2", ts=card.ts), ["bob", "carol"] * 5))
    world.card_shows("shop v1.2 → staging", "done in", number=3)
    world.until(lambda: len([*world.whispers("bob"), *world.whispers("carol")]) == 9, "nine are told who was first")
    told = [*world.whispers("bob"), *world.whispers("carol")]
    assert all("#3" in message.text or "Already rolled back by @" in message.text for message in told)
    assert world.card(number=4) is None


def test_killed_in_the_middle_of_a_rollback_it_goes_on_past_its_gates(world: World) -> None:
    begin_canary(world, "v1.2", number=1)
    world.press("bob", "Go to 100 %")
    world.card_shows("done in", number=1)
    deployed(world, "v1.2.1", number=2)
    world.fault(system="workflows", kind="step-hangs", match="release", count=1)
    world.type("bob", "/rollout rollback shop")
    world.card_shows("shop v1.2 → staging", "Back to what #1 deployed", "◐ Release", number=3)
    assert world.bot is not None
    world.bot.kill()
    world.fault(clear=True)
    world.start_bot()
    card = world.card_shows("shop v1.2 → staging", "done in", number=3)
    assert "Paused" not in "\n".join(world.thread(card))
    world.card_shows("Rolled back to v1.2 by @bob (#3)", number=2)
    assert world.rollout()["version"] == "v1.2"


def test_what_was_blue_green_is_blue_green_again_after_a_canary_that_was_aborted(world: World) -> None:
    deployed(world, "v2.0", number=1, strategy="blue-green", app="pay")
    world.type("alice", "/deploy pay v2.1 canary")
    world.card_shows("waits for a promote", "20 % on v2.1", number=2)
    world.press("bob", "Abort, back to v2.0")
    world.card_shows("aborted", "Traffic is back on v2.0, and the release with it", number=2)
    pay = world.rollout("pay")
    assert (pay["phase"], pay["version"], pay["deployment"]) == ("Healthy", "v2.0", "1")
    world.type("alice", "/deploy pay v2.1")
    world.card_shows("green is ready", number=3)


@pytest.mark.unhurried
def test_when_blue_is_gone_the_button_says_so(quiet_world: World) -> None:
    world = quiet_world
    with_values(world, "pay", {"blueGreen": {"scaleDownDelaySeconds": 30}})
    world.start_bot()
    deployed(world, "v2.0", number=1, strategy="", app="pay")
    world.type("alice", "/deploy pay v2.1")
    world.card_shows("green is ready", number=2)
    world.press("bob", "Switch traffic to v2.1")
    standing = world.card_shows("done in", "Blue (v2.0) stays until", number=2)
    assert "Switch back to v2.0" in standing.buttons

    def is_gone() -> bool:
        card = world.card(number=2)
        return card is not None and "Roll back to v2.0" in card.buttons and "stays until" not in card.text

    world.until(is_gone, "the card offers an ordinary rollback")
    assert world.card_shows("done in", number=2).ts == standing.ts

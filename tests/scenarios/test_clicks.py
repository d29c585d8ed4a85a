"""Clicks that come twice, late, at once, or while the bot dies: one effect, and everybody is answered."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from tests.scenarios.test_loop import begin_canary
from tests.scenarios.world import World

STEP = "20 % → 50 %"


def advances(world: World) -> Counter[str]:
    """Count the lines of the thread that say who moved it."""
    card = world.card()
    assert card is not None
    return Counter(line for line in world.thread(card) if "advanced" in line or "went to" in line)


def freeze_card(world: World) -> None:
    """Let everybody go on seeing the card that they see."""
    world.fault(system="slack", kind="hang", match="chat.update", seconds=60)


def told(world: World, *users: str) -> list[str]:
    return [message.text for user in users for message in world.whispers(user)]


def test_the_same_click_twenty_times_at_once_is_one_step_and_nineteen_answers(world: World) -> None:
    begin_canary(world)
    card = world.card_shows(STEP.partition(" →")[0])
    freeze_card(world)
    with ThreadPoolExecutor(20) as pool:
        list(pool.map(lambda _: world.press("bob", STEP, ts=card.ts), range(20)))
    world.fault(clear=True)
    world.card_shows("50 % on v1.2", "next step at")
    world.until(lambda: len(told(world, "bob")) == 19, "nineteen are answered")
    assert all("Already advanced by @bob" in text for text in told(world, "bob"))
    world.until(lambda: advances(world) == Counter({"@bob advanced to 50 %": 1}), "one line tells of one step")


def test_two_approvers_at_once_are_one_step_and_the_second_hears_who_was_first(world: World) -> None:
    begin_canary(world)
    card = world.card_shows("20 %")
    freeze_card(world)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda user: world.press(user, STEP, ts=card.ts), ["bob", "carol"]))
    world.fault(clear=True)
    world.card_shows("50 % on v1.2", "next step at")
    world.until(lambda: len(told(world, "bob", "carol")) == 1, "one of them is answered")
    (answer,) = told(world, "bob", "carol")
    assert "Already advanced by @" in answer
    world.until(lambda: sum(advances(world).values()) == 1, "one line tells of one step")


def test_one_promotes_and_one_aborts_at_once_and_it_goes_back(world: World) -> None:
    begin_canary(world)
    card = world.card_shows("20 %")
    freeze_card(world)
    acts = [("bob", STEP), ("carol", "Abort, back to v1.1")]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda act: world.press(act[0], act[1], ts=card.ts), acts))
    world.fault(clear=True)
    done = world.card_shows("aborted", "v1.1")
    world.until(lambda: any("Aborted by @carol" in line for line in world.thread(done)), "the abort is hers")
    assert not any("outside" in line for line in world.thread(done))


def test_a_click_on_a_card_that_was_overtaken_does_nothing_and_says_so(world: World) -> None:
    begin_canary(world)
    card = world.card_shows("20 %")
    freeze_card(world)
    world.press("bob", STEP, ts=card.ts)
    world.until(lambda: world.elsewhere.rollout("shop")["status"].get("currentStepIndex", 0) == 3, "it has moved")
    world.press("carol", STEP, ts=card.ts)
    world.hears("carol", "Already advanced by @bob")
    world.fault(clear=True)
    world.card_shows("50 % on v1.2", "next step at")
    assert world.elsewhere.rollout("shop")["status"]["currentStepIndex"] == 3


def test_a_click_after_the_end_does_nothing_and_says_so(world: World) -> None:
    begin_canary(world)
    card = world.card_shows("20 %")
    freeze_card(world)
    world.press("carol", "Go to 100 %", ts=card.ts)
    world.until(lambda: world.elsewhere.rollout("shop")["status"]["phase"] == "Healthy", "it is through")
    world.press("bob", "Abort, back to v1.1", ts=card.ts)
    world.hears("bob", "Nothing was done")
    world.fault(clear=True)
    world.card_shows("done in")
    status = world.elsewhere.rollout("shop")["status"]
    assert "abort" not in status


def test_a_click_that_was_taken_when_the_bot_died_is_carried_out_once_when_it_is_back(world: World) -> None:
    begin_canary(world)
    card = world.card_shows("20 %")
    world.fault(system="kubernetes", kind="hang", seconds=60)
    world.press("bob", STEP, ts=card.ts)
    world.card_shows("Advancing shop", "asked for by @bob")
    assert world.bot is not None
    world.bot.kill()
    world.fault(clear=True)
    assert world.elsewhere.rollout("shop")["status"]["currentStepIndex"] == 1, "nothing has had its effect yet"
    world.start_bot()
    world.card_shows("50 % on v1.2", "next step at")
    world.until(lambda: advances(world) == Counter({"@bob advanced to 50 %": 1}), "it is said once, and by whom")
    assert "outside Slipway" not in world.card_shows("next step at").text


def test_a_click_while_the_bot_is_killed_counts_once_or_not_at_all_and_can_be_made_again(world: World) -> None:
    begin_canary(world)
    card = world.card_shows("20 %")
    freeze_card(world)
    world.press("bob", STEP, ts=card.ts)
    assert world.bot is not None
    world.bot.kill()
    world.start_bot()
    world.press("carol", STEP, ts=card.ts)
    world.fault(clear=True)
    world.card_shows("50 % on v1.2", "next step at")
    world.until(lambda: sum(advances(world).values()) == 1, "one line tells of one step")
    assert world.elsewhere.rollout("shop")["status"]["currentStepIndex"] == 3

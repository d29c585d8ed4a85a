"""What people read besides the card: what runs where, what moves, what was deployed."""

from tests.scenarios.catalog import catalog_of, edited
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
    world.card_shows("aborted", "Traffic is back on v2.0, and the release with it", number=2)
    world.type("alice", "/deploy pay v2.1 rolling")
    world.card_shows("done in", number=3)
    world.type("eve", "/rollout history pay staging")
    told = world.hears("eve", "Deployments of pay to staging", "v2.1").text
    assert "/rollout rollback pay to <version> staging goes back to one of them" in told
    newest, middle, oldest = (told.index(mark) for mark in ("#3", "#2", "#1"))
    assert newest < middle < oldest
    assert "runs now" in told[newest:middle]
    assert "aborted · by @alice" in told[middle:oldest]
    assert "can be rolled back to" not in told[newest:oldest]
    assert "done in" in told[oldest:]
    assert "“customers wait” · sha256:" in told[oldest:]
    assert "can be rolled back to" in told[oldest:]


def test_those_who_may_go_on_are_reminded_of_a_pause_once_even_over_a_restart(quiet_world: World) -> None:
    world = quiet_world
    with edited(catalog_of(world)) as catalog:
        catalog["environments"]["staging"]["remind"] = "2s"
    bot = world.start_bot()
    world.type("alice", "/deploy shop v1.2 canary")
    card = world.card_shows("waits for a promote", "20 % on v1.2")
    said = world.thread_ends(card, "Paused for")
    assert "@bob or @carol may go on with it" in said[-1]
    # What Slack accepted in the very moment of a stop may be said twice: another answer shows that it is written down.
    world.type("eve", "/rollout status shop")
    world.hears("eve", "What runs where: shop")
    bot.stop()
    world.start_bot()
    world.press("bob", "20 % → 50 %")
    world.until(lambda: "Canary at 50 %" in world.thread(card), "the thread goes on")
    reminders = [line for line in world.thread(card) if line.startswith("Paused for")]
    assert reminders[0] == said[-1]
    assert reminders.count(said[-1]) == 1


def test_who_lacks_a_role_is_told_whom_to_ask(world: World) -> None:
    world.type("eve", "/deploy shop v1.2")
    world.hears("eve", "needs the role", "Ask @alice or @carol, or your admin for the role")


def test_two_hundred_apps_are_read_page_by_page(quiet_world: World) -> None:
    world = quiet_world
    with edited(catalog_of(world)) as catalog:
        shop = catalog["apps"]["shop"]
        for number in range(200):
            catalog["apps"][f"app-{number:03}"] = {**shop, "aliases": [], "environments": ["staging"]}
    world.start_bot()
    world.type("eve", "/rollout status staging")
    first = world.hears("eve", "What runs in staging", "Page 1 of 9")
    assert first.buttons == ("Next",)
    assert "app-000 · staging · nothing runs" in first.text
    world.press("eve", "Next")
    second = world.hears("eve", "What runs in staging", "Page 2 of 9")
    assert second.buttons == ("Previous", "Next")
    assert "app-000" not in second.text
    assert "app-030 · staging" in second.text
    world.type("eve", "/rollout status staging page 9")
    last = world.hears("eve", "Page 9 of 9", "shop · staging · v1.1")
    assert last.buttons == ("Previous",)

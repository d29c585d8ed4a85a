"""What people read by pressing a card, told to them alone: all of a deployment, links, the lines to type, the log."""

from tests.scenarios.world import World


def test_behind_the_dots_anybody_finds_all_of_a_deployment_where_to_see_more_and_what_to_type(world: World) -> None:
    world.type("alice", "/deploy shop v1.2 canary because customers wait")
    card = world.card_shows("waits for a promote", "20 % on v1.2")
    world.press("eve", "Details", ts=card.ts)
    told = world.hears("eve", "All of #1", "waits for a promote", "customers wait").text
    for known in (
        "Artifact",
        "Image",
        "Release",
        "20 % on v1.2",
        "New 1/1 ready",
        "sha256:",
        "Chart",
        "Way back: v1.1",
    ):
        assert known in told, known
    assert "nobody has touched it since it began" in told
    world.press("eve", "Links", ts=card.ts)
    places = world.hears("eve", "Where to see more of #1: shop v1.2 in staging").text
    assert [line.split()[0] for line in places.splitlines()[1:]][:2] == ["Workflow", "Rollout"]
    assert "Workflow shop-staging-1" in places
    assert "Commit of the chart" in places
    world.press("bob", "Copy command", ts=card.ts)
    lines = world.hears("bob", "The same by word: #1").text.splitlines()
    assert "/deploy shop v1.2 canary to staging because customers wait" in lines
    assert "/rollout abort shop staging" in lines
    world.type("bob", next(line for line in lines if line == "/rollout promote shop staging"))
    world.card_shows("50 % on v1.2")
    world.elsewhere.abort("shop")
    card = world.card_shows("aborted outside Slipway")
    world.press("bob", "Details", ts=card.ts)
    told = world.hears("bob", "All of #1", "advanced (50 %) by @bob", "↗ aborted outside Slipway").text
    assert told.index("advanced (50 %) by @bob") < told.index("↗ aborted outside Slipway")
    assert len(world.messages()) == 1, "nobody else heard of it"


def test_details_of_the_past_say_what_runs_now(world: World) -> None:
    world.type("alice", "/deploy search 3.5.0")
    first = world.card_shows("search 3.5.0 → staging", "done in", number=1)
    world.type("alice", "/rollout rollback search to 3.5.0 staging")
    world.hears("alice", "runs in staging already")
    world.type("alice", "/deploy search 3.4.0")
    world.card_shows("search 3.4.0 → staging", "done in", number=2)
    world.press("eve", "Details", ts=first.ts)
    told = world.hears("eve", "All of #1", "took over (#2)").text
    assert "· 3.4.0 ·" in told.partition("took over")[2]


def test_the_log_of_a_failed_step_is_read_from_its_card(world: World) -> None:
    log = ["pushing layers", "413 quota of project shop is 50 GiB, used 50 GiB"]
    world.fault(system="workflows", kind="step-fails", match="build-image", count=1, exit_code=12, log=log)
    world.type("alice", "/deploy shop v1.2")
    card = world.card_shows("failed at Image", "413 quota of project shop")
    assert card.buttons[:2] == ("Try again from Image", "Log")
    world.press("eve", "Log", ts=card.ts)
    told = world.hears("eve", "Log of the step Image: #1", "413 quota of project shop").text
    assert "pushing layers" in told

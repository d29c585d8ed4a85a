"""What people read by pressing a card, told to them alone: all of a deployment, links, the lines to type, the log."""

from tests.scenarios.world import Message, World

CRASH = ["version v1.2, behaves crash", "panic: the connection pool is exhausted"]
"""What the bed's web app writes before it ends by itself with exit code 1."""


def at_first_pause(world: World) -> Message:
    """Bring a canary of shop to the pause that only a person ends."""
    world.type("alice", "/deploy shop v1.2 canary because customers wait")
    return world.card_shows("waits for a promote", "20 % on v1.2")


def test_details_tell_all_of_a_deployment_to_anybody_who_asks(world: World) -> None:
    card = at_first_pause(world)
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
    world.press("bob", "20 % → 50 %")
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


def test_links_lead_to_where_other_systems_show_it(world: World) -> None:
    card = at_first_pause(world)
    world.press("eve", "Links", ts=card.ts)
    told = world.hears("eve", "Where to see more of #1: shop v1.2 in staging").text
    assert [line.split()[0] for line in told.splitlines()[1:]][:2] == ["Workflow", "Rollout"]
    assert "Workflow shop-staging-1" in told
    assert "Commit of the chart" in told


def test_the_lines_that_are_copied_do_what_the_buttons_do(world: World) -> None:
    card = at_first_pause(world)
    world.press("bob", "Copy command", ts=card.ts)
    told = world.hears("bob", "The same by word: #1").text
    assert "/deploy shop v1.2 canary to staging because customers wait" in told
    assert "/rollout abort shop staging" in told
    world.type("bob", next(line for line in told.splitlines() if line == "/rollout promote shop staging"))
    world.card_shows("50 % on v1.2")


def test_the_log_of_a_failed_step_is_read_from_its_card(world: World) -> None:
    log = ["pushing layers", "413 quota of project shop is 50 GiB, used 50 GiB"]
    world.fault(system="workflows", kind="step-fails", match="build-image", count=1, exit_code=12, log=log)
    world.type("alice", "/deploy shop v1.2")
    card = world.card_shows("failed at Image", "413 quota of project shop")
    assert card.buttons[:2] == ("Try again from Image", "Log")
    world.press("eve", "Log", ts=card.ts)
    told = world.hears("eve", "Log of the step Image: #1", "413 quota of project shop").text
    assert "pushing layers" in told


def test_the_log_of_a_pod_that_crashes_is_read_from_its_card_also_when_it_is_gone(quiet_world: World) -> None:
    world = quiet_world
    world.fault(system="rollouts", kind="crash-loop", match="shop", log=CRASH, exit_code=1)
    world.start_bot()
    world.type("alice", "/deploy shop v1.2 canary")
    card = world.card_shows("not healthy", CRASH[-1])
    world.press("eve", "Log", ts=card.ts)
    world.hears("eve", "Log of the pod that is in trouble", CRASH[-1])
    world.press("bob", "Abort, back to v1.1")
    world.card_shows("aborted", "Traffic is back on v1.1")

"""Why a version does not come up, and what its measurements say: on the card, in one screen, while it happens."""

from tests.scenarios.catalog import with_values
from tests.scenarios.test_way_back import deployed
from tests.scenarios.world import World

CRASH = ["version v1.2, behaves crash", "panic: the connection pool is exhausted"]
"""What the bed's web app writes before it ends by itself with exit code 1."""
QUICK = {"initialDelay": "0s", "interval": "1s", "count": 2, "failureLimit": 0}
WHEN = {"canary": {"afterWeights": True}, "blueGreen": {"beforePromotion": True}}
MEASURED = {"analysis": {"successRate": {"enabled": True}, **WHEN, **QUICK}}
NOBODY_ANSWERS = 'Post "http://127.0.0.1:9/api/v1/query": dial tcp 127.0.0.1:9: connect: connection refused'


def test_an_analysis_that_fails_aborts_the_canary_and_the_card_says_why(quiet_world: World) -> None:
    world = quiet_world
    with_values(world, "shop", MEASURED)
    world.fault(system="rollouts", kind="analysis", match="shop", verdict="Failed", value="[0.972]")
    world.start_bot()
    world.type("alice", "/deploy shop v1.2 canary")
    failed = "Analysis failed: success-rate 0.972 (needs ≥ 0.99), measured once"
    card = world.card_shows("canary · failed", failed)
    assert "The new version measures worse than it may." in card.text
    told = "Aborted by its analysis: success-rate 0.972 (needs ≥ 0.99), measured once. Traffic is back on v1.1"
    said = world.thread_ends(card, told)
    assert said.count(told) == 1
    assert not any("outside Slipway" in line for line in said)


def test_an_analysis_that_cannot_decide_asks_a_person(quiet_world: World) -> None:
    world = quiet_world
    with_values(world, "shop", MEASURED)
    world.fault(system="rollouts", kind="analysis", match="shop", verdict="Inconclusive", value="[NaN]")
    world.start_bot()
    world.type("alice", "/deploy shop v1.2 canary")
    undecided = "Analysis could not decide: success-rate NaN (needs ≥ 0.99)"
    card = world.card_shows("the analysis could not decide", undecided, "A person has to decide whether it goes on.")
    world.thread_ends(card, "The analysis could not decide: success-rate NaN (needs ≥ 0.99)")
    world.press("bob", "Abort, back to v1.1")
    world.card_shows("aborted", "Traffic is back on v1.1")


def test_what_an_analysis_could_not_decide_is_made_again_or_gone_past_by_a_person(quiet_world: World) -> None:
    world = quiet_world
    with_values(world, "shop", MEASURED)
    world.fault(system="rollouts", kind="analysis", match="shop", verdict="Inconclusive", value="[NaN]")
    world.start_bot()
    world.type("alice", "/deploy shop v1.2 canary")
    card = world.card_shows("the analysis could not decide")
    assert card.buttons[:2] == ("Go on", "Run the analysis again")
    world.press("bob", "Run the analysis again")

    def undecided() -> list[str]:
        return [line for line in world.thread(card) if line.startswith("The analysis could not decide")]

    world.until(lambda: len(undecided()) == 2, "the second analysis could not decide either")
    assert "@bob had the analysis run again" in world.thread(card)

    presses = 0

    def is_gone_past() -> bool:
        # The card may be a moment behind its thread: who is told that a button is of the first analysis presses again.
        nonlocal presses
        late = [each for each in world.whispers("bob") if "What that button was for has passed" in each.text]
        now = world.card()
        if len(late) == presses and now is not None and "Go on" in now.buttons:
            world.press("bob", "Go on")
            presses += 1
        return "@bob went on past the analysis that could not decide" in world.thread(card)

    world.until(is_gone_past, "bob has gone past it")
    world.card_shows("waits for a promote", "20 % on v1.2")
    assert not any("outside Slipway" in line for line in world.thread(card))


def test_an_analysis_that_cannot_be_made_aborts_the_canary_and_says_what_it_could_not_reach(quiet_world: World) -> None:
    world = quiet_world
    with_values(world, "shop", MEASURED)
    world.fault(system="rollouts", kind="analysis", match="shop", verdict="Error", message=NOBODY_ANSWERS)
    world.start_bot()
    world.type("alice", "/deploy shop v1.2 canary")
    failed = "Analysis could not be made: success-rate (needs ≥ 0.99), measured 5 times: Post"
    card = world.card_shows("canary · failed", failed, "connection refused")
    assert "See that what is asked can be reached and gives an answer." in card.text
    said = world.thread_ends(card, "Traffic is back on v1.1")
    assert not any("outside Slipway" in line for line in said)


def test_an_analysis_that_fails_before_the_switch_leaves_blue_alone(quiet_world: World) -> None:
    world = quiet_world
    world.start_bot()
    deployed(world, "v2.0", number=1, strategy="blue-green", app="pay")
    with_values(world, "pay", MEASURED)
    world.fault(system="rollouts", kind="analysis", match="pay", verdict="Failed", value="[0.972]")
    world.type("alice", "/deploy pay v2.1")
    failed = "Analysis before the switch failed: success-rate 0.972 (needs ≥ 0.99), measured once"
    card = world.card_shows("blue-green · failed", failed, number=2)
    said = world.thread_ends(card, "v2.0 is released again")
    assert not any("switched" in line.lower() for line in said)
    pay = world.rollout("pay")
    assert (pay["phase"], pay["version"], pay["deployment"]) == ("Healthy", "v2.0", "1")


def test_a_crash_loop_is_explained_with_the_last_lines_of_the_app(quiet_world: World) -> None:
    world = quiet_world
    world.fault(system="rollouts", kind="crash-loop", match="shop", log=CRASH, exit_code=1)
    world.start_bot()
    world.type("alice", "/deploy shop v1.2 canary")
    card = world.card_shows("not healthy", "1 new pod: the app ends by itself (exit 1", CRASH[-1])
    assert "Mend it, and deploy what has the cure." in card.text
    world.press("eve", "Log", ts=card.ts)
    world.hears("eve", "Log of the pod that is in trouble", CRASH[-1])
    world.press("bob", "Abort, back to v1.1")
    world.card_shows("aborted", "Traffic is back on v1.1")


def test_a_version_that_is_given_up_says_why_although_its_pods_are_gone(quiet_world: World) -> None:
    world = quiet_world
    with_values(world, "shop", {"progressDeadlineSeconds": 30, "progressDeadlineAbort": True})
    world.fault(system="rollouts", kind="crash-loop", match="shop", log=CRASH, exit_code=1)
    world.start_bot()
    world.type("alice", "/deploy shop v1.2 canary")
    card = world.card_shows("failed", "Aborted because the app ends by itself (exit 1)", CRASH[-1])
    world.thread_ends(card, "Aborted: the app ends by itself")


def test_an_image_that_cannot_be_had_is_explained(quiet_world: World) -> None:
    world = quiet_world
    world.fault(system="rollouts", kind="image-pull", match="shop")
    world.start_bot()
    world.type("alice", "/deploy shop v1.2 canary")
    card = world.card_shows("not healthy", "1 new pod: the image cannot be had", "failed to pull and unpack image")
    assert "See that the image is in the registry" in card.text
    world.press("bob", "Abort, back to v1.1")
    world.card_shows("aborted", "Traffic is back on v1.1")


def test_an_app_that_takes_too_much_memory_says_so(quiet_world: World) -> None:
    world = quiet_world
    world.fault(system="rollouts", kind="crash-loop", match="shop", exit_code=137, reason="OOMKilled")
    world.start_bot()
    world.type("alice", "/deploy shop v1.2 canary")
    world.card_shows("not healthy", "the app takes more memory than its limit (exit 137", "resources.limits.memory")


def test_a_missing_configuration_is_named(quiet_world: World) -> None:
    world = quiet_world
    world.fault(system="rollouts", kind="config-error", match="shop", message='secret "prices" not found')
    world.start_bot()
    world.type("alice", "/deploy shop v1.2 canary")
    world.card_shows("not healthy", "what it is configured with is not there", 'secret "prices" not found')

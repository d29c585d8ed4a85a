"""The whole loop through the real bot process and real protocols: what a team sees when it deploys."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.planted import every_kind
from tests.scenarios.world import READS, World


def begin_canary(world: World, *, user: str = "alice") -> None:
    """Bring a canary of shop to its first pause."""
    world.type(user, "/deploy shop v1.2 canary")
    world.card_shows("waits for a promote", "20 % on v1.2")


def test_a_canary_goes_from_the_first_deploy_to_done_with_two_promotes_by_bob(world: World) -> None:
    world.type("alice", "/deploy pay v2.0 canary")
    first = world.card_shows("done in", number=1)
    assert "20 %" not in "\n".join(world.thread(first)), "a first deploy runs no steps"

    world.type("alice", "/deploy pay v2.1 canary because customers wait")
    card = world.card_shows("waits for a promote", "20 % on v2.1", "customers wait", "v2.0", number=2)
    assert card.buttons == (
        *("20 % → 50 %", "Go to 100 %", "Abort, back to v2.0"),
        *("Details", "Hold", "Restart", "Links", "Copy command"),
    )
    world.press("bob", "20 % → 50 %")
    world.card_shows("waits for a promote", "50 % on v2.1", number=2)
    world.press("bob", "50 % → 100 %")
    done = world.card_shows("done in", number=2)
    assert done.ts == card.ts, "one card per deployment, edited in place"
    assert done.buttons == ("Roll back to v2.0", "Details", "Restart", "Links", "Copy command")
    said = world.thread_ends(done, "Done in")
    assert [line.partition(":")[0].split(" built")[0][:5] for line in said][:1] == ["Image"]
    assert said[1:] == [
        "v2.1 released to staging, the rollout begins",
        "Canary at 20 %",
        "Paused: waits for a promote",
        "@bob advanced to 50 %",
        "Canary at 50 %",
        "Paused: waits for a promote",
        "@bob advanced to 100 %",
        said[-1],
    ]
    assert len(world.messages()) == 2, "the channel hears of nothing but the cards"


def test_bob_aborts_and_the_traffic_is_back_on_the_old_version(world: World) -> None:
    begin_canary(world)
    world.press("bob", "Abort, back to v1.1")
    # What ran at the start is nothing that Slipway released: it cannot release it again (test_way_back has the rest).
    card = world.card_shows("aborted", "Traffic is back on v1.1", "did not release v1.1 here")
    assert card.buttons == ("Try again", *READS)
    world.thread_ends(card, "Aborted by @bob, traffic is back on v1.1")
    (shop,) = [
        each for each in world.cluster()["rollouts"] if each["name"] == "shop" and each["namespace"] == "staging"
    ]
    assert shop["phase"] == "Degraded"


def test_eve_is_refused_and_learns_which_role_is_missing(world: World) -> None:
    world.type("eve", "/deploy shop v1.2")
    world.hears("eve", "needs the role", "deployer", "you have none")
    assert world.card() is None
    begin_canary(world)
    world.press("eve", "20 % → 50 %")
    world.hears("eve", "needs the role", "approver")
    world.press("alice", "20 % → 50 %")
    world.hears("alice", "needs the role", "approver", "you have deployer")
    world.card_shows("waits for a promote", "20 % on v1.2")


def test_mallory_and_dave_are_nobody_we_act_for(world: World) -> None:
    world.type("mallory", "/deploy shop v1.2")
    world.hears("mallory", "not linked")
    begin_canary(world)
    world.press("dave", "20 % → 50 %")
    world.hears("dave", "disabled")


def test_a_double_click_has_one_effect_and_the_second_hears_who_was_first(world: World) -> None:
    begin_canary(world)
    card = world.card_shows("20 %")
    world.press("bob", "20 % → 50 %", ts=card.ts)
    world.until(lambda: "50 % on v1.2" in (world.card() or card).text, "the canary moves on")
    assert world.whispers("bob") == []
    label = "Advance now"
    world.card_offers(label)
    world.fault(system="slack", kind="hang", match="chat.update", seconds=60)  # Everybody still sees the old card.
    with ThreadPoolExecutor(10) as pool:
        list(pool.map(lambda user: world.press(user, label, ts=card.ts), ["bob", "carol"] * 5))
    world.fault(clear=True)
    world.card_shows("done in")
    world.until(lambda: len([*world.whispers("bob"), *world.whispers("carol")]) == 9, "nine are told who was first")
    told = [*world.whispers("bob"), *world.whispers("carol")]
    assert all("Already advanced by @" in message.text or "finished already" in message.text for message in told)
    world.thread_ends(card, "Done in")
    assert len([line for line in world.thread(card) if "advanced to 100 %" in line]) == 1


def test_an_unknown_app_and_version_are_answered_with_what_was_probably_meant(world: World) -> None:
    world.type("alice", "/deploy shpo v1.2")
    world.hears("alice", "No app shpo", "Did you mean shop")
    world.type("alice", "/deploy shop v1.22")
    told = world.hears("alice", "No version v1.22 of shop")
    assert "/deploy shop v1.2" in told.buttons
    assert world.card() is None
    world.press("alice", "/deploy shop v1.2")
    world.card_shows("shop v1.2 → staging")


def test_with_keycloak_down_nothing_is_done_and_everybody_is_told(world: World) -> None:
    begin_canary(world)
    world.fault(system="keycloak", kind="down")
    world.press("bob", "20 % → 50 %")
    world.hears("bob", "cannot check your rights", "nothing was done")
    world.type("alice", "/deploy search 3.5.0")
    world.hears("alice", "cannot check your rights", "nothing was done")
    world.card_shows("waits for a promote", "20 % on v1.2")
    world.fault(clear=True)
    world.press("bob", "20 % → 50 %")
    world.card_shows("50 % on v1.2")


def test_a_failing_pipeline_step_is_named_on_the_card_with_its_cause(world: World) -> None:
    log = ["pushing layers", "413 quota of project shop is 50 GiB, used 50 GiB"]
    world.fault(system="workflows", kind="step-fails", match="build-image", count=1, exit_code=12, log=log)
    world.type("alice", "/deploy shop v1.2")
    card = world.card_shows("failed at Image", "exit 12", "413 quota of project shop", "v1.1 runs untouched")
    assert "Owner of this step: #platform-help" in card.text
    world.thread_ends(card, "Failed at Image")
    assert "413 quota of project shop" in world.thread(card)[-1], "the thread has the end of the log"
    assert any(message.is_broadcast for message in world.messages()), "a failure is heard in the channel"
    world.type("alice", "/deploy shop v1.2")
    world.card_shows("waits for a promote", number=2)


def test_secrets_in_a_steps_log_are_shown_logged_and_stored_nowhere(quiet_world: World) -> None:
    world = quiet_world
    world.start_bot(SLIPWAY_LOG_LEVEL="DEBUG")
    kinds = ("password in a setting", "github token", "jwt", "bearer header", "login in an address", "slack webhook")
    planted = [every_kind()[kind] for kind in kinds]
    log = ["pushing layers", *(each.text for each in planted), "error: the push was refused"]
    world.fault(system="workflows", kind="step-fails", match="build-image", count=1, exit_code=12, log=log)
    world.type("alice", "/deploy shop v1.2")
    card = world.card_shows("failed at Image", "the push was refused")
    world.thread_ends(card, "the push was refused")
    assert world.bot is not None
    world.bot.stop()
    files = Path(world.environment["SLIPWAY_DATABASE"].partition("///")[2]).parent.glob("slipway.sqlite*")
    stored = b"".join(file.read_bytes() for file in files).decode(errors="replace")
    everything = "\n".join([stored, card.text, *world.thread(card), world.bot.output()])
    assert "the push was refused" in stored
    assert not [secret for each in planted for secret in each.secrets if secret in everything]


def test_a_step_whose_image_cannot_be_had_says_so_while_it_waits(world: World) -> None:
    world.fault(system="workflows", kind="image-pull", match="fetch-artifact")
    world.type("alice", "/deploy shop v1.2")
    world.card_shows("Artifact cannot begin: ErrImagePull", "Correct its name or the access to its registry")
    world.press("alice", "Cancel")
    world.card_shows("cancelled", "v1.1 runs untouched")


def test_killed_in_the_middle_of_a_canary_the_same_card_goes_on(world: World) -> None:
    begin_canary(world)
    before = world.card_shows("20 %")
    # Slack has no idempotency key: what it accepted in the very moment of a kill may be said twice. So let it be quiet.
    world.thread_ends(before, "Paused: waits for a promote")
    world.type("eve", "/rollout status shop")
    world.hears("eve", "What runs where: shop")
    assert world.bot is not None
    world.bot.kill()
    world.start_bot()
    world.press("bob", "20 % → 50 %")
    after = world.card_shows("50 % on v1.2")
    assert after.ts == before.ts
    assert len(world.messages()) == 1
    assert world.thread(after).count("Canary at 20 %") == 1


def test_killed_while_the_pipeline_runs_it_starts_no_second_one(world: World) -> None:
    world.fault(system="workflows", kind="step-hangs", match="fetch-chart", count=1)
    world.type("alice", "/deploy shop v1.2")
    world.card_shows("✓ Image")
    assert world.bot is not None
    world.bot.kill()
    world.start_bot()
    world.card_shows("✓ Image", "◐ Chart")
    assert len(world.cluster()["workflows"]) == 1
    world.press("alice", "Cancel")
    world.card_shows("cancelled")


def test_what_moved_while_the_bot_was_down_is_on_the_card_when_it_is_back(world: World) -> None:
    world.fault(system="workflows", kind="step-hangs", match="fetch-chart", count=1)
    world.type("alice", "/deploy shop v1.2")
    world.card_shows("✓ Image")
    assert world.bot is not None
    world.bot.kill()
    world.fault(clear=True)

    def is_paused() -> bool:
        return any(each["name"] == "shop" and each["phase"] == "Paused" for each in world.cluster()["rollouts"])

    world.until(is_paused, "the cluster goes on without the bot")
    world.start_bot()
    world.card_shows("waits for a promote", "20 % on v1.2")
    assert len(world.messages()) == 1

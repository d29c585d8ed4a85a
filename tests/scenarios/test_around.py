"""Around the loop: other strategies, protected places, busy slots, outages of every system, bad settings."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.scenarios.process import ROOT
from tests.scenarios.world import World


def test_blue_green_waits_for_the_switch_and_switches_once(world: World) -> None:
    world.type("alice", "/deploy pay v2.0")
    world.card_shows("done in", number=1)
    world.type("alice", "/deploy pay v2.1")
    card = world.card_shows("green is ready", number=2)
    assert "Switch traffic to v2.1" in card.buttons
    world.press("bob", "Switch traffic to v2.1")
    done = world.card_shows("done in", number=2)
    world.thread_ends(done, "Done in")
    assert "@bob switched traffic to v2.1" in world.thread(done)


def test_rolling_and_recreate_go_through_without_a_gate(world: World) -> None:
    world.type("alice", "/deploy search 3.5.0")
    world.card_shows("search 3.5.0 → staging", "done in", number=1)
    world.type("alice", "/deploy report 1.0")
    world.card_shows("report 1.0 → staging", "done in", number=2)


def test_going_to_the_end_skips_the_steps_that_are_left(world: World) -> None:
    world.type("alice", "/deploy shop v1.2")
    world.card_shows("waits for a promote")
    world.press("bob", "Go to 100 %")
    done = world.card_shows("done in")
    assert not any("50 %" in line for line in world.thread(done))


def test_acts_can_be_typed_as_well(world: World) -> None:
    world.type("alice", "/deploy shop v1.2")
    world.card_shows("waits for a promote")
    world.type("bob", "/rollout promote shop")
    world.hears("bob", "Advancing shop in staging")
    world.card_shows("50 % on v1.2")
    world.type("bob", "/rollout abort shop staging")
    world.card_shows("aborted")


def test_a_protected_environment_asks_once_more_and_its_card_goes_to_its_channel(world: World) -> None:
    world.type("carol", "/deploy shop v1.2 to production")
    told = world.hears("carol", "Deploy shop v1.2 to production", "v1.1")
    assert world.card("prod-deploys") is None
    world.press("carol", told.buttons[0])
    world.card_shows("shop v1.2 → production", channel="prod-deploys")
    world.hears("carol", "Started #1")
    assert world.card("deploys") is None


def test_without_words_a_form_opens_and_sending_it_is_like_typing(world: World) -> None:
    world.type("alice", "/deploy")
    offered = world.form_opens("alice")
    assert {"shop", "pay", "search", "report"} <= set(offered["App"])
    assert offered["Version"] == ()
    assert "production (protected)" in offered["Environment"]
    world.submit("alice", {"App": "shop", "Version": "v1.2", "Reason": "fix the checkout"})
    world.card_shows("shop v1.2 → staging", "canary", "fix the checkout", number=1)
    assert world.views("alice") == []


def test_the_form_of_an_app_offers_its_versions_and_confirms_like_a_typed_line(world: World) -> None:
    world.type("carol", "/deploy shop")
    assert world.form_opens("carol")["Version"] == ("v1.3.0-rc.1", "v1.2.1", "v1.2", "v1.1", "v1.0")
    world.submit("carol", {"Version": "v1.2", "Strategy": "rolling", "Environment": "production (protected)"})
    told = world.hears("carol", "Deploy shop v1.2 to production", "v1.1")
    assert world.card("prod-deploys") is None
    world.press("carol", told.buttons[0])
    world.card_shows("shop v1.2 → production", "rolling", channel="prod-deploys")


@pytest.mark.parametrize("fault", [{"kind": "down"}, {"kind": "hang", "seconds": 60}])
def test_the_form_opens_without_the_repository_and_works_when_it_is_back(
    world: World, fault: dict[str, object]
) -> None:
    world.fault(system="nexus", **fault)
    world.type("alice", "/deploy shop")
    # What is built can be chosen where a registry tells of it; otherwise the version is typed.
    assert set(world.form_opens("alice")["Version"]) <= {"v1.1", "v1.0"}
    world.fault(clear=True)
    world.submit("alice", {"Version": "v1.1"})
    world.card_shows("shop v1.1 → staging")


@pytest.mark.stand_in("the bed has a plain registry, not Harbor")
def test_the_form_says_what_is_built_and_what_a_scan_found(world: World) -> None:
    versions = _versions(world)
    told = {option["value"]: option["description"]["text"] for option in versions["element"]["options"]}
    assert "built" not in told["v1.2"]
    assert told["v1.1"].endswith("old · built · 0 critical, 1 high · running in staging, production")
    assert told["v1.0"].endswith("old · built · 2 critical, 5 high")
    assert "hint" not in versions


@pytest.mark.stand_in("the bed has a plain registry, not Harbor")
def test_without_harbor_the_form_has_all_versions_and_says_what_is_not_known(world: World) -> None:
    world.fault(system="harbor", kind="down")
    versions = _versions(world)
    assert [option["value"] for option in versions["element"]["options"]][-1] == "v1.0"
    assert versions["hint"]["text"] == "Harbor gives no answer, so what is built already is not known."


@pytest.mark.stand_in("the bed has a plain registry, not Harbor")
def test_the_thread_tells_what_a_scan_found_in_an_image_that_was_built_before(world: World) -> None:
    world.type("alice", "/deploy shop v1.0")
    card = world.card_shows("waits for a promote")
    world.until(lambda: any("was already built" in line for line in world.thread(card)), "the image's line")
    (line,) = [line for line in world.thread(card) if "was already built" in line]
    assert line.endswith("was already built · 2 critical · 5 high")


def _versions(world: World) -> dict[str, Any]:
    """Open the form of an app and return its field of versions."""
    world.type("alice", "/deploy shop")
    world.form_opens("alice")
    field: dict[str, Any] = next(b for b in world.views("alice")[-1]["blocks"] if b["label"]["text"] == "Version")
    return field


def test_a_second_deploy_is_told_who_is_busy_there(world: World) -> None:
    world.type("alice", "/deploy shop v1.2")
    world.card_shows("waits for a promote")
    world.type("carol", "/deploy shop v1.2.1")
    world.hears("carol", "shop in staging is busy", "#1 v1.2 by @alice")


def test_the_watches_survive_cuts_and_compaction(world: World) -> None:
    world.type("alice", "/deploy shop v1.2")
    world.card_shows("waits for a promote")
    world.fault(system="kubernetes", kind="drop-watches")
    world.fault(system="kubernetes", kind="gone")
    world.press("bob", "20 % → 50 %")
    world.card_shows("50 % on v1.2")


def test_an_outage_of_slack_stops_no_rollout_and_the_card_is_right_afterwards(world: World) -> None:
    world.type("alice", "/deploy search 3.5.0")
    world.card_shows("search 3.5.0 → staging")
    world.fault(system="slack", kind="status", match="chat.", status=503)

    def is_out() -> bool:
        found = [each for each in world.cluster()["rollouts"] if each["name"] == "search"]
        return any(each["phase"] == "Healthy" and each["version"] == "3.5.0" for each in found)

    world.until(is_out, "the rollout ends without Slack")
    world.fault(clear=True)
    world.card_shows("done in")
    assert len(world.messages()) == 1


def test_a_lost_connection_is_made_again(world: World) -> None:
    world.fault(system="slack", kind="disconnect", count=1, reason="refresh_requested")
    world.until(lambda: len(world.requests("apps.connections.open")) > 1, "a new connection is opened")
    world.until(lambda: _is_answered(world), "commands are answered again")


def _is_answered(world: World) -> bool:
    answer = world._post("command", user="alice", channel="deploys", text="/rollout status")
    return bool(answer.get("acknowledged"))


def test_status_and_help_answer_only_the_person_who_asked(world: World) -> None:
    world.type("eve", "/rollout status shop")
    world.hears("eve", "What runs where: shop", "staging · v1.1 · canary · 5/5 ready")
    world.type("eve", "/deploy help")
    world.hears("eve", "Deploy a version", "/rollout abort")
    assert world.messages() == []


def test_a_changed_catalog_is_used_and_a_broken_one_is_not(world: World) -> None:
    catalog = Path(world.environment["SLIPWAY_CATALOG"])
    text = catalog.read_text(encoding="utf-8")
    catalog.write_text("apps: [", encoding="utf-8")
    assert world.bot is not None
    world.until(lambda: "the changed catalog is not used" in world.bot.output(), "the broken catalog is refused")  # type: ignore[union-attr]  # asserted above
    world.type("alice", "/deploy shop v1.2")
    world.card_shows("shop v1.2 → staging")
    mended = yaml.safe_load(text)
    mended["apps"]["shop"]["aliases"].append("magasin")
    catalog.write_text(yaml.safe_dump(mended), encoding="utf-8")
    world.until(lambda: "read again" in world.bot.output(), "the mended catalog is read")  # type: ignore[union-attr]  # asserted above
    world.type("alice", "/rollout status magasin")
    world.hears("alice", "What runs where: shop")


def test_the_bot_stops_in_order_and_shows_no_secret(world: World) -> None:
    world.type("alice", "/deploy shop v1.2")
    world.card_shows("waits for a promote")
    assert world.bot is not None
    assert world.bot.stop() == 0
    secrets = [value for name, value in world.environment.items() if "TOKEN" in name or "SECRET" in name]
    assert secrets
    assert not [secret for secret in secrets if secret in world.bot.output()]


def check(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bot.cli", "check"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_check_tries_every_system_and_says_how_to_mend_what_is_wrong(quiet_world: World) -> None:
    world = quiet_world
    good = check(world.environment)
    assert good.returncode == 0, good.stdout + good.stderr
    assert all(line.startswith("ok ") for line in good.stdout.splitlines())
    for system in ("settings", "Slack", "Keycloak", "Nexus", "Kubernetes", "database"):
        assert system.lower() in good.stdout.lower()
    world.fault(system="keycloak", kind="down")
    bad = check(world.environment)
    assert bad.returncode == 1
    assert [line for line in bad.stdout.splitlines() if line.startswith("wrong") and "Keycloak" in line]


def test_settings_and_catalogs_that_cannot_be_used_say_what_to_do(quiet_world: World, tmp_path: Path) -> None:
    world = quiet_world
    missing = check({name: value for name, value in world.environment.items() if name != "SLIPWAY_SLACK__BOT_TOKEN"})
    assert missing.returncode == 1
    assert "SLIPWAY_SLACK__BOT_TOKEN: is not set" in missing.stdout
    broken = tmp_path / "broken.yaml"
    broken.write_text("apps: {shop: {stratgy: canary}}\n", encoding="utf-8")
    wrong = check({**world.environment, "SLIPWAY_CATALOG": str(broken)})
    assert wrong.returncode == 1
    assert "stratgy" in wrong.stdout
    run = subprocess.run(
        [sys.executable, "-m", "bot.cli", "run"],
        cwd=ROOT,
        env={**world.environment, "SLIPWAY_CATALOG": str(broken)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 2
    assert "Traceback" not in run.stderr

from pathlib import Path

import pytest

from playground import seed, seeding
from playground.argo.cluster import Controllers
from playground.faults import Faults
from playground.kubernetes.store import Store
from playground.pace import Pace

TEMPLATE = """
apiVersion: argoproj.io/v1alpha1
kind: WorkflowTemplate
metadata: {name: slipway-deploy}
spec:
  entrypoint: main
  templates: [{name: main, container: {image: example.com/steps}}]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: not-a-template}
"""


@pytest.mark.parametrize(
    ("username", "roles", "enabled", "slack"),
    [
        ("alice", {"deployer"}, True, "T0SLIPWAY-U0ALICE"),
        ("bob", {"approver"}, True, "T0SLIPWAY-U0BOB"),
        ("carol", {"admin", "deployer", "approver"}, True, "T0SLIPWAY-U0CAROL"),
        ("dave", {"approver"}, False, "T0SLIPWAY-U0DAVE"),
        ("eve", set(), True, "T0SLIPWAY-U0EVE"),
    ],
)
def test_people_have_their_roles_and_their_link_to_slack(
    username: str, roles: set[str], slack: str, *, enabled: bool
) -> None:
    realm = seeding.make_realm()
    user = realm.user(username)
    assert realm.effective_roles(user, realm.roles_client) == roles
    assert user.enabled is enabled
    assert user.attributes["slack_user_id"] == [slack]


def test_mallory_is_in_slack_alone() -> None:
    assert "mallory" in {person.name for person in seeding.slack_people()}
    with pytest.raises(ValueError, match="No user 'mallory'"):
        seeding.make_realm().user("mallory")


def test_the_bots_client_has_the_least_that_it_needs() -> None:
    bot = seeding.make_realm().client_by_name("slipway-bot")
    assert bot is not None
    assert bot.grants == {"view-users", "Clients:view:5f0c1d2e-0000-4000-8000-00000000de91"}


def test_every_version_of_every_app_exists() -> None:
    assets = seeding.make_nexus(Faults()).repositories["maven-releases"].assets
    jars = {(asset.name, asset.version) for asset in assets if asset.extension == "jar"}
    assert jars == {(app.name, version) for app in seed.APPS for version in app.versions}
    assert {asset.group for asset in assets} == {"com.acme"}


def test_what_runs_and_what_ran_before_is_built_and_nothing_else() -> None:
    projects = seeding.make_harbor(Faults()).projects
    built = {
        name: [tag for repository in project.repositories.values() for tag in repository.tags]
        for name, project in projects.items()
    }
    assert built == {"shop": ["v1.0", "v1.1"], "pay": [], "search": ["3.4.0"], "report": []}


def test_channels_have_their_names() -> None:
    assert {channel.id: channel.name for channel in seeding.slack_channels()} == {
        "C0DEPLOYS": "deploys",
        "C0PROD": "prod-deploys",
        "C0RANDOM": "random",
    }


def test_workflow_templates_are_put_into_every_environment(tmp_path: Path) -> None:
    (tmp_path / "deploy.yaml").write_text(TEMPLATE)
    store = Store()
    seeding.load_templates(store, tmp_path)
    templates = store.list("WorkflowTemplate")
    assert [(one["metadata"]["namespace"], one["metadata"]["name"]) for one in templates] == [
        ("production", "slipway-deploy"),
        ("staging", "slipway-deploy"),
    ]
    assert [one["metadata"]["name"] for one in store.list("Namespace")] == ["production", "staging"]
    assert store.list("ConfigMap") == []


async def test_apps_that_do_not_become_healthy_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seeding, "SEED_SECONDS", 0.05)
    store, pace = Store(), Pace(7)
    controllers = Controllers(store, pace=pace, faults=Faults())
    with pytest.raises(seeding.PlaygroundError, match="were not healthy within"):
        await seeding.release_running(controllers, store, pace)
    assert pace.speed == 7


def test_missing_workflow_templates_are_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seeding, "__file__", str(tmp_path / "playground" / "seeding.py"))
    with pytest.raises(seeding.PlaygroundError, match="no WorkflowTemplates in"):
        seeding.templates_folder()


def test_an_installed_package_brings_its_templates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seeding, "__file__", str(tmp_path / "playground" / "seeding.py"))
    folder = tmp_path / "playground" / "templates"
    folder.mkdir(parents=True)
    (folder / "deploy.yaml").write_text(TEMPLATE)
    assert seeding.templates_folder() == folder

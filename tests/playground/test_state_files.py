import json
import stat
from pathlib import Path

import pytest
import yaml

from playground import seed, state_files

KUBECONFIG = Path("/tmp/state of mine/kubeconfig")  # noqa: S108  # a name only, nothing is written there


def test_the_kubeconfig_names_the_server_and_carries_the_token() -> None:
    content = yaml.safe_load(state_files.kubeconfig("http://127.0.0.1:1234"))
    assert content["clusters"][0]["cluster"]["server"] == "http://127.0.0.1:1234"
    assert content["users"][0]["user"]["token"] == seed.KUBERNETES_TOKEN
    assert content["current-context"] == content["contexts"][0]["name"] == "main"


def test_the_catalog_has_exactly_the_sections_of_the_format() -> None:
    catalog = yaml.safe_load(state_files.catalog(KUBECONFIG))
    assert list(catalog) == ["clusters", "environments", "apps", "grants", "steps"]
    main = catalog["clusters"].pop("main")
    assert (catalog["clusters"], main["kubeconfig"], main["context"]) == ({}, str(KUBECONFIG), "main")
    assert all("{namespace}/{name}" in main[page] for page in ("workflow-page", "rollout-page"))
    assert catalog["environments"] == {
        "staging": {"cluster": "main", "namespace": "staging", "default": True},
        "production": {
            "cluster": "main",
            "namespace": "production",
            "protected": True,
            "channel": "#prod-deploys",
            "remind": "30m",
        },
    }


def test_the_catalog_describes_each_app_as_the_format_has_it() -> None:
    apps = yaml.safe_load(state_files.catalog(KUBECONFIG))["apps"]
    assert {name: (app["strategy"], app["values"]["replicas"]) for name, app in apps.items()} == {
        "shop": ("canary", 5),
        "pay": ("blue-green", 2),
        "search": ("rolling", 4),
        "report": ("recreate", 1),
    }
    assert apps["shop"] == {
        "aliases": ["store"],
        "owners": ["@team-shop"],
        "artifact": {"group": "com.acme", "name": "shop", "packaging": "jar"},
        "image": "harbor.example.com/shop/shop",
        "base-image": seed.BASE_IMAGE,
        "chart": {"repository": "https://gitea.example.com/platform/charts.git", "path": "app", "ref": "v1.4.0"},
        "strategy": "canary",
        "environments": ["staging", "production"],
        "values": {"replicas": 5, "port": 8080, "host": "shop.example.com"},
        "canary": {"steps": [{"weight": 20}, {"pause": {}}, {"weight": 50}, {"pause": "10m"}]},
    }


def test_the_catalogs_grants_are_those_of_the_roles() -> None:
    grants = yaml.safe_load(state_files.catalog(KUBECONFIG))["grants"]
    assert {grant["role"] for grant in grants} == set(seed.COMPOSITES)


def test_the_catalog_teaches_by_comments_no_wider_than_a_screen() -> None:
    lines = state_files.catalog(KUBECONFIG).splitlines()
    assert sum("#" in line for line in lines) > 8
    assert max(map(len, lines)) <= 120


def test_the_environment_is_one_line_per_setting() -> None:
    assert state_files.env_lines({"A": "1", "B": "two words"}) == "A=1\nB=two words\n"


def test_files_with_tokens_are_private_and_replaced(tmp_path: Path) -> None:
    path = state_files.write_private(tmp_path / "env", "first, and longer")
    state_files.write_private(path, "second")
    assert path.read_text() == "second"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("app", seed.APPS, ids=lambda app: app.name)
def test_what_runs_at_the_start_is_a_version_that_exists(app: seed.SeedApp) -> None:
    assert app.running is None or app.running in app.versions
    json.dumps(app.chart_values())


def test_steps_reach_the_chart_in_the_words_of_a_rollout() -> None:
    shop = next(app for app in seed.APPS if app.name == "shop")
    assert shop.chart_values()["canary"]["steps"] == [
        {"setWeight": 20},
        {"pause": {}},
        {"setWeight": 50},
        {"pause": {"duration": "10m"}},
    ]

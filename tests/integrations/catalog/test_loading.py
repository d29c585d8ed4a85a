import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from commands.core.catalog import ApprovalRule, Artifact, Chart, Cluster, Environment
from commands.core.grammar import STRATEGY_WORDS, VERBS
from commands.core.model import Action
from commands.core.observed import CanaryStep, CanaryStepKind, Strategy
from integrations.catalog import CatalogError, load, parse, words
from tests.integrations.catalog.example import changed, example, problems, without

SHOP = "apps.shop"


def catalog_with(path: str, value: Any) -> Any:
    return parse(changed(path, value)).catalog


def test_the_example_of_the_documentation_says_what_it_seems_to_say() -> None:
    loaded = parse(example())
    catalog = loaded.catalog
    assert loaded.warnings == ()
    assert catalog.clusters == {
        "main": Cluster(
            name="main",
            workflow_page="https://argo.example.com/workflows/{namespace}/{name}",
            rollout_page="https://rollouts.example.com/rollouts/rollout/{namespace}/{name}",
        ),
        "edge": Cluster(name="edge", kubeconfig="/etc/slipway/edge.kubeconfig", context="edge"),
    }
    assert catalog.environments["staging"] == Environment(
        name="staging", cluster="main", namespace="staging", is_default=True
    )
    assert catalog.environments["production"] == Environment(
        name="production",
        cluster="main",
        namespace="production",
        is_protected=True,
        approvals=ApprovalRule(count=1, roles=("approver",), may_requester=False, expire=timedelta(hours=4)),
        windows=("Mon-Thu 09:00-18:00 Europe/Berlin", "Fri 09:00-12:00 Europe/Berlin"),
        channel="#prod-deploys",
        remind=timedelta(minutes=30),
    )
    shop = catalog.apps["shop"]
    assert shop.artifact == Artifact(group="com.acme", name="shop", packaging="jar")
    assert shop.chart == Chart(repository="https://gitea.example.com/platform/charts.git", path="app", ref="v1.4.0")
    assert (shop.aliases, shop.owners, shop.environments) == (("store",), ("@team-shop",), ("staging", "production"))
    assert shop.strategy is Strategy.CANARY
    assert shop.values == {"replicas": 5, "port": 8080, "host": "shop.example.com"}
    assert shop.canary == (
        CanaryStep(kind=CanaryStepKind.WEIGHT, weight=20, label="20 %"),
        CanaryStep(kind=CanaryStepKind.PAUSE, label="pause"),
        CanaryStep(kind=CanaryStepKind.WEIGHT, weight=50, label="50 %"),
        CanaryStep(kind=CanaryStepKind.PAUSE, duration=timedelta(minutes=10), label="pause 10 min"),
    )


def test_grants_of_the_example_cover_what_they_name() -> None:
    deployer, elsewhere, approver, admin = parse(example()).catalog.grants
    assert deployer.covers(action="deploy", app="shop", environment="staging")
    assert not deployer.covers(action="promote", app="shop", environment="staging")
    assert not elsewhere.covers(action="abort", app="shop", environment="production")
    assert approver.covers(action="promote", app="shop", environment="production")
    assert admin.covers(action="cancel", app="shop", environment="production")


def test_advance_is_promote_and_hold_is_pause() -> None:
    grant = catalog_with("grants.0.may", ["advance", "Deploy", "hold"]).grants[0]
    assert grant.may == {"promote", "deploy", "pause"}


@pytest.mark.parametrize("word", STRATEGY_WORDS)
def test_every_word_for_a_strategy_is_understood(word: str) -> None:
    assert catalog_with(f"{SHOP}.strategy", word).apps["shop"].strategy is STRATEGY_WORDS[word]


@pytest.mark.parametrize(
    ("text", "label"),
    [("90s", "90 s"), ("120s", "2 min"), ("10m", "10 min"), ("4h", "4 h"), ("48h", "2 d"), ("2d", "2 d")],
)
def test_pauses_are_labelled_in_their_largest_unit(text: str, label: str) -> None:
    step = catalog_with(f"{SHOP}.canary.steps.0", {"pause": text}).apps["shop"].canary[0]
    assert step.label == f"pause {label}"


def test_reserved_names_include_every_verb_of_the_grammar() -> None:
    assert set(VERBS) <= words.VERBS
    assert {action.value for action in Action} <= words.ACTIONS.keys()


def test_anchors_and_merges_are_followed_and_the_mapping_itself_wins() -> None:
    text = (
        example()
        .replace("  staging:\n    cluster: main ", "  staging: &base\n    cluster: main ")
        .replace("  production:\n    cluster: main\n", "  production:\n    <<: *base\n    default: false\n")
    )
    production = parse(text).catalog.environments["production"]
    assert (production.cluster, production.namespace, production.is_default) == ("main", "production", False)


def test_json_is_yaml_too_and_a_byte_order_mark_does_no_harm() -> None:
    assert problems(b"\xef\xbb\xbf" + example().encode()) == ()


def test_a_base_image_without_a_digest_is_a_warning() -> None:
    loaded = parse(changed(f"{SHOP}.base-image", "harbor.example.com/base/jre:21"))
    (warning,) = loaded.warnings
    assert warning.field == f"{SHOP}.base-image"
    assert warning.line > 0
    assert "digest" in warning.remedy


MISTAKES: list[tuple[str, Any, str, str]] = [
    ("environments.staging.cluster", "mian", "no cluster", "Did you mean main?"),
    ("environments.production.default", True, "the default already", "one environment"),
    ("environments.staging.protected", True, "cannot be the default", "Remove"),
    ("environments.staging.namespace", "Staging", "no namespace", "lower-case"),
    ("environments.staging.channel", "prod deploys", "no channel", "in quotes"),
    ("environments.staging.default", "yes", "true or false, not text", "without quotes"),
    ("environments.production.approvals.count", 0, "too small", "least is 1"),
    ("environments.production.approvals.count", 21, "too large", "most is 20"),
    ("environments.production.approvals.count", True, "a whole number, not true or false", "digits"),
    ("environments.production.approvals.from", [], "empty", "at least one"),
    ("environments.production.approvals.expire", "4 hours", "no duration", "90s, 10m, 4h, 2d"),
    ("environments.production.approvals.expire", 4, "text, not a number", "quotes"),
    ("environments.production.approvals.expire", "0s", "no duration", "90s"),
    ("environments.production.windows.0", "Mon-Fri 9:00-18:00 Asia/Seoul", "no window", "09:00"),
    ("environments.production.windows.0", "Mon-Fri 18:00-09:00 Asia/Seoul", "before it begins", "midnight"),
    ("environments.production.windows.0", "Mon-Fri 09:00-18:00 Asia/Soul", "no time zone", "Did you mean Asia/Seoul?"),
    ("environments.production.windows.0", "Mon 09:00-18:00 ../../etc/passwd", "no window", "Mon-Fri"),
    ("environments.production.windows.0", "Mon 09:00-18:00 qqqq", "no time zone", "Europe/Berlin"),
    ("clusters.main.context", "x", "needs a kubeconfig", "Add kubeconfig"),
    ("clusters.main.kubeconfig", " ", "cannot be used", "blanks"),
    ("clusters.main.workflow-page", "https://argo.example.com/workflows", "no address of a page", "{name}"),
    ("clusters.main.rollout-page", "javascript:alert({name})", "no address of a page", "https://argo.example.com"),
    ("clusters.main.rollout-page", "https://{name}.example.com/", "no address of a page", "{namespace}/{name}"),
    ("clusters.main", [], "a mapping, not a list", "{}"),
    (f"{SHOP}.aliases", ["promote"], "verb", "another name"),
    (f"{SHOP}.aliases", ["bg"], "strategy", "another name"),
    (f"{SHOP}.aliases", ["shop"], "already belongs", "another alias"),
    (f"{SHOP}.aliases", ["a", "a"], "already belongs", "another alias"),
    (f"{SHOP}.aliases", "store", "a list, not text", "[one, two]"),
    (f"{SHOP}.artifact.packaging", "zip", "not possible", "jar"),
    (f"{SHOP}.artifact.group", "com/acme", "no Maven name", "letters"),
    (f"{SHOP}.image", "harbor.example.com/shop/shop:v1", "has a tag", "the version is the tag"),
    (f"{SHOP}.image", "harbor.example.com/shop/shop@sha256:00", "has a tag or a digest", "Leave it out"),
    (f"{SHOP}.image", "Shop", "no image", "harbor.example.com"),
    (f"{SHOP}.base-image", "harbor.example.com/base/jre@sha256:00", "digest", "64"),
    (f"{SHOP}.base-image", "harbor.example.com/base/jre:", "no image", "digest"),
    (f"{SHOP}.base-image", "-rm x", "no image", "digest"),
    (f"{SHOP}.chart.repository", "http://gitea.example.com/charts.git", "https", "this machine only"),
    (f"{SHOP}.chart.repository", "http://169.254.169.254/latest", "https", "this machine only"),
    (f"{SHOP}.chart.repository", "https://169.254.169.254/latest", "link-local", "name of the Git server"),
    (f"{SHOP}.chart.repository", "file:///etc/passwd", "no address", "https://"),
    (f"{SHOP}.chart.repository", "ssh://git@gitea.example.com/x", "user or a password", "own credentials"),
    (f"{SHOP}.chart.repository", "https://a:b@gitea.example.com/x", "user or a password", "own credentials"),
    (f"{SHOP}.chart.repository", "https://[gitea", "no address", "https://"),
    (f"{SHOP}.chart.repository", "https://gitea.example.com:99999/", "no address", "https://"),
    (f"{SHOP}.chart.repository", "https://gitea.example.com/x?y", "no address", "https://"),
    (f"{SHOP}.chart.path", "../app", "no path", "folder"),
    (f"{SHOP}.chart.path", "/app", "no path", "folder"),
    (f"{SHOP}.chart.path", "a/../../b", "no path", "folder"),
    (f"{SHOP}.chart.path", "--help", "no path", "folder"),
    (f"{SHOP}.chart.ref", "--upload-pack=x", "no tag", "v1.4.0"),
    (f"{SHOP}.chart.ref", "a..b", "no tag", "v1.4.0"),
    (f"{SHOP}.chart.ref", 1.4, "text, not a number", "quotes"),
    (f"{SHOP}.strategy", "canry", "no strategy", "Did you mean canary?"),
    (f"{SHOP}.strategy", ["canary"], "text, not a list", "quotes"),
    (f"{SHOP}.strategy", "zzz", "no strategy", "Use one of: blue-green, canary, recreate, rolling."),
    (f"{SHOP}.environments", ["stagin"], "no environment", "Did you mean staging?"),
    (f"{SHOP}.environments", ["staging", "staging"], "named twice", "Remove one"),
    (f"{SHOP}.environments", [], "empty", "at least one"),
    (f"{SHOP}.values", [], "a mapping, not a list", "{}"),
    (f"{SHOP}.values", {"canary": {}}, "set by Slipway", "canary of the app"),
    (f"{SHOP}.canary.steps", [], "empty", "at least one"),
    (f"{SHOP}.canary.steps.0", {}, "a weight or a pause", "{weight: 20}"),
    (f"{SHOP}.canary.steps.0", {"weight": 1, "pause": {}}, "a weight or a pause", "{pause: 10m}"),
    (f"{SHOP}.canary.steps.0", {"weight": -1}, "too small", "least is 0"),
    (f"{SHOP}.canary.steps.0", {"weight": 101}, "too large", "most is 100"),
    (f"{SHOP}.canary.steps.0", {"weight": "20"}, "a whole number, not text", "without quotes"),
    (f"{SHOP}.canary.steps.0", {"setWeight": 20}, "no key", "weight"),
    (f"{SHOP}.canary.steps.0", {"pause": {"duration": "10m"}}, "text, not a mapping", "quotes"),
    (f"{SHOP}.canary.steps.0", "weight", "a mapping, not text", "{}"),
    ("grants.0.may", ["deploi"], "no action", "Did you mean deploy?"),
    ("grants.0.may", [], "empty", "at least one"),
    ("grants.0.environments", [], "empty", "at least one"),
    ("grants.0.environments", ["prod"], "no environment", "production"),
    ("grants.0.apps", ["store"], "is an alias", "shop"),
    ("grants.0.apps", ["shpo"], "no app", "Did you mean shop?"),
    ("grants.0.role", "", "cannot be used", "one line"),
    ("grants.0", "admin", "a mapping, not text", "{}"),
    ("grants", {"role": "admin"}, "a list, not a mapping", "[one, two]"),
    ("apps", [], "a mapping, not a list", "{}"),
    ("app", {}, "no key", "Did you mean apps?"),
    (f"{SHOP}.artefact", {}, "no key", "Did you mean artifact?"),
    ("environments.staging.approvals", None, "Nothing stands here", "remove the key"),
    ("grants.0.environments", None, "Nothing stands here", "remove the key"),
]


@pytest.mark.parametrize(("path", "value", "message", "remedy"), MISTAKES)
def test_a_mistake_is_named_with_its_place_and_its_remedy(path: str, value: Any, message: str, remedy: str) -> None:
    found = problems(changed(path, value))
    matching = [one for one in found if message in one.message and remedy in one.remedy]
    assert matching, found
    assert matching[0].line > 0
    assert matching[0].column > 0
    assert matching[0].field.startswith(path.partition(".")[0])
    assert "\n" not in matching[0].to_line("catalog.yaml")


@pytest.mark.parametrize(
    "name", ["deploy", "latest", "because", "canary", "bluegreen", "Shop", "-a", "a-", "a" * 41, "a.b"]
)
def test_an_app_cannot_have_a_name_that_is_understood_otherwise(name: str) -> None:
    found = problems(changed(f"apps.{name}" if "." not in name else "apps.a", {}).replace("  a: {}", f"  {name}: {{}}"))
    assert any(one.field.startswith(f"apps.{name}") and "name" in one.remedy + one.message for one in found)


@pytest.mark.parametrize("name", ["full", "to", "because", "Prod"])
def test_an_environment_cannot_have_a_name_that_is_understood_otherwise(name: str) -> None:
    found = problems(changed(f"environments.{name}", {"cluster": "main", "namespace": "x"}))
    assert [one.field for one in found] == [f"environments.{name}"]


def test_two_environments_of_one_app_need_two_namespaces() -> None:
    (found,) = problems(changed("environments.production.namespace", "staging"))
    assert found.field == "apps.shop.environments[1]"
    assert "overwrite each other" in found.message


def test_names_that_make_a_label_too_long_are_found() -> None:
    long = "e" * 30
    text = changed(f"environments.{long}", {"cluster": "main", "namespace": "x"}).replace("shop:", "s" * 23 + ":", 1)
    text = text.replace("environments:\n    - staging", f"environments:\n    - {long}\n    - staging")
    assert any("too long together" in one.message for one in problems(text))


@pytest.mark.parametrize("host", ["http://127.0.0.1:3000/a.git", "http://localhost/a", "http://[::1]:3000/a"])
def test_plain_http_is_allowed_on_this_machine(host: str) -> None:
    assert catalog_with(f"{SHOP}.chart.repository", host).apps["shop"].chart.repository == host


@pytest.mark.parametrize("key", ["clusters", "environments", "apps", "apps.shop.image", "apps.shop.chart.ref"])
def test_a_missing_key_is_named_and_described(key: str) -> None:
    found = problems(without(key))
    assert any(one.field == key and "is missing" in one.message and one.remedy.startswith("Add ") for one in found)


def test_a_canary_without_steps_is_a_mistake() -> None:
    assert ["needs steps" in one.message for one in problems(without("apps.shop.canary"))] == [True]


def test_a_catalog_without_grants_is_valid() -> None:
    assert parse(without("grants")).catalog.grants == ()


def test_all_mistakes_are_named_at_once_in_the_order_of_the_file() -> None:
    text = (
        example()
        .replace("cluster: main ", "cluster: mian ", 1)
        .replace("count: 1 ", "count: 0 ")
        .replace("strategy: canary", "strategy: canry")
        .replace("packaging: jar", "packaging: zip")
        .replace("environments: [staging, production]", "environments: [stagin, production]")
    )
    found = problems(text)
    assert [one.field for one in found] == [
        "environments.staging.cluster",
        "environments.production.approvals.count",
        "apps.shop.artifact.packaging",
        "apps.shop.strategy",
        "apps.shop.environments[0]",
    ]
    assert [one.line for one in found] == sorted(one.line for one in found)


def test_places_are_those_an_editor_shows() -> None:
    text = "clusters: {main: {}}\nenvironments: {}\napps: {}\ngrants:\n  - {role: admin, may: [deploi]}\n"
    (found,) = problems(text)
    assert (found.line, found.column, found.field) == (5, 25, "grants[0].may[0]")
    assert str(found).startswith("5:25: grants[0].may[0]: ")
    with pytest.raises(CatalogError) as caught:
        parse(text, name="catalog.yaml")
    assert str(caught.value) == (
        'catalog.yaml:5:25: grants[0].may[0]: There is no action "deploi". Did you mean deploy?'
    )


def test_a_password_in_an_address_is_not_repeated() -> None:
    text = changed("apps.shop.chart.repository", "https://alice:demo-password@gitea.example.com/x")
    assert "demo-password" not in "".join(one.to_line("x") for one in problems(text))


def test_a_file_is_loaded_by_its_path(tmp_path: Path) -> None:
    path = tmp_path / "catalog.yaml"
    path.write_text(example(), encoding="utf-8")
    assert load(path).apps.keys() == {"shop"}


def test_what_is_no_readable_file_is_a_catalog_error(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (
        tmp_path / "absent",
        tmp_path,
        tmp_path / "pipe",
        Path("/dev/zero"),
        Path("a\0b"),
        tmp_path / ("x" * 999),
    ):
        with pytest.raises(CatalogError) as caught:
            load(path)
        (problem,) = caught.value.problems
        assert "cannot be read" in problem.message
        assert (problem.line, problem.column) == (0, 0)
        assert str(caught.value).startswith(f"{path}: ")

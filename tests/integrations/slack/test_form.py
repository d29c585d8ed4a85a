import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands.core.form import MAX_VERSIONS, Destination, Form
from commands.core.grammar import STRATEGY_WORDS, VERBS, Vocabulary, parse, read_version, tidy
from commands.core.lines import render as as_typed
from commands.core.model import ChatUser
from commands.core.observed import Strategy
from commands.core.reasons import Notice, Offer, ReasonCode
from commands.core.requests import DeployRequest, Misunderstood
from integrations.slack import card_words, payloads
from integrations.slack.blocks import Message
from integrations.slack.form import CALLBACK, read, render
from integrations.slack.payloads import Submission
from playground.slack import forms
from playground.slack.limits import view_problems
from playground.slack.render import options_of, rendered
from tests.integrations.slack.hostile import HOSTILE, assert_harmless
from tests.integrations.slack.server import view_payload
from tests.make import NOON

View = dict[str, Any]

NAMED = Form(
    apps=("shop", "pay", "search"),
    destinations=(
        Destination(name="staging", running="v1.2"),
        Destination(name="production", is_protected=True, running="v1.1"),
        Destination(name="demo", running="v1.1"),
    ),
    app="shop",
    environment="staging",
    versions=(
        Offer(version="v1.3.0-rc.1", published_at=NOON - timedelta(minutes=5, seconds=9)),
        Offer(version="v1.2", published_at=NOON - timedelta(hours=30), is_built=True, running=("staging",)),
        Offer(version="v1.1", is_built=True, critical=2, high=5, running=("production", "demo")),
        Offer(version="v1.0", published_at=NOON - timedelta(days=40), is_built=True, is_only_built=True),
    ),
    count=4,
    opened_at=NOON,
    usual=Strategy.CANARY,
)
FORMS = {
    "named": NAMED,
    "cut": replace(NAMED, versions=NAMED.versions[:2], count=4812),
    "without-images": replace(NAMED, silent="Harbor"),
    "without-artifacts": replace(NAMED, versions=NAMED.versions[2:], count=2, silent="Nexus", knows_newest=False),
    "empty": Form(
        apps=NAMED.apps,
        destinations=(Destination(name="staging"), Destination(name="production", is_protected=True)),
        environment="staging",
    ),
    "typed": replace(NAMED, versions=(), count=0),
    "unusual": replace(NAMED, usual=None, environment=""),
}
WORDS = {*VERBS, *STRATEGY_WORDS, "to", "because"}
NAMES = st.from_regex(re.compile(r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?", re.ASCII), fullmatch=True).filter(
    lambda name: name not in WORDS
)
VERSIONS = st.from_regex(re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,127}", re.ASCII), fullmatch=True).filter(
    lambda version: read_version(version) == version
)
OUTSIDE = st.one_of(st.text(max_size=200), st.sampled_from(HOSTILE))


def sent(view: View, values: dict[str, str]) -> Submission:
    """Fill the form in as Slack's client does, send it and read what arrives."""
    filled = forms.fill(view, forms.by_block(view, values))
    assert filled.errors == {}
    body = view_payload(view={"id": "V0FORM", "hash": "1700000000.abc", **view, "state": {"values": filled.values}})
    submission = payloads.submission(body)
    assert submission is not None
    return submission


def entered(**values: str) -> Submission:
    given = {"app": "shop", "version": "v1.2", "strategy": "usual", "environment": "staging", "reason": "", **values}
    return Submission(
        key="view:1:2",
        user=ChatUser(id="U0ALICE", team="T0SLIPWAY"),
        callback=CALLBACK,
        metadata="C0DEPLOYS",
        values=tuple(given.items()),
    )


def element(view: View, name: str) -> View:
    found: View = next(block["element"] for block in view["blocks"] if block["block_id"] == name)
    return found


@pytest.mark.parametrize("name", FORMS)
def test_form_is_drawn_as_agreed(name: str, golden: Callable[[str, str], None]) -> None:
    view = render(FORMS[name], channel="C0DEPLOYS")
    golden(f"forms/{name}.json", json.dumps(view, ensure_ascii=False, indent=2) + "\n")
    lines = [view["title"]["text"]]
    for block in view["blocks"]:
        lines.append(rendered("", [block], str))
        lines += [
            "    " + " · ".join(part["text"] for part in (each["text"], each.get("description")) if part)
            for each in options_of(block["element"])
        ]
        lines += [f"    ({block['hint']['text']})"] if "hint" in block else []
    golden(f"forms/{name}.txt", "\n".join([*lines, f"[{view['submit']['text']}]  [{view['close']['text']}]"]) + "\n")


@pytest.mark.parametrize("name", FORMS)
def test_form_fits_slack_and_is_harmless(name: str) -> None:
    view = render(FORMS[name], channel="C0DEPLOYS")
    assert view_problems(view) == []
    assert_harmless(Message(text="", blocks=(view,)))
    assert all(part["text"] for part in (view["title"], view["submit"], view["close"]))


@given(names=st.lists(OUTSIDE, max_size=6), count=st.sampled_from([0, 1, 99, 100, 101, 250]), has_app=st.booleans())
def test_no_name_and_no_number_of_names_breaks_the_form(names: list[str], count: int, *, has_app: bool) -> None:
    several = (*names, *(f"n-{index}" for index in range(count)))
    form = Form(
        apps=several,
        destinations=tuple(Destination(name=name, is_protected=True, running=name) for name in several),
        app=(several or ("shop",))[0] if has_app else "",
        environment=several[0] if several else "",
        versions=tuple(
            Offer(version=name, published_at=NOON, is_built=True, critical=1, running=several) for name in several
        ),
        count=count + len(names),
        silent=names[0] if names else "",
        opened_at=NOON,
    )
    view = render(form, channel="C0DEPLOYS")
    assert view_problems(view) == []
    assert_harmless(Message(text="", blocks=(view,)))


def test_more_names_than_a_menu_holds_are_typed_and_more_versions_are_the_newest() -> None:
    names = tuple(f"app-{index}" for index in range(101))
    versions = tuple(f"v{index}" for index in range(MAX_VERSIONS + 1))
    offered = tuple(Offer(version=version) for version in versions)
    view = render(replace(NAMED, apps=names, app="app-7", versions=offered), channel="C0DEPLOYS")
    assert element(view, "app")["type"] == "plain_text_input"
    assert element(view, "app")["initial_value"] == "app-7"
    assert [each["value"] for each in element(view, "version")["options"]] == list(versions[:MAX_VERSIONS])
    assert read(sent(view, {"Version": "v3"})) == DeployRequest(app="app-7", version="v3", environment="staging")


def test_what_is_chosen_already_is_the_app_its_usual_strategy_and_where_it_goes() -> None:
    view = render(NAMED, channel="C0DEPLOYS")
    assert read(sent(view, {"Version": "v1.1"})) == DeployRequest(app="shop", version="v1.1", environment="staging")
    assert "initial_option" not in element(view, "version")
    assert "initial_option" not in element(render(FORMS["unusual"], channel="C0DEPLOYS"), "strategy")
    assert "initial_option" not in element(render(FORMS["unusual"], channel="C0DEPLOYS"), "environment")


def test_what_slacks_client_asks_for_is_everything_but_the_reason() -> None:
    view = render(FORMS["unusual"], channel="C0DEPLOYS")
    assert set(forms.fill(view, {}).errors) == {"version", "strategy", "environment"}


@given(data=st.data())
def test_what_is_entered_is_what_is_asked_for_as_if_it_had_been_typed(data: st.DataObject) -> None:
    apps = data.draw(st.lists(NAMES, min_size=1, max_size=4, unique=True))
    places = data.draw(st.lists(NAMES, min_size=1, max_size=4, unique=True))
    form = Form(
        apps=tuple(apps),
        destinations=tuple(Destination(name=name, is_protected=data.draw(st.booleans())) for name in places),
        app=data.draw(st.sampled_from(["", *apps])),
        versions=tuple(Offer(version=each) for each in data.draw(st.lists(VERSIONS, max_size=4, unique=True))),
        usual=data.draw(st.sampled_from([None, *Strategy])),
    )
    wanted = DeployRequest(
        app=data.draw(st.sampled_from(apps)),
        version=data.draw(st.sampled_from([offer.version for offer in form.versions]) if form.versions else VERSIONS),
        strategy=data.draw(st.sampled_from([*Strategy, *([None] if form.usual or not form.app else [])])),
        environment=data.draw(st.sampled_from(places)),
        reason=data.draw(st.text(max_size=15)),
    )
    values = {
        "app": wanted.app,
        "version": wanted.version,
        "strategy": wanted.strategy.value if wanted.strategy else "usual",
        "environment": wanted.environment or "",
        "reason": wanted.reason,
    }
    request = read(sent(render(form, channel="C0DEPLOYS"), values))
    assert request == replace(wanted, reason=tidy(wanted.reason))
    assert isinstance(request, DeployRequest)
    command, _, line = as_typed(request).partition(" ")
    typed = parse(command, line, Vocabulary(apps={app: app for app in apps}, environments=places))
    assert typed == replace(request, reason=tidy(request.reason))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"app": ""}, Notice(code=ReasonCode.MISSING_APP, facts={"verb": "deploy"})),
        ({"version": " \u200b"}, Notice(code=ReasonCode.MISSING_VERSION, facts={"app": "shop"})),
        ({"version": "v1.2 canary"}, Notice(code=ReasonCode.MALFORMED_VERSION, facts={"word": "v1.2 canary"})),
        ({"version": "../v1"}, Notice(code=ReasonCode.MALFORMED_VERSION, facts={"word": "../v1"})),
        ({"strategy": "sideways"}, Notice(code=ReasonCode.UNKNOWN_WORD, facts={"word": "sideways", "guess": ""})),
        ({"strategy": "bg"}, Notice(code=ReasonCode.UNKNOWN_WORD, facts={"word": "bg", "guess": ""})),
        ({"reason": "\ufdfa" * 20}, Notice(code=ReasonCode.TOO_LONG, facts={"count": 300})),
    ],
)
def test_what_cannot_be_meant_is_not_understood(values: dict[str, str], expected: Notice) -> None:
    assert read(entered(**values)) == Misunderstood(notice=expected)


@pytest.mark.parametrize("version", ["v1.2", " v1.2 ", "\u201cv1.2\u201d", "v1.2."])
def test_versions_are_read_as_they_are_when_typed(version: str) -> None:
    wanted = DeployRequest(app="shop", version="v1.2", environment="staging")
    assert read(entered(version=version)) == wanted
    assert read(entered(version="LATEST")) == replace(wanted, version="latest")


def test_names_may_be_typed_in_any_case_and_the_environment_may_be_left_open() -> None:
    assert read(entered(app=" Shop", environment="")) == DeployRequest(app="shop", version="v1.2")
    assert read(entered(environment="Staging")) == DeployRequest(app="shop", version="v1.2", environment="staging")


def test_a_form_of_another_time_is_read_for_what_it_has() -> None:
    old = replace(entered(), values=(("app", "shop"), ("version", "v1.2"), ("colour", "blue")))
    assert read(old) == DeployRequest(app="shop", version="v1.2")
    assert read(replace(old, values=())) == Misunderstood(
        notice=Notice(code=ReasonCode.MISSING_APP, facts={"verb": "deploy"})
    )


@given(st.dictionaries(st.sampled_from(["app", "version", "strategy", "environment", "reason"]), OUTSIDE))
def test_nothing_that_is_entered_makes_the_reader_fail(values: dict[str, str]) -> None:
    read(entered(**values))


def test_every_strategy_says_what_it_does() -> None:
    assert set(card_words.FORM_STRATEGIES) == set(Strategy)

"""The grammar: what people type is understood, and whatever else they type gets an answer."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands.core import grammar
from commands.core.grammar import STRATEGY_WORDS, VERSION, Vocabulary, parse
from commands.core.lines import render
from commands.core.observed import Strategy
from commands.core.reasons import ReasonCode
from commands.core.requests import (
    AbortRequest,
    DeployRequest,
    FormRequest,
    HelpRequest,
    HistoryRequest,
    Misunderstood,
    PauseRequest,
    PlanRequest,
    PromoteRequest,
    Request,
    RestartRequest,
    ResumeRequest,
    RetryRequest,
    RollbackRequest,
    StatusRequest,
)

NAMES = Vocabulary(
    apps={"shop": "shop", "store": "shop", "pay": "pay", "search": "search"}, environments=("staging", "production")
)
SHOP = DeployRequest(app="shop", version="v1.2")


def deploy(text: str) -> Request:
    return parse("/deploy", text, NAMES)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("shop v1.2", SHOP),
        ("store v1.2", SHOP),
        ("deploy shop v1.2", SHOP),
        ("SHOP v1.2", SHOP),
        ("shop v1.2 canary", DeployRequest(app="shop", version="v1.2", strategy=Strategy.CANARY)),
        ("shop v1.2 Canary.", DeployRequest(app="shop", version="v1.2", strategy=Strategy.CANARY)),
        ("shop v1.2 —canary", DeployRequest(app="shop", version="v1.2", strategy=Strategy.CANARY)),
        ("shop v1.2 --canary", DeployRequest(app="shop", version="v1.2", strategy=Strategy.CANARY)),
        ("shop “v1.2” bg", DeployRequest(app="shop", version="v1.2", strategy=Strategy.BLUE_GREEN)),
        ("shop\u00a0v1.2\u00a0blue–green", DeployRequest(app="shop", version="v1.2", strategy=Strategy.BLUE_GREEN)),
        ("ｓｈｏｐ　ｖ１．２", SHOP),
        ("shop v1.2\u200b", SHOP),
        ("shop v1.2 to production", DeployRequest(app="shop", version="v1.2", environment="production")),
        (
            "shop v1.2 to production rolling",
            DeployRequest(app="shop", version="v1.2", environment="production", strategy=Strategy.ROLLING),
        ),
        (
            "shop v1.2 recreate production because the Checkout is broken, to be sure",
            DeployRequest(
                app="shop",
                version="v1.2",
                environment="production",
                strategy=Strategy.RECREATE,
                reason="the Checkout is broken, to be sure",
            ),
        ),
        ("shop Latest", DeployRequest(app="shop", version="latest")),
        ("", FormRequest()),
        ("   ", FormRequest()),
        ("deploy", FormRequest()),
        ("shop", FormRequest(app="shop")),
        ("promote shop", PromoteRequest(app="shop")),
        ("advance store staging", PromoteRequest(app="shop", environment="staging")),
        ("promote shop full", PromoteRequest(app="shop", is_full=True)),
        ("promote shop to production full", PromoteRequest(app="shop", environment="production", is_full=True)),
        ("full shop", PromoteRequest(app="shop", is_full=True)),
        ("abort shop", AbortRequest(app="shop")),
        ("cancel shop production", AbortRequest(app="shop", environment="production")),
        ("pause shop", PauseRequest(app="shop")),
        ("hold store production", PauseRequest(app="shop", environment="production")),
        ("resume shop staging", ResumeRequest(app="shop", environment="staging")),
        ("restart shop staging", RestartRequest(app="shop", environment="staging")),
        ("status", StatusRequest()),
        ("status shop", StatusRequest(app="shop")),
        ("status production shop", StatusRequest(app="shop", environment="production")),
        ("status staging", StatusRequest(environment="staging")),
        ("help", HelpRequest()),
        ("help Deploy", HelpRequest(verb="deploy")),
        ("rollback shop", RollbackRequest(app="shop")),
        (
            "rollback shop to v1.1 production",
            RollbackRequest(app="shop", environment="production", version="v1.1"),
        ),
        ("plan shop 1.2", PlanRequest(wanted=DeployRequest(app="shop", version="1.2"))),
        (
            "plan store v1.2 bg to production",
            PlanRequest(
                wanted=DeployRequest(app="shop", version="v1.2", environment="production", strategy=Strategy.BLUE_GREEN)
            ),
        ),
        ("status all", StatusRequest(is_all=True)),
        ("status ALL page 3", StatusRequest(is_all=True, page=3)),
        ("status page 2.", StatusRequest(page=2)),
        ("status all staging page 9999", StatusRequest(environment="staging", page=999)),
        ("history shop", HistoryRequest(app="shop")),
        ("history store production page 2", HistoryRequest(app="shop", environment="production", page=2)),
        ("retry shop staging", RetryRequest(app="shop", environment="staging")),
    ],
)
def test_what_people_type_is_understood(text: str, expected: Request) -> None:
    assert deploy(text) == expected


def test_rollout_without_words_or_with_an_app_shows_the_status() -> None:
    assert parse("/rollout", "", NAMES) == StatusRequest()
    assert parse("/rollout", "shop production", NAMES) == StatusRequest(app="shop", environment="production")


@pytest.mark.parametrize(
    ("command", "text", "code", "suggested"),
    [
        ("/deploy", "shpo v1.2", ReasonCode.UNKNOWN_APP, ["/deploy shop v1.2"]),
        ("/deploy", "zebra v1.2", ReasonCode.UNKNOWN_APP, []),
        ("/deploy", "promte shop", ReasonCode.UNKNOWN_VERB, ["/deploy promote shop"]),
        ("/rollout", "stauts shop", ReasonCode.UNKNOWN_VERB, ["/rollout status shop"]),
        ("/rollout", "xyzzy", ReasonCode.UNKNOWN_VERB, []),
        ("/rollout", "shp", ReasonCode.UNKNOWN_APP, ["/rollout shop"]),
        ("/deploy", "shop v1.2 cannary", ReasonCode.UNKNOWN_WORD, ["/deploy shop v1.2 canary"]),
        ("/deploy", "shop v1.2 canary rolling", ReasonCode.UNKNOWN_WORD, []),
        ("/deploy", "shop v1.2 staging production", ReasonCode.UNKNOWN_WORD, []),
        ("/deploy", "shop v1.2 to prodution", ReasonCode.UNKNOWN_ENVIRONMENT, ["/deploy shop v1.2 to production"]),
        ("/deploy", "shop v1.2 to canary", ReasonCode.UNKNOWN_ENVIRONMENT, []),
        ("/deploy", "shop v1.2 to", ReasonCode.UNKNOWN_ENVIRONMENT, []),
        ("/deploy", "shop $(id)", ReasonCode.MALFORMED_VERSION, []),
        ("/deploy", "shop 1.0,image.repository=evil", ReasonCode.MALFORMED_VERSION, []),
        ("/deploy", "shop --post-renderer=x", ReasonCode.MALFORMED_VERSION, []),
        ("/rollout", "stots shop", ReasonCode.UNKNOWN_VERB, ["/rollout status shop"]),
        ("/rollout", "storus shop", ReasonCode.UNKNOWN_APP, ["/rollout store shop"]),
        ("/deploy", "stre v1.2", ReasonCode.UNKNOWN_APP, ["/deploy store v1.2"]),
        ("/deploy", "promote", ReasonCode.MISSING_APP, []),
        ("/deploy", "deploy shpo v1.2", ReasonCode.UNKNOWN_APP, ["/deploy deploy shop v1.2"]),
        ("/deploy", "plan", ReasonCode.MISSING_APP, []),
        ("/deploy", "plan shop", ReasonCode.MISSING_VERSION, []),
        ("/deploy", "plan shpo v1.2", ReasonCode.UNKNOWN_APP, ["/deploy plan shop v1.2"]),
        ("/rollout", "abort", ReasonCode.MISSING_APP, []),
        ("/rollout", "resume", ReasonCode.MISSING_APP, []),
        ("/rollout", "rollback", ReasonCode.MISSING_APP, []),
        ("/rollout", "rollback shop v1.1", ReasonCode.UNKNOWN_WORD, []),
        ("/rollout", "retry", ReasonCode.MISSING_APP, []),
        ("/rollout", "history", ReasonCode.MISSING_APP, []),
        ("/rollout", "history shop now", ReasonCode.UNKNOWN_WORD, []),
        ("/rollout", "abort shop now", ReasonCode.UNKNOWN_WORD, []),
        ("/rollout", "promote shp", ReasonCode.UNKNOWN_APP, ["/rollout promote shop"]),
        ("/rollout", "full shop full", ReasonCode.UNKNOWN_WORD, []),
        ("/rollout", "pause shop now", ReasonCode.UNKNOWN_WORD, []),
        ("/rollout", "status shop shop", ReasonCode.UNKNOWN_WORD, []),
        ("/rollout", "status nowhere", ReasonCode.UNKNOWN_APP, []),
    ],
)
def test_what_is_not_understood_runs_nothing_and_says_what_was_meant(
    command: str, text: str, code: ReasonCode, suggested: Sequence[str]
) -> None:
    request = parse(command, text, NAMES)
    assert isinstance(request, Misunderstood)
    assert request.notice.code is code
    assert [choice.command for choice in request.notice.choices] == list(suggested)


def test_what_was_entered_in_a_form_is_read_as_a_typed_line_is() -> None:
    assert grammar.tidy(" the\u00a0“Checkout”\u200b  is \n broken ") == 'the "Checkout" is broken'


def test_an_endless_line_is_refused_before_it_is_read() -> None:
    request = deploy("x" * (grammar.MAX_TEXT + 1))
    assert isinstance(request, Misunderstood)
    assert request.notice.code is ReasonCode.TOO_LONG


@given(st.sampled_from(["/deploy", "/rollout"]), st.text(max_size=1100))
def test_every_text_gets_an_answer(command: str, text: str) -> None:
    assert isinstance(parse(command, text, NAMES), Request)


WORDS = [
    "shop",
    "store",
    "v1.2",
    "to",
    "because",
    "full",
    *grammar.VERBS,
    *STRATEGY_WORDS,
    *NAMES.environments,
    "--",
    "",
]


@given(st.sampled_from(["/deploy", "/rollout"]), st.lists(st.sampled_from(WORDS), max_size=9))
def test_every_order_of_known_words_gets_an_answer(command: str, words: list[str]) -> None:
    assert isinstance(parse(command, " ".join(words), NAMES), Request)


reasons = st.lists(st.from_regex(r"[A-Za-z0-9,()%]{1,12}", fullmatch=True), max_size=8).map(" ".join)
versions = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,40}[A-Za-z0-9]", fullmatch=True).filter(
    lambda version: version.lower() != "latest"
)
requests = st.builds(
    DeployRequest,
    app=st.sampled_from(["shop", "pay", "search"]),
    version=versions,
    strategy=st.none() | st.sampled_from(Strategy),
    environment=st.none() | st.sampled_from(NAMES.environments),
    reason=reasons,
)


@given(requests)
def test_a_request_that_is_written_out_is_read_back_the_same(request: DeployRequest) -> None:
    command, _, text = render(request).partition(" ")
    assert parse(command, text, NAMES) == request


@given(st.text(max_size=60))
def test_no_version_ever_holds_more_than_the_pattern_allows(word: str) -> None:
    request = deploy(f"shop {word}")
    if isinstance(request, DeployRequest):
        assert VERSION.fullmatch(request.version)

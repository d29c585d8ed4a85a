"""The examples of everything but cards: lists, replies, lines of threads, the form. One entry each, shown and tested.

Called by `pictures`. `FACTS` holds one value for each fact that any text needs.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta

from commands.core.form import MAX_VERSIONS, Destination, Form
from commands.core.model import Action, CardRef, Content, Failure, Source, Stage
from commands.core.observed import PauseReason, RolloutPhase, Strategy
from commands.core.reading import HistoryRow, StatusRow
from commands.core.reasons import (
    Choice,
    Fact,
    Label,
    Milestone,
    MilestoneCode,
    Notice,
    Offer,
    PlanCode,
    PlanLine,
    ReasonCode,
)
from integrations.slack import plan_words, thread_words, word_facts
from integrations.slack.gallery import largest, looks
from integrations.slack.gallery.examples import DIGEST, NOON, healthy, rollout
from integrations.slack.gallery.states import building, ended, moving, paused, rolling_out

FACTS: Mapping[str, Fact] = {
    "app": "shop", "version": "v1.2", "environment": "production", "strategy": "canary", "word": "shpo",
    "guess": "shop", "verb": "promote", "role": "approver", "roles": "deployer", "action": Action.PROMOTE.value,
    "by": "U0CAROL", "at": NOON, "holder_number": 141, "holder_version": "v1.1.9", "holder_stage": "rolling_out",
    "deployment": 142, "running": "v1.1", "error": "a1b2c3d4", "system": "Nexus", "detail": "quota exceeded",
    "count": 3, "hint": "", "link": "C0PROD", "environments": "staging, production", "ago": 3, "weight": 50,
    "seconds": 724, "digest": DIGEST, "step": "build-image", "silent": "", "critical": 2, "high": 5, "page": 2,
    "pages": 16, "moving": 3, "unwell": 1, "people": "", "back": "",
    "cluster": "main", "is_kept": "",
    "metric": "success rate", "value": "97.2 %", "needs": "result[0] >= 0.99", "refuses": "", "measured": 3,
    "cause": "crash-loop", "kind": "cannot-begin", "owner": "#platform-help", "change": "scaled",
}  # fmt: skip
OWN_FACTS: Mapping[ReasonCode, Mapping[str, Fact]] = {
    ReasonCode.UNKNOWN_VERB: {"word": "promot", "guess": "promote"},
    ReasonCode.UNKNOWN_WORD: {"word": "canari", "guess": "canary"},
    ReasonCode.UNKNOWN_VERSION: {"version": "v1.22", "guess": "v1.2"},
    ReasonCode.UNKNOWN_ENVIRONMENT: {"word": "prod", "guess": "production"},
    ReasonCode.WRONG_ENVIRONMENT: {"environment": "vault"},
    ReasonCode.MALFORMED_VERSION: {"word": "v1.2;"},
    ReasonCode.TOO_LONG: {"count": 1_000},
    ReasonCode.HELP: {"verb": ""},
}
"""What makes sense in one reply alone."""
LARGEST_FACTS: Mapping[str, Fact] = {
    "app": largest.APP, "version": largest.VERSION, "environment": largest.ENVIRONMENT, "running": largest.RUNNING,
    "holder_version": largest.RUNNING, "holder_number": largest.NUMBER, "deployment": largest.NUMBER,
    "roles": ", ".join(f"a-role-with-a-long-name-{n}" for n in range(8)),
    "role": ", ".join(f"another-role-with-a-long-name-{n}" for n in range(8)),
    "people": ", ".join(f"U0PERSON{n}" for n in range(10)), "detail": largest.REASON, "hint": largest.REASON,
    "environments": ", ".join(f"environment-{n}" for n in range(30)), "word": largest.REASON,
}  # fmt: skip
CARD = CardRef(channel="C0DEPLOYS", ts="1762084800.000100")
HOME = "https://acme.slack.com/"
FLEET, MOTION, PAGE = 25, 15, 10
PREVIOUS = Choice(label=Label.PREVIOUS, command="/rollout status all")
NEXT = Choice(label=Label.NEXT, command="/rollout status all page 3")

WAITING = StatusRow(
    app="shop",
    environment="production",
    running="v1.1",
    since=NOON,
    rollout=paused(PauseReason.STEP),
    moving=rolling_out(paused(PauseReason.STEP), stage=Stage.PAUSED, card=CARD),
    waits_for=("approver", "admin"),
)
QUIET = StatusRow(app="shop", environment="staging", running="v1.2", since=NOON, rollout=healthy())
NOTHING = StatusRow(app="shop", environment="dev")
ROWS = (
    QUIET,
    WAITING,
    StatusRow(app="pay", environment="staging"),
    StatusRow(app="pay", environment="production", is_known=False),
    StatusRow(app="search", environment="staging", running="v1.1", rollout=rollout(deployment=None)),
    StatusRow(app="search", environment="production", rollout=moving(phase=RolloutPhase.DEGRADED, is_aborted=True)),
    StatusRow(app="report", environment="staging", moving=building(way_back=None, card=CARD)),
)
FAILED = ended(
    Stage.FAILED, Strategy.CANARY, reason="", failure=Failure(step="build-image", message="no"), content=Content()
)
DONE = ended(Stage.SUCCEEDED, Strategy.CANARY, card=CARD, content=Content(digest=DIGEST))
BACK = replace(DONE, version="v1.1", reason="", source=Source(action=Action.ROLLBACK, number=140))
PAST = (
    HistoryRow(deployment=BACK, runs=True),
    HistoryRow(deployment=FAILED),
    HistoryRow(deployment=DONE, can_return=True),
)


def lists() -> Mapping[str, tuple[Notice, Notice]]:
    """Give every list, at its ordinary size and with a full page of the longest rows."""
    full, full_past = tuple(_long(row) for row in ROWS), (PAST * PAGE)[:PAGE]
    return {
        "status-of-an-app": (
            _list(ReasonCode.STATUS, (*ROWS[:2], NOTHING), page=0, pages=0),
            _list(ReasonCode.STATUS, (_long(WAITING),) * 8, PREVIOUS, NEXT),
        ),
        "status-of-two-hundred-apps": (
            _list(ReasonCode.FLEET, _fleet(), PREVIOUS, NEXT, environment="", count=200, pages=8),
            _list(ReasonCode.FLEET, (full * FLEET)[:FLEET], PREVIOUS, NEXT, count=200, pages=8),
        ),
        "in-motion": (
            _list(ReasonCode.MOTION, (WAITING, ROWS[4], ROWS[6]), page=0, pages=0),
            _list(ReasonCode.MOTION, (_long(WAITING),) * MOTION, NEXT, count=200),
        ),
        "nothing-in-motion": (
            _list(ReasonCode.MOTION, (), count=0, page=0, pages=0),
            _list(ReasonCode.MOTION, (), count=0, page=0, pages=0),
        ),
        "history": (
            _past(PAST, environment="production", back="/rollout rollback shop to <version> production"),
            _past(tuple(replace(row, deployment=largest.deployment(row.deployment)) for row in full_past), NEXT),
        ),
        "no-history": (_past((), count=0), _past((), count=0, app=largest.APP)),
    }


def _list(code: ReasonCode, rows: tuple[StatusRow, ...], *choices: Choice, **facts: Fact) -> Notice:
    return Notice(code=code, facts={**FACTS, **facts}, status=rows, choices=choices)


def _past(rows: tuple[HistoryRow, ...], *choices: Choice, **facts: Fact) -> Notice:
    known = {**FACTS, "environment": "", "page": 0, **facts}
    return Notice(code=ReasonCode.HISTORY, facts=known, history=rows, choices=choices)


def _fleet() -> tuple[StatusRow, ...]:
    return tuple(replace(ROWS[n % len(ROWS)], app=f"app-{n:03}") for n in range(FLEET, 2 * FLEET))


def _long(row: StatusRow) -> StatusRow:
    return replace(
        row,
        app=largest.APP,
        environment=largest.ENVIRONMENT,
        running=row.running and largest.RUNNING,
        rollout=replace(row.rollout, version=largest.VERSION) if row.rollout else None,
        moving=largest.deployment(row.moving) if row.moving else None,
        waits_for=row.waits_for and tuple(f"a-role-with-a-long-name-{n}" for n in range(9)),
    )


LISTED = frozenset({ReasonCode.STATUS, ReasonCode.FLEET, ReasonCode.MOTION, ReasonCode.HISTORY})
DEPLOY = Choice(label="/deploy shop v1.2 to production", command="/deploy shop v1.2 to production")
CHOICES: Mapping[ReasonCode, tuple[Choice, ...]] = {
    ReasonCode.CONFIRM: (Choice(label="Deploy shop v1.2 to production", command=DEPLOY.command, is_confirmation=True),),
    ReasonCode.CONFIRM_RESTART: (
        Choice(label="Restart shop in production", command="/rollout restart shop production", is_confirmation=True),
    ),
    ReasonCode.UNKNOWN_APP: (DEPLOY,),
    ReasonCode.UNKNOWN_VERSION: (DEPLOY,),
    ReasonCode.STRATEGY_NEEDED: tuple(
        Choice(label=f"{DEPLOY.command} {strategy.value}", command=f"{DEPLOY.command} {strategy.value}")
        for strategy in Strategy
    ),
}
OFFERS = (
    Offer(version="v1.2", published_at=NOON, is_built=True, critical=2, high=5, running=("staging", "production")),
    Offer(version="v1.1", is_built=True, is_only_built=True),
    Offer(version="v1.0"),
)
HELP = (
    "See what runs where: `/rollout status [app|all] [environment]`.",
    "Stop what is in motion: `/rollout abort <app> [environment]`.",
)


def replies() -> Iterator[tuple[str, Notice, Notice]]:
    """Give every reply but the lists and what a card's dots lead to, with ordinary and with the longest facts."""
    for code in ReasonCode:
        if code in LISTED or code in looks.LOOKS:
            continue
        known = {**FACTS, **OWN_FACTS.get(code, {})}
        facts = {name: known.get(name, "") for name in word_facts.FACTS[code]}
        notice = Notice(
            code=code,
            facts=facts,
            choices=CHOICES.get(code, ()),
            offers=OFFERS if code is ReasonCode.UNKNOWN_VERSION else (),
            rows=HELP if code is ReasonCode.HELP else (),
            lines=_plan() if code is ReasonCode.PLAN else (),
        )
        long = {name: LARGEST_FACTS.get(name, fact) for name, fact in facts.items()}
        many = tuple(
            replace(each, label=largest.REASON if each.label not in set(Label) else each.label)
            for each in notice.choices * 10
        )
        yield (
            f"reply-{code.value}",
            notice,
            replace(notice, facts=long, choices=many, rows=notice.rows * 200, lines=notice.lines * 20),
        )


PLAN_FACTS: Mapping[str, Fact] = {
    **FACTS, "image": "harbor.example.com/shop/shop", "ref": "v1.4.0", "commit": "c" * 40, "pin": "d" * 40,
    "windows": "Mon-Fri 09:00-18:00 Europe/Berlin", "number": 141, "stage": "rolling_out", "object": "Rollout shop",
    "before": "rolling", "after": "canary", "why": "Gitea does not answer.",
}  # fmt: skip
FIELD = {"path": "spec.template.spec.containers[app].image", "before": "3", "after": "5"}


def _plan() -> tuple[PlanLine, ...]:
    """Give a plan with one of each line that there is, as no plan has it."""
    return tuple(PlanLine(code=code, facts=_plan_facts(code)) for code in PlanCode)


def _plan_facts(code: PlanCode) -> dict[str, Fact]:
    """Fill in what the line needs; one word means another thing in another line."""
    own: dict[str, Fact] = {}
    if code.value.startswith("image"):
        own = {"running": "sha256:" + "ef" * 32}
    elif code.value.startswith("chart"):
        own = {"running": "e" * 40, "path": "app"}
    elif code.value.startswith("field"):
        own = dict(FIELD)
    known = {**PLAN_FACTS, **own}
    return {name: known.get(name, "") for name in plan_words.FACTS[code]}


def threads() -> Iterator[tuple[str, Milestone, Milestone]]:
    """Give every line of a thread, with ordinary and with the longest facts."""
    for code in MilestoneCode:
        facts = {name: FACTS.get(name, "") for name in thread_words.MILESTONE_FACTS[code]}
        lines = ("pushing layer 3 of 5", "413 quota of project shop is 50 GiB, used 50 GiB")
        line = Milestone(key=code.value, code=code, facts=facts, lines=lines if code is MilestoneCode.FAILED else ())
        long = {name: LARGEST_FACTS.get(name, fact) for name, fact in facts.items()}
        yield f"thread-{code.value}", line, replace(line, facts=long, lines=line.lines * 100)


FORM = Form(
    apps=("shop", "pay", "search"),
    destinations=(
        Destination(name="staging", running="v1.2"),
        Destination(name="production", is_protected=True, running="v1.1"),
    ),
    app="shop",
    environment="staging",
    versions=OFFERS,
    count=3,
    opened_at=NOON + timedelta(hours=30),
    usual=Strategy.CANARY,
)
LARGEST_FORM = replace(
    FORM,
    apps=tuple(f"{largest.APP[:36]}-{n:03}" for n in range(200)),
    app=f"{largest.APP[:36]}-007",
    destinations=tuple(
        Destination(name=f"{largest.ENVIRONMENT[:36]}-{n:03}", is_protected=True, running=largest.RUNNING)
        for n in range(100)
    ),
    environment="",
    versions=tuple(replace(OFFERS[0], version=f"{n:03}-{largest.VERSION}"[:128]) for n in range(MAX_VERSIONS)),
    count=4_812,
    silent="Harbor",
)

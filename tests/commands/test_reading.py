"""The verbs that only read: status and help."""

import pytest

from commands import abort, deploy, promote, status
from commands import help as help_verb
from commands.core.reasons import Notice, ReasonCode
from commands.core.requests import HelpRequest, StatusRequest
from tests import make
from tests.commands.desk import Desk

TEXTS = {"deploy": deploy.__doc__ or "", "promote": promote.__doc__ or "", "abort": abort.__doc__ or ""}


async def rows(desk: Desk, request: StatusRequest) -> tuple[str, ...]:
    notice = await status.run(request, catalog=desk.catalog, deployments=desk.deployments, rollouts=desk.rollouts)
    await desk.chat.whisper(channel="C0DEPLOYS", user="U0ALICE", notice=notice)
    return notice.rows


async def test_status_of_an_app_tells_what_runs_in_each_of_its_environments() -> None:
    desk = Desk()
    desk.rollouts.put(desk.place("shop"), make.healthy(version="v1.1"))
    assert await rows(desk, StatusRequest(app="shop")) == (
        "shop · staging · v1.1 · 5/5 ready",
        "shop · production · nothing runs",
    )
    assert await rows(desk, StatusRequest(app="shop", environment="production")) == (
        "shop · production · nothing runs",
    )


async def test_status_without_words_tells_only_what_is_in_motion() -> None:
    desk = Desk()
    desk.rollouts.put(desk.place("shop"), make.rollout())
    assert await rows(desk, StatusRequest()) == ()
    await desk.started()
    assert await rows(desk, StatusRequest()) == ("shop · staging · v1.2 · paused · 20 % · #142 v1.2 building",)


async def test_help_lists_the_verbs_and_explains_one(subtests: pytest.Subtests) -> None:
    desk = Desk()

    async def ask(verb: str) -> Notice:
        notice = help_verb.run(HelpRequest(verb=verb), texts=TEXTS)
        await desk.chat.whisper(channel="C0DEPLOYS", user="U0ALICE", notice=notice)
        return notice

    with subtests.test("overview"):
        assert len((await ask("")).rows) == len(TEXTS)
    with subtests.test("one verb and its synonym"):
        assert (await ask("promote")).rows[0].startswith("Advance a waiting rollout")
        assert (await ask("advance")).rows == (await ask("promote")).rows
    with subtests.test("a near miss"):
        near = await ask("promot")
        assert (near.code, near.facts["guess"]) == (ReasonCode.UNKNOWN_VERB, "promote")
        assert near.choices[0].command == "/deploy help promote"
    with subtests.test("nothing like it"):
        assert (await ask("zzz")).choices == ()

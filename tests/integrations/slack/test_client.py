from collections.abc import AsyncIterator
from datetime import timedelta

import aiohttp
import pytest

from commands.core.card import Card, draw
from commands.core.errors import Permanent, SystemFailure, Temporary
from commands.core.form import Destination, Form
from commands.core.model import CardRef
from commands.core.reading import StatusRow
from commands.core.reasons import Milestone, MilestoneCode, Notice, Offer, ReasonCode
from integrations.slack.client import SlackChat
from integrations.slack.connection import SlackSettings, check_ticket, new_session, web_client
from integrations.slack.form import render
from integrations.slack.throttle import Throttle
from tests.integrations.slack.server import BOT_TOKEN, Answer, Slack, drop, error, hang, ok, page, slack_server
from tests.integrations.slack.test_throttle import Hands
from tests.make import deployment

REF = CardRef(channel="C0DEPLOYS", ts="1700000000.000001")
CARD: Card = draw(deployment(), ())
STALE = Notice(code=ReasonCode.STALE)
PAUSED = Milestone(key="p", code=MilestoneCode.PAUSED)
FORM = Form(apps=("shop",), destinations=(Destination(name="staging"),), app="shop", versions=(Offer(version="v1.2"),))


@pytest.fixture
async def slack() -> AsyncIterator[Slack]:
    async with slack_server() as server:
        yield server


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
async def chat(slack: Slack, hands: Hands) -> AsyncIterator[SlackChat]:
    client = web_client(slack.settings, new_session())
    made = SlackChat(client, throttle=Throttle(sleep=hands.sleep, time=hands.time))
    yield made
    await made.aclose()


async def test_post_sends_blocks_and_text_without_previews(slack: Slack, chat: SlackChat) -> None:
    ref = await chat.post("#deploys", CARD)
    sent = slack.sent("chat.postMessage")[0]
    assert ref == CardRef(channel="C0DEPLOYS", ts="1700000000.000001", sent=chat.digest(CARD))
    assert sent["channel"] == "#deploys"
    assert sent["text"].startswith("🔵 *shop v1.2")
    assert sent["blocks"][0]["type"] == "section"
    assert (sent["unfurl_links"], sent["unfurl_media"], sent["parse"]) == (False, False, "none")
    assert slack.tokens == [f"Bearer {BOT_TOKEN}"]


async def test_update_edits_the_same_message(slack: Slack, chat: SlackChat) -> None:
    ref = await chat.update(REF, CARD)
    sent = slack.sent("chat.update")[0]
    assert (sent["channel"], sent["ts"]) == (REF.channel, REF.ts)
    assert ref == CardRef(channel=REF.channel, ts=REF.ts, sent=chat.digest(CARD))


@pytest.mark.parametrize("is_broadcast", [True, False])
async def test_milestone_goes_to_the_thread(slack: Slack, chat: SlackChat, *, is_broadcast: bool) -> None:
    await chat.say(REF, Milestone(key="p", code=MilestoneCode.PAUSED, is_broadcast=is_broadcast))
    sent = slack.sent("chat.postMessage")[0]
    assert (sent["thread_ts"], sent["reply_broadcast"]) == (REF.ts, is_broadcast)


async def test_whisper_is_for_one_person(slack: Slack, chat: SlackChat) -> None:
    await chat.whisper(channel="C0DEPLOYS", user="U0EVE", notice=STALE)
    sent = slack.sent("chat.postEphemeral")[0]
    assert (sent["channel"], sent["user"]) == ("C0DEPLOYS", "U0EVE")


@pytest.mark.parametrize("code", ["not_in_channel", "channel_not_found", "user_not_in_channel", "is_archived"])
async def test_where_the_app_is_not_the_person_is_told_in_direct_messages(
    slack: Slack, chat: SlackChat, code: str
) -> None:
    slack.answers["chat.postEphemeral"] = [error(code)]
    await chat.whisper(channel="C0FOREIGN", user="U0EVE", notice=STALE)
    assert slack.sent("chat.postMessage")[0]["channel"] == "U0EVE"


WITH_CARD = Notice(
    code=ReasonCode.MOTION,
    facts={"count": 1, "page": 0, "pages": 0},
    status=(StatusRow(app="shop", environment="staging", moving=deployment(card=REF)),),
)


async def test_a_list_links_to_the_cards_of_what_it_names(slack: Slack, chat: SlackChat) -> None:
    slack.answers["auth.test"] = [ok({"url": "https://acme.slack.com/"})]
    for _ in range(2):
        await chat.whisper(channel="C0DEPLOYS", user="U0EVE", notice=WITH_CARD)
    link = "<https://acme.slack.com/archives/C0DEPLOYS/p1700000000000001|#142>"
    assert all(link in sent["blocks"][1]["text"]["text"] for sent in slack.sent("chat.postEphemeral"))
    assert len(slack.sent("auth.test")) == 1, "the address is asked for once"


@pytest.mark.parametrize("answer", [ok(), ok({"url": "elsewhere"}), error("invalid_auth")])
async def test_a_list_without_the_workspaces_address_has_no_links(
    slack: Slack, chat: SlackChat, answer: Answer
) -> None:
    slack.answers["auth.test"] = [answer]
    await chat.whisper(channel="C0DEPLOYS", user="U0EVE", notice=WITH_CARD)
    assert "#142 `v1.2`" in slack.sent("chat.postEphemeral")[0]["blocks"][1]["text"]["text"]


async def test_whisper_that_is_refused_otherwise_fails(slack: Slack, chat: SlackChat) -> None:
    slack.answers["chat.postEphemeral"] = [error("invalid_blocks")]
    with pytest.raises(Permanent, match=r"chat.postEphemeral to C0DEPLOYS: invalid_blocks"):
        await chat.whisper(channel="C0DEPLOYS", user="U0EVE", notice=STALE)


async def test_form_is_opened_with_the_trigger_and_names_its_channel(slack: Slack, chat: SlackChat) -> None:
    await chat.open_form(trigger="1.2.abcdef", channel="C0DEPLOYS", form=FORM)
    assert slack.calls == [("views.open", {"trigger_id": "1.2.abcdef", "view": render(FORM, channel="C0DEPLOYS")})]
    assert slack.sent("views.open")[0]["view"]["private_metadata"] == "C0DEPLOYS"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (error("expired_trigger_id"), Permanent),
        (error("ratelimited", status=429, Retry_After="1"), Temporary),
        (error("internal_error"), Temporary),
        (page(503), Temporary),
        (drop, Temporary),
    ],
)
async def test_form_that_is_refused_is_not_tried_again(
    slack: Slack, chat: SlackChat, hands: Hands, answer: Answer, expected: type[SystemFailure]
) -> None:
    slack.answers["views.open"] = [answer]
    with pytest.raises(expected, match=r"views\.open to C0DEPLOYS"):
        await chat.open_form(trigger="1.2.abcdef", channel="C0DEPLOYS", form=FORM)
    assert (len(slack.sent("views.open")), hands.slept) == (1, [])


async def test_refused_post_says_what_to_change(slack: Slack, chat: SlackChat) -> None:
    slack.answers["chat.postMessage"] = [error("not_in_channel")]
    with pytest.raises(Permanent, match="invite the app to the channel"):
        await chat.post("#private", CARD)


async def test_card_that_was_deleted_is_named(slack: Slack, chat: SlackChat) -> None:
    slack.answers["chat.update"] = [error("message_not_found")]
    with pytest.raises(Permanent, match=r"chat.update to C0DEPLOYS: message_not_found") as raised:
        await chat.update(REF, CARD)
    assert raised.value.system == "Slack"


@pytest.mark.parametrize("answer", [error("internal_error"), error("fatal_error", status=500), page(502), page(503)])
async def test_failed_update_is_tried_again(slack: Slack, chat: SlackChat, hands: Hands, answer: Answer) -> None:
    slack.answers["chat.update"] = [answer]
    await chat.update(REF, CARD)
    assert len(slack.sent("chat.update")) == 2
    assert hands.slept == [0.3]


async def test_update_gives_up_after_three_tries(slack: Slack, chat: SlackChat, hands: Hands) -> None:
    slack.answers["chat.update"] = [page(503)] * 5
    with pytest.raises(Temporary, match="HTTP 503"):
        await chat.update(REF, CARD)
    assert len(slack.sent("chat.update")) == 3
    assert hands.slept == [0.3, 1.0]


async def test_update_over_a_dropped_connection_is_tried_again(slack: Slack, chat: SlackChat) -> None:
    slack.answers["chat.update"] = [drop]
    await chat.update(REF, CARD)
    assert len(slack.sent("chat.update")) == 2


@pytest.mark.parametrize("answer", [drop, page(500), error("internal_error")])
async def test_post_that_was_perhaps_received_is_not_sent_again(slack: Slack, chat: SlackChat, answer: Answer) -> None:
    slack.answers["chat.postMessage"] = [answer]
    with pytest.raises(Temporary):
        await chat.post("#deploys", CARD)
    assert len(slack.sent("chat.postMessage")) == 1


async def test_post_is_sent_again_after_a_rate_limit(slack: Slack, chat: SlackChat, hands: Hands) -> None:
    slack.answers["chat.postMessage"] = [error("ratelimited", status=429, Retry_After="2")]
    await chat.post("#deploys", CARD)
    assert len(slack.sent("chat.postMessage")) == 2
    assert 2.0 in hands.slept


async def test_long_rate_limit_is_left_to_the_caller(slack: Slack, chat: SlackChat, hands: Hands) -> None:
    slack.answers["chat.update"] = [error("ratelimited", status=429, Retry_After="30")]
    with pytest.raises(Temporary) as raised:
        await chat.update(REF, CARD)
    assert raised.value.retry_after == timedelta(seconds=30)
    assert hands.slept == []
    await chat.update(REF, CARD)
    assert hands.slept == [30.0]


async def test_post_over_a_refused_connection_is_tried_again(unused_tcp_port: int) -> None:
    hands = Hands()
    url = f"http://127.0.0.1:{unused_tcp_port}/api/"
    settings = SlackSettings(bot_token=BOT_TOKEN, app_token="x", team="T0SLIPWAY", api_url=url)
    chat = SlackChat(web_client(settings, new_session()), throttle=Throttle(sleep=hands.sleep, time=hands.time))
    with pytest.raises(Temporary, match="no connection"):
        await chat.post("#deploys", CARD)
    await chat.aclose()
    assert hands.slept == [0.3, 1.0]


async def test_slow_answer_is_temporary_and_not_repeated(slack: Slack) -> None:
    session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=0.05))
    chat = SlackChat(web_client(slack.settings, session))
    slack.answers["chat.update"] = [hang]
    with pytest.raises(Temporary, match="no answer in time"):
        await chat.update(REF, CARD)
    await chat.aclose()
    assert len(slack.sent("chat.update")) == 1


@pytest.mark.parametrize("body", [{"channel": "C0DEPLOYS"}, {"ts": "1.2"}, {"channel": 7, "ts": "1.2"}])
async def test_answer_without_the_messages_address_is_a_failure(
    slack: Slack, chat: SlackChat, body: dict[str, object]
) -> None:
    slack.answers["chat.postMessage"] = [ok(body)]
    with pytest.raises(Permanent, match="the answer has no"):
        await chat.post("#deploys", CARD)


@pytest.mark.parametrize("answer", [page(200), page(404), error("x" * 500), error("<script>")])
async def test_answer_that_makes_no_sense_is_temporary_or_permanent_and_short(
    slack: Slack, chat: SlackChat, answer: Answer
) -> None:
    slack.answers["chat.update"] = [answer] * 3
    with pytest.raises(SystemFailure) as raised:
        await chat.update(REF, CARD)
    assert len(str(raised.value)) < 200
    assert "<" not in str(raised.value)


@pytest.mark.parametrize(
    "url",
    ["https://slack.com/api/", "https://acme.enterprise.slack.com/api/", "http://127.0.0.1:8400/api", "http://[::1]:1/",
     "http://localhost:9/api/", "https://127.0.0.1/"],
)  # fmt: skip
async def test_address_of_slack_or_of_this_machine_is_accepted(url: str) -> None:
    async with new_session() as session:
        settings = SlackSettings(bot_token="x", app_token="y", team="T0SLIPWAY", api_url=url)
        assert web_client(settings, session).base_url.endswith("/")


@pytest.mark.parametrize(
    "url",
    ["http://slack.com/api/", "https://slack.com.evil.example.com/api/", "https://evilslack.com/", "ftp://slack.com/",
     "http://169.254.169.254/", "http://10.0.0.1/", "file:///etc/passwd", "", "slack.com", "https://u@slack.com/",
     "http://127.0.0.1.example.com/"],
)  # fmt: skip
async def test_other_addresses_never_see_a_token(url: str) -> None:
    async with new_session() as session:
        settings = SlackSettings(bot_token=BOT_TOKEN, app_token="y", team="T0SLIPWAY", api_url=url)
        with pytest.raises(Permanent, match="is not an address of Slack") as raised:
            web_client(settings, session)
    assert BOT_TOKEN not in str(raised.value)


@pytest.mark.parametrize(
    ("ticket", "api", "is_ok"),
    [("wss://wss-primary.slack.com/link/?ticket=1", "https://slack.com/api/", True),
     ("ws://127.0.0.1:1/link", "http://127.0.0.1:2/api/", True),
     ("ws://127.0.0.1:1/link", "https://slack.com/api/", False),
     ("wss://wss-primary.slack.com/link", "http://127.0.0.1:2/api/", False),
     ("ws://wss-primary.slack.com/link", "https://slack.com/api/", False),
     ("https://slack.com/", "https://slack.com/api/", False),
     ("None", "https://slack.com/api/", False)],
)  # fmt: skip
def test_connection_leads_only_where_the_web_api_is(ticket: str, api: str, *, is_ok: bool) -> None:
    settings = SlackSettings(bot_token="x", app_token="y", team="T0SLIPWAY", api_url=api)
    if is_ok:
        check_ticket(ticket, settings)
    else:
        with pytest.raises(Permanent):
            check_ticket(ticket, settings)


def test_settings_do_not_show_their_tokens() -> None:
    assert "planted" not in repr(SlackSettings(bot_token=BOT_TOKEN, app_token=BOT_TOKEN, team="T0SLIPWAY"))


async def test_proxies_of_the_environment_are_not_used_for_this_machine(
    monkeypatch: pytest.MonkeyPatch, slack: Slack
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    chat = SlackChat(web_client(slack.settings, new_session()))
    await chat.update(REF, CARD)
    await chat.aclose()
    assert len(slack.sent("chat.update")) == 1

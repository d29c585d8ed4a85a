import asyncio
import logging
import traceback
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from commands.core.errors import Permanent, SystemFailure, Temporary
from commands.core.model import Person
from integrations.keycloak import KeycloakPeople, RolesFrom
from integrations.keycloak.connection import SafeConnection
from tests.integrations.keycloak.bench import SECRET, Bench, chat_user

ALICE = chat_user("U0ALICE")
TOKEN, USERS, ROLES = "/token", "/users?", "/role-mappings/"


async def failure_of(people: KeycloakPeople) -> SystemFailure:
    with pytest.raises(SystemFailure) as caught:
        await people.find(ALICE)
    return caught.value


@pytest.mark.parametrize("match", [TOKEN, USERS, ROLES])
@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("down", {}),
        ("status", {"status": 503}),  # The plain text of a Keycloak that is still starting.
        ("status", {"status": 500, "body": {"error": "unknown_error"}}),
        ("status", {"status": 502, "body": ["not", "an", "object"]}),
        ("status", {"status": 429, "body": ""}),
    ],
)
async def test_what_may_pass_is_temporary(bench: Bench, match: str, kind: str, options: dict[str, Any]) -> None:
    people = bench.people()
    bench.fault(kind, match=match, **options)
    failure = await failure_of(people)
    assert isinstance(failure, Temporary)
    assert failure.system == "Keycloak"
    bench.faults.clear()
    assert isinstance(await people.find(ALICE), Person)


@pytest.mark.parametrize("match", [TOKEN, USERS, ROLES])
async def test_an_answer_that_does_not_come_ends_with_the_budget(bench: Bench, match: str) -> None:
    people = bench.people(budget=timedelta(seconds=0.2))
    bench.fault("hang", match=match)
    assert isinstance(await failure_of(people), Temporary)


async def test_a_server_that_is_not_there_is_temporary(bench: Bench) -> None:
    failure = await failure_of(bench.people(url="http://127.0.0.1:1/"))
    assert isinstance(failure, Temporary)
    assert "could not be reached" in failure.message


async def test_the_callers_own_timeout_is_not_taken_for_keycloaks(bench: Bench) -> None:
    people = bench.people()
    bench.fault("hang", match=USERS)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await people.find(ALICE)


@pytest.mark.parametrize(
    ("match", "status", "body", "words"),
    [
        (TOKEN, 401, {"error": "unauthorized_client"}, "id and secret"),
        (TOKEN, 400, {"error": "unauthorized_client"}, "service account is on"),
        (TOKEN, 404, {"error": "Realm does not exist"}, "realm"),
        (USERS, 403, {"error": "HTTP 403 Forbidden"}, "view-users"),
        (ROLES, 403, {"error": "HTTP 403 Forbidden"}, "Clients:view"),
        (ROLES, 404, {"error": "Client not found"}, "UUID"),
        (USERS, 404, {"error": "Realm not found."}, "realm"),
        (USERS, 302, {}, "leads elsewhere"),
        (USERS, 200, "<html>sign in</html>", "leads to Keycloak itself"),
        (USERS, 200, {"users": []}, "leads to Keycloak itself"),
        (USERS, 200, [{"id": 7}], "leads to Keycloak itself"),
        (ROLES, 200, [None], "leads to Keycloak itself"),
        (TOKEN, 200, "<html>sign in</html>", "leads to Keycloak itself"),
        (TOKEN, 200, {"token": "x"}, "leads to Keycloak itself"),
    ],
)
async def test_what_will_not_pass_is_permanent_and_says_what_to_change(
    bench: Bench, match: str, status: int, body: Any, words: str
) -> None:
    people = bench.people()
    bench.fault("status", match=match, status=status, body=body)
    failure = await failure_of(people)
    assert isinstance(failure, Permanent)
    assert words in failure.message


async def test_the_remedy_asks_for_no_more_than_the_source_of_roles_needs(bench: Bench) -> None:
    people = bench.people(roles_from=RolesFrom.REALM, roles_client="")
    bench.fault("status", match=ROLES, status=403)
    failure = await failure_of(people)
    assert "view-users" in failure.message
    assert "Clients:view" not in failure.message


async def test_a_refused_token_is_replaced_once_and_the_question_repeated(bench: Bench) -> None:
    people = bench.people()
    await people.find(ALICE)
    bench.keycloak.tokens.forget()
    assert isinstance(await people.find(ALICE), Person)
    assert bench.keycloak.tokens.issued == 2


async def test_tokens_that_are_never_accepted_are_a_permanent_failure(bench: Bench) -> None:
    people = bench.people()
    bench.fault("status", match=USERS, status=401)
    failure = await failure_of(people)
    assert isinstance(failure, Permanent)
    assert len(bench.gets) == 2


async def test_many_questions_at_once_share_one_token(bench: Bench) -> None:
    people = bench.people()
    async with asyncio.TaskGroup() as group:
        for _ in range(10):
            group.create_task(people.find(ALICE))
    assert bench.keycloak.tokens.issued == 1


async def test_many_refused_questions_at_once_get_one_new_token(bench: Bench) -> None:
    people = bench.people()
    await people.find(ALICE)
    bench.keycloak.tokens.forget()
    async with asyncio.TaskGroup() as group:
        for _ in range(10):
            group.create_task(people.find(ALICE))
    assert bench.keycloak.tokens.issued == 2


async def test_a_token_near_its_end_is_renewed_before_it_is_used(bench: Bench) -> None:
    people = bench.people()
    await people.find(ALICE)
    people._realm._connection._expires_at = datetime.now(UTC)
    await people.find(ALICE)
    assert bench.keycloak.tokens.issued == 2
    assert len(bench.gets) == 4


async def test_both_http_clients_are_closed() -> None:
    connection = SafeConnection(
        server_url="http://127.0.0.1:1/",
        realm_name="corp",
        client_id="slipway-bot",
        client_secret_key=SECRET,
        timeout=2,
    )
    await connection.aclose()
    assert connection.async_s.is_closed
    assert connection.keycloak_openid.connection.async_s.is_closed


async def test_an_outage_is_logged_when_it_begins_and_when_it_ends(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    people = bench.people()
    bench.fault("down")
    for _ in range(3):
        await failure_of(people)
    bench.faults.clear()
    for _ in range(3):
        await people.find(ALICE)
    ours = [record for record in caplog.records if record.name.startswith("integrations")]
    assert [record.levelno for record in ours] == [logging.WARNING] * 2
    assert "cannot be asked" in ours[0].message
    assert "answers again" in ours[1].message


@pytest.mark.parametrize("match", [TOKEN, USERS, ROLES])
@pytest.mark.parametrize("status", [200, 400, 401, 403, 500])
async def test_no_secret_and_no_token_is_ever_raised_or_logged(
    bench: Bench, caplog: pytest.LogCaptureFixture, match: str, status: int
) -> None:
    caplog.set_level(logging.INFO)
    echo = f"your secret is {SECRET} and your header was Bearer planted-token"
    people = bench.people()
    bench.fault("status", match=match, status=status, body={"error": echo, "message": echo, "x": [echo]})
    failure = await failure_of(people)
    seen = "".join(traceback.format_exception(failure)) + caplog.text + repr(failure) + repr(failure.__cause__)
    assert SECRET not in seen
    assert "planted-token" not in seen


async def test_a_token_that_cannot_be_a_header_is_not_quoted(bench: Bench) -> None:
    people = bench.people()
    bench.fault("status", match=TOKEN, status=200, body={"access_token": "planted\ntoken", "expires_in": 300})
    failure = await failure_of(people)
    assert "planted" not in "".join(traceback.format_exception(failure))

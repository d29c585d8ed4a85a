from commands.core.finding import Finding
from integrations.keycloak import RolesFrom
from tests.integrations.keycloak.bench import ROLES_CLIENT, Bench, account, chat_user

CANARY = chat_user("U0ALICE")


def bad(findings: tuple[Finding, ...]) -> list[str]:
    return [finding.subject for finding in findings if not finding.is_ok]


async def test_a_well_configured_account_passes_every_check(bench: Bench) -> None:
    findings = await bench.people().check(CANARY)
    assert bad(findings) == []
    assert [finding.subject for finding in findings] == [
        "Keycloak token",
        "Keycloak roles client",
        "Keycloak permissions",
        "Keycloak person T0SLIPWAY-U0ALICE",
        "Keycloak holders of roles",
    ]
    assert "deployer" in findings[-2].message
    assert "told whom to ask" in findings[-1].message


async def test_holders_that_cannot_be_listed_are_a_lack_and_no_fault(bench: Bench) -> None:
    bench.fault("status", match="/roles/deployer/users", status=403, body="")
    findings = await bench.people().check(CANARY)
    assert bad(findings) == []
    assert "reminders and refusals name the role and nobody" in findings[-1].message


async def test_holders_that_are_listed_without_the_canary_are_not_all(bench: Bench) -> None:
    bench.fault("status", match="/roles/deployer/users", status=200, body="[]")
    findings = await bench.people().check(CANARY)
    assert bad(findings) == []
    assert "without alice" in findings[-1].message


async def test_without_a_token_nothing_else_is_tried(bench: Bench) -> None:
    bench.bot.enabled = False
    findings = await bench.people().check(CANARY)
    assert len(findings) == 1
    assert not findings[0].is_ok
    assert "id and secret" in findings[0].message


async def test_a_roles_client_that_cannot_be_read_is_found(bench: Bench) -> None:
    bench.bot.grants.remove(f"Clients:view:{ROLES_CLIENT}")
    findings = await bench.people().check()
    assert bad(findings) == ["Keycloak roles client"]
    assert "Clients:view" in findings[1].message


async def test_an_account_that_sees_clients_sees_too_much(bench: Bench) -> None:
    bench.bot.grants.add("view-clients")
    findings = await bench.people().check(CANARY)
    assert bad(findings) == ["Keycloak permissions"]
    assert "secrets" in findings[2].message


async def test_a_check_that_meets_an_outage_says_so(bench: Bench) -> None:
    bench.fault("status", match="/clients?", status=503)
    assert bad(await bench.people().check()) == ["Keycloak permissions"]


async def test_a_canary_that_is_not_found_means_a_realm_that_looks_empty(bench: Bench) -> None:
    bench.bot.grants.remove("view-users")
    findings = await bench.people().check(CANARY)
    assert bad(findings) == ["Keycloak person T0SLIPWAY-U0ALICE"]
    assert "view-users" in findings[-1].message


async def test_a_canary_without_roles_is_reported(bench: Bench) -> None:
    bench.keycloak.set_roles("alice", [])
    findings = await bench.people().check(CANARY)
    assert "no roles" in findings[-1].message
    assert not findings[-1].is_ok


async def test_every_kind_of_unusable_canary_is_named(bench: Bench) -> None:
    bench.realm.add_user(account("alice2", "U0ALICE"))
    people = bench.people()
    users = (CANARY, chat_user("U0DAVE"), chat_user("U0ALICE", team="T0OTHER"))
    messages = [(await people.check(user))[-1].message for user in users]
    assert ["more than one" in messages[0], "disabled" in messages[1], "another Slack team" in messages[2]] == [
        True
    ] * 3


async def test_a_canary_that_cannot_be_asked_about_is_reported(bench: Bench) -> None:
    bench.fault("status", match="/users?", status=503)
    assert bad(await bench.people().check(CANARY)) == ["Keycloak person T0SLIPWAY-U0ALICE"]


async def test_roles_of_the_realm_need_no_roles_client(bench: Bench) -> None:
    bench.bot.grants = {"view-users", "query-users"}
    findings = await bench.people(roles_from=RolesFrom.REALM, roles_client="").check(CANARY)
    assert bad(findings) == []
    assert len(findings) == 4
    assert findings[-1].message.startswith("cannot be listed"), "that takes view-realm"

"""What is asked of any registry: its tags, the digest behind one, and how it wants to be asked."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import httpx
import pytest
from aiohttp import encode_basic_auth, web
from aiohttp.test_utils import TestServer
from pydantic import SecretStr

from commands.core.errors import Permanent, SystemFailure, Temporary
from commands.core.ports import Image
from integrations.harbor import HarborImages, HarborSettings
from tests.integrations.harbor.bench import NOON, PASSWORD, REGISTRY, ROBOT, SHOP, Bench, digest

API, NO_SUCH_PAGE = "/api/v2.0", "404 page not found\n"


def make_plain(bench: Bench) -> None:
    """Take Harbor's own API away."""
    bench.fault("status", match=API, status=404, body=NO_SUCH_PAGE)


async def test_a_plain_registry_is_read_by_its_tags(bench: Bench) -> None:
    bench.harbor.push(SHOP, "v1.2", digest(1), at=NOON)
    bench.harbor.push(SHOP, "v1.10", digest(2), at=NOON)
    make_plain(bench)
    assert await bench.images().search(SHOP) == (Image(tags=("v1.10",)), Image(tags=("v1.2",)))


async def test_a_plain_registry_without_the_repository_has_no_images(bench: Bench) -> None:
    make_plain(bench)
    assert await bench.images().search(SHOP) == ()


async def test_all_pages_of_tags_are_read(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("integrations.harbor.distribution._PAGE", 2)
    for number in range(5):
        bench.harbor.push(SHOP, f"v{number}", digest(number), at=NOON)
    make_plain(bench)
    found = await bench.images().search(SHOP)
    assert found is not None
    assert [one.tags for one in found] == [(f"v{number}",) for number in range(5)]
    assert sum("/tags/list" in request for request in bench.requests) == 4  # One of them was told to bring a token.


async def test_a_token_is_used_again_and_a_new_one_fetched_when_it_is_refused(bench: Bench) -> None:
    bench.harbor.push(SHOP, "v1.2", digest(1), at=NOON)
    images = bench.images()
    for _ in range(3):
        assert await images.digest(SHOP, version="v1.2") == digest(1)
    assert sum("/service/token" in request for request in bench.requests) == 1
    bench.harbor.tokens.clear()
    assert await images.digest(SHOP, version="v1.2") == digest(1)
    assert sum("/service/token" in request for request in bench.requests) == 2


async def test_tokens_do_not_grow_without_end(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("integrations.harbor.distribution.MAX_KEPT", 2)
    images = bench.images()
    for name in ("one", "two", "three"):
        await images.digest(f"{REGISTRY}/shop/{name}", version="v1")
    assert len(images._distribution._authorization) == 1


async def test_a_token_that_helps_nothing_is_no_endless_errand(bench: Bench) -> None:
    challenge = {"WWW-Authenticate": f'Bearer realm="{bench.url}service/token",service="harbor-registry"'}
    bench.fault("status", match="/v2/", status=401, headers=challenge)
    assert isinstance(await failure_of(bench.images()), Permanent)
    assert sum("/v2/" in request for request in bench.requests) == 2


async def failure_of(images: HarborImages) -> SystemFailure:
    with pytest.raises(SystemFailure) as caught:
        await images.digest(SHOP, version="v1.2")
    return caught.value


@pytest.mark.parametrize(
    ("challenge", "words"),
    [
        ("", "username and the password"),
        ('Negotiate realm="x"', "username and the password"),
        ('Bearer realm="http://elsewhere.example.com/token"', "not safe"),
        ('Bearer realm="ftp://127.0.0.1/token"', "not safe"),
        ("Bearer", "not safe"),
        ('Bearer realm="http://[/token"', "not safe"),
    ],
)
async def test_a_password_goes_nowhere_that_is_not_safe(bench: Bench, challenge: str, words: str) -> None:
    bench.fault("status", match="/v2/", status=401, headers={"WWW-Authenticate": challenge})
    failure = await failure_of(bench.images())
    assert isinstance(failure, Permanent)
    assert words in failure.message
    assert len(bench.requests) == 1


@pytest.mark.parametrize(
    ("match", "status", "body", "kind", "words"),
    [
        ("/service/token", 200, {"token": ""}, Permanent, "token service"),
        ("/service/token", 200, {"token": "a\r\nb"}, Permanent, "token service"),
        ("/service/token", 200, [], Permanent, "token service"),
        ("/service/token", 200, "<html>", Permanent, "token service"),
        ("/service/token", 401, "", Permanent, "username and the password"),
        ("/service/token", 500, "", Temporary, "not ready"),
        ("/manifests/", 200, "", Permanent, "not that of Harbor"),
        ("/manifests/", 412, "", Permanent, "policy"),
        ("/manifests/", 500, "", Temporary, "not ready"),
    ],
)
async def test_what_goes_wrong_is_told(
    bench: Bench, match: str, status: int, body: object, kind: type[SystemFailure], words: str
) -> None:
    bench.fault("status", match=match, status=status, body=body)
    failure = await failure_of(bench.images())
    assert isinstance(failure, kind)
    assert words in failure.message


async def test_a_list_of_tags_that_is_none_is_permanent(bench: Bench) -> None:
    make_plain(bench)
    bench.fault("status", match="/tags/list", status=200, body={"tags": 7})
    with pytest.raises(Permanent, match="not that of Harbor"):
        await bench.images().search(SHOP)


async def test_a_list_of_tags_without_end_is_cut(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("integrations.harbor.distribution.MAX_PAGES", 3)
    make_plain(bench)
    endless = {"Link": '</v2/shop/shop/tags/list?last=v1&n=1>; rel="next"'}
    bench.fault("status", match="/tags/list", status=200, body={"tags": ["v1"]}, headers=endless)
    assert len(await bench.images().search(SHOP) or ()) == 3


@dataclass(slots=True)
class Guarded:
    """A registry that takes the password itself, as a proxy with a password file does."""

    server: TestServer
    asked: list[str] = field(default_factory=list)

    def images(self, client: httpx.AsyncClient, *, username: str = ROBOT, password: str = PASSWORD) -> HarborImages:
        secret = SecretStr(password) if username else None
        url = str(self.server.make_url("/"))
        return HarborImages(HarborSettings(url=url, registry=REGISTRY, username=username, password=secret), client)


@pytest.fixture
async def guarded() -> AsyncIterator[Guarded]:
    async def answer(request: web.Request) -> web.Response:
        made.asked.append(request.headers.get("Authorization", ""))
        if request.headers.get("Authorization") != encode_basic_auth(ROBOT, PASSWORD):
            return web.Response(status=401, headers={"WWW-Authenticate": 'Basic realm="Registry"'})
        if request.path == "/v2/shop/shop/manifests/v1.2":
            return web.Response(headers={"Docker-Content-Digest": digest(1)})
        return web.Response(status=404, text=NO_SUCH_PAGE)

    served = web.Application()
    served.router.add_route("*", "/{path:.*}", answer)
    made = Guarded(TestServer(served))
    async with made.server:
        yield made


async def test_a_registry_that_takes_passwords_gets_it_when_it_asks(guarded: Guarded) -> None:
    async with httpx.AsyncClient() as client:
        images = guarded.images(client)
        assert await images.digest(SHOP, version="v1.2") == digest(1)
        assert [bool(header) for header in guarded.asked] == [False, True]
        assert await images.search(SHOP) == ()


@pytest.mark.parametrize(("username", "password"), [("", ""), (ROBOT, "wrong")])
async def test_a_registry_that_knows_nobody_like_that_is_permanent(
    guarded: Guarded, username: str, password: str
) -> None:
    async with httpx.AsyncClient() as client:
        assert isinstance(await failure_of(guarded.images(client, username=username, password=password)), Permanent)

"""Stand-ins of Nexus and Harbor with many versions of one app, as a process of its own: started by `search`.

It prints their addresses as one line of JSON and serves until it is ended.
"""

import asyncio
import json
import sys

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from playground.faults import Faults
from playground.harbor import Harbor, Project
from playground.nexus import Nexus, Repository

GROUP, NAME, REPOSITORY, IMAGE = "com.acme", "shop", "releases", "harbor.example.com/shop/shop"


Answers = dict[str, tuple[int, bytes, dict[str, str]]]


def remembering() -> Middleware:
    """Give an answer again without working it out: what is measured is the one who asks."""
    kept: Answers = {}

    @web.middleware
    async def remember(request: web.Request, handler: Handler) -> web.StreamResponse:
        key = str(request.rel_url)
        if key not in kept:
            answer = await handler(request)
            assert isinstance(answer, web.Response)
            assert isinstance(answer.body, bytes)
            headers = {name: value for name, value in answer.headers.items() if name.startswith(("X-", "Content-Type"))}
            kept[key] = (answer.status, answer.body, headers)
        status, body, headers = kept[key]
        return web.Response(status=status, body=body, headers=headers)

    return remember


def filled(count: int) -> tuple[web.Application, web.Application]:
    """Make both, with the same versions in both."""
    nexus, harbor = Nexus(faults=Faults()), Harbor(faults=Faults())
    repository = nexus.add(Repository(REPOSITORY))
    artifacts = harbor.add(Project("shop")).repository(NAME)
    for number in range(count):
        version = f"{number // 100}.{number // 10 % 10}.{number % 10}"
        repository.publish(group=GROUP, name=NAME, version=version)
        # Laid there directly: a push looks through all that is there.
        artifact = artifacts.push(version, f"sha256:{number:064x}", at=repository.assets[-1].modified)
        assert artifact.tags
    return nexus.app(), harbor.app()


async def serve(count: int) -> None:
    urls = []
    for app in filled(count):
        app.middlewares.insert(0, remembering())
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        urls.append(f"http://{host}:{port}")
    print(json.dumps(urls), flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))

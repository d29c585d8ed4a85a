"""The playground as a whole: starts every stand-in on loopback and writes what the bot needs to find them.

`__main__` runs one; tests may run one in their own loop. It must not know the bot: what it hands over are files and
environment variables, as any installation does.
"""

import errno
import random
import socket
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

from aiohttp import web

from playground import projection, seed, seeding, state_files
from playground.argo.cluster import Controllers
from playground.faults import Faults
from playground.keycloak import Keycloak
from playground.kubernetes.access import Access
from playground.kubernetes.server import KubernetesServer
from playground.kubernetes.store import Store
from playground.pace import Pace
from playground.seeding import PlaygroundError
from playground.slack.model import App
from playground.slack.server import SlackStandIn

__all__ = ["HOST", "PlaygroundError", "Urls", "World"]

Obj = dict[str, Any]
HOST: Final = "127.0.0.1"
CLOSING_SECONDS: Final = 0.2
BOT_PORTS: Final = range(20_000, 30_000)


@dataclass(frozen=True, slots=True)
class Urls:
    """Where everything listens; `slack` ends in a slash, as clients of its Web API want it."""

    page: str = ""
    slack: str = ""
    kubernetes: str = ""
    keycloak: str = ""
    nexus: str = ""
    harbor: str = ""


class World:
    """All stand-ins in one loop. `store`, `faults`, `keycloak`, `nexus` and `harbor` may be used while it runs."""

    def __init__(self, *, speed: float = 1.0, slack_only: bool = False) -> None:
        self.slack_only = slack_only
        self.pace = Pace(speed)
        self.faults = Faults()
        self.store = Store()
        self.keycloak = Keycloak(seeding.make_realm(), pace=self.pace, faults=self.faults)
        self.nexus = seeding.make_nexus(self.faults)
        self.harbor = seeding.make_harbor(self.faults)
        self.controllers = Controllers(
            self.store,
            pace=self.pace,
            faults=self.faults,
            versions=self.nexus.repositories[seed.MAVEN_REPOSITORY].has,
            images=self.harbor,
        )
        self.urls = Urls()
        self.environment: dict[str, str] = {}
        self._stack = AsyncExitStack()

    async def start(self, state: Path, *, page_port: int = 0) -> None:
        """Start everything and write `state`. PlaygroundError when it cannot; nothing is left running then."""
        async with AsyncExitStack() as stack:
            if self.slack_only:
                self.urls = await self._serve_slack(page_port, stack)
            else:
                await self._run_cluster(stack)
                self.urls = await self._serve_all(page_port, stack)
            self.environment = write_state(state, self.urls)
            self._stack = stack.pop_all()

    async def stop(self) -> None:
        self.faults.clear()
        await self._stack.aclose()

    async def _run_cluster(self, stack: AsyncExitStack) -> None:
        seeding.load_templates(self.store, seeding.templates_folder())
        await self.controllers.start()
        stack.push_async_callback(self.controllers.stop)
        await seeding.release_running(self.controllers, self.store, self.pace)

    async def _serve_slack(self, page_port: int, stack: AsyncExitStack) -> Urls:
        slack = SlackStandIn(
            people=seeding.slack_people(),
            channels=seeding.slack_channels(),
            app=App(bot_token=seed.BOT_TOKEN, app_token=seed.APP_TOKEN),
            faults=self.faults,
            pace=self.pace,
            cluster=self.cluster,
            acts={"roles": self.change_person},
        )
        stack.push_async_callback(slack.stop)
        await _start_slack(slack, page_port)
        return Urls(page=slack.page_url, slack=slack.api_url)

    async def _serve_all(self, page_port: int, stack: AsyncExitStack) -> Urls:
        urls = await self._serve_slack(page_port, stack)
        kubernetes = KubernetesServer(
            self.store,
            faults=self.faults,
            pace=self.pace,
            access=Access(token=seed.KUBERNETES_TOKEN),
            logs=self.controllers.logs,
        )
        stack.push_async_callback(kubernetes.stop)
        return replace(
            urls,
            kubernetes=await kubernetes.start(),
            keycloak=await _serve(self.keycloak.app(), stack),
            nexus=await _serve(self.nexus.app(), stack),
            harbor=await _serve(self.harbor.app(), stack),
        )

    def cluster(self) -> Obj:
        """Return the cluster in short, as `GET /_drive/cluster` shows it."""
        return {"elsewhere": True} if self.slack_only else projection.cluster(self.store)

    def describe(self, state: Path) -> Obj:
        """Return all addresses and the bot's environment, as `--json` prints them."""
        return {"urls": asdict(self.urls), "state": str(state), "environment": dict(self.environment)}

    def change_person(self, body: Obj) -> Obj:
        """Do what `POST /_drive/roles` asks for; ValueError carries the words for a 400.

        Shape: `{"user": name, "roles": [names]}`, `{"user": name, "enabled": bool}`, or both in one.
        """
        username, roles, enabled = body.get("user"), body.get("roles"), body.get("enabled")
        if roles is None and enabled is None:
            raise ValueError(
                'Nothing to change. Give "roles", such as ["deployer"] or [], or "enabled": true or false.'
            )
        if roles is not None and not (isinstance(roles, list) and all(isinstance(role, str) for role in roles)):
            raise ValueError(f'roles {roles!r} is no list of names. Give one such as ["deployer"], or [] for none.')
        if enabled is not None and not isinstance(enabled, bool):
            raise ValueError(f"enabled {enabled!r} is neither true nor false. Give one of them.")
        user = self.keycloak.realm.user(str(username))
        if roles is not None:
            self.keycloak.set_roles(user.username, roles)
        if enabled is not None:
            self.keycloak.set_enabled(user.username, enabled=enabled)
        return {"ok": True, "user": user.username, "roles": sorted(user.roles), "enabled": user.enabled}


def write_state(state: Path, urls: Urls) -> dict[str, str]:
    """Write kubeconfig, catalog.yaml and env into `state`; return the environment for the bot."""
    try:
        return _write_state(state, urls)
    except OSError as error:
        raise PlaygroundError(
            f"The state directory {state} cannot be written: {error.strerror}. Choose another with --state."
        ) from error


def _write_state(state: Path, urls: Urls) -> dict[str, str]:
    kubeconfig = state_files.write_private(state / "kubeconfig", state_files.kubeconfig(urls.kubernetes))
    catalog = state_files.write_private(state / "catalog.yaml", state_files.catalog(kubeconfig))
    environment = {
        "SLIPWAY_CATALOG": str(catalog),
        "SLIPWAY_DATABASE": f"sqlite+aiosqlite:///{state / 'slipway.sqlite'}",
        "SLIPWAY_SLACK__BOT_TOKEN": seed.BOT_TOKEN,
        "SLIPWAY_SLACK__APP_TOKEN": seed.APP_TOKEN,
        "SLIPWAY_SLACK__API_URL": urls.slack,
        "SLIPWAY_SLACK__TEAM": seed.TEAM,
        "SLIPWAY_KEYCLOAK__URL": urls.keycloak,
        "SLIPWAY_KEYCLOAK__REALM": seed.REALM,
        "SLIPWAY_KEYCLOAK__CLIENT_ID": seed.BOT_CLIENT,
        "SLIPWAY_KEYCLOAK__CLIENT_SECRET": seed.BOT_SECRET,
        "SLIPWAY_KEYCLOAK__ROLES_CLIENT": seed.ROLES_CLIENT,
        "SLIPWAY_NEXUS__URL": urls.nexus,
        "SLIPWAY_NEXUS__REPOSITORY": seed.MAVEN_REPOSITORY,
        "SLIPWAY_HARBOR__URL": urls.harbor,
        "SLIPWAY_HARBOR__REGISTRY": seed.REGISTRY,
        "SLIPWAY_HARBOR__USERNAME": seed.HARBOR_USER,
        "SLIPWAY_HARBOR__PASSWORD": seed.HARBOR_PASSWORD,
        "SLIPWAY_HTTP__HOST": HOST,
        "SLIPWAY_HTTP__PORT": str(_free_port()),
    }
    state_files.write_private(state / "env", state_files.env_lines(environment))
    return environment


async def _start_slack(slack: SlackStandIn, page_port: int) -> None:
    try:
        await slack.start(page_port=page_port)
    except OSError as error:
        if error.errno not in {errno.EADDRINUSE, errno.EACCES}:
            raise
        why = "another program uses it" if error.errno == errno.EADDRINUSE else "this account may not open it"
        raise PlaygroundError(
            f"The page cannot be served on port {page_port}: {why}. Choose another with --page-port (0: any free one)."
        ) from error


async def _serve(app: web.Application, stack: AsyncExitStack) -> str:
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=CLOSING_SECONDS)
    stack.push_async_callback(runner.cleanup)
    await runner.setup()
    await web.TCPSite(runner, HOST, 0).start()
    return f"http://{HOST}:{runner.addresses[0][1]}"


def _free_port() -> int:
    """Return a port for the bot's own HTTP server: free now, and below those that systems hand out by themselves.

    The bot binds it seconds later; a port from the system's own range could be some connection's by then.
    """
    for port in random.sample(BOT_PORTS, k=len(BOT_PORTS)):
        with socket.socket() as probe:
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return port
    raise PlaygroundError("No port is free for the bot's own server. Stop what uses the ports from 20000 to 29999.")

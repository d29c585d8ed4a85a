"""Builds every adapter and connects it; the only place that constructs them.

`connected` gives the running parts for `slipway run` and `slipway check`; what they do is theirs.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import httpx
from slack_sdk.web.async_client import AsyncWebClient

from bot.clock import SystemClock
from bot.dispatch import Dispatch
from bot.settings import GiteaSection, HarborSection, KeycloakSection, NexusSection, Settings
from bot.worker import Worker
from commands.flow.advance import Advance
from commands.flow.again import Again
from commands.flow.ask import Ask
from commands.flow.search import Search
from commands.flow.show import Show
from commands.flow.whom import Reminders
from integrations.catalog import CatalogFile
from integrations.gitea import GiteaCharts, GiteaSettings
from integrations.harbor import HarborImages, HarborSettings
from integrations.helm import HelmRenderer
from integrations.keycloak import KeycloakPeople, KeycloakSettings, Link, RolesFrom
from integrations.kubernetes.cluster import KubernetesClusters
from integrations.kubernetes.objects_port import KubernetesObjects
from integrations.kubernetes.pipelines_port import KubernetesPipelines
from integrations.kubernetes.rollouts_port import KubernetesRollouts
from integrations.kubernetes.scopes import Scope
from integrations.nexus import NexusSettings, NexusVersions
from integrations.slack.client import SlackChat
from integrations.slack.connection import SlackSettings, new_session, web_client
from integrations.store import SqlDeployments, StoreSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """The adapters to other systems, without the database."""

    catalog: CatalogFile
    people: KeycloakPeople
    nexus: NexusVersions
    harbor: HarborImages | None
    versions: Search
    clusters: KubernetesClusters
    charts: GiteaCharts
    renderer: HelmRenderer
    slack: AsyncWebClient
    slack_settings: SlackSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Bot:
    """Everything that `slipway run` runs."""

    outside: Outside
    chat: SlackChat
    worker: Worker
    dispatch: Dispatch


@asynccontextmanager
async def outside(settings: Settings) -> AsyncIterator[Outside]:
    """Build the adapters to other systems; nothing is asked of them yet."""
    async with AsyncExitStack() as stack:
        catalog = CatalogFile(settings.catalog)
        client = await stack.enter_async_context(httpx.AsyncClient(trust_env=True))
        nexus = NexusVersions(nexus_settings(settings.nexus), client)
        stack.push_async_callback(nexus.aclose)
        harbor = HarborImages(harbor_settings(settings.harbor), client) if settings.harbor.url else None
        if harbor is not None:
            stack.push_async_callback(harbor.aclose)
        people = KeycloakPeople(keycloak_settings(settings.keycloak, team=settings.slack.team))
        stack.push_async_callback(people.aclose)
        clusters = KubernetesClusters(
            clusters=catalog.current.clusters,
            environments=catalog.current.environments.values(),
            scope=Scope(settings.template_scope),
        )
        stack.push_async_callback(clusters.aclose)
        slack_settings = SlackSettings(
            bot_token=settings.slack.bot_token.get_secret_value(),
            app_token=settings.slack.app_token.get_secret_value(),
            team=settings.slack.team,
            api_url=settings.slack.api_url,
        )
        session = await stack.enter_async_context(new_session())
        yield Outside(
            catalog=catalog,
            people=people,
            nexus=nexus,
            harbor=harbor,
            versions=Search(published=nexus, images=harbor),
            clusters=clusters,
            charts=GiteaCharts(gitea_settings(settings.gitea), client),
            renderer=HelmRenderer(settings.helm),
            slack=web_client(slack_settings, session),
            slack_settings=slack_settings,
        )


@asynccontextmanager
async def connected(settings: Settings) -> AsyncIterator[Bot]:
    """Build the whole bot, with its database opened and migrated."""
    clock = SystemClock()
    async with outside(settings) as parts, AsyncExitStack() as stack:
        deployments = await SqlDeployments.open(StoreSettings(url=settings.database), clock=clock)
        stack.push_async_callback(deployments.aclose)
        rollouts, pipelines = KubernetesRollouts(parts.clusters), KubernetesPipelines(parts.clusters)
        chat = SlackChat(parts.slack)
        advance = Advance(
            deployments=deployments,
            rollouts=rollouts,
            pipelines=pipelines,
            chat=chat,
            clock=clock,
            reminders=Reminders(catalogs=parts.catalog, people=parts.people),
            catalogs=parts.catalog,
            images=parts.harbor,
        )
        show = Show(deployments=deployments, chat=chat)
        worker = Worker(deployments=deployments, advance=advance, show=show, clock=clock)
        parts.clusters.on_change(worker.hint)
        dispatch = Dispatch(
            team=settings.slack.team,
            hint=settings.hint,
            catalogs=parts.catalog,
            people=parts.people,
            versions=parts.versions,
            rollouts=rollouts,
            pipelines=pipelines,
            deployments=deployments,
            charts=parts.charts,
            renderer=parts.renderer,
            objects=KubernetesObjects(parts.clusters),
            images=parts.harbor,
            again=Again(
                people=parts.people,
                rollouts=rollouts,
                deployments=deployments,
                images=parts.harbor,
                clock=clock,
            ),
            ask=Ask(people=parts.people, deployments=deployments, rollouts=rollouts, clock=clock),
            worker=worker,
            clock=clock,
        )
        yield Bot(outside=parts, chat=chat, worker=worker, dispatch=dispatch)


def keycloak_settings(section: KeycloakSection, *, team: str) -> KeycloakSettings:
    return KeycloakSettings(
        url=section.url,
        realm=section.realm,
        client_id=section.client_id,
        client_secret=section.client_secret,
        team=team,
        roles_client=section.roles_client,
        link=Link(section.link),
        attribute=section.attribute,
        idp_alias=section.idp_alias,
        roles_from=RolesFrom(section.roles_from),
    )


def nexus_settings(section: NexusSection) -> NexusSettings:
    password = section.password if section.username else None
    return NexusSettings(url=section.url, repository=section.repository, username=section.username, password=password)


def harbor_settings(section: HarborSection) -> HarborSettings:
    password = section.password if section.username else None
    return HarborSettings(url=section.url, registry=section.registry, username=section.username, password=password)


def gitea_settings(section: GiteaSection) -> GiteaSettings:
    token = section.token if section.token.get_secret_value() else None
    return GiteaSettings(url=section.url, internal_url=section.internal_url, token=token)

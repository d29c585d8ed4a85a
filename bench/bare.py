"""The yardstick: the smallest slack-bolt handler there can be, which acknowledges commands and does nothing else.

Started by the bench as a process of its own with the address of a stand-in Slack; it must not know the product.
"""

import asyncio
import logging
import sys

from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

BOT_TOKEN = "xoxb-demo"  # noqa: S105  # made up, as in the playground
APP_TOKEN = "xapp-demo"  # noqa: S105  # the same


async def acknowledge(ack: AsyncAck) -> None:
    await ack()


async def run(api_url: str) -> None:
    """Answer until ended."""
    client = AsyncWebClient(token=BOT_TOKEN, base_url=api_url)
    # A proxy of the environment cannot reach loopback.
    client.proxy = None
    app = AsyncApp(client=client)
    for command in ("/deploy", "/rollout"):
        app.command(command)(acknowledge)
    handler = AsyncSocketModeHandler(app, APP_TOKEN)
    handler.client.proxy = None
    await handler.start_async()  # type: ignore[no-untyped-call]  # the vendor's method has no annotations


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING)
    asyncio.run(run(sys.argv[1]))

"""The arguments of one Web API call, from query, form or JSON body, as slack_sdk and curl send them.

Read by the method modules. Forms carry nested values as JSON text; JSON bodies carry them as they are.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from playground.slack.model import SlackError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiohttp import web

    from playground.slack.model import Obj


async def read_args(request: web.Request) -> Args:
    """Collect the arguments of a request; a body that is no JSON is Slack's `invalid_json`."""
    values: Obj = dict(request.query)
    if request.content_type == "application/json" and request.can_read_body:
        try:
            body = await request.json()
        except ValueError:
            raise SlackError("invalid_json") from None
        if not isinstance(body, dict):
            raise SlackError("json_not_object")
        values |= body
    elif request.can_read_body:
        values |= dict(await request.post())
    return Args(values)


class Args:
    """Named values with readers for the kinds that Slack's methods take."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values = dict(values)

    def text(self, name: str) -> str:
        value = self.values.get(name)
        return "" if value is None else str(value)

    def required(self, name: str, code: str = "invalid_arguments") -> str:
        value = self.text(name)
        if not value:
            problem = f"[ERROR] missing required field: {name}"
            raise SlackError(code, extra={"response_metadata": {"messages": [problem]}})
        return value

    def flag(self, name: str) -> bool:
        return self.text(name).lower() in {"true", "1"}

    def has(self, name: str) -> bool:
        return self.values.get(name) is not None

    def json(self, name: str, code: str = "invalid_arguments") -> Any:
        """Read a nested value; text that is no JSON is refused with `code`."""
        value = self.values.get(name)
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value) if value else None
        except ValueError:
            raise SlackError(code) from None

    def number(self, name: str, default: int) -> int:
        value = self.text(name)
        if value and not value.isdigit():
            raise SlackError("invalid_arguments")
        return int(value) if value else default

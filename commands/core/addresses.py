"""Where people reach an app, as its values in the catalog say it. Pure; used by the card.

The values are those that the deployment was asked for with, so an address belongs to what is shown beside it.
"""

import json
import re

from commands.core.model import Deployment

_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?")


def live_address(deployment: Deployment) -> str:
    """Return the address of what is live, empty where the values name none."""
    return _address(deployment, "host")


def preview_address(deployment: Deployment) -> str:
    """Return the address of the green that waits, empty where the values name none."""
    return _address(deployment, "previewHost")


def _address(deployment: Deployment, key: str) -> str:
    try:
        values = json.loads(dict(deployment.parameters).get("values", ""))
    except ValueError:
        return ""
    host = values.get(key) if isinstance(values, dict) else None
    return f"https://{host}" if isinstance(host, str) and _HOST.fullmatch(host) else ""

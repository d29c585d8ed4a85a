"""Nexus as the port Versions: which versions of an app were published; plain Maven repositories serve as well.

`bot.wiring` builds `NexusVersions`, `slipway check` calls its `check`. Which of them is deployed, others decide.
"""

from integrations.nexus.settings import NexusSettings
from integrations.nexus.versions import NexusVersions

__all__ = ["NexusSettings", "NexusVersions"]

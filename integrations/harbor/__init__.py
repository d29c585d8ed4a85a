"""Harbor as the port Images: which images were built, and what scans found; plain registries serve as well.

`bot.wiring` builds `HarborImages` where a Harbor is set, `slipway check` calls its `check`. It pushes nothing.
"""

from integrations.harbor.images import HarborImages
from integrations.harbor.settings import HarborSettings

__all__ = ["HarborImages", "HarborSettings"]

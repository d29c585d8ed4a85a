"""Charts in Gitea: `GiteaCharts` implements the port Charts."""

from integrations.gitea.charts import GiteaCharts
from integrations.gitea.settings import GiteaSettings

__all__ = ["GiteaCharts", "GiteaSettings"]

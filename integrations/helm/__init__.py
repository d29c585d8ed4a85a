"""The helm program as the port Renderer: it renders charts for plans; releases are made by the pipeline alone."""

from integrations.helm.renderer import HelmRenderer

__all__ = ["HelmRenderer"]

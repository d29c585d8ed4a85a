"""Ready-made domain objects for tests: those that the gallery shows too."""

from integrations.slack.gallery.examples import *  # noqa: F403  # one set of examples, under the name that tests know

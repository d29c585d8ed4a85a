"""Leaves the log of the process as it was, for tests that start commands which set it up."""

import logging
from collections.abc import Iterator

import pytest

LOGGERS = ("", "bot", "commands", "integrations")


@pytest.fixture
def restored_log() -> Iterator[None]:
    levels = {name: logging.getLogger(name).level for name in LOGGERS}
    handlers = list(logging.getLogger().handlers)
    yield
    logging.getLogger().handlers[:] = handlers
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)

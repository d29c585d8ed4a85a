"""How the bot logs: a record is one line that nobody can forge, a traceback follows it, and no secret is in either.

Set up by the command line. The bot's own secrets are known and are masked by their values, others by their forms.
"""

import logging
import re
from collections.abc import Iterable
from typing import Final

from typing_extensions import override

from commands.core.redaction import HIDDEN, mask

FORMAT: Final = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"
_SHORTEST: Final = 6
"""A shorter secret would mask half of all words."""
_CONTROL: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]")


class OneLine(logging.Formatter):
    """Formats records safely, whatever stands in their messages.

    Parameters
    ----------
    secrets
        The values that the bot itself was given.
    """

    def __init__(self, *, secrets: Iterable[str] = ()) -> None:
        super().__init__(FORMAT)
        self._secrets = sorted((each for each in secrets if len(each) >= _SHORTEST), key=len, reverse=True)

    @override
    def formatMessage(self, record: logging.LogRecord) -> str:
        # Masked first: a key over several lines is one no more once its line breaks are written out.
        return _CONTROL.sub(
            lambda found: found[0].encode("unicode_escape").decode(), mask(super().formatMessage(record))
        )

    @override
    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        return mask(text)

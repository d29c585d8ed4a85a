"""Names for the hashes of recordings and of the stand-ins' runs, so that the two can be compared."""

import re


class Letters:
    """Names hashes A, B, C in the order in which they appear, so that two runs can be compared."""

    def __init__(self) -> None:
        self.known: dict[str, str] = {}

    def name(self, unique: str | None) -> str | None:
        return None if unique is None else self.known.setdefault(unique, "ABCDEFGHIJ"[len(self.known)])

    def text(self, message: str) -> str:
        """Put letters for the hashes of a message."""
        for unique, letter in self.known.items():
            message = re.sub(rf"\b{unique}\b", letter, message)
        return message

    def find(self, letter: str | None) -> str:
        return next(unique for unique, known in self.known.items() if known == letter)

"""What a check of a system found; every integration's `check` gives these, `slipway check` prints them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was tried: what, whether it is well, and what was found or how to mend it."""

    subject: str
    is_ok: bool
    message: str

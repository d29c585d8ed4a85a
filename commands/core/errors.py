"""The exceptions of Slipway.

SlipwayError
└── SystemFailure(system, message)    another system failed us
    ├── Temporary(retry_after)        trying again may help
    └── Permanent                     trying again will not help; somebody must change something

What a person can mend (no role, slot taken, unknown word) is a value, a `Notice`, not an exception. Vendors'
exceptions never pass an integration: they become one of these, with the system, the object and the status, and
never a credential.
"""

from datetime import timedelta


class SlipwayError(Exception):
    """Anything that Slipway raises on purpose."""


class SystemFailure(SlipwayError):
    """Another system failed.

    Parameters
    ----------
    system
        Its name as people say it: "Keycloak", "Kubernetes", "Nexus", "Slack", "the database".
    message
        What was asked and what came back, without credentials.
    """

    def __init__(self, system: str, message: str) -> None:
        super().__init__(f"{system}: {message}")
        self.system = system
        self.message = message


class Temporary(SystemFailure):
    """Trying again may help, not before `retry_after` where that is known."""

    def __init__(self, system: str, message: str, *, retry_after: timedelta | None = None) -> None:
        super().__init__(system, message)
        self.retry_after = retry_after


class Permanent(SystemFailure):
    """Trying again will not help: a setting, a permission or an object must change first."""

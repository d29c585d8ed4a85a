"""The errors of the Kubernetes API, each with the Status body of a real server; raised by the store and the server."""

from typing import Any

Obj = dict[str, Any]


class ApiError(Exception):
    """One refused request: HTTP code, machine-readable reason and the message for people."""

    def __init__(self, code: int, reason: str, message: str, details: Obj | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.message = message
        self.details = details

    def to_status(self) -> Obj:
        """Return the body of the answer, in the order of fields that a real server uses."""
        status: Obj = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
            "reason": self.reason,
        }
        if self.details is not None:
            status["details"] = self.details
        return status | {"code": self.code}


def bad_request(message: str) -> ApiError:
    return ApiError(400, "BadRequest", message)


def rejected() -> ApiError:
    """Build the one answer that a real server gives to a JSON patch which does not apply (recorded, 1.34)."""
    return ApiError(422, "Invalid", "the server rejected our request due to an error in our request", {})


def expired(message: str) -> ApiError:
    return ApiError(410, "Expired", message)

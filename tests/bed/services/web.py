"""HTTP for the services' own set-up: a client that takes no proxy from its surroundings, and answers that must be fine.

Used while services are filled and by what tests add to them; the product's adapters are never used for that.
"""

import httpx

from tests.bed.services.programs import ServiceError

SECONDS = 60.0
KEPT_CHARACTERS = 500
FIRST_REFUSAL = 400


def client(url: str, *, user: str = "", password: str = "", headers: dict[str, str] | None = None) -> httpx.Client:
    """Return a client for one server; with a user it says who is asking."""
    credentials = (user, password) if user else None
    return httpx.Client(base_url=url, auth=credentials, headers=headers, trust_env=False, timeout=SECONDS)


def need(answer: httpx.Response, *fine: int) -> httpx.Response:
    """Return an answer that is no refusal, or one of the statuses that are `fine` as well.

    Raises
    ------
    ServiceError
        It is neither; the text has the beginning of what the server said.
    """
    if answer.status_code < FIRST_REFUSAL or answer.status_code in fine:
        return answer
    asked = f"{answer.request.method} {answer.request.url}"
    raise ServiceError(f"{asked} was answered with {answer.status_code}: {answer.text[:KEPT_CHARACTERS]}")

"""People who use an app on the bed while something is done to it: requests to its Service, counted by their answers."""

import threading
from collections import Counter
from typing import Self

import httpx

from tests.bed.api import Api
from tests.bed.places import Places
from tests.scenarios.bed_ground import BedGround


class Visitors:
    """Somebody who asks a Service again and again, a new connection each time, and counts the answers."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.answers: Counter[str] = Counter()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._ask_on, daemon=True)

    def ask(self) -> str:
        try:
            answer = httpx.get(self._url, timeout=5, trust_env=False)
        except httpx.TransportError as error:
            return f"failed: {error!r}"
        return answer.text.strip() if answer.is_success else f"failed: {answer.status_code}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._ended.set()
        self._thread.join()

    def _ask_on(self) -> None:
        while not self._ended.is_set():
            self.answers[self.ask()] += 1

    @property
    def failures(self) -> list[str]:
        return [answer for answer in self.answers if answer.startswith("failed")]


def service(ground: BedGround, app: str, environment: str) -> str:
    """Return the address of an app's Service."""
    api = Api(Places.from_environment().kubeconfig)
    namespace = next(name for name in ground.namespaces if name.startswith(environment))
    found: str = api.get("Service", namespace, app)["spec"]["clusterIP"]
    api.close()
    return f"http://{found}/"

"""Every pod of an app, from before its first change to the end: which stood beside which.

Used where a strategy promises that two versions never run at once.
"""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from integrations.kubernetes.labels import HASH_LABEL
from tests.bed.places import Places

ENDED: Final = frozenset({"Succeeded", "Failed"})

Obj = dict[str, Any]


class PodWatch:
    """What a watch of an app's pods wrote, to be read when it has ended; `since` is when it began."""

    def __init__(self, file: Path, since: datetime) -> None:
        self._file = file
        self._since = since

    def met(self) -> frozenset[tuple[str, str]]:
        """Return the pairs of templates of which a pod of the second began while one of the first lived.

        A pod lives until it has ended or is gone; one that is ending still lives. Those that the watch found there
        have not begun under its eyes.
        """
        living: dict[str, str] = {}
        met: set[tuple[str, str]] = set()
        for event in self._events():
            pod = event["object"]
            uid, template = pod["metadata"]["uid"], pod["metadata"]["labels"][HASH_LABEL]
            if event["type"] == "DELETED" or pod.get("status", {}).get("phase") in ENDED:
                living.pop(uid, None)
            elif uid not in living:
                if datetime.fromisoformat(pod["metadata"]["creationTimestamp"]) > self._since:
                    met |= {(other, template) for other in living.values() if other != template}
                living[uid] = template
        return frozenset(met)

    def templates(self) -> set[str]:
        return {event["object"]["metadata"]["labels"][HASH_LABEL] for event in self._events()}

    def _events(self) -> Iterator[Obj]:
        text, decoder = self._file.read_text(encoding="utf-8").strip(), json.JSONDecoder()
        while text:
            try:
                event, end = decoder.raw_decode(text)
            except ValueError:
                return  # The watch was ended in the middle of its last event.
            yield event
            text = text[end:].lstrip()


@contextmanager
def watching_pods(places: Places, namespace: str, app: str, file: Path) -> Iterator[PodWatch]:
    """Watch an app's pods; the first events are the pods that there are."""
    command = [places.program("kubectl"), f"--kubeconfig={places.kubeconfig}", "get", "pods"]
    options = [f"--namespace={namespace}", f"--selector=app.kubernetes.io/name={app}"]
    with file.open("w", encoding="utf-8") as output:
        process = subprocess.Popen(
            [*command, *options, "--watch", "--output-watch-events", "--output=json"], stdout=output
        )
        try:
            yield PodWatch(file, datetime.now(UTC))
        finally:
            process.terminate()
            process.wait()

"""The world that a scenario plays in: the real bot as a process, and people, clusters and faults around it.

Scenarios see people's acts and what people see, nothing of what the world stands on (`ground`), so they are the same on
stand-ins and on the real bed.
"""

import contextlib
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx

from tests.scenarios.elsewhere import Elsewhere
from tests.scenarios.ground import ClusterView, Ground
from tests.scenarios.process import Process

LOOK_AGAIN_SECONDS: Final = 0.25
PEOPLE: Final = ("alice", "bob", "carol", "eve")
READS: Final = ("Details", "Links", "Copy command")
"""What the dots of every card lead to, whatever its state."""


@dataclass(frozen=True, slots=True)
class Message:
    """A message as a person reads it."""

    ts: str
    channel: str
    text: str
    buttons: tuple[str, ...]
    edited: int
    is_broadcast: bool

    @classmethod
    def from_driver(cls, raw: Mapping[str, Any]) -> "Message":
        return cls(
            ts=raw["ts"],
            channel=raw["channel"],
            text=raw["text_rendered"],
            buttons=tuple(raw["buttons"]),
            edited=raw["edited"],
            is_broadcast=raw["broadcast"],
        )


class World:
    """What people, approvers and operators can do, and what they see."""

    def __init__(self, folder: Path, ground: Ground) -> None:
        self._folder = folder
        self._ground = ground
        self.environment: dict[str, str] = dict(ground.environment)
        self.page_url = ground.page_url
        self.patience_seconds = ground.patience_seconds
        self._client = ground.slack
        self.elsewhere = Elsewhere(ground.api, ground.namespace)
        self.bot: Process | None = None

    # --- the bot

    def start_bot(self, **settings: str) -> Process:
        """Start the bot and wait until it says that it is ready."""
        environment = {**self.environment, **settings}
        self.bot = Process(
            [sys.executable, "-m", "bot.cli", "run"], environment=environment, log=self._folder / "bot.log"
        )
        port = environment["SLIPWAY_HTTP__PORT"]
        self.until(lambda: self._is_ready(port), "the bot is ready")
        return self.bot

    def _is_ready(self, port: str) -> bool:
        assert self.bot is not None
        assert self.bot.is_running, f"the bot ended:\n{self.bot.output()}"
        with contextlib.suppress(httpx.TransportError):
            return httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=5, trust_env=False).is_success
        return False

    def stop(self) -> None:
        """End everything that was started here."""
        if self.bot is not None:
            self.bot.stop()
        self._ground.stop()

    # --- people

    def type(self, user: str, text: str, *, channel: str = "deploys") -> None:
        """Type a line; it must be acknowledged in time."""
        answer = self._post("command", user=user, channel=channel, text=text)
        assert answer.get("acknowledged"), f"{text} was not acknowledged: {answer}"

    def press(self, user: str, label: str, *, channel: str = "deploys", ts: str | None = None) -> None:
        """Press a button by its label as soon as it is there, wherever that person sees it."""
        place = {"ts": ts} if ts else {}
        answer: dict[str, Any] = {}

        def is_pressed() -> bool:
            answer.update(self._post("click", user=user, channel=channel, label=label, **place))
            return "acknowledged" in answer

        self.until(is_pressed, f"{label} can be pressed by {user}")
        assert answer["acknowledged"], f"{label} was not acknowledged: {answer}"

    def submit(self, user: str, values: Mapping[str, str]) -> None:
        """Fill in the form in front of that person, by the labels of its fields, and send it."""
        answer = self._post("submit", user=user, values=values)
        assert answer.get("acknowledged"), f"the form was not acknowledged: {answer}"

    def fault(self, **fault: object) -> None:
        """Break something, or mend everything; what is broken by way of the catalog, the bot has read afterwards."""
        with self.rereading():
            self._ground.fault(**fault)

    @contextlib.contextmanager
    def rereading(self) -> Iterator[None]:
        """Wait at the block's end until a running bot has read what the block wrote into the catalog."""
        catalog = Path(self.environment["SLIPWAY_CATALOG"])
        before, read = catalog.read_text(encoding="utf-8"), self._times_read()
        yield
        if self.bot is not None and self.bot.is_running and catalog.read_text(encoding="utf-8") != before:
            self.until(lambda: self._times_read() > read, "the bot has read the catalog again")

    def _times_read(self) -> int:
        return self.bot.output().count("the catalog was read again") if self.bot is not None else 0

    # --- what is seen

    def messages(self, channel: str = "deploys") -> list[Message]:
        return [Message.from_driver(raw) for raw in self._get("messages", channel=channel)["messages"]]

    def card(self, channel: str = "deploys", *, number: int | None = None) -> Message | None:
        """Return the newest card, or the one of a deployment."""
        mark = "#" if number is None else f"#{number}\n"
        cards = [message for message in self.messages(channel) if mark in message.text and not message.is_broadcast]
        return cards[-1] if cards else None

    def thread(self, card: Message) -> list[str]:
        """Return the lines of a card's thread, oldest first."""
        raw = self._get("messages", channel=card.channel, thread=card.ts)["messages"]
        return [message["text_rendered"] for message in raw if message["ts"] != card.ts]

    def whispers(self, user: str) -> list[Message]:
        """Return what only that person sees, oldest first."""
        return [Message.from_driver(raw) for raw in self._get("ephemerals", user=user)["ephemerals"]]

    def views(self, user: str) -> list[dict[str, Any]]:
        """Return the forms that the person has open, the top one last."""
        found: list[dict[str, Any]] = self._get("views", user=user)["views"]
        return found

    def cluster(self) -> ClusterView:
        return self._ground.cluster()

    def rollout(self, app: str = "shop", environment: str = "staging") -> dict[str, Any]:
        """Return a Rollout in short, as the cluster has it now."""
        places = (each for each in self.cluster()["rollouts"] if each["namespace"] == environment)
        (found,) = [each for each in places if each["name"] == app]
        return found

    def pods(self, app: str = "shop") -> list[str]:
        """List the pods of an app in staging, without those of its pipelines."""
        found = [each["name"] for each in self.cluster()["pods"] if each["namespace"] == "staging"]
        return sorted(name for name in found if name.startswith(f"{app}-") and "-staging-" not in name)

    def workflows(self) -> list[str]:
        return sorted(each["name"] for each in self.cluster()["workflows"])

    def requests(self, method: str) -> list[dict[str, Any]]:
        """List the bot's requests to Slack's method."""
        found: list[dict[str, Any]] = self._get("log", method=method)["requests"]
        return found

    # --- waiting

    def until(self, holds: Callable[[], object], what: str) -> None:
        """Wait until something holds, looking again whenever the workspace changes."""
        end = time.monotonic() + self.patience_seconds
        seen = 0
        while not holds():
            if time.monotonic() > end:
                raise AssertionError(f"still not so: {what}\n{self.describe()}")
            seen = self._get("events", since=seen, wait=LOOK_AGAIN_SECONDS)["seq"]

    def card_shows(self, *texts: str, channel: str = "deploys", number: int | None = None) -> Message:
        """Wait until the card shows all of the texts."""
        shows = f"the card shows {texts}"
        return self._card_that(lambda card: all(text in card.text for text in texts), shows, channel, number)

    def card_offers(self, *labels: str, number: int | None = None) -> Message:
        """Wait until the card's buttons begin with these; after a change that is once the cluster has seen it."""
        return self._card_that(
            lambda card: card.buttons[: len(labels)] == labels, f"the card offers {labels}", "deploys", number
        )

    def _card_that(self, fits: Callable[[Message], bool], what: str, channel: str, number: int | None) -> Message:
        def holds() -> bool:
            card = self.card(channel, number=number)
            return card is not None and fits(card)

        self.until(holds, what)
        card = self.card(channel, number=number)
        assert card is not None
        return card

    def form_opens(self, user: str) -> dict[str, tuple[str, ...]]:
        """Wait until a form is open in front of a person; return what each of its fields offers, by label."""
        self.until(lambda: self.views(user), f"a form opens for {user}")
        return {
            block["label"]["text"]: tuple(option["text"]["text"] for option in block["element"].get("options", ()))
            for block in self.views(user)[-1]["blocks"]
        }

    def thread_ends(self, card: Message, text: str) -> list[str]:
        """Wait until the last line of a card's thread has the text; return all lines."""
        self.until(lambda: text in "".join(self.thread(card)[-1:]), f"the thread ends with {text}")
        return self.thread(card)

    def hears(self, user: str, *texts: str, count: int = 1) -> Message:
        """Wait until a person was told, privately and `count` times, something with all of the texts."""

        def found() -> list[Message]:
            return [each for each in self.whispers(user) if all(text in each.text for text in texts)]

        self.until(lambda: len(found()) >= count, f"{user} hears {texts} {count} times")
        return found()[-1]

    def describe(self) -> str:
        """Say everything that helps to understand a failure."""
        cards = [message.text for message in self.messages()] + [m.text for m in self.messages("prod-deploys")]
        told = [f"to {user}: {whisper.text}" for user in PEOPLE for whisper in self.whispers(user)]
        bot = self.bot.output() if self.bot else ""
        keys = ("namespace", "name", "deployment", "version", "phase", "message", "step", "current", "stable", "ready")
        rollouts = "\n".join(str({key: each.get(key) for key in keys}) for each in self.cluster()["rollouts"])
        return "\n---\n".join([*cards, *told, rollouts, bot, self._ground.output()])

    def _post(self, call: str, **body: object) -> dict[str, Any]:
        answer: dict[str, Any] = self._client.post(f"/_drive/{call}", json=body).json()
        return answer

    def _get(self, call: str, **query: object) -> dict[str, Any]:
        answer = self._client.get(f"/_drive/{call}", params={key: str(value) for key, value in query.items()})
        assert answer.is_success, answer.text
        found: dict[str, Any] = answer.json()
        return found


@contextlib.contextmanager
def playing(folder: Path, ground: Ground) -> Iterator[World]:
    """Give a world without a bot, and take it down afterwards."""
    world = World(folder, ground)
    try:
        yield world
    finally:
        world.stop()

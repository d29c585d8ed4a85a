"""What is said when a cluster is lost and found, and when a watch is refused."""

import pytest

from commands.core.errors import Permanent, Temporary
from integrations.kubernetes.outage import Outage

AWAY = Temporary("Kubernetes", "no answer")
FORBIDDEN = Permanent("Kubernetes", "pods is forbidden")


@pytest.fixture
def outage(caplog: pytest.LogCaptureFixture) -> Outage:
    caplog.set_level("INFO")
    return Outage("main")


def test_an_outage_and_its_end_are_said_once(outage: Outage, caplog: pytest.LogCaptureFixture) -> None:
    for watch in ("a", "b"):
        outage.down(watch, AWAY, title=watch)
    outage.up("a")
    outage.up("b")
    assert caplog.messages == [
        "Lost sight of a on cluster main, still trying: no answer",
        "Back in touch with cluster main",
    ]


def test_a_refusal_is_said_once_for_each_watch(outage: Outage, caplog: pytest.LogCaptureFixture) -> None:
    for watch in ("a", "b", "a", "b"):
        outage.down(watch, FORBIDDEN, title=watch)
    assert [message.split(" on ")[0] for message in caplog.messages] == ["Lost sight of a", "Lost sight of b"]


def test_a_refused_watch_hides_neither_an_outage_nor_its_end(outage: Outage, caplog: pytest.LogCaptureFixture) -> None:
    outage.down("pods", FORBIDDEN, title="pods")
    caplog.clear()
    outage.down("pods", AWAY, title="pods")
    outage.down("rollouts", AWAY, title="rollouts")
    outage.up("rollouts")
    outage.down("pods", FORBIDDEN, title="pods")
    assert caplog.messages == [
        "Lost sight of pods on cluster main, still trying: no answer",
        "Back in touch with cluster main",
    ]


def test_a_refusal_that_ends_is_good_news(outage: Outage, caplog: pytest.LogCaptureFixture) -> None:
    outage.down("pods", FORBIDDEN, title="pods")
    outage.up("pods")
    outage.up("pods")
    assert caplog.messages[1:] == ["Back in touch with cluster main"]


def test_a_watch_that_is_given_up_holds_up_no_good_news(outage: Outage, caplog: pytest.LogCaptureFixture) -> None:
    outage.down("a", AWAY, title="a")
    outage.down("b", AWAY, title="b")
    outage.forget("a")
    outage.up("b")
    assert caplog.messages[-1] == "Back in touch with cluster main"

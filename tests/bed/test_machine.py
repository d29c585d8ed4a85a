"""What a machine that cannot carry the bed is told: one sentence each."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.bed import machine
from tests.bed.places import NETNS, Cluster


class Machine:
    """A machine with everything, from which tests take something away."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        self.tools = {"apt-get", "go", "java", "mvn"}
        self.said = {"go": "go version go1.26.1 linux/amd64", "java": 'openjdk version "17.0.9"', "unshare": ""}
        self.failing: set[str] = set()
        monkeypatch.setattr("shutil.which", lambda name: name if name in self.tools else None)
        monkeypatch.setattr("subprocess.run", self.run)
        monkeypatch.setattr("os.geteuid", lambda: 0)
        monkeypatch.setattr(machine, "CGROUPS", folder)
        monkeypatch.setattr(machine, "CLUSTER", Cluster.OWN)

    def run(self, command: list[str], **_options: Any) -> "subprocess.CompletedProcess[str]":
        code = 1 if command[0] in self.failing else 0
        return subprocess.CompletedProcess(command, code, self.said.get(command[0], ""), "Operation not permitted")


@pytest.fixture
def whole(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Machine:
    return Machine(monkeypatch, tmp_path)


def sentence() -> str:
    with pytest.raises(machine.Unfit) as caught:
        machine.check()
    return str(caught.value)


def test_a_whole_machine_is_fit_and_nothing_is_left_in_its_cgroups(whole: Machine, tmp_path: Path) -> None:
    machine.check()
    assert whole.tools
    assert list(tmp_path.iterdir()) == []


def test_another_system_is_named(whole: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "darwin")
    assert sentence() == "The bed needs Linux with network namespaces and cgroups; this is darwin."
    assert whole.tools


def test_a_machine_without_debian_packages_learns_what_to_use(whole: Machine) -> None:
    whole.tools.remove("apt-get")
    assert "use a Debian 12 machine" in sentence()


@pytest.mark.parametrize(
    ("said", "words"),
    [("go version go1.19.8 linux/amd64", "go here says: go version go1.19.8"), ("", "Go 1.26 or newer")],
)
def test_an_old_or_a_silent_go_is_quoted(said: str, words: str, whole: Machine) -> None:
    whole.said["go"] = said
    assert words in sentence()


def test_a_missing_go_is_named(whole: Machine) -> None:
    whole.tools.remove("go")
    assert sentence() == "The bed needs Go 1.26 or newer, and go is not on the PATH; install it."


def test_an_old_java_is_quoted_and_a_missing_one_will_be_installed(whole: Machine) -> None:
    whole.tools.remove("java")
    machine.check()
    whole.tools.add("java")
    whole.said["java"] = 'openjdk version "11.0.2"'
    assert "a JDK 17 or newer" in sentence()


def test_a_person_who_is_not_root_is_told_so(whole: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setattr(machine, "_missing_packages", list)
    assert sentence().startswith("The bed needs root, for network namespaces, mounts and cgroups")
    assert whole.tools


def test_a_person_who_is_not_root_learns_which_packages_are_missing(
    whole: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setattr(machine, "_missing_packages", lambda: ["runc", "socat"])
    assert sentence() == "The bed needs root, to install runc, socat; run it as root, or install them."
    assert whole.tools


def test_namespaces_that_may_not_be_made_are_told_with_the_systems_words(whole: Machine) -> None:
    whole.failing.add("unshare")
    assert sentence().endswith("this account may not make them: Operation not permitted.")


def test_cgroups_that_may_not_be_written_are_told(whole: Machine, tmp_path: Path) -> None:
    (tmp_path / f"{NETNS}-probe").touch()
    assert sentence() == f"The bed needs cgroups that it may write, and {tmp_path} says: File exists."
    assert whole.tools


def test_without_a_node_neither_namespaces_nor_cgroups_are_asked_for(
    whole: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "CLUSTER", Cluster.NODELESS)
    whole.failing.add("unshare")
    machine.check()


def test_a_cluster_of_ones_own_needs_an_address(whole: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "CLUSTER", Cluster.EXISTING)
    monkeypatch.setattr(machine, "ADDRESS", "")
    assert sentence().startswith("A cluster of yours needs BED_ADDRESS")
    assert whole.tools

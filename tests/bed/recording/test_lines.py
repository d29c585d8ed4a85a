"""What is written of a recording can be read again, says no more than it must, and is the same in every run."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.bed.recording.lines import packed, stable, trim
from tests.recordings import load, names

STARTED = datetime(2026, 3, 4, 10, 0, 0, 500_000, tzinfo=UTC)


def rewritten(name: str, folder: Path) -> list[dict[str, Any]]:
    """Write a recording's lines as the recorder would, and read them again."""
    (folder / f"{name}.jsonl").write_text(packed(load(name)))
    return list(load(name, folder))


@pytest.mark.parametrize("name", names())
def test_what_was_written_reads_as_what_was_recorded(name: str, tmp_path: Path) -> None:
    assert rewritten(name, tmp_path) == list(load(name))


def test_what_equals_the_line_before_is_left_out_and_what_vanished_is_named() -> None:
    first = {"metadata": {"name": "web"}, "spec": {"replicas": 2}, "status": {"conditions": [1], "phase": "Healthy"}}
    second = {"metadata": {"name": "web"}, "spec": {"replicas": 2}, "status": {"phase": "Healthy"}}

    *_, last = packed({"t": 0.0, "kind": "rollouts", "object": obj} for obj in (first, second)).splitlines()

    assert json.loads(last) == {
        "t": 0.0,
        "kind": "rollouts",
        "object": {"metadata": {"name": "web"}, "status": {"phase": "Healthy"}},
        "gone": ["status.conditions"],
    }


def lines(uid: str, version: int, pod: str, at: str) -> list[dict[str, Any]]:
    meta = {"name": pod, "uid": uid, "resourceVersion": str(version), "creationTimestamp": at}
    later = {**meta, "resourceVersion": str(version + 700)}
    status = {"podIP": f"10.244.0.{version % 200}", "hash": "6645585f"}
    return [
        {"t": 1.0, "kind": "pods", "type": "ADDED", "object": {"metadata": meta, "status": status}},
        {"t": 2.0, "kind": "pods", "type": "MODIFIED", "object": {"metadata": later, "status": status}},
    ]


def test_two_runs_of_the_same_read_the_same() -> None:
    one = lines("0c8a6b1e-1111-4222-8333-123456789abc", 5123, "web-6645585f-4ch69", "2026-03-04T10:00:02Z")
    other = lines("f00dcafe-9999-4222-8333-cba987654321", 88, "web-6645585f-zz9tq", "2026-07-01T00:00:02Z")

    assert stable(one, STARTED) == stable(other, datetime(2026, 7, 1, tzinfo=UTC))


def test_names_stay_apart_and_versions_in_their_order() -> None:
    both = [
        *lines("0c8a6b1e-1111-4222-8333-123456789abc", 900, "web-6645585f-4ch69", "2026-03-04T10:00:02Z"),
        *lines("f00dcafe-9999-4222-8333-cba987654321", 1000, "web-6645585f-zz9tq", "2026-03-04T10:00:02Z"),
    ]

    metas = [line["object"]["metadata"] for line in stable(both, STARTED)]

    assert [meta["resourceVersion"] for meta in metas] == ["1", "3", "2", "4"]
    assert len({meta["uid"] for meta in metas}) == 2
    assert len({meta["name"] for meta in metas}) == 2
    assert metas[0]["creationTimestamp"] == "2026-01-01T00:00:02Z"


def test_a_time_that_is_none_stays() -> None:
    line = {"t": 0.0, "note": "finishedAt 0001-01-01T00:00:00Z"}

    assert stable([line], STARTED) == [line]


def test_of_a_pod_only_what_tells_of_a_deployment_is_kept() -> None:
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "web", "managedFields": [{}], "generation": 1},
        "spec": {"nodeName": "bed", "volumes": [{}], "containers": [{"name": "app", "image": "a", "volumeMounts": []}]},
        "status": {"phase": "Running", "qosClass": "Burstable", "containerStatuses": [{"name": "app", "imageID": "x"}]},
    }

    assert trim("pods", pod) == {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "web", "generation": 1},
        "spec": {"nodeName": "bed", "containers": [{"name": "app", "image": "a"}]},
        "status": {"phase": "Running", "containerStatuses": [{"name": "app"}]},
    }

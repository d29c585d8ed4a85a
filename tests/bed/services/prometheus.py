"""Prometheus, which scrapes every pod that asks for it by annotation, once a second; AnalysisTemplates question it.

A pod asks with `prometheus.io/scrape: "true"` and may name `prometheus.io/port` and `prometheus.io/path`.
"""

from pathlib import Path
from typing import Any, Final

import yaml

from tests.bed.places import ADDRESS, PROMETHEUS_PORT, Places
from tests.bed.service import Service, answers

URL: Final = f"http://{ADDRESS}:{PROMETHEUS_PORT}"
RETENTION: Final = "2h"
_ANNOTATION: Final = "__meta_kubernetes_pod_annotation_prometheus_io"
_RELABELLING: Final[list[dict[str, Any]]] = [
    {"source_labels": [f"{_ANNOTATION}_scrape"], "action": "keep", "regex": "true"},
    {"source_labels": ["__meta_kubernetes_pod_phase"], "action": "drop", "regex": "Pending|Succeeded|Failed|Unknown"},
    {"source_labels": [f"{_ANNOTATION}_path"], "regex": "(.+)", "target_label": "__metrics_path__"},
    {
        "source_labels": ["__meta_kubernetes_pod_ip", f"{_ANNOTATION}_port"],
        "separator": ":",
        "regex": r"([^:]+):(\d+)",
        "replacement": "$1:$2",
        "target_label": "__address__",
    },
    {"action": "labelmap", "regex": "__meta_kubernetes_pod_label_(.+)"},
    {"source_labels": ["__meta_kubernetes_namespace"], "target_label": "namespace"},
    {"source_labels": ["__meta_kubernetes_pod_name"], "target_label": "pod"},
]


def service(places: Places) -> Service:
    """Describe Prometheus, listening in the bed's network namespace."""
    folder = places.run / "prometheus"
    return Service(
        name="prometheus",
        command=lambda: [
            places.program("prometheus"),
            f"--config.file={folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--storage.tsdb.retention.time={RETENTION}",
            f"--web.listen-address={ADDRESS}:{PROMETHEUS_PORT}",
            # Five seconds otherwise: new pods of a canary should count from their first second on.
            "--scrape.discovery-reload-interval=1s",
            "--log.level=warn",
        ],
        after=("kube-apiserver",),
        prepare=lambda: _prepare(places, folder),
        is_ready=lambda: answers(f"{URL}/-/ready"),
        directory=places.run,
        patience_seconds=60,
    )


def configuration(places: Places) -> dict[str, Any]:
    """Return what Prometheus is told: one job, whose targets it learns from the cluster."""
    discovery = {"role": "pod", "kubeconfig_file": str(places.kubeconfig)}
    job = {
        "job_name": "pods",
        "kubernetes_sd_configs": [discovery],
        "relabel_configs": _RELABELLING,
        # A small web server need not know the media type of metrics.
        "fallback_scrape_protocol": "PrometheusText0.0.4",
    }
    return {
        "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
        "scrape_configs": [job],
    }


def _prepare(places: Places, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    text = yaml.safe_dump(configuration(places), sort_keys=False)
    (folder / "prometheus.yml").write_text(text, encoding="utf-8")

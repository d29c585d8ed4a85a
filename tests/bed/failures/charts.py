"""The project's chart with one thing more, which makes a release fail, in the bed's registry. Used by surroundings."""

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from commands.core.catalog import Chart
from tests.bed.places import REGISTRY, Places
from tests.bed.seeding import CHART

VERSION: Final = "1.0.0"
STUBBORN: Final = "stubborn"
BROKEN: Final = "broken"
FAILING_HOOK: Final = "failing-hook"
ENDLESS_HOOK: Final = "endless-hook"
_HOOK: Final = """\
apiVersion: batch/v1
kind: Job
metadata:
  name: {{ .Release.Name }}-migration
  annotations: {helm.sh/hook: "pre-install,pre-upgrade"}
spec:
  backoffLimit: 0
  template:
    spec:
      restartPolicy: Never
      terminationGracePeriodSeconds: 0
      containers:
        - name: migration
          image: {{ .Values.image.repository }}@{{ .Values.image.digest }}
          command: COMMAND
"""
_MORE: Final[Mapping[str, str]] = {
    STUBBORN: """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}
data: {mode: new}
immutable: true
""",
    BROKEN: """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}-monitoring
data: {port: {{ .Values.monitoring.port | quote }}}
""",
    FAILING_HOOK: _HOOK.replace("COMMAND", "[/bin/busybox, 'false']"),
    ENDLESS_HOOK: _HOOK.replace("COMMAND", "[/bin/busybox, sleep, '600']"),
}


def chart(name: str) -> Chart:
    """Say in the catalog's words where one of them is."""
    return Chart(repository=f"oci://{REGISTRY}/failing/{name}/app", path=".", ref=VERSION)


def push(folder: Path) -> None:
    """Push all of them."""
    helm = Places.from_environment().program("helm")
    for name, text in _MORE.items():
        shutil.copytree(CHART, folder / name / "app")
        (folder / name / "app" / "templates" / "more.yaml").write_text(text, encoding="utf-8")
        package = ["package", str(folder / name / "app"), f"--version={VERSION}", f"--destination={folder / name}"]
        archive = str(folder / name / f"app-{VERSION}.tgz")
        for command in (package, ["push", archive, f"oci://{REGISTRY}/failing/{name}", "--plain-http"]):
            subprocess.run([helm, *command], check=True, capture_output=True, env={"HOME": str(folder)})

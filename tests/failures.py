"""Failures of pipelines, recorded once from real controllers and servers: what the bot sees of each, and what it makes
of it.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from commands.core.failure import explain, keep_what_held
from commands.core.model import Failure
from commands.core.observed import PipelineSnapshot
from integrations.kubernetes.logs import own_lines
from integrations.kubernetes.workflows import pipeline_of

FOLDER: Final = Path(__file__).parent / "data" / "failures"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A workflow that ended, the log of the step that it is put down to, and how it stood before, if that matters."""

    workflow: dict[str, Any]
    log: str
    before: dict[str, Any] | None = None

    def pipeline(self) -> PipelineSnapshot:
        """Return it as the bot sees it, which has seen it before."""
        before = pipeline_of(self.before) if self.before else None
        return keep_what_held(before, pipeline_of(self.workflow))

    def explained(self) -> Failure:
        """Explain it as the bot does."""
        pipeline = self.pipeline()
        return explain(pipeline.failed_step, message=pipeline.message, log=own_lines(self.log))


def names() -> list[str]:
    return sorted(file.stem for file in FOLDER.glob("*.json"))


def load(name: str) -> Recorded:
    return Recorded(**json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8")))


def save(name: str, recorded: Recorded) -> None:
    FOLDER.mkdir(exist_ok=True)
    document = asdict(recorded)
    (FOLDER / f"{name}.json").write_text(json.dumps(document, indent=1, sort_keys=True) + "\n", encoding="utf-8")

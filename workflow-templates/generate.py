"""Writes the YAML of the pipeline's templates beside their sources; a test says when they are out of date."""

import runpy
from collections.abc import Mapping
from pathlib import Path

HERE = Path(__file__).parent
HEADER = "# Made from pipeline.py by `make templates`; edit that.\n"


def rendered() -> Mapping[str, str]:
    """Map each file's name to its text."""
    written = runpy.run_path(str(HERE / "pipeline.py"))["WRITTEN"]
    return {name: HEADER + template.to_yaml() for name, template in written.items()}


def main() -> None:
    """Write every template."""
    for name, text in rendered().items():
        (HERE / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()

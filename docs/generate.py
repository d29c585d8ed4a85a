"""Writes what is generated in README.md, docs/ and charts/ from the code; a test says when they are out of date."""

import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from bot import settings  # noqa: E402  # after the path is set: this runs as a script
from bot.dispatch import TEXTS  # noqa: E402
from docs import chart, failures  # noqa: E402

BEGIN, END = "<!-- commands: made by `make docs` from the verbs' docstrings -->\n", "<!-- end of commands -->"
SETTINGS = """# Settings

From `SLIPWAY_*` variables, or from files of the same names in the folder that `SLIPWAY_SETTINGS_DIR` names (a mounted
Secret); the variable wins. Nested names take two underscores. An unknown name is an error. Made by `make docs`.

"""


def commands() -> str:
    """Make the table of commands: form and first paragraph of each verb's docstring."""
    rows = ["| type | to |", "|---|---|"]
    for text in TEXTS.values():
        headline, _, rest = text.partition("\n")
        purpose, _, form = headline.rstrip(".").partition(": ")
        detail = " ".join(rest.split("\n\n")[0].split()) or " ".join(rest.split())
        rows.append(f"| {form.replace('|', chr(92) + '|')} | **{purpose}.** {detail} |")
    return "\n".join(rows) + "\n"


def rendered() -> Mapping[Path, str]:
    """Map each generated file to its text."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    before, _, rest = readme.partition(BEGIN)
    _, _, after = rest.partition(END)
    return {
        ROOT / "README.md": before + BEGIN + commands() + END + after,
        ROOT / "docs" / "failures.md": failures.page(),
        ROOT / "docs" / "settings.md": SETTINGS + settings.table(),
        ROOT / "charts" / "app" / "README.md": chart.readme(ROOT / "charts" / "app"),
    }


if __name__ == "__main__":
    for path, text in rendered().items():
        path.write_text(text, encoding="utf-8")

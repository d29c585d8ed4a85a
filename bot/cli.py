"""The command line: `slipway run`, `demo` and `check`, and what tools need (`gallery`, `schema`, `settings`)."""

import argparse
import asyncio
import gc
import json
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from bot import settings as settings_module
from bot.settings import Settings, SettingsError

WRONG = 2


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit code is 2 when it could not begin."""
    parser = _parser()
    options, rest = parser.parse_known_args(sys.argv[1:] if argv is None else argv)
    if rest and options.command != "demo":
        parser.error(f"unknown: {' '.join(rest)}")
    match options.command:
        case "run":
            return _run()
        case "demo":
            return _demo(rest)
        case "check":
            return _check()
        case "schema":
            return _schema()
        case "gallery":
            return _gallery(options.out)
        case _:
            _write(settings_module.table())
            return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="slipway", description="Deploy to Kubernetes from Slack.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("run", help="run the bot; settings come from SLIPWAY_* variables")
    commands.add_parser(
        "demo", add_help=False, help="run the bot beside stand-ins of everything, with a page to try it on"
    )
    commands.add_parser("check", help="try the settings, the catalog and every system; exit code 0 if all is well")
    commands.add_parser("schema", help="print the JSON Schema of the catalog, for editors")
    gallery = commands.add_parser("gallery", help="write every state that people can see in Slack as one HTML page")
    gallery.add_argument(
        "--out", type=Path, default=Path("gallery.html"), metavar="FILE", help="gallery.html if not given"
    )
    commands.add_parser("settings", help="print every setting as a table")
    return parser


def _run() -> int:
    # What is imported stays: to look for garbage in between is a seventh of the imports' time.
    gc.disable()
    from bot.running import run  # noqa: PLC0415  # the other commands need not wait for the vendors' imports
    from commands.core.errors import SlipwayError  # noqa: PLC0415
    from integrations.catalog import CatalogError  # noqa: PLC0415

    gc.enable()
    try:
        settings = settings_module.load()
        _log_to_stderr(settings)
        asyncio.run(run(settings))
    except (SettingsError, CatalogError, SlipwayError, ValueError) as error:
        sys.stderr.write(f"slipway cannot run:\n{error}\n")
        return WRONG
    return 0


def _log_to_stderr(settings: Settings) -> None:
    """Log the product at its level, and vendors, whose debug lines hold payloads, at warning."""
    from bot.logs import OneLine  # noqa: PLC0415  # see above

    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(OneLine(secrets=settings_module.secrets(settings)))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    for name in ("bot", "commands", "integrations"):
        logging.getLogger(name).setLevel(settings.log_level)


def _demo(rest: Sequence[str]) -> NoReturn:
    """Become the playground, with the bot as its child: it is told where everything is by settings alone."""
    bot = [sys.executable, "-m", "bot.cli", "run"]
    os.execv(sys.executable, [sys.executable, "-m", "playground", *rest, "--", *bot])  # noqa: S606  # our own program


def _check() -> int:
    from bot.checking import check  # noqa: PLC0415  # see above

    return asyncio.run(check(lambda line: _write(f"{line}\n")))


def _schema() -> int:
    from integrations.catalog import json_schema  # noqa: PLC0415  # see above

    _write(json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n")
    return 0


def _gallery(path: Path) -> int:
    from integrations.slack.gallery.page import page  # noqa: PLC0415  # see above
    from integrations.slack.gallery.pictures import pictures  # noqa: PLC0415

    shown = list(pictures())
    try:
        path.write_text(page(shown), encoding="utf-8")
    except OSError as error:
        sys.stderr.write(f"slipway cannot write {path}: {error.strerror}\n")
        return WRONG
    _write(f"{path}: {len(shown)} states\n")
    return 0


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())

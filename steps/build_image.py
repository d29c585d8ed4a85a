"""Step 2: the jar becomes an image on its base image, pushed under the version's tag; skipped where it is there.

The same jar on the same base gives the same digest.
"""

import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from steps import building, jar, program
from steps.building import Parameters
from steps.outcome import Done
from steps.program import say
from steps.registry import Recipe, Registry
from steps.settings import Settings

USER: Final = "65532:65532"


def run(wanted: Parameters, settings: Settings) -> Done:
    """Look whether it is built; if not, fetch, split, push."""
    registry = Registry(settings)
    if done := building.there(wanted, registry):
        return done
    with tempfile.TemporaryDirectory(dir=settings.scratch) as folder:
        digest = _build(wanted, settings, registry, Path(folder))
    return building.made(wanted, digest)


def _build(wanted: Parameters, settings: Settings, registry: Registry, folder: Path) -> str:
    base = building.pinned_base(wanted.base_image, registry)
    fetched = building.fetch(wanted, settings, folder)
    with jar.opened(fetched.path, limit=settings.max_bytes * building.UNPACKED) as archive:
        layers = jar.write_layers(archive, fetched.path, folder)
        labels = building.labels(wanted, fetched, jar.origin(archive))
    entrypoint, command = start(registry.config(base), f"/{jar.FOLDER}/app.{wanted.artifact_packaging}")
    say(f"Building {wanted.target} on {base} with {len(layers)} layers")
    return registry.build(
        Recipe(
            base=base,
            target=wanted.target,
            layers=layers,
            labels=labels,
            user=USER,
            entrypoint=entrypoint,
            command=command,
        )
    )


def start(config: Mapping[str, object], path: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Say what starts the app, as (entrypoint, command); empty tuples keep what the base has.

    A base's own entrypoint is kept. One that ends with `-jar` gets the file; one that has a default command is a
    wrapper, whose command is replaced; any other is taken to know what it starts.
    """
    entrypoint, command = _words(config.get("Entrypoint")), _words(config.get("Cmd"))
    if not entrypoint:
        return ("java", "-jar", path), ()
    if any(path in word for word in (*entrypoint, *command)):
        return (), ()
    if entrypoint[-1] == "-jar":
        return (), (path,)
    return (), ("java", "-jar", path) if command else ()


def _words(value: object) -> tuple[str, ...]:
    return tuple(str(word) for word in value) if isinstance(value, list) else ()


def main(arguments: Sequence[str] | None = None, environment: Mapping[str, str] | None = None) -> int:
    return program.main(Parameters, run, arguments, environment)


if __name__ == "__main__":
    sys.exit(main())

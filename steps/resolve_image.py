"""Step 3: the digest behind the version's tag. From here on only the digest counts."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from steps import parameters, program
from steps.outcome import Cause, Done, StepFailed
from steps.parameters import given
from steps.registry import Registry, tag
from steps.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """What the template passes."""

    app: str = given(parameters.NAME)
    image: str = given(parameters.IMAGE)
    version: str = given(parameters.VERSION)


def run(wanted: Parameters, settings: Settings) -> Done:
    """Ask the registry."""
    reference = f"{wanted.image}:{tag(wanted.version)}"
    digest = Registry(settings).digest(reference)
    if digest is None:
        raise StepFailed(Cause.IMAGE_NOT_FOUND, f"{reference} does not exist in the registry.")
    return Done(evidence=f"{reference} is {digest}.", outputs={"digest": digest})


def main(arguments: Sequence[str] | None = None, environment: Mapping[str, str] | None = None) -> int:
    return program.main(Parameters, run, arguments, environment)


if __name__ == "__main__":
    sys.exit(main())

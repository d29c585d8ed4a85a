"""Where the vendors' exceptions end: each becomes Temporary or Permanent with what failed and what to do.

Statements and their values never leave: only the database's own short message does.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy.exc import IntegrityError, InterfaceError, OperationalError, SQLAlchemyError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from commands.core.errors import Permanent, SystemFailure, Temporary
from integrations.store.codec import Unreadable
from integrations.store.sqlite import SYSTEM, remedy

LONGEST: Final = 200


class Conflict(Permanent):
    """A unique or foreign key refused the row: somebody was first, or what it belongs to is not there."""


@contextmanager
def translated(what: str) -> Iterator[None]:
    """Raise what goes wrong inside as one of ours; `what` says what was being done ("saving deployment ab12")."""
    try:
        yield
    except Unreadable as exc:
        raise Permanent(
            SYSTEM, f"{what}: a row cannot be read ({exc}): it was damaged, or a newer Slipway wrote it"
        ) from exc
    except PoolTimeoutError as exc:
        raise Temporary(SYSTEM, f"{what}: it is busy, nothing was done: try again") from exc
    except SQLAlchemyError as exc:
        raise _failure(what, exc) from exc


def _failure(what: str, exc: SQLAlchemyError) -> SystemFailure:
    original = exc.orig if isinstance(exc, StatementError) else None
    said = str(original or type(exc).__name__)[:LONGEST]
    if isinstance(exc, IntegrityError):
        return Conflict(SYSTEM, f"{what}: {said}")
    known = remedy(original)
    if known is not None:
        kind, advice = known
        return kind(SYSTEM, f"{what}: {advice} ({said})")
    kind = Temporary if isinstance(exc, OperationalError | InterfaceError) else Permanent
    return kind(SYSTEM, f"{what}: {said}")

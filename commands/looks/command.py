"""Show what would be typed in place of a card and its buttons: Copy command behind its dots.

The line that asks for the same deployment, and a line for each thing that can be done to it now. Needs no role.
"""

from commands.core.acts import names, possible
from commands.core.lines import typed
from commands.core.model import Deployment
from commands.core.ports import Rollouts
from commands.core.reasons import Notice, ReasonCode
from commands.flow.standing import newest


def run(row: Deployment, *, rollouts: Rollouts) -> Notice:
    """Write the lines, the deployment's own first."""
    row = newest(row, rollouts)
    lines = typed(row, (each.action for each in possible(row)))
    return Notice(code=ReasonCode.COMMAND, facts=names(row), commands=lines)

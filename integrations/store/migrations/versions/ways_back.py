"""What a deployment repeats, what is restored after it, what came later, and until when it is watched."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_ADDED = ("source", "restore", "later")


def upgrade() -> None:
    for name in _ADDED:
        op.add_column("deployments", sa.Column(name, sa.Text))
    op.add_column("deployments", sa.Column("watched_until", sa.DateTime(timezone=True)))
    op.create_index("ix_deployments_watched_until", "deployments", ["watched_until"])

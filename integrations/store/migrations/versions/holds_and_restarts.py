"""Who holds a rollout, the restart that is not through yet, and how many there were."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("deployments", sa.Column("hold", sa.Text))
    op.add_column("deployments", sa.Column("restart", sa.Text))
    op.add_column("deployments", sa.Column("restarts", sa.Integer, nullable=False, server_default="0"))

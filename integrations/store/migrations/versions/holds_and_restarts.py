"""Who holds a rollout, and the restart that is not through yet."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("deployments", sa.Column("hold", sa.Text))
    op.add_column("deployments", sa.Column("restart", sa.Text))

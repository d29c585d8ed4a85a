"""What was done to a rollout outside Slipway, one by one; until now only the time of the last was kept."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("deployments", sa.Column("outside", sa.Text, nullable=False, server_default="[]"))
    op.add_column("deployments", sa.Column("pod_hash", sa.Text, nullable=False, server_default=""))
    op.drop_column("deployments", "moved_outside_at")

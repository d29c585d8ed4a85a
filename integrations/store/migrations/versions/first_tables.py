"""The first tables: deployments, slots, acts, milestones, audit."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    _deployments()
    _slots()
    _acts()
    _milestones()
    _audit()


def _deployments() -> None:
    op.create_table(
        "deployments",
        sa.Column("number", sa.Integer, autoincrement=True, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("command_key", sa.Text, nullable=False),
        sa.Column("app", sa.Text, nullable=False),
        sa.Column("environment", sa.Text, nullable=False),
        sa.Column("place", sa.Text, nullable=False),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("strategy", sa.Text, nullable=False),
        sa.Column("requester", sa.Text, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("stage", sa.Text, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("workflow", sa.Text, nullable=False),
        sa.Column("parameters", sa.Text, nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("way_back", sa.Text),
        sa.Column("pipeline", sa.Text),
        sa.Column("rollout", sa.Text),
        sa.Column("failure", sa.Text),
        sa.Column("moved_outside_at", sa.DateTime(timezone=True)),
        sa.Column("card", sa.Text),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
        sa.Column("card_is_stale", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_deployments"),
        sa.UniqueConstraint("id", name="uq_deployments_id"),
        sa.UniqueConstraint("command_key", name="uq_deployments_command_key"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_deployments_stage", "deployments", ["stage"])
    op.create_index("ix_deployments_card_is_stale", "deployments", ["card_is_stale"])
    op.create_index("ix_deployments_app_environment_number", "deployments", ["app", "environment", "number"])


def _slots() -> None:
    op.create_table(
        "slots",
        sa.Column("app", sa.Text, nullable=False),
        sa.Column("environment", sa.Text, nullable=False),
        sa.Column("deployment", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("app", "environment", name="pk_slots"),
        sa.ForeignKeyConstraint(["deployment"], ["deployments.id"], name="fk_slots_deployment"),
        sa.UniqueConstraint("deployment", name="uq_slots_deployment"),
    )


def _acts() -> None:
    op.create_table(
        "acts",
        sa.Column("seq", sa.Integer, autoincrement=True, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("deployment", sa.Text, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("gate", sa.Text, nullable=False),
        sa.Column("claim", sa.Text, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expected", sa.Text),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_acts"),
        sa.ForeignKeyConstraint(["deployment"], ["deployments.id"], name="fk_acts_deployment"),
        sa.UniqueConstraint("id", name="uq_acts_id"),
        sa.UniqueConstraint("deployment", "action", "claim", name="uq_acts_deployment_action_claim"),
        sqlite_autoincrement=True,
    )


def _milestones() -> None:
    op.create_table(
        "milestones",
        sa.Column("deployment", sa.Text, nullable=False),
        sa.Column("seq", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("milestone", sa.Text, nullable=False),
        sa.Column("said_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("deployment", "seq", name="pk_milestones"),
        sa.ForeignKeyConstraint(["deployment"], ["deployments.id"], name="fk_milestones_deployment"),
        sa.UniqueConstraint("deployment", "key", name="uq_milestones_deployment_key"),
    )
    op.create_index("ix_milestones_said_at", "milestones", ["said_at"])


def _audit() -> None:
    op.create_table(
        "audit",
        sa.Column("seq", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("chat_id", sa.Text, nullable=False),
        sa.Column("roles", sa.Text, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("facts", sa.Text, nullable=False),
        sa.Column("previous", sa.Text, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_audit"),
    )

"""The tables. Columns are named like the fields of the data class they hold; unique constraints do all the locking.

A change here needs a migration beside it: a test compares the two.
"""

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, MetaData, Table, UniqueConstraint

from commands.core.model import (
    Action,
    Actor,
    ActState,
    CardRef,
    Content,
    Expected,
    Failure,
    Hold,
    Later,
    OutsideChange,
    Place,
    Restart,
    Restore,
    Source,
    Stage,
    Stall,
    WayBack,
)
from commands.core.observed import PipelineSnapshot, RolloutSnapshot, Strategy
from commands.core.reasons import Milestone
from integrations.store.columns import Choice, Document, Moment, Words

# Every constraint has a name, so that a later migration can speak of it on any database.
metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# `card_is_stale` says that the row was saved since its card was last drawn, or that it never was.
deployment_rows = Table(
    "deployments",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("id", Words, nullable=False, unique=True),
    Column("command_key", Words, nullable=False, unique=True),
    Column("app", Words, nullable=False),
    Column("environment", Words, nullable=False),
    Column("place", Document(Place), nullable=False),
    Column("version", Words, nullable=False),
    Column("strategy", Choice(Strategy), nullable=False),
    Column("requester", Document(Actor), nullable=False),
    Column("channel", Words, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("reason", Words, nullable=False),
    Column("stage", Choice(Stage), nullable=False, index=True),
    Column("revision", Integer, nullable=False),
    Column("workflow", Words, nullable=False),
    Column("parameters", Document(tuple[tuple[str, str], ...]), nullable=False),
    Column("content", Document(Content), nullable=False),
    Column("way_back", Document(WayBack)),
    Column("pipeline", Document(PipelineSnapshot)),
    Column("rollout", Document(RolloutSnapshot)),
    Column("failure", Document(Failure)),
    Column("stall", Document(Stall)),
    Column("outside", Document(tuple[OutsideChange, ...]), nullable=False, server_default="[]"),
    Column("pod_hash", Words, nullable=False, server_default=""),
    Column("hold", Document(Hold)),
    Column("restart", Document(Restart)),
    Column("restarts", Integer, nullable=False, server_default="0"),
    Column("card", Document(CardRef)),
    Column("finished_at", Moment),
    Column("source", Document(Source)),
    Column("restore", Document(Restore)),
    Column("later", Document(Later)),
    Column("watched_until", Moment, index=True),
    Column("reminded", Words),
    Column("card_is_stale", Boolean, nullable=False, index=True),
    Index(None, "app", "environment", "number"),
    # A number is never given twice, not even after its row was deleted by hand.
    sqlite_autoincrement=True,
)

# One row per app and environment that somebody deploys to right now.
slot_rows = Table(
    "slots",
    metadata,
    Column("app", Words, primary_key=True),
    Column("environment", Words, primary_key=True),
    Column("deployment", Words, ForeignKey("deployments.id"), nullable=False, unique=True),
)

# `claim` is the gate while the act stands; a refused act's claim is its own, so that the gate can be asked for again.
act_rows = Table(
    "acts",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("id", Words, nullable=False, unique=True),
    Column("deployment", Words, ForeignKey("deployments.id"), nullable=False),
    Column("action", Choice(Action), nullable=False),
    Column("gate", Words, nullable=False),
    Column("claim", Words, nullable=False),
    Column("by", Document(Actor), nullable=False),
    Column("at", Moment, nullable=False),
    Column("expected", Document(Expected)),
    Column("label", Words, nullable=False),
    Column("state", Choice(ActState), nullable=False),
    UniqueConstraint("deployment", "action", "claim"),
    sqlite_autoincrement=True,
)

milestone_rows = Table(
    "milestones",
    metadata,
    Column("deployment", Words, ForeignKey("deployments.id"), primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("key", Words, nullable=False),
    Column("milestone", Document(Milestone), nullable=False),
    Column("said_at", Moment, index=True),
    UniqueConstraint("deployment", "key"),
)

# Append-only; each row carries the hash of the one before it.
audit_rows = Table(
    "audit",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("at", Moment, nullable=False),
    Column("actor", Words, nullable=False),
    Column("chat_id", Words, nullable=False),
    Column("roles", Document(tuple[str, ...]), nullable=False),
    Column("action", Words, nullable=False),
    Column("subject", Words, nullable=False),
    Column("code", Words, nullable=False),
    Column("facts", Words, nullable=False),
    Column("previous", Words, nullable=False),
    Column("hash", Words, nullable=False),
)

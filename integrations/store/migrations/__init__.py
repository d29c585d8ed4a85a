"""The history of the tables, as alembic reads it; run by `integrations.store.migrating`."""

"""What alembic runs: the revisions, on the connection and inside the transaction that `migrating` opened."""

from alembic import context

from integrations.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # SQLite cannot alter most of a table in place: alembic then copies it.
    render_as_batch=True,
)
context.run_migrations()

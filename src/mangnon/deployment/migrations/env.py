"""Alembic's entry point: the connection is the one that `mangnon deploy` opened.

Each migration is a transaction of its own, so that none holds the locks of those before it.
"""

from alembic import context

context.configure(
    connection=context.config.attributes["connection"], version_table_schema="public", transaction_per_migration=True
)
with context.begin_transaction():
    context.run_migrations()

"""How Alembic reaches the store. Run through `regulars.store.database.migrate`, never by hand."""

from alembic import context

connection = context.config.attributes["connection"]
context.configure(connection=connection, transaction_per_migration=True)
with context.begin_transaction():
    context.run_migrations()

"""Consents of browsers that are nobody's yet, given by events; lists ask for them."""

from alembic import op

from regulars.store.migrations.functions import put_in_place

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("ALTER TABLE consents ALTER COLUMN customer_id DROP NOT NULL, ADD COLUMN visitor_id bigint")
    op.execute("ALTER TABLE consents ADD CONSTRAINT of_somebody CHECK (num_nonnulls(customer_id, visitor_id) > 0)")
    op.execute("CREATE INDEX consents_visitor ON consents (visitor_id, purpose, at DESC) WHERE visitor_id IS NOT NULL")
    put_in_place()

"""What an article was asked as: wordings of customers beside its own."""

from alembic import op

from regulars.store.migrations.functions import put_in_place

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.execute("ALTER TABLE articles ADD COLUMN questions text[] NOT NULL DEFAULT '{}'")
    put_in_place()

"""What an article was asked as: wordings of customers beside its own."""

from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.execute("ALTER TABLE articles ADD COLUMN questions text[] NOT NULL DEFAULT '{}'")

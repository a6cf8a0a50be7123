"""The console's password."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.execute(
        "CREATE TABLE console_access (only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),"
        " password_hash text NOT NULL, changed_at timestamptz NOT NULL DEFAULT now())"
    )
